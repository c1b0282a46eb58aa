"""Limits on what a submission may use, and how workers share this machine's processors."""

from __future__ import annotations

import os
from dataclasses import dataclass

THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "NUMBA_NUM_THREADS",
)


@dataclass(frozen=True)
class Limits:
    """What a submission may use.

    Attributes
    ----------
    cell_seconds, test_seconds, notebook_seconds : float
        For one cell, for one exercise's hidden test, and for everything together.
    memory_bytes : int
        Memory of all processes, together with their folders in memory.
    processes : int
        Processes and threads.
    scratch_bytes, file_bytes, output_bytes : int
        For each writable folder, for one file in it, and for one cell's output.
    notebook_output_bytes : int
        For the output of all cells together.
    """

    cell_seconds: float = 600
    test_seconds: float = 180
    notebook_seconds: float = 3600
    memory_bytes: int = 6 * 2**30
    processes: int = 512
    scratch_bytes: int = 2**30
    file_bytes: int = 2**29
    output_bytes: int = 4 * 2**20
    notebook_output_bytes: int = 16 * 2**20


def processors() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def threads_of(workers: int) -> int:
    """Return how many threads each kernel may use if this many workers grade."""
    return max(1, processors() // workers)


def share_processors(threads: int) -> None:
    """Let this worker's kernel use so many threads: more threads than processors are slower."""
    for name in THREAD_VARIABLES:
        os.environ[name] = str(threads)
