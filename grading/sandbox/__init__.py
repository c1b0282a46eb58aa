"""A box for a student's code: how it is opened, what is in it, and what it may use."""
