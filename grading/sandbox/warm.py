"""One process per batch that imports the lessons' libraries and forks the kernels of all boxes.

`grading.inside.warm` is that process; here it is started, spoken to, and ended. Without it
a box starts its kernel cold, which takes seconds and gives the same grades.
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
"""Where the socket of the process lies; workers of a batch inherit it."""
PT_INTERP = 3
"""In a program's file, the entry that names its loader."""
FOLDERS = "/tmp"
"""Exists outside and in a box, and is short: a socket's path has at most 107 characters."""
COSTLY = {"helpers": " helpers", "transformers": " torch", "umap": " umap"}
"""What takes seconds to import and not every lesson uses, and how one says that it does.

With the space: four letters alone are found in a figure's bytes, sooner or later.
"""


@contextlib.contextmanager
def warm_kernels(
    environment: dict[str, str], costly: Collection[str]
) -> Iterator[subprocess.Popen[bytes]]:
    """Keep a process with the libraries imported until the batch ends.

    Parameters
    ----------
    environment : dict of str to str
        Of a box, but for paths: nothing of the instructor's is to be in its memory.
    costly : collection of str
        Which of `COSTLY` the boxes will use. UMAP is compiled once then, for 20 seconds.
    """
    with tempfile.TemporaryDirectory(prefix="warm-", dir=FOLDERS) as folder:
        address = str(Path(folder) / "door")
        # Some libraries look up folders when they are imported: so HOME is the box's own here too.
        paths = {"PYTHONPATH": str(ROOT), "MPLCONFIGDIR": folder, "TMPDIR": folder}
        # The only one of Numba's threading layers that still works after a fork.
        numba = {"NUMBA_CACHE_DIR": numba_cache(address), "NUMBA_THREADING_LAYER": "workqueue"}
        # A box that asks while the libraries are imported waits: it would take as long itself.
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as door:
            door.bind(address)
            door.listen(64)
            command = [*_interpreter(), "-P", "-m", "grading.inside.warm"]
            process = subprocess.Popen(
                [*command, str(door.fileno()), folder, *costly],
                env={**environment, **paths, **numba},
                cwd="/",
                stdin=subprocess.PIPE,  # closed when this process ends, which ends the other
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
    """Return the words that start Python as a program that no student can change.

    A box sees everything read-only, but a fork has its own program from outside: /proc/self/exe.
    Where Python belongs to an ordinary user, so that the user's own boxes could change its times
    and its mode, the system's loader runs it, and is the program then.
    """
    with open(sys.executable, "rb") as file:
        header = file.read(64)
        if header[:5] == b"\x7fELF\x02":  # of 64 bits
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
    """Return where UMAP looks for what Numba has compiled: the same path outside and in a box."""
    return str(Path(address).with_name("numba"))


def warm_address() -> str | None:
    """Return the address to ask for a warm kernel, or None if no batch has set one."""
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
        If no process listens at the address.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as visitor:
        visitor.settimeout(180)
        visitor.connect(address)
        socket.send_fds(visitor, [json.dumps(request).encode()], descriptors)
        return int(visitor.recv(64) or 0) or None
