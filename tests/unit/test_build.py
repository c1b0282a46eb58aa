"""The build: stable ids, nbgrader's stripping, and a scan that finds leaks."""

import dataclasses
import re
import shutil

import nbformat
import pytest

from grading.intake.submissions import DEADLINE
from grading.paths import ROOT, hidden_tests_path, release_path, solution_path, source_path
from grading.release import build
from grading.release.build import check_build, execute, release_notebook
from grading.release.languages import translated
from grading.release.leaks import find_leaks
from grading.release.readme import lessons_table
from grading.release.source import BuildError, colab_badge, source_notebook
from helpers.lessons import LESSONS, Lesson

LESSON = Lesson("03_small_lesson", "A small lesson", 5, {"double": 2, "written_why": 1})

SOURCE = '''# %% [markdown]
# # A small lesson
#
# <!-- colab-badge -->

# %%
number = 21

# %% [markdown]
# ### Exercise

# %% nbgrader={"grade": false, "grade_id": "double", "locked": false, "schema_version": 3, "solution": true, "task": false}
def double(value):
    """Return twice the value."""
    ### BEGIN SOLUTION
    return value * len(["once", "and once more"])
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_double", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
print(double(number))

# %% [markdown] nbgrader={"grade": false, "grade_id": "question_why", "locked": true, "schema_version": 3, "solution": false, "task": false}
# Why twice?
#
# === BEGIN MARK SCHEME ===
# One point for naming the number two in some way.
# === END MARK SCHEME ===

# %% [markdown] nbgrader={"grade": true, "grade_id": "written_why", "locked": false, "points": 1, "schema_version": 3, "solution": true, "task": false}
# Because two is the smallest number that is more than one.
'''


@pytest.fixture
def root(tmp_path):
    """Return a course of one small lesson."""
    for name in ("pyproject.toml", "nbgrader_config.py"):
        shutil.copy(ROOT / name, tmp_path)
    path = source_path(LESSON, tmp_path)
    path.parent.mkdir(parents=True)
    path.write_text(SOURCE)
    hidden_tests_path(LESSON, tmp_path).write_text(
        "expected_value_of_the_hidden_test = 42 * 1000 + 7\n"
    )
    return tmp_path


def test_ids_are_the_grade_id_or_the_position(root):
    ids = [cell.id for cell in source_notebook(LESSON, root).cells]
    assert ids == [
        "03_small_lesson-000",
        "bootstrap",
        "03_small_lesson-001",
        "03_small_lesson-002",
        "double",
        "test_double",
        "question_why",
        "written_why",
    ]


def test_two_builds_give_the_same_bytes(root):
    one, two = (nbformat.writes(source_notebook(LESSON, root)) for _ in range(2))
    assert one == two


def test_badge_points_at_the_lesson_s_own_release(root):
    source = source_notebook(LESSON, root).cells[0].source
    assert colab_badge(LESSON, root) in source
    assert "notebooks/03_small_lesson/03_small_lesson.ipynb" in source


def set_course(root, **settings):
    """Change settings of `tool.course`."""
    path = root / "pyproject.toml"
    text = path.read_text()
    for name, value in settings.items():
        text = re.sub(f"(?m)^{name} = .*\n", "", text)
        text = text.replace("[tool.course]\n", f'[tool.course]\n{name} = "{value}"\n')
    path.write_text(text)


def test_a_fork_names_itself_in_one_setting(root):
    """`tests/policy` checks the same for the course's own notebooks, README and pages."""
    set_course(root, repository="ada/fork", commit="c0ffee" + "0" * 34)
    address = "https://colab.research.google.com/github/ada/fork-students/blob/main/notebooks/"
    archive = f'source = "https://github.com/ada/fork/archive/c0ffee{"0" * 34}.zip"\n'
    release = release_notebook(LESSON, source_notebook(LESSON, root), root)
    assert f"({address}{LESSON.name}/" in release.cells[0].source
    assert archive in release.cells[1].source
    other = translated(LESSON, "es", release, root)
    assert f"({address}es/{LESSON.name}/" in other.cells[0].source
    assert archive in other.cells[1].source
    assert lessons_table(root).count(address) == len(LESSONS)


def test_a_fork_names_itself_without_executing_anything(root):
    build.build(LESSON, root)
    path = solution_path(LESSON, root)
    before = nbformat.read(path, as_version=4)
    set_course(root, repository="ada/fork", commit="c0ffee" + "0" * 34)
    assert check_build(LESSON, root)
    assert build.build(LESSON, root) is False
    assert check_build(LESSON, root) == []
    after = nbformat.read(path, as_version=4)
    assert "ada/fork" in after.cells[0].source
    assert "ada/fork" in after.cells[1].source
    assert [cell.get("outputs") for cell in after.cells] == [
        cell.get("outputs") for cell in before.cells
    ]


@pytest.mark.parametrize(
    "settings",
    [
        {"commit": "main"},
        {"commit": "c0ffee"},
        {"wheel": "https://example.org/course-0.1.0-py3-none-any.whl"},
        {"wheel": "course==0.1.0"},
    ],
    ids=str,
)
def test_what_is_installed_is_pinned_by_content(root, settings):
    set_course(root, **settings)
    with pytest.raises(BuildError, match=rf"tool\.course\.{next(iter(settings))}"):
        source_notebook(LESSON, root)


def test_a_wheel_is_installed_where_an_index_has_one(root):
    wheel = f"https://example.org/course-0.1.0-py3-none-any.whl#sha256={'0' * 64}"
    set_course(root, wheel=wheel)
    assert f'source = "{wheel}"\n' in source_notebook(LESSON, root).cells[1].source


def test_a_lesson_that_trains_asks_colab_for_a_gpu(root):
    training = dataclasses.replace(LESSON, wants_gpu=True)
    release = release_notebook(training, source_notebook(training, root), root)
    assert release.metadata.accelerator == "GPU"
    assert "accelerator" not in source_notebook(LESSON, root).metadata


def test_release_has_stubs_and_no_solution_rubric_or_output(root):
    build.build(LESSON, root)
    release = nbformat.read(release_path(LESSON, root), as_version=4)
    cells = {cell.id: cell for cell in release.cells}
    assert "raise NotImplementedError" in cells["double"].source
    assert "once more" not in cells["double"].source
    assert "MARK SCHEME" not in cells["question_why"].source
    assert cells["written_why"].source == "*Your answer goes here.*"
    assert cells["test_double"].metadata.editable is False
    assert not any(cell.get("outputs") for cell in release.cells)


def test_release_folder_holds_the_notebook_alone(root):
    build.build(LESSON, root)
    folder = release_path(LESSON, root).parent
    assert [path.name for path in folder.iterdir()] == ["03_small_lesson.ipynb"]


def test_solution_is_executed_once_and_again_only_when_its_source_changes(root):
    assert build.build(LESSON, root) is True
    assert build.build(LESSON, root) is False
    executed = nbformat.read(solution_path(LESSON, root), as_version=4)
    assert executed.cells[5].outputs[0].text == "42\n"
    source_path(LESSON, root).write_text(SOURCE.replace("number = 21", "number = 22"))
    assert build.build(LESSON, root) is True


@pytest.mark.parametrize(
    ("before", "after", "executed"),
    [
        ('"""Return twice the value."""', '"""Return the value doubled."""', False),
        ("number = 21", "number = 21  # half of 42", False),
        ("print(double(number))", "print(\n    double(number),\n)", False),
        ("print(double(number))", "print(double(number));", True),
        ("print(double(number))", "print(double(number));  # nothing more", True),
        ("print(double(number))", 'print("""Return twice the value.""")', True),
        ("number = 21", "number = 21\n%matplotlib inline", True),
    ],
)
def test_changes_that_cannot_affect_an_output_execute_nothing(root, before, after, executed):
    build.build(LESSON, root)
    source_path(LESSON, root).write_text(SOURCE.replace(before, after))
    assert build.build(LESSON, root) is executed
    assert check_build(LESSON, root) == []


def test_check_is_silent_on_a_fresh_build(root):
    build.build(LESSON, root)
    assert check_build(LESSON, root) == []


@pytest.mark.parametrize("path", [solution_path, release_path])
def test_check_finds_an_edit_by_hand(root, path):
    build.build(LESSON, root)
    edited = path(LESSON, root)
    edited.write_text(edited.read_text().replace("number = 21", "number = 20"))
    assert len(check_build(LESSON, root)) == 1


def test_check_finds_a_notebook_that_was_never_run(root):
    build.build(LESSON, root)
    nbformat.write(source_notebook(LESSON, root), solution_path(LESSON, root))
    assert "never run" in check_build(LESSON, root)[0]


def test_check_finds_a_file_that_does_not_belong_in_a_release(root):
    build.build(LESSON, root)
    shutil.copy(hidden_tests_path(LESSON, root), release_path(LESSON, root).parent)
    assert "doesn't belong in a release" in check_build(LESSON, root)[0]


def test_a_teacher_s_deadline_belongs_in_a_release(root):
    build.build(LESSON, root)
    (release_path(LESSON, root).parent / DEADLINE).touch()
    assert check_build(LESSON, root) == []


def test_solution_that_also_appears_elsewhere_is_refused(root):
    leaking = SOURCE.replace("# ### Exercise", '# `return value * len(["once", "and once more"])`')
    source_path(LESSON, root).write_text(leaking)
    with pytest.raises(BuildError, match="a line of the answer to double"):
        release_notebook(LESSON, source_notebook(LESSON, root), root)


def test_hidden_test_in_a_cell_is_refused(root):
    line = hidden_tests_path(LESSON, root).read_text().strip()
    source_path(LESSON, root).write_text(SOURCE.replace("number = 21", f"number = 21\n{line}"))
    with pytest.raises(BuildError, match=r"a line of hidden_tests\.py"):
        release_notebook(LESSON, source_notebook(LESSON, root), root)


def test_output_in_a_release_is_a_leak(root):
    solution = source_notebook(LESSON, root)
    release = release_notebook(LESSON, solution, root)
    release.cells[1].outputs = [nbformat.v4.new_output("stream", text="42")]
    (leak,) = find_leaks(release, solution, hidden_tests_path(LESSON, root))
    assert "holds an output" in leak


def test_execution_ignores_the_mirror_and_drops_progress_bars(root, monkeypatch):
    monkeypatch.setenv("COURSE_MIRROR", "somewhere")
    notebook = source_notebook(LESSON, root)
    notebook.cells[1].source = (
        "import os, sys\nprint(os.environ.get('COURSE_MIRROR'))\nprint('50%', file=sys.stderr)\n"
        "number = 21"
    )
    (output,) = execute(notebook, root).cells[1].outputs
    assert output.text == "None\n"


def test_missing_source_is_named(tmp_path):
    with pytest.raises(BuildError, match=r"03_small_lesson\.py is missing"):
        source_notebook(LESSON, tmp_path)


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_committed_notebooks_match_their_sources(lesson):
    assert check_build(lesson) == []
