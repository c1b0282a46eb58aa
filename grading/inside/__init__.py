"""What runs inside the sandbox, next to the student's code. Nothing here is secret or trusted."""

import sys

# jsonschema, which validates notebooks, would build a parser for international web addresses when
# it is imported. That takes longer than everything else, in every process, and no notebook has such
# an address. The line is here because both a sandbox and the grader import this package first.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]  # None stops its import
