"""Realignment finds the answers, whatever an editor or a student did to the notebook."""

import ast
import copy
import random
import warnings

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from grading.intake.notebooks import Refused
from grading.intake.parts import parsed, parts
from grading.intake.realign import realign, refuse_another_assignment
from grading.paths import release_path
from grading.release.languages import SPOKEN, translated_path
from grading.release.source import bootstrap_cell, with_address
from helpers.lessons import LESSONS


def graded(source, grade_id, kind="code", **flags):
    make = new_code_cell if kind == "code" else new_markdown_cell
    base = {"grade_id": grade_id, "schema_version": 3, "task": False, "locked": False}
    cell = make(source, metadata={"nbgrader": {**base, "grade": False, "solution": False, **flags}})
    cell["id"] = grade_id
    return cell


def plain(source, cell_id, kind="code"):
    make = new_code_cell if kind == "code" else new_markdown_cell
    cell = make(source)
    cell["id"] = cell_id
    return cell


@pytest.fixture
def release():
    notebook = new_notebook(
        cells=[
            plain("# Title", "t-000", "markdown"),
            plain("import numpy as np", "t-001"),
            graded("def double(x):\n    raise NotImplementedError", "double", solution=True),
            graded('check("double")', "test_double", grade=True, locked=True, points=2),
            plain("print(np.arange(3))", "t-004"),
            graded("Why?", "question_why", "markdown", locked=True),
            graded(
                "*Your answer.*", "written_why", "markdown", grade=True, solution=True, points=1
            ),
            plain("That was all.", "t-007", "markdown"),
        ],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
    )
    return notebook


@pytest.fixture
def answered(release):
    notebook = copy.deepcopy(release)
    notebook.cells[2].source = "def double(x):\n    return 2 * x"
    notebook.cells[6].source = "Because two is twice one."
    return notebook


def answers(notebook):
    by_id = {cell.metadata.get("nbgrader", {}).get("grade_id"): cell for cell in notebook.cells}
    return by_id["double"].source, by_id["written_why"].source


def lose_everything(notebook):
    for cell in notebook.cells:
        cell.metadata.clear()
        cell.pop("id", None)
    notebook.metadata.clear()
    notebook.nbformat_minor = 0
    return notebook


def test_untouched_submission_stays_as_it_is(answered, release):
    aligned, notes = realign(answered, release)
    assert [cell.source for cell in aligned.cells] == [cell.source for cell in answered.cells]
    assert notes == []


def test_another_assignment_s_notebook_is_refused_and_one_cell_of_this_one_is_enough(
    answered, release
):
    other = copy.deepcopy(answered)
    for cell in other.cells:
        if "nbgrader" in cell.metadata:
            cell.metadata.nbgrader.grade_id = f"other_{cell.metadata.nbgrader.grade_id}"
    with pytest.raises(Refused, match=r"is the notebook of another .* cells are other_double, "):
        refuse_another_assignment(other, release, "a.ipynb")
    other.cells[2].metadata.nbgrader.grade_id = "double"
    refuse_another_assignment(other, release, "a.ipynb")
    refuse_another_assignment(lose_everything(answered), release, "a.ipynb")


def test_answers_are_found_without_metadata_and_ids(answered, release):
    aligned, _ = realign(lose_everything(copy.deepcopy(answered)), release)
    assert answers(aligned) == answers(answered)
    assert [cell.id for cell in aligned.cells[2:4]] == ["double", "test_double"]
    nbformat.validate(aligned)


def test_answers_are_found_when_cells_are_shuffled(answered, release):
    shuffled = copy.deepcopy(answered)
    random.Random(0).shuffle(shuffled.cells)
    aligned, _ = realign(shuffled, release)
    assert answers(aligned) == answers(answered)
    assert [cell.id for cell in aligned.cells] == [cell.id for cell in release.cells]


def test_locked_cells_points_and_flags_come_from_the_release(answered, release):
    tampered = copy.deepcopy(answered)
    tampered.cells[3].source = "pass"
    tampered.cells[3].metadata.nbgrader.points = 100
    tampered.cells[2].metadata["tags"] = ["skip-execution", "raises-exception"]
    aligned, _ = realign(tampered, release)
    assert aligned.cells[3].source == 'check("double")'
    assert aligned.cells[3].metadata.nbgrader.points == 2
    assert "tags" not in aligned.cells[2].metadata


def test_deleted_cells_come_back_and_are_noted(answered, release):
    del answered.cells[2:4]
    aligned, notes = realign(answered, release)
    assert "raise NotImplementedError" in answers(aligned)[0]
    assert [note.split()[1] for note in notes] == ["double", "test_double"]


def test_first_of_two_copies_counts_and_the_other_is_noted(answered, release):
    second = copy.deepcopy(answered.cells[2])
    second.source = "def double(x):\n    return 3 * x"
    answered.cells.insert(5, second)
    aligned, notes = realign(answered, release)
    assert answers(aligned)[0] == "def double(x):\n    return 2 * x"
    assert notes == ["cell double is there more than once; the first counts"]


def test_retyped_answer_is_a_code_cell_again(answered, release):
    answered.cells[2] = graded(answered.cells[2].source, "double", "markdown", solution=True)
    aligned, _ = realign(answered, release)
    assert aligned.cells[2].cell_type == "code"
    assert aligned.cells[2].source == "def double(x):\n    return 2 * x"


def test_own_cells_stay_behind_the_cell_they_followed(answered, release):
    own = new_code_cell("helper = 1", metadata={"tags": ["skip-execution"]})
    answered.cells.insert(2, own)
    aligned, _ = realign(answered, release)
    assert aligned.cells[2].source == "helper = 1"
    assert aligned.cells[2].metadata == {}
    nbformat.validate(aligned)


def test_notebook_without_any_cell_becomes_the_release(release):
    aligned, notes = realign(new_notebook(), release)
    assert [cell.source for cell in aligned.cells] == [cell.source for cell in release.cells]
    assert len(notes) == 4


def test_a_cell_for_the_lesson_alone_gives_only_its_imports_and_definitions(release):
    source = "import math\n\ndef half(x):\n    return x / 2\n\nhalf(math.pi)\nlong_training()"
    release.cells[1] = plain(source, "t-001")
    release.cells[1].metadata["tags"] = ["lesson-only"]
    submission = copy.deepcopy(release)
    submission.cells[1].source += "\nmore_training()"
    aligned, _ = realign(submission, release)
    cell = aligned.cells[1]
    assert "import math" in cell.source
    assert "def half(x):" in cell.source
    assert "training" not in cell.source
    assert "half(math.pi)" not in cell.source


def test_a_student_s_own_parts_of_a_cell_for_the_lesson_alone_are_kept(release):
    release.cells[1] = plain("import math\n\nlong_training()", "t-001")
    release.cells[1].metadata["tags"] = ["lesson-only"]
    submission = copy.deepcopy(release)
    submission.cells[1].source = (
        "%pip install polars\nimport math\nimport re\nWORDS = {'a', 'b'}\nLIMIT: int = 3\n"
        "@functools.cache\ndef helper(x):\n    return x in WORDS\n"
        "scores = long_training()\nmore_training()"
    )
    aligned, _ = realign(submission, release)
    source = aligned.cells[1].source
    decorated = "@functools.cache\ndef helper"
    for kept in ("import re", "WORDS = {'a', 'b'}", "LIMIT: int = 3", decorated):
        assert kept in source
    assert source.count("import math") == 1
    assert "training" not in source
    assert "%pip" not in source


@pytest.mark.parametrize("language", ["", "es"])
@pytest.mark.parametrize("lose", [lambda notebook: notebook, lose_everything])
def test_the_first_cell_of_a_students_edition_costs_nothing(lose, language):
    """That cell has another address than the cell of the release with which it is compared."""
    lesson = LESSONS[0]
    release = nbformat.read(release_path(lesson), as_version=4)
    path = translated_path(lesson, language) if language else release_path(lesson)
    opened = nbformat.read(path, as_version=4)
    for notebook, comment in ((release, "Ours."), (opened, "De la edición.")):
        first = next(cell for cell in notebook.cells if cell.id == "bootstrap")
        first.source = bootstrap_cell(lesson, comment=comment).source
        first.source += SPOKEN.format(language=language) if notebook is opened and language else ""
    edition = with_address(opened, "https://example.org/ada/course-students/archive/0.zip")
    wanted, _ = realign(lose(opened), release)
    aligned, notes = realign(lose(edition), release)
    assert notes == []
    for cell, other in zip(aligned.cells, wanted.cells, strict=True):
        if cell.id != "bootstrap":
            assert cell.source == other.source
    (first,) = [cell for cell in aligned.cells if cell.id == "bootstrap"]
    statements = ast.parse(first.source).body
    harmless = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.Assign)
    assert all(isinstance(statement, harmless) for statement in statements)
    assigned = [one.value for one in statements if isinstance(one, ast.Assign)]
    assert all(isinstance(value, ast.Constant) for value in assigned)


STORY = "words = sorted({'a', 'b'})\nlengths = [len(word) for word in words]"


@pytest.mark.parametrize("lose", [lambda notebook: notebook, lose_everything])
@pytest.mark.parametrize(
    "own", ["import polars", "lengths = [0]", f"%matplotlib widget\n{STORY}", f"{STORY}\nx = 1"]
)
def test_a_rewritten_cell_of_the_story_is_run_behind_the_release_s(release, own, lose):
    release.cells[4] = plain(STORY, "t-004")
    submission = copy.deepcopy(release)
    submission.cells[4].source = own
    aligned, _ = realign(lose(submission), release)
    assert [cell.source for cell in aligned.cells[4:6]] == [STORY, own]
    assert len(aligned.cells) == len(release.cells) + 1


def test_a_cell_of_the_story_that_became_a_text_is_run_as_released(release):
    submission = copy.deepcopy(release)
    submission.cells[4] = plain("Not now.", "t-004", "markdown")
    aligned, _ = realign(submission, release)
    assert [cell.cell_type for cell in aligned.cells[4:6]] == ["code", "markdown"]
    assert aligned.cells[4].source == release.cells[4].source


def test_a_cell_of_the_story_with_another_layout_is_run_once(release):
    submission = copy.deepcopy(release)
    submission.cells[4].source = "# Here.\nprint( np.arange(3) )"
    aligned, _ = realign(submission, release)
    assert len(aligned.cells) == len(release.cells)
    assert aligned.cells[4].source == submission.cells[4].source


RIGHT = "def double(x):\n    return TWO * x"


@pytest.fixture
def two_exercises(release):
    """Return a release with a second exercise, `half`, which is answered by a variable."""
    stub = graded("# Your code.\nraise NotImplementedError", "half", solution=True)
    test = graded('check("half")', "test_half", grade=True, locked=True, points=1)
    release.cells[5:5] = [stub, test]
    return release


def run(notebook):
    """Run a notebook's code except checks, and return its names as they are at each check."""
    names, at = {}, {}
    for cell in notebook.cells:
        if cell.source.startswith("check"):
            at[cell.metadata.nbgrader.grade_id] = dict(names)
        elif cell.cell_type == "code":
            try:
                exec(cell.source, names)
            except NotImplementedError:
                continue
    return at


def merged_into_the_first(cells):
    cells[2].source = f"TWO = 2\n{RIGHT}\n\nhalf = double(0.25)"
    del cells[5]


def merged_and_the_stub_left(cells):
    cells[2].source = f"TWO = 2\n{RIGHT}\n\nhalf = double(0.25)"


def merged_into_the_second(cells):
    cells[5].source = f"TWO = 2\n{RIGHT}\n\nhalf = double(0.25)"


def below_everything(cells):
    cells[5].source = "half = 0.5"
    cells.append(plain(f"TWO = 2\n{RIGHT}", "own"))


def beside_the_stub(cells):
    cells[5].source = "half = 0.5"
    cells.insert(3, plain(f"TWO = 2\n{RIGHT}", "own"))


def split_in_two(cells):
    """When a cell is split, JupyterLab copies the metadata to both halves."""
    second = copy.deepcopy(cells[2])
    cells[2].source, second.source = "TWO = 2", RIGHT
    second["id"] = "another"
    cells.insert(3, second)
    cells[6].source = "half = 0.5"


def commented_stub(cells):
    cells[2].source = "# TODO\ndef double(x):\n    raise NotImplementedError  # later"
    cells.insert(2, plain(f"TWO = 2\n{RIGHT}", "own"))
    cells[6].source = "half = 0.5"


@pytest.mark.parametrize(
    "change",
    [
        merged_into_the_first,
        merged_and_the_stub_left,
        merged_into_the_second,
        below_everything,
        beside_the_stub,
        split_in_two,
        commented_stub,
    ],
)
def test_an_answer_counts_wherever_it_is(two_exercises, change):
    submission = copy.deepcopy(two_exercises)
    change(submission.cells)
    aligned, _ = realign(submission, two_exercises)
    names = run(aligned)
    assert names["test_double"]["double"](4) == 8
    assert names["test_half"]["half"] == 0.5


def test_an_answer_in_its_own_cell_is_not_looked_for_elsewhere(two_exercises):
    submission = copy.deepcopy(two_exercises)
    submission.cells[2].source = "def double(x):\n    return x + x"
    submission.cells.append(plain("def double(x):\n    return 0  # a try", "own"))
    aligned, notes = realign(submission, two_exercises)
    assert aligned.cells[2].source == submission.cells[2].source
    assert not [note for note in notes if "another cell" in note]


@pytest.mark.parametrize(
    ("source", "kept"),
    [
        ("files = !ls\nimport re", ["import re"]),
        ("?len\nlen?\nimport re", ["import re"]),
        ("try:\n    import re2\nexcept ImportError:\n    !pip install re2", ["try:"]),
        ("try:\n    import re2\n    found = True\nexcept ImportError:\n    pass", ["try:"]),
        ("try:\n    import re2\n    long_training()\nexcept ImportError:\n    pass", []),
        ("try:\n    pass\nfinally:\n    pass", []),
    ],
)
def test_an_import_with_another_in_its_place_and_magics_leave_the_other_parts(source, kept):
    assert [part.splitlines()[0] for part in parts(source)] == kept


def test_python_s_warnings_about_a_student_s_code_are_not_printed():
    """From Python 3.12 on, such a warning would be printed on the terminal, line by line."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # the parser turns the warning into an error
        assert parsed("pattern = '\\d'") is not None
