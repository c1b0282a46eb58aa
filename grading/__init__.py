"""What instructors run: building releases, grading submissions and proving the graders."""
