"""How often the grader is wrong, measured on answers of which it is known."""
