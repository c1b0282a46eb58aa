"""The private overlay: nobody can tell from the public tests what will be asked."""

import io
import shutil
from types import SimpleNamespace

import numpy as np
import pytest
import small_course
from rich.console import Console
from submissions import GOOD, put_submission
from typer.testing import CliRunner

from course import app
from grading.batch import cluster
from grading.batch.assignment import grade_assignment, regrade_receipt
from grading.judging.overlay import overlay_contents
from grading.records.backup import back_up, restore
from grading.records.changes import changes
from grading.records.receipts import read_receipt, receipt_path, seed_of
from grading.sandbox.commands import find_bubblewrap
from grading.sandbox.limits import Limits
from grading.settings import course_directory
from grading.steps.run_nbgrader import nbgrader_api

pytestmark = pytest.mark.skipif(not find_bubblewrap(), reason="no bubblewrap works here")

NAME = small_course.NAME
WRONG = small_course.notebook("def double(numbers):\n    return numbers\n", small_course.TOTAL)
SECRET = "nobody-but-us-knows-this-line"
NO_NEGATIVES = """
from grading.testing import {imports}

@{how}("double")
def _(answer, rng):
    that(answer([-1]) == [-1], "negative numbers stay: the private test")
"""


@pytest.fixture
def course(released, tmp_path):
    folder = shutil.copytree(released, tmp_path / "course")
    put_submission(folder, "ada", GOOD)
    put_submission(folder, "bob", WRONG)
    return folder


def put(course, name, text):
    path = course / "private" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def put_tests(course, how):
    names = f"that, {how}"
    return put(course, f"{NAME}/hidden_tests.py", NO_NEGATIVES.format(imports=names, how=how))


def graded(course, **options):
    said = io.StringIO()
    console = Console(width=200, file=said)
    complete = grade_assignment(NAME, [], course, 1, "bubblewrap", console, **options)
    assert complete, said.getvalue()
    return said.getvalue()


def receipt(course, student):
    return read_receipt(receipt_path(course, student, NAME, NAME))


def ended(course, student):
    return {test["exercise"]: test["status"] for test in receipt(course, student)["tests"]}


def message(course, student):
    return next(
        t["message"] for t in receipt(course, student)["tests"] if t["exercise"] == "double"
    )


def first_question(course, student):
    """Return the first question that the public tests lead to expect: double of one number."""
    public = (course / "solutions" / NAME / "hidden_tests.py").read_bytes()
    handed_in = (course / "submitted" / student / NAME / f"{NAME}.ipynb").read_bytes()
    rng = np.random.default_rng(seed_of({"submission": handed_in, "tests": public}))
    rng.integers(-1000, 1000, 0)
    return f"double of {rng.integers(-1000, 1000, 1).tolist()}"


def test_public_tests_tell_what_is_asked_until_there_is_a_secret(course):
    graded(course)
    assert message(course, "bob").startswith(first_question(course, "bob"))
    put(course, "secret.txt", SECRET)
    said = graded(course)
    assert "private overlay: a secret" in said
    assert "the private secret has changed: ada, bob" in said
    assert ended(course, "ada") == {"double": "passed", "total": "passed"}
    assert ended(course, "bob") == {"double": "failed", "total": "passed"}
    assert first_question(course, "bob") not in message(course, "bob")
    assert SECRET not in receipt_path(course, "bob", NAME, NAME).read_text()
    assert "2 of 2 are graded already" in graded(course)


def test_a_lost_overlay_is_reported(course):
    put(course, "secret.txt", SECRET)
    put_tests(course, "also_grades")
    graded(course)
    shutil.rmtree(course / "private")
    said = " ".join(graded(course).split())
    assert "the private tests and constants are missing, the private secret is missing: ada" in said


def test_an_overlay_does_not_change_receipts_made_without_one(course):
    graded(course)
    kept = receipt(course, "ada")
    assert kept["sha256"].keys() == {"submission", "release", "solution", "tests"}
    put(course, "README.md", "Only a word on what this folder is for.")
    assert "2 of 2 are graded already" in graded(course)


@pytest.mark.parametrize("how", ["grades", "also_grades"])
def test_private_tests_override_public_ones_or_are_asked_beside_them(course, how):
    graded(course)
    put_tests(course, how)
    said = graded(course)
    assert "private overlay: tests" in said
    assert "the private tests or constants have changed: ada, bob" in said
    assert ended(course, "ada")["double"] == "failed"
    assert "the private test" in message(course, "ada")
    # A public test that is overridden is not asked; otherwise it is asked first.
    assert ended(course, "bob")["double"] == ("passed" if how == "grades" else "failed")
    assert ended(course, "bob")["total"] == "passed"
    found = changes(NAME, course)
    assert set(found["because"]) == {"the private tests or constants have changed"}


def test_a_regrade_takes_the_overlay_of_the_receipt_or_says_which_it_was(course, tmp_path):
    put(course, "secret.txt", SECRET)
    put_tests(course, "also_grades")
    graded(course)
    path, console = receipt_path(course, "ada", NAME, NAME), Console(file=io.StringIO())
    of_then = shutil.copytree(course / "private", tmp_path / "of-then")
    assert regrade_receipt(path, course, console)
    put(course, "secret.txt", f"{SECRET}, another")
    was = receipt(course, "ada")["sha256"]
    told = f"secret; it was graded with the overlay private {was['private'][:12]}, "
    told += rf"secret {was['secret'][:12]} \(sha256\)"
    with pytest.raises(ValueError, match=told):
        regrade_receipt(path, course, console)
    assert regrade_receipt(path, course, console, private=of_then)
    shutil.rmtree(course / "private")
    with pytest.raises(ValueError, match="private, secret; it was graded with the overlay"):
        regrade_receipt(path, course, console)
    outcome = CliRunner().invoke(
        app, ["regrade", str(path), "--course", str(course), "--private", str(of_then)]
    )
    assert outcome.exit_code == 0, outcome.output


def test_a_receipt_from_before_the_overlay_says_so(course):
    graded(course)
    put(course, "secret.txt", SECRET)
    path = receipt_path(course, "ada", NAME, NAME)
    with pytest.raises(ValueError, match="it was graded without an overlay"):
        regrade_receipt(path, course, Console(file=io.StringIO()))


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("secret.txt", "short", "20 characters or more"),
        ("sekret.txt", SECRET, "sekret.txt would have no effect"),
        ("summs/hidden_tests.py", "", "summs would have no effect"),
        (f"{NAME}/tests.py", "", f"{NAME} would have no effect"),
        ("constants.toml", "syllables = ['a'", "constants.toml: "),
        ("constants.toml", "words = ['a']", "there is no pool 'words'"),
        (
            f"{NAME}/hidden_tests.py",
            "from grading.testing import grades\n@grades('dubble')\ndef _(answer, rng): ...\n",
            "private tests grade dubble; the exercises are double, total",
        ),
        (
            f"{NAME}/hidden_tests.py",
            "from grading.testing import also_grades\n@also_grades('half')\ndef _(a, rng): ...\n",
            "there is no test of 'half' to add to",
        ),
        (f"{NAME}/hidden_tests.py", "def f(:\n", r"private hidden_tests\.py: SyntaxError"),
        (f"{NAME}/hidden_tests.py", "\nnames\n", r"hidden_tests\.py, line 2: NameError"),
    ],
)
def test_files_without_an_effect_are_refused_before_grading(course, name, text, said):
    put(course, name, text)
    with pytest.raises(ValueError, match=said):
        graded(course)
    assert not (course / "receipts").exists()


def test_a_cluster_is_sent_the_tests_and_the_seed_but_not_the_secret(course):
    put(course, "secret.txt", SECRET)
    put_tests(course, "grades")
    sent = []

    def submit(*arguments, key):
        sent.extend(arguments)
        return SimpleNamespace(result=lambda: {"notes": []})

    names = {"student": "ada", "assignment": NAME, "notebook": NAME}
    begun = SimpleNamespace(marks={}, times=AlwaysOne())
    found = cluster._asked(
        names, SimpleNamespace(submit=submit), begun, course_directory(course), Limits(), ""
    )
    contents = next(one for one in sent if isinstance(one, dict) and "tests" in one)
    assert "private" in contents
    assert SECRET.encode() not in b"".join(contents.values())
    assert found["sha256"].keys() >= {"private", "secret"}


class AlwaysOne(dict):
    def __missing__(self, key):
        return 1


def test_a_backup_keeps_the_overlay_so_that_a_regrade_is_possible(course, tmp_path):
    put(course, "secret.txt", SECRET)
    put_tests(course, "grades")
    graded(course)
    back_up(course, tmp_path / "course.zip")
    restore(tmp_path / "course.zip", tmp_path / "again")
    kept, now = (overlay_contents(f / "private", NAME) for f in (course, tmp_path / "again"))
    assert kept == now
    assert kept.keys() == {"private", "secret"}


def test_the_command_makes_a_secret_once(course):
    given = ["private", "--course", str(course)]
    assert CliRunner().invoke(app, given).exit_code == 0
    path = course / "private" / "secret.txt"
    secret = path.read_text()
    assert len(secret) > 40
    assert path.stat().st_mode & 0o077 == 0
    again = CliRunner().invoke(app, given)
    assert again.exit_code == 2
    assert "exists already" in again.output
    assert path.read_text() == secret


def test_constants_reach_what_public_tests_draw(course):
    """The public test draws words and quotes them; the overlay says which syllables they have."""
    public = course / "solutions" / NAME / "hidden_tests.py"
    said = "from grading.testing import awkward, that"
    drawn = '    that(False, "words: " + " ".join(awkward.words(rng, 3)))\n'
    public.write_text(f"{said}\n{small_course.HIDDEN_TESTS}{drawn}")
    put(course, "constants.toml", 'syllables = ["lu", "pe", "xi", "za"]\n')
    assert "private overlay: constants" in graded(course)
    (said,) = [t["message"] for t in receipt(course, "ada")["tests"] if t["exercise"] == "total"]
    letters = set(said.removeprefix("words: ")) - {" "}
    assert letters
    assert letters <= set("lupexiza")


def test_nbgrader_s_own_autograde_takes_the_overlay_too(course):
    put(course, "secret.txt", SECRET)
    put_tests(course, "grades")
    result = nbgrader_api(course).autograde(NAME, "ada")
    assert result["success"], result
    assert receipt(course, "ada")["sha256"].keys() >= {"private", "secret"}
    assert ended(course, "ada") == {"double": "failed", "total": "passed"}
