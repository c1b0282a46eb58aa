"""Grades go to learning platforms and work comes from there, with names in many scripts."""

import csv
import json
import zipfile
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from grading.intake.collect import collect
from grading.intake.rosters import Roster, read_roster
from grading.records import export
from grading.records.export import Grade, export_grades, grades
from grading.settings import nbgrader_config

LESSON = "03_feature_extraction"
# Login, Canvas's number, sorted name, first name.
CLASS = [
    ("zoe", "101", "Müller-Łuczak, Zoë", "Zoë"),
    ("wei", "102", "王, 伟", "伟"),
    ("olga", "103", "Петрова, Ольга", "Ольга"),
    ("amal", "104", "العلي, أمل", "أمل"),
    ("eve", "105", '=HYPERLINK("http://x"), Eve', "Eve"),
]


@pytest.fixture
def found():
    """Return a class's grades, a third of a point between neighbours."""
    return [
        Grade(login, name.split(",")[0], first, f"{login}@example.org", number / 3, 14.0, 0)
        for number, (login, _, name, first) in enumerate(CLASS)
    ]


@pytest.fixture
def course(tmp_path, found, monkeypatch):
    monkeypatch.setattr(export, "grades", lambda assignment, course: found)
    return tmp_path


def canvas_table(path, column=f"{LESSON} (4711)"):
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
    points = ["    Points Possible", "", "", "", "", "14", "(read only)"]
    with open(path, "w", newline="", encoding="utf-8-sig") as file:
        csv.writer(file).writerows([header, points, *rows])
    return path


def moodle_table(path, separator=","):
    header = ["Identifier", "Full name", "Email address", "Username", "Grade", "Maximum Grade"]
    rows = [
        [f"Participant {number}", name, f"{login}@example.org", login, "", "14"]
        for login, number, name, _ in CLASS
    ]
    with open(path, "w", newline="", encoding="utf-8") as file:
        csv.writer(file, delimiter=separator).writerows([header, *rows])
    return path


def table(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


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


def test_moodle_s_worksheet_is_filled_in_whatever_its_separator(course, found):
    for separator in (",", ";", "\t"):
        roster = moodle_table(course / "roster.csv", separator)
        export_grades(LESSON, "moodle", course / "out.csv", roster, course)
        rows = table(course / "out.csv")
        assert [row["Identifier"] for row in rows] == [f"Participant {n}" for _, n, *_ in CLASS]
        assert [float(row["Grade"]) for row in rows] == pytest.approx(
            [grade.score for grade in found], abs=1e-5
        )


def test_plain_csv_holds_everyone_and_no_formula(course):
    export_grades(LESSON, "csv", course / "out.csv", None, course)
    rows = table(course / "out.csv")
    assert [row["username"] for row in rows] == [login for login, *_ in CLASS]
    assert rows[3]["lastname"] == "العلي"
    assert not [cell for row in rows for cell in row.values() if cell.startswith("=")]


def test_gradescope_gets_a_file_a_student(course, found, monkeypatch):
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


@pytest.mark.parametrize(
    ("make", "platform", "message"),
    [
        (
            lambda path: canvas_table(path, "essay (12)"),
            "canvas",
            r"0 columns named .*essay \(12\)",
        ),
        (canvas_table, "moodle", "no column 'Grade'"),
        (lambda path: path.write_bytes(b"Name\xe9\n") and path, "canvas", "not UTF-8"),
        (lambda path: path.write_text("") or path, "canvas", "is empty"),
    ],
)
def test_a_roster_that_does_not_fit_is_named(course, make, platform, message):
    roster = make(course / "roster.csv")
    with pytest.raises(ValueError, match=message):
        export_grades(LESSON, platform, course / "out.csv", roster, course)
    assert not (course / "out.csv").exists()


def test_students_who_are_in_no_row_are_named(course, found):
    found.append(Grade("stranger", "", "", "", 1.0, 14.0, 0))
    with pytest.raises(ValueError, match="'SIS Login ID': stranger"):
        export_grades(LESSON, "canvas", course / "o.csv", canvas_table(course / "r.csv"), course)


def test_platforms_that_need_their_table_ask_for_it(course):
    with pytest.raises(ValueError, match="--roster"):
        export_grades(LESSON, "moodle", course / "out.csv", None, course)


def test_grades_come_from_the_gradebook_with_penalties_taken_off(tmp_path):
    nbgrader_config()  # puts the environment's scripts on PATH, of which nbgrader needs one
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
    with pytest.raises(ValueError, match="no submission of 01"):
        grades("01_dataset_exploration", tmp_path)


def zipped(path, files):
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def submitted(course):
    files = sorted((course / "submitted").rglob("*.ipynb"))
    return {path.relative_to(course / "submitted").parts[0]: path.read_text() for path in files}


def test_canvas_s_download_is_taken_by_login(tmp_path):
    names = {}
    for login, number, name, _ in CLASS[:4]:
        late = "LATE_" if number == "102" else ""
        names[f"{name.split(',')[0].lower()}_{late}{number}_9{number}_a.ipynb"] = login
    source = zipped(tmp_path / "canvas.zip", names)
    students, problems = collect(
        source, LESSON, tmp_path, read_roster(canvas_table(tmp_path / "roster.csv"))
    )
    assert (students, problems) == (sorted(names.values()), [])
    assert submitted(tmp_path) == {login: login for login in names.values()}
    assert (tmp_path / "submitted" / "wei" / LESSON / f"{LESSON}.ipynb").is_file()


@pytest.mark.parametrize("folder", ["", "/"])
def test_moodle_s_download_is_taken_with_folders_and_without(tmp_path, folder):
    ending = f"assignsubmission_file_{folder}my work.ipynb"
    names = {f"{name}_{number}_{ending}": login for login, number, name, _ in CLASS[:4]}
    source = zipped(tmp_path / "moodle.zip", names)
    roster = read_roster(moodle_table(tmp_path / "roster.csv"))
    students, problems = collect(source, LESSON, tmp_path, roster)
    assert (students, problems) == (["amal", "olga", "wei", "zoe"], [])
    assert submitted(tmp_path) == {login: login for login in students}


def test_without_a_roster_the_platform_s_number_is_the_name(tmp_path):
    source = zipped(tmp_path / "canvas.zip", {"wang_102_9_a.ipynb": "{}"})
    assert collect(source, LESSON, tmp_path) == (["102"], [])


def test_a_folder_a_student_is_taken_as_it_is(tmp_path):
    for login in ("王伟", "Ольга"):
        place = tmp_path / "in" / login / "lesson.ipynb"
        place.parent.mkdir(parents=True)
        place.write_text(login)
    assert collect(tmp_path / "in", LESSON, tmp_path) == (["Ольга", "王伟"], [])
    assert submitted(tmp_path) == {"Ольга": "Ольга", "王伟": "王伟"}


def test_what_is_not_taken_is_named_and_costs_nobody_else(tmp_path, monkeypatch):
    monkeypatch.setattr("grading.intake.collect.LARGEST", 1000)
    files = {
        "../evil_1_1_a.ipynb": "{}",
        "ada/work.ipynb": "first",
        "ada/work-1.ipynb": "second",
        "bob/notes.txt": "text",
        "huge/work.ipynb": "x" * 2000,
        "./hidden.ipynb": "{}",
        "loose.ipynb": "{}",
    }
    students, problems = collect(zipped(tmp_path / "z.zip", files), LESSON, tmp_path / "course")
    assert students == ["ada"]
    assert submitted(tmp_path / "course") == {"ada": "first"}
    assert len(problems) == 6
    assert not list(Path(tmp_path).glob("evil*"))


def test_a_link_in_a_folder_is_not_followed(tmp_path):
    (tmp_path / "secret.ipynb").write_text("mine")
    place = tmp_path / "in" / "ada"
    place.mkdir(parents=True)
    (place / "a.ipynb").symlink_to(tmp_path / "secret.ipynb")
    students, problems = collect(tmp_path / "in", LESSON, tmp_path / "course")
    assert students == []
    assert "link" in problems[0]


def test_what_is_no_zip_file_says_so(tmp_path):
    (tmp_path / "a.zip").write_text("no")
    with pytest.raises(ValueError, match=r"a\.zip is no ZIP file"):
        collect(tmp_path / "a.zip", LESSON, tmp_path)


def test_a_roster_without_names_of_ours_says_which_columns_it_looks_for():
    with pytest.raises(ValueError, match="SIS Login ID, Username"):
        Roster(["Name"], [{"Name": "Ada"}]).students({"ada"})
