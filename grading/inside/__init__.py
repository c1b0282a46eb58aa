"""What runs inside the sandbox, next to the student's code. Nothing here is secret or trusted."""

import sys

# jsonschema, with which notebooks are validated, would make a parser for international addresses
# when it is imported. That takes longer than everything else, in every process, and no notebook has
# such an address. It stands here because both a box and the grader import this package first.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]  # None stops its import
