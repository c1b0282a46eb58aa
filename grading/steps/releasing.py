"""nbgrader's step that makes a release, changed so that it works after students have handed in.

nbgrader removes the old release before it checks whether it can make the new one, and refuses every
change of questions once somebody has handed in. Here a release is tried ("rehearsed") before
anything is removed, and the gradebook is updated: a new question is added to each submission, and a
removed question is deleted, unless somebody has points for it. A file about the deadline is put
next to the notebook.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from nbconvert.exporters import NotebookExporter
from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbgrader.api import Comment, Grade, Gradebook, MissingEntry, Notebook
from nbgrader.converters import GenerateAssignment
from nbgrader.converters.base import NbGraderException
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import NbGraderPreprocessor, SaveCells

from grading.intake.submissions import DEADLINE
from grading.records.late import deadline_text, put_due_date, read_deadlines
from grading.release.languages import LANGUAGES


class ReleaseExporter(NotebookExporter):
    """Rehearses a release when it is created, which is before nbgrader removes the old release."""

    def __init__(self, **settings: Any):
        super().__init__(**settings)
        if isinstance(self.parent, GenerateAssignment):
            _rehearse(self.parent)


def _rehearse(step: GenerateAssignment) -> None:
    """Make each notebook of a release, without saving it.

    Raises
    ------
    NbGraderException
        If one cannot be made; in that case nothing has been changed.
    """
    directory = step.coursedir
    exporter = NotebookExporter(config=step.config)
    for made in step.preprocessors:
        exporter.register_preprocessor(REHEARSED.get(made, made), enabled=True)
    pattern = directory.format_path(
        directory.source_directory, "(?P<student>.*)", "(?P<assignment>.*)", escape=True
    )
    for folder, notebooks in sorted(step.assignments.items()):
        names = re.match(pattern, folder)
        if names is None:
            raise NbGraderException(
                f"{folder} is not a folder for the source of an assignment; see the course's "
                "settings"
            )
        _check_notebooks(step, names["assignment"], {Path(path).stem for path in notebooks})
        for path in sorted(notebooks):
            resources = {
                "nbgrader": {
                    "student": ".",
                    "assignment": names["assignment"],
                    "notebook": Path(path).stem,
                    "db_url": directory.db_url,
                },
                "metadata": {"name": Path(path).stem, "path": str(Path(path).parent)},
            }
            try:
                exporter.from_filename(path, resources)
            except Exception as error:
                raise NbGraderException(
                    f"{Path(path).name} cannot be released, so the old release stays: {error}"
                ) from error


def _check_notebooks(step: GenerateAssignment, assignment: str, new: set[str]) -> None:
    """Refuse added or removed notebooks; nbgrader refuses them only after removing the old release.

    Raises
    ------
    NbGraderException
        If somebody has handed in, and notebooks were added or removed.
    """
    directory = step.coursedir
    if step.no_database or directory.notebook_id != "*":
        return
    with Gradebook(directory.db_url, directory.course_id) as gradebook:
        try:
            known = gradebook.find_assignment(assignment)
        except MissingEntry:
            return
        others = new ^ {notebook.name for notebook in known.notebooks}
        if others and known.submissions:
            named = ", ".join(f"{name}.ipynb" for name in sorted(others))
            raise NbGraderException(
                f"{named} would be added to {assignment} or removed from it, but students have "
                "handed in: nothing was released, and the old release stays; put removed notebooks "
                "back, and make new ones a separate assignment"
            )


class MigrateCells(SaveCells):
    """Saves a notebook's questions as nbgrader does, but also if there are submissions."""

    def _create_notebook(self, nb: NotebookNode) -> None:
        notebook = self._with_submissions()
        if notebook is None:
            super()._create_notebook(nb)
            return
        check_removals(notebook, self._new_names())
        for said in beyond(notebook, {**self.new_grade_cells, **self.new_task_cells}):
            self.log.warning(said)
        for kind, cells in self._new().items():
            save = getattr(self.gradebook, f"update_or_create_{kind}_cell")
            for name, info in cells.items():
                save(name, self.notebook_id, self.assignment_id, **info)
        self._take_out(notebook)
        _complete(notebook, self.gradebook)
        self.gradebook.db.commit()

    def _with_submissions(self) -> Notebook | None:
        """Return the gradebook's notebook, if somebody has handed it in."""
        try:
            notebook = self.gradebook.find_notebook(self.notebook_id, self.assignment_id)
        except MissingEntry:
            return None
        return notebook if notebook.submissions else None

    def _new(self) -> dict[str, dict[str, dict[str, Any]]]:
        return {
            "grade": self.new_grade_cells,
            "solution": self.new_solution_cells,
            "task": self.new_task_cells,
            "source": self.new_source_cells,
        }

    def _new_names(self) -> set[str]:
        return {*self.new_grade_cells, *self.new_task_cells}

    def _take_out(self, notebook: Notebook) -> None:
        """Remove cells from the gradebook that the notebook no longer has."""
        database = self.gradebook.db
        for kind, cells in self._new().items():
            for cell in list(getattr(notebook, f"{kind}_cells")):
                if cell.name in cells:
                    continue
                for row in [*(getattr(cell, "grades", None) or ())]:
                    database.delete(row)
                for row in [*(getattr(cell, "comments", None) or ())]:
                    database.delete(row)
                database.delete(cell)
        # Objects read before still list the cells, and `_complete` would add their marks again.
        database.flush()
        database.expire_all()


class CheckCells(MigrateCells):
    """Checks whether a notebook's questions can be saved, but saves nothing."""

    def _create_notebook(self, nb: NotebookNode) -> None:
        notebook = self._with_submissions()
        if notebook is not None:
            check_removals(notebook, self._new_names())


def check_removals(notebook: Notebook, new: set[str]) -> None:
    """Refuse to remove questions for which somebody has points.

    Raises
    ------
    NbGraderException
        The message names them, and says what to do instead.
    """
    lost = [
        cell.name
        for cell in [*notebook.grade_cells, *notebook.task_cells]
        if cell.name not in new and any(mark.score or mark.extra_credit for mark in cell.grades)
    ]
    if lost:
        raise NbGraderException(
            f"{', '.join(sorted(lost))} would be removed from {notebook.name}, but students have "
            "points for it: keep the cell; if it should no longer count, set its points to 0, and "
            "in formgrader also the points that were given by hand"
        )


def beyond(notebook: Notebook, new: dict[str, dict[str, Any]]) -> list[str]:
    """Return a sentence for each question whose new maximum is below the points a person has given.

    Points that a person gave are not changed automatically, so they would count in full.
    """
    said = []
    for cell in [*notebook.grade_cells, *notebook.task_cells]:
        if cell.name not in new:
            continue
        most = new[cell.name]["max_score"]
        above = [
            mark.notebook.student.id
            for mark in cell.grades
            if mark.manual_score is not None and most < mark.manual_score <= cell.max_score
        ]
        if above:
            said.append(
                f"{cell.name} now gives {most:g} points at most, but more were given by hand to "
                f"{', '.join(sorted(above))}: they stay until you change them in formgrader"
            )
    return said


def _complete(notebook: Notebook, gradebook: Gradebook) -> None:
    """Add missing rows to each submission, which has only those of the release it was made for."""
    graded = [*notebook.grade_cells, *notebook.task_cells]
    commented = [*notebook.solution_cells, *notebook.task_cells]
    for submitted in notebook.submissions:
        marks = {mark.cell_id for mark in submitted.grades}
        notes = {note.cell_id for note in submitted.comments}
        for cell in graded:
            if cell.id not in marks:
                mark = Grade(cell_id=cell.id, notebook=submitted)
                mark.needs_manual_grade = True  # neither a person nor a program has graded it yet
                gradebook.db.add(mark)
        for cell in commented:
            if cell.id not in notes:
                gradebook.db.add(Comment(cell_id=cell.id, notebook=submitted))


class AddDeadline(NbGraderPreprocessor):
    """Writes a file about the deadline next to the notebook, also next to its translations.

    The date is also written to the gradebook.
    """

    def preprocess(
        self, notebook: NotebookNode, resources: ResourcesDict
    ) -> tuple[NotebookNode, ResourcesDict]:
        directory = CourseDirectory(config=self.config)
        name, course = resources["nbgrader"]["assignment"], Path(directory.root)
        deadlines = read_deadlines(course)
        # `nbgrader generate_assignment --no-db` must not change the gradebook.
        without = self.config.GenerateAssignment.get("no_database", False)
        due = deadlines.due.get(name) if without else put_due_date(name, course)
        # If only one of several notebooks is generated again, nbgrader keeps the folder's other
        # files, so the old file is removed here.
        folder = Path(directory.format_path(directory.release_directory, ".", name))
        (folder / DEADLINE).unlink(missing_ok=True)
        if due:
            text = deadline_text(name, due, deadlines.late)
            resources.setdefault("outputs", {})[DEADLINE] = text.encode()
        for language in LANGUAGES:
            other = folder.parent / language / name  # `course build` puts the notebook there
            (other / DEADLINE).unlink(missing_ok=True)
            if due and other.is_dir():
                text = deadline_text(name, due, deadlines.late, language)
                (other / DEADLINE).write_text(text, encoding="utf-8")
        return notebook, resources


class CheckDeadline(NbGraderPreprocessor):
    """Checks whether the deadlines can be read, but writes nothing."""

    def preprocess(
        self, notebook: NotebookNode, resources: ResourcesDict
    ) -> tuple[NotebookNode, ResourcesDict]:
        read_deadlines(Path(CourseDirectory(config=self.config).root))
        return notebook, resources


REHEARSED = {MigrateCells: CheckCells, AddDeadline: CheckDeadline}
"""Replacements for steps in a rehearsal, which must not change anything."""
