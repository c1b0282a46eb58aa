"""What instructors run: building releases, grading submissions and proving the graders."""

import grading.inside  # noqa: F401 - prevents an import that takes longer than all others
