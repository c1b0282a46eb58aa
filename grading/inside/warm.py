"""Warm kernels: a process that has imported the lessons' libraries forks one kernel per box.

It runs outside all sandboxes and runs no code of students. It imports libraries, and waits on a
socket for boxes that bubblewrap has opened. For each box it forks a process that enters the box's
namespaces, gives up all privileges, and only then becomes the relay and the kernel. Forked
processes share the libraries' memory. That memory has nothing of the instructor, since this process
is started with the environment of a box.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import json
import os
import select
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import Collection
from typing import Any

from grading.inside.filter import join_empty_keyring
from grading.inside.relay import copy_compiled_code
from grading.inside.start import join_groups

# Modules that every kernel imports.
KERNEL = ("ipykernel.kernelapp", "ipykernel.ipkernel", "jupyter_client.blocking")
# Modules that lessons import and that take time. If one is missing, the notebook will say so.
OF_LESSONS = (
    "torch",
    "torch.utils.data",
    "datasets",
    "pandas",
    "pyarrow.parquet",
    "matplotlib.pyplot",
    "matplotlib_inline.backend_inline",
    "scipy.stats",
    "sklearn.linear_model",
    "sklearn.feature_extraction.text",
    "sklearn.metrics",
    "sklearn.model_selection",
    "sklearn.neighbors",
    "sklearn.pipeline",
    "sklearn.preprocessing",
    "imblearn.over_sampling",
    "tqdm.auto",
    "requests",
)
# Modules that lessons with models import in addition.
WITH_MODELS = (
    "transformers",
    "transformers.models.bert.modeling_bert",
    "transformers.models.bert.tokenization_bert",
    "transformers.trainer",
    "fastapi",
    "uvicorn",
)
CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC = 0x00020000, 0x04000000, 0x08000000
CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x10000000, 0x20000000, 0x40000000
PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS, PR_CAP_AMBIENT = 24, 38, 47
PR_CAP_AMBIENT_CLEAR_ALL = 4
CAPABILITY_VERSION = 0x20080522
LAST_CAPABILITY = 63
LONGEST_REQUEST = 2**16

_libc = ctypes.CDLL(None, use_errno=True)


def _checked(result: int, what: str) -> None:
    if result != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{what}: {os.strerror(error)}")


def enter(pid: int, user_namespace: bool) -> None:
    """Join the namespaces of a process; for the process namespace, only our next child joins.

    Raises
    ------
    OSError
        If the kernel does not allow it.
    """
    kinds = CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWPID | CLONE_NEWNET
    if user_namespace:
        kinds |= CLONE_NEWUSER
    box = os.pidfd_open(pid)
    try:
        _checked(_libc.setns(box, kinds), "setns")
    finally:
        os.close(box)


def lower_the_bound() -> None:
    """Make sure that programs started from here never get a capability; this needs one itself."""
    for capability in range(LAST_CAPABILITY + 1):
        # Fails for numbers beyond the last one that this kernel has, which does no harm.
        _libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)


def give_up_privileges() -> None:
    """Drop all capabilities permanently, also for programs that are started from here."""
    _checked(_libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0), "ambient")
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION, 0)
    _checked(_libc.capset(header, (ctypes.c_uint32 * 6)()), "capset")
    _checked(_libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")


def data_bytes() -> int:
    """Return how much memory of this process counts towards RLIMIT_DATA."""
    with open("/proc/self/status") as status:
        fields = dict(line.split(":", 1) for line in status)
    return int(fields["VmData"].split()[0]) * 1024


def import_libraries(costly: Collection[str]) -> None:
    """Import what the lessons use; an import that fails here fails again in the notebook."""
    of_lessons = OF_LESSONS if "helpers" in costly else ()
    with_models = WITH_MODELS if "transformers" in costly else ()
    for name in (*KERNEL, *of_lessons, *with_models):
        if left_alone():
            return
        with contextlib.suppress(Exception):
            importlib.import_module(name)


def compile_umap() -> None:
    """Compile the parts of UMAP that Numba does not store; otherwise each box does, in 20 s."""
    import numpy as np
    from umap import UMAP

    rows = np.random.default_rng(0).normal(size=(64, 4)).astype(np.float32)
    for metric in ("cosine", "euclidean"):
        UMAP(n_neighbors=5, n_epochs=2, n_jobs=1, metric=metric, random_state=0).fit_transform(rows)


def share_memory() -> None:
    """Exclude all objects from garbage collection, which would copy shared memory in each fork."""
    gc.collect()
    gc.freeze()


def left_alone() -> bool:
    """Return whether the batch that this process works for has ended."""
    return bool(select.select([0], [], [], 0)[0])


def serve(door: socket.socket) -> None:
    """Fork a kernel for each request on a socket, as long as standard input is open.

    A request is a JSON object of ``box`` (the process id of a box), ``user_namespace``, ``limits``
    (arguments of `grading.inside.start.take_limits`), ``groups`` (files of control groups; if this
    process may not join one, the grader notices), ``folder``, ``environment`` and ``outside``
    (folders that are not in the box). The box's standard input, output and error come with it. The
    answer is the process id of the forked process.
    """
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # Linux then cleans up ended forks itself
    while True:
        waiting: list[socket.socket | int] = [door, 0]
        ready, _, _ = select.select(waiting, [], [])
        if 0 in ready:
            return
        visitor, _ = door.accept()
        with visitor:
            message, descriptors, *_ = socket.recv_fds(visitor, LONGEST_REQUEST, 3)
            if len(descriptors) == 3 and os.fork() == 0:
                _become_box(json.loads(message), descriptors, visitor)
            for descriptor in descriptors:
                os.close(descriptor)


def _become_box(request: dict[str, Any], descriptors: list[int], visitor: socket.socket) -> None:
    """Enter the box and continue there as its relay; never returns."""
    try:
        for place, descriptor in enumerate(descriptors):
            os.dup2(descriptor, place)
        os.setsid()
        with contextlib.suppress(OSError):
            join_groups(request["groups"])
        enter(request["box"], request["user_namespace"])
        # Only a child enters the box's process namespace. The grader needs the child's process id,
        # as seen from outside, to measure the box's memory: the child has no parent in the box.
        inside = os.fork()
        if inside:
            visitor.send(str(inside).encode())
            os._exit(0)
        os.closerange(3, 4096)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        os.chdir(request["folder"])
        _relay(request)
    except BaseException as error:
        with contextlib.suppress(OSError):
            os.write(2, f"{type(error).__name__}: {error}\n".encode())
    finally:
        os._exit(1)


def _relay(request: dict[str, Any]) -> None:
    """Set the limits, remove this package's path outside the box, and serve the box."""
    os.environ.clear()
    os.environ.update(request["environment"])
    tempfile.tempdir = None  # was set outside the box
    for name in [name for name in sys.modules if name.split(".")[0] in ("grading", "helpers")]:
        del sys.modules[name]
    sys.path[:] = [path for path in sys.path if path not in request["outside"]]
    sys.path[:0] = request["environment"]["PYTHONPATH"].split(os.pathsep)
    importlib.invalidate_caches()
    lower_the_bound()
    limits = request["limits"]
    # Memory that was allocated before the fork must not count for this box.
    limits["memory_bytes"] += data_bytes()
    importlib.import_module("grading.inside.start").take_limits(**limits)
    give_up_privileges()
    rules = importlib.import_module("grading.inside.filter")
    rules.join_empty_keyring()  # else all boxes would share their parent's
    rules.install()
    importlib.import_module("grading.inside.relay").main(forked=True)


if __name__ == "__main__":
    join_empty_keyring()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # our parent handles Ctrl-C
    with socket.socket(fileno=int(sys.argv[1])) as listening:
        copy_compiled_code()  # otherwise importing UMAP compiles it, for half a minute
        import_libraries(sys.argv[3:])
        # Only if a lesson draws maps: importing UMAP takes half as long as all others together.
        if "umap" in sys.argv[3:] and not left_alone():
            with contextlib.suppress(Exception):  # if it is missing, the notebook will say so
                compile_umap()
        share_memory()
        serve(listening)
    # In case the process that started this one was killed before it could clean up.
    shutil.rmtree(sys.argv[2], ignore_errors=True)
