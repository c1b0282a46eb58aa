"""Look for messages that crash, delay or bloat a program that reads them with `wire.py`.

    fuzz_wire.py replay FILE …           read these inputs, and large ones that are built here
    fuzz_wire.py fuzz SECONDS FOLDER     make new inputs, guided by the code that they reach

An input describes a message in a form that a person can read: the JSON document, and each binary
part after a line of its own, `PART_BEGINS`. After `raw:` come the bytes of a message unchanged.
Fuzzing needs atheris (`make fuzz`); everything else needs only the course's environment.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import gc
import hashlib
import importlib
import json
import os
import random
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
INPUTS = Path(__file__).with_name("wire_inputs")
PART_BEGINS = b"\n--part--\n"
RAW = b"raw:"
MOST_SECONDS = 1.0  # of processor time
MOST_BYTES = 64 * 2**20  # in addition to what was held before
# Once read, JSON's small lists take about 17 times their bytes, whatever their bounds are.
LONGEST_INPUT = 2**18
TRIMMED_AT = 32 * 2**20  # memory that is kept for later would hide how much a message takes


class TooMuch(AssertionError):
    """A message that takes more than it may, or that stops its reader with an unexpected error."""


def as_message(data: bytes) -> bytes:
    """Return the message that an input describes."""
    from grading.inside.wire import HEADER, MAGIC, PART

    if data.startswith(RAW):
        return data[len(RAW) :]
    document, *parts = data.split(PART_BEGINS)
    pieces = [HEADER.pack(MAGIC, len(document), len(parts)), document]
    for part in parts:
        pieces += [PART.pack(len(part)), part]
    return b"".join(pieces)


def as_input(document: Any, parts: Iterable[bytes]) -> bytes:
    return PART_BEGINS.join([json.dumps(document).encode(), *parts])


def examine(data: bytes) -> bool:
    """Read the message of an input, and return whether it describes a value.

    It is read as the disposable process reads a result, and as the grader itself reads a frame.

    Raises
    ------
    TooMuch
        If it takes too much time or memory, or raises anything but `WireError`.
    """
    from grading.inside.protocol import REPLY_FRAME

    message = as_message(data)
    _examine(message, REPLY_FRAME)
    return _examine(message, None)


def _examine(message: bytes, bounds: Any) -> bool:
    seconds, size, made = _measured(message, bounds)
    if seconds > MOST_SECONDS:  # a busy machine may slow it down, but not three times in a row
        seconds = min(seconds, *(_measured(message, bounds)[0] for _ in range(2)))
    if seconds > MOST_SECONDS:
        raise TooMuch(f"{len(message):,} bytes take {seconds:.1f} s to be read")
    if size > MOST_BYTES:
        raise TooMuch(f"{len(message):,} bytes take {size / 2**20:.0f} MiB to be read")
    return made


def _measured(message: bytes, bounds: Any) -> tuple[float, int, bool]:
    """Return the seconds and the bytes of memory that reading takes, and whether it succeeds."""
    from grading.inside.wire import WireError, decode

    before = _resident("VmRSS", reset=True)
    if before > _held_at_first() + TRIMMED_AT:
        _trim()
        before = _resident("VmRSS", reset=True)
    started, made = time.process_time(), True
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            decode(message, bounds)
    except WireError:
        made = False
    except BaseException as error:
        raise TooMuch(f"{type(error).__name__}: {error!s:.200}") from error
    return time.process_time() - started, _resident("VmHWM") - before, made


@functools.cache
def _held_at_first() -> int:
    return _resident("VmRSS")


def _resident(kind: str, reset: bool = False) -> int:
    """Return this process's resident memory (VmRSS), or the most since the last reset (VmHWM)."""
    with contextlib.suppress(OSError):  # only Linux has these files
        if reset:
            Path("/proc/self/clear_refs").write_text("5")
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith(kind):
                return int(line.split()[1]) * 1024
    return 0


def _trim() -> None:
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def warm_up() -> None:
    """Import what reading imports, so that it is not counted for the first message."""
    for library in ("datasets", "pandas", "torch"):
        importlib.import_module(library)
    for path in sorted(INPUTS.glob("*")):
        with contextlib.suppress(TooMuch):
            _measured(as_message(path.read_bytes()), None)
    gc.collect()
    gc.freeze()


# What messages consist of: each function draws one part, with `random.Random` as the source.
DTYPES = [
    "b1",
    "u1",
    "i1",
    "<i2",
    "<i4",
    "<i8",
    ">i4",
    "<u8",
    "<f2",
    "<f4",
    "<f8",
    "<c8",
    "<c16",
    "S3",
    "<U2",
    "O",
    "|O",
    "f16",
    "i3",
    "M8",
    "m8[s]",
]
DTYPES += ["M8[0s]", "M8[2147483647Y]", "m8[25s/0]", "<U1073741823", "S0", "V8", "i4,i4", "b" * 99]
TENSORS = [
    "bool",
    "uint8",
    "int8",
    "int16",
    "int32",
    "int64",
    "float16",
    "bfloat16",
    "float32",
    "float64",
    "qint8",
]
COLUMNS = [
    "string",
    "str",
    "boolean",
    "Int8",
    "UInt64",
    "Float32",
    "object",
    "category",
    "numpy",
    "period",
]
VALUES = [
    "string",
    "large_string",
    "bool",
    "int8",
    "uint64",
    "float16",
    "float64",
    "time32[s]",
    "timestamp[ns]",
    "binary",
]
TEXTS = ("", "a", "name", "\ud800", "\0", "\x1b[2J", "../..", "x" * 300, "é", "string", "1")
INTEGERS = (0, 1, -1, 2, 3, 7, 31, 255, 2**31, -(2**31), 2**32, 2**40, 2**63, -(2**63), 2**64)
# Multiples of the modulus of Python's hash of numbers: they all have the same hash.
COLLIDING = 2**61 - 1
FLOATS = (0.0, -0.0, 0.5, 1e308, float("nan"), float("inf"), -float("inf"), 5e-324)
SCALARS = ("null", "yes", "integer", "float", "text")


class Maker:
    """Makes documents, and the parts that they refer to."""

    def __init__(self, source: random.Random, parts: list[bytes] | None = None):
        self.source = source
        self.parts = parts if parts is not None else []

    def node(self, depth: int = 0) -> Any:
        """Return any value, in the form that the document has."""
        if depth > 4 or self.source.random() < 0.3:
            return self.scalar()
        return self.source.choice(KINDS)(self, depth + 1)

    def scalar(self) -> Any:
        choice = self.source.choice
        kind = choice(SCALARS)
        if kind == "integer":
            return choice((choice(INTEGERS), COLLIDING * self.source.randrange(50), 10**400))
        if kind == "float":
            return choice(FLOATS)
        if kind == "text":
            return self.text()
        return None if kind == "null" else choice((True, False))

    def text(self) -> str:
        return self.source.choice(TEXTS)

    def nodes(self, depth: int, count: int | None = None) -> list:
        count = self.source.choice((0, 1, 1, 2, 3, 5)) if count is None else count
        return [self.node(depth) for _ in range(count)]

    def count(self) -> int:
        return self.source.choice((0, 1, 2, 3, 3, 3, 8))

    def mostly(self, usual: Any, depth: int) -> Any:
        """Return what belongs in a place or, rarely, something else."""
        return usual if self.source.random() < 0.93 else self.node(depth)

    def shape(self) -> list:
        shape = [self.count() for _ in range(self.source.choice((0, 1, 1, 1, 2, 3)))]
        if self.source.random() < 0.05:
            shape.append(self.source.choice(INTEGERS))
        if self.source.random() < 0.02:
            shape *= 20
        return shape

    def part(self, size: int) -> int:
        """Return the number of a part that has this size or, rarely, another."""
        if self.parts and self.source.random() < 0.07:
            return self.source.choice((len(self.parts) - 1, 0, len(self.parts), -1))
        if self.source.random() < 0.05:
            size += self.source.choice((-1, 1, 8))
        self.parts.append(self.source.randbytes(max(0, min(size, 2**12))))
        return len(self.parts) - 1

    def array(self, depth: int, dtype: str | None = None, shape: list | None = None) -> list:
        dtype = dtype or self.source.choice(DTYPES)
        shape = self.shape() if shape is None else shape
        size = 1
        for extent in shape:
            size *= extent
        if dtype.endswith("O"):
            return [dtype, shape, self.nodes(depth, max(0, min(size, 30)))]
        return [dtype, shape, self.part(size * _width(dtype))]

    def index(self, depth: int, count: int) -> list:
        name = self.mostly(self.source.choice((None, "name")), depth)
        if self.source.random() < 0.3:
            return [name, "range", self.mostly([0, self.mostly(count, depth), 1], depth)]
        return [name, *self.column(depth, count)]

    def column(self, depth: int, count: int) -> list:
        kind = self.source.choice(COLUMNS)
        if kind == "numpy":
            return [kind, self.mostly(self.array(depth, shape=[count]), depth)]
        if kind == "category":
            codes = self.array(depth, dtype=self.source.choice(("i1", "<i8")), shape=[count])
            categories = self.index(depth, self.count()) if depth < 5 else None
            return [kind, [self.mostly(categories, depth), self.source.random() < 0.5, codes]]
        return [kind, self.mostly(self.nodes(depth + 2, count), depth)]

    def feature(self, depth: int) -> list:
        kind = self.source.choice(("Value", "Value", "ClassLabel", "List", "Audio"))
        content: Any = self.source.choice(VALUES)
        if kind == "ClassLabel":
            content = [self.text() for _ in range(self.count())]
        elif kind == "List":
            content = self.feature(depth + 1) if depth < 40 else None
        return [kind, self.mostly(content, depth)]


def _width(dtype: str) -> int:
    """Return how many bytes a value of a type takes, if that is easy to find out."""
    digits = "".join(filter(str.isdigit, dtype.partition("[")[0]))
    return int(digits[:3] or 1) * (4 if "U" in dtype else 1)


def _mapping(maker: Maker, depth: int) -> dict:
    tag = maker.source.choice(("dict", "OrderedDict", "Counter", "defaultdict"))
    keys = maker.nodes(depth + 2)
    return {tag: [keys, maker.mostly(maker.nodes(depth, len(keys)), depth)]}


def _frame(maker: Maker, depth: int) -> dict:
    rows, width = maker.count(), maker.count()
    columns = [maker.column(depth, rows) for _ in range(width)]
    return {"frame": [maker.index(depth, width), maker.index(depth, rows), columns]}


def _series(maker: Maker, depth: int) -> dict:
    rows = maker.count()
    name = maker.mostly("name", depth)
    return {"series": [name, maker.index(depth, rows), maker.column(depth, rows)]}


def _tensor(maker: Maker, depth: int) -> dict:
    dtype, shape = maker.source.choice(TENSORS), maker.shape()
    width = {"bool": "1", "bfloat16": "2"}.get(dtype) or str(int(dtype.strip("uintqfloa")) // 8)
    _, shape, data = maker.array(depth, f"u{width}", shape)
    grad = maker.node(depth) if maker.source.random() < 0.2 else None
    return {"tensor": [dtype, shape, data, maker.source.choice((True, False)), grad]}


def _dataset(maker: Maker, depth: int) -> dict:
    rows, names = maker.count(), [maker.text() for _ in range(maker.count())]
    features = [[name, maker.feature(depth)] for name in names]
    columns = [maker.mostly(maker.nodes(depth + 3, rows), depth) for _ in names]
    kind = maker.source.choice((None, "numpy", "torch", "pandas", "arrow", "jax"))
    return {"dataset": [features, columns, kind, maker.mostly(names, depth)]}


def _datasets(maker: Maker, depth: int) -> dict:
    splits = [_dataset(maker, depth) for _ in range(maker.count() % 4)]
    return {"datasetdict": [[maker.text() for _ in splits], splits]}


def _sequence(maker: Maker, depth: int) -> dict:
    return {maker.source.choice(("tuple", "set", "frozenset")): maker.nodes(depth)}


def _scalar_array(maker: Maker, depth: int) -> dict:
    return {"scalar": maker.array(depth, shape=maker.source.choice(([], [], [1])))}


KINDS: tuple[Callable[[Maker, int], Any], ...] = (
    Maker.nodes,
    _sequence,
    _mapping,
    lambda maker, depth: {"bytes": maker.part(maker.count())},
    lambda maker, depth: {"path": maker.mostly(maker.text(), depth)},
    lambda maker, depth: {"opaque": maker.mostly(maker.text(), depth)},
    lambda maker, depth: {"na": maker.mostly(None, depth)},
    lambda maker, depth: {"standin": [maker.text(), maker.node(depth)]},
    lambda maker, depth: {"unknown": maker.node(depth)},
    _scalar_array,
    lambda maker, depth: {"array": maker.array(depth)},
    _tensor,
    _frame,
    _series,
    lambda maker, depth: {"index": maker.index(depth, maker.count())},
    _dataset,
    _datasets,
)


def made(source: random.Random) -> bytes:
    """Return an input of which most is valid."""
    maker = Maker(source)
    return as_input(maker.node(), maker.parts)


def changed(data: bytes, source: random.Random) -> bytes:
    """Return a copy of an input with one to three changes; a new input if it is too long."""
    text, *parts = data.split(PART_BEGINS)
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return made(source)
    for _ in range(source.choice((1, 1, 2, 3))):
        maker = Maker(source, parts)
        document = _with_a_change(document, maker)
    try:
        grown = as_input(document, parts)
    except (ValueError, RecursionError):
        return made(source)
    return grown if len(grown) <= LONGEST_INPUT else made(source)


def _with_a_change(document: Any, maker: Maker) -> Any:
    """Return a document with one of its values replaced, doubled or wrapped."""
    places: list[tuple[Any, Any]] = []
    waiting = [document]
    while waiting and len(places) < 3000:
        value = waiting.pop()
        if isinstance(value, list | dict):
            keys = list(value) if isinstance(value, dict) else range(len(value))
            places += [(value, key) for key in keys]
            waiting += [value[key] for key in keys]
    if not places:
        return maker.node()
    holder, key = maker.source.choice(places)
    way = maker.source.random()
    if way < 0.5:
        holder[key] = maker.node()
    elif way < 0.65:
        other, place = maker.source.choice(places)
        holder[key] = json.loads(json.dumps(other[place]))
    elif way < 0.8 and isinstance(holder, list):
        holder[key:key] = [holder[key]] * maker.source.choice((1, 2, 50, 2000))
    elif way < 0.9:
        del holder[key]
    else:
        holder[key] = [holder[key]]
    return document


def large() -> dict[str, bytes]:
    """Return inputs that are too large to be kept as files."""
    numbers = [number * COLLIDING for number in range(25_000)]
    zeros, objects = [0] * len(numbers), ["O", [len(numbers)], numbers]
    row, text = [None, "range", [0, 1, 1]], ["Value", "string"]
    split = {"dataset": [[["a", text]], [["x"]], None, None]}
    categories = ["category", [[None, "numpy", objects], False, ["i1", [1], 0]]]
    labels = ["ClassLabel", [str(number) for number in range(5000)]]
    columns = [["numpy", ["O", [1], [None]]]] * 3000
    documents = {
        "colliding members": ({"set": numbers}, []),
        "colliding keys": ({"dict": [numbers, zeros]}, []),
        "colliding counts": ({"Counter": [numbers, zeros]}, []),
        "colliding floats": ({"frozenset": [float(number) for number in numbers]}, []),
        "colliding tuples": ({"set": [{"tuple": [number]} for number in numbers]}, []),
        "colliding index": ({"index": [None, "numpy", objects]}, []),
        "colliding integers as index": (
            {
                "series": [
                    None,
                    [None, "Int64", numbers[:1000]],
                    ["numpy", ["O", [1000], zeros[:1000]]],
                ]
            },
            [],
        ),
        "colliding categories": ({"series": [None, row, categories]}, [b"\0"]),
        "one part many times": ([{"bytes": 0}] * 5000, [bytes(300_000)]),
        "one array many times": ([{"array": ["u1", [300_000], 0]}] * 5000, [bytes(300_000)]),
        "long integers": ([10**4000] * 500, []),
        "many ranges": ([{"index": [None, "range", [0, 10**6, 1]]}] * 5000, []),
        "many labels": ({"dataset": [[["a", labels]], [[0]], None, None]}, []),
        "many columns": ({"frame": [[None, "range", [0, 3000, 1]], row, columns]}, []),
        "many datasets": ([{"dataset": [[], [], "torch", []]}] * 4000, []),
        "many series": ([{"series": [None, row, ["string", ["x"]]]}] * 40_000, []),
        "many indexes": ([{"index": [None, "str", ["x"]]}] * 40_000, []),
        "many splits": ({"datasetdict": [["a"] * 500, [split] * 500]}, []),
        "many empty lists": ([[]] * 200_000, []),
        "many texts": (["\u00e9\ud800"] * 100_000, []),
        "a text of wide characters": ("\U0001f600" * 200_000, []),
        "many empty parts": ([], [b""] * 100_000),
    }
    return {name: as_input(*made) for name, made in documents.items()}


def replay(paths: list[Path]) -> int:
    """Read inputs, and return how many of them take too much."""
    warm_up()
    inputs = {str(path): path.read_bytes() for path in paths} | large()
    faults = 0
    for name, data in inputs.items():
        try:
            examine(data)
        except TooMuch as error:
            faults += 1
            print(f"{name}: {error}")
    print(f"{len(inputs)} inputs were read, {faults} of them take too much")
    return faults


def fuzz(seconds: float, folder: Path) -> int:
    """Fuzz in a separate process, and restart it if a message ends it; return the number found."""
    found = folder / "found"
    for name in ("corpus", "found"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    end = time.monotonic() + seconds
    while (left := int(end - time.monotonic())) > 0:
        command = [sys.executable, __file__, "once", str(left), str(folder)]
        status = subprocess.run(command, cwd=ROOT, check=False).returncode
        if status == 0:
            break
        print(f"the process has ended with status {status}; the last input is in {found}")
    faults = sorted(found.iterdir())
    print(f"{len(faults)} inputs take too much" + "".join(f"\n    {path}" for path in faults))
    return len(faults)


def _fuzz_once(seconds: int, folder: Path) -> None:
    """Fuzz until the time is over, or until a message ends this process."""
    import atheris

    with atheris.instrument_imports(include=["grading.inside.wire"]):
        import grading.inside.wire  # noqa: F401
    warm_up()

    def one(data: bytes) -> None:
        try:
            examine(data)
        except TooMuch as error:
            name = hashlib.sha256(data).hexdigest()[:16]
            (folder / "found" / name).write_bytes(data)
            print(f"found {name}: {error}", flush=True)

    def mutate(data: bytes, longest: int, seed: int) -> bytes:
        source = random.Random(seed)
        way = source.random()
        if way < 0.25 or data.startswith(RAW):
            return atheris.Mutate(data, longest)
        result = made(source) if way < 0.35 else changed(data, source)
        return result if len(result) <= longest else atheris.Mutate(data, longest)

    options = {
        "max_total_time": seconds,
        "max_len": LONGEST_INPUT,
        "timeout": 60,  # of real time, if reading never ends; `examine` measures processor time
        "report_slow_units": 61,  # of real time, which other programs can slow down
        "rss_limit_mb": 4096,
        "artifact_prefix": f"{folder / 'found'}/",
        "print_final_stats": 1,
    }
    words = [f"-{name}={value}" for name, value in options.items()]
    atheris.Setup(
        [sys.argv[0], *words, str(folder / "corpus"), str(INPUTS)], one, custom_mutator=mutate
    )
    atheris.Fuzz()


def main(what: str, *words: str) -> int:
    if what == "replay":
        return min(1, replay([Path(word) for word in words]))
    if what == "fuzz":
        return min(1, fuzz(float(words[0]), Path(words[1]).resolve()))
    _fuzz_once(int(words[0]), Path(words[1]))
    return 0


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    sys.exit(main(*sys.argv[1:]))
