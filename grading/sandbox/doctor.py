"""`course doctor`: say which sandbox is used, and test it by trying to break out."""

from __future__ import annotations

import dataclasses
import socket
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from grading.sandbox.box import Sandbox, SandboxDied, SandboxFault
from grading.sandbox.commands import SandboxMissing, find_bubblewrap, find_sandbox
from grading.sandbox.groups import find_place
from grading.sandbox.limits import Limits

GIB = 2**30
# Each trial also stops by itself, so that it does no harm if the sandbox does not stop it.
FORKS = """
import os, time
children = 0
try:
    while children < 250:
        if not os.fork():
            time.sleep(60); os._exit(0)
        children += 1
    print("NOT STOPPED after 250 processes")
except OSError:
    print("stopped after", children, "processes")
"""
MEMORY = """
held = []
try:
    while len(held) < 24:
        held.append(bytearray(64 * 2**20))
    print("NOT STOPPED at", len(held) * 64, "MiB")
except MemoryError:
    print("stopped at", len(held) * 64, "MiB")
"""
SHARED_MEMORY = """
import mmap, time
area = mmap.mmap(-1, 24 * 2**26)
for place in range(0, len(area), 2**26):
    area[place : place + 2**26] = bytes(2**26)
    area.madvise(mmap.MADV_DONTNEED, place, 2**26)
    time.sleep(0.2)
print("NOT STOPPED at", len(area) >> 20, "MiB")
"""
DISK = """
written = 0
try:
    for number in range(8):
        with open(f"file-{number}", "wb") as file:
            for _ in range(16):
                written += file.write(bytes(2**20))
    print("NOT STOPPED at", written >> 20, "MiB")
except OSError:
    print("stopped at", written >> 20, "MiB")
"""
NETWORK = """
import socket
try:
    socket.create_connection(("127.0.0.1", {port}), timeout=2)
    print("NOT STOPPED: reached a port of this machine")
except OSError as error:
    print("stopped:", error.strerror)
"""
KEYRING = """
import ctypes, os, platform
libc = ctypes.CDLL(None, use_errno=True)
add_key = 217 if platform.machine() == "aarch64" else 248
made = libc.syscall(add_key, b"user", b"course-doctor", b"note", 4, -3)
print("NOT STOPPED: added" if made >= 0 else "stopped: " + os.strerror(ctypes.get_errno()))
"""
USER_NAMESPACE = """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
made = libc.unshare(0x10000000)
print("stopped: " + os.strerror(ctypes.get_errno()) if made else "NOT STOPPED: one was made")
"""
VSOCK = """
import socket
try:
    socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
    print("NOT STOPPED: a socket was made")
except OSError as error:
    print("stopped:", error.strerror)
"""
INOTIFY = """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
made = libc.inotify_init1(0)
print("stopped: " + os.strerror(ctypes.get_errno()) if made < 0 else "NOT STOPPED: watches")
"""
LOCK = """
import fcntl, os
try:
    fcntl.flock(open(os.__file__), fcntl.LOCK_EX | fcntl.LOCK_NB)
    print("NOT STOPPED: locked")
except OSError as error:
    print("stopped:", error.strerror)
"""
FILES = """
opened = []
for path in {paths}:
    try:
        open(path).close()
        opened.append(path)
    except OSError:
        pass
print("NOT STOPPED: opened", opened) if opened else print("stopped: not one of", {count}, "opened")
"""


def examine(console: Console) -> bool:
    """Print one line per trial; return whether all were stopped."""
    try:
        kind = find_sandbox()
    except SandboxMissing as missing:
        console.print(f"[red]✗[/red] {escape(str(missing))}", soft_wrap=True)
        return False
    where = escape(f", {find_bubblewrap()}") if kind == "bubblewrap" else ""
    console.print(f"Sandbox: [bold]{escape(kind)}[/bold]{where}", soft_wrap=True, highlight=False)
    console.print(_memory(kind), soft_wrap=True, highlight=False)
    limits = dataclasses.replace(
        Limits(), processes=100, memory_bytes=GIB, scratch_bytes=2**26, file_bytes=2**25
    )
    stopped = [_try(what, code, kind, limits, console) for what, code in _trials().items()]
    if all(stopped):
        console.print("Nothing got out.")
    return all(stopped)


def _trials() -> dict[str, str]:
    """Return the code of each trial; those that may end the sandbox come last."""
    course = Path.cwd()
    paths = [str(course / name) for name in ("gradebook.db", "nbgrader_config.py", "README.md")]
    paths += ["/etc/shadow", "/etc/passwd", str(Path.home() / ".cache/huggingface/token"), __file__]
    return {
        "the instructor's files": FILES.format(paths=paths, count=len(paths)),
        "the network": NETWORK,
        "a keyring": KEYRING,
        "a user namespace of its own": USER_NAMESPACE,
        "a socket to the machine's host (vsock)": VSOCK,
        "a watch on shared files (inotify)": INOTIFY,
        "a lock on a shared file": LOCK,
        "filling the disk": DISK,
        "a fork bomb": FORKS,
        "all the memory": MEMORY,
        "memory of no process": SHARED_MEMORY,
    }


def _memory(kind: str) -> str:
    """Return how the memory of a box is limited, in words."""
    place = find_place() if kind == "bubblewrap" else None
    if place:
        return f"Memory: limited by the kernel, in control groups ({place.kind})"
    if kind == "bubblewrap":
        return (
            "Memory: measured several times per second, because no control group can be created "
            "here. They can be created as root, or if systemd runs for this user"
        )
    return f"Memory: limited by {kind}"


def _try(what: str, code: str, kind: str, limits: Limits, console: Console) -> bool:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        code = code.replace("{port}", str(listener.getsockname()[1]))
        try:
            with Sandbox(kind, limits) as box:
                outputs = box.run(code, 60)["outputs"]
                said = "".join(str(output.get("text", output.get("evalue"))) for output in outputs)
        except SandboxDied as death:
            said = f"stopped: {death.status}, {death}"
        except SandboxFault as fault:
            said = str(fault)
    good = said.startswith("stopped")
    sign = "[green]✓[/green]" if good else "[red]✗[/red]"
    console.print(f"{sign} {escape(what)}: {escape(said.strip())}", soft_wrap=True, highlight=False)
    return good
