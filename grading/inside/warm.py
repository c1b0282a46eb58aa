"""Kernels that start warm: a process that has imported the lessons' libraries forks one per box.

It runs outside of every sandbox and runs nothing of a student's: it imports, and waits on a socket
for a box that bubblewrap has opened. For each it forks a process that enters the box's namespaces,
gives up every privilege, and only then becomes the relay and the kernel. What is forked shares the
libraries' memory, and holds nothing else: this process is started with the environment of a box.
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

# What every kernel imports.
KERNEL = ("ipykernel.kernelapp", "ipykernel.ipkernel", "jupyter_client.blocking")
# What lessons import and takes time. If a library is missing, the notebook will say so.
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
# What lessons that use models import besides.
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
    """Join the namespaces of a process; the next child is in its process namespace too.

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
    """Keep programs started from here from ever having a capability; this itself needs one."""
    for capability in range(LAST_CAPABILITY + 1):
        # Beyond the last one that this kernel has there is nothing to drop.
        _libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)


def give_up_privileges() -> None:
    """Drop every capability, for good: also for programs that are started from here."""
    _checked(_libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0), "ambient")
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION, 0)
    _checked(_libc.capset(header, (ctypes.c_uint32 * 6)()), "capset")
    _checked(_libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")


def data_bytes() -> int:
    """Return what counts towards RLIMIT_DATA in this process."""
    with open("/proc/self/status") as status:
        fields = dict(line.split(":", 1) for line in status)
    return int(fields["VmData"].split()[0]) * 1024


def import_libraries(costly: Collection[str]) -> None:
    """Import what the lessons use; what cannot be imported here fails again in the notebook."""
    of_lessons = OF_LESSONS if "helpers" in costly else ()
    with_models = WITH_MODELS if "transformers" in costly else ()
    for name in (*KERNEL, *of_lessons, *with_models):
        if left_alone():
            return
        with contextlib.suppress(Exception):
            importlib.import_module(name)


def compile_umap() -> None:
    """Have Numba compile what UMAP does not keep on disk: else each box does, for 20 seconds."""
    import numpy as np
    from umap import UMAP

    rows = np.random.default_rng(0).normal(size=(64, 4)).astype(np.float32)
    for metric in ("cosine", "euclidean"):
        UMAP(n_neighbors=5, n_epochs=2, n_jobs=1, metric=metric, random_state=0).fit_transform(rows)


def share_memory() -> None:
    """Exempt all objects from garbage collection, which would copy shared pages in each fork."""
    gc.collect()
    gc.freeze()


def left_alone() -> bool:
    """Return whether the batch that this process is for has ended."""
    return bool(select.select([0], [], [], 0)[0])


def serve(door: socket.socket) -> None:
    """Fork a kernel for each request on a socket, as long as standard input is open.

    A request is a JSON object of ``box`` (the process number of a box), ``user_namespace``,
    ``limits`` (as `grading.inside.start.take_limits` takes them), ``groups`` (files of control
    groups; where this process may not join one, the grader notices), ``folder``, ``environment``
    and ``outside`` (folders that are not in the box); with it come the box's standard input, output
    and error. The answer is the number of the process that was forked.
    """
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel is to reap the forks
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
    """Enter the box and go on there as its relay; never returns."""
    try:
        for place, descriptor in enumerate(descriptors):
            os.dup2(descriptor, place)
        os.setsid()
        with contextlib.suppress(OSError):
            join_groups(request["groups"])
        enter(request["box"], request["user_namespace"])
        # Only a child is in the box's process namespace. Its number as it is outside is for whoever
        # watches the box: the process has no parent in there.
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
    """Take on the limits, forget this package's path outside, and serve the box."""
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
    # What was allocated before the fork does not count as this box's.
    limits["memory_bytes"] += data_bytes()
    importlib.import_module("grading.inside.start").take_limits(**limits)
    give_up_privileges()
    rules = importlib.import_module("grading.inside.filter")
    rules.join_empty_keyring()  # else all boxes would share that of the process they come from
    rules.install()
    importlib.import_module("grading.inside.relay").main(forked=True)


if __name__ == "__main__":
    join_empty_keyring()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started this handles Ctrl-C
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
