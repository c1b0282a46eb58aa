"""One process a batch that has imported the lessons' libraries, and forks the kernels of all boxes.

`grading.inside.warm` is that process; here it is started, spoken to, and ended. Where it is not
there a box starts its kernel cold, which takes seconds and gives the same grades.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from grading.paths import ROOT

VARIABLE = "COURSE_WARM_KERNELS"
"""Where the socket of the process lies; workers of a batch inherit it."""
FOLDERS = "/tmp"
"""Exists outside and in a box, and is short: a socket's path has at most 107 characters."""
COSTLY = {"transformers": " torch", "umap": " umap"}
"""Libraries that take seconds to import and not every lesson uses, and how one says that it does.

With the space: four letters alone are found in a figure's bytes, sooner or later.
"""


@contextlib.contextmanager
def warm_kernels(
    environment: dict[str, str], costly: Collection[str]
) -> Iterator[subprocess.Popen]:
    """Keep a process with the libraries imported as long as a batch takes.

    Parameters
    ----------
    environment : dict of str to str
        Of a box, but for paths: nothing of the instructor's is to be in its memory.
    costly : collection of str
        Which of `COSTLY` the boxes will use. UMAP is compiled once then, for 20 seconds.
    """
    with tempfile.TemporaryDirectory(prefix="warm-", dir=FOLDERS) as folder:
        address = str(Path(folder) / "door")
        # Libraries note some folders once and for all, so the box's home is the home here too.
        paths = {"PYTHONPATH": str(ROOT), "MPLCONFIGDIR": folder, "TMPDIR": folder}
        # Of the ways in which Numba starts threads, a fork survives this one.
        numba = {"NUMBA_CACHE_DIR": numba_cache(address), "NUMBA_THREADING_LAYER": "workqueue"}
        # Who comes while the libraries are imported waits, and would import them no sooner.
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as door:
            door.bind(address)
            door.listen(64)
            command = [sys.executable, "-P", "-m", "grading.inside.warm"]
            process = subprocess.Popen(
                [*command, str(door.fileno()), folder, *costly],
                env={**environment, **paths, **numba},
                cwd="/",
                stdin=subprocess.PIPE,  # ends with this process, and so does the other
                pass_fds=[door.fileno()],
            )
        os.environ[VARIABLE] = address
        try:
            yield process
        finally:
            os.environ.pop(VARIABLE, None)
            process.kill()
            process.wait()
            process.stdin.close()


def numba_cache(address: str) -> str:
    """Return where UMAP looks for what Numba has compiled: the same path outside and in a box."""
    return str(Path(address).with_name("numba"))


def warm_address() -> str | None:
    """Return where to ask for a warm kernel, or None where there is none."""
    return os.environ.get(VARIABLE)


def fork_kernel(address: str, request: dict[str, Any], descriptors: list[int]) -> int | None:
    """Have a kernel forked into a box.

    Returns
    -------
    int or None
        The number of its relay's process; None where it could not enter, which it then says on the
        box's standard error.

    Raises
    ------
    OSError
        If nobody answers at the address.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as visitor:
        visitor.settimeout(180)
        visitor.connect(address)
        socket.send_fds(visitor, [json.dumps(request).encode()], descriptors)
        return int(visitor.recv(64) or 0) or None
