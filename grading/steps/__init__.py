"""nbgrader's own steps for a course, and our steps between them."""
