"""nbgrader's own steps over a course, and ours between them."""
