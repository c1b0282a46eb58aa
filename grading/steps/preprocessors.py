"""Our steps within nbgrader's autograde: every button and command that autogrades runs them.

`nbgrader_config.py` names them: the exporter checks the file, `Realign` restores the release's
structure, `GradeInSandbox` replaces nbgrader's Execute, and `SaveGrades` replaces its
SaveAutoGrades, from which it differs only if something could not be graded.
"""

from __future__ import annotations

import functools
import json
import time
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters import NotebookExporter
from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import NbGraderPreprocessor, SaveAutoGrades
from nbgrader.utils import find_all_files
from traitlets import Bytes, Dict, Float, Integer, Unicode

from grading.intake.notebooks import notebook_of
from grading.intake.realign import realign, refuse_another_assignment
from grading.intake.submissions import (
    drop_others,
    drop_what_is_no_file,
    files_not_taken,
    read_submission,
)
from grading.judging.overlay import overlaid, overlay_contents
from grading.judging.session import AnswerKey, Graded, grade, graded_exercise
from grading.judging.testing import load_tests
from grading.judging.verdicts import CANNOT_GRADE, Verdict
from grading.paths import ROOT, private_path
from grading.records.gradebook import forget_scores, marks, read_again
from grading.records.receipts import (
    digest,
    drop_copies,
    newest_receipt,
    receipt_key,
    receipt_of,
    receipt_path,
    seed_of,
    set_aside,
    write_receipt,
)
from grading.sandbox.commands import find_sandbox
from grading.sandbox.limits import Limits
from helpers.lessons import LESSONS

UNGRADED = "cannot_grade"
"""Key in nbconvert's resources for the names of cells that could not be graded."""
RECEIPT_KEY = "receipt_key"
"""Key in those resources, and in the graded notebook's metadata, for the receipt's key."""


class SubmissionExporter(NotebookExporter):
    """Reads a submission once and checks it; nbgrader's steps never read the file themselves.

    Before that it removes the scores of an earlier submission, whatever happens afterwards.

    Attributes
    ----------
    submission : bytes
        The last file that was read from ``submitted``. The receipt is about exactly these bytes,
        even if the file is replaced while it is graded.
    before : dict of str to Mark
        The submission's marks that the gradebook contained until now.
    """

    submission = Bytes()
    before = Dict()

    def from_filename(
        self, filename: str, resources: dict[str, Any] | None = None, **options: Any
    ) -> tuple[NotebookNode, dict[str, Any]]:
        names = resources.get("nbgrader") if resources else None
        path = Path(filename).absolute()
        if not resources or not names or path.parent != self._submitted(names):
            return super().from_filename(filename, resources, **options)
        course = Path(CourseDirectory(config=self.config).root)
        receipt = receipt_path(course, names["student"], names["assignment"], names["notebook"])
        # The receipt first: if the grader is killed in between, nothing looks complete.
        self.before = marks(names, newest_receipt(course, names))
        set_aside(receipt)
        forget_scores(names)
        self.submission = read_submission(path, course)
        resources["metadata"] = {"name": path.stem, "path": str(path.parent)}
        return self.from_notebook_node(notebook_of(self.submission, path.name), resources)

    def _submitted(self, names: dict[str, str]) -> Path:
        """Return the folder of a submission as it was handed in."""
        directory = CourseDirectory(config=self.config)
        step = directory.submitted_directory
        return Path(directory.format_path(step, names["student"], names["assignment"])).absolute()


class Realign(NbGraderPreprocessor):
    """Restores the release's structure; the first of nbgrader's steps that sanitize."""

    def preprocess(
        self, notebook: NotebookNode, resources: ResourcesDict
    ) -> tuple[NotebookNode, ResourcesDict]:
        names = resources["nbgrader"]
        directory = CourseDirectory(config=self.config)
        folder = directory.format_path(directory.release_directory, ".", names["assignment"])
        release = nbformat.read(f"{folder}/{names['notebook']}.ipynb", as_version=4)
        self._drop_others(directory, names)
        refuse_another_assignment(notebook, release, f"{names['notebook']}.ipynb")
        aligned, notes = realign(notebook, release)
        for note in notes:
            self.log.warning("%s: %s", names["student"], note)
        return aligned, resources

    def _drop_others(self, directory: CourseDirectory, names: dict[str, str]) -> None:
        """Remove the student's files that nbgrader has copied, except notebooks."""
        graded, source = (
            Path(directory.format_path(step, student, names["assignment"]))
            for step, student in (
                (directory.autograded_directory, names["student"]),
                (directory.source_directory, "."),
            )
        )
        own = find_all_files(str(source), [*directory.ignore, "*.ipynb"])
        kept = {Path(path).relative_to(source).as_posix() for path in own}
        # Students may hand in files that the settings allow them to change.
        allowed = self.config.Autograde.get("exclude_overwriting", {})
        kept |= set(allowed.get(names["assignment"], []))
        drop_others(graded, kept)


def before_autograde(assignment: str, student: str, notebooks: list[str]) -> None:
    """Remove everything but ordinary files from a submission's folder before nbgrader copies it."""
    for notebook in notebooks:
        drop_what_is_no_file(Path(notebook).absolute().parent)


class GradeInSandbox(NbGraderPreprocessor):
    """Runs the student's cells in a sandbox and grades them from outside."""

    elsewhere = Dict(
        help="Results that `grading.batch.cluster` got from another machine, by notebook; here "
        "they are only recorded.",
    ).tag(config=True)
    sandbox = Unicode(
        "",
        help="The kind of sandbox: bubblewrap, docker, podman, or none if submissions are trusted. "
        "If empty, the first that works.",
    ).tag(config=True)
    cell_seconds = Float(Limits.cell_seconds, help="For one cell.").tag(config=True)
    training_seconds = Float(
        1800, help="For one cell of a lesson whose answers may train for minutes."
    ).tag(config=True)
    test_seconds = Float(Limits.test_seconds, help="For one hidden test.").tag(config=True)
    notebook_seconds = Float(Limits.notebook_seconds, help="For one notebook.").tag(config=True)
    memory_bytes = Integer(Limits.memory_bytes, help="Resident, all processes.").tag(config=True)
    processes = Integer(Limits.processes, help="Processes and threads.").tag(config=True)
    scratch_bytes = Integer(Limits.scratch_bytes, help="One writable folder.").tag(config=True)
    file_bytes = Integer(Limits.file_bytes, help="One file there.").tag(config=True)
    output_bytes = Integer(Limits.output_bytes, help="One cell's output.").tag(config=True)
    notebook_output_bytes = Integer(
        Limits.notebook_output_bytes, help="The output of all cells together."
    ).tag(config=True)

    def preprocess(
        self, notebook: NotebookNode, resources: ResourcesDict
    ) -> tuple[NotebookNode, ResourcesDict]:
        names = resources["nbgrader"]
        directory = CourseDirectory(config=self.config)
        contents = submission_contents(directory, names, self.parent.submission)
        seed = seed_of(contents)
        limits = self.limits(names["assignment"])
        found = self.elsewhere.get(names["notebook"])
        if found:
            graded = graded_elsewhere(found, contents)
            sandbox, seconds = found["sandbox"], found["seconds"]
        else:
            sandbox = find_sandbox(self.sandbox)
            key = answer_key(contents, tests_path(directory, names["assignment"]))
            started = time.monotonic()
            graded = grade(notebook, key, seed, limits, sandbox)
            seconds = time.monotonic() - started
        folder = Path(
            directory.format_path(
                directory.submitted_directory, names["student"], names["assignment"]
            )
        )
        graded.notes += files_not_taken(folder, f"{names['notebook']}.ipynb")
        receipt = receipt_of(names, contents, seed, limits, sandbox, graded, seconds)
        receipt["answers"] = answers_of(notebook)
        reached = {verdict.exercise: verdict.points for verdict in graded.verdicts}
        read_again(names, self.parent.before, reached, receipt["answers"])
        write_receipt(receipt, Path(directory.root))
        drop_copies(Path(directory.root), receipt)
        resources[RECEIPT_KEY] = receipt_key(receipt)
        put_outputs(notebook, graded.outputs)
        ungraded = {v.exercise for v in graded.verdicts if v.status == CANNOT_GRADE}
        resources[UNGRADED] = [
            cell.metadata.nbgrader.grade_id
            for cell in notebook.cells
            if graded_exercise(cell) in ungraded
        ]
        for verdict in graded.verdicts:
            if verdict.exercise in ungraded:
                self.log.error("%s: %s", names["student"], verdict.text)
        return notebook, resources

    def limits(self, assignment: str) -> Limits:
        """Return the limits for a submission of an assignment."""
        limits = Limits(**{limit.name: getattr(self, limit.name) for limit in fields(Limits)})
        trains = any(lesson.answer_trains and lesson.name == assignment for lesson in LESSONS)
        return replace(limits, cell_seconds=self.training_seconds) if trains else limits


def graded_elsewhere(found: dict[str, Any], contents: dict[str, bytes]) -> Graded:
    """Return the result for a submission that was graded on another machine.

    Raises
    ------
    ValueError
        If a file has changed since it was sent there.
    """
    changed = [name for name, text in contents.items() if digest(text) != found["sha256"][name]]
    if changed:
        raise ValueError(f"changed during grading, so grade it again: {', '.join(changed)}")
    outputs = {
        int(index): [nbformat.from_dict(output) for output in of_cell]
        for index, of_cell in found["outputs"].items()
    }
    ended = [Verdict(**verdict) for verdict in found["verdicts"]]
    return Graded(ended, outputs, list(found["notes"]))


def put_outputs(notebook: NotebookNode, outputs: dict[int, list[NotebookNode]]) -> None:
    """Set the outputs of code cells in place; a cell that was not run has none."""
    for index, cell in enumerate(notebook.cells):
        if cell.cell_type == "code":
            cell.outputs = outputs.get(index, [])
            cell.execution_count = index + 1 if index in outputs else None


def tests_path(directory: CourseDirectory, assignment: str) -> Path:
    """Return an assignment's hidden tests: the course folder's own, or this repository's."""
    folder = Path(directory.format_path(directory.source_directory, ".", assignment))
    own = folder / "hidden_tests.py"
    return own if own.is_file() else ROOT / "solutions" / assignment / "hidden_tests.py"


def submission_contents(
    directory: CourseDirectory,
    names: dict[str, str],
    submission: bytes | None = None,
    private: Path | None = None,
) -> dict[str, bytes]:
    """Return everything that a grade depends on, as bytes, by its name in a receipt.

    Parameters
    ----------
    directory : CourseDirectory
    names : dict of str to str
        ``student``, ``assignment`` and ``notebook``.
    submission : bytes, optional
        The submitted file, if it was read already.
    private : Path, optional
        The private overlay's folder; by default, the course's own.

    Raises
    ------
    Refused
        If the submission is not an ordinary file now.
    ValueError
        If the private overlay contains a mistake.
    """

    def path_in(step: str, student: str) -> Path:
        folder = directory.format_path(step, student, names["assignment"])
        return Path(folder, f"{names['notebook']}.ipynb")

    tests = tests_path(directory, names["assignment"])
    if submission is None:
        path = path_in(directory.submitted_directory, names["student"])
        submission = read_submission(path.absolute(), Path(directory.root))
    return {
        "submission": submission,
        "release": path_in(directory.release_directory, ".").read_bytes(),
        "solution": path_in(directory.source_directory, ".").read_bytes(),
        "tests": tests.read_bytes() if tests.is_file() else b"",
        **overlay_contents(private or private_path(Path(directory.root)), names["assignment"]),
    }


def answer_key(contents: dict[str, bytes], tests: Path) -> AnswerKey:
    """Return the answer key for a submission; it has no tests if their file is missing."""
    return _answer_key(contents["solution"], contents["tests"], contents.get("private", b""), tests)


@functools.lru_cache(maxsize=1)
def _answer_key(solution: bytes, _: bytes, private: bytes, tests: Path) -> AnswerKey:
    """Cache the last answer key: a whole class uses the same, unless solution or tests change."""
    notebook = nbformat.reads(solution.decode(), as_version=4)
    public = load_tests(tests) if tests.is_file() else {}
    asked = [name for name in map(graded_exercise, notebook.cells) if name]
    return AnswerKey(overlaid(public, private, asked), notebook)


def answer_hash(cell: NotebookNode) -> str:
    """Return the hash of an answer that a person reads, with its pictures; else an empty text."""
    mark = cell.metadata.get("nbgrader", {})
    if not (mark.get("grade") and mark.get("solution")) and not mark.get("task"):
        return ""
    pictures = json.dumps(cell.get("attachments", {}), sort_keys=True)
    return digest(cell.source.encode(), pictures.encode())


def answers_of(notebook: NotebookNode) -> dict[str, str]:
    """Return the hashes of the answers that a person reads, by cell."""
    found = {
        cell.metadata.get("nbgrader", {}).get("grade_id"): answer_hash(cell)
        for cell in notebook.cells
    }
    return {name: value for name, value in found.items() if name and value}


class SaveGrades(SaveAutoGrades):
    """Saves scores as nbgrader does, but none for what could not be graded."""

    def preprocess(
        self, notebook: NotebookNode, resources: ResourcesDict
    ) -> tuple[NotebookNode, ResourcesDict]:
        self._ungraded = resources.get(UNGRADED, [])
        notebook, resources = super().preprocess(notebook, resources)
        # The graded notebook is written last, so its key shows that everything was recorded.
        notebook.metadata[RECEIPT_KEY] = resources[RECEIPT_KEY]
        return notebook, resources

    def _add_score(self, cell: NotebookNode, resources: ResourcesDict) -> None:
        super()._add_score(cell, resources)
        name = cell.metadata.nbgrader.grade_id
        score = self.gradebook.find_grade(
            name, self.notebook_id, self.assignment_id, self.student_id
        )
        before = self.parent.before.get(name)
        if name in self._ungraded:
            score.auto_score, score.needs_manual_grade = None, True
        elif before and before.still_done(score.auto_score, answer_hash(cell)):
            score.needs_manual_grade = False
        self.gradebook.db.commit()
