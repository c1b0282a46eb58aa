"""What the grader notes about a submission's boxes, with a box that does what it is told."""

import time
from types import SimpleNamespace

from grading.judging.session import Run
from grading.sandbox.box import SandboxDied
from grading.sandbox.limits import Limits


def run_with(reply):
    """Return a run whose open box gives a reply, or ends with it."""
    run = Run("none", Limits(), seed=0)
    box = SimpleNamespace(ended=False, close=lambda: None)

    def answered(*_):
        box.ended = isinstance(reply, SandboxDied)
        if box.ended:
            raise reply
        return reply

    box.run = answered
    run._box = box
    return run


def test_a_visible_check_that_ends_the_box_is_reported_to_the_teacher():
    """Otherwise later cells would be graded in a fresh box, and nobody would know."""
    run = run_with(SandboxDied("crashed", "the process ended"))
    assert run.check("check('double')", "double") == []
    run.add_notes()
    assert run.notes == ["cell double (its visible check): crashed, the process ended"]
    assert run.deaths == {}  # the answer's own cell did not end it


def test_a_visible_check_without_output_is_not_reported():
    run = run_with({"outputs": [], "error": None})
    assert run.check("check('double')", "double") == []
    run.add_notes()
    assert run.notes == []


def test_a_visible_check_that_says_very_many_things_is_read_no_further_than_it_is_shown():
    """Row 31: normalizing 140,000 outputs takes a minute."""
    said = {"output_type": "stream", "name": "stdout", "text": "a"}
    run = run_with({"outputs": [said] * 140_000, "error": None})
    started = time.process_time()
    (shown,) = run.check("check('double')", "double")
    assert shown.text.startswith("The visible check says: a\na")
    assert time.process_time() - started < 5


def without_modules(cells, imports):
    """Return the notes of cells that import missing modules, all of them different."""
    run = run_with({"outputs": [], "error": None})
    asked = iter(range(10**6))

    def answered(*_):
        missing = f"No module named 'nothing_{next(asked)}'"
        return {"outputs": [], "error": ["ModuleNotFoundError", missing]}

    run._box.run = answered
    for _ in range(cells):
        (shown,) = run.cell("import nothing\n" * imports)
        assert len(shown.text) < 500
    run.add_notes()
    return run.notes


def test_all_imports_that_fail_are_one_note():
    """Row 31: three thousand names filled the teacher's terminal, with a note for each cell."""
    (note,) = without_modules(cells=1, imports=3000)
    needed = "a cell needs something that the grader does not have (No module named 'nothing_"
    assert note.startswith(needed)
    # The cell itself named one module, and each of its imports another.
    assert note.endswith(" and 2,996 more); its other imports and definitions were run")
    (note,) = without_modules(cells=200, imports=1)
    needed = "200 cells need something that the grader does not have (No module named"
    assert note.startswith(needed)
    assert len(note) < 500
    (note,) = without_modules(cells=1, imports=2)
    assert "more" not in note
