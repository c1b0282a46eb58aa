"""A box (sandbox) for a student's code: namespaces, limits, and a pipe in and out.

The code runs in bubblewrap (Linux), in Docker or Podman (elsewhere), or, if a teacher says that the
submissions are trusted, as an ordinary process. Code in the box sees the Python environment,
`helpers`, the data and the model caches, all read-only, and three small folders in memory. It has
no network, none of the instructor's environment variables, and no other files of the course. It
ends when the process that started it ends. Everything that it sends is untrusted data.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import select
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any

import psutil

import helpers
from grading.inside.protocol import FRAME, LENGTH_BYTES, REPLY_FRAME
from grading.inside.wire import WireError, decode, encode
from grading.paths import ROOT
from grading.sandbox.commands import (
    NO_SANDBOX,
    bubblewrap_command,
    container_command,
    filter_file,
    find_bubblewrap,
)
from grading.sandbox.contents import HOME, environment, shared_paths
from grading.sandbox.groups import launch_variables, launched, open_group
from grading.sandbox.limits import Limits, processors
from grading.sandbox.memory import HIDDEN_BYTES, held_bytes, processes_below
from grading.sandbox.warm import fork_kernel, numba_cache, warm_address

NUMBA_CACHE = "NUMBA_CACHE_DIR"


class SandboxFault(RuntimeError):
    """The sandbox did not start: a fault of the grader or of the machine, not of the student."""


class SandboxDied(Exception):
    """The student's code ended its box, or we ended the box because of what the code did.

    Attributes
    ----------
    status : {"timed out", "out of memory", "crashed", "tampered"}
    """

    def __init__(self, status: str, detail: str):
        super().__init__(detail)
        self.status = status


_users = itertools.count()


class Sandbox:
    """One box with one kernel in it. Use as a context manager.

    Parameters
    ----------
    kind : str
        From `find_sandbox`.
    limits : Limits

    Raises
    ------
    SandboxFault
        If it does not start.
    """

    def __init__(self, kind: str, limits: Limits):
        self.limits = limits
        # A user id that no account on this machine has, nor any other box of this process.
        self._user = 2**30 + os.getpid() * 64 + next(_users) % 64
        self._fate: tuple[str, str] | None = None
        self._scratch = tempfile.TemporaryDirectory() if kind == NO_SANDBOX else None
        self._relay: int | None = None  # set if it is not a child of the box's first process
        self._inherited = 0
        self._group = open_group(limits) if kind == "bubblewrap" else None
        self._counted = False  # whether the control group limits the memory
        self._inside: int | None = None  # a process that sees the box's own folders
        self._ours: int | None = None  # the relay, whose memory no other process may inspect
        self._process: subprocess.Popen[bytes] | None = None
        self._requests: IO[bytes] | None = None
        self._replies: IO[bytes] | None = None
        reading, writing = os.pipe()
        self._errors = os.fdopen(reading, "rb", 0)
        try:
            address = warm_address() if kind == "bubblewrap" else None
            if not (address and self._open_warm(address, writing)):
                self._open_cold(kind, writing)
        except BaseException:
            self._give_up()
            raise
        finally:
            os.close(writing)
        for pipe in (self._requests, self._replies):
            os.set_blocking(pipe.fileno(), False)
        self._watching = threading.Thread(target=self._watch, daemon=True)
        self._watching.start()
        try:
            if self._receive(time.monotonic() + 180) != {"ready": True}:
                raise SandboxDied("crashed", "its kernel did not start")
        except SandboxDied as death:
            os.set_blocking(self._errors.fileno(), False)
            said = (self._errors.read(4000) or b"").decode(errors="replace").strip()
            self.close()
            raise SandboxFault(f"the sandbox did not start: {death} {said}") from None
        if kind == "bubblewrap":
            # The box's first process keeps this pipe open, and student code that runs as the same
            # user can open it, too. So it is not read any more from here on.
            self._errors.close()
        if self._group:
            self._group.find(self._process.pid)
            first = filter(None, (self._process.pid, self._relay))
            self._counted = all(self._group.holds(pid) for pid in first)
        if kind == "bubblewrap" and not self._counted:
            # No student's code has run yet, so the only process below the box's first ones is the
            # relay, unless the relay is elsewhere.
            below = [process.pid for process in processes_below(self._process.pid)[1:3]]
            self._inside = next(iter(below), None)
            self._ours = self._relay or next(iter(below[1:]), None)
        if self._relay and not self._counted:
            # A warm kernel starts with memory that all boxes share and that must not be counted.
            self._inherited = held_bytes(self._processes(), 0, self._inside, self._ours)

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def run(self, code: str, seconds: float, output_bytes: int | None = None) -> dict[str, Any]:
        """Run a cell; `output_bytes` replaces the limit on its output, if given.

        Returns
        -------
        dict
            ``outputs``, a list in the notebook format, and ``error``, None or the exception's
            class and message. Both come from the student's process and may be false.

        Raises
        ------
        SandboxDied
            If the box has ended.
        """
        shown = self.limits.output_bytes if output_bytes is None else output_bytes
        request = {"code": code, "output_bytes": shown}
        reply = self._exchange(request, seconds)
        outputs, error = reply.get("outputs"), reply.get("error")
        named = error is None or (type(error) is list and [*map(type, error)] == [str, str])
        if type(outputs) is not list or not named:
            raise self.end("tampered", "malformed reply: expected a cell's outputs and error")
        return reply

    def ask(self, question: bytes, seconds: float) -> bytes:
        """Send a question to the student's process and return its reply, in bytes.

        Raises
        ------
        SandboxDied
            If the box has ended.
        """
        reply = self._exchange({"question": question}, seconds).get("reply")
        if not isinstance(reply, bytes):
            raise self.end("tampered", "malformed reply: expected bytes")
        return reply

    @property
    def ended(self) -> bool:
        """Whether the box has ended."""
        return self._fate is not None or self._process.poll() is not None

    def close(self) -> None:
        """End everything in the box."""
        self._kill()
        self._watching.join()
        self._tidy_up()

    def _give_up(self) -> None:
        """Clean up after a box that could not be opened completely."""
        if self._process:
            self._kill()
        self._tidy_up()

    def _tidy_up(self) -> None:
        """Close pipes and remove folders and groups outside the box, once nothing runs in it."""
        for pipe in filter(None, (self._requests, self._replies)):
            with contextlib.suppress(OSError):  # closing may try to send a frame nobody reads
                pipe.close()
        self._errors.close()
        if self._group:
            self._group.remove()
        if self._scratch:
            self._scratch.cleanup()

    def _open_cold(self, kind: str, errors: int) -> None:
        """Start the box with a new kernel, which imports all libraries itself."""
        if kind == "bubblewrap":
            requests, replies = os.pipe(), os.pipe()
            self._take(requests[1], replies[0])
            pipes = [requests[0], replies[1], errors]
            try:
                self._process = self._bubblewrap(errors, pipes, pipes=pipes)
            finally:
                os.close(requests[0])
                os.close(replies[1])
            return
        command = [] if kind == NO_SANDBOX else container_command(kind, self.limits)
        self._process = subprocess.Popen(
            [*command, *self._first_program(kind)],
            env=self._variables(kind),
            cwd=self._scratch.name if self._scratch else "/",
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            start_new_session=True,
        )
        self._requests, self._replies = self._process.stdin, self._process.stdout

    def _open_warm(self, address: str, errors: int) -> bool:
        """Start an empty box and have a warm kernel forked into it; return whether that worked."""
        (told, telling), (opened, opening) = os.pipe(), os.pipe()
        with open(os.devnull, "rb") as nothing:
            pipes = [nothing.fileno(), opening, errors]
            try:
                options = ["--info-fd", str(telling)]
                self._process = self._bubblewrap(
                    errors, [telling, *pipes], options, pipes=pipes, hold=True
                )
            finally:
                os.close(telling)
                os.close(opening)
        with os.fdopen(told) as information, os.fdopen(opened, "rb") as ready:
            box = json.loads(information.read() or "{}").get("child-pid")
            ready.read(4)  # returns when the box is open or has ended
        requests, replies = os.pipe(), os.pipe()
        self._take(requests[1], replies[0])
        if self._group:
            self._group.find(self._process.pid)
        request = {
            "box": box,
            "user_namespace": os.geteuid() != 0,
            "limits": self._taken("bubblewrap"),
            "groups": self._group.files if self._group else [],
            "folder": HOME,
            "environment": self._variables("bubblewrap") | {NUMBA_CACHE: numba_cache(address)},
            "outside": [str(ROOT)],
        }
        try:
            self._relay = fork_kernel(address, request, [requests[0], replies[1], errors])
        except OSError:  # the process that forks kernels has ended
            self._kill()
            self._requests.close()
            self._replies.close()
            return False
        finally:
            os.close(requests[0])
            os.close(replies[1])
        return True

    def _take(self, requests: int, replies: int) -> None:
        """Keep the grader's ends of the two pipes."""
        self._requests, self._replies = os.fdopen(requests, "wb", 0), os.fdopen(replies, "rb")

    def _bubblewrap(
        self, errors: int, passed: list[int], options: Iterable[str] = (), **told: Any
    ) -> subprocess.Popen[bytes]:
        """Open a box whose first program is `grading.inside.start`, which is told what to do.

        bubblewrap's first process keeps its standard input, output and error open in the box. So
        these are not pipes of the grader; the pipes are passed only to `start.py`.
        """
        command = bubblewrap_command(self.limits, find_bubblewrap() or "bwrap")
        with filter_file() as rules:
            command[1:1] = ["--seccomp", str(rules.fileno()), *options]
            return subprocess.Popen(
                [
                    *launched(self._group),
                    *command,
                    *self._first_program("bubblewrap", **told),
                ],
                env=launch_variables(self._variables("bubblewrap"), self._group),
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                pass_fds=[rules.fileno(), *passed],
                start_new_session=True,
            )

    def _taken(self, kind: str) -> dict[str, int | None]:
        """Return the limits that `grading.inside.start` must apply to itself."""
        boxed = kind == "bubblewrap"
        return {
            "processes": self.limits.processes if boxed else 2**20,
            "file_bytes": self.limits.file_bytes,
            "memory_bytes": self.limits.memory_bytes,
            "user": self._user if boxed and os.geteuid() == 0 else None,
        }

    def _first_program(self, kind: str, pipes: Iterable[int] = (), hold: bool = False) -> list[str]:
        folder = ROOT / "grading" if kind == NO_SANDBOX else Path("/course/grading")
        containers = kind in ("docker", "podman")
        python = "python" if containers else os.path.abspath(sys.executable)
        told = {
            "limits": self._taken(kind),
            "pipes": [*pipes],
            "filtered": containers,  # bubblewrap installs the filter itself
            "hold": hold,
        }
        return [python, "-E", "-S", str(folder / "inside" / "start.py"), json.dumps(told)]

    def _variables(self, kind: str) -> dict[str, str]:
        if kind in ("docker", "podman"):
            return dict(os.environ)  # for the client; the container's are on its command line
        variables = environment()
        if kind == NO_SANDBOX:
            paths = os.pathsep.join({str(ROOT), str(Path(helpers.__file__).parent.parent)})
            shared = {inside: outside for outside, inside in shared_paths().items()}
            variables = {name: shared.get(value, value) for name, value in variables.items()}
            variables |= {"PYTHONPATH": paths, "HOME": self._scratch.name}
            variables["TMPDIR"] = self._scratch.name
        return variables

    def _exchange(self, request: dict[str, Any], seconds: float) -> dict[str, Any]:
        deadline = time.monotonic() + seconds
        self._send(encode(request, FRAME), deadline)
        reply = self._receive(deadline)
        if not isinstance(reply, dict):
            raise self.end("tampered", "malformed reply: expected a dict")
        if "died" in reply:
            raise self.end("crashed", f"the process ended{_by_signal(reply['died'])}")
        return reply

    def _send(self, frame: bytes, deadline: float) -> None:
        rest = memoryview(len(frame).to_bytes(LENGTH_BYTES, "little") + frame)
        pipe = self._requests.fileno()
        while len(rest):
            self._wait([], [pipe], deadline)
            try:
                rest = rest[os.write(pipe, rest[: 2**16]) :]
            except BlockingIOError:
                continue
            except OSError:
                raise self.end("crashed", "the process ended") from None

    def _receive(self, deadline: float) -> Any:
        length = int.from_bytes(self._read(LENGTH_BYTES, deadline), "little")
        if length > REPLY_FRAME.bytes:
            raise self.end("tampered", f"a reply of {length:,} bytes")
        try:
            return decode(self._read(length, deadline), REPLY_FRAME)
        except WireError as error:
            raise self.end("tampered", f"the reply cannot be decoded ({error})") from None

    def _read(self, length: int, deadline: float) -> bytes:
        pipe, pieces = self._replies.fileno(), []
        while length:
            self._wait([pipe], [], deadline)
            try:
                piece = os.read(pipe, min(length, 2**20))
            except BlockingIOError:
                continue
            if not piece:
                raise self.end("crashed", "the process ended")
            pieces.append(piece)
            length -= len(piece)
        return b"".join(pieces)

    def _wait(self, readable: list[int], writable: list[int], deadline: float) -> None:
        left = deadline - time.monotonic()
        if left <= 0 or not any(select.select(readable, writable, [], left)):
            raise self.end("timed out", "the time limit was reached")

    def end(self, status: str, detail: str) -> SandboxDied:
        """End the box and return the reason; if `_watch` has ended it already, its reason."""
        self._fate = self._fate or self._ran_out() or (status, detail)
        self._kill()
        return SandboxDied(*self._fate)

    def _kill(self) -> None:
        processes = [] if self._scratch is None else processes_below(self._process.pid)
        # When the first process of a namespace ends, the kernel ends all others in it.
        self._process.kill()
        for process in processes:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        self._process.wait()

    def _processes(self) -> list[psutil.Process]:
        found = processes_below(self._process.pid)
        return found + (processes_below(self._relay) if self._relay else [])

    def _ran_out(self) -> tuple[str, str] | None:
        """Return how the box ended if its control group had no memory left, else None."""
        if self._counted and self._group.ran_out():
            return "out of memory", f"all of {self.limits.memory_bytes / 2**30:.1f} GiB were in use"
        return None

    def _watch(self) -> None:
        """End the box when all its processes together use more memory than the limit."""
        while self._process.poll() is None:
            started = time.monotonic()
            fate, room = (self._ran_out(), 0) if self._counted else self._held_too_much()
            if fate:
                self._fate = self._fate or fate
                self._process.kill()
                return
            # Measuring many processes is slow, so it is then done less often. But the next time
            # must come before all processors, at about 4 GiB per second each, can fill the rest.
            filled = room / 2**32 / processors()
            time.sleep(max(0.1, min(filled, 5 * (time.monotonic() - started))))

    def _held_too_much(self) -> tuple[tuple[str, str] | None, int]:
        """Measure a box's memory; return how it ended, if over the limit, and the memory left."""
        limit = self.limits.memory_bytes + self._inherited
        held = held_bytes(self._processes(), limit, self._inside, self._ours)
        if held <= limit:
            return None, limit - held
        detail = "a process hid how much it uses"
        if held < HIDDEN_BYTES:
            used = (held - self._inherited) / 2**30
            detail = f"{used:.1f} of {self.limits.memory_bytes / 2**30:.1f} GiB were in use"
        return ("out of memory", detail), 0


def _by_signal(code: Any) -> str:
    if not isinstance(code, int) or code >= 0:
        return f" with the code {code}" if isinstance(code, int) else ""
    return f" by signal {-code}"
