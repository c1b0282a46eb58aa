"""A pool of worker processes for students' code, which end when their parent process ends."""

from __future__ import annotations

import concurrent.futures
import contextlib
import fcntl
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator

from grading.sandbox.limits import share_processors, threads_of


@contextlib.contextmanager
def open_pool(
    workers: int, module: str, begin: Callable[[], None] | None = None
) -> Iterator[concurrent.futures.Executor]:
    """Open a pool of processes that share this machine's processors.

    If the work is interrupted, the processes are killed at once, without waiting for them.

    Parameters
    ----------
    workers : int
    module : str
        A module that the workers need. They are forked from a process that has imported it once,
        because importing it takes longer than grading one submission.
    begin : callable, optional
        Called first in each worker.
    """
    # Processes, not threads, because nbgrader changes the working folder of its process.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([module])
    others = set(multiprocessing.active_children())
    pool = concurrent.futures.ProcessPoolExecutor(
        workers, context, begin_work, (threads_of(workers), dict(os.environ), begin)
    )
    try:
        yield pool
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        for worker in set(multiprocessing.active_children()) - others:
            worker.kill()
        raise
    pool.shutdown()


def begin_work(
    threads: int, variables: dict[str, str], begin: Callable[[], None] | None = None
) -> None:
    """Set up a worker: give it its share of the processors, and make it end with its parent.

    `variables` is the parent's environment. The process from which the worker was forked may have a
    different one.
    """
    os.environ.clear()
    os.environ.update(variables)
    signal.signal(signal.SIGINT, lambda *_: None)  # the parent handles Ctrl-C
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # ends the worker, whatever it is doing
    _end_with_parent()
    share_processors(threads)
    if begin:
        begin()


def _end_with_parent() -> None:
    """Make this process end when its parent ends.

    On Linux the kernel does this. A waiting thread is not enough: it cannot run while another
    thread is in code that keeps Python's lock, and such delays of minutes have been seen. The
    kernel sends the signal when a pipe closes that only the parent has open. PR_SET_PDEATHSIG would
    not do: it also sends a signal when only the thread that started this worker ends. When the
    worker ends, bubblewrap ends its boxes.
    """
    parent = multiprocessing.parent_process()
    if parent is None:
        raise RuntimeError("begin_work is for a process that another one has started")
    if sys.platform == "linux":
        flags = fcntl.fcntl(parent.sentinel, fcntl.F_GETFL)
        fcntl.fcntl(parent.sentinel, fcntl.F_SETOWN, os.getpid())
        fcntl.fcntl(parent.sentinel, fcntl.F_SETSIG, signal.SIGKILL)
        fcntl.fcntl(parent.sentinel, fcntl.F_SETFL, flags | os.O_ASYNC)

    def wait() -> None:
        parent.join()  # returns at once if the parent has ended already
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()
