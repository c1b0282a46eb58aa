"""What runs inside the sandbox, next to the student's code. Nothing here is secret or trusted."""
