"""How much memory the processes of a box hold, where no control group counts it.

Everything is counted that a process can make the kernel hold and that has no bound of its own:
pages, the tables that list them, files in memory, memory that processes share, the buffers of
sockets. The quick count takes shared pages once per process; where that exceeds the limit, the
processes are stopped for as long as it takes to count them once.
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
"""The most that a socket holds of what was sent and not read, by Linux's own default."""
INODE_BYTES = 2**10
"""About what the kernel holds for a file besides its content."""
SLOWEST = 20.0
"""Seconds after which processes that are left are taken for what the quick count says. Nothing of
the box runs meanwhile."""
HIDDEN_BYTES = 2**50
"""What a process counts for that does not let its user see what it holds: more than any limit."""
FOLDERS = (HOME, "/tmp", "/dev/shm")


def processes_below(pid: int) -> list[psutil.Process]:
    """Return a process and everything that it has started."""
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
    """Return the memory that processes hold together, exactly only where it may exceed a limit.

    Parameters
    ----------
    processes : list of psutil.Process
    limit : int
    boxed : int or None
        One of them, whose folders in memory and whose sockets count as well.
    relay : int or None
        One of them that is ours, and need not show what it holds.
    """
    if not psutil.LINUX:
        return sum(_resident(process) for process in processes)
    shown = [process.pid for process in processes if process.pid != relay]
    apart = _apart_from_pages(shown, boxed) if boxed else 0
    kinds = ("Anon", "File") if boxed else ("Anon", "File", "Shmem")  # or in `apart`
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
    """Stop processes for a moment: they would compete for the processors and change meanwhile."""
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
    """Return what a box holds that is no process's own pages."""
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
            continue  # has ended meanwhile
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
        with contextlib.suppress(FileNotFoundError):  # was closed meanwhile
            found.add(os.readlink(f"/proc/{pid}/fd/{file}"))
    return {name for name in found if name.startswith("socket:")}


def _shared_memory(pid: int) -> dict[str, int]:
    """Return the size of each mapping without a file that a process shares with its children.

    Its pages stay when no process maps them any more.
    """
    found: dict[str, int] = {}
    for line in Path(f"/proc/{pid}/maps").read_text(errors="replace").splitlines():
        if line.endswith("/dev/zero (deleted)"):
            place, _, offset, _, inode, *_ = line.split()
            start, end = (int(word, 16) for word in place.split("-"))
            found[inode] = max(found.get(inode, 0), int(offset, 16) + end - start)
    return found


def _ended(pid: int) -> bool:
    """Return whether a process holds no memory any more, and nobody may see what it held.

    That is so before the kernel calls it a zombie.
    """
    try:
        return "VmRSS:" not in Path(f"/proc/{pid}/status").read_text(errors="replace")
    except OSError:
        return True


def _in_tcp_queues(pid: int) -> int:
    """Return about what waits in the TCP connections of a box; the kernel holds twice the data."""
    total = 0
    for name in ("tcp", "tcp6"):
        with contextlib.suppress(OSError):
            text = Path(f"/proc/{pid}/net/{name}").read_text()
            for sent, received in re.findall(r" ([0-9A-F]{8}):([0-9A-F]{8}) ", text):
                total += 2 * (int(sent, 16) + int(received, 16))
    return total


def _in_folder(folder: Path) -> int:
    """Return what the files of a folder in memory hold."""
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
