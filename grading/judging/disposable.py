"""A disposable process that reads the replies of a student's code and judges them.

A reply can crash the process that reads it, or keep it busy, through a bug in a library's native
code or through values that expand to a huge size. So each exercise is judged in its own process,
and losing that process does no harm. The grader forks, and the child process runs the hidden test.
It sends questions to the grader and gets replies as bytes, which the grader does not decode. At the
end it sends one short message with the verdict. Its only open file is the pipe to the grader, and
it has its own limits on memory and processor time.
"""

from __future__ import annotations

import contextlib
import ctypes
import faulthandler
import gc
import json
import multiprocessing
import os
import resource
import signal
import sys
import warnings
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from multiprocessing.connection import Connection

import psutil

from grading.inside.protocol import QUESTION
from grading.judging.verdicts import CANNOT_GRADE, FAILED, STATUSES, TAMPERED, described
from grading.sandbox.limits import THREAD_VARIABLES

PROCESSOR_SECONDS = 60
"""For judging one exercise, without waiting for the student's code. Most tests take seconds."""
MEMORY_BYTES = 2**30
"""In addition to what the grader used when it forked."""
PATIENCE = 20 * PROCESSOR_SECONDS
"""After so many seconds without a message the process hangs, even on a busy machine."""
LONGEST_MESSAGE = 1500
LONGEST_VERDICT = 2**16  # bytes
IS_QUESTION, IS_VERDICT = b"?", b"="
PR_SET_PDEATHSIG = 1

Ask = Callable[[bytes], bytes]
"""Takes a question and returns the reply, both encoded."""


@dataclass(frozen=True)
class Judged:
    """How a hidden test ended.

    Attributes
    ----------
    status : str
        A key of `grading.judging.verdicts.STATUSES`.
    message : str
    share : float
        Share of the points, if it failed.
    doubt : {"", "failed", "tampered"}
        Not empty if the test or its process stopped unexpectedly, so that it is not known whether
        the answer or the test is at fault. If the course's own answer passes the same test, the
        answer is at fault and gets this status. Otherwise `status` remains.
    """

    status: str
    message: str = ""
    share: float = 0.0
    doubt: str = ""


def judged_apart(judge: Callable[[Ask], Judged], ask: Ask) -> Judged:
    """Run `judge` in a disposable process and return its verdict; `ask` answers its questions here.

    An exception in `ask` ends the process and is raised here.
    """
    ours, its = multiprocessing.Pipe()
    with ours, warnings.catch_warnings():
        # Python warns about forks in a process with threads. Our threads hold no lock that the
        # child process needs: one waits, and one measures a box's memory.
        warnings.simplefilter("ignore", DeprecationWarning)
        with its:
            process = os.fork()
            if process == 0:
                _judge_and_end(judge, its)
        try:
            return _heard(ours, ask) or _died(process)
        finally:
            with contextlib.suppress(ProcessLookupError, ChildProcessError):
                os.kill(process, signal.SIGKILL)
                os.waitpid(process, 0)


def _heard(ours: Connection, ask: Ask) -> Judged | None:
    """Answer questions until the verdict arrives; return None if the process ends before that."""
    while True:
        try:
            if not ours.poll(PATIENCE):
                return Judged(CANNOT_GRADE, f"Judging hangs: no message for {PATIENCE} seconds.")
            message = ours.recv_bytes(QUESTION.bytes + 1)
        except (EOFError, OSError):
            return None
        if message[:1] == IS_VERDICT:
            return _read(message[1:])
        reply = ask(message[1:])
        with contextlib.suppress(OSError):  # if the process has ended, the next read fails
            ours.send_bytes(reply)


def _read(message: bytes) -> Judged:
    judged = Judged(**json.loads(message[:LONGEST_VERDICT]))
    if judged.status not in STATUSES or judged.doubt not in ("", FAILED, TAMPERED):
        raise ValueError(f"not a valid verdict: {judged!r:.200}")
    return judged


def _died(process: int) -> Judged:
    """Return the verdict if the process has ended without sending one."""
    _, status = os.waitpid(process, 0)
    code = os.waitstatus_to_exitcode(status)
    if code == -signal.SIGKILL:  # by the operating system, out of memory, or by a person
        return Judged(CANNOT_GRADE, "The process that judges the answer was killed from outside.")
    if code == -signal.SIGXCPU:
        why = f"needed more than {PROCESSOR_SECONDS} seconds"
    else:
        why = f"was ended by signal {-code}" if code < 0 else f"ended with the code {code}"
    return Judged(CANNOT_GRADE, f"Judging the reply {why}.", doubt=TAMPERED)


def _judge_and_end(judge: Callable[[Ask], Judged], its: Connection) -> None:
    """Do the work of the disposable process, then end it; never returns."""
    code = 1
    try:
        pipe = _alone_with(its)
        _take_limits()

        def ask(question: bytes) -> bytes:
            pipe.send_bytes(IS_QUESTION + question)
            return pipe.recv_bytes()

        try:
            judged = judge(ask)
        except MemoryError:
            judged = _out_of_memory()
        except BaseException as error:
            judged = Judged(CANNOT_GRADE, f"The hidden test stopped with {described(error)}.")
        short = replace(judged, message=judged.message[:LONGEST_MESSAGE])
        pipe.send_bytes(IS_VERDICT + json.dumps(asdict(short)).encode())
        code = 0
    finally:
        os._exit(code)  # skip the cleanup that belongs to the grader's process


def _out_of_memory() -> Judged:
    """Tell whether this process reached its own limit or the machine has no more memory."""
    if psutil.virtual_memory().available < MEMORY_BYTES:
        return Judged(CANNOT_GRADE, "The grader's machine has too little memory (MemoryError).")
    return Judged(CANNOT_GRADE, "Judging the reply needs too much memory.", doubt=TAMPERED)


def _alone_with(its: Connection) -> Connection:
    """Close the grader's files, pipes and handlers, except the pipe `its`; return that pipe."""
    faulthandler.disable()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C ends the grader, which ends us
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    kept = os.dup(its.fileno())  # a new number, which no object of the grader may close
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    os.closerange(3, kept)
    os.closerange(kept + 1, 2**16)
    silent = open(os.devnull, "w")  # noqa: SIM115 - until the process ends
    sys.stdout = sys.stderr = silent
    return Connection(kept)


def _take_limits() -> None:
    """Limit memory and time, and use one thread: a fork has none of its parent's threads."""
    gc.freeze()  # otherwise garbage collection would copy the parent's memory page by page
    for name in THREAD_VARIABLES:
        os.environ[name] = "1"
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)
    used = resource.getrusage(resource.RUSAGE_SELF)
    spent = int(used.ru_utime + used.ru_stime) + 1
    _, highest = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (spent + PROCESSOR_SECONDS, highest))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    held = _held_bytes()
    if held:
        _, highest = resource.getrlimit(resource.RLIMIT_DATA)
        resource.setrlimit(resource.RLIMIT_DATA, (held + MEMORY_BYTES, highest))


def _held_bytes() -> int:
    """Return how much memory already counts towards RLIMIT_DATA, or 0 if unknown (macOS)."""
    with contextlib.suppress(OSError), open("/proc/self/status") as status:
        for line in status:
            if line.startswith("VmData:"):
                return int(line.split()[1]) * 1024
    return 0
