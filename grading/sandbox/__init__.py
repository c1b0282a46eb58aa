"""A sandbox ("box") for a student's code: how it starts, what is in it, and what it may use."""
