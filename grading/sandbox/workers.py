"""A pool of processes for students' code, which end with whoever has work for them."""

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
    """Open a pool of processes that share this machine's processors, and that end at once.

    If the work is stopped, nothing is waited for.

    Parameters
    ----------
    workers : int
    module : str
        What the workers need. They are forked from a process that has imported it once, which
        takes longer than one submission.
    begin : callable, optional
        Called in each worker before it does anything.
    """
    # Processes of their own, for nbgrader changes the working folder of its process.
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
    """Set up a worker: give it its share of the processors, and end it with its parent.

    `variables` is the environment of whoever has work; what it was forked from may have another.
    """
    os.environ.clear()
    os.environ.update(variables)
    signal.signal(signal.SIGINT, lambda *_: None)  # the parent handles Ctrl-C
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # ends it whatever it is busy with
    _end_with_parent()
    share_processors(threads)
    if begin:
        begin()


def _end_with_parent() -> None:
    """Have this process ended when its parent has ended.

    By the kernel, on Linux: a thread that waits for it cannot run while another one is in code that
    keeps Python's lock, and has been seen to wait for minutes. The signal comes when the pipe
    closes that only the parent has open; PR_SET_PDEATHSIG would also follow the end of the
    thread that started this worker. bubblewrap then ends the worker's boxes.
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
        parent.join()  # at once, if it had ended before
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()
