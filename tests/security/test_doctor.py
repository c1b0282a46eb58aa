"""`course doctor` on this machine: every way out of the sandbox that it tries is closed."""

import contextlib
import io

import pytest
from rich.console import Console

from grading.sandbox import doctor
from grading.sandbox.box import Sandbox
from grading.sandbox.commands import find_bubblewrap
from grading.sandbox.groups import find_place

DEPENDS_ON = ("grading/inside", "grading/sandbox/launch.py")  # this code runs in other processes

pytestmark = pytest.mark.skipif(not find_bubblewrap(), reason="no bubblewrap works here")


@pytest.fixture
def few_boxes(monkeypatch):
    """Run the trials one after the other in one box while it lives: opening one takes a second."""
    boxes = []

    @contextlib.contextmanager
    def kept(kind, limits):
        if not boxes or boxes[-1].ended:
            boxes.append(Sandbox(kind, limits))
        yield boxes[-1]

    monkeypatch.setattr(doctor, "Sandbox", kept)
    yield
    for box in boxes:
        box.close()


def test_every_way_out_that_the_doctor_tries_is_stopped(few_boxes):
    said = io.StringIO()
    assert doctor.examine(Console(width=200, file=said)), said.getvalue()
    sandbox, memory, *trials, last = said.getvalue().splitlines()
    assert sandbox == f"Sandbox: bubblewrap, {find_bubblewrap()}"
    place = find_place()
    assert (place.kind if place else "watched") in memory
    assert [line.split(": ")[0] for line in trials] == [f"✓ {name}" for name in doctor._trials()]
    assert all(line.split(": ")[1].startswith("stopped") for line in trials)
    assert last == "Nothing got out."
