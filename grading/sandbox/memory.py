"""Measure how much memory the processes of a box use, if no control group counts it.

It counts everything that a process can make the kernel store without another limit: pages, the
tables that list them, files in memory, memory that processes share, the buffers of sockets. A quick
measurement counts shared pages once per process. If that exceeds the limit, the processes are
paused while an exact measurement counts shared pages only once.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from grading.sandbox.contents import HOME

SOCKET_BYTES = 2**18
"""The most that a socket stores of data that was sent but not read, by Linux's default."""
INODE_BYTES = 2**10
"""Roughly what the kernel stores for a file in addition to its contents."""
SLOWEST = 20.0
"""Seconds for the exact measurement, while the box is paused. Processes that are not measured by
then count with their quick measurement."""
HIDDEN_BYTES = 2**50
"""What a process counts as if it hides its memory from its own user: more than any limit."""
FOLDERS = (HOME, "/tmp", "/dev/shm")


def processes_below(pid: int) -> list[psutil.Process]:
    """Return a process and all processes that it has started."""
    try:
        first = psutil.Process(pid)
        return [first, *first.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def held_bytes(
    processes: list[psutil.Process],
    limit: int,
    boxed: int | None = None,
    relay: int | None = None,
) -> int:
    """Return the memory that processes use together; it is exact only if it may exceed a limit.

    Parameters
    ----------
    processes : list of psutil.Process
    limit : int
    boxed : int or None
        One of them, whose folders in memory and whose sockets are counted, too.
    relay : int or None
        One of them that is ours and may hide its memory.
    """
    if not psutil.LINUX:
        return sum(_resident(process) for process in processes)
    shown = [process.pid for process in processes if process.pid != relay]
    apart = _apart_from_pages(shown, boxed) if boxed else 0
    kinds = ("Anon", "File") if boxed else ("Anon", "File", "Shmem")  # else Shmem is in `apart`
    quick = {
        process.pid: _fields(process.pid, "status", {"VmPTE", *(f"Rss{kind}" for kind in kinds)})
        for process in processes
    }
    total = apart + sum(quick.values())
    if total <= limit:
        return total
    with _stopped(processes):
        return apart + _exactly(quick, {f"Pss_{kind}" for kind in kinds})


def _exactly(quick: dict[int, int], fields: set[str]) -> int:
    """Return the sum of processes' pages, each counted once, the largest processes first."""
    end, total = time.monotonic() + SLOWEST, 0
    for pid in sorted(quick, key=quick.__getitem__, reverse=True):
        if time.monotonic() > end:
            total += quick[pid]
            continue
        exact = _fields(pid, "smaps_rollup", fields)
        total += exact + _fields(pid, "status", {"VmPTE"}) if exact else quick[pid]
    return total


@contextlib.contextmanager
def _stopped(processes: list[psutil.Process]) -> Iterator[None]:
    """Pause processes meanwhile: they would use processor time and change what is measured."""
    stopped = [process.pid for process in processes if _signal(process.pid, signal.SIGSTOP)]
    try:
        yield
    finally:
        for pid in stopped:
            _signal(pid, signal.SIGCONT)


def _signal(pid: int, number: int) -> bool:
    with contextlib.suppress(OSError):
        os.kill(pid, number)
        return True
    return False


def _apart_from_pages(pids: list[int], boxed: int) -> int:
    """Return the memory of a box that is not among the pages of its processes."""
    sockets: set[str] = set()
    shared: dict[str, int] = {}
    for pid in pids:
        try:
            sockets |= _sockets(pid)
            shared |= _shared_memory(pid)
        except PermissionError:
            if not _ended(pid):
                return HIDDEN_BYTES
        except OSError:
            continue  # the process has ended
    return (
        len(sockets) * SOCKET_BYTES
        + sum(shared.values())
        + _in_tcp_queues(boxed)
        + sum(_in_folder(Path(f"/proc/{boxed}/root{folder}")) for folder in FOLDERS)
    )


def _sockets(pid: int) -> set[str]:
    """Return the names of the sockets that a process has open."""
    found = set()
    for file in os.listdir(f"/proc/{pid}/fd"):
        with contextlib.suppress(FileNotFoundError):  # it was just closed
            found.add(os.readlink(f"/proc/{pid}/fd/{file}"))
    return {name for name in found if name.startswith("socket:")}


def _shared_memory(pid: int) -> dict[str, int]:
    """Return the sizes of mappings without a file that a process shares with its children.

    Their pages stay in memory even when no process maps them any more.
    """
    found: dict[str, int] = {}
    for line in Path(f"/proc/{pid}/maps").read_text(errors="replace").splitlines():
        if line.endswith("/dev/zero (deleted)"):
            place, _, offset, _, inode, *_ = line.split()
            start, end = (int(word, 16) for word in place.split("-"))
            found[inode] = max(found.get(inode, 0), int(offset, 16) + end - start)
    return found


def _ended(pid: int) -> bool:
    """Return whether a process has released its memory because it is ending.

    Its files in /proc cannot be read any more then, even before the kernel reports a zombie.
    """
    try:
        return "VmRSS:" not in Path(f"/proc/{pid}/status").read_text(errors="replace")
    except OSError:
        return True


def _in_tcp_queues(pid: int) -> int:
    """Return roughly the memory for unread data of a box's TCP connections: twice the data."""
    total = 0
    for name in ("tcp", "tcp6"):
        with contextlib.suppress(OSError):
            text = Path(f"/proc/{pid}/net/{name}").read_text()
            for sent, received in re.findall(r" ([0-9A-F]{8}):([0-9A-F]{8}) ", text):
                total += 2 * (int(sent, 16) + int(received, 16))
    return total


def _in_folder(folder: Path) -> int:
    """Return the memory that the files of a folder in memory use."""
    with contextlib.suppress(OSError):
        used = os.statvfs(folder)
        files = used.f_files - used.f_ffree
        return (used.f_blocks - used.f_bfree) * used.f_frsize + files * INODE_BYTES
    return 0


def _fields(pid: int, file: str, names: set[str]) -> int:
    """Return the sum of some fields of a file about a process, in bytes."""
    total = 0
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/{file}").read_text(errors="replace").splitlines():
            name, _, value = line.partition(":")
            if name in names:
                total += int(value.split()[0]) * 1024
    return total


def _resident(process: psutil.Process) -> int:
    with contextlib.suppress(psutil.Error):
        return int(process.memory_info().rss)
    return 0
