"""nbgrader's settings for the course in this folder; what is set below is added to them.

The course's own settings are in the package, so that an installation has them, too. A course in
another folder needs a copy of this file there, for nbgrader's own commands and formgrader.
"""

from pathlib import Path

import grading

c = get_config()  # noqa: F821 - nbgrader provides it
load_subconfig("nbgrader_config.py", path=str(Path(grading.__file__).parent / "steps"))  # noqa: F821
