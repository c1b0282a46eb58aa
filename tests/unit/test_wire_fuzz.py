"""No message crashes, delays or bloats its reader; `make fuzz` searches for longer."""

import random
import subprocess
import sys
import time

import fuzz_wire
import pytest

DRAWS = 2000


@pytest.fixture(scope="module", autouse=True)
def warm():
    fuzz_wire.warm_up()


def examine_draws(draw):
    """Examine `DRAWS` messages that ``draw`` makes from a source, different ones each time.

    Their number is fixed, because a limit in seconds would try fewer on a slow machine.
    """
    for seed in random.sample(range(2**32), DRAWS):
        try:
            fuzz_wire.examine(draw(random.Random(seed)))
        except fuzz_wire.TooMuch as error:
            error.add_note(f"drawn with seed {seed}")
            raise


def test_messages_that_are_nearly_right_are_read_in_time():
    examine_draws(fuzz_wire.made)


def test_known_messages_with_a_change_are_read_in_time():
    known = [path.read_bytes() for path in sorted(fuzz_wire.INPUTS.iterdir())]
    examine_draws(lambda source: fuzz_wire.changed(source.choice(known), source))


def test_inputs_that_once_were_too_much_are_read_in_time():
    """They are read in a separate process, because some have ended the process that read them."""
    command = [sys.executable, fuzz_wire.__file__, "replay", *sorted(fuzz_wire.INPUTS.iterdir())]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr[-2000:]


def test_most_messages_that_are_made_can_be_read():
    """A fuzzer that makes only nonsense would never pass the first check."""
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
