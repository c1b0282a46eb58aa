"""Hidden tests call a student's code, and each exercise gets a verdict."""
