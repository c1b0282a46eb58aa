"""No message crashes, holds up or bloats whoever reads it; `make fuzz` looks for longer."""

import subprocess
import sys
import time

import fuzz_wire
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

BUDGET = 15.0
"""Seconds for each test that draws its inputs."""


@pytest.fixture(scope="module")
def until():
    fuzz_wire.warm_up()
    return time.monotonic() + BUDGET


drawn = settings(
    deadline=None,
    max_examples=400,
    database=None,  # what is found is kept in wire_inputs/
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


@drawn
@given(st.randoms(use_true_random=False))
def test_messages_that_are_nearly_right_are_read_in_time(until, source):
    if time.monotonic() < until:
        fuzz_wire.examine(fuzz_wire.made(source))


@drawn
@given(st.randoms(use_true_random=False), st.sampled_from(sorted(fuzz_wire.INPUTS.iterdir())))
def test_known_messages_with_a_change_are_read_in_time(until, source, path):
    if time.monotonic() < until + BUDGET:
        fuzz_wire.examine(fuzz_wire.changed(path.read_bytes(), source))


def test_inputs_that_once_were_too_much_are_read_in_time():
    """In a process of its own: some of them have ended the process that read them."""
    command = [sys.executable, fuzz_wire.__file__, "replay", *sorted(fuzz_wire.INPUTS.iterdir())]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr[-2000:]


def test_most_messages_that_are_made_can_be_read():
    """Fuzzing that only makes nonsense would never get behind the first check."""
    import random

    fuzz_wire.warm_up()
    read = sum(fuzz_wire.examine(fuzz_wire.made(random.Random(seed))) for seed in range(300))
    assert read > 100


def test_an_input_that_is_too_much_is_noticed(monkeypatch):
    monkeypatch.setattr("grading.inside.wire.decode", lambda *_: bytearray(100 * 2**20))
    with pytest.raises(fuzz_wire.TooMuch, match="MiB"):
        fuzz_wire.examine(b"[]")


def test_an_input_that_takes_long_is_noticed(monkeypatch):
    def slow(*_):
        end = time.process_time() + 1.2
        while time.process_time() < end:
            pass

    monkeypatch.setattr("grading.inside.wire.decode", slow)
    with pytest.raises(fuzz_wire.TooMuch, match="s to be read"):
        fuzz_wire.examine(b"[]")


def test_an_input_that_raises_anything_else_is_noticed(monkeypatch):
    monkeypatch.setattr("grading.inside.wire.decode", lambda *_: 1 / 0)
    with pytest.raises(fuzz_wire.TooMuch, match="ZeroDivisionError"):
        fuzz_wire.examine(b"[]")
