"""Data that crosses the border of the sandbox arrives unchanged, or is refused."""

import json
import math
from collections import Counter, OrderedDict, defaultdict
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd
import pytest
import torch
from datasets import ClassLabel, Dataset, DatasetDict, Features, Value
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from hypothesis.extra import pandas as frames

from grading.inside.standins import Estimator, Function, HttpServer, Reply
from grading.inside.wire import (
    HEADER,
    MAGIC,
    PART,
    Bounds,
    NotPlain,
    Opaque,
    WireError,
    decode,
    encode,
)
from grading.judging.testing import _same

# A busy machine must not make a test fail.
unhurried = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.binary()
    | st.from_type(complex).map(np.complex128)
)
small = st.integers(-(2**63), 2**63)
keys = st.text() | small | st.booleans() | st.tuples(small, st.text())
plain = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(keys, inner, max_size=4)
    ),
    max_leaves=20,
)


def alike(one, other):
    """Compare by type and value, with NaN equal to NaN."""
    if type(one) is not type(other):
        return False
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(alike, one, other))
    if isinstance(one, dict):
        return alike(list(one), list(other)) and alike(list(one.values()), list(other.values()))
    if isinstance(one, float | np.complexfloating):
        return repr(one) == repr(other)
    return one == other


@unhurried
@given(plain)
def test_plain_data_comes_back_as_it_went(value):
    assert alike(decode(encode(value)), value)


@unhurried
@given(
    arrays.arrays(
        dtype=arrays.scalar_dtypes().filter(
            lambda dtype: dtype.itemsize <= 16 and dtype.char != "g"
        ),
        shape=arrays.array_shapes(min_dims=0, min_side=0),
    )
)
def test_arrays_come_back_with_type_and_shape(array):
    try:
        back = decode(encode(array))
    except NotPlain:
        assert array.dtype.kind in "mM"  # dates and spans of time are not sent
        return
    assert back.shape == array.shape
    if array.dtype.itemsize:
        assert back.dtype == array.dtype
    np.testing.assert_array_equal(back, array)


@unhurried
@given(
    frames.data_frames(
        [
            frames.column("number", dtype=float),
            frames.column("count", dtype=int),
            frames.column("yes", dtype=bool),
            frames.column("text", elements=st.text(max_size=5), dtype=object),
        ],
        index=frames.range_indexes() | frames.indexes(elements=st.integers(-9, 9), unique=False),
    )
)
def test_frames_come_back_with_index_and_types(frame):
    for one in (frame, frame.rename_axis("name").astype({"text": "str"})):
        back = decode(encode(one))
        pd.testing.assert_frame_equal(back, one)
        assert type(back.index) is type(one.index)


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"tokens": [["a", "b"], ["c", "d"]], "lossless": [True, False]}),
        pd.DataFrame({"label": pd.Categorical(["b", "a", None], categories=["b", "a"])}),
        pd.DataFrame({"n": pd.array([1, None], dtype="Int64"), "t": pd.array(["x", None])}),
        pd.DataFrame([[1, 2]], columns=["twice", "twice"], index=["row"]),
        pd.DataFrame(index=[3, 1, 3]),
        pd.DataFrame({0: [], "b": np.array([], dtype="int8")}),
        pd.DataFrame({"mixed": [1, "one", None, 2.5]}),
    ],
)
def test_unusual_frames_come_back(frame):
    pd.testing.assert_frame_equal(decode(encode(frame)), frame)


def test_series_and_indexes_come_back():
    series = pd.Series([1.5, np.nan], index=["a", "b"], name="loss")
    pd.testing.assert_series_equal(decode(encode(series)), series)
    index = pd.Index(["x", "y"], name="split")
    pd.testing.assert_index_equal(decode(encode(index)), index)


@pytest.mark.parametrize("dtype", ["bool", "int64", "int32", "uint8", "float32", "bfloat16"])
@pytest.mark.parametrize("shape", [(), (0,), (2, 3), (0, 5)])
def test_tensors_come_back(dtype, shape):
    tensor = torch.ones(shape).to(getattr(torch, dtype))
    back = decode(encode(tensor))
    assert back.dtype == tensor.dtype
    assert back.shape == tensor.shape
    assert torch.equal(back, tensor)


def test_a_tensor_brings_its_gradient():
    tensor = torch.tensor([1.0, 2.0], requires_grad=True)
    (tensor**2).sum().backward()
    back = decode(encode(tensor))
    assert back.requires_grad
    assert back.grad.tolist() == [2.0, 4.0]


def test_datasets_come_back_with_features_and_format():
    features = Features({"text": Value("string"), "label": ClassLabel(names=["no", "yes"])})
    split = Dataset.from_dict({"text": ["a", "b", "c"], "label": [1, 0, 1]}, features=features)
    dataset = DatasetDict(train=split.select([2, 0]), test=split.with_format("numpy"))
    back = decode(encode(dataset))
    assert list(back) == ["train", "test"]
    assert _same(back["train"], dataset["train"])
    assert back["train"]["text"] == ["c", "a"]
    assert back["test"].format["type"] == "numpy"
    assert back["train"].format["type"] is None
    empty = split.select([])
    assert decode(encode(empty)).features == features


@pytest.mark.parametrize(
    "value",
    [
        OrderedDict(a=1),
        Counter("aab"),
        {1, 2},
        frozenset({"a"}),
        np.float64(0.5),
        np.int32(3),
        np.bool_(True),
        np.str_("word"),
        np.str_(""),
        10**400,
        -0.0,
        "\ud800 alone",
    ],
)
def test_types_are_kept_exactly(value):
    back = decode(encode(value))
    assert type(back) is type(value)
    assert back == value


def test_truth_values_of_other_bytes_are_true():
    back = decode(message(b'{"array": ["|b1", [3], 0]}', bytes([7, 0, 255])))
    assert back.view("u1").tolist() == [1, 0, 1]
    tensor = decode(message(b'{"tensor": ["bool", [2], 0, false, null]}', bytes([2, 0])))
    assert tensor.sum().item() == 1


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_text_with_an_invalid_character_is_refused(order):
    """Python cannot make a text of it, and comparing it would raise an error."""
    document = b'{"array": ["%bU1", [1], 0]}' % order.encode()
    with pytest.raises(WireError, match="beyond the last character"):
        decode(message(document, b"\xff" * 4))
    last = chr(0x10FFFF).encode("utf-32-le" if order == "<" else "utf-32-be")
    assert decode(message(document, last)).tolist() == [chr(0x10FFFF)]


def test_a_dict_with_defaults_loses_its_factory():
    made = defaultdict(list, a=[1])
    back = decode(encode(made))
    assert type(back) is defaultdict
    assert back == made
    assert back.default_factory is None


def test_paths_come_back_as_names_that_open_nothing():
    back = decode(encode(Path("/etc/shadow")))
    assert type(back) is PurePosixPath


class Liar:
    """Claims to be equal to everything."""

    def __eq__(self, other):
        return True

    def __hash__(self):
        return 0

    def __float__(self):
        return 1.0

    def __array__(self, *arguments, **options):
        return np.ones(3)

    def __reduce__(self):
        return (exec, ("raise SystemExit",))

    __class__ = float


@pytest.mark.parametrize(
    "value", [Liar(), [Liar()], {"a": Liar()}], ids=["alone", "in a list", "in a dict"]
)
def test_objects_of_the_students_own_are_refused(value):
    with pytest.raises(WireError):
        encode(value)


def test_objects_may_be_stood_for_where_the_caller_says_so():
    back = decode(encode([1, torch.nn.Linear(1, 1), lambda: 0], opaque=True))
    assert back == [1, Opaque("Linear"), Opaque("function")]


class Text(str):
    """A string whose comparison could be overridden."""


@pytest.mark.parametrize("value", [Text("a"), True + 0j, range(3), slice(1), int])
def test_other_types_are_refused_by_name(value):
    with pytest.raises(NotPlain, match=type(value).__name__):
        encode(value)


def test_standins_are_built_only_from_the_list_that_the_reader_allows():
    server = HttpServer("server", (Reply(200, "[]", 0.5),))
    function = Function("tokenize", {"a b": ["a", "b"]})
    allowed = {kind.__name__: kind for kind in (HttpServer, Reply, Function)}
    assert decode(encode((server, function)), classes=allowed) == (server, function)
    with pytest.raises(WireError, match="may not be built"):
        decode(encode(server))
    with pytest.raises(WireError, match="may not be built"):
        decode(encode(Estimator("e")), classes=allowed)


def nested(depth):
    value = []
    for _ in range(depth):
        value = [value]
    return value


def test_too_much_is_refused_on_both_sides():
    small = Bounds(depth=4, items=50, bytes=4000)
    for value in (nested(6), list(range(60)), "x" * 5000, np.zeros(5000, dtype=np.uint8)):
        with pytest.raises(WireError):
            encode(value, small)
        with pytest.raises(WireError):
            decode(encode(value), small)
    ring = []
    ring.append(ring)
    with pytest.raises(WireError, match="nested"):
        encode(ring)


def message(document, *parts):
    text = document if isinstance(document, bytes) else json.dumps(document).encode()
    pieces = [HEADER.pack(MAGIC, len(text), len(parts)), text]
    for part in parts:
        pieces += [PART.pack(len(part)), part]
    return b"".join(pieces)


@pytest.mark.parametrize(
    "reply",
    [
        b"",
        b"\x80\x04\x95",  # how a pickle begins
        message(b"not json"),
        message(b"[" * 100_000),
        message({"unknown": 1}),
        message({"array": ["O8", [1], 0]}, b"x" * 8),
        message({"array": ["|O", [1], 0]}, b"x" * 8),
        message({"array": ["<f8", [2], 0]}, b"x" * 8),
        message({"array": ["<f8", [-1], 0]}, b"x" * 8),
        message({"array": ["<f8", [1], 7]}, b"x" * 8),
        message({"array": ["<U0", [2**39], 0]}, b""),
        message({"array": ["<f8", [2**39, 2**39], 0]}, b"x" * 8),
        message({"array": ["f8,f8", [1], 0]}, b"x" * 16),
        message({"tensor": ["qint8", [1], 0, False, None]}, b"x"),
        message({"index": [None, "range", [0, 10**12, 1]]}),
        message({"frame": [[None, "range", [0, 1, 1]], [None, "range", [0, 3, 1]], []]}),
        message({"series": [None, [None, "range", [0, 1, 1]], ["category", [1, 2, 3]]]}),
        message({"dataset": [[["a", ["Audio", {}]]], [[1]], None, None]}),
        message({"dataset": [[["a", ["Value", "string"]]], [[1], [2]], None, None]}),
        message({"datasetdict": [["train"], [3]]}),
        message({"standin": ["Function", {"dict": [["name"], ["f"]]}]}),
        message({"dict": [[[]], [1]]}),
        message({"path": 3}),
        message({"dict": 1}),
        message([1]) + b"more",
        message([1])[:-1],
        HEADER.pack(MAGIC, 2**31, 0) + b"[]",
        HEADER.pack(MAGIC, 2, 2**31) + b"[]",
    ],
)
def test_replies_that_lie_are_refused(reply):
    with pytest.raises(WireError):
        decode(reply)


@unhurried
@given(st.binary(max_size=200))
def test_noise_is_refused(noise):
    for reply in (noise, HEADER.pack(MAGIC, len(noise), 0) + noise):
        try:
            decode(reply)
        except WireError:
            continue
        json.loads(noise)  # only JSON with a known meaning is accepted


SAMPLE = encode(
    {
        "scores": np.arange(3.0),
        "frame": pd.DataFrame({"a": [1, 2], "b": ["x", "y"]}),
        "tensor": torch.ones(2),
        "split": Dataset.from_dict({"text": ["a"]}),
    }
)


@settings(unhurried, max_examples=300)
@given(st.data())
def test_a_message_with_changed_bytes_gives_plain_data_or_is_refused(data):
    broken = bytearray(SAMPLE)
    for _ in range(data.draw(st.integers(1, 4))):
        broken[data.draw(st.integers(0, len(broken) - 1))] = data.draw(st.integers(0, 255))
    try:
        value = decode(bytes(broken))
    except WireError:
        return
    encode(value)


def test_nan_and_infinities_travel():
    back = decode(encode([math.nan, math.inf, -math.inf]))
    assert math.isnan(back[0])
    assert back[1:] == [math.inf, -math.inf]
