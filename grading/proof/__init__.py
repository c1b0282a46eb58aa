"""How often the grader is wrong, measured on answers known to be right or wrong."""
