"""The outcome of a submission, depending on the exception that grading it has raised."""

import pytest

from grading.intake.submissions import Refused, check_folder
from grading.judging.verdicts import CANNOT_GRADE
from grading.sandbox.commands import SandboxMissing
from grading.steps.outcomes import REFUSED, SUCCESS, Outcome, outcome_of


def test_success_is_a_value_with_a_sentence():
    assert SUCCESS.graded
    assert SUCCESS.sentence


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (Refused("a.ipynb is empty"), Outcome(REFUSED, "a.ipynb is empty")),
        (SandboxMissing("Install one."), Outcome(CANNOT_GRADE, "Install one.")),
        (KeyError("cells"), Outcome(CANNOT_GRADE, "a.ipynb: KeyError: 'cells'")),
        (MemoryError(), Outcome(CANNOT_GRADE, "a.ipynb: MemoryError")),
    ],
    ids=lambda case: type(case).__name__,
)
def test_an_exception_is_reported_with_its_own_message(error, outcome):
    assert outcome_of(error, "a.ipynb") == outcome
    assert not outcome.graded


def test_a_message_that_names_a_class_stays_what_it_is():
    """No text is searched for the name of a class."""
    assert outcome_of(ValueError("Refused: no")).sentence == "ValueError: Refused: no"


@pytest.mark.parametrize("time", ["2030-01-31 12:00:00 UTC", "2030-01-31 12:00:00 +0200", "", "\n"])
def test_a_time_that_nbgrader_reads_is_taken(tmp_path, time):
    (tmp_path / "a.ipynb").write_text("{}")
    (tmp_path / "timestamp.txt").write_text(time)
    check_folder(tmp_path, ["a.ipynb"])


@pytest.mark.parametrize("time", [b"last Tuesday", b"9" * 10_000, b"\xff\xfe1", b"12:99"])
def test_an_invalid_time_is_refused_with_its_file_and_value(tmp_path, time):
    (tmp_path / "a.ipynb").write_text("{}")
    (tmp_path / "timestamp.txt").write_bytes(time)
    said = r"timestamp\.txt contains '.{4,}', which is not a time"
    with pytest.raises(Refused, match=said) as refused:
        check_folder(tmp_path, ["a.ipynb"])
    assert len(str(refused.value)) < 500


def test_a_linked_time_is_not_read(tmp_path):
    (tmp_path / "secret").write_text("of the instructor")
    folder = tmp_path / "ada"
    folder.mkdir()
    (folder / "a.ipynb").write_text("{}")
    (folder / "timestamp.txt").symlink_to(tmp_path / "secret")
    check_folder(folder, ["a.ipynb"])


def test_one_notebook_of_several_is_enough(tmp_path):
    (tmp_path / "b.ipynb").write_text("{}")
    check_folder(tmp_path, ["a.ipynb", "b.ipynb"])


def test_an_empty_folder_is_reported(tmp_path):
    with pytest.raises(Refused, match="the folder is empty"):
        check_folder(tmp_path, [])
