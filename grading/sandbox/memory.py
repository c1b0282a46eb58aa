"""How much memory the processes of a box hold."""

from __future__ import annotations

import contextlib

import psutil


def processes_below(pid: int) -> list[psutil.Process]:
    """Return a process and everything that it has started."""
    try:
        first = psutil.Process(pid)
        return [first, *first.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def held_bytes(processes: list[psutil.Process], limit: int) -> int:
    """Return the memory that processes hold together.

    Shared pages are counted once only where the sum would exceed the limit: that takes longer.
    """
    total = sum(_bytes_of(process, "rss") for process in processes)
    return total if total <= limit else sum(_bytes_of(process, "pss") for process in processes)


def _bytes_of(process: psutil.Process, kind: str) -> int:
    """Return the resident memory of a process, or its part of it (``pss``, which takes longer)."""
    try:
        if kind == "pss" and psutil.LINUX:
            with contextlib.suppress(psutil.AccessDenied):
                return process.memory_full_info().pss
        return process.memory_info().rss
    except psutil.Error:
        return 0
