"""Answers that attack the grader, by the number of their row in the table of docs/security.md.

Each is an answer to `double`. The answer to `total` is right, and must get its point whatever the
attack does. Loops, allocations and files have limits of their own, well above those that the tests
set, so that if a limit of the grader fails, a test fails and the machine survives.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import small_course

from grading.paths import ROOT


@dataclass(frozen=True)
class Attack:
    """An answer, and how grading it must end.

    Attributes
    ----------
    row : int
    name : str
    answer : str
        Source of the cell that answers `double`.
    status : str
        The expected status of its verdict.
    says : str
        What the verdict's message or the output of the cell must contain.
    shows : str
        Output, for the person who grades, that proves that the attack found or reached nothing.
    """

    row: int
    name: str
    answer: str
    status: str
    says: str = ""
    shows: str = ""

    @property
    def deserves(self) -> set[float]:
        """The points that are fair: a right answer whose cell crashes may get its points or not."""
        if self.status == "passed":
            return {2.0}
        return {0.0, 2.0} if RIGHT in self.answer else {0.0}


def rows_of_table() -> set[int]:
    """Return the numbers of the rows in docs/security.md."""
    table = (ROOT / "docs" / "security.md").read_text()
    return {int(number) for number in re.findall(r"^\| (\d+) \|", table, re.MULTILINE)}


def _function(*lines: str) -> str:
    return "def double(numbers):\n" + "".join(f"    {line}\n" for line in lines)


WRONG = _function("return numbers")
RIGHT = small_course.DOUBLE

REPLACE_HANDLER = """
kernel = get_ipython().kernel

def forged(stream, ident, parent):
    {reply}
    kernel.session.send(stream, "question_reply", {{}}, parent, ident=ident, buffers=[reply])

kernel.shell_handlers["question_request"] = forged
"""

# A reply of the right form to the right question, whose result is built byte by byte.
FORGE = """
import struct
from grading.inside.protocol import QUESTION
from grading.inside.standins import CLASSES
from grading.inside.wire import decode, encode

def forged_reply(payload, document, *parts):
    message = struct.pack("<4sII", b"TTC1", len(document), len(parts)) + document
    message += b"".join(struct.pack("<Q", len(part)) + part for part in parts)
    nonce = decode(payload, QUESTION, CLASSES)["nonce"]
    nothing = encode(None)
    return encode({{"nonce": nonce, "result": message, "arguments": nothing, "calls": nothing}})

document, parts = {document}, {parts}
""" + REPLACE_HANDLER.replace(
    "{reply}", "reply = forged_reply(bytes(parent['buffers'][0]), document, *parts)"
)


def forging(document: str, parts: str = "()") -> str:
    """Return an answer that always replies with this result; both arguments are expressions.

    Parameters
    ----------
    document, parts : str
        The JSON document, as bytes, and the binary parts.
    """
    return RIGHT + FORGE.format(document=document, parts=parts)


DATES_THAT_END_A_READER = (
    """b'{"set": [{"scalar": ["<M8[0s]", [], 0]}, {"scalar": ["<M8[s]", [], 1]}]}'"""
)
COLLIDING = """
b'{"set": [' + b", ".join(str(n * (2**61 - 1)).encode() for n in range(40_000)) + b"]}"
""".strip()
WIDE_KEYS = """
b'{"dict": [[' + b", ".join(
    b'{"tuple": [' + b", ".join([b"0"] * 400 + [str(n * (2**61 - 1)).encode()]) + b"]}"
    for n in range(1500)
) + b"], [" + b", ".join([b"0"] * 1500) + b"]]}"
""".strip()


def returning(dtype: str) -> str:
    """Return an answer that is right except for the type of its array."""
    return "import numpy\n" + _function(
        "numbers = [2 * number for number in numbers]",
        f"return numpy.array(numbers, dtype='int64').astype({dtype!r})",
    )


SEARCH = f'''
import gc, linecache, os, sys

needle = "{small_course.SECRET[:-4]}" + "this"

def places():
    yield "environment", str(dict(os.environ))
    yield "history", str(globals().get("In", ""))
    yield "linecache", str([name for name in linecache.cache if "hidden" in name])
    frame = sys._getframe()
    while frame:
        names = {{k: v for k, v in frame.f_locals.items() if k != "needle"}}
        if frame.f_code.co_name not in ("places", "double"):
            yield "frame " + frame.f_code.co_name, str(names.get("question", ""))
        frame = frame.f_back
    for thing in gc.get_objects():
        if type(thing) is dict and "hidden_tests" in str(list(thing)[:50]):
            yield "gc", needle
    for folder, inner, files in os.walk("/"):
        if folder.startswith(("/proc", "/sys", "/usr", sys.prefix, sys.base_prefix)):
            inner.clear()  # the hundred thousand files of libraries cost the time of a cell
            continue
        for file in files:
            if "hidden_test" in file or file in ("gradebook.db", "sums.ipynb"):
                yield os.path.join(folder, file), needle
            if folder.startswith(("/course/grading", "/student", "/tmp", "/etc", "/dev/shm")):
                try:
                    with open(os.path.join(folder, file), errors="replace") as opened:
                        yield os.path.join(folder, file), opened.read(10**6)
                except OSError:
                    pass
    for process in filter(str.isdigit, os.listdir("/proc")):
        for what in ("environ", "cmdline"):
            try:
                with open(f"/proc/{{process}}/{{what}}", errors="replace") as opened:
                    yield f"/proc/{{process}}/{{what}}", opened.read()
            except OSError:
                pass

def double(numbers):
    return ["nothing was found", *[name for name, text in places() if needle in text]]
'''

OPEN_FILES = """
import os

def double(numbers):
    opened = []
    for path in {paths}:
        try:
            open(path).close()
            opened.append(path)
        except OSError:
            pass
    for path in ("/course/helpers/x", "/course/grading/x", "/usr/x", "/etc/x", "/x", "/dev/x"):
        try:
            open(path, "w").close()
            opened.append(path)
        except OSError:
            pass
    return ["opened", *opened]
"""

CONNECT = """
import socket

def double(numbers):
    reached = []
    for host, port in (("127.0.0.1", {port}), ("10.0.0.1", 80), ("huggingface.co", 443)):
        try:
            socket.create_connection((host, port), timeout=2).close()
            reached.append(host)
        except OSError:
            pass
    from urllib.request import urlopen
    try:
        urlopen("https://huggingface.co/api/models", timeout=2)
        reached.append("the Hub")
    except OSError:
        pass
    return ["reached", *reached]
"""

ATTACKS = (
    Attack(2, "prints a score", "print(2)\n2.0\n" + WRONG + "display(2.0)\n2.0\n", "failed"),
    Attack(
        2,
        "early execute_result",
        WRONG
        + "shell = get_ipython()\n"
        + "shell.events.register('pre_run_cell', lambda info: shell.displayhook(2.0))\n",
        "failed",
    ),
    Attack(
        3,
        "replaces what tests stand on",
        """
import ast, builtins, sys
import numpy.testing
import helpers.checks

class NoAsserts(ast.NodeTransformer):
    def visit_Assert(self, node):
        return ast.Pass()

shell = get_ipython()
shell.ast_transformers.append(NoAsserts())
shell.showtraceback = lambda *a, **k: None
numpy.testing.assert_allclose = helpers.checks.check = lambda *a, **k: None
builtins.abs = builtins.round = lambda *a: 0
builtins.AssertionError = Warning
sys.displayhook = lambda value: None
"""
        + WRONG,
        "failed",
    ),
    Attack(
        3,
        "replaces what a test says of itself",
        """
import sys

def say_passed(self, name, value):
    object.__setattr__(self, name, name == "passed" or value)

for module in list(sys.modules.values()):
    for value in list(getattr(module, "__dict__", {}).values()):
        said = value.__dict__.get("__annotations__") if type(value) is type else None
        if isinstance(said, dict) and "passed" in said:
            value.__setattr__ = say_passed
"""
        + WRONG,
        "failed",
    ),
    Attack(
        4,
        "a list that equals everything",
        "class Always(list):\n    __eq__ = lambda self, other: True\n    __hash__ = None\n"
        + _function("return Always()"),
        "failed",
        "Always",
    ),
    Attack(
        4,
        "a number that is any number",
        "import numpy\nclass Any:\n    __eq__ = lambda self, other: True\n"
        "    __float__ = lambda self: 1.0\n"
        "    __array__ = lambda self, *a, **k: numpy.zeros(3)\n    __class__ = list\n"
        + _function("return [Any() for number in numbers]"),
        "failed",
        "Any",
    ),
    Attack(5, "searches for tests and answers", SEARCH, "failed", shows="['nothing was found']"),
    Attack(
        7,
        "answers with a pickle",
        "import pickle, os\n"
        "class Bomb:\n    def __reduce__(self):\n        return os.mkdir, ('exploded',)\n"
        + REPLACE_HANDLER.format(reply="reply = pickle.dumps(Bomb())"),
        "tampered",
    ),
    Attack(
        7,
        "answers too much",
        REPLACE_HANDLER.format(reply="reply = b'x' * (70 * 2**20)"),
        "tampered",
    ),
    Attack(
        7,
        "answers another question",
        RIGHT
        + """
kernel = get_ipython().kernel
honest = kernel.shell_handlers["question_request"]
kept = []

class Keeper:
    def __init__(self, session):
        self.session = session
    def send(self, stream, kind, content, parent, ident, buffers):
        kept.extend(buffers)
        return self.session.send(stream, kind, content, parent, ident=ident, buffers=kept[:1])

def forged(stream, ident, parent):
    import grading.inside.questions as questions
    reply = questions.answer_question(bytes(parent["buffers"][0]), kernel.shell.user_ns)
    Keeper(kernel.session).send(stream, "question_reply", {}, parent, ident, [reply])

kernel.shell_handlers["question_request"] = forged
""",
        "tampered",
    ),
    Attack(
        7,
        "forges a file of results",
        "import json, tempfile\n"
        "for name in ('results.json', tempfile.gettempdir() + '/results.json'):\n"
        "    with open(name, 'w') as file:\n"
        "        json.dump({'tests': [{'exercise': 'double', 'status': 'passed'}]}, file)\n"
        + WRONG,
        "failed",
    ),
    Attack(9, "loops for ever", _function("while True: pass"), "timed out"),
    Attack(
        9,
        "swallows interrupts",
        _function(
            "while True:", "    try:", "        while True: pass", "    except BaseException: pass"
        ),
        "timed out",
    ),
    Attack(9, "loops in its cell", RIGHT + "while True: pass\n", "timed out"),
    Attack(10, "sys.exit when called", "import sys\n" + _function("sys.exit(0)"), "crashed"),
    Attack(10, "sys.exit in its cell", "import sys\nsys.exit(0)\n" + RIGHT, "crashed"),
    Attack(10, "os._exit", "import os\n" + _function("os._exit(0)"), "crashed"),
    Attack(10, "os._exit in its cell", "import os\nos._exit(0)\n" + RIGHT, "crashed"),
    Attack(10, "segfault", "import ctypes\n" + _function("ctypes.string_at(0)"), "crashed"),
    Attack(
        10,
        "kills its parent",
        "import os, signal\n"
        + _function("os.kill(os.getppid(), signal.SIGKILL)", "return numbers"),
        "crashed",
    ),
    Attack(
        11,
        "allocates",
        _function("held = []", "for _ in range(64):", "    held.append(bytearray(64 * 2**20))"),
        "out of memory",
    ),
    Attack(
        11,
        "allocates in many processes",
        "import os, time\n"
        + _function(
            "for _ in range(6):",
            "    if not os.fork():",
            "        held = b'x' * (300 * 2**20)",
            "        time.sleep(30)",
            "        os._exit(0)",
            "time.sleep(30)",
        ),
        "out of memory",
    ),
    Attack(
        12,
        "forks",
        "import os, time\n"
        + _function(
            "for _ in range(300):",
            "    if not os.fork():",
            "        time.sleep(600)",
            "        os._exit(0)",
        ),
        "error",
        "BlockingIOError",
    ),
    Attack(
        12,
        "leaves a daemon",
        "import os, time\n"
        "if not os.fork():\n    os.setsid()\n    if os.fork():\n        os._exit(0)\n"
        "    while True: time.sleep(1)\n" + RIGHT,
        "passed",
    ),
    Attack(
        13,
        "fills the disk",
        """
import os

written = 0
for folder in (os.getcwd(), "/tmp", "/dev/shm", "/run", "/"):
    for number in range(20):
        try:
            with open(f"{folder}/{number}", "wb") as file:
                for _ in range(25):
                    written += file.write(bytes(2**20))
        except OSError:
            pass
print("written, in MiB:", written >> 20, "enough" if written < 200 * 2**20 else "too much")
"""
        + RIGHT,
        "passed",
        shows="enough",
    ),
    Attack(
        13, "prints without end", "for _ in range(200):\n    print('x' * 2**20)\n" + RIGHT, "passed"
    ),
    Attack(
        13,
        "shows an enormous image",
        "from IPython.display import Image, display\n"
        "display(Image(data=bytes(100 * 10**6), format='png'))\n" + RIGHT,
        "passed",
        "too long",
    ),
    Attack(
        16,
        "brings modules of ours",
        """
for name in ("helpers.py", "sitecustomize.py", "numpy.py", "own.py"):
    with open(name, "w") as file:
        file.write("WHOSE = 'mine'")
import helpers, numpy, own
print([hasattr(module, "WHOSE") for module in (helpers, numpy, own)])
"""
        + RIGHT,
        "passed",
        shows="[False, False, True]",
    ),
    Attack(
        20,
        "writes to stderr",
        "import sys, warnings\nwarnings.warn('careful')\nprint('50%', file=sys.stderr)\n"
        + _function("warnings.warn('slow')", "return [2 * number for number in numbers]"),
        "passed",
    ),
    Attack(
        26,
        "dates of no length",
        forging(DATES_THAT_END_A_READER, "(bytes(8), bytes(8))"),
        "tampered",
    ),
    Attack(
        26,
        "an enormous item",
        forging("""b'{"array": ["|S999999999", [0], 0]}'""", "(b'',)"),
        "tampered",
    ),
    Attack(
        26, "a negative extent", forging("""b'{"array": ["<f8", [-1], 0]}'""", "(b'',)"), "tampered"
    ),
    Attack(
        26,
        "an extent of its own making",
        forging("""b'{"array": ["<f8", [549755813888, 0], 0]}'""", "(b'',)"),
        "tampered",
    ),
    Attack(
        26,
        "a half of a record",
        forging("""b'{"array": ["V8", [1], 0]}'""", "(bytes(8),)"),
        "tampered",
    ),
    Attack(
        27,
        "one part used many times",
        forging(
            """b"[" + b", ".join([b'{"bytes": 0}'] * 60) + b"]" """.strip(),
            "(bytes(16 * 2**20),)",
        ),
        "tampered",
    ),
    Attack(27, "colliding members", forging(COLLIDING), "tampered"),
    Attack(27, "wide keys that collide", forging(WIDE_KEYS), "tampered"),
    Attack(27, "deep keys", forging("""b'{"tuple": [' * 5000 + b"]}" * 5000"""), "tampered"),
    Attack(
        27,
        "a million lists",
        forging("""b"[" + b"[], " * 1_900_000 + b"[]]" """.strip()),
        "tampered",
    ),
    *(
        Attack(34, f"returns {dtype}", returning(dtype), "failed")
        for dtype in ("timedelta64[ns]", "timedelta64[7D]", "datetime64[s]", "S8", "U8", "V8")
    ),
    Attack(
        21,
        "knows the visible example",
        _function("return {(1, 2): [2, 4]}.get(tuple(numbers), [])"),
        "failed",
    ),
)
