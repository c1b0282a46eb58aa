"""Hidden tests ask a student's code, and verdicts fall."""
