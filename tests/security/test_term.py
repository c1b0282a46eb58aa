"""A made-up term, from the first download to the last export, compared with a separate ledger.

Forty students, whose names use six scripts, hand in from three editors on two platforms, one of
which is in four languages. Two are late, one gets an extension, a hidden test is corrected, a
question is added, a student's records are removed. The ledger is kept in this file and does not
use the code under test: after each step, every grade must be the one in the ledger.
"""

import csv
import io
import json
import zipfile
from dataclasses import dataclass, field
from datetime import UTC, datetime

import nbformat
import pytest
import small_course
from editors import saved_by_colab, saved_by_vs_code
from nbgrader.api import Gradebook
from rich.console import Console
from test_midterm import LISTS, TOO_STRICT, lesson, with_another_question, written

from grading.batch.assignment import grade_assignment
from grading.intake.collect import collect
from grading.intake.rosters import read_roster
from grading.records.changes import changes
from grading.records.collected import write_names
from grading.records.deadlines import extend, refresh_everyone
from grading.records.export import export_grades, grades
from grading.records.forgetting import forget_student
from grading.sandbox.commands import find_bubblewrap
from grading.steps.run_nbgrader import generate_release

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not find_bubblewrap(), reason="no bubblewrap works here"),
]

NAME = small_course.NAME
SCRIPTS = ("Zoë Müller", "Ольга Петрова", "Νίκος Παππάς", "أمل العلي", "王伟", "आरव शर्मा")
WRONG = "def double(numbers):\n    return numbers\n"
PLOTTED = "import seaborn as sns\nsns.set_theme()\nimport math\n" + small_course.DOUBLE
# Each answer, and its points before and after a correction of the test that refused tuples.
ANSWERS = ((small_course.DOUBLE, 2, 2), (WRONG, 0, 0), (LISTS, 0, 2), (PLOTTED, 2, 2))
LANGUAGES = {
    "en": ("Participant ", "Identifier,Full name,Email address,Status,Grade,Maximum grade"),
    "es": (
        "Participante ",
        "Identificador,Nombre completo,Dirección de correo,Estado,Calificación,Calificación máxima",
    ),
    "fr": ("Participant", "Identifiant,Nom complet,Adresse de courriel,Statut,Note,Note maximale"),
    "de": (
        "Teilnehmer/in",
        "ID,Vollständiger Name,E-Mail-Adresse,Status,Bewertung,Bestwertung",
    ),
}
EDITORS = (nbformat.writes, saved_by_colab, saved_by_vs_code)
DUE = datetime(2030, 1, 31, tzinfo=UTC)


@dataclass
class Student:
    """A student, and what the ledger says about them."""

    number: int
    platform: str  # "canvas" or a language of Moodle
    answer: int
    read: float  # points that a person gives for the written question
    late: bool = False
    extended: bool = False
    points: dict = field(default_factory=dict)

    @property
    def full_name(self):
        return f"{SCRIPTS[self.number % len(SCRIPTS)]} {self.number}"

    @property
    def name(self):
        """The name that the gradebook uses."""
        if self.platform == "canvas":
            return f"{SCRIPTS[self.number % len(SCRIPTS)].split()[0].lower()}-{self.number}"
        return f"student{self.number}@example.org"

    @property
    def total(self):
        return 0.0 if self.late and not self.extended else float(sum(self.points.values()))

    def notebook(self, more=()):
        source = ANSWERS[self.answer][0]
        made = lesson(source, f"In my own words, {self.full_name}.")
        if self.number % 5 == 0:  # both answers are in one cell, and the other cell keeps its stub
            made.cells[1].source = f"{source}\n\n{small_course.TOTAL}"
            made.cells[3].source = small_course.release().cells[3].source
        made.cells += more
        saved = EDITORS[self.number % len(EDITORS)](made)
        return saved if isinstance(saved, str) else json.dumps(saved)

    def file(self):
        """Return the name that the platform gives to the notebook."""
        if self.platform == "canvas":
            plain = "".join(filter(str.isalnum, self.full_name)).lower()
            return f"{plain}_{1000 + self.number}_9{self.number}_{NAME}.ipynb"
        return f"{self.full_name}_{2000 + self.number}_assignsubmission_file_/{NAME}.ipynb"


@pytest.fixture(scope="module")
def ledger():
    platforms = ("canvas", "canvas", "canvas", "canvas", *LANGUAGES)
    students = [Student(n, platforms[n % 8], n % len(ANSWERS), read=(n % 9) / 2) for n in range(40)]
    students[3].late = students[6].late = True
    for student in students:
        student.points = {"double": ANSWERS[student.answer][1], "total": 1}
    return students


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    folder = tmp_path_factory.mktemp("term") / "course"
    room = folder / "solutions" / NAME
    room.mkdir(parents=True)
    solution = small_course.solution()
    solution.cells.append(written("*Your answer goes here.*"))
    nbformat.write(solution, room / f"{NAME}.ipynb")
    (room / "hidden_tests.py").write_text(TOO_STRICT)
    (folder / "nbgrader_config.py").write_text("c.LateSubmissionPlugin.penalty_method = 'zero'\n")
    generate_release(NAME, folder)
    return folder


def of(students, platform):
    return [student for student in students if student.platform == platform]


def roster_of(students, platform, maximum, folder):
    """Write the table that a platform exports."""
    path = folder / f"{platform}.csv"
    chosen = of(students, platform)
    if platform == "canvas":
        rows = [
            ["Student", "ID", "SIS Login ID", "Section", f"{NAME} (7)"],
            ["    Points Possible", "", "", "", f"{maximum}"],
            *([one.full_name, str(1000 + one.number), one.name, "A", ""] for one in chosen),
        ]
    else:
        before, header = LANGUAGES[platform]
        rows = [header.split(",")]
        for one in chosen:
            rows.append([f"{before}{2000 + one.number}", one.full_name, one.name, "", ""])
            rows[-1].append(f"{maximum:.2f}".replace(".", "." if platform == "en" else ","))
    with open(path, "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)
    return path


def exported(course, students, platform, maximum, folder):
    """Export to a platform; return its table by the gradebook's names, None for an empty field."""
    roster = roster_of(students, platform, maximum, folder)
    to = folder / f"{platform}-out.csv"
    kind = "canvas" if platform == "canvas" else "moodle"
    export_grades(NAME, kind, to, roster, course)
    with open(to, newline="", encoding="utf-8") as file:
        header, *rows = list(csv.reader(file))
    who, score = (2, -1) if kind == "canvas" else (2, 4)
    assert header[score].startswith(f"{NAME} (7)" if kind == "canvas" else header[4])
    written = {row[who]: row[score].replace(",", ".") for row in rows}
    return {name: float(points) if points else None for name, points in written.items()}


def graded(course):
    said = io.StringIO()
    assert grade_assignment(NAME, [], course, 2, "bubblewrap", Console(width=400, file=said))
    return said.getvalue()


def every_point_is_accounted_for(course, ledger, maximum, folder):
    expected = {student.name: student.total for student in ledger}
    assert {grade.student: grade.score for grade in grades(NAME, course)} == expected
    there = {}
    for platform in ("canvas", *LANGUAGES):
        there |= exported(course, ledger, platform, maximum, folder)
    assert there == pytest.approx(expected)


def no_grade_is_final_and_no_point_is_lost(course, ledger, maximum, folder):
    """Check that nobody has a grade (not even 0), and that the gradebook has all points."""
    assert {grade.score for grade in grades(NAME, course)} == {None}
    for platform in ("canvas", *LANGUAGES):
        assert set(exported(course, ledger, platform, maximum, folder).values()) == {None}
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        kept = {one.student.id: one.score for one in gradebook.assignment_submissions(NAME)}
    assert kept == {student.name: sum(student.points.values()) for student in ledger}


def test_every_point_of_a_term_is_accounted_for(course, ledger, tmp_path):
    # Work arrives, with the extra files that a Mac and Jupyter leave in archives.
    for platform in ("canvas", *LANGUAGES):
        source = tmp_path / f"{platform}.zip"
        with zipfile.ZipFile(source, "w") as archive:
            archive.writestr("__MACOSX/._a.ipynb", "x")
            for student in of(ledger, platform):
                archive.writestr(student.file(), student.notebook())
        roster = read_roster(roster_of(ledger, platform, 7, tmp_path))
        taken, problems = collect(source, NAME, course, roster)
        assert (set(taken), problems) == ({one.name for one in of(ledger, platform)}, [])
        write_names(course, NAME, taken)
    for student in ledger:
        day = 1 if student.late else -1
        stamp = course / "submitted" / student.name / NAME / "timestamp.txt"
        stamp.write_text(f"2030-01-{30 if day < 0 else 31} 12:00:00 UTC")
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        gradebook.update_or_create_assignment(NAME, duedate=DUE.replace(tzinfo=None))
    graded(course)
    every_point_is_accounted_for(course, ledger, 7, tmp_path)  # written answers are not read yet

    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        for student in ledger:
            student.points["why"] = student.read
            mark = gradebook.find_grade("why", NAME, NAME, student.name)
            mark.manual_score, mark.needs_manual_grade = student.read, False
        gradebook.db.commit()
    # A penalty is a share of the points so far, so it is computed again once a person has graded.
    refresh_everyone(NAME, course, [])
    every_point_is_accounted_for(course, ledger, 7, tmp_path)
    graded(course)
    every_point_is_accounted_for(course, ledger, 7, tmp_path)

    # One of the two late students had a good reason.
    late = [student for student in ledger if student.late]
    extend(NAME, late[0].name, datetime(2030, 2, 2, tzinfo=UTC), course)
    late[0].extended = True
    said = graded(course)
    assert f"{late[0].name}: taken off for lateness: 0 instead of" in said
    every_point_is_accounted_for(course, ledger, 7, tmp_path)

    # The test that refused right answers is corrected.
    (course / "solutions" / NAME / "hidden_tests.py").write_text(small_course.HIDDEN_TESTS)
    assert "because the hidden tests have changed" in graded(course)
    gained = []
    for student in ledger:
        gained += [student.name] if ANSWERS[student.answer][1:] == (0, 2) else []
        student.points["double"] = ANSWERS[student.answer][2]
    assert sorted(changes(NAME, course)["student"]) == sorted(gained)
    every_point_is_accounted_for(course, ledger, 7, tmp_path)

    # A question is added, and every fourth student answers it.
    with_another_question(course)
    generate_release(NAME, course)
    no_grade_is_final_and_no_point_is_lost(course, ledger, 9, tmp_path)
    answer = nbformat.v4.new_code_cell("def half(x):\n    return x // 2")
    for student in ledger:
        student.points["half"] = 0
        if student.number % 4 == 1 and not student.late:
            path = course / "submitted" / student.name / NAME / f"{NAME}.ipynb"
            path.write_text(student.notebook([answer]), encoding="utf-8")
            student.points["half"] = 2
    graded(course)
    every_point_is_accounted_for(course, ledger, 9, tmp_path)

    # A student asks to be forgotten.
    gone = ledger.pop(11)
    forget_student(gone.name, course)
    every_point_is_accounted_for(course, ledger, 9, tmp_path)
    assert not [path for path in course.rglob("*") if gone.name in path.name]
