"""Control groups of version 2, tested on a folder tree as the kernel's documentation describes.

No machine that runs the tests has version 2. The tests themselves do what the kernel would do:
they create the files of a new group, and remove them with the group.
"""

import os
import shutil
from pathlib import Path

import pytest

from grading.sandbox import groups
from grading.sandbox.limits import Limits

LIMITS = Limits(memory_bytes=2**30, processes=100)
FILES = ("cgroup.procs", "memory.max", "memory.swap.max", "memory.oom.group", "pids.max")
FILES += ("cpu.weight",)
EVENTS = "low 0\nhigh 0\nmax {0}\noom {0}\noom_kill {0}\noom_group_kill 0\n"


@pytest.fixture
def mounted(tmp_path, monkeypatch):
    """Return where groups are mounted; this process is in ``user.slice/course.scope``."""
    mount = tmp_path / "cgroup"
    own = mount / "user.slice" / "course.scope"
    own.mkdir(parents=True)
    for folder, controllers in ((mount, "cpu memory pids"), (own.parent, "memory pids"), (own, "")):
        (folder / "cgroup.controllers").write_text("cpu memory pids\n")
        (folder / "cgroup.subtree_control").write_text(f"{controllers}\n")
    told = {
        "/proc/self/mountinfo": "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/vda rw\n"
        f"31 22 0:27 / {mount} rw,nosuid,nodev shared:9 - cgroup2 cgroup2 rw,nsdelegate\n",
        f"/proc/{os.getpid()}/cgroup": "0::/user.slice/course.scope\n",
    }
    reading, making = Path.read_text, Path.mkdir

    def read_text(path, *arguments, **options):
        return told.get(str(path)) or reading(path, *arguments, **options)

    def mkdir(path, *arguments, **options):
        making(path, *arguments, **options)
        for name in FILES:
            (path / name).touch()

    monkeypatch.setattr(Path, "read_text", read_text)
    monkeypatch.setattr(Path, "mkdir", mkdir)
    monkeypatch.setattr(Path, "rmdir", lambda path: shutil.rmtree(path))
    monkeypatch.setattr(shutil, "which", lambda name: None)  # so that systemd is not used
    return mount


def test_groups_are_made_where_the_kernel_divides_memory(mounted):
    own = mounted / "user.slice" / "course.scope"
    assert groups._places() == [
        groups.Place("version 2", own.parent),
        groups.Place("version 2", mounted),
    ]
    # If that is allowed, our own group divides its memory from now on.
    assert (own / "cgroup.subtree_control").read_text() == "+memory +pids"


@pytest.mark.parametrize(("niceness", "weight"), [(0, 100), (10, 11), (19, 2)])
def test_a_group_has_a_box_s_limits_and_goes_with_it(mounted, monkeypatch, niceness, weight):
    """A group's processes have its share of the processors, whatever their niceness is."""
    monkeypatch.setattr(os, "getpriority", lambda which, who: niceness)
    group = groups._open(groups.Place("version 2", mounted / "user.slice"), LIMITS)
    (folder,) = group.folders
    assert folder.parent == mounted / "user.slice"
    limits = {name: (folder / name).read_text() for name in FILES[1:]}
    assert limits == {
        "memory.max": str(2**30),
        "memory.swap.max": "0",
        "memory.oom.group": "1",
        "pids.max": str(100 + groups.OWN_PROCESSES),
        "cpu.weight": str(weight),
    }
    assert group.files == [str(folder / "cgroup.procs")]
    group.remove()
    assert not folder.exists()


def test_a_group_tells_who_is_in_it_and_whether_memory_ran_out(mounted):
    group = groups._open(groups.Place("version 2", mounted), LIMITS)
    (folder,) = group.folders
    (folder / "cgroup.procs").write_text("71\n712\n")
    assert [group.holds(pid) for pid in (71, 712, 7)] == [True, True, False]
    for kills, ran_out in ((0, False), (1, True)):
        (folder / "memory.events").write_text(EVENTS.format(kills))
        assert group.ran_out() is ran_out


def test_groups_of_processes_that_are_gone_are_removed(mounted):
    left = [mounted / f"{groups.NAME}{pid}-0" for pid in (2**30, os.getpid())]
    for folder in left:
        folder.mkdir()
    groups._clean(groups.Place("version 2", mounted))
    assert [folder.exists() for folder in left] == [False, True]
