"""What instructors run: building releases, grading submissions and proving the graders."""

import sys

# jsonschema, with which notebooks are validated, would make a parser for international addresses
# when it is imported. That takes longer than all else, in every process, and no notebook has one.
sys.modules.setdefault("rfc3987_syntax", None)
