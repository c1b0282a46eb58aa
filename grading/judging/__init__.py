"""Hidden tests ask a student's code questions, and each exercise gets its verdict."""
