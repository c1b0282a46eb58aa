"""The attacks again as an ordinary user: channels, ways around the memory limit, replies.

This is a file of its own, so that nothing that root's tests hold open can interfere.
"""

import contextlib
import os
import sys
import time
from pathlib import Path

import pytest
from ordinary_user import USER, reason_not_to, run_as_ordinary_user

from grading.sandbox import groups
from grading.sandbox.commands import find_bubblewrap

pytestmark = [
    pytest.mark.skipif(not find_bubblewrap(), reason="no bubblewrap works here"),
    pytest.mark.skipif(bool(reason_not_to()), reason=reason_not_to()),
]

HERE = Path(__file__).parent
# Without the tests that are only about the machine, and the same for every user.
CHANNELS = "not without_boxes and not numbers and not filters and not processor and not worker"
MEMORY = "(sockets or own or hides or share)"
# Attacks on the answer key, and replies: the code is the same for every user, the boxes are not.
ANSWERS = {
    "answer key": ("test_answer_key_attacks.py", "not without_a_box and not half_a_character"),
    "replies": ("test_attacks.py", "attack_ends and (26 or 27 or 34)"),
    "outputs": ("test_texts.py", "text_without_an_end or outputs"),
}


@pytest.fixture(params=["own group", "no group"])
def group(request):
    """Create a control group, and let the user divide it or not."""
    own = groups._own_groups(os.getpid())
    above = groups._above(groups._mounted("cgroup", "memory"), own.get("memory"))
    if not above:
        pytest.skip("no control group of version 1 here to give to the user")
    group = above[0] / f"delegated-{os.getpid()}"
    group.mkdir()
    try:
        if request.param == "own group":
            for path in (group, group / "cgroup.procs"):
                os.chown(path, USER, USER)
        yield group
    finally:
        for _ in range(100):
            with contextlib.suppress(OSError):
                for folder in [*Path(group).glob("*/"), group]:
                    folder.rmdir()
                break
            time.sleep(0.1)


def passed(name, chosen, group=None):
    """Return what pytest prints about the tests of a file that an ordinary user runs."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(HERE / name)]
    said = run_as_ordinary_user([*command, "-k", chosen], group)
    assert " passed" in said
    assert "failed" not in said
    return said


def test_channels_are_closed_to_an_ordinary_user():
    """Row 25. Row 33."""
    passed("test_channels.py", CHANNELS)


def test_an_ordinary_user_s_boxes_keep_to_their_memory(group, request):
    """Row 30: with a control group that the user may divide, and without one."""
    counted = "group" if "own group" in request.node.name else "watch"
    said = passed("test_memory.py", f"{MEMORY} and {counted}", group)
    assert "no control group can be created" not in said


@pytest.mark.thorough
@pytest.mark.parametrize(("name", "chosen"), ANSWERS.values(), ids=ANSWERS.keys())
def test_answers_that_attack_end_the_same_for_an_ordinary_user(name, chosen):
    """Row 25. Row 26. Row 27. Row 31. Row 34."""
    passed(name, chosen)
