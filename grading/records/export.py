"""Write grades for learning platforms: Canvas, Moodle, Gradescope, or a plain table.

Canvas and Moodle import tables that they exported before; Gradescope imports one ``results.json``
per submission.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook

from grading.intake.names import fault_of
from grading.intake.rosters import Roster, read_roster
from grading.intake.submissions import submitted
from grading.intake.texts import clean, one_line
from grading.judging.verdicts import PASSED
from grading.records.gradebook import is_ungraded
from grading.records.handed_in import has_work, must_have_gradebook, refused_from
from grading.records.nbgrader_csv import neutral
from grading.records.receipts import (
    EARLIER,
    UNREADABLE,
    recorded_verdicts,
    unreadable_receipts,
)
from grading.records.whole import write_table, write_whole
from grading.settings import course_directory

# The columns that Canvas's import looks for. Depending on the account, names are in one column or
# in two.
CANVAS_COLUMNS: tuple[str, ...] = (
    "Student",
    "LastName",
    "FirstName",
    "ID",
    "SIS User ID",
    "SIS Login ID",
)
CANVAS_COLUMNS += ("Root Account", "Section")
EXCUSED = "EX"
"""In Canvas's gradebook, the entry of a student who is excused from handing in."""
NOT_ASSIGNED = "N/A"
"""In Canvas's gradebook, the entry of a student to whom the assignment is not assigned. An import
skips these students."""


@dataclass(frozen=True)
class Grade:
    """One student's result in one assignment.

    Attributes
    ----------
    student, last_name, first_name, email : str
    score : float or None
        After penalties for lateness, never below 0; None if it was not graded.
    max_score : float
    waiting : int
        Number of answers that a person must still read; they count as 0 so far.
    handed_in : bool
        Whether there is anything that could be graded.
    refused : str
        Why `course collect` refused the work, if it did.
    """

    student: str
    last_name: str
    first_name: str
    email: str
    score: float | None
    max_score: float
    waiting: int
    handed_in: bool = True
    refused: str = ""

    @property
    def written(self) -> str:
        """The score as written in a table: an empty field if there is none, never 0."""
        return "" if self.score is None else f"{self.score:g}"


def grades(assignment: str, course: Path) -> list[Grade]:
    """Return everyone's results in an assignment, including students without a grade.

    These are all students in the gradebook, and those whose work is in submitted/.

    Raises
    ------
    ValueError
        If nobody was graded.
    """
    directory = course_directory(course)
    must_have_gradebook(directory)
    with Gradebook(directory.db_url) as gradebook:
        rows = {
            row.student.id: row
            for row in gradebook.assignment_submissions(assignment)
            if has_work(row.student.id, assignment, directory, row)
        }
        if not rows:
            raise ValueError(f"the gradebook has no submission of {assignment}; grade it first")
        maximum = gradebook.find_assignment(assignment).max_score
        found = {student: _grade(row) for student, row in rows.items()}
        for student in gradebook.students:
            handed_in = has_work(student.id, assignment, directory)
            blank = _grade_of(student, None, maximum, 0, handed_in)
            found.setdefault(student.id, blank)
    for _, name in submitted(assignment, course):  # refused before they were in the gradebook
        found.setdefault(name, Grade(name, "", "", "", None, maximum, 0))
    for name, why in refused_from(assignment, course).items():
        blank = found.get(name, Grade(name, "", "", "", None, maximum, 0))
        found[name] = replace(blank, refused=why)
    return sorted(found.values(), key=lambda grade: grade.student)


def _grade(submission: Any) -> Grade:
    marks = [mark for notebook in submission.notebooks for mark in notebook.grades]
    score, waiting = None, 0
    # For refused work nbgrader marks everything as waiting, even what is graded automatically.
    if any(mark.auto_score is not None or mark.manual_score is not None for mark in marks):
        waiting = sum(mark.needs_manual_grade for mark in marks)
    if not is_ungraded(submission):
        score = max(0.0, submission.score - (submission.late_submission_penalty or 0.0))
    return _grade_of(submission.student, score, submission.max_score, waiting)


def _grade_of(
    student: Any, score: float | None, maximum: float, waiting: int, handed_in: bool = True
) -> Grade:
    names = (student.id, student.last_name or "", student.first_name or "", student.email or "")
    return Grade(*names, score, maximum, waiting, handed_in)


@dataclass(frozen=True)
class Exported:
    """What was written for a platform.

    Attributes
    ----------
    grades : list of Grade
        For everyone who handed in. Students without a grade have an empty field, and no file for
        Gradescope.
    missing : list of str
        Students who are in no row of the platform's table, and were left out.
    scaled_to : float or None
        The platform's maximum, if scores were scaled to it.
    nothing : list of str
        Students who handed in nothing, by their name in the gradebook, or on the platform if they
        are not in the gradebook. They have an empty field, or keep their entry in the platform's
        own table.
    unknown : list of str
        Rows of the platform's table that match none of our students, if students are `missing`.
        Some of these rows may be theirs, so one cannot tell whether they handed in nothing.
    excused : list of str
        Students who have a grade but are excused on the platform; they stay excused.
    unreadable : list of str
        A sentence for each receipt that cannot be read: Gradescope gets the score without its
        tests.
    points_of : float or None
        Our maximum, if the platform's table does not say its own.
    not_assigned : list of str
        Students with a grade that Canvas would not accept.
    above : list of str
        Students whose grade is above the platform's maximum, so that Moodle would not accept it.
    """

    grades: list[Grade]
    missing: list[str] = field(default_factory=list)
    scaled_to: float | None = None
    nothing: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    excused: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    points_of: float | None = None
    not_assigned: list[str] = field(default_factory=list)
    above: list[str] = field(default_factory=list)


def export_grades(
    assignment: str,
    platform: str,
    to: Path,
    roster: Path | None,
    course: Path,
    scale: bool = False,
) -> Exported:
    """Write an assignment's grades for a platform.

    Parameters
    ----------
    assignment : str
    platform : {"canvas", "moodle", "gradescope", "csv"}
    to : Path
        A folder for Gradescope, a file for the others.
    roster : Path or None
        The table that Canvas or Moodle has exported.
    course : Path
    scale : bool
        Whether to scale scores to the platform's maximum, if it differs from ours.

    Raises
    ------
    ValueError
        If there are no grades, the roster is missing or does not fit, none of our students is in
        it, or its maximum differs from ours and `scale` is not set.
    """
    everyone = grades(assignment, course)
    found = [grade for grade in everyone if grade.handed_in]
    nothing = [grade.student for grade in everyone if not grade.handed_in]
    if platform == "csv":
        write_csv(everyone, assignment, to)
        return Exported(found, nothing=nothing)
    if platform == "gradescope":
        unreadable = write_gradescope(everyone, assignment, course, to)
        return Exported(found, nothing=nothing, unreadable=unreadable)
    if roster is None:
        raise ValueError(f"{platform} imports only its own table: name that file with --roster")
    write = write_canvas if platform == "canvas" else write_moodle
    table = read_roster(roster)
    return _with_nothing(write(found, assignment, table, to, scale), nothing, table)


def _with_nothing(exported: Exported, nothing: list[str], roster: Roster) -> Exported:
    """Add the students who handed in nothing, of those in the gradebook or on the platform."""
    rows = roster.students({grade.student for grade in exported.grades})
    graded = {id(row) for row in rows.values()}
    blank = {name: id(row) for name, row in roster.students(set(nothing)).items()}
    # A student may be in the gradebook twice, and have handed in under the other name.
    known = [name for name in nothing if blank.get(name) not in graded]
    ours = graded.union(blank.values())
    others = roster.names(row for row in roster.rows if id(row) not in ours)
    if exported.missing:
        return replace(exported, nothing=known, unknown=others)
    return replace(exported, nothing=sorted({*known, *others}))


def write_csv(found: list[Grade], assignment: str, path: Path) -> None:
    """Write a plain table, which Moodle's *Import grades* can also read."""
    header = ["username", "lastname", "firstname", "email", assignment, "maximum", "waiting"]
    rows = []
    for grade in found:
        names = (grade.student, grade.last_name, grade.first_name, grade.email)
        rows.append([*names, grade.written, f"{grade.max_score:g}", str(grade.waiting)])
    _write([header, *rows], path)


def write_canvas(
    found: list[Grade], assignment: str, roster: Roster, path: Path, scale: bool = False
) -> Exported:
    """Write the table that Canvas's gradebook imports: its own columns, with these scores.

    Rows without a grade keep their entry, which is usually empty.

    Raises
    ------
    ValueError
        If the roster does not have exactly one column with the assignment's name; see also
        `export_grades`.
    """
    ours = re.compile(rf"{re.escape(assignment)}(?: \(\d+\))?", re.IGNORECASE)
    columns = [column for column in roster.columns if ours.fullmatch(column)]
    if len(columns) != 1:
        numbered = [column for column in roster.columns if re.search(r"\(\d+\)$", column)]
        if not numbered:
            raise ValueError(
                "the roster has no column of an assignment: export the gradebook from Canvas and "
                "use that file"
            )
        raise ValueError(
            f"the roster has {len(columns)} columns named {assignment}; it has "
            f"{', '.join(numbered)}: give that name to one of them in the roster's first line, but "
            "keep the number after it, by which Canvas finds the assignment"
        )
    all_given, missing = _given(found, roster)
    there = {grade.student: row[columns[0]].strip() for grade, row in all_given}
    # With an imported score, a student would no longer be excused.
    stays = (EXCUSED, NOT_ASSIGNED)
    given = [(grade, row) for grade, row in all_given if there[grade.student] not in stays]
    excused = [student for student, text in there.items() if text == EXCUSED]
    scores = {grade.student: grade.score for grade, _ in all_given if grade.score is not None}
    not_assigned = [student for student in scores if there[student] == NOT_ASSIGNED]
    possible = roster.points_possible.get(columns[0], "")
    factor, most = _scale(found, possible, scale)
    kept = [column for column in CANVAS_COLUMNS if column in roster.columns]
    lines = [[row[column] for column in kept] + [_written(grade, factor)] for grade, row in given]
    written = {id(row) for _, row in given}
    header = [*kept, columns[0]]
    rest = [[row[column] for column in header] for row in roster.rows if id(row) not in written]
    _write([header, *lines, *rest], path)
    points_of = _unsaid(found, possible)
    return Exported(
        found, missing, most, excused=excused, not_assigned=not_assigned, points_of=points_of
    )


def write_moodle(
    found: list[Grade], assignment: str, roster: Roster, path: Path, scale: bool = False
) -> Exported:
    """Fill in the grades in Moodle's grading worksheet, in any language.

    Its other cells, and the rows of students without a grade, are not changed.

    Raises
    ------
    ValueError
        If it has no column of grades; see also `export_grades`.
    """
    column, maximum = roster.grade(), roster.maximum()
    if column is None:
        raise ValueError(
            "the roster has no column of grades: download the grading worksheet from Moodle and "
            "use that file"
        )
    given, missing = _given(found, roster)
    possible = roster.rows[0][maximum] if maximum else ""
    factor, most = _scale(found, possible, scale)
    comma = "," in possible
    scores = {
        id(row): _written(grade, factor).replace(".", ",") if comma else _written(grade, factor)
        for grade, row in given
    }
    lines = [
        [scores.get(id(row), row[name]) if name == column else row[name] for name in roster.columns]
        for row in roster.rows
    ]
    _write([roster.columns, *lines], path, roster.separator)
    highest = _number(possible)
    above = [
        grade.student
        for grade, _ in given
        if highest is not None and grade.score is not None
        if round(grade.score * factor, 5) > highest
    ]
    return Exported(found, missing, most, above=above, points_of=_unsaid(found, possible))


def _given(
    found: list[Grade], roster: Roster
) -> tuple[list[tuple[Grade, dict[str, str]]], list[str]]:
    """Return each grade with its row, and the students without a row."""
    rows = roster.students({grade.student for grade in found})
    if not rows:
        some = ", ".join(grade.student for grade in found[:3])
        raise ValueError(f"none of our students is in the roster; our students are {some}, …")
    given = [(grade, rows[grade.student]) for grade in found if grade.student in rows]
    return given, [grade.student for grade in found if grade.student not in rows]


def _scale(found: list[Grade], possible: str, scale: bool) -> tuple[float, float | None]:
    """Return the factor for scores, and the platform's maximum if it differs from ours."""
    ours = found[0].max_score
    theirs = _number(possible)
    if theirs is None and scale:
        raise ValueError(
            "the roster does not say its maximum (in Canvas, the row Points Possible): "
            "export it again, or leave out --scale"
        )
    if theirs is None:
        return 1.0, None
    if theirs == ours or ours <= 0:
        return 1.0, None
    if not scale:
        raise ValueError(
            f"the platform's maximum is {theirs:g}, ours is {ours:g}: set it to {ours:g} there, or "
            "scale the grades with --scale"
        )
    return theirs / ours, theirs


def _number(written: str) -> float | None:
    try:
        return float(written.strip().replace(",", "."))
    except ValueError:
        return None


def _unsaid(found: list[Grade], possible: str) -> float | None:
    return found[0].max_score if _number(possible) is None else None


def _written(grade: Grade, factor: float) -> str:
    return "" if grade.score is None else f"{round(grade.score * factor, 5):g}"


def write_gradescope(found: list[Grade], assignment: str, course: Path, folder: Path) -> list[str]:
    """Write one ``results.json`` per student, each in a folder with the student's name.

    Students without a score have no file; one from an earlier export is removed. If a receipt
    cannot be read, the file has the score without its tests, and a sentence for it is returned.
    """
    unreadable: list[str] = []
    for grade in found:
        if fault_of(grade.student):  # as a path, the name may lead out of the folder
            continue
        place = folder / grade.student / "results.json"
        if grade.score is None:
            place.unlink(missing_ok=True)
            continue
        ended, _ = recorded_verdicts(course, assignment, grade.student)
        tests = [
            {
                "name": verdict.exercise,
                "score": verdict.points or 0.0,
                "max_score": verdict.max_points,
                "status": "passed" if verdict.status == PASSED else "failed",
                "output": verdict.text,
                "output_format": "text",
            }
            for verdict in ended
        ]
        results = {"score": grade.score, "stdout_visibility": "hidden", "tests": tests}
        place.parent.mkdir(parents=True, exist_ok=True)
        text = clean(json.dumps(results, indent=1, ensure_ascii=False))
        write_whole(place, text + "\n")
        damaged = unreadable_receipts(course, grade.student, assignment)
        unreadable += [
            f"{path.relative_to(course)} {UNREADABLE}"
            for path in damaged
            if path.parent.name != EARLIER
        ]
    return unreadable


def _write(rows: list[list[str]], path: Path, separator: str = ",") -> None:
    """Write a CSV file in which a spreadsheet finds no formulas."""
    write_table(path, [[_kept(cell) for cell in row] for row in rows], separator)


def _kept(cell: str) -> str:
    """Return a cell as the platform exported it, unless a spreadsheet would compute it.

    Line breaks must stay: without them, Moodle would import a comment as a new one.
    """
    marked = neutral(cell)
    if marked != one_line(cell):
        return marked
    text = clean(cell)
    return cell if text == cell.replace("\r\n", "\n") else text
