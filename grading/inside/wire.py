"""Convert plain data to bytes and back. Nothing else ever goes into or out of the sandbox.

A message is a JSON document and the binary parts that it refers to (arrays and tensors). Reading a
message builds values of only a few types and runs no code of the sender: it contains no pickle, and
nothing compressed that could expand to a huge size (Arrow's own stream format allows that, so a
dataset is sent column by column). Anything that does not fit raises `WireError`.

A malicious message must not harm its reader. So a message has bounds:

    depth   containers within containers
    items   values; each item of a list or dict counts, but numbers in arrays count as bytes
    bytes   of the whole message; each binary part may be used only once, so nothing expands

Arrays have one of a few types: numbers, booleans and texts. Dates are not allowed: no lesson asks
for one, and NumPy's own code for odd units of time can crash the process that reads them. Members
of sets and keys of dicts (`_KeyRule`) must be plain, short and limited in number, because numbers
can be chosen so that they all collide in a hash table, which makes it very slow.
"""

from __future__ import annotations

import collections
import dataclasses
import json
import math
import re
import struct
import sys
from dataclasses import dataclass
from pathlib import PurePath, PurePosixPath
from typing import Any

import numpy as np

MAGIC = b"TTC1"
HEADER = struct.Struct("<4sII")  # magic, bytes of the JSON, number of binary parts
PART = struct.Struct("<Q")  # bytes of a binary part
# The JSON document may have this fraction of a message's bytes: once read, its lists and texts need
# many times as much memory, but arrays do not.
JSON_SHARE = 4
LONGEST_INTEGER = 4096  # bits: more than a thousand digits
LONGEST_KEY = 64  # bits of an integer that is a member of a set or a key
MOST_NUMBERS_AS_KEYS = 10_000  # if all collide, looking them up takes about a second
MOST_COLUMNS = 4000  # pandas takes 0.2 s to create them, even if they are short
MOST_DATASETS = 200  # a millisecond each


class WireError(ValueError):
    """A value cannot be sent, or bytes are not a message within the limits."""


# Faults of the machine that reads or writes a message. The message is not the cause.
MACHINE_FAULTS = (OSError, MemoryError, ImportError)


class NotPlain(WireError):
    """A value has a type that is never sent."""


@dataclass(frozen=True)
class Bounds:
    """How much one message may contain.

    Attributes
    ----------
    depth, items, bytes : int
    simple : bool
        Allow only JSON's types and bytes. This is for messages that are read outside the disposable
        process that judges.
    """

    depth: int = 32
    items: int = 1_000_000
    bytes: int = 32 * 2**20
    simple: bool = False


@dataclass(frozen=True)
class Opaque:
    """A placeholder for a value that cannot be sent: a model, a tokenizer, an app.

    Attributes
    ----------
    kind : str
        Name of its class.
    """

    kind: str


def encode(value: Any, bounds: Bounds | None = None, opaque: bool = False) -> bytes:
    """Return a value as bytes.

    Parameters
    ----------
    value : object
        None, bool, int, float, str, bytes, lists, tuples, sets, dicts (also OrderedDict, Counter
        and defaultdict), paths, NumPy scalars and arrays, torch tensors, pandas frames, series and
        indexes, datasets and dicts of them, and the dataclasses of `grading.inside.standins`.
    bounds : Bounds, optional
    opaque : bool
        Replace values of other types by an `Opaque`, instead of raising.

    Raises
    ------
    WireError
        If it contains anything else, or too much; the message names the class.
    OSError, MemoryError, ImportError
        If this machine is at fault.
    """
    writer = _Writer(bounds or Bounds(), opaque)
    try:
        document = json.dumps(writer.node(value, 0), separators=(",", ":")).encode()
    except (WireError, *MACHINE_FAULTS):
        raise
    except Exception as error:  # a student's object may raise anything
        raise WireError(f"a value that cannot be sent ({type(error).__name__})") from None
    pieces = [HEADER.pack(MAGIC, len(document), len(writer.parts)), document]
    for part in writer.parts:
        pieces += [PART.pack(len(part)), part]
    message = b"".join(pieces)
    if len(message) > writer.bounds.bytes:
        raise WireError(f"a value of {len(message):,} bytes, over {writer.bounds.bytes:,}")
    return message


def decode(
    message: bytes, bounds: Bounds | None = None, classes: dict[str, type] | None = None
) -> Any:
    """Return the value that bytes describe.

    Parameters
    ----------
    message : bytes
    bounds : Bounds, optional
    classes : dict of str to type, optional
        Dataclasses that may be rebuilt, by name. The trusted side allows none.

    Raises
    ------
    WireError
        If anything is wrong with the message.
    OSError, MemoryError, ImportError
        If this machine is at fault.
    """
    bounds = bounds or Bounds()
    try:
        document, parts = _taken_apart(message, bounds)
        _count_roughly(document, bounds)
        return _Reader(bounds, parts, classes or {}).value(json.loads(document), 0)
    except (WireError, *MACHINE_FAULTS):
        raise
    except Exception as error:  # libraries raise many kinds of exceptions for malformed bytes
        raise WireError(f"malformed message: {type(error).__name__}: {str(error)[:200]}") from None


def _taken_apart(message: bytes, bounds: Bounds) -> tuple[bytes, list[memoryview]]:
    if len(message) > bounds.bytes:
        raise WireError(f"a message of {len(message):,} bytes, over {bounds.bytes:,}")
    if len(message) < HEADER.size:
        raise WireError("a message that is too short")
    magic, size, count = HEADER.unpack_from(message)
    if magic != MAGIC:
        raise WireError("a message that does not begin with this protocol's mark")
    if size > bounds.bytes // JSON_SHARE:
        raise WireError("a document that is too long")
    rest = memoryview(message)[HEADER.size :]
    document, rest = bytes(rest[:size]), rest[size:]
    parts = []
    for _ in range(count):
        (size,) = PART.unpack_from(rest)
        rest = rest[PART.size :]
        if size > len(rest):
            raise WireError("a part that ends too early")
        parts.append(rest[:size])
        rest = rest[size:]
    if len(rest):
        raise WireError("a message with bytes after its last part")
    return document, parts


def _count_roughly(document: bytes, bounds: Bounds) -> None:
    """Refuse far too many items before JSON creates objects for them, which take memory."""
    most = 2 * bounds.items
    marks = (b",", b"[", b"{")
    if sum(map(document.count, marks)) > most:
        without_texts = _JSON_TEXT.sub(b"", document)
        if sum(map(without_texts.count, marks)) > most:
            raise WireError(f"more than {bounds.items:,} items")


# Also matches a text that does not end. Otherwise each of its quotes would be tried as the
# beginning of a text, which is slow.
_JSON_TEXT = re.compile(rb'"(?:[^"\\]|\\.)*+"?', re.DOTALL)


class _KeyRule:
    """What may be a member of a set or a key of a dict; writer and reader count the same way."""

    def __init__(self) -> None:
        self._numbers = 0

    def check(self, value: Any) -> None:
        """Raise `WireError` if a value is not a plain key, or if there are too many numbers."""
        kind = type(value)
        if value is None or kind in (bool, str, bytes):
            return  # nobody can make these collide: each process hashes texts differently
        if kind is tuple:
            for item in value:
                self.check(item)
        elif kind in (int, float) or (isinstance(value, np.generic) and value.dtype.kind in "biuf"):
            if kind is int and value.bit_length() > LONGEST_KEY:
                raise WireError(f"a key that is an integer of {value.bit_length():,} bits")
            self._numbers += 1
            if self._numbers > MOST_NUMBERS_AS_KEYS:
                raise WireError(f"more than {MOST_NUMBERS_AS_KEYS:,} numbers as keys or in sets")
        elif kind is not np.str_:
            raise NotPlain(f"a set or a dict with a key of type {kind.__name__}")


class _TableRule:
    """How many tables a message may contain; writer and reader count the same way."""

    def __init__(self) -> None:
        self._columns = self._datasets = 0

    def column(self) -> None:
        """Count a column or an index; raise `WireError` if there are too many."""
        self._columns += 1
        if self._columns > MOST_COLUMNS:
            raise WireError(f"more than {MOST_COLUMNS:,} columns and indexes in tables")

    def dataset(self) -> None:
        """Count a dataset; raise `WireError` if there are too many."""
        self._datasets += 1
        if self._datasets > MOST_DATASETS:
            raise WireError(f"more than {MOST_DATASETS:,} datasets")


# JSON's own scalars and lists are written as they are; every other value is {"tag": …}.
_DICTS: dict[str, type] = {
    "dict": dict,
    "OrderedDict": collections.OrderedDict,
    "Counter": collections.Counter,
    "defaultdict": collections.defaultdict,
}
_SEQUENCES: dict[str, type] = {"tuple": tuple, "set": set, "frozenset": frozenset}
_TENSORS = {
    "bool": np.dtype("?"),
    "uint8": np.dtype("u1"),
    "int8": np.dtype("i1"),
    "int16": np.dtype("<i2"),
    "int32": np.dtype("<i4"),
    "int64": np.dtype("<i8"),
    "float16": np.dtype("<f2"),
    "bfloat16": np.dtype("<i2"),
    "float32": np.dtype("<f4"),
    "float64": np.dtype("<f8"),
}
_PLAIN_DTYPE = re.compile(r"[<>|=]?(b1|[iu][1248]|f[248]|c8|c16|[SU][1-9]\d{0,4})")
_EXTENSION_DTYPE = re.compile(r"str|string|boolean|U?Int(8|16|32|64)|Float(32|64)")
_VALUE_DTYPE = re.compile(r"(large_)?string|bool|u?int(8|16|32|64)|float(16|32|64)")
_FORMATS = (None, "numpy", "torch", "pandas", "arrow")


class _Writer:
    def __init__(self, bounds: Bounds, opaque: bool):
        self.bounds, self.opaque = bounds, opaque
        self.parts: list[bytes] = []
        self.keys, self.tables = _KeyRule(), _TableRule()
        self.items = self.bytes = 0

    def node(self, value: Any, depth: int) -> Any:
        self.items += 1
        if self.items > self.bounds.items:
            raise WireError(f"more than {self.bounds.items:,} items")
        if depth > self.bounds.depth:
            raise WireError(f"containers nested deeper than {self.bounds.depth}")
        kind = type(value)
        if kind is int:
            _check_length(value)
        if value is None or kind in (bool, int, float):
            return value
        if kind is str:
            self._weigh(len(value))
            return value
        if kind is list:
            return self._nodes(value, depth)
        for tag, known in _SEQUENCES.items():
            if kind is known:
                return {tag: self._nodes(value if known is tuple else self._as_keys(value), depth)}
        for tag, known in _DICTS.items():
            if kind is known:
                pairs = list(value.items())
                keys, values = zip(*pairs, strict=True) if pairs else ((), ())
                keys = self._nodes(self._as_keys(keys), depth)
                return {tag: [keys, self._nodes(values, depth)]}
        return self._rich(value, depth)

    def _as_keys(self, values: Any) -> Any:
        for value in values:
            self.keys.check(value)
        return values

    def _nodes(self, values: Any, depth: int) -> list[Any]:
        return [self.node(value, depth + 1) for value in values]

    def _weigh(self, size: int) -> None:
        """Refuse a value that is too large before it is copied, not after."""
        self.bytes += size
        if self.bytes > self.bounds.bytes:
            raise WireError(f"a value of more than {self.bounds.bytes:,} bytes")

    def _part(self, data: bytes) -> int:
        self.parts.append(data)
        return len(self.parts) - 1

    def _rich(self, value: Any, depth: int) -> Any:
        try:
            return self._rich_node(value, depth)
        except NotPlain:
            if not self.opaque:
                raise
            return {"opaque": type(value).__name__[:200]}

    def _rich_node(self, value: Any, depth: int) -> Any:
        if isinstance(value, bytes | bytearray):
            self._weigh(len(value))
            return {"bytes": self._part(bytes(value))}
        if isinstance(value, PurePath):
            return {"path": str(value)}
        if isinstance(value, np.generic):
            return {"scalar": self._array(np.asarray(value), depth)}
        if isinstance(value, np.ndarray):
            return {"array": self._array(np.asarray(value), depth)}
        if isinstance(value, Opaque):
            return {"opaque": value.kind[:200]}
        kind = type(value)
        module = kind.__module__.partition(".")[0]
        if hasattr(value, "detach"):
            return self._tensor(value, depth)
        if module == "pandas":
            return self._pandas(value, depth)
        if module == "datasets":
            return self._dataset(value, depth)
        if module == "grading" and dataclasses.is_dataclass(value):
            fields = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
            return {"standin": [kind.__name__, self.node(fields, depth + 1)]}
        raise NotPlain(f"a value of type {kind.__name__}, which is not plain data")

    def _array(self, array: np.ndarray, depth: int) -> list[Any]:
        shape = list(array.shape)
        if array.dtype.kind in "SU" and not array.dtype.itemsize:
            array = array.astype(f"{array.dtype.kind}1")
        if array.dtype.kind == "O":
            return ["O", shape, self._nodes(array.ravel().tolist(), depth)]
        if not _PLAIN_DTYPE.fullmatch(array.dtype.str):
            raise NotPlain(f"an array of {array.dtype}")
        self._weigh(array.nbytes)
        return [array.dtype.str, shape, self._part(np.ascontiguousarray(array).tobytes())]

    def _tensor(self, value: Any, depth: int) -> Any:
        import torch

        if not isinstance(value, torch.Tensor) or value.layout != torch.strided:
            raise NotPlain(f"a value of type {type(value).__name__}, which is not plain data")
        grad = value.grad if value.is_leaf else None
        plain = value.detach().cpu().as_subclass(torch.Tensor).contiguous()
        dtype = str(plain.dtype).removeprefix("torch.")
        if dtype not in _TENSORS:
            raise NotPlain(f"a tensor of {dtype}")
        self._weigh(plain.numel() * plain.element_size())
        raw = plain.view(torch.int16) if dtype == "bfloat16" else plain
        data = self._part(raw.numpy().tobytes())
        grad = None if grad is None else self.node(grad, depth + 1)
        return {"tensor": [dtype, list(plain.shape), data, bool(value.requires_grad), grad]}

    def _pandas(self, value: Any, depth: int) -> Any:
        import pandas as pd

        if isinstance(value, pd.DataFrame):
            columns = [self._column(value.iloc[:, i], depth) for i in range(value.shape[1])]
            names, index = self._index(value.columns, depth), self._index(value.index, depth)
            return {"frame": [names, index, columns]}
        if isinstance(value, pd.Series):
            name, index = self.node(value.name, depth + 1), self._index(value.index, depth)
            return {"series": [name, index, self._column(value, depth)]}
        if isinstance(value, pd.Index):
            return {"index": self._index(value, depth)}
        if value is pd.NA:
            return {"na": None}
        raise NotPlain(f"a value of type {type(value).__name__}, which is not plain data")

    def _index(self, index: Any, depth: int) -> list[Any]:
        import pandas as pd

        if isinstance(index, pd.MultiIndex):
            raise NotPlain("an index with several levels")
        name = self.node(index.name, depth + 1)
        if isinstance(index, pd.RangeIndex):
            self.tables.column()
            return [name, "range", [index.start, index.stop, index.step]]
        if str(index.dtype) == "object":
            self._as_keys(index.tolist())
        return [name, *self._column(index, depth)]

    def _column(self, values: Any, depth: int) -> list[Any]:
        """Return a Series' or an index's values: the type's name, and the data to rebuild them."""
        import pandas as pd

        self.tables.column()
        dtype = values.dtype
        if isinstance(dtype, pd.CategoricalDtype):
            codes = np.asarray(getattr(values, "cat", values).codes)
            categories = self._index(dtype.categories, depth)
            return ["category", [categories, bool(dtype.ordered), self._array(codes, depth)]]
        if isinstance(dtype, np.dtype):
            return ["numpy", self._array(values.to_numpy(), depth)]
        if not _EXTENSION_DTYPE.fullmatch(str(dtype)):
            raise NotPlain(f"a column of {dtype}")
        plain = [None if item is pd.NA else item for item in values.tolist()]
        return [str(dtype), self._nodes(plain, depth)]

    def _dataset(self, value: Any, depth: int) -> Any:
        import datasets

        if isinstance(value, datasets.DatasetDict):
            return {"datasetdict": [self._nodes(value, depth), self._nodes(value.values(), depth)]}
        if not isinstance(value, datasets.Dataset):
            raise NotPlain(f"a value of type {type(value).__name__}, which is not plain data")
        self.tables.dataset()
        features = []
        for name, feature in value.features.items():
            self.tables.column()
            features.append([name, _described(feature)])
        kind = value.format["type"]
        shown = None if kind is None else list(value.format["columns"])
        plain = value.with_format(None)[:]
        columns = [self._nodes(plain[name], depth) for name, _ in features]
        return {"dataset": [features, columns, kind if kind in _FORMATS else "numpy", shown]}


def _described(feature: Any) -> Any:
    """Return a column's feature as JSON; only the kinds that occur in a lesson are supported."""
    import datasets

    if type(feature) is datasets.Value and _VALUE_DTYPE.fullmatch(feature.dtype):
        return ["Value", feature.dtype]
    if type(feature) is datasets.ClassLabel:
        return ["ClassLabel", list(feature.names)]
    if type(feature) is datasets.List:
        return ["List", _described(feature.feature)]
    raise NotPlain(f"a dataset's column of {type(feature).__name__}")


class _Reader:
    def __init__(self, bounds: Bounds, parts: list[memoryview], classes: dict[str, type]):
        self.bounds, self.classes = bounds, classes
        self.parts: list[memoryview | None] = list(parts)
        self.keys, self.tables = _KeyRule(), _TableRule()
        self.items = 0

    def value(self, node: Any, depth: int) -> Any:
        self.items += 1
        if self.items > self.bounds.items:
            raise WireError(f"more than {self.bounds.items:,} items")
        if depth > self.bounds.depth:
            raise WireError(f"containers nested deeper than {self.bounds.depth}")
        if type(node) is int:
            _check_length(node)
        if node is None or isinstance(node, bool | int | float | str):
            return node
        if isinstance(node, list):
            return self._values(node, depth)
        if not isinstance(node, dict) or len(node) != 1:
            raise WireError("a value without a known mark")
        ((tag, content),) = node.items()
        if self.bounds.simple and tag not in ("dict", "bytes"):
            raise WireError(f"a value with the mark {tag[:50]!r} where only plain values may be")
        if tag == "tuple":
            return tuple(self._values(content, depth))
        if tag in _SEQUENCES:
            return _SEQUENCES[tag](self._as_keys(content, depth))
        if tag in _DICTS:
            return self._dict(tag, content, depth)
        read = getattr(self, f"_read_{tag}", None)
        if read is None:
            raise WireError(f"a value with the unknown mark {tag[:50]!r}")
        return read(content, depth)

    def _values(self, nodes: list[Any], depth: int) -> list[Any]:
        return [self.value(node, depth + 1) for node in nodes]

    def _as_keys(self, nodes: list[Any], depth: int) -> list[Any]:
        values = self._values(nodes, depth)
        for value in values:
            self.keys.check(value)
        return values

    def _dict(self, tag: str, content: list[Any], depth: int) -> dict[Any, Any]:
        keys, values = content
        filled = zip(self._as_keys(keys, depth), self._values(values, depth), strict=True)
        made: dict[Any, Any] = _DICTS[tag]()
        made.update(dict(filled))
        return made

    def _part(self, number: int) -> memoryview:
        if type(number) is not int or not 0 <= number < len(self.parts):
            raise WireError("a reference to a part that does not exist")
        part, self.parts[number] = self.parts[number], None
        if part is None:
            raise WireError("a part that is used twice")
        return part

    def _read_bytes(self, content: int, depth: int) -> bytes:
        return bytes(self._part(content))

    def _read_path(self, content: str, depth: int) -> PurePosixPath:
        # A pure path: it cannot be used to open files on this machine.
        return PurePosixPath(_text(content))

    def _read_opaque(self, content: str, depth: int) -> Opaque:
        return Opaque(_text(content)[:200])

    def _read_na(self, content: None, depth: int) -> Any:
        import pandas as pd

        return pd.NA

    def _read_scalar(self, content: list[Any], depth: int) -> Any:
        return self._read_array(content, depth)[()]

    def _read_array(self, content: list[Any], depth: int) -> np.ndarray:
        dtype, shape, data = content
        size = _size_of(shape, self.bounds)
        if dtype == "O":
            values = self._values(data, depth)
            if len(values) != size:
                raise WireError("an array whose shape and values disagree")
            array = np.empty(size, dtype=object)
            for place, value in enumerate(values):  # assigning to a slice would split lists
                array[place] = value
            return array.reshape(shape)
        if not _PLAIN_DTYPE.fullmatch(_text(dtype)):
            raise WireError("an array of an unknown type")
        kind, part = np.dtype(dtype), self._part(data)
        if not kind.itemsize or size * kind.itemsize != len(part):
            raise WireError("an array whose shape and bytes disagree")
        if not len(part):
            return np.empty(shape, dtype=kind)
        if kind.kind == "b":  # NumPy computes nonsense if bytes are not 0 or 1
            truths: np.ndarray = np.frombuffer(part, dtype="u1") != 0
            return truths.reshape(shape)
        if kind.kind == "U":
            _check_characters(part, kind)
        return np.frombuffer(part, dtype=kind).reshape(shape).copy()

    def _read_tensor(self, content: list[Any], depth: int) -> Any:
        import torch

        dtype, shape, data, requires_grad, grad = content
        array = self._read_array([_TENSORS[dtype].str, shape, data], depth)
        tensor = torch.from_numpy(array)
        if dtype == "bfloat16":
            tensor = tensor.view(torch.bfloat16)
        if requires_grad is True:
            tensor.requires_grad_(True)
        if grad is not None:
            tensor.grad = self.value(grad, depth + 1)
        return tensor

    def _read_frame(self, content: list[Any], depth: int) -> Any:
        import pandas as pd

        names, index, columns = content
        names, index = self._read_index(names, depth), self._read_index(index, depth)
        made = {place: self._column(column, depth) for place, column in enumerate(columns)}
        if any(len(values) != len(index) for values, _ in made.values()):
            raise WireError("a frame whose columns and index disagree")
        series = {
            place: pd.Series(values, index=index, dtype=dtype)
            for place, (values, dtype) in made.items()
        }
        frame = pd.DataFrame(series, index=index)
        frame.columns = names
        return frame

    def _read_series(self, content: list[Any], depth: int) -> Any:
        import pandas as pd

        name, index, column = content
        values, dtype = self._column(column, depth)
        name = self.value(name, depth + 1)
        return pd.Series(values, index=self._read_index(index, depth), dtype=dtype, name=name)

    def _read_index(self, content: list[Any], depth: int) -> Any:
        import pandas as pd

        name, kind, data = content
        name = self.value(name, depth + 1)
        if kind != "range":
            values, dtype = self._column([kind, data], depth)
            if str(dtype) == "object":
                for value in values:
                    self.keys.check(value)
            return pd.Index(values, dtype=dtype, name=name, tupleize_cols=False)
        self.tables.column()
        start, stop, step = data
        made = range(start, stop, step)
        self.items += len(made)
        if self.items > self.bounds.items:
            raise WireError("an index that is too long")
        return pd.RangeIndex(made, name=name)

    def _column(self, content: list[Any], depth: int) -> tuple[Any, Any]:
        """Return values and the type that they must have, so that pandas does not guess it."""
        import pandas as pd

        self.tables.column()
        kind, data = content
        if kind == "numpy":
            array = self._read_array(data, depth)
            return array, array.dtype
        if kind == "category":
            categories, ordered, codes = data
            values = pd.Categorical.from_codes(
                self._read_array(codes, depth),
                categories=self._read_index(categories, depth),
                ordered=ordered is True,
            )
            return values, values.dtype
        if not _EXTENSION_DTYPE.fullmatch(_text(kind)):
            raise WireError("a column of an unknown type")
        return self._values(data, depth), kind

    def _read_datasetdict(self, content: list[Any], depth: int) -> Any:
        import datasets

        names, splits = (self._values(nodes, depth) for nodes in content)
        if not all(isinstance(split, datasets.Dataset) for split in splits):
            raise WireError("malformed split: expected a dataset")
        return datasets.DatasetDict(zip(names, splits, strict=True))

    def _read_dataset(self, content: list[Any], depth: int) -> Any:
        import datasets

        self.tables.dataset()
        features, columns, kind, shown = content
        for _ in features:
            self.tables.column()
        features = datasets.Features({_text(name): _feature(node) for name, node in features})
        values = (self._values(column, depth) for column in columns)
        filled = dict(zip(features, values, strict=True))
        made = datasets.Dataset.from_dict(filled, features=features)
        if kind is None:
            return made
        if kind not in _FORMATS:
            raise WireError("a dataset of an unknown format")
        return made.with_format(kind, columns=[_text(name) for name in shown])

    def _read_standin(self, content: list[Any], depth: int) -> Any:
        name, fields = content
        if name not in self.classes:
            raise WireError("a description that may not be built here")
        return self.classes[name](**self.value(fields, depth + 1))


def _feature(node: list[Any]) -> Any:
    import datasets

    kind, content = node
    if kind == "Value" and _VALUE_DTYPE.fullmatch(_text(content)):
        return datasets.Value(content)
    if kind == "ClassLabel":
        return datasets.ClassLabel(names=[_text(name) for name in content])
    if kind == "List":
        return datasets.List(_feature(content))
    raise WireError("a feature of an unknown kind")


def _text(value: Any) -> str:
    if type(value) is not str:
        raise WireError(f"malformed text: expected a string, got {type(value).__name__}")
    return value


def _check_length(number: int) -> None:
    if number.bit_length() > LONGEST_INTEGER:
        raise WireError(f"an integer of {number.bit_length():,} bits")


def _check_characters(part: memoryview, kind: np.dtype) -> None:
    if np.frombuffer(part, dtype=f"{kind.str[0]}u4").max() > sys.maxunicode:
        raise WireError("malformed text: a code point beyond the last character")


def _size_of(shape: list[Any], bounds: Bounds) -> int:
    """Return how many values an array of a shape has; an empty one must not be huge either."""
    if not isinstance(shape, list) or len(shape) > 32:
        raise WireError("malformed shape: expected a list of at most 32 numbers")
    if not all(type(extent) is int and 0 <= extent < 2**40 for extent in shape):
        raise WireError(f"malformed shape: {shape!r:.100}")
    size: int = math.prod(shape)
    if not size and math.prod(filter(None, shape)) > bounds.items:
        raise WireError(f"malformed shape: {shape!r:.100} for no values")
    return size
