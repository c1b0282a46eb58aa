"""Ways from one box to another, or to the person who grades: row 25's channels, and row 33.

Each channel is tried twice. Between two processes without a box, it must carry something;
otherwise the test would prove nothing. Between two boxes that are open at the same time, it must
carry nothing.
"""

import contextlib
import os
import subprocess
import sys
import textwrap
import time
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from grading.inside import filter as rules
from grading.paths import ROOT
from grading.sandbox.box import Sandbox
from grading.sandbox.commands import NO_SANDBOX, find_bubblewrap
from grading.sandbox.contents import environment
from grading.sandbox.limits import Limits
from grading.sandbox.warm import warm_kernels

DEPENDS_ON = ("grading/inside", "grading/sandbox/launch.py")  # this code runs in other processes

pytestmark = pytest.mark.skipif(not find_bubblewrap(), reason="no bubblewrap works here")

LIMITS = Limits(processes=120, scratch_bytes=2**26)

TOOLS = """
import contextlib, ctypes, errno, fcntl, importlib.util, mmap, os, platform, signal, socket
import struct, sys, time

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
arm = platform.machine() == "aarch64"
kept = []
TMP = "/tmp"

def call(numbers, *arguments):
    words = [ctypes.c_long(word) if isinstance(word, int) else word for word in arguments]
    result = libc.syscall(ctypes.c_long(numbers[arm]), *words)
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result

shared = open(os.__file__)  # one file for all boxes
"""


@dataclass(frozen=True)
class Channel:
    """A way from one process to another; the code of `receive` puts what arrived into `got`.

    Attributes
    ----------
    name : str
    prepare, send, receive : str
        Run by the receiver, by the sender, and by the receiver again.
    open_without_box : bool
        Whether the channel works without a box on every Linux machine.
    """

    name: str
    prepare: str
    send: str
    receive: str
    open_without_box: bool = True


KEY = """
KEYS = {"add": (248, 217), "request": (249, 218), "keyctl": (250, 219)}
LINK, SEARCH, READ, SET_TIMEOUT = 8, 10, 11, 15
SECONDS = 60
"""


def keyring(name, number):
    """Return the channel that uses a keyring."""
    return Channel(
        name,
        KEY,
        KEY
        + f"""
key = call(KEYS["add"], b"user", b"course-note", b"reference", 9, {number})
call(KEYS["keyctl"], SET_TIMEOUT, key, SECONDS)
""",
        f"""
if {number} != -3:  # keys may be read only in a keyring that the session's keyring contains
    call(KEYS["keyctl"], LINK, {number}, -3)
key = call(KEYS["keyctl"], SEARCH, {number}, b"user", b"course-note", 0)
place = ctypes.create_string_buffer(9)
got = call(KEYS["keyctl"], READ, key, place, 9) and place.raw
""",
    )


# As an ordinary user, the interpreter is a file of the user's own; see `ordinary_user.py`.
OWN_FILE = """
def hint(command, value):
    return fcntl.fcntl(os.open("/proc/self/exe", os.O_RDONLY), command, struct.pack("Q", value))[0]
"""
# What ext4 stores about files that are large enough to need it.
STATE = """
def states():
    return [fcntl.ioctl(file, 0x40046629, bytes(4)) for file in files]  # EXT4_IOC_GETSTATE

libraries = os.path.join(os.path.dirname(importlib.util.find_spec("torch").origin), "lib")
paths = sorted(os.path.join(libraries, name) for name in os.listdir(libraries))
files = [os.open(path, os.O_RDONLY) for path in paths if os.path.getsize(path) > 2**25]
before = states()
"""
DEVICES = """
def devices():
    own = [f"/dev/{name}" for name in ("null", "zero", "full", "random", "urandom", "tty")]
    return own + [f"/proc/{process}/fd/{file}" for process in (1, "self") for file in (0, 1)]

def times():
    return [os.stat(device).st_mtime_ns for device in devices()[:6]]

"""

CHANNELS = (
    keyring("the session's keyring", -3),
    keyring("the user's keyring", -4),
    Channel(
        "inotify on a shared file",
        """
watch = call((294, 26), os.O_NONBLOCK)
call((254, 27), watch, os.__file__.encode(), 0x21)
""",
        "open(os.__file__).read()",
        "got = os.read(watch, 100)",
    ),
    Channel(
        "dnotify on a shared folder",
        """
told = []
signal.signal(signal.SIGIO, lambda *_: told.append(1))
folder = os.open(os.path.dirname(os.__file__), os.O_RDONLY)
fcntl.fcntl(folder, fcntl.F_NOTIFY, fcntl.DN_ACCESS)
""",
        "open(os.__file__).read()",
        "time.sleep(0.2); got = told",
    ),
    Channel(
        "flock on a shared file",
        "",
        "fcntl.flock(shared, fcntl.LOCK_EX)",
        """
try:
    fcntl.flock(shared, fcntl.LOCK_SH | fcntl.LOCK_NB)
except BlockingIOError:
    got = "locked"
""",
    ),
    Channel(
        "a record lock on a shared file",
        "",
        "fcntl.fcntl(shared, fcntl.F_SETLK, struct.pack('hhqqi', fcntl.F_RDLCK, 0, 7, 1, 0))",
        """
answer = fcntl.fcntl(shared, fcntl.F_GETLK, struct.pack('hhqqi', fcntl.F_WRLCK, 0, 7, 1, 0))
got = struct.unpack('hhqqi', answer)[0] != fcntl.F_UNLCK
""",
    ),
    Channel(
        "a lock of an open file on a shared file",
        "",
        "fcntl.fcntl(shared, 37, struct.pack('hhqqi', fcntl.F_RDLCK, 0, 7, 1, 0))",
        """
answer = fcntl.fcntl(shared, 36, struct.pack('hhqqi', fcntl.F_WRLCK, 0, 7, 1, 0))
got = struct.unpack('hhqqi', answer)[0] != fcntl.F_UNLCK
""",
    ),
    Channel(
        "a hint for a file that nobody may write to",
        OWN_FILE,
        OWN_FILE + "hint(1036, 3)",
        "got = hint(1035, 0); hint(1036, 0)",
    ),
    Channel(
        "what a file system keeps about a file",
        STATE,
        STATE + "[fcntl.ioctl(file, 0x6612) for file in files]",  # EXT4_IOC_PRECACHE_EXTENTS
        "got = states() != before",
        open_without_box=False,
    ),
    Channel(
        "the time of a device",
        DEVICES + "before = times()",
        DEVICES
        + """
now = struct.pack("4q", 0, 2**30 - 1, 0, 2**30 - 1)  # UTIME_NOW
for device in devices():
    with contextlib.suppress(OSError):
        os.utime(device)
    with contextlib.suppress(OSError):
        call((280, 88), -100, device.encode(), now, 0)
""",
        "got = times() != before",
    ),
    Channel(
        "an abstract socket",
        """
door = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
door.bind(b"\\0course-note")
door.setblocking(False)
""",
        "socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b'reference', b'\\0course-note')",
        "got = door.recv(100)",
    ),
    Channel(
        "a port of the machine",
        """
door = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
door.bind(("127.0.0.1", 47113))
door.setblocking(False)
""",
        "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', 47113))",
        "got = door.recv(100)",
    ),
    Channel(
        "AF_VSOCK",
        """
door = socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
door.bind((socket.VMADDR_CID_ANY, 47113))
door.listen()
door.settimeout(1)
""",
        "socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM).connect((1, 47113))",
        "got = door.accept()",
        open_without_box=False,
    ),
    Channel(
        "shared memory of System V",
        "",
        """
segment = call((29, 194), 0x47113, 4096, 0o1666)
libc.shmat.restype = ctypes.c_void_p
ctypes.memmove(libc.shmat(int(segment), None, 0), b"reference", 9)
""",
        """
segment = call((29, 194), 0x47113, 0, 0)
libc.shmat.restype = ctypes.c_void_p
got = ctypes.string_at(libc.shmat(int(segment), None, 0), 9)
call((31, 195), segment, 0, 0)
""",
    ),
    Channel(
        "messages of System V",
        "",
        """
queue = call((68, 186), 0x47113, 0o1666)
call((69, 189), queue, struct.pack("l", 1) + b"reference", 9, 0)
""",
        """
queue = call((68, 186), 0x47113, 0)
place = ctypes.create_string_buffer(64)
got = call((70, 188), queue, place, 9, 0, 0o4000) and place.raw
call((71, 187), queue, 0, 0)
""",
    ),
    Channel(
        "shared memory of POSIX",
        "",
        "open('/dev/shm/course-note', 'w').write('reference')",
        "got = open('/dev/shm/course-note').read(); os.remove('/dev/shm/course-note')",
    ),
    Channel(
        "messages of POSIX",
        "",
        """
os.umask(0)
queue = call((240, 180), b"course-note", os.O_CREAT | os.O_RDWR, 0o666, None)
call((242, 182), queue, b"reference", 9, 0, None)
""",
        """
queue = call((240, 180), b"course-note", os.O_RDWR | os.O_NONBLOCK, 0, None)
place = ctypes.create_string_buffer(2**14)
got = call((243, 183), queue, place, 2**14, None, None) and place.raw
call((241, 181), b"course-note")
""",
    ),
    Channel(
        "a file in /tmp",
        "",
        "open(TMP + '/course-note', 'w').write('reference')",
        "got = open(TMP + '/course-note').read(); os.remove(TMP + '/course-note')",
    ),
)

# Marks on files that all boxes see; without a box, these would mark the machine's own files.
MARKS = """
paths = [os.__file__, sys.executable, "/proc/self/exe", os.path.dirname(os.__file__)]
seen = lambda: [
    (info.st_nlink, info.st_mode, info.st_mtime_ns, info.st_atime_ns, info.st_size)
    for info in map(os.stat, paths)
]
"""
# Each sets the mark that is set already, so that one which is not refused does no harm.
MARK = """
done = []
for path in paths:
    info = os.stat(path)
    for name, mark in {
        "link": lambda: os.link(path, TMP + "/mine"),
        "link at home": lambda: os.link(path, os.path.expanduser("~/mine")),
        "time": lambda: os.utime(path, ns=(info.st_atime_ns, info.st_mtime_ns)),
        "mode": lambda: os.chmod(path, info.st_mode & 0o7777),
        "owner": lambda: os.chown(path, os.getuid(), os.getgid()),
        "attribute": lambda: os.removexattr(path, "user.note"),
        "write": lambda: open(path, "r+b").close(),
        "append": lambda: open(path, "ab").close(),
        "folder": lambda: os.rmdir(path + "/mine"),
    }.items():
        try:
            mark()
            done.append((path, name))
        except OSError as error:
            if error.errno in (errno.ENODATA, errno.ENOENT):
                done.append((path, name))
done
"""

# Opens everything that a process of the box has open, to write to it and to read from it.
REACH = """
import contextlib, os, stat

own = {os.getpid(), *map(int, os.listdir("/proc/self/task"))}
reached = []
for process in filter(str.isdigit, os.listdir("/proc")):
    if int(process) in own:
        continue
    with contextlib.suppress(OSError):
        for file in os.listdir(f"/proc/{process}/fd"):
            path = f"/proc/{process}/fd/{file}"
            for how in (os.O_WRONLY, os.O_RDONLY, os.O_RDWR):
                with contextlib.suppress(OSError):
                    # A pipe that nobody reads cannot be opened to be written to.
                    if how == os.O_RDWR and stat.S_ISFIFO(os.stat(path).st_mode):
                        continue
                    opened = os.open(path, how | os.O_NONBLOCK)
                    if os.readlink(path) == "/dev/null":
                        continue
                    if how != os.O_RDONLY:
                        os.write(opened, (8).to_bytes(8, "little") + b"forged!!")
                        reached.append((path, os.readlink(path)))
                    elif os.read(opened, 100):
                        reached.append((path, os.readlink(path)))
    for name in ("mem", "environ", "maps"):
        with contextlib.suppress(OSError):
            text = open(f"/proc/{process}/{name}", "rb").read(2**16)
            if b"INSTRUCTORS" in text:
                reached.append((process, name))
    for name in ("root", "cwd"):
        with contextlib.suppress(OSError):
            if "gradebook.db" in os.listdir(f"/proc/{process}/{name}"):
                reached.append((process, name))
for file in os.listdir("/proc/self/fd"):
    with contextlib.suppress(OSError):
        name = os.readlink(f"/proc/self/fd/{file}")
        if not name.startswith(("/dev/null", "/tmp/", "socket:", "anon_inode:", "/proc", "pipe:")):
            reached.append(("inherited", name))
reached
"""

# Makes system calls by name and number, to see what the kernel answers if a box may not make them.
REFUSED_CALLS = """
outcomes = {{}}
for name, number in {calls}.items():
    if os.fork() == 0:  # some would end this process, or stop it
        signal.alarm(5)
        try:
            call((number, number), -1, -1, -1, -1, -1)
        except OSError as error:
            os._exit(error.errno)
        os._exit(0)
    outcomes[name] = os.waitstatus_to_exitcode(os.wait()[1])
outcomes
"""
FAMILIES = """
opened = []
for family in range(1, 46):
    for kind in (1, 2, 3, 5):
        for protocol in (0, 1, 2, 9, 15, 16):
            with contextlib.suppress(OSError):
                socket.socket(family, kind, protocol).close()
                opened.append((family, protocol if family == 16 else 0))
sorted(set(opened))
"""
USUAL = """
import multiprocessing, pathlib, shutil, sqlite3, subprocess, threading
from concurrent.futures import ProcessPoolExecutor
import filelock
import torch
from torch.utils.data import DataLoader
import uvicorn, fastapi, requests

with filelock.FileLock("mine.lock"):
    pass
with sqlite3.connect("mine.db") as base:
    base.execute("create table t (a)")
    base.execute("insert into t values (1)")
assert list(base.execute("select a from t")) == [(1,)]
pathlib.Path("mine").mkdir()
pathlib.Path("mine/new").touch()
pathlib.Path("mine/new").touch()
shutil.copytree("mine", "copied")
assert os.listdir("copied") == ["new"]
assert subprocess.run(["python", "-c", "print(1)"], capture_output=True).stdout == b"1\\n"
batches = [batch.tolist() for batch in DataLoader(range(8), batch_size=4, num_workers=2)]
assert batches == [[0, 1, 2, 3], [4, 5, 6, 7]], batches
queue = multiprocessing.Queue()
writing = multiprocessing.get_context("fork").Process(target=queue.put, args=(7,))
writing.start()
assert queue.get() == 7
writing.join()
app = fastapi.FastAPI()
app.get("/")(lambda: {"well": True})
server = uvicorn.Server(uvicorn.Config(app, port=8123, log_level="error"))
threading.Thread(target=server.run, daemon=True).start()
while not server.started:
    time.sleep(0.05)
assert requests.get("http://127.0.0.1:8123/").json() == {"well": True}
server.should_exit = True
"all is well"
"""


@pytest.fixture(scope="module", params=["cold", "warm"])
def kernels(request):
    """Start kernels as one notebook's are, then as a batch's."""
    warm = request.param == "warm"
    with warm_kernels(environment(), ["transformers"]) if warm else contextlib.nullcontext():
        yield request.param


@contextlib.contextmanager
def two(kind):
    """Open two boxes at the same time in a session with a keyring, with what attacks need."""
    rules.join_empty_keyring()
    with Sandbox(kind, LIMITS) as sender, Sandbox(kind, LIMITS) as receiver:
        for box in (sender, receiver):
            said(box, TOOLS)
        yield sender, receiver


@pytest.fixture(scope="module")
def pair(kernels):
    with two("bubblewrap") as boxes:
        yield boxes


@pytest.fixture(scope="module")
def pair_without_boxes():
    with two(NO_SANDBOX) as processes:
        yield processes


def said(box, code, seconds=120):
    """Return the value of the last line of some code, as text."""
    reply = box.run(code, seconds)
    assert reply["error"] is None, reply
    values = [output["data"]["text/plain"] for output in reply["outputs"] if "data" in output]
    return values[-1] if values else None


def carried(channel, sender, receiver):
    """Return what a channel has carried from the sender to the receiver."""
    shield = "try:\n{}\nexcept (OSError, NameError) as error:\n    refused = error\n"
    said(receiver, "got = refused = None")
    for box, code in (
        (receiver, channel.prepare),
        (sender, channel.send),
        (receiver, channel.receive),
    ):
        said(box, shield.format(textwrap.indent(code or "pass", "    ")))
    return said(receiver, "got or None")


@pytest.mark.parametrize("channel", CHANNELS, ids=lambda channel: channel.name)
def test_no_channel_leads_from_one_box_to_another(channel, pair):
    """Row 25."""
    assert carried(channel, *pair) is None


@pytest.mark.parametrize("channel", CHANNELS, ids=lambda channel: channel.name)
def test_without_boxes_each_channel_carries_something(channel, pair_without_boxes):
    """Otherwise the test above would prove nothing."""
    got = carried(channel, *pair_without_boxes)
    assert got is not None or not channel.open_without_box


def test_no_mark_is_left_on_what_boxes_share(pair):
    """Row 25: hard links, times, modes and attributes of files that all boxes see."""
    sender, receiver = pair
    said(sender, MARKS)
    before = said(receiver, MARKS + "seen()")
    # A box may call for a time to be set, but nothing sets it: see "the time of a device".
    assert {name for _, name in eval(said(sender, MARK))} <= {"time"}
    assert said(receiver, "seen()") == before


def test_calls_that_lead_out_are_refused(pair):
    """Row 25: each call of the list ends as the list says, and has no lasting effect."""
    place = list(rules.MACHINES).index(os.uname().machine)
    calls = {
        name: numbers[place]
        for name, numbers in (rules.REFUSED | rules.ABSENT).items()
        if numbers[place] is not None
    }
    outcomes = eval(said(pair[0], REFUSED_CALLS.format(calls=calls)))
    assert {name for name, error in outcomes.items() if error == 1} == set(rules.REFUSED) & set(
        calls
    )
    assert {name for name, error in outcomes.items() if error == 38} == set(rules.ABSENT)
    later = {"later": rules.NEWEST + 1, "other_way_to_call": 0x40000000 + 250}
    assert set(eval(said(pair[0], REFUSED_CALLS.format(calls=later))).values()) == {38}


def test_sockets_are_of_the_box_alone(pair):
    """Row 25: only families whose other end is in the same box, and the list of its interfaces."""
    assert {family for family, _ in eval(said(pair[0], FAMILIES))} <= {1, 2, 10, 16}
    assert (16, 0) in eval(said(pair[0], FAMILIES))
    assert {protocol for family, protocol in eval(said(pair[0], FAMILIES)) if family == 16} == {0}


def test_no_namespace_can_be_made(pair):
    """Row 25. Row 30: a user namespace would have memory that is counted separately."""
    tries = """
flags = {"mount": 0x20000, "user": 0x10000000, "net": 0x40000000, "pid": 0x20000000}
made = []
for name, flag in flags.items():
    with contextlib.suppress(OSError):
        child = call((56, 220), flag | signal.SIGCHLD, 0, 0, 0, 0)
        if child == 0:
            os._exit(0)
        made.append(name)
made
"""
    assert said(pair[0], tries) == "[]"


def test_what_lessons_use_works(pair):
    assert said(pair[0], USUAL) == "'all is well'"


def test_keys_of_whoever_grades_are_out_of_reach(kernels, tmp_path):
    """Row 25: the keyring of the session that `course grade` was started in."""
    script = f"""
import contextlib, sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
import test_channels as t
tools = {{}}
exec(t.TOOLS + t.KEY, tools)
t.rules.join_empty_keyring()
call, keys = tools["call"], tools["KEYS"]
key = call(keys["add"], b"user", b"course-note", b"instructors", 11, -3)
assert key > 0
warm = {kernels == "warm"} and t.warm_kernels(t.environment(), [])
with warm or contextlib.nullcontext(), t.Sandbox("bubblewrap", t.LIMITS) as box:
    t.said(box, t.TOOLS + t.KEY)
    print(t.said(box, f'''
got = []
with contextlib.suppress(OSError):
    place = ctypes.create_string_buffer(99)
    for key in ({{key}}, call(KEYS["request"], b"user", b"course-note", None, 0)):
        got.append(call(KEYS["keyctl"], READ, key, place, 99) and place.raw)
with contextlib.suppress(OSError):
    got += [line for line in open("/proc/keys") if "course-note" in line]
got'''))
"""
    variables = {name: os.environ[name] for name in os.environ if name != "COURSE_WARM_KERNELS"}
    done = subprocess.run(
        [sys.executable, "-c", script], env=variables, cwd=ROOT, capture_output=True, text=True
    )
    assert done.stdout == "[]\n", done.stderr


def test_nothing_of_the_graders_is_open_in_the_box(kernels, monkeypatch):
    """Row 33."""
    monkeypatch.setenv("INSTRUCTORS", "INSTRUCTORS")
    with Sandbox("bubblewrap", LIMITS) as box:
        assert said(box, REACH) == "[]"
        assert said(box, "1 + 1") == "2"  # nothing forged has arrived through the pipes


def test_numbers_of_calls_are_those_of_libseccomp():
    """Row 25: the filter consists of numbers, which are compared with those of another library."""
    import ctypes.util

    found = ctypes.util.find_library("seccomp")
    if not found:
        pytest.skip("libseccomp is not installed")
    library = ctypes.CDLL(found)
    by_argument = {
        "fcntl": rules.FCNTL,
        "clone": rules.CLONE,
        "ioctl": rules.IOCTL,
        "personality": rules.PERSONALITY,
        "socket": rules.SOCKET,
        "socketpair": rules.SOCKETPAIR,
        "madvise": rules.ADVISE,
        "fadvise64": rules.ADVISE_FILE,
        **{name: numbers for name, (numbers, _) in rules.SETTING_TIMES.items()},
    }
    known = 0
    for place, machine in enumerate(rules.MACHINES.values()):
        for name, numbers in (rules.REFUSED | rules.ABSENT | by_argument).items():
            number = library.seccomp_syscall_resolve_name_arch(machine, name.encode())
            if number == -1:
                assert numbers[place] > 450, name  # too new for the library
            else:
                assert numbers[place] == (number if number >= 0 else None), name
                known += 1
    assert known > 100


@pytest.mark.parametrize("machine", rules.MACHINES)
def test_filters_end_and_stay_within_their_bounds(machine):
    """The kernel accepts no program that jumps past its end or has more than 4,096 instructions."""
    import struct

    lines = list(struct.iter_unpack("HBBI", rules.program(machine)))
    assert len(lines) < 4096
    assert lines[-1] == (rules.RETURN, 0, 0, rules.ALLOW)
    assert all(place + 1 + max(line[1:3]) < len(lines) for place, line in enumerate(lines[:-1]))


def test_an_unknown_processor_is_refused_by_name():
    with pytest.raises(OSError, match="riscv64"):
        rules.program("riscv64")


def _hold_the_lock(path, *_):
    """Write this process's id down, and stay in code that never releases Python's lock."""
    Path(path).write_text(str(os.getpid()))
    import re

    re.match(r"(a+)+$", "a" * 60 + "b")


# What `course grade` and `course prove` do; the work gets a path, and never ends.
COMMANDS = {
    "grade": """
from grading.batch.pool import worker_pool
with worker_pool(1) as workers:
    workers.submit(t._hold_the_lock, path).result()
""",
    "prove": """
from grading.proof import prove
prove.prove_exercise = t._hold_the_lock
list(prove.prove_exercises(path, [("lesson", "exercise")], "bubblewrap", runs=1, workers=1))
""",
}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_worker_ends_with_its_parent_whatever_it_is_busy_with(command, tmp_path):
    """Row 25: a worker that outlived the grader would start again without it."""
    path = tmp_path / "worker"
    script = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
import test_channels as t
path = {str(path)!r}
{COMMANDS[command]}
"""
    parent = subprocess.Popen([sys.executable, "-c", script], cwd=ROOT)
    end = time.monotonic() + 120
    while not path.exists() or not path.read_text():
        assert time.monotonic() < end
        time.sleep(0.1)
    worker = psutil.Process(int(path.read_text()))
    time.sleep(1)
    parent.kill()
    parent.wait()
    worker.wait(10)
