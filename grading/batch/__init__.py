"""Grading a whole class: many submissions in parallel, on this machine or on a cluster."""
