"""Control groups: limits that the Linux kernel enforces for all processes of a box together.

They limit the memory, and they give each box the same share of the processors, however many
processes and sessions it has. Unlike the measurements of `grading.sandbox.memory` they count
everything that a process can make the kernel store: files in memory, the buffers of sockets and
pipes, memory that no process maps. A group is a folder, and this user needs a place to create it:
below this process's own group or a group above it, with version 1 or 2 of control groups, or
through systemd. If there is no such place, the memory of boxes is measured instead.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from grading.sandbox.limits import Limits

NAME = "course-box-"
OWN_PROCESSES = 8
"""Processes of a box that are not the student's: two of bubblewrap, the relay, and some more that
exist for a moment while the box opens."""
LAUNCH = Path(__file__).with_name("launch.py")
FOR_SYSTEMD = ("XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS")
_numbers = itertools.count()


@dataclass(frozen=True)
class Place:
    """Where the groups of boxes can be created.

    Attributes
    ----------
    kind : {"version 1", "version 2", "systemd"}
    memory : Path or None
        The folder in which groups are created; None with systemd.
    processes, processors : Path or None
        With version 1, the same for the number of processes and for processor time, if these may be
        limited.
    """

    kind: str
    memory: Path | None = None
    processes: Path | None = None
    processors: Path | None = None


@dataclass
class Group:
    """One box's group.

    Attributes
    ----------
    kind : str
        As in `Place`.
    folders : list of Path
        Folders to remove when the box has ended; the first one limits memory.
    prefix : list of str
        The first words of the box's command.
    """

    kind: str
    folders: list[Path] = field(default_factory=list)
    prefix: list[str] = field(default_factory=list)

    @property
    def files(self) -> list[str]:
        """The files to which a process writes to join the group."""
        return [str(folder / "cgroup.procs") for folder in self.folders]

    def find(self, pid: int) -> None:
        """Find the group in which systemd has put a process of the box."""
        if self.kind == "systemd" and not self.folders:
            mounted = _mounted("cgroup2")
            path = _own_groups(pid).get("")
            if mounted and path and f"/{NAME}" in path:
                self.folders = [mounted / path.lstrip("/")]

    def holds(self, pid: int) -> bool:
        """Return whether a process has joined."""
        with contextlib.suppress(OSError, IndexError):
            return str(pid) in (self.folders[0] / "cgroup.procs").read_text().split()
        return False

    def ran_out(self) -> bool:
        """Return whether the kernel has ended a process because the group had no memory left."""
        for name in ("memory.events", "memory.oom_control"):
            with contextlib.suppress(OSError, IndexError, ValueError):
                text = (self.folders[0] / name).read_text()
                return int(dict(line.split() for line in text.splitlines())["oom_kill"]) > 0
        return False

    def remove(self) -> None:
        """Remove the group, as soon as the last process in it is gone."""
        if self.kind == "systemd":
            return  # systemd removes it itself
        for folder in self.folders:
            for _ in range(200):
                try:
                    folder.rmdir()
                    break
                except FileNotFoundError:
                    break
                except OSError:
                    time.sleep(0.01)


def open_group(limits: Limits) -> Group | None:
    """Return a new group with a box's limits, or None if none can be created."""
    place = find_place()
    return _open(place, limits) if place else None


@functools.cache
def find_place() -> Place | None:
    """Return where groups can be created on this machine, after trying it once."""
    for place in _places():
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            _clean(place)
            group = _open(place, Limits())
            try:
                command = [*launched(group), shutil.which("true") or "true"]
                tried = subprocess.run(command, capture_output=True, timeout=20)
            finally:
                group.remove()
            if tried.returncode == 0:
                return place
    return None


def launched(group: Group | None) -> list[str]:
    """Return the first words of a command that runs in a group, and without our keyring."""
    files = [] if group is None or group.kind == "systemd" else group.files
    told = json.dumps({"parent": os.getpid(), "groups": files})
    return [*(group.prefix if group else ()), sys.executable, "-I", "-S", str(LAUNCH), told]


def launch_variables(variables: dict[str, str], group: Group | None) -> dict[str, str]:
    """Return a program's variables and those that systemd needs; `launch.py` removes the latter."""
    if group is None or group.kind != "systemd":
        return variables
    return variables | {name: os.environ[name] for name in FOR_SYSTEMD if name in os.environ}


def _places() -> list[Place]:
    """Return the places where groups might be created, the nearest first."""
    places = []
    groups = _own_groups(os.getpid())
    unified = _above(_mounted("cgroup2"), groups.get(""))
    for own in unified[:1]:
        for controllers in ("+cpu", "+memory +pids"):  # a user may have only the latter
            with contextlib.suppress(OSError):  # not allowed if the group itself has processes
                (own / "cgroup.subtree_control").write_text(controllers)
    for above in unified:
        with contextlib.suppress(OSError):
            if "memory" in (above / "cgroup.subtree_control").read_text().split():
                places.append(Place("version 2", above))
    processes, processors = (
        next(iter(_above(_mounted("cgroup", name), groups.get(name))), None)
        for name in ("pids", "cpu")
    )
    for above in _above(_mounted("cgroup", "memory"), groups.get("memory")):
        if (above / "memory.limit_in_bytes").exists():
            places.append(Place("version 1", above, processes, processors))
    if unified and shutil.which("systemd-run") and Path("/run/systemd/system").is_dir():
        # Groups above ours belong to systemd, so ask systemd before we use them.
        delegated = places[:1] if places and places[0].memory == unified[0] else []
        others = [place for place in places if place not in delegated]
        places = [*delegated, Place("systemd"), *others]
    return places


def _above(mounted: Path | None, path: str | None) -> list[Path]:
    """Return the folders from a process's own group up to where groups are mounted."""
    if not mounted or path is None or ".." in path:
        return []
    own = mounted / path.lstrip("/")
    folders = [own, *own.parents]
    return [folder for folder in folders if folder.is_relative_to(mounted) and folder.is_dir()]


def _own_groups(pid: int) -> dict[str, str]:
    """Return the path of a process's groups by controller; in version 2 the controller is ""."""
    found: dict[str, str] = {}
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/cgroup").read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            found |= dict.fromkeys(controllers.split(","), path)
    return found


def _mounted(kind: str, controller: str = "") -> Path | None:
    """Return where control groups are mounted: of a version, or of a controller of version 1."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/mountinfo").read_text().splitlines():
            before, after = line.split(" - ", 1)
            found, _, options = after.split(" ", 2)
            if found == kind and (not controller or controller in options.split(",")):
                return Path(before.split()[4])
    return None


def _open(place: Place, limits: Limits) -> Group:
    name = f"{NAME}{os.getpid()}-{next(_numbers)}"
    processes = limits.processes + OWN_PROCESSES
    if place.memory is None:  # with systemd
        whose = [] if os.geteuid() == 0 else ["--user"]
        command = [
            shutil.which("systemd-run") or "systemd-run",
            *whose,
            "--scope",
            "--quiet",
            "--collect",
        ]
        command += [f"--unit={name}", f"--property=MemoryMax={limits.memory_bytes}"]
        command += ["--property=MemorySwapMax=0", f"--property=TasksMax={processes}"]
        command += [f"--property=CPUWeight={_share_of(100)}", "--"]
        return Group("systemd", prefix=command)
    folder = place.memory / name
    group = Group(place.kind, [folder])
    folder.mkdir()
    try:
        if place.kind == "version 2":
            _set(folder, "memory.max", limits.memory_bytes)
            _set_if_there(folder, "memory.swap.max", 0)
            _set_if_there(folder, "memory.oom.group", 1)
            _set_if_there(folder, "pids.max", processes)
            _set_if_there(folder, "cpu.weight", _share_of(100))
        else:
            _set(folder, "memory.limit_in_bytes", limits.memory_bytes)
            _set_if_there(folder, "memory.memsw.limit_in_bytes", limits.memory_bytes)
            for above in filter(None, (place.processes, place.processors)):
                with contextlib.suppress(OSError):
                    (above / name).mkdir()
                    group.folders.append(above / name)
                    _set_if_there(above / name, "pids.max", processes)
                    _set_if_there(above / name, "cpu.shares", _share_of(1024))
    except OSError:
        group.remove()
        raise
    return group


def _share_of(ordinary: int) -> int:
    """Return a box's share of the processors, which is smaller if the grader runs with `nice`.

    The kernel ignores the niceness of processes when it divides time between groups, so we compute
    the group's share from it: each step of niceness divides the share by 1.25.
    """
    return max(2, round(ordinary * 1.25 ** -os.getpriority(os.PRIO_PROCESS, 0)))


def _set(folder: Path, name: str, value: int) -> None:
    (folder / name).write_text(str(value))


def _set_if_there(folder: Path, name: str, value: int) -> None:
    """Set a limit that not every kernel has."""
    if (folder / name).exists():
        _set(folder, name, value)


def _clean(place: Place) -> None:
    """Remove groups of graders that ended before they could remove them."""
    for above in filter(None, (place.memory, place.processes, place.processors)):
        for folder in above.glob(f"{NAME}*-*"):
            owner = folder.name.removeprefix(NAME).split("-")[0]
            if not Path(f"/proc/{owner}").exists():
                with contextlib.suppress(OSError):  # it still has processes
                    folder.rmdir()
