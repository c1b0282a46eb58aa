"""Run nbgrader's steps for a course folder: release, autograde, feedback."""

from __future__ import annotations

import contextlib
import glob
import logging
import shutil
import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook
from nbgrader.apps import NbGraderAPI
from nbgrader.converters import Autograde
from nbgrader.coursedir import CourseDirectory
from sqlalchemy.exc import SAWarning

from grading.intake.submissions import check_folder, check_name
from grading.judging.verdicts import described
from grading.paths import solution_path
from grading.records.gradebook import forget
from grading.records.receipts import add_note, receipt_path, set_aside
from grading.settings import course_config
from grading.steps.outcomes import SUCCESS, Outcome, outcome_of
from helpers.lessons import Lesson


class GradingError(RuntimeError):
    """One of nbgrader's steps failed; the message is its log."""


def nbgrader_api(course: Path) -> NbGraderAPI:
    """Return nbgrader's interface to the course in a folder, with this repository's settings."""
    config = course_config(course)
    api = NbGraderAPI(CourseDirectory(config=config), config=config)
    api.log_level = logging.WARNING
    return api


def release(lessons: list[Lesson], course: Path) -> None:
    """Generate the assignments of a course folder from the repository's solution notebooks."""
    for lesson in lessons:
        path = solution_path(lesson, course)
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(solution_path(lesson), path)
        generate_release(lesson.name, course)


def generate_release(assignment: str, course: Path) -> None:
    """Generate an assignment from the course folder's own source.

    Raises
    ------
    GradingError
        If there is no source, or nbgrader fails; then the message is nbgrader's log.
    """
    directory = CourseDirectory(config=course_config(course))
    source = Path(directory.format_path(directory.source_directory, ".", assignment))
    if not any(source.glob("*.ipynb")):
        raise GradingError(
            f"{source} has no notebook with the answers, from which {assignment} is released: an "
            f"installed package does not contain them; copy solutions/{assignment} (its notebook "
            "and hidden_tests.py) from the course's repository"
        )
    result = nbgrader_api(course).generate_assignment(assignment)
    _checked(result, f"the release of {assignment}")


class KeepingAutograde(Autograde):
    """nbgrader's step, which also stores what nbgrader would only write to its log.

    Attributes
    ----------
    missing : list of str
        The assignment's notebooks that were not handed in; their questions count 0.
    error : BaseException or None
        The first exception that was raised for the submission.
    notebook : str
        Name of the file for which it was raised; empty before and after all notebooks.
    """

    def __init__(self, **settings: Any):
        super().__init__(**settings)
        self.error: BaseException | None = None
        self.notebook = ""
        self.missing: list[str] = []

    def init_destination(self, assignment_id: str, student_id: str) -> bool:
        with self._keeping():
            return super().init_destination(assignment_id, student_id)

    def init_assignment(self, assignment_id: str, student_id: str) -> None:
        with self._keeping():
            super().init_assignment(assignment_id, student_id)
            source = self._format_source(assignment_id, student_id)
            with Gradebook(self.coursedir.db_url, self.coursedir.course_id) as gradebook:
                # If there is no time now, nbgrader would leave the time of an earlier submission.
                submission = gradebook.find_submission(assignment_id, student_id)
                submission.timestamp = self.coursedir.get_existing_timestamp(source)
                gradebook.db.commit()
                names = {one.name for one in gradebook.find_assignment(assignment_id).notebooks}
            self.missing = sorted(names - {Path(path).stem for path in self.notebooks})
            for name in self.missing:  # a receipt of an earlier submission
                set_aside(receipt_path(Path(self.coursedir.root), student_id, assignment_id, name))

    def convert_single_notebook(self, notebook_filename: str) -> None:
        with self._keeping(Path(notebook_filename).name):
            super().convert_single_notebook(notebook_filename)

    def set_permissions(self, assignment_id: str, student_id: str) -> None:
        with self._keeping():
            super().set_permissions(assignment_id, student_id)

    @contextlib.contextmanager
    def _keeping(self, notebook: str = "") -> Iterator[None]:
        try:
            yield
        except BaseException as error:
            if self.error is None:
                self.error, self.notebook = error, notebook
            raise


def autograde_one(
    course: Path,
    assignment: str,
    student: str,
    sandbox: str = "",
    elsewhere: dict[str, Any] | None = None,
) -> Outcome:
    """Grade one submission: write its scores to the gradebook, and its receipt.

    If it cannot be graded, the scores and the receipt of an earlier submission are removed.

    Parameters
    ----------
    course : Path
    assignment, student, sandbox : str
    elsewhere : dict of str to dict, optional
        Results from another machine, by notebook; if given, they are only recorded.
    """
    # SQLAlchemy warns about the order in which nbgrader adds rows, which does no harm.
    warnings.simplefilter("ignore", SAWarning)
    step: KeepingAutograde | None = None
    try:
        config = course_config(course)
        config.CourseDirectory.assignment_id = assignment
        config.CourseDirectory.student_id = student
        config.GradeInSandbox.elsewhere = elsewhere or {}
        if sandbox:
            config.GradeInSandbox.sandbox = sandbox
        directory = CourseDirectory(config=config)
        check_submission(directory, assignment, student)
        step = KeepingAutograde(coursedir=directory, config=config)
        step.force = True
        step.start()
        for name in step.missing:
            add_note(course, assignment, student, f"{name}.ipynb was not handed in, and counts 0")
    except (Exception, SystemExit) as error:
        if step is not None and step.error:
            outcome = outcome_of(step.error, step.notebook)
        else:
            outcome = outcome_of(error)
        return taken_back(outcome, course, assignment, student)
    return SUCCESS


def check_submission(directory: CourseDirectory, assignment: str, student: str) -> None:
    """Refuse a submission for which nbgrader would fail without saying what is wrong with it.

    Raises
    ------
    Refused
        See `grading.intake.submissions.check_name` and `check_folder`.
    """
    check_name(student)
    submission = directory.format_path(directory.submitted_directory, student, assignment)
    release = directory.format_path(directory.release_directory, ".", assignment)
    expected = sorted(path.name for path in Path(release).glob("*.ipynb"))
    check_folder(Path(submission), expected)


def taken_back(outcome: Outcome, course: Path, assignment: str, student: str) -> Outcome:
    """Remove the scores of an earlier submission; if that fails, add a sentence to the outcome."""
    try:
        forget(course, student, assignment)
    except Exception as error:
        more = f"Its earlier scores are still there ({described(error)})."
        return replace(outcome, sentence=f"{outcome.sentence} {more}")
    return outcome


def generate_feedback(assignment: str, course: Path) -> None:
    """Write the feedback pages of everyone who was graded, even if some exist already.

    Raises
    ------
    GradingError
        If nobody was graded, or a page cannot be written.
    """
    directory = CourseDirectory(config=course_config(course))
    folder = Path(directory.root) / directory.autograded_directory
    if not any(folder.glob(f"*/{glob.escape(assignment)}/*.ipynb")):
        raise GradingError(f"no work on {assignment} is graded in {course}: grade it first")
    result = nbgrader_api(course).generate_feedback(assignment)
    _checked(result, f"the feedback on {assignment}")


def refresh_feedback(assignment: str, students: list[str], course: Path) -> None:
    """Write existing feedback pages of some students again, because they show an earlier grade."""
    api = nbgrader_api(course)
    directory = CourseDirectory(config=course_config(course))
    for student in students:
        folder = directory.format_path(directory.feedback_directory, student, assignment)
        if Path(folder).is_dir():
            result = api.generate_feedback(assignment, student, force=True)
            _checked(result, f"the feedback on {assignment} for {student}")


def _checked(result: dict[str, Any], what: str) -> None:
    """Raise an exception if one of nbgrader's steps failed; nbgrader catches all of them itself."""
    if not result["success"]:
        if "KeyboardInterrupt" in (result.get("error") or "").splitlines():
            raise KeyboardInterrupt
        log = f"{result.get('log') or ''}{result.get('error') or ''}".strip()
        raise GradingError(f"{what}: {log}")
