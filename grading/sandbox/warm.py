"""One process per batch that imports the lessons' libraries and forks the kernels of all boxes.

That process runs `grading.inside.warm`; this module starts it, talks to it and ends it. Without it
a box starts a new kernel, which takes seconds longer but gives the same grades.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import struct
import subprocess
import sys
import tempfile
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from grading.paths import ROOT

VARIABLE = "COURSE_WARM_KERNELS"
"""The path of the process's socket; workers of a batch inherit this variable."""
PT_INTERP = 3
"""The type of the entry in a program's file (ELF) that names its loader."""
FOLDERS = "/tmp"
"""Exists outside and inside a box, and is short: a socket's path has at most 107 characters."""
COSTLY = {"helpers": " helpers", "transformers": " torch", "umap": " umap"}
"""Modules that take seconds to import and that not every lesson uses, each with a text that a
notebook contains if it uses it.

The space is needed: without it, the bytes of a figure may contain four such letters by chance.
"""


@contextlib.contextmanager
def warm_kernels(
    environment: dict[str, str], costly: Collection[str]
) -> Iterator[subprocess.Popen[bytes]]:
    """Keep a process that has imported the libraries running until the batch ends.

    Parameters
    ----------
    environment : dict of str to str
        The variables of a box, except for paths, so that the process's memory contains nothing of
        the instructor.
    costly : collection of str
        Which of `COSTLY` the boxes will use. UMAP is then compiled once, which takes 20 seconds.
    """
    with tempfile.TemporaryDirectory(prefix="warm-", dir=FOLDERS) as folder:
        address = str(Path(folder) / "door")
        # Some libraries look up folders when they are imported, so HOME is already the box's own.
        paths = {"PYTHONPATH": str(ROOT), "MPLCONFIGDIR": folder, "TMPDIR": folder}
        # The only one of Numba's threading layers that still works after a fork.
        numba = {"NUMBA_CACHE_DIR": numba_cache(address), "NUMBA_THREADING_LAYER": "workqueue"}
        # A box that asks while the libraries are still being imported waits for them: importing
        # them itself would take as long.
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as door:
            door.bind(address)
            door.listen(64)
            command = [*_interpreter(), "-P", "-m", "grading.inside.warm"]
            process = subprocess.Popen(
                [*command, str(door.fileno()), folder, *costly],
                env={**environment, **paths, **numba},
                cwd="/",
                stdin=subprocess.PIPE,  # closes when this process ends, and then the other ends
                pass_fds=[door.fileno()],
            )
        os.environ[VARIABLE] = address
        try:
            yield process
        finally:
            os.environ.pop(VARIABLE, None)
            process.kill()
            process.wait()
            if process.stdin:
                process.stdin.close()


def _interpreter() -> list[str]:
    """Return the words that start Python in such a way that no student can change its program file.

    A box sees all files read-only, but a forked kernel can reach its own program file outside the
    box through /proc/self/exe. If Python belongs to an ordinary user, the user's own boxes could
    change that file's times and mode. So the system's loader starts Python: then the loader is the
    program file.
    """
    with open(sys.executable, "rb") as file:
        header = file.read(64)
        if header[:5] == b"\x7fELF\x02":  # a 64-bit program
            (table,) = struct.unpack_from("=Q", header, 32)
            size, number = struct.unpack_from("=HH", header, 54)
            for place in range(table, table + size * number, size):
                file.seek(place)
                kind, _, offset, _, _, length = struct.unpack("=IIQQQQ", file.read(40))
                if kind == PT_INTERP:
                    file.seek(offset)
                    return [os.fsdecode(file.read(length).rstrip(b"\0")), sys.executable]
    return [sys.executable]


def numba_cache(address: str) -> str:
    """Return where Numba's compiled code for UMAP is, the same path outside and in a box."""
    return str(Path(address).with_name("numba"))


def warm_address() -> str | None:
    """Return the address to ask for a warm kernel, or None if no batch has set one."""
    return os.environ.get(VARIABLE)


def fork_kernel(address: str, request: dict[str, Any], descriptors: list[int]) -> int | None:
    """Ask for a kernel that is forked into a box.

    Returns
    -------
    int or None
        The process id of its relay; None if it could not enter the box, in which case it writes the
        reason to the box's standard error.

    Raises
    ------
    OSError
        If no process listens at the address.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as visitor:
        visitor.settimeout(180)
        visitor.connect(address)
        socket.send_fds(visitor, [json.dumps(request).encode()], descriptors)
        return int(visitor.recv(64) or 0) or None
