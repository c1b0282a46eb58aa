"""What is handed in to each grader for each row of the table in docs/security.md.

Most submissions are those of `tests/security`. The others, for rows that are about the parts around
a grader, are written here, so that every grader gets the same: none of them depends on the grader
that runs it.
"""

from __future__ import annotations

import json
import sys
import tempfile
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell
from traitlets.config import Config

from grading.paths import ROOT

sys.path.append(str(ROOT / "tests" / "security"))  # the submissions are those of the tests
import small_course
import submissions
from attacks import ATTACKS, CONNECT, OPEN_FILES, RIGHT, WRONG, Attack

GAMBLES = 10
HONEST = "zoe"
NBGRADER, OTTER = "nbgrader", "otter-grader"
SECONDS_FOR_LONG_TEXTS = 60.0  # about ten times the time that grading takes without such texts

Fair = tuple[set[float | None], set[float | None]]
"""The fair points for the attacked exercise, and for the other one."""
ALL: Fair = ({2.0}, {1.0})
NOTHING: Fair = ({0.0, None}, {0.0, None})
WRONG_ONE: Fair = ({0.0}, {1.0})
EITHER: Fair = ({0.0, 2.0}, {1.0})

Files = dict[str, bytes | Path]


@dataclass(frozen=True)
class Case:
    """One attack, the same for every grader.

    Attributes
    ----------
    row : int
    name : str
    rounds : tuple of dict
        What is handed in before each run of the grader: content by path below `submitted/`; a
        `Path` is the target of a link.
    fair : dict of str to Fair
        By student.
    shows : str
        What the attacked cells must show if they have found nothing.
    unwanted : str
        What the grader's own log must not contain.
    loops : bool
        One of the cells loops; it gets five seconds.
    steady : bool
        Every round must end in the same way.
    refused : bool
        The run must name the students as not graded.
    may_be_refused : bool
        A student may also have no points at all, if named as not graded.
    killed : bool
        The grader is killed while it grades, and is started again.
    shown : bool
        The pages and tables that teachers open are checked, too.
    seconds : float or None
        The most processor time that the grader may take for the two notebooks of a class.
    lacks : frozenset of str
        Graders that have no such part, so that the attack does not apply to them.
    prepare : callable or None
        Gets the course's folder and nbgrader's settings before anything is graded.
    """

    row: int
    name: str
    rounds: tuple[Files, ...]
    fair: dict[str, Fair]
    shows: str = ""
    unwanted: str = ""
    loops: bool = False
    steady: bool = False
    refused: bool = False
    may_be_refused: bool = False
    killed: bool = False
    shown: bool = False
    seconds: float | None = None
    lacks: frozenset[str] = frozenset()
    prepare: Callable[[Path, Config], None] | None = None

    @property
    def student(self) -> str:
        return next(iter(self.fair))


NEITHER = frozenset({NBGRADER, OTTER})
NOT_OTTER = frozenset({OTTER})
# They replace the code that answers this grader's questions. Other graders ask none.
ABOUT_REPLIES = {"answers with a pickle", "answers too much", "answers another question"}
ROWS_ABOUT_REPLIES = {26, 27}


def _notebook(notebook: nbformat.NotebookNode, student: str = "ada") -> Files:
    # Escapes everything that is not ASCII: some notebooks contain text that is not valid Unicode.
    return {
        f"{student}/{small_course.NAME}/{small_course.NAME}.ipynb": json.dumps(notebook).encode()
    }


def honest() -> Files:
    """Return the submission that is handed in together with every case's attacks."""
    return _notebook(submissions.GOOD, HONEST)


def _answer(source: str, student: str = "ada") -> Files:
    return _notebook(small_course.notebook(source, small_course.TOTAL), student)


def _beside(source: str, *cells: nbformat.NotebookNode) -> Files:
    """Return a submission with this answer, and with cells of the student's own."""
    notebook = small_course.notebook(source, small_course.TOTAL)
    notebook.cells[1:1] = cells
    return _notebook(notebook)


def _of_attack(attack: Attack) -> Case:
    replies = attack.row in ROWS_ABOUT_REPLIES or attack.name in ABOUT_REPLIES
    return Case(
        attack.row,
        attack.name,
        (_answer(attack.answer),),
        {"ada": (set(attack.deserves), {1.0})},
        attack.shows,
        loops=attack.status == "timed out",
        lacks=NEITHER if replies else frozenset(),
    )


def cases(paths: list[str], port: int) -> list[Case]:
    """Return every attack of the table.

    Parameters
    ----------
    paths : list of str
        Files that no student may open.
    port : int
        A port of the grading machine on which something listens.
    """
    wrong, right = {"ada": WRONG_ONE}, {"ada": ALL}
    good = _notebook(submissions.GOOD)
    beside = {
        f"ada/{small_course.NAME}/{name}.py": b"raise SystemExit('mine')"
        for name in ("helpers", "sitecustomize", "numpy")
    }
    crash = _answer("import os\nos._exit(1)")
    broken: Files = {next(iter(good)): b"broken"}
    slow = _answer("import time\ntime.sleep(3)\n" + small_course.DOUBLE)
    loud = _notebook(small_course.notebook(submissions.LOUD, small_course.TOTAL), "=HYPERLINK(1)")
    open_files = OPEN_FILES.format(paths=paths)
    made = [
        *map(_of_attack, ATTACKS),
        Case(1, "skips its tests", (_notebook(submissions.skipped(WRONG)),), wrong),
        Case(1, "skips them, and is right", (_notebook(submissions.skipped(RIGHT)),), right),
        Case(6, "opens files", (_answer(open_files),), wrong, "got ['opened']"),
        Case(7, "a pickle sent to the grader", (_answer(PICKLES),), wrong, unwanted=EXPLODED),
        Case(8, "connects", (_answer(CONNECT.format(port=port)),), wrong, "got ['reached']"),
        Case(14, "cells moved about", (_notebook(submissions.moved_about()),), right),
        Case(14, "a graded cell deleted", (_notebook(submissions.deleted()),), right),
        Case(15, "all metadata lost", (_notebook(submissions.stripped()),), right),
        Case(16, "modules beside the notebook", (good | beside,), right),
        _no_notebooks(),
        Case(
            18, "through the exchange", ({},), right, prepare=_through_the_exchange, lacks=NOT_OTTER
        ),
        Case(18, "through a platform", ({},), right, prepare=_through_a_platform, lacks=NOT_OTTER),
        Case(19, "crashes after a good one", (good, crash), wrong),
        Case(19, "unreadable after a good one", (good, broken), {"ada": NOTHING}),
        # It is right in about half of its runs: five would agree by chance once in sixteen times.
        Case(22, "gambles", (_answer(submissions.GAMBLE),) * GAMBLES, {"ada": EITHER}, steady=True),
        Case(23, "scripts and a formula", (loud,), {"=HYPERLINK(1)": WRONG_ONE}, shown=True),
        Case(24, "killed half-way", (slow,), right, killed=True),
        *_around_the_grader(),
    ]
    return sorted(made, key=lambda case: case.row)


def _no_notebooks() -> Case:
    name = f"{small_course.NAME}/{small_course.NAME}"
    files: Files = {
        f"{student}/{name}.ipynb": content for student, content in submissions.BROKEN.items()
    }
    files |= {
        f"linked/{name}.ipynb": Path("..", "..", HONEST, f"{name}.ipynb"),
        f"whole-link/{small_course.NAME}": Path("..", HONEST, small_course.NAME),
        f"archive/{small_course.NAME}/{small_course.NAME}.zip": b"PK",
    }
    fair = {path.partition("/")[0]: NOTHING for path in files}
    return Case(17, "no notebooks", (files,), fair, refused=True)


def _through_the_exchange(course: Path, config: Config) -> None:
    with tempfile.TemporaryDirectory() as folder:
        submissions.through_the_exchange(course, config, "ada", Path(folder))


def _through_a_platform(course: Path, config: Config) -> None:
    submissions.through_a_platform(course, config, "ada")


EXPLODED = "a pickle of a student was loaded"
# Marks are assembled when the attack runs, because a log may quote its source.
PICKLES = f"""
import pickle, socket, struct

class Bomb:
    def __reduce__(self):
        return print, (" ".join({EXPLODED.split()!r}),)

def ports():
    with open("/proc/net/tcp") as table:
        for line in list(table)[1:]:
            _, address, _, state = line.split()[:4]
            if state == "0A" and address.startswith("0100007F"):
                yield int(address.partition(":")[2], 16)

bomb = pickle.dumps(Bomb())
for port in ports():
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.sendall(struct.pack(">L", len(bomb)) + bomb)
    except OSError:
        pass
{WRONG}"""

TAKES_WHAT_IS_EXPECTED = """
import sys

def double(numbers):
    frame = sys._getframe(1)
    while frame:
        expected = frame.f_locals.get("expected", frame.f_globals.get("expected"))
        if isinstance(expected, list):
            return list(expected)
        frame = frame.f_back
    return [2, 4]  # to the visible check
"""

PLACES = """
import ctypes, os

name = b"left-for-bob"
folders = ("/tmp", "/dev/shm", os.path.expanduser("~"))
places = [os.path.join(folder, name.decode()) for folder in folders]
kernel = ctypes.CDLL(None, use_errno=True)
ADD_KEY, REQUEST_KEY, KEYCTL, READ = 248, 249, 250, 11  # of x86-64
USER, SESSION = -4, -3
"""
LEAVES = f"""{PLACES}
answer = {RIGHT!r}.encode()
exec(answer)
for place in places:
    try:
        with open(place, "wb") as file:
            file.write(answer)
    except OSError:
        pass
for keyring in (USER, SESSION):
    kernel.syscall(ADD_KEY, b"user", name, answer, len(answer), keyring)
"""
FINDS = f"""{PLACES}
{WRONG}
found = b""
for place in places:
    try:
        with open(place, "rb") as file:
            found = found or file.read()
    except OSError:
        pass
if not found:
    key = kernel.syscall(REQUEST_KEY, b"user", name, None, 0)
    held = ctypes.create_string_buffer(1000)
    size = kernel.syscall(KEYCTL, READ, key, held, 1000) if key > 0 else 0
    found = held.raw[: max(0, size)]
exec(found)
"""

MARK = "document.title"
LIVE = (
    f'<img src="missing" onerror="{MARK} = 1">\n\n'
    f"<svg onload='{MARK} = 2'><circle r='9'/></svg>\n\n"
    f"[a link](javascript:{MARK}=3)\n\n"
    f'<a href="java&#115;cript:{MARK}=4">another</a>\n\n'
    f'<iframe srcdoc="<script>parent.{MARK} = 5</script>"></iframe>\n'
)

# In memory that no process maps; a fifth more than the box of `attacks.py` may hold.
HIDES_MEMORY = """
import os

def double(numbers):
    held = [os.memfd_create(str(number)) for number in range(160)]
    for file in held:
        os.write(file, bytes(2**24))
    import time
    time.sleep(5)
    return numbers
"""

ESCAPES = "\x1b]0;mine\x07"
STRANGE = r"\ud800 \0 \x1b]0;mine\x07 \x1b[2J \x9b31m"
PRINTS_STRANGE = f"print('{STRANGE}')\n{RIGHT}"
RAISES_STRANGE = f"def double(numbers):\n    raise ValueError('{STRANGE}')\n"

FORGED = "a line that no grader wrote"
WRITES_TO_OTHERS = f"""
import os

line = "\\n" + " ".join({FORGED.split()!r}) + "\\n"
for process in (1, os.getppid()):
    for number in (1, 2):
        try:
            file = os.open(f"/proc/{{process}}/fd/{{number}}", os.O_WRONLY | os.O_NONBLOCK)
            os.write(file, line.encode())
            os.close(file)
        except OSError:
            pass
{RIGHT}"""

TIMES = "import numpy\n\ndef double(numbers):\n    return {made}\n"
LIST_OF_TIMES = TIMES.format(made="[numpy.timedelta64(2 * number) for number in numbers]")
ARRAY_OF_TIMES = TIMES.format(made="2 * numpy.array(numbers, dtype='timedelta64[s]')")

JOSE = ("NFC", "NFD")
NAMES = (
    "Ada",
    "ada",
    *(unicodedata.normalize(form, "jos\u00e9") for form in JOSE),
    "[bo]b",
    "bell\x07\x1b[31m",
    "x" * 240,  # no file system accepts 300
)


def _around_the_grader() -> list[Case]:
    """Return the attacks of rows 25 to 35."""
    right, wrong = {"ada": ALL}, {"ada": WRONG_ONE}
    accomplices = _answer(LEAVES) | _answer(FINDS, "bob")
    live = _beside(RIGHT, new_markdown_cell(LIVE), _with_an_attachment())
    many = [new_code_cell("print('x' * 190_000)", id=f"loud-{number}") for number in range(300)]
    strange = STRANGE.encode().decode("unicode_escape")
    held = new_markdown_cell(strange, metadata={"name": strange, "tags": [strange]})
    named = {path: content for name in NAMES for path, content in _answer(RIGHT, name).items()}
    return [
        Case(25, "takes what is expected", (_answer(TAKES_WHAT_IS_EXPECTED),), wrong),
        Case(25, "left for an accomplice", (accomplices,), {"ada": ALL, "bob": WRONG_ONE}),
        Case(28, "live HTML in Markdown", (live,), right, shown=True, lacks=NOT_OTTER),
        *_long_texts(),
        Case(30, "memory without a process", (_answer(HIDES_MEMORY),), wrong),
        Case(31, "prints in 300 cells", (_beside(RIGHT, *many),), right),
        Case(32, "prints strange text", (_answer(PRINTS_STRANGE),), right, unwanted=ESCAPES),
        Case(32, "raises strange text", (_answer(RAISES_STRANGE),), wrong, unwanted=ESCAPES),
        Case(32, "holds strange text", (_beside(RIGHT, held),), right, unwanted=ESCAPES),
        Case(33, "writes to others' files", (_answer(WRITES_TO_OTHERS),), right, unwanted=FORGED),
        Case(34, "a list of durations", (_answer(LIST_OF_TIMES),), wrong),
        Case(34, "an array of durations", (_answer(ARRAY_OF_TIMES),), wrong),
        Case(35, "names", (named,), dict.fromkeys(NAMES, ALL), may_be_refused=True),
    ]


def _with_an_attachment() -> nbformat.NotebookNode:
    picture = f"<svg xmlns='http://www.w3.org/2000/svg' onload='{MARK} = 6'/>"
    cell = new_markdown_cell("![a picture](attachment:a.svg)")
    cell.attachments = {"a.svg": {"image/svg+xml": picture, "text/html": picture}}
    return cell


def _long_texts() -> list[Case]:
    """Return row 29: texts that may slow down a pattern, in every place that graders must read."""
    texts = {
        "three million <": "<" * 3_000_000,
        "144 KB of \\begin": "\\begin{a}" * 16_000,
        "a title of one word": "# " + "x" * 2**20,
    }
    made = []
    for name, text in texts.items():
        files = _beside(RIGHT, new_markdown_cell(text), new_code_cell(f"# {text}", id="long"))
        made.append(
            Case(
                29,
                name,
                (files,),
                {"ada": ALL},
                may_be_refused=True,
                shown=True,
                seconds=SECONDS_FOR_LONG_TEXTS,
            )
        )
    return made
