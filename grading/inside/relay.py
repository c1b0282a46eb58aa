"""Pass the grader's requests to the student's kernel: frames on two pipes outside, ZeroMQ inside.

The kernel and its sockets stay in the sandbox. The trusted side only reads frames of
`grading.inside.wire`, each after its length, and needs neither Jupyter's protocol nor a port.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import secrets
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path
from typing import Any, BinaryIO

import zmq
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.connect import write_connection_file

from grading.inside.protocol import CUT, FRAME, LENGTH_BYTES
from grading.inside.wire import decode, encode

PR_SET_DUMPABLE = 4
LONGEST_LOG = 3000
SOCKETS = 5  # shell, iopub, stdin, control, heartbeat
SHOWN = ("text/plain", "text/html", "text/markdown", "text/latex", "image/png", "image/jpeg")


class KernelDied(Exception):
    """The kernel's process has ended; the argument is its exit code."""


class Kernel:
    """A student's kernel and the client that talks to it."""

    def __init__(self, forked: bool = False):
        folder = Path(tempfile.mkdtemp())
        file, _ = write_connection_file(
            str(folder / "kernel.json"),
            transport="ipc",
            ip=str(folder / "socket"),
            key=secrets.token_hex(16).encode(),
        )
        # Not our own stderr, which is a file outside; this log is in memory, with a size limit.
        self.log = folder / "kernel.log"
        self.process = (Forked if forked else _started)(file, self.log)
        self._wait_for_sockets(folder)
        self.client = BlockingKernelClient(connection_file=file)
        self.client.load_connection_file()
        self.client.start_channels()
        self.sockets = {
            "shell": self.client.shell_channel.socket,
            "iopub": self.client.iopub_channel.socket,
        }
        try:
            self._wait_until_ready()
        except KernelDied:
            sys.stderr.write(self.log.read_text(errors="replace")[-LONGEST_LOG:])
            raise

    def _wait_for_sockets(self, folder: Path) -> None:
        """Wait until the kernel has created its sockets: connecting too early costs a retry."""
        while len(list(folder.glob("socket-*"))) < SOCKETS:
            if self.process.poll() is not None:
                return  # `_wait_until_ready` reports it
            time.sleep(0.002)

    def _wait_until_ready(self) -> None:
        """Ask until the kernel answers on both of its channels."""
        heard: set[str] = set()
        asked: set[str] = set()
        while heard != {"shell", "iopub"}:
            # What the kernel publishes before we have subscribed is lost, so ask again soon.
            asked.add(self.client.kernel_info())
            end = time.monotonic() + 0.1
            while heard != {"shell", "iopub"} and time.monotonic() < end:
                for channel, message in self._messages(0.05):
                    if message["parent_header"].get("msg_id") in asked:
                        heard.add(channel)

    def _messages(self, seconds: float) -> list[tuple[str, dict[str, Any]]]:
        """Return what arrives within some time, at most one message per channel."""
        poller = zmq.Poller()
        for socket in self.sockets.values():
            poller.register(socket, zmq.POLLIN)
        ready = dict(poller.poll(int(1000 * seconds)))
        if not ready and self.process.poll() is not None:
            raise KernelDied(self.process.returncode)
        channels = {"shell": self.client.shell_channel, "iopub": self.client.iopub_channel}
        return [(name, channels[name].get_msg()) for name, s in self.sockets.items() if s in ready]

    def _replies(self, asked: str) -> Any:
        """Yield a request's messages until it is answered and the kernel is idle again."""
        answered, idle = 0.0, False
        # If there is very much output, the kernel's message that it is idle may be lost.
        while not (answered and (idle or time.monotonic() - answered > 5)):
            for channel, message in self._messages(0.2):
                if message["parent_header"].get("msg_id") != asked:
                    continue
                if channel == "shell":
                    answered = time.monotonic()
                elif message["msg_type"] == "status":
                    idle = message["content"].get("execution_state") == "idle"
                yield channel, message

    def run(self, code: str, output_bytes: int) -> dict[str, Any]:
        """Run a cell; return its outputs and, if it failed, the exception's class and message."""
        outputs = Outputs(output_bytes)
        failed = None
        for channel, message in self._replies(self.client.execute(code, allow_stdin=False)):
            if channel == "iopub":
                outputs.add(message["msg_type"], message["content"])
            elif message["content"].get("status") == "error":
                failed = [str(message["content"].get(key, "")) for key in ("ename", "evalue")]
        return {"outputs": outputs.items, "error": failed}

    def ask(self, payload: bytes) -> dict[str, Any]:
        """Pass a question on and return the reply's bytes."""
        request = self.client.session.msg("question_request", {})
        request["buffers"] = [payload]
        self.client.shell_channel.send(request)
        reply = b""
        for channel, message in self._replies(request["header"]["msg_id"]):
            if channel == "shell" and message["buffers"]:
                reply = bytes(message["buffers"][0])
        return {"reply": reply}


def _started(file: str, log: Path) -> subprocess.Popen[bytes]:
    """Start a kernel as a separate program."""
    command = [sys.executable, "-P", "-m", "grading.inside.kernel", "-f", file]
    with log.open("wb") as stderr:
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=stderr
        )


class Forked:
    """A kernel forked from this process, with all that is already imported here."""

    returncode: int | None = None

    def __init__(self, file: str, log: Path):
        self._pid = os.fork()
        if self._pid == 0:
            try:
                self._become_kernel(file, log)
            finally:
                os._exit(1)

    def poll(self) -> int | None:
        """Return the exit code, as `subprocess.Popen` does, or None while it runs."""
        if self.returncode is None:
            ended, status = os.waitpid(self._pid, os.WNOHANG)
            if ended:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode

    @staticmethod
    def _become_kernel(file: str, log: Path) -> None:
        nowhere = os.open(os.devnull, os.O_RDWR)
        written = os.open(log, os.O_WRONLY | os.O_CREAT, 0o600)
        for place, descriptor in ((0, nowhere), (1, nowhere), (2, written)):
            os.dup2(descriptor, place)
        os.closerange(3, 4096)  # including the grader's pipes
        if sys.platform == "linux":
            ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)  # as in a separate program
        from grading.inside.kernel import main

        main(["-f", file])


class Outputs:
    """A cell's outputs in the notebook format, up to a number of bytes."""

    def __init__(self, limit: int):
        self.items: list[dict[str, Any]] = []
        self.room = limit

    def add(self, kind: str, content: dict[str, Any]) -> None:
        if kind == "clear_output" and self.room >= 0:
            self.items = []
        elif kind == "stream":
            self._add_text(content["name"], content["text"])
        elif kind in ("display_data", "execute_result"):
            data = {mime: content["data"][mime] for mime in SHOWN if mime in content["data"]}
            if data:
                self._add({"output_type": kind, "data": data})
        elif kind == "error":
            self._add(
                {"output_type": "error"}
                | {key: content[key] for key in ("ename", "evalue", "traceback")}
            )

    def _add_text(self, name: str, text: str) -> None:
        last = self.items[-1] if self.items else {}
        size = _size(text)
        if last.get("output_type") == "stream" and last["name"] == name and size <= self.room:
            last["text"] += text
            self.room -= size
        else:
            self._add({"output_type": "stream", "name": name, "text": text})

    def _add(self, output: dict[str, Any]) -> None:
        if self.room < 0:
            return
        self.room -= sum(map(_size, output.values()))
        if self.room >= 0:
            self.items.append(output)
        else:
            self.items.append({"output_type": "stream", "name": "stdout", "text": CUT})


def _size(value: Any) -> int:
    """Return how many bytes a value's texts take."""
    if isinstance(value, dict):
        return sum(map(_size, value.values()))
    if isinstance(value, list):
        return sum(map(_size, value))
    return len(str(value).encode(errors="replace"))


def serve(requests: BinaryIO, replies: BinaryIO, forked: bool = False) -> None:
    """Answer frame by frame until the pipe ends."""

    def send(reply: dict[str, Any]) -> None:
        frame = encode(reply, FRAME)
        replies.write(len(frame).to_bytes(LENGTH_BYTES, "little") + frame)
        replies.flush()

    try:
        kernel = Kernel(forked)
        send({"ready": True})
        while length := requests.read(LENGTH_BYTES):
            request = decode(requests.read(int.from_bytes(length, "little")), FRAME)
            if "code" in request:
                send(kernel.run(request["code"], request["output_bytes"]))
            else:
                send(kernel.ask(request["question"]))
    except KernelDied as death:
        send({"died": death.args[0]})
        requests.read()  # wait until the grader ends this process


def copy_compiled_code() -> None:
    """Copy the libraries' code that Numba has compiled, as it cannot use a read-only folder.

    Otherwise each submission that draws a map compiles UMAP again, which takes half a minute.
    """
    cache = Path(os.environ.setdefault("NUMBA_CACHE_DIR", str(Path.home() / ".numba")))
    for file in Path(sysconfig.get_path("purelib")).glob("*/__pycache__/*.nb[ic]"):
        package = file.parents[1]
        # The name that Numba uses for the folder of a package.
        place = cache / f"{package.name}_{hashlib.sha1(str(package).encode()).hexdigest()}"
        place.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, place / file.name)


def _private_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Move the two pipes to file descriptors that the kernel does not inherit."""
    requests, replies = os.dup(0), os.dup(1)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1):
        os.dup2(nowhere, descriptor)
    return os.fdopen(requests, "rb"), os.fdopen(replies, "wb")


def main(forked: bool = False) -> None:
    """Serve the grader; `forked` says that the lessons' libraries are already imported here."""
    if sys.platform == "linux":
        # Otherwise the student's processes, which run as the same user, could open our memory.
        ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    if not forked or "numba" in sys.modules:
        copy_compiled_code()
    os.environ["COURSE_FIGURES"] = "described"  # only lessons' figures; students' are drawn
    serve(*_private_pipes(), forked)


if __name__ == "__main__":
    main()
