"""Ways around the limit on memory: row 30, with and without a control group."""

import contextlib
import os
import signal
import time
from dataclasses import dataclass, replace

import pytest
import small_course
from attacks import RIGHT

from grading.judging.session import AnswerKey, grade
from grading.judging.testing import load_tests
from grading.sandbox import box as boxes
from grading.sandbox import groups
from grading.sandbox.box import Sandbox, SandboxDied
from grading.sandbox.commands import find_bubblewrap
from grading.sandbox.contents import environment
from grading.sandbox.limits import Limits
from grading.sandbox.warm import warm_kernels

DEPENDS_ON = ("grading/inside", "grading/sandbox/launch.py")  # this code runs in other processes

pytestmark = pytest.mark.skipif(not find_bubblewrap(), reason="no bubblewrap works here")

GIB = 2**30
LIMITS = Limits(memory_bytes=GIB, processes=120, scratch_bytes=400 * 2**20, file_bytes=400 * 2**20)
ENOUGH = int(2.5 * GIB)
"""What an attack takes if nothing stops it: little enough that the machine survives."""


@dataclass(frozen=True)
class Evasion:
    """Code that takes more than `LIMITS` allow, and whether the only possible end is the box's."""

    name: str
    code: str
    ends: bool = True


BEGIN = f"""
import contextlib, ctypes, mmap, os, signal, socket, sys, time
MIB, ENOUGH, TMP = 2**20, {ENOUGH}, "/tmp"
libc = ctypes.CDLL(None, use_errno=True)
"""
IN_CHILDREN = """
def children(number, work):
    done, ready = os.pipe()
    for _ in range(number):
        if not os.fork():
            with contextlib.suppress(BaseException):
                work()
            os.write(ready, b"1")
            time.sleep(60)
            os._exit(0)
    return done

def wait(done, number):
    while number:
        number -= len(os.read(done, number))
    time.sleep(4)  # as long as somebody who looks every so often needs
"""
UNMAPPED = """
area = mmap.mmap(-1, ENOUGH)
for place in range(0, ENOUGH, 64 * MIB):
    area[place : place + 64 * MIB] = bytes(64 * MIB)
    area.madvise(mmap.MADV_DONTNEED, place, 64 * MIB)
time.sleep(4)
"""
EVASIONS = (
    Evasion(
        "a tmpfs of its own",
        """
if os.fork() == 0:
    if libc.unshare(0x10000000 | 0x20000) == 0:
        os.makedirs(TMP + "/mine")
        print(libc.mount(b"none", TMP.encode() + b"/mine", b"tmpfs", 0, b"size=4g"))
        for number in range(ENOUGH // (256 * MIB)):
            open(f"{TMP}/mine/{number}", "wb").write(bytes(256 * MIB))
        time.sleep(20)
    os._exit(0)
os.wait()
""",
        ends=False,
    ),
    Evasion(
        "the buffers of sockets",
        IN_CHILDREN
        + """
kept = []  # also when no more files can be opened, and `fill` ends

def fill():
    while True:
        pair = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        kept.append(pair)
        for end in pair:
            end.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                while True:
                    end.send(bytes(2**16))

wait(children(14, fill), 14)
""",
    ),
    Evasion(
        "connections to itself",
        IN_CHILDREN
        + """
def fill():
    kept = []
    door = socket.create_server(("127.0.0.1", 0))
    while True:
        pair = [socket.create_connection(door.getsockname()), door.accept()[0]]
        kept.append(pair)
        for end in pair:
            end.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                while True:
                    end.send(bytes(2**16))

wait(children(14, fill), 14)
""",
        ends=False,
    ),
    Evasion(
        "a file without a name",
        """
file = os.memfd_create("mine")
for _ in range(ENOUGH // (64 * MIB)):
    os.write(file, bytes(64 * MIB))
""",
        ends=False,
    ),
    Evasion(
        "memory that nobody maps any more",
        UNMAPPED,
    ),
    Evasion(
        "shared memory of System V",
        """
for number in range(ENOUGH // (64 * MIB)):
    segment = libc.shmget(0, 64 * MIB, 0o1600)
    if segment < 0:
        break
    libc.shmat.restype = ctypes.c_void_p
    area = libc.shmat(segment, None, 0)
    ctypes.memset(area, 1, 64 * MIB)
    libc.shmdt(ctypes.c_void_p(area))
""",
        ends=False,
    ),
    Evasion(
        "all folders at once",
        """
for folder in (os.path.expanduser("~"), "/tmp", "/dev/shm"):
    with contextlib.suppress(OSError):
        open(f"{folder}/mine", "wb").write(bytes(390 * MIB))
time.sleep(4)
""",
    ),
    Evasion(
        "millions of empty files",
        IN_CHILDREN
        + """
def fill(folder):
    for number in range(10**6):
        os.mknod(f"{folder}/{os.getpid()}-{number}")

done = [children(1, lambda: fill(f)) for f in (os.path.expanduser("~"), "/tmp", "/dev/shm")]
for one in done:
    wait(one, 1)
""",
        ends=False,
    ),
    Evasion(
        "tables for pages",
        IN_CHILDREN
        + """
def fill():
    area = mmap.mmap(-1, 2**40, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x4000, prot=1)
    for place in range(0, 2**40, 2 * MIB):
        area[place]

wait(children(6, fill), 6)
""",
        ends=False,
    ),
    Evasion(
        "forks that write to what they share",
        IN_CHILDREN
        + """
area = mmap.mmap(-1, 400 * MIB, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
area[:] = b"x" * (400 * MIB)

def write():
    time.sleep(5)
    for place in range(0, 400 * MIB, 4096):
        area[place] = 1

wait(children(95, write), 95)
""",
    ),
    Evasion(
        "a process that hides what it holds",
        "assert libc.prctl(4, 0, 0, 0, 0) == 0\n" + UNMAPPED,
    ),
    Evasion(
        "many small processes",
        IN_CHILDREN
        + """
def hold():
    kept.append(bytearray(b"x" * (40 * MIB)))

kept = []
wait(children(95, hold), 95)
""",
    ),
)


class Measured(groups.Group):
    """A group that limits nothing, and reports afterwards how much it has held."""

    def holds(self, pid):
        return False


def most_held(box):
    """Return the most that a box's group has held, files on a disk left out."""
    folder = box._group.folders[0]
    for name in ("memory.peak", "memory.max_usage_in_bytes"):
        with contextlib.suppress(OSError):
            return int((folder / name).read_text())
    raise AssertionError(f"{folder} does not say how much was in it")


# Every attack is tried on both kinds of kernels and with both ways of counting. All four
# combinations would take twice as long, and have found nothing more.
WAYS = [
    ("cold", "watch"),
    ("warm", "group"),
    pytest.param(("cold", "group"), marks=pytest.mark.thorough),
    pytest.param(("warm", "watch"), marks=pytest.mark.thorough),
]


@pytest.fixture(scope="module", params=WAYS, ids="-".join)
def counted(request):
    """Start kernels as for one notebook, or as for a batch; return who counts what they hold.

    That is the kernel if it can, or the grader, as on a machine without control groups. Where
    groups can be created, the boxes that the grader watches have one, too: it only counts, limits
    nothing and has no share of the processors, because a box has no group on machines where the
    grader has to watch it.
    """
    kernels, counted = request.param
    if counted == "group" and not groups.find_place():
        pytest.skip("no control group can be created here")
    warm = warm_kernels(environment(), []) if kernels == "warm" else contextlib.nullcontext()
    with warm, pytest.MonkeyPatch.context() as patched:
        if counted == "watch":
            wide = replace(LIMITS, memory_bytes=16 * GIB)

            def measured(limits):
                group = groups.open_group(wide)
                return group and Measured(group.kind, group.folders, group.prefix)

            patched.setattr(boxes, "open_group", measured)
            place = groups.find_place()
            counting = place and replace(place, processors=None)
            patched.setattr(groups, "find_place", lambda: counting)
        yield counted


def played(code, seconds=240):
    """Return how a box ends in which some code runs, and the most that it held, or None."""
    with Sandbox("bubblewrap", LIMITS) as box:
        box.run(BEGIN, 60)
        try:
            reply = box.run(code, seconds)
            ended = "error" if reply["error"] else "survived"
        except SandboxDied as death:
            ended = death.status
        return ended, most_held(box) if box._group else None


@pytest.mark.parametrize("evasion", EVASIONS, ids=lambda evasion: evasion.name)
def test_no_way_around_the_limit(evasion, counted):
    """Row 30: out of memory, or refused.

    In a group it never holds more than the limit and a tenth. A watch notices fast growth late, but
    ends a box before it holds twice the limit.
    """
    ended, most = played(evasion.code)
    assert ended in ({"out of memory"} if evasion.ends else {"out of memory", "survived", "error"})
    if most is not None:
        print(f"{counted}, {evasion.name}: {ended}, {most / GIB:.2f} GiB")
        assert most < (1.1 if counted == "group" else 2) * GIB


def test_forks_that_share_their_pages_are_no_evasion(counted):
    """The harmless counterpart of row 30: twenty processes that only read what they share."""
    code = (
        IN_CHILDREN
        + """
held = b"x" * (200 * MIB)
wait(children(20, lambda: sum(memoryview(held)[::4096])), 20)
"""
    )
    ended, _ = played(code)
    assert ended == "survived"


def test_an_answer_beside_one_that_evades_keeps_its_points(counted, tmp_path):
    """Row 30: the other exercise of the same notebook."""
    path = tmp_path / "hidden_tests.py"
    path.write_text(small_course.HIDDEN_TESTS)
    key = AnswerKey(load_tests(path), small_course.solution())
    sockets = next(evasion.code for evasion in EVASIONS if "sockets" in evasion.name)
    notebook = small_course.notebook(BEGIN + sockets + RIGHT, small_course.TOTAL)
    result = grade(notebook, key, 3, replace(small_course.LIMITS, memory_bytes=GIB), "bubblewrap")
    verdicts = {verdict.exercise: verdict.status for verdict in result.verdicts}
    assert verdicts["total"] == "passed"
    assert verdicts["double"] in ("out of memory", "timed out", "passed")


def test_groups_are_gone_when_boxes_are():
    place = groups.find_place()
    if not place or not place.memory:
        pytest.skip("no folder for control groups can be created here")
    with Sandbox("bubblewrap", LIMITS) as box:
        inside = [folder for folder in box._group.folders if folder.exists()]
        assert inside
        assert box._counted
    assert not [folder for folder in inside if folder.exists()]


def test_groups_of_a_grader_that_was_killed_are_removed_by_the_next():
    place = groups.find_place()
    if not place or not place.memory:
        pytest.skip("no folder for control groups can be created here")
    child = os.fork()
    if child == 0:
        Sandbox("bubblewrap", LIMITS)
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    left = list(place.memory.glob(f"{groups.NAME}{child}-*"))
    assert left
    end = time.monotonic() + 15
    while any(folder.exists() for folder in left):
        assert time.monotonic() < end, "the box outlived the process that had opened it"
        groups._clean(place)
        time.sleep(0.2)
