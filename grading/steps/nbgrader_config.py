"""nbgrader's settings for this course: solutions/ is its source, notebooks/ its release.

nbgrader reads this file; it is not a module. ``nbgrader_config.py`` in a course's folder loads it.
"""

import os
import sysconfig

from nbconvert.preprocessors import ClearMetadataPreprocessor, CSSHTMLHeaderPreprocessor
from nbgrader.converters import GenerateAssignment
from nbgrader.preprocessors import (
    AssignLatePenalties,
    CheckCellMetadata,
    ClearOutput,
    DeduplicateIds,
    GetGrades,
    LimitOutput,
    OverwriteCells,
    OverwriteKernelspec,
    SaveCells,
)

from grading.records.late import DeadlinesPlugin
from grading.records.nbgrader_csv import NeutralCsvExport
from grading.settings import adapt_gradebooks
from grading.steps.feedback import HeadMarkScheme
from grading.steps.preprocessors import GradeInSandbox, Realign, SaveGrades, SubmissionExporter
from grading.steps.releasing import AddDeadline, MigrateCells, ReleaseExporter

c = get_config()  # type: ignore[name-defined]  # noqa: F821 - nbgrader provides it

# formgrader and nbgrader's own commands must also wait for the gradebook if it is locked.
adapt_gradebooks()

# `nbgrader db upgrade` starts `alembic` by name, which is not found if the environment is not
# activated.
os.environ["PATH"] = os.pathsep.join([sysconfig.get_path("scripts"), os.environ.get("PATH", "")])

c.CourseDirectory.course_id = "transformers-for-text-classification"
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "notebooks"
# Through the exchange, a student hands in the files that `make lab` opens.
c.Exchange.assignment_dir = "notebooks"
# Files for instructors only never leave solutions/.
c.CourseDirectory.ignore = [
    ".ipynb_checkpoints",
    "__pycache__",
    "*.pyc",
    "*.py",
    "variants",
    "equivalent_mutants.json",
    "feedback",
]

c.ClearSolutions.code_stub = {"python": 'raise NotImplementedError("your answer goes here")'}
c.ClearSolutions.text_stub = "*Your answer goes here.*"
# A rubric is in the locked cell of its question, so that formgrader shows it next to the answer.
# nbgrader would expect it in a "task" cell, which has no separate place for the answer.
c.ClearMarkScheme.enforce_metadata = False

# So that a release can be generated again after students have handed in.
c.GenerateAssignment.exporter_class = ReleaseExporter
c.GenerateAssignment.preprocessors = [
    MigrateCells if step is SaveCells else step
    for step in GenerateAssignment.class_traits()["preprocessors"].make_dynamic_default()
] + [AddDeadline]

# For `nbgrader validate`, which runs in the student's own kernel: a lesson's longest cell takes
# about a minute on two cores the first time.
c.Execute.timeout = 600
c.ExecutePreprocessor.timeout = 600
# The kernel's own log does not help a person.
c.Execute.extra_arguments = ["--HistoryManager.hist_file=:memory:", "--Application.log_level=ERROR"]

# nbgrader's own steps, after one that finds graded cells again if an editor has lost their marks.
c.Autograde.sanitize_preprocessors = [
    Realign,
    ClearOutput,
    DeduplicateIds,
    OverwriteKernelspec,
    OverwriteCells,
    CheckCellMetadata,
]

# Students' code runs in a sandbox, and the tests stay outside it: see docs/security.md.
c.Autograde.autograde_preprocessors = [
    GradeInSandbox,
    ClearMetadataPreprocessor,
    LimitOutput,
    SaveGrades,
    AssignLatePenalties,
    CheckCellMetadata,
]
# A course's own settings may name another plugin.
c.AssignLatePenalties.plugin_class = DeadlinesPlugin
c.Autograde.exporter_class = SubmissionExporter
c.Autograde.pre_convert_hook = "grading.steps.preprocessors.before_autograde"

c.GenerateFeedback.preprocessors = [HeadMarkScheme, GetGrades, CSSHTMLHeaderPreprocessor]

# What students wrote is shown in a browser to those who grade, and again with the feedback. It must
# be shown but never run: nbgrader's own templates put rendered Markdown into a page unchanged.
c.HTMLExporter.sanitize_html = True
c.HTMLExporter.filters = {
    "markdown2html": "grading.steps.safe_html.markdown2html",
    "clean_html": "grading.steps.safe_html.clean_html",
    "highlight_code": "grading.steps.safe_html.highlight_code",
    "strip_files_prefix": "grading.steps.safe_html.unchanged",
}
c.HTMLExporter.preprocessors = ["grading.steps.safe_html.EscapeNames"]
# A file's name may contain commands to a terminal.
c.Application.logging_config = {
    "formatters": {"console": {"class": "grading.steps.logs.CleanFormatter"}}
}
# A name may begin like a spreadsheet's formula.
c.ExportApp.plugin_class = NeutralCsvExport
