"""A class is graded: many submissions side by side, here or on a cluster."""
