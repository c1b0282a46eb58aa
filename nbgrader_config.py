"""nbgrader's settings for this course: solutions/ is its source, notebooks/ its release."""

import os
import sysconfig

from nbgrader.preprocessors import (
    CheckCellMetadata,
    ClearOutput,
    DeduplicateIds,
    OverwriteCells,
    OverwriteKernelspec,
)

from grading.realign import Realign

c = get_config()  # noqa: F821 - nbgrader provides it

# nbgrader starts `alembic` by name, which nobody finds in an environment that is not activated.
os.environ["PATH"] = os.pathsep.join([sysconfig.get_path("scripts"), os.environ.get("PATH", "")])

c.CourseDirectory.course_id = "transformers-for-text-classification"
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "notebooks"
# What only instructors own never leaves solutions/.
c.CourseDirectory.ignore = [
    ".ipynb_checkpoints",
    "__pycache__",
    "*.pyc",
    "*.py",
    "variants",
    "feedback",
]

c.ClearSolutions.code_stub = {"python": 'raise NotImplementedError("your answer goes here")'}
c.ClearSolutions.text_stub = "*Your answer goes here.*"
# A rubric stands in the locked cell of its question, where formgrader shows it next to the answer;
# nbgrader would expect it in a "task" cell, which has no place for an answer of its own.
c.ClearMarkScheme.enforce_metadata = False

# A lesson's longest cell takes about a minute on two cores the first time.
c.Execute.timeout = 600
c.ExecutePreprocessor.timeout = 600
# The kernel's own log is nothing that a person who grades can act on.
c.Execute.extra_arguments = ["--HistoryManager.hist_file=:memory:", "--Application.log_level=ERROR"]

# nbgrader's own steps, behind one that finds graded cells again where an editor lost their marks.
c.Autograde.sanitize_preprocessors = [
    Realign,
    ClearOutput,
    DeduplicateIds,
    OverwriteKernelspec,
    OverwriteCells,
    CheckCellMetadata,
]
