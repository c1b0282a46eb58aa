"""Grades are exported to learning platforms and work is collected from them, in many scripts."""

import csv
import errno
import json
import os
import subprocess
import unicodedata
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from nbgrader.api import Gradebook
from nbgrader.utils import parse_utc
from typer.testing import CliRunner

from grading import cli
from grading.intake.collect import collect, marked_late
from grading.intake.rosters import Roster, read_roster
from grading.records import export
from grading.records.collected import feedback_name, read_names, write_names, zip_feedback
from grading.records.deadlines import extend
from grading.records.export import Grade, export_grades, grades
from grading.records.forgetting import forget_student
from grading.records.handed_in import nothing_from, refused_from
from grading.records.nbgrader_csv import neutral
from grading.records.receipts import receipt_path
from grading.settings import nbgrader_config

LESSON = "03_feature_extraction"
# Login, Canvas's number, name for sorting, first name.
CLASS = [
    ("zoe", "101", "Müller-Łuczak, Zoë", "Zoë"),
    ("wei", "102", "王, 伟", "伟"),
    ("olga", "103", "Петрова, Ольга", "Ольга"),
    ("amal", "104", "العلي, أمل", "أمل"),
    ("eve", "105", '=HYPERLINK("http://x"), Eve', "Eve"),
]


@pytest.fixture
def found():
    """Return a class's grades, which differ by a third of a point from one student to the next."""
    return [
        Grade(login, name.split(",")[0], first, f"{login}@example.org", number / 3, 14.0, 0)
        for number, (login, _, name, first) in enumerate(CLASS)
    ]


@pytest.fixture
def course(tmp_path, found, monkeypatch):
    monkeypatch.setattr(export, "grades", lambda assignment, course: found)
    return tmp_path


def canvas_table(path, column=f"{LESSON} (4711)", possible="14.00"):
    header = [
        "Student",
        "ID",
        "SIS User ID",
        "SIS Login ID",
        "Section",
        column,
        "Final (read only)",
    ]
    rows = [[name, number, "", login, "A", "", "0"] for login, number, name, _ in CLASS]
    points = ["    Points Possible", "", "", "", "", possible, "(read only)"]
    with open(path, "w", newline="", encoding="utf-8-sig") as file:
        csv.writer(file).writerows([header, points, *rows])
    return path


# As in Moodle's language packs: the columns in the order of Moodle's code, and the word before the
# number of a participant.
MOODLE = {
    "en": (
        "Participant ",
        "Identifier,Full name,Email address,Status,Grade,Maximum grade,Grade can be changed,"
        "Last modified (submission),Last modified (grade),Feedback comments",
    ),
    "es": (
        "Participante ",
        "Identificador,Nombre completo,Dirección de correo,Estado,Calificación,Calificación máxima,"
        "La calificación puede ser cambiada,Última modificación (entrega),"
        "Última modificación (calificación),Comentarios de retroalimentación",
    ),
    "fr": (
        "Participant",
        "Identifiant,Nom complet,Adresse de courriel,Statut,Note,Note maximale,"
        "La note peut être modifiée,Dernière modification (travail remis),"
        "Dernière modification (note),Feedback par commentaires",
    ),
    "de": (
        "Teilnehmer/in",
        "ID,Vollständiger Name,E-Mail-Adresse,Status,Bewertung,Bestwertung,"
        "Bewertung kann geändert werden,Zuletzt geändert (Abgabe),Zuletzt geändert (Bewertung),"
        "Feedback als Kommentar",
    ),
}
REST = ("Yes", "-", "-", "- see below, and x+1")  # the last one is a teacher's comment


def moodle_table(path, separator=",", language="en", maximum="14.00", rest=REST):
    participant, header = MOODLE[language]
    rows = [
        [f"{participant}{number}", name, f"{login}@example.org", "", "", maximum, *rest]
        for login, number, name, _ in CLASS
    ]
    with open(path, "w", newline="", encoding="utf-8") as file:
        csv.writer(file, delimiter=separator).writerows([header.split(","), *rows])
    return path


def table(path, separator=","):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter=separator))


def by_address(found):
    """Return a class whose students the gradebook knows by their addresses."""
    return [replace(grade, student=grade.email) for grade in found]


def test_canvas_gets_its_own_columns_back_with_the_scores(course, found):
    roster = canvas_table(course / "roster.csv")
    export_grades(LESSON, "canvas", course / "out.csv", roster, course)
    rows = table(course / "out.csv")
    assert list(rows[0]) == [
        "Student",
        "ID",
        "SIS User ID",
        "SIS Login ID",
        "Section",
        f"{LESSON} (4711)",
    ]
    assert [row["ID"] for row in rows] == [number for _, number, *_ in CLASS]
    assert [float(row[f"{LESSON} (4711)"]) for row in rows] == pytest.approx(
        [grade.score for grade in found], abs=1e-5
    )
    assert rows[1]["Student"] == "王, 伟"
    assert rows[4]["Student"].startswith("'=")


def test_a_student_excused_in_canvas_stays_excused_and_is_named(course, found):
    """A score that is imported over EX removes the excuse."""
    roster = canvas_table(course / "roster.csv")
    text = roster.read_text(encoding="utf-8-sig")
    login, number, *_ = CLASS[0]
    roster.write_text(text.replace(f"{number},,{login},A,,", f"{number},,{login},A,EX,"))
    exported = export_grades(LESSON, "canvas", course / "out.csv", roster, course)
    assert exported.excused == [found[0].student]
    written = {row["ID"]: row[f"{LESSON} (4711)"] for row in table(course / "out.csv")}
    assert written[number] == "EX"
    assert all(written[number] not in ("", "EX") for _, number, *_ in CLASS[1:])


def by_export(course, *arguments):
    """Run the command as an instructor does; return its status and its output."""
    command = ["export", LESSON, *map(str, arguments), "--course", str(course)]
    ended = CliRunner().invoke(cli.commands, command)
    assert ended.exception is None or isinstance(ended.exception, SystemExit)
    return ended.exit_code, " ".join(ended.output.split())


def test_a_student_without_the_assignment_in_canvas_is_named(course, found):
    """Canvas exports a row about posting, another column of unassigned work, and no points."""
    header = ["Student", "ID", "SIS Login ID", "Section", f"{LESSON} (4711)", "essay (12)"]
    rows = [
        ["", "", "", "", "Manual Posting", ""],
        ["    Points Possible", "", "", "", "14,00", "10,00"],
        *([name, number, login, "A", "", "N/A"] for login, number, name, _ in CLASS),
    ]
    rows[3][4] = "N/A"
    with open(course / "roster.csv", "w", newline="", encoding="utf-8-sig") as file:
        csv.writer(file, delimiter=";").writerows([header, *rows])
    status, said = by_export(
        course, "canvas", course / "out.csv", "--roster", course / "roster.csv"
    )
    assert status == 1
    assert "not accepted by Canvas (N/A)" in said
    assert "the grades of wei " in said
    cells = {row["ID"]: row[f"{LESSON} (4711)"] for row in table(course / "out.csv")}
    assert cells["102"] == "N/A"
    assert [cells["101"], cells["104"]] == ["0", "1"]


@pytest.mark.parametrize("scale", [[], ["--scale"]])
def test_a_grade_that_moodle_s_import_passes_over_is_named(course, found, scale):
    found[:] = by_address(found)
    found[0] = replace(found[0], score=14.0)
    found[1] = replace(found[1], score=14.5)
    roster = moodle_table(course / "roster.csv", maximum="14.00" if not scale else "33.00")
    status, said = by_export(course, "moodle", course / "out.csv", "--roster", roster, *scale)
    assert status == 1
    assert "above the maximum, which Moodle ignores: the grades of wei@example.org " in said
    found[1] = replace(found[1], score=14.0)
    assert by_export(course, "moodle", course / "out.csv", "--roster", roster, *scale)[0] == 0


def test_a_teacher_s_comment_in_moodle_keeps_its_lines(course, found):
    """Moodle treats a comment that has lost its line breaks as a new one."""
    found[:] = by_address(found)
    comment = "<p>Well done.</p>\r\n<p>See me,  please.</p>"
    roster = with_cell(moodle_table(course / "roster.csv"), 1, 9, comment)
    with_cell(roster, 2, 9, "\n=1+1")
    export_grades(LESSON, "moodle", course / "out.csv", roster, course)
    rows = table(course / "out.csv")
    assert [row["Feedback comments"] for row in rows[:2]] == [comment, "'=1+1"]


@pytest.mark.parametrize("platform", ["csv", "canvas", "gradescope"])
def test_a_failed_export_leaves_the_old_file(course, found, platform, monkeypatch):
    """Half of a table would look like a whole table of half of the class."""
    roster = canvas_table(course / "roster.csv")
    to = course / ("out" if platform == "gradescope" else "out.csv")
    arguments = [platform, to, "--roster", roster]
    assert by_export(course, *arguments)[0] == 0

    def files():
        there = [path for path in course.rglob("*") if path.is_file() and path.suffix != ".db"]
        return {path: path.read_bytes() for path in there}

    before = files()
    found[:] = [replace(grade, score=9.0) for grade in found]
    write = Path.write_text

    def full(path, text, **options):
        write(path, text[: len(text) // 2], **options)
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    status, said = by_export(course, *arguments)
    assert (status, files()) == (2, before)
    assert "No space left on device: '" in said
    monkeypatch.setattr(Path, "write_text", write)
    (course / "link.csv").symlink_to(course / "mine.csv")
    export_grades(LESSON, "csv", course / "link.csv", None, course)
    assert (course / "link.csv").is_symlink()
    assert len(table(course / "mine.csv")) == len(CLASS)


def test_a_table_goes_into_a_pipe(course, found):
    os.mkfifo(course / "pipe")
    with subprocess.Popen(["cat", course / "pipe"], stdout=subprocess.PIPE, text=True) as reader:
        export_grades(LESSON, "csv", course / "pipe", None, course)
        assert reader.stdout.read().count("\n") == len(CLASS) + 1
    assert (course / "pipe").is_fifo()


@pytest.mark.parametrize("language", MOODLE)
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_moodle_s_worksheet_is_filled_in_whatever_its_language(course, found, language, separator):
    found[:] = by_address(found)
    maximum = "14.00" if language == "en" else "14,00"
    roster = moodle_table(course / "roster.csv", separator, language, maximum)
    exported = export_grades(LESSON, "moodle", course / "out.csv", roster, course)
    assert (exported.missing, exported.scaled_to) == ([], None)
    before, after = table(roster, separator), table(course / "out.csv", separator)
    grade = MOODLE[language][1].split(",")[4]
    name = MOODLE[language][1].split(",")[1]
    scores = [float(row.pop(grade).replace(",", ".")) for row in after]
    assert scores == pytest.approx([grade.score for grade in found], abs=1e-5)
    assert ("," in "".join(row[grade] for row in table(course / "out.csv", separator))) == (
        language != "en"
    )
    for row in before:
        del row[grade]
    after[4][name] = after[4][name].removeprefix("'")  # a cell that a spreadsheet would compute
    assert after == before


@pytest.mark.parametrize("platform", ["canvas", "moodle"])
def test_another_maximum_is_reported_and_scaled_to_on_request(course, found, platform):
    found[:] = by_address(found) if platform == "moodle" else found
    make = moodle_table if platform == "moodle" else canvas_table
    possible = {"maximum": "100.00"} if platform == "moodle" else {"possible": "100.00"}
    roster = make(course / "roster.csv", **possible)
    with pytest.raises(ValueError, match=r"maximum is 100, ours is 14: .*--scale"):
        export_grades(LESSON, platform, course / "out.csv", roster, course)
    assert not (course / "out.csv").exists()
    exported = export_grades(LESSON, platform, course / "out.csv", roster, course, scale=True)
    assert exported.scaled_to == 100
    column = "Grade" if platform == "moodle" else f"{LESSON} (4711)"
    written = [float(row[column]) for row in table(course / "out.csv")]
    assert written == pytest.approx([grade.score * 100 / 14 for grade in found], abs=1e-4)


def test_a_row_without_a_login_is_found_by_another_column_or_reported(course, found):
    found.append(replace(found[0], student="106"))
    found.append(replace(found[0], student="107", last_name="Nobody"))
    roster = canvas_table(course / "roster.csv")
    with open(roster, "a", newline="", encoding="utf-8") as file:
        csv.writer(file).writerow(["Silva, Inês", "106", "", "", "A", "", "0"])
    exported = export_grades(LESSON, "canvas", course / "out.csv", roster, course)
    assert exported.missing == ["107"]
    assert [row["ID"] for row in table(course / "out.csv")] == [
        "101",
        "102",
        "103",
        "104",
        "105",
        "106",
    ]


def test_canvas_s_table_with_names_in_two_columns_keeps_them(course, found):
    header = ["LastName", "FirstName", "ID", "SIS Login ID", "Section", f"{LESSON} (4711)"]
    rows = [[grade.last_name, grade.first_name, "1", grade.student, "A", ""] for grade in found]
    with open(course / "roster.csv", "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])
    export_grades(LESSON, "canvas", course / "out.csv", course / "roster.csv", course)
    assert list(table(course / "out.csv")[0]) == header


def without_work(found, *numbers):
    """Let some students of a class hand in nothing."""
    for number in numbers:
        found[number] = replace(found[number], score=None, handed_in=False)


def with_cell(path, row, column, text):
    """Write a text into one cell of a table, as a teacher may do on the platform."""
    with open(path, newline="", encoding="utf-8-sig") as file:
        rows = list(csv.reader(file))
    rows[row][column] = text
    with open(path, "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)
    return path


@pytest.mark.parametrize("platform", ["canvas", "moodle"])
def test_a_student_without_a_submission_keeps_what_the_platform_has(course, found, platform):
    found[:] = by_address(found) if platform == "moodle" else found
    without_work(found, 0, 3)
    # We do not know the last student, to whom a teacher gave points on the platform.
    unknown = found.pop().student
    if platform == "moodle":
        roster, column = with_cell(moodle_table(course / "r.csv"), 5, 4, "7.00"), "Grade"
    else:
        roster, column = with_cell(canvas_table(course / "r.csv"), 6, 5, "7.00"), f"{LESSON} (4711)"
    exported = export_grades(LESSON, platform, course / "out.csv", roster, course)
    who = "Email address" if platform == "moodle" else "SIS Login ID"
    cells = {row[who]: row[column] for row in table(course / "out.csv")}
    graded = {grade.student: f"{grade.score:g}" for grade in (found[1], found[2])}
    assert {name: cells.pop(name)[:6] for name in graded} == {
        name: score[:6] for name, score in graded.items()
    }
    assert cells == {found[0].student: "", found[3].student: "", unknown: "7.00"}
    assert exported.nothing == sorted([found[0].student, found[3].student, unknown])
    assert exported.grades == [found[1], found[2]]
    assert (exported.missing, exported.unknown) == ([], [])


def test_an_ambiguous_row_is_not_reported_as_without_a_submission(course, found):
    found[4] = replace(found[4], student="renamed")
    without_work(found, 0)
    roster = canvas_table(course / "roster.csv")
    exported = export_grades(LESSON, "canvas", course / "out.csv", roster, course)
    assert exported.missing == ["renamed"]
    assert (exported.nothing, exported.unknown) == (["zoe"], ["eve"])


def test_a_student_with_two_entries_in_the_gradebook_keeps_the_grade(course, found):
    found.append(replace(found[0], student="101", score=None, handed_in=False))
    exported = export_grades(
        LESSON, "canvas", course / "out.csv", canvas_table(course / "roster.csv"), course
    )
    assert exported.nothing == []
    assert [row["ID"] for row in table(course / "out.csv")].count("101") == 1
    assert table(course / "out.csv")[0][f"{LESSON} (4711)"] == "0"  # graded, without any point


def test_a_row_gets_one_grade_and_the_student_s_other_name_is_reported(course, found):
    # Collected first without a roster and later with one: there is work under both names.
    found.append(replace(found[0], student="101", score=13.0))
    # This work is from a student who has left, whose login is the number of another student.
    found.append(replace(found[0], student="103", score=14.0))
    exported = export_grades(
        LESSON, "canvas", course / "out.csv", canvas_table(course / "roster.csv"), course
    )
    assert exported.missing == ["101", "103"]
    rows = table(course / "out.csv")
    assert [row["ID"] for row in rows] == [number for _, number, *_ in CLASS]
    assert [float(row[f"{LESSON} (4711)"]) for row in rows] == pytest.approx(
        [number / 3 for number in range(len(CLASS))], abs=1e-5
    )


@pytest.mark.parametrize("already", ["14.00", "0.00"])
def test_moodle_s_worksheet_is_filled_in_where_everyone_has_the_same_grade(course, found, already):
    found[:] = by_address(found)
    roster = moodle_table(course / "roster.csv")
    for row in range(1, len(CLASS) + 1):
        with_cell(with_cell(roster, row, 3, "Submitted for grading"), row, 4, already)
    assert export_grades(LESSON, "moodle", course / "out.csv", roster, course).scaled_to is None
    rows = table(course / "out.csv")
    assert {row["Status"] for row in rows} == {"Submitted for grading"}
    assert [float(row["Grade"]) for row in rows] == pytest.approx(
        [grade.score for grade in found], abs=1e-5
    )


def test_moodle_s_worksheet_of_one_student_keeps_the_name_and_gets_the_grade(course, found):
    header = ["Identifier", "Full name", "ID number", *MOODLE["en"][1].split(",")[2:]]
    row = ["Participant 101", "Zoë", "4711", "zoe@example.org", "Submitted", "", "14.00", *REST]
    with open(course / "roster.csv", "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, row])
    found[:] = [replace(found[1], student="4711")]
    export_grades(LESSON, "moodle", course / "out.csv", course / "roster.csv", course)
    (written,) = table(course / "out.csv")
    assert written["Full name"] == "Zoë"
    assert float(written["Grade"]) == pytest.approx(1 / 3, abs=1e-5)


def test_rows_that_a_spreadsheet_has_left_empty_hide_no_maximum(course, found):
    found[:] = by_address(found)
    roster = moodle_table(course / "roster.csv", maximum="100.00")
    with open(roster, "a", encoding="utf-8") as file:
        file.write(",,,,,,,,,\n")
    with pytest.raises(ValueError, match="maximum is 100, ours is 14"):
        export_grades(LESSON, "moodle", course / "out.csv", roster, course)


def test_a_plain_table_and_gradescope_have_no_score_without_a_submission(course, found):
    without_work(found, 1)
    exported = export_grades(LESSON, "csv", course / "out.csv", None, course)
    row = table(course / "out.csv")[1]
    assert (row["username"], row[LESSON], row["maximum"], row["waiting"]) == ("wei", "", "14", "0")
    assert exported.nothing == ["wei"]
    exported = export_grades(LESSON, "gradescope", course / "out", None, course)
    assert exported.nothing == ["wei"]
    assert not (course / "out" / "wei").exists()
    assert (course / "out" / "zoe").is_dir()


def test_export_names_students_without_a_submission_and_succeeds(course, found):
    def said():
        command = ["export", LESSON, "csv", str(course / "out.csv"), "--course", str(course)]
        ended = CliRunner().invoke(cli.commands, command)
        return ended.exit_code, " ".join(ended.output.split())

    without_work(found, 1, 2)
    found[2] = replace(found[2], student="[red]\x1b[2Jbob")
    status, output = said()
    assert status == 0
    assert "2 handed in nothing: wei, [red]bob" in output
    found += [replace(found[1], student=f"more-{number:02}") for number in range(12)]
    assert "14 handed in nothing: wei, [red]bob, more-00, more-01, more-02, more-03" in said()[1]
    assert "more-07 and 4 more" in said()[1]
    found[0] = replace(found[0], score=None)
    status, output = said()
    assert status == 1
    assert "zoe: not graded" in output


@pytest.mark.parametrize(
    "text",
    ["- see below", "- 2 points: x+1", "-", "+ well done", "a=b", "- as in (2)", "-1.5", "=1"],
)
def test_only_what_a_spreadsheet_would_compute_is_marked(text):
    computed = text in ("=1", "-1.5", "- as in (2)")
    assert neutral(text) == (f"'{text}" if computed else text)


def test_plain_csv_holds_everyone_and_no_formula(course):
    export_grades(LESSON, "csv", course / "out.csv", None, course)
    rows = table(course / "out.csv")
    assert [row["username"] for row in rows] == [login for login, *_ in CLASS]
    assert rows[3]["lastname"] == "العلي"
    assert not [cell for row in rows for cell in row.values() if cell.startswith("=")]


def test_gradescope_gets_one_file_per_student(course, found, monkeypatch):
    from grading.judging.verdicts import make_verdict

    ended = [make_verdict("project", 1.0, "failed", "The map is <b>flat</b>.", 0.0)]
    monkeypatch.setattr(export, "recorded_verdicts", lambda *_: (ended, []))
    export_grades(LESSON, "gradescope", course / "out", None, course)
    results = json.loads((course / "out" / "wei" / "results.json").read_text(encoding="utf-8"))
    assert results["score"] == found[1].score
    (test,) = results["tests"]
    assert (test["name"], test["score"], test["max_score"]) == ("project", 0.0, 1.0)
    assert (test["status"], test["output_format"]) == ("failed", "text")
    assert "<b>flat</b>" in test["output"]

    ended[0] = make_verdict("project", 0.0, "failed", "It counts no more.", 0.0)
    found[0] = replace(found[0], score=None)
    export_grades(LESSON, "gradescope", course / "out", None, course)
    assert not (course / "out" / found[0].student / "results.json").exists()
    results = json.loads((course / "out" / "wei" / "results.json").read_text(encoding="utf-8"))
    assert results["tests"][0]["status"] == "failed"


def test_a_damaged_receipt_costs_gradescope_only_that_student_s_tests(course, found, monkeypatch):
    monkeypatch.setattr("grading.records.deadlines.refresh_everyone", lambda *_: None)
    path = receipt_path(course, "wei", LESSON, LESSON)
    path.parent.mkdir(parents=True)
    path.write_text("{")
    to = ["export", LESSON, "gradescope", str(course / "out"), "--course", str(course)]
    outcome = CliRunner().invoke(cli.commands, to)
    said = " ".join(outcome.output.split())
    assert f"receipts/wei/{LESSON}/{LESSON}.json cannot be read" in said
    assert outcome.exit_code == 1
    for login, *_ in CLASS:
        assert (course / "out" / login / "results.json").is_file()
    results = json.loads((course / "out" / "wei" / "results.json").read_text(encoding="utf-8"))
    assert (results["score"], results["tests"]) == (found[1].score, [])


@pytest.mark.parametrize(
    ("make", "platform", "message"),
    [
        (
            lambda path: canvas_table(path, "essay (12)"),
            "canvas",
            r"0 columns named .*essay \(12\): give that name to one of them",
        ),
        (canvas_table, "moodle", "no column of grades"),
        (moodle_table, "canvas", "export the gradebook from Canvas"),
        (lambda path: path.write_bytes(b"Name\xe9\n") and path, "canvas", "not UTF-8"),
        (lambda path: path.write_text("") or path, "canvas", "is empty"),
    ],
)
def test_a_roster_that_does_not_fit_is_named(course, make, platform, message):
    roster = make(course / "roster.csv")
    with pytest.raises(ValueError, match=message):
        export_grades(LESSON, platform, course / "out.csv", roster, course)
    assert not (course / "out.csv").exists()


def test_a_roster_of_another_class_is_refused(course, found):
    found[:] = [replace(grade, student=f"stranger-{n}") for n, grade in enumerate(found)]
    with pytest.raises(ValueError, match=r"none of our students is in the roster.* stranger-0"):
        export_grades(LESSON, "canvas", course / "o.csv", canvas_table(course / "r.csv"), course)


def test_platforms_that_need_their_table_ask_for_it(course):
    with pytest.raises(ValueError, match="--roster"):
        export_grades(LESSON, "moodle", course / "out.csv", None, course)


def test_grades_come_from_the_gradebook_with_penalties_taken_off(tmp_path):
    nbgrader_config()  # puts the environment's scripts on PATH; nbgrader needs one of them
    with Gradebook(f"sqlite:///{tmp_path / 'gradebook.db'}") as gradebook:
        gradebook.add_assignment(LESSON)
        gradebook.add_notebook(LESSON, LESSON)
        gradebook.add_grade_cell("test_project", LESSON, LESSON, max_score=3, cell_type="code")
        gradebook.add_grade_cell("written", LESSON, LESSON, max_score=2, cell_type="markdown")
        gradebook.add_student("wei", first_name="伟", last_name="王", email="wei@example.org")
        submission = gradebook.add_submission(LESSON, "wei")
        marks = {grade.name: grade for grade in submission.notebooks[0].grades}
        marks["test_project"].auto_score = 3.0
        marks["test_project"].needs_manual_grade = False
        marks["written"].needs_manual_grade = True
        submission.notebooks[0].late_submission_penalty = 1.0
        gradebook.db.commit()
    (grade,) = grades(LESSON, tmp_path)
    assert grade == Grade("wei", "王", "伟", "wei@example.org", 2.0, 5.0, 1)
    assert nothing_from(LESSON, tmp_path) == []
    with Gradebook(f"sqlite:///{tmp_path / 'gradebook.db'}") as gradebook:
        (tmp_path / "submitted" / "wei" / LESSON).mkdir(parents=True)
        # As if the submission was refused.
        for grade in gradebook.find_submission(LESSON, "wei").notebooks[0].grades:
            grade.auto_score, grade.needs_manual_grade = None, True
        gradebook.db.commit()
    assert [(grade.score, grade.waiting) for grade in grades(LESSON, tmp_path)] == [(None, 0)]
    with pytest.raises(ValueError, match="no submission of 01"):
        grades("01_dataset_exploration", tmp_path)


def test_an_extension_is_not_a_submission(tmp_path):
    nbgrader_config()
    address = f"sqlite:///{tmp_path / 'gradebook.db'}"
    with Gradebook(address) as gradebook:
        gradebook.add_assignment(LESSON, duedate="2030-01-02 00:00:00 UTC")
        gradebook.add_notebook(LESSON, LESSON)
        # A person must read all of it: no score of the program is missing.
        gradebook.add_grade_cell("written", LESSON, LESSON, max_score=2, cell_type="markdown")
        for student in ("extended", "folder", "nobody", "read", "receipt", "stamped"):
            gradebook.add_student(student)
        gradebook.add_submission(LESSON, "stamped", timestamp="2030-01-01 00:00:00 UTC")
        gradebook.add_submission(LESSON, "read").notebooks[0].grades[0].manual_score = 1.0
        gradebook.add_submission(LESSON, "folder").notebooks[0].grades[0].auto_score = 0.0  # blank
        gradebook.add_submission(LESSON, "receipt").notebooks[0].grades[0].needs_manual_grade = True
        gradebook.db.commit()
    (tmp_path / "submitted" / "folder" / LESSON).mkdir(parents=True)
    (tmp_path / "submitted" / "stranger" / LESSON).mkdir(parents=True)
    (tmp_path / "receipts" / "receipt" / LESSON).mkdir(parents=True)
    extend(LESSON, "extended", datetime(2030, 1, 3, tzinfo=UTC), tmp_path)
    assert nothing_from(LESSON, tmp_path) == ["extended", "nobody"]
    found = {grade.student: (grade.score, grade.handed_in) for grade in grades(LESSON, tmp_path)}
    assert found == {
        "extended": (None, False),
        "folder": (0.0, True),
        "nobody": (None, False),
        "read": (1.0, True),
        "receipt": (None, True),  # nobody has read it yet, which is not 0 points
        "stamped": (None, True),
        "stranger": (None, True),
    }
    assert grades(LESSON, tmp_path)[0].waiting == 0
    to = ["export", LESSON, "csv", str(tmp_path / "scores.csv"), "--course", str(tmp_path)]
    said = " ".join(CliRunner().invoke(cli.commands, to).output.split())
    assert "receipt: not graded, and no score was written" in said
    assert "stamped: not graded, and no score was written" in said


def zipped(path, files):
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def collected(source, lesson, course, roster=None):
    """Return the students whose work was taken, and the problems."""
    taken, problems = collect(source, lesson, course, roster)
    return list(taken), problems


def submitted(course):
    files = sorted((course / "submitted").rglob("*.ipynb"))
    return {path.relative_to(course / "submitted").parts[0]: path.read_text() for path in files}


def test_canvas_s_download_is_taken_by_login(tmp_path):
    names = {}
    for login, number, name, _ in CLASS[:4]:
        late = "LATE_" if number == "102" else ""
        names[f"{name.split(',')[0].lower()}_{late}{number}_9{number}_a.ipynb"] = login
    source = zipped(tmp_path / "canvas.zip", names)
    students, problems = collected(
        source, LESSON, tmp_path, read_roster(canvas_table(tmp_path / "roster.csv"))
    )
    assert (students, problems) == (sorted(names.values()), [])
    assert submitted(tmp_path) == {login: login for login in names.values()}
    assert (tmp_path / "submitted" / "wei" / LESSON / f"{LESSON}.ipynb").is_file()


@pytest.mark.parametrize("language", MOODLE)
@pytest.mark.parametrize("folder", ["", "/"])
def test_moodle_s_download_is_taken_in_every_language(tmp_path, folder, language):
    ending = f"assignsubmission_file_{folder}my work.ipynb"
    names = {f"{name}_{number}_{ending}": login for login, number, name, _ in CLASS[:4]}
    source = zipped(tmp_path / "moodle.zip", names)
    roster = read_roster(moodle_table(tmp_path / "roster.csv", language=language))
    students, problems = collected(source, LESSON, tmp_path, roster)
    addresses = [f"{login}@example.org" for login in ("amal", "olga", "wei", "zoe")]
    assert (students, problems) == (addresses, [])
    assert submitted(tmp_path) == {name: name.partition("@")[0] for name in students}


def test_a_roster_without_moodle_s_numbers_is_named_instead_of_everybody(tmp_path):
    roster = Roster(["First name", "ID number"], [{"First name": "Zoë", "ID number": "4711"}])
    source = zipped(tmp_path / "m.zip", {"Zoë_101_assignsubmission_file_/a.ipynb": "{}"})
    with pytest.raises(ValueError, match=r"Participant 17.*grading worksheet"):
        collect(source, LESSON, tmp_path, roster)


@pytest.mark.parametrize("slip", ["03_feature_extracton", "9"])
def test_a_missing_assignment_collects_no_work(tmp_path, slip):
    source = zipped(tmp_path / "c.zip", {"zoe_101_9_a.ipynb": "{}"})
    command = ["collect", slip, str(source), "--course", str(tmp_path / "course")]
    ended = CliRunner().invoke(cli.commands, command)
    assert ended.exit_code == 2
    assert f"no lesson '{slip}'; the lessons are 01_dataset_exploration, " in ended.output
    assert not (tmp_path / "course" / "submitted").exists()
    (tmp_path / "course" / "solutions" / slip).mkdir(parents=True)
    assert CliRunner().invoke(cli.commands, command).exit_code == 0
    assert submitted(tmp_path / "course") == {"101": "{}"}


def test_students_marked_late_by_canvas_are_named(tmp_path):
    source = zipped(
        tmp_path / "c.zip", {"wang_LATE_102_9_a.ipynb": "{}", "zoe_101_8_a_LATE_1_2_b.ipynb": "{}"}
    )
    command = ["collect", LESSON, str(source), "--course", str(tmp_path)]
    ended = CliRunner().invoke(cli.commands, command)
    assert ended.exit_code == 0
    assert "does not say how late: 102\n" in ended.output


def test_an_anonymous_file_of_canvas_is_given_to_no_student(tmp_path):
    """The number in its name is the file's own, and may also be the number of a student."""
    files = {
        f"anon_AbC12_101_{LESSON}.ipynb": "one",
        f"LATE_anon_xYz9w_102_{LESSON}.ipynb": "two",
    }
    source = zipped(tmp_path / "c.zip", files)
    roster = read_roster(canvas_table(tmp_path / "roster.csv"))
    students, problems = collected(source, LESSON, tmp_path / "named", roster)
    assert students == []
    assert all("anonymous in Canvas" in problem for problem in problems)
    assert len(problems) == 2
    assert collected(source, LESSON, tmp_path / "course") == (["anon_AbC12", "anon_xYz9w"], [])
    assert submitted(tmp_path / "course") == {"anon_AbC12": "one", "anon_xYz9w": "two"}
    assert [marked_late(name) for name in files] == [False, True]


def test_a_file_name_does_not_change_whose_folder_it_is(tmp_path):
    """Canvas would name a file "homework_3_1_a.ipynb", but this one is in a student's folder."""
    files = {"zoe/homework_3_1_a.ipynb": "zoe", "wei/homework_3_1_a.ipynb": "wei"}
    source = zipped(tmp_path / "z.zip", files)
    assert collected(source, LESSON, tmp_path / "course") == (["wei", "zoe"], [])
    assert submitted(tmp_path / "course") == {"wei": "wei", "zoe": "zoe"}


def test_a_download_with_a_folder_around_it_is_taken_as_it_was(tmp_path):
    files = {"submissions/zoe_101_9_a.ipynb": "zoe", "submissions/o_neil_LATE_102_8_b.ipynb": "wei"}
    source = zipped(tmp_path / "z.zip", files | {"__MACOSX/submissions/._zoe": ""})
    roster = read_roster(canvas_table(tmp_path / "roster.csv"))
    taken, problems = collect(source, LESSON, tmp_path / "course", roster)
    assert taken == {"zoe": "zoe_101_9_a.ipynb", "wei": "o_neil_LATE_102_8_b.ipynb"}
    assert problems == []


def test_work_without_a_known_author_is_named_with_what_to_do(tmp_path):
    roster = read_roster(canvas_table(tmp_path / "roster.csv"))
    files = {
        "Ana García - a.ipynb": "in a flat folder, as Google Classroom makes one",
        "zoe_101_text.html": "typed into a field of Canvas's",
        "who_999_9_a.ipynb": "of another class",
    }
    _, problems = collected(zipped(tmp_path / "c.zip", files), LESSON, tmp_path, roster)
    assert problems == [
        "Ana García - a.ipynb was left out: it is not in a student's folder, and has no name from "
        "Canvas, Moodle or Blackboard: put it into a folder with the student's name",
        "who_999_9_a.ipynb was left out: it is from the number 999, which is not in the roster",
        "zoe: zoe_101_text.html is not a notebook",
    ]
    wrapped = zipped(tmp_path / "w.zip", {"class/ana/a.ipynb": "", "class/bo/a.ipynb": ""})
    _, (problem,) = collected(wrapped, LESSON, tmp_path)
    assert problem.endswith("or, if the students' folders are in class, collect that folder")
    gradescope = {"export/submission_12/a.ipynb": "", "export/submission_metadata.yml": ""}
    with pytest.raises(ValueError, match=r"Gradescope's export.*in submission_metadata\.yml"):
        collected(zipped(tmp_path / "g.zip", gradescope), LESSON, tmp_path)
    assert not (tmp_path / "submitted").exists()


def moodle_worksheet(path, groups=("Team A", "Team B"), times=("-", "-")):
    """Write a worksheet as Moodle does if groups hand in and grading has a workflow."""
    header = (
        "Identifier,Full name,Email address,Status,Group,Grade,Maximum grade,"
        "Marking workflow state,Grade can be changed,Last modified (submission),"
        "Last modified (grade),Feedback comments"
    )
    rest = ("", "14.00", "Not marked", "Yes")
    rows = [
        [
            f"Participant {number}",
            name,
            f"{login}@example.org",
            "Submitted",
            group,
            *rest,
            time,
            "-",
            "",
        ]
        for (login, number, name, _), group, time in zip(CLASS, groups, times, strict=False)
    ]
    with open(path, "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header.split(","), *rows])
    return read_roster(path)


@pytest.mark.parametrize("name", ["Team A_102", "Default group", "Team A"])
@pytest.mark.parametrize("folder", ["_", "/", "_/"])
def test_a_group_s_work_in_moodle_is_given_to_no_other_student(tmp_path, name, folder):
    """The number after a group's name is the group's; participant 102 is in another group."""
    files = {f"{name}_assignsubmission_file{folder}a.ipynb": "theirs"}
    roster = moodle_worksheet(tmp_path / "w.csv")
    students, (problem,) = collected(zipped(tmp_path / "m.zip", files), LESSON, tmp_path, roster)
    assert students == []
    assert "by a group, whose number is not a student's: put a copy into a folder" in problem


def test_text_beside_a_notebook_in_moodle_is_the_same_student_s(tmp_path):
    files = {
        f"Zoë_101_assignsubmission_file/{LESSON}.ipynb": "hers",
        "Zoë_101_assignsubmission_onlinetext/onlinetext.html": "typed",
        "Zoë_101_assignsubmission_onlinetext_onlinetext.html": "in a flat download",
    }
    source = zipped(tmp_path / "m.zip", files)
    students, problems = collected(source, LESSON, tmp_path, moodle_worksheet(tmp_path / "w.csv"))
    assert students == ["zoe@example.org"]
    assert problems == ["zoe@example.org: onlinetext.html is not a notebook"] * 2


@pytest.mark.parametrize("written", ["Friday, January 30, 2026, 8:30 PM", "2026年1月30日 20:30"])
def test_moodle_s_time_is_kept_with_a_workflow_or_reported_as_unknown(tmp_path, written):
    roster = moodle_worksheet(tmp_path / "w.csv", times=(written, "-"))
    source = zipped(tmp_path / "m.zip", {"Zoë_101_assignsubmission_file/a.ipynb": "hers"})
    students, problems = collected(source, LESSON, tmp_path, roster)
    stamp = tmp_path / "submitted" / "zoe@example.org" / LESSON / "timestamp.txt"
    assert students == ["zoe@example.org"]
    if "PM" in written:
        expected = datetime(2026, 1, 30, 20, 30).astimezone(UTC).replace(tzinfo=None)
        assert (parse_utc(stamp.read_text()), problems) == (expected, [])
    else:
        assert not stamp.exists()
        (problem,) = problems
        assert f"such as {written!r}; download it again with Moodle in English" in problem


def test_a_login_that_a_spreadsheet_has_made_the_same_for_all_is_refused(tmp_path):
    rows = ["Student,ID,SIS Login ID,Section", "A,101,1.23457E+11,X", "B,102,1.23457E+11,X"]
    (tmp_path / "r.csv").write_text("\n".join(rows))
    files = {f"a_101_9_{LESSON}.ipynb": "first", "b_102_8_work.ipynb": "second"}
    source = zipped(tmp_path / "c.zip", files)
    with pytest.raises(ValueError, match=r"2 students .* '1\.23457E\+11' in column 'SIS Login ID'"):
        collect(source, LESSON, tmp_path, read_roster(tmp_path / "r.csv"))
    assert not (tmp_path / "submitted").exists()
    (tmp_path / "r.csv").write_text("Student,SIS Login ID,Section\nA,zoe,X\n")
    with pytest.raises(ValueError, match="no column ID, which Canvas's export"):
        collect(source, LESSON, tmp_path, read_roster(tmp_path / "r.csv"))


def test_a_roster_is_read_as_spreadsheets_save_it(tmp_path):
    """In UTF-16, with a line that names the separator, old line ends, and line breaks in cells."""
    expected = read_roster(canvas_table(tmp_path / "roster.csv")).rows
    text = (tmp_path / "roster.csv").read_text(encoding="utf-8-sig")
    for content in (
        text.replace("\n", "\r\n").encode("utf-16"),
        f"sep=,\r\n{text}".encode("utf-8-sig"),
        text.replace("\n", "\r").encode(),
    ):
        (tmp_path / "saved.csv").write_bytes(content)
        assert read_roster(tmp_path / "saved.csv").rows == expected
    (tmp_path / "saved.csv").write_text('Name,ID\nA\u2028B,1\n"C\nD",2\n')
    assert [row["Name"] for row in read_roster(tmp_path / "saved.csv").rows] == ["A\u2028B", "C\nD"]
    (tmp_path / "saved.csv").write_text(f"Name,ID\n{'x' * 200_000},1\n")
    with pytest.raises(ValueError, match="is not a table in CSV"):
        read_roster(tmp_path / "saved.csv")


def test_without_a_roster_the_platform_s_number_is_the_name(tmp_path):
    source = zipped(tmp_path / "canvas.zip", {"wang_102_9_a.ipynb": "{}"})
    assert collected(source, LESSON, tmp_path) == (["102"], [])


def test_one_folder_per_student_is_taken_unchanged(tmp_path):
    for login in ("王伟", "Ольга"):
        place = tmp_path / "in" / login / "lesson.ipynb"
        place.parent.mkdir(parents=True)
        place.write_text(login)
    assert collected(tmp_path / "in", LESSON, tmp_path) == (["Ольга", "王伟"], [])
    assert submitted(tmp_path) == {"Ольга": "Ольга", "王伟": "王伟"}


def test_files_that_are_not_taken_are_named_and_affect_no_other_student(tmp_path, monkeypatch):
    monkeypatch.setattr("grading.intake.collect.LARGEST", 1000)
    files = {
        "../evil_1_1_a.ipynb": "{}",
        "ada/work.ipynb": "first",
        "bob/notes.txt": "text",
        "huge/work.ipynb": "x" * 2000,
        "loose.ipynb": "{}",
        "two/work.ipynb": "first",
        "two/work-Copy1.ipynb": "second",
    }
    students, problems = collected(zipped(tmp_path / "z.zip", files), LESSON, tmp_path / "course")
    assert students == ["ada"]
    assert submitted(tmp_path / "course") == {"ada": "first"}
    assert len(problems) == 5
    assert any("two: it is not clear" in problem and LESSON in problem for problem in problems)
    assert not list(Path(tmp_path).glob("evil*"))


LEFT_BEHIND = (
    "{0}/.ipynb_checkpoints/{1}-checkpoint.ipynb",
    "{0}/.virtual_documents/{1}.ipynb",
    "__MACOSX/{0}/._{1}.ipynb",
    "{0}/._{1}.ipynb",
    "{0}/.Trash-1000/files/{1}.ipynb",
    "{0}/Thumbs.db",
    "{0}/desktop.ini",
    "__MACOSX/._{0}",
    ".DS_Store",
)


def test_files_that_systems_and_editors_leave_are_ignored(tmp_path):
    own = f"ana/{LESSON}.ipynb"
    files = {name.format("ana", LESSON): "blank" for name in LEFT_BEHIND}
    files |= {own: "hers", f"ana/{LESSON}-Copy1.ipynb": "a try", f"ana/{LESSON} (1).ipynb": "old"}
    students, problems = collected(zipped(tmp_path / "z.zip", files), LESSON, tmp_path / "course")
    assert (students, submitted(tmp_path / "course")) == (["ana"], {"ana": "hers"})
    assert sorted(problem.partition(" is ")[0] for problem in problems) == [
        f"ana: {LESSON} (1).ipynb",
        f"ana: {LESSON}-Copy1.ipynb",
    ]


@pytest.mark.parametrize("ending", ["ipynb.json", "ipynb.txt", "IPYNB", "ipynb"])
def test_a_notebook_is_taken_with_the_ending_that_a_browser_gave_it(tmp_path, ending):
    files = {f"zoe_101_9_{LESSON}.{ending}": "hers", "wei_102_8_notes.txt": "no notebook"}
    students, problems = collected(zipped(tmp_path / "c.zip", files), LESSON, tmp_path)
    assert (students, problems) == (["101"], ["102: notes.txt is not a notebook"])
    assert submitted(tmp_path) == {"101": "hers"}


def test_one_member_that_is_damaged_or_encrypted_costs_only_itself(tmp_path):
    path = zipped(tmp_path / "z.zip", {"ana/a.ipynb": "hers" * 50, "bob/b.ipynb": "his" * 50})
    content = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        start = archive.getinfo("ana/a.ipynb").header_offset
        central = archive.start_dir + content[archive.start_dir :].index(b"bob/b.ipynb") - 46
    content[start + 30 + len("ana/a.ipynb") + 9] ^= 0xFF
    damaged = tmp_path / "damaged.zip"
    damaged.write_bytes(content)
    students, (problem,) = collected(damaged, LESSON, tmp_path / "course")
    assert students == ["bob"]
    assert "ana: a.ipynb is damaged or encrypted" in problem
    content = bytearray(path.read_bytes())
    content[central + 8] |= 1  # the flag of encryption
    damaged.write_bytes(content)
    students, (problem,) = collected(damaged, LESSON, tmp_path / "another")
    assert students == ["ana"]
    assert "bob: b.ipynb is damaged or encrypted" in problem


def test_backslashes_and_the_mac_s_form_of_names_lead_to_the_same_student(tmp_path):
    for name in ("Zoë", unicodedata.normalize("NFD", "Zoë")):
        files = {f"{name}\\{LESSON}.ipynb": name}
        students, problems = collected(
            zipped(tmp_path / "z.zip", files), LESSON, tmp_path / "course"
        )
        assert (students, problems) == (["Zoë"], [])
    assert list(submitted(tmp_path / "course")) == ["Zoë"]


def test_a_link_in_a_folder_is_not_followed(tmp_path):
    (tmp_path / "secret.ipynb").write_text("mine")
    place = tmp_path / "in" / "ada"
    place.mkdir(parents=True)
    (place / "a.ipynb").symlink_to(tmp_path / "secret.ipynb")
    students, problems = collected(tmp_path / "in", LESSON, tmp_path / "course")
    assert students == []
    assert "link" in problems[0]


def test_collecting_that_is_stopped_says_so_and_leaves_no_half_of_a_file(tmp_path, monkeypatch):
    source = zipped(tmp_path / "z.zip", {"ana/a.ipynb": "hers", "bob/b.ipynb": "his"})
    write = Path.write_bytes

    def stopped(path, content):
        write(path, content[:2])
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "write_bytes", stopped)
    ended = CliRunner().invoke(
        cli.commands, ["collect", LESSON, str(source), "--course", str(tmp_path)]
    )
    assert ended.exit_code == 130
    assert "Repeat the command to do all of it again." in ended.output
    assert not [path for path in (tmp_path / "submitted").rglob("*") if path.is_file()]


def test_an_error_says_that_a_file_is_not_a_zip_file(tmp_path):
    (tmp_path / "a.zip").write_text("no")
    with pytest.raises(ValueError, match=r"a\.zip is not a ZIP file"):
        collected(tmp_path / "a.zip", LESSON, tmp_path)


def test_a_roster_without_names_of_ours_says_which_columns_it_looks_for():
    with pytest.raises(ValueError, match="SIS Login ID, Username"):
        Roster(["Name"], [{"Name": "Ada"}]).students({"ada"})


def test_blackboard_s_names_say_when_work_was_handed_in(tmp_path):
    name = "Lesson 3_zoe_attempt_2026-01-30-20-30-10_my_work.ipynb"
    attempt = "Lesson 3_zoe_attempt_2026-01-30-20-30-10.txt"  # Blackboard's file about the attempt
    source = zipped(tmp_path / "b.zip", {name: "hers", attempt: "Name: Zoe"})
    assert collect(source, LESSON, tmp_path / "course") == ({"zoe": name}, [])
    stamp = tmp_path / "course" / "submitted" / "zoe" / LESSON / "timestamp.txt"
    assert parse_utc(stamp.read_text()) == datetime(2026, 1, 30, 20, 30, 10)


@pytest.mark.parametrize(
    ("language", "written"),
    [
        ("en", "Friday, 30 January 2026, 8:30 PM"),
        ("es", "viernes, 30 de enero de 2026, 20:30"),
        ("fr", "vendredi 30 janvier 2026, 20:30"),
        ("de", "Freitag, 30. Januar 2026, 20:30"),
        ("en", "in words of another language"),
    ],
)
def test_moodle_s_worksheet_says_when_work_was_handed_in(tmp_path, language, written):
    rest = ("Yes", written, "Sunday, 1 February 2026, 9:00 AM", "well done")
    roster = read_roster(moodle_table(tmp_path / "w.csv", language=language, rest=rest))
    number = CLASS[0][1]
    name = f"Anybody_{number}_assignsubmission_file_{LESSON}.ipynb"
    source = zipped(tmp_path / "m.zip", {name: "hers"})
    (student,), problems = collected(source, LESSON, tmp_path / "course", roster)
    assert problems == []
    stamp = tmp_path / "course" / "submitted" / student / LESSON / "timestamp.txt"
    if language == "en" and "words" in written:
        assert not stamp.exists()
    else:
        expected = datetime(2026, 1, 30, 20, 30).astimezone(UTC).replace(tzinfo=None)
        assert parse_utc(stamp.read_text()) == expected


def test_a_time_of_handing_in_is_that_of_the_work_and_written_through_no_link(tmp_path):
    name = "Lesson 3_zoe_attempt_2026-01-30-20-30-10_my_work.ipynb"
    timed = zipped(tmp_path / "b.zip", {name: "hers"})
    course = tmp_path / "course"
    stamp = course / "submitted" / "zoe" / LESSON / "timestamp.txt"
    stamp.parent.mkdir(parents=True)
    (tmp_path / "mine").write_text("mine")
    stamp.symlink_to(tmp_path / "mine")
    assert collect(timed, LESSON, course) == ({"zoe": name}, [])
    assert (tmp_path / "mine").read_text() == "mine"
    written = stamp.read_text()
    for content, kept in (("hers", True), ("newer", False)):  # the platform gives no time
        (tmp_path / "folder" / "zoe").mkdir(parents=True, exist_ok=True)
        (tmp_path / "folder" / "zoe" / f"{LESSON}.ipynb").write_text(content)
        assert collected(tmp_path / "folder", LESSON, course) == (["zoe"], [])
        assert stamp.exists() == kept
    assert "2026-01-30" in written
    stamp.mkdir()
    taken, problems = collect(timed, LESSON, course)
    assert list(taken) == ["zoe"]
    assert "zoe: the time of handing in could not be written" in problems[0]


def test_an_underscore_in_a_name_or_login_is_part_of_it(tmp_path):
    with open(tmp_path / "roster.csv", "w", encoding="utf-8") as file:
        file.write("Student,ID,SIS Login ID,Section\n")
        file.write("O_Neil,101,m_oneil,A\nOneil,102,oneil,A\n")
    roster = read_roster(tmp_path / "roster.csv")
    files = {
        f"o_neilmary_101_9101_{LESSON}.ipynb": "m_oneil",
        f"o_neil_LATE_102_9102_{LESSON}.ipynb": "oneil",
    }
    source = zipped(tmp_path / "canvas.zip", files)
    assert collected(source, LESSON, tmp_path / "c", roster) == (["m_oneil", "oneil"], [])
    assert submitted(tmp_path / "c") == {"m_oneil": "m_oneil", "oneil": "oneil"}
    attempt = "attempt_2030-01-30-20-30-10_work.ipynb"
    files = {f"{LESSON}_{login}_{attempt}": login for login in ("m_oneil", "oneil", "stranger")}
    source = zipped(tmp_path / "blackboard.zip", files)
    _, (problem,) = collected(source, LESSON, tmp_path / "b", roster)
    assert submitted(tmp_path / "b") == {"m_oneil": "m_oneil", "oneil": "oneil"}
    assert "stranger" in problem


def test_folders_that_are_missing_from_the_roster_are_reported_together(tmp_path):
    """For example, Canvas's files, which somebody has sorted by hand into folders of letters."""
    nfd = unicodedata.normalize("NFD", "zoë")
    with open(tmp_path / "roster.csv", "w", encoding="utf-8") as file:
        file.write(f"Student,ID,SIS Login ID,Section\nAnna,101,anna,A\nZoe,102,{nfd},A\n")
    roster = read_roster(tmp_path / "roster.csv")
    files = {f"A/anna_101_9101_{LESSON}.ipynb": "hers", f"anna/{LESSON}.ipynb": "her own"}
    files |= {f"zoë/{LESSON}.ipynb": "another's"}
    source = zipped(tmp_path / "sorted.zip", files)
    students, (problem,) = collected(source, LESSON, tmp_path / "c", roster)
    assert students == ["A", "anna", "zoë"]
    assert problem.startswith("A: ")
    assert "the roster has no such student" in problem
    others = {f"lost {number}/{LESSON}.ipynb": "whose" for number in range(300)}
    source = zipped(tmp_path / "others.zip", others)
    students, (problem,) = collected(source, LESSON, tmp_path / "d", roster)  # a single sentence
    assert len(students) == 300
    assert "and 290 more" in problem


@pytest.mark.parametrize("folder", ["", "download/", "my_course_2030/", "a/b_c/"])
def test_canvas_s_download_may_lie_in_a_folder(tmp_path, folder):
    with open(tmp_path / "roster.csv", "w", encoding="utf-8") as file:
        file.write("Student,ID,SIS Login ID,Section\nO_Neil,101,m_oneil,A\nOneil,102,oneil,A\n")
    names = [f"o_neilmary_101_9101_{LESSON}.ipynb", f"oneil_LATE_102_9102_{LESSON}.ipynb"]
    source = zipped(tmp_path / "canvas.zip", {folder + name: name for name in names})
    roster = read_roster(tmp_path / "roster.csv")
    taken, problems = collect(source, LESSON, tmp_path / "c", roster)
    assert (list(taken), problems) == (["m_oneil", "oneil"], [])
    write_names(tmp_path / "c", LESSON, taken)
    for step, ending in (("feedback", "html"), ("autograded", "ipynb")):
        path = tmp_path / "c" / step / "m_oneil" / LESSON / f"{LESSON}.{ending}"
        path.parent.mkdir(parents=True)
        path.write_text("page")
    zip_feedback(LESSON, tmp_path / "c", tmp_path / "f.zip")
    with zipfile.ZipFile(tmp_path / "f.zip") as archive:  # the path that Canvas expects
        assert archive.namelist() == [f"o_neilmary_101_9101_{LESSON}.html"]


def test_a_file_in_a_student_s_folder_that_is_named_as_canvas_s_is_theirs(tmp_path):
    for student in ("m_oneil", "zoe", "wei"):
        (tmp_path / "in" / student).mkdir(parents=True)
        name = "lab_3_1_final.ipynb" if student == "m_oneil" else f"{LESSON}.ipynb"
        (tmp_path / "in" / student / name).write_text(student)
    assert collected(tmp_path / "in", LESSON, tmp_path / "c") == (["m_oneil", "wei", "zoe"], [])


def test_moodle_s_download_in_a_folder_gets_its_feedback_back():
    name = "my_course/Zoë Müller_17_assignsubmission_file_/a.ipynb"
    assert feedback_name(name, "l") == "Zoë Müller_17_assignsubmission_file_/l.html"


def test_the_last_of_several_attempts_on_blackboard_counts(tmp_path):
    def attempt(day, file):
        return f"Lesson 3_zoe_attempt_2030-01-{day:02}-20-30-10{file}"

    names = [attempt(day, "_work.ipynb") for day in (9, 11, 10)]
    files = {name: name for name in names} | {attempt(12, ".txt"): "Name: Zoe"}
    files[attempt(12, "_scan.pdf")] = "no notebook, and so no attempt at this"
    taken, problems = collect(zipped(tmp_path / "b.zip", files), LESSON, tmp_path / "c")
    assert (taken, problems) == ({"zoe": names[1]}, [])
    assert submitted(tmp_path / "c") == {"zoe": names[1]}
    stamp = tmp_path / "c" / "submitted" / "zoe" / LESSON / "timestamp.txt"
    assert parse_utc(stamp.read_text()) == datetime(2030, 1, 11, 20, 30, 10)


def test_a_login_that_is_another_s_number_gets_its_own_grade(course, found):
    with open(course / "roster.csv", "w", encoding="utf-8") as file:
        file.write(f"Student,ID,SIS Login ID,Section,{LESSON} (1)\n")
        file.write("A,101,102,S,\nB,102,103,S,\nC,103,101,S,\n")
    found[:] = [
        replace(found[0], student=login, score=float(login)) for login in ("101", "102", "103")
    ]
    for kept in (found[:], found[:1], found[1:]):
        found[:] = kept
        exported = export_grades(
            LESSON, "canvas", course / "out.csv", course / "roster.csv", course
        )
        rows = {row["SIS Login ID"]: row[f"{LESSON} (1)"] for row in table(course / "out.csv")}
        assert {login: score for login, score in rows.items() if score} == {
            grade.student: f"{grade.score:g}" for grade in kept
        }
        assert exported.points_of == 14.0  # there is no row *Points Possible*
    with pytest.raises(ValueError, match="does not say its maximum"):
        export_grades(LESSON, "canvas", course / "out.csv", course / "roster.csv", course, True)


def test_a_student_whose_work_was_refused_has_handed_in_something(tmp_path):
    nbgrader_config()
    with Gradebook(f"sqlite:///{tmp_path / 'gradebook.db'}") as gradebook:
        gradebook.add_assignment(LESSON)
        gradebook.add_notebook(LESSON, LESSON)
        gradebook.add_grade_cell("test_project", LESSON, LESSON, max_score=3, cell_type="code")
        for student in ("ada", "bob", "eve"):
            gradebook.add_student(student)
        mark = gradebook.add_submission(LESSON, "ada").notebooks[0].grades[0]
        mark.auto_score, mark.needs_manual_grade = 2.0, False
        gradebook.db.commit()
    (tmp_path / "solutions" / LESSON).mkdir(parents=True)
    two = {"eve/one.ipynb": "x", "eve/two.ipynb": "x"}
    source = zipped(tmp_path / "in.zip", {"bob/work.pdf": "x", "new/work.pdf": "x", **two})
    at = ["--course", str(tmp_path)]
    CliRunner().invoke(cli.commands, ["collect", LESSON, str(source), *at])
    assert nothing_from(LESSON, tmp_path) == []
    reasons = refused_from(LESSON, tmp_path)
    assert reasons["bob"] == "work.pdf is not a notebook"
    assert "it is not clear which of these counts" in reasons["eve"]

    def exported():
        to = ["export", LESSON, "csv", str(tmp_path / "out.csv"), *at]
        return " ".join(CliRunner().invoke(cli.commands, to).output.split())

    said = exported()
    for student in ("bob", "new"):  # the gradebook knows only one of them
        assert f"{student}: refused: work.pdf is not a notebook, and no score was written" in said
    assert "handed in nothing" not in said
    assert {row["username"]: row[LESSON] for row in table(tmp_path / "out.csv")} == {
        "ada": "2",
        "bob": "",
        "eve": "",
        "new": "",
    }
    # Work that arrives later is accepted, and must then be graded.
    source = zipped(tmp_path / "in.zip", {f"bob/{LESSON}.ipynb": "x"})
    CliRunner().invoke(cli.commands, ["collect", LESSON, str(source), *at])
    assert refused_from(LESSON, tmp_path).keys() == {"eve", "new"}
    assert "bob: not graded" in exported()
    forget_student("new", tmp_path)
    assert refused_from(LESSON, tmp_path).keys() == {"eve"}


def test_a_damaged_list_of_what_was_collected_is_named(tmp_path):
    write_names(tmp_path, LESSON, {"zoe": "a.ipynb"})
    (tmp_path / "collected" / f"{LESSON}.json").write_text('{"zoe"')
    with pytest.raises(ValueError, match=rf"{LESSON}\.json is damaged: delete it"):
        read_names(tmp_path, LESSON)


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("mullerzoe_101_9101_my_work.ipynb", "mullerzoe_101_9101_my_work.html"),
        ("mullerzoe_LATE_101_9101_a-1.ipynb", "mullerzoe_LATE_101_9101_a-1.html"),
        (
            "Zoë Müller_17_assignsubmission_file_/my work.ipynb",
            f"Zoë Müller_17_assignsubmission_file_/{LESSON}.html",
        ),
        (
            "A-Zoë Müller_17_assignsubmission_file_my work.ipynb",
            f"A-Zoë Müller_17_assignsubmission_file_/{LESSON}.html",
        ),
    ],
)
def test_feedback_goes_back_under_the_name_that_the_platform_knows(tmp_path, given, wanted):
    for student in ("zoe", "by-hand", "refused"):
        for step, ending in (("feedback", "html"), ("autograded", "ipynb")):
            path = tmp_path / step / student / LESSON / f"{LESSON}.{ending}"
            path.parent.mkdir(parents=True)
            path.write_text(student)
    path.unlink()  # the refused student's new work could not be graded, so this page is old
    write_names(tmp_path, LESSON, {"zoe": given, "refused": given})
    given, missing = zip_feedback(LESSON, tmp_path, tmp_path / "f.zip")
    assert (given, missing) == (["zoe"], ["by-hand"])
    with zipfile.ZipFile(tmp_path / "f.zip") as archive:
        assert archive.namelist() == [wanted]
        assert archive.read(wanted) == b"zoe"
    with pytest.raises(FileExistsError, match="choose another name"):
        zip_feedback(LESSON, tmp_path, tmp_path / "f.zip")
