"""Stand-ins: descriptions, in plain data, of arguments that are not plain data.

A hidden test passes the description. In the process where the student's function runs, it becomes
the real thing (a real tokenizer, a real small encoder, a real estimator), whose calls are logged.
"""

from __future__ import annotations

import atexit
import dataclasses
import functools
import json
import re
import shutil
import sys
import tempfile
import time
import warnings
import weakref
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar


@dataclass(frozen=True)
class StandIn:
    """A description of an argument. Subclasses define how the real thing is built.

    Attributes
    ----------
    name : str
    imports : tuple of str
        What `build` imports and what takes long to load. A grader loads it once, before it forks to
        judge; otherwise each judging process would load it.
    """

    name: str
    imports: ClassVar[tuple[str, ...]] = ()

    def build(self, calls: list[dict[str, Any]]) -> Any:
        """Return the real thing, which appends a record of each of its calls to `calls`."""
        raise NotImplementedError

    def plain(self) -> Any:
        """Return the plain data that it consists of, and must still equal afterwards, or None."""
        return None

    def around(self, calls: list[dict[str, Any]]) -> AbstractContextManager[Any]:
        """Return a context in which the answer runs; most stand-ins need none."""
        return nullcontext()

    def within(self, names: dict[str, Any]) -> AbstractContextManager[Any]:
        """Return a context that may change the answer's global names; entered after `around`."""
        return nullcontext()


def all_around(
    value: Any, calls: list[dict[str, Any]], stack: ExitStack, names: dict[str, Any] | None = None
) -> None:
    """Enter `around` and `within` of all stand-ins in a value or its nested containers."""
    names = {} if names is None else names
    if isinstance(value, StandIn):
        stack.enter_context(value.around(calls))
        stack.enter_context(value.within(names))
    elif isinstance(value, tuple | list):
        for item in value:
            all_around(item, calls, stack, names)
    elif type(value) is dict:
        all_around(list(value.values()), calls, stack, names)


def holds_standin(value: Any) -> bool:
    """Tell whether a value is a stand-in or a container with a stand-in."""
    if type(value) is dict:
        return any(map(holds_standin, value.values()))
    if isinstance(value, list | tuple):
        return any(map(holds_standin, value))
    return isinstance(value, StandIn)


def build_all(value: Any, calls: list[dict[str, Any]]) -> Any:
    """Replace all stand-ins in (nested) tuples, lists and dicts by the real things."""
    if isinstance(value, StandIn):
        return value.build(calls)
    if isinstance(value, tuple):
        return tuple(build_all(item, calls) for item in value)
    if isinstance(value, list):
        return [build_all(item, calls) for item in value]
    if type(value) is dict:  # not for a DatasetDict, which is also a dict but stays as it is
        return {key: build_all(item, calls) for key, item in value.items()}
    return value


@dataclass(frozen=True)
class Function(StandIn):
    """A function of one string that looks its results up in a table.

    Attributes
    ----------
    answers : dict of str to object
        The result for each argument; any other argument raises KeyError.
    """

    answers: dict[str, Any] = field(default_factory=dict)

    def build(self, calls: list[dict[str, Any]]) -> Any:
        def function(argument: str) -> Any:
            calls.append({"of": self.name, "argument": argument})
            return self.answers[argument]

        return function


@dataclass(frozen=True)
class TextFile(StandIn):
    """A file on the machine where the answer runs; the function gets its path.

    Attributes
    ----------
    name : str
        The file's name.
    content : str
        Written as UTF-8, with line ends unchanged.
    path_type : {"Path", "str"}
    """

    content: str = ""
    path_type: str = "Path"

    def build(self, calls: list[dict[str, Any]]) -> Any:
        # One folder per file, so that an answer does not find files of earlier calls.
        path = Path(tempfile.mkdtemp(dir=_scratch_folder())) / self.name
        path.write_text(self.content, encoding="utf-8", newline="")
        return path if self.path_type == "Path" else str(path)


@functools.cache
def _scratch_folder() -> str:
    """Return a folder that is removed when the process ends."""
    folder = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@dataclass(frozen=True)
class Selected(StandIn):
    """A dataset of rows selected from a larger one; internally it still has the larger table.

    Attributes
    ----------
    whole : Dataset or DatasetDict
    places : list of int, or dict of them by split
        The rows that are kept, in this order.
    """

    whole: Any = None
    places: Any = None

    def plain(self) -> Any:
        if isinstance(self.places, dict):
            kept = {name: self.whole[name].select(rows) for name, rows in self.places.items()}
            return type(self.whole)(kept)
        return self.whole.select(self.places)

    def build(self, calls: list[dict[str, Any]]) -> Any:
        return self.plain()


@dataclass(frozen=True)
class Tokenizer(StandIn):
    """A real fast tokenizer with a vocabulary that the test chooses.

    Attributes
    ----------
    vocabulary : tuple of str
        Word pieces without the special tokens. Those come before them:
        ``[PAD] [UNK] [CLS] [SEP] [MASK]`` have the ids 0 to 4. Not used by ``kind="bytes"``.
    kind : {"wordpiece", "bytes"}
        BERT's WordPiece, or one token per byte, which loses no information.
    lowercase : bool
    max_length : int
        ``model_max_length``.
    added : tuple of str
        Tokens added to the vocabulary, which ``vocab_size`` does not count.
    ends : {"both", "front", "back", "none"}
        Where it adds special tokens: ``[CLS]`` in front, ``[SEP]`` at the back.
    type_ids : bool
        Whether it also returns ``token_type_ids``.
    watched : bool
        Whether each call that turns texts into tokens is logged, as ``{"of"}``.
    clean_up : bool
        Whether decoding removes spaces before punctuation by default.
    pad : str
        The token that it pads with. Many tokenizers have no padding token and use another one.
    """

    imports: ClassVar[tuple[str, ...]] = ("transformers.PreTrainedTokenizerFast",)

    vocabulary: tuple[str, ...] = ()
    kind: str = "wordpiece"
    lowercase: bool = True
    max_length: int = 512
    added: tuple[str, ...] = ()
    ends: str = "both"
    type_ids: bool = False
    watched: bool = False
    clean_up: bool = False
    pad: str = "[PAD]"

    def build(self, calls: list[dict[str, Any]]) -> Any:
        from transformers import PreTrainedTokenizerFast

        class Watched(PreTrainedTokenizerFast):
            def _encode_plus(self, *arguments: Any, **options: Any) -> Any:
                calls.append({"of": name})
                return super()._encode_plus(*arguments, **options)

        name = self.name
        tokenizer = (Watched if self.watched else PreTrainedTokenizerFast)(
            tokenizer_object=self._backend(),
            model_max_length=self.max_length,
            pad_token=self.pad,
            unk_token="[UNK]",
            cls_token="[CLS]",
            sep_token="[SEP]",
            mask_token="[MASK]",
            clean_up_tokenization_spaces=self.clean_up,
        )
        types = ["token_type_ids"] * self.type_ids
        tokenizer.model_input_names = ["input_ids", *types, "attention_mask"]
        tokenizer.add_tokens(list(self.added))
        return tokenizer

    def _backend(self) -> Any:
        from tokenizers import Tokenizer as Backend
        from tokenizers import decoders, models, normalizers, pre_tokenizers, processors

        special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
        if self.kind == "bytes":
            pieces = special + sorted(pre_tokenizers.ByteLevel.alphabet())
            backend = Backend(models.BPE({piece: i for i, piece in enumerate(pieces)}, []))
            backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
            backend.decoder = decoders.ByteLevel()
        else:
            vocabulary = {piece: i for i, piece in enumerate([*special, *self.vocabulary])}
            backend = Backend(models.WordPiece(vocabulary, unk_token="[UNK]"))
            backend.normalizer = normalizers.BertNormalizer(lowercase=self.lowercase)
            backend.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
            backend.decoder = decoders.WordPiece()
        front = "[CLS] " if self.ends in ("both", "front") else ""
        back = self.ends in ("both", "back")
        backend.post_processor = processors.TemplateProcessing(
            single=f"{front}$A{' [SEP]' * back}",
            pair=f"{front}$A{' [SEP]' * back} $B:1{' [SEP]:1' * back}",
            special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
        )
        return backend


@dataclass(frozen=True)
class Encoder(StandIn):
    """A real, tiny BERT with weights drawn from a seed; each forward pass is logged.

    Its embeddings are frozen, as after training only the layers above. A call is logged as
    ``{"of", "rows", "columns", "training", "gradients"}``: whether any part is in training mode,
    and whether the graph for gradients is kept. The model's final state is logged last, even if the
    answer fails; see `logged_state`.

    Attributes
    ----------
    vocabulary_size, hidden_size, max_length, seed : int
    training : bool
        The mode in which the answer gets it.
    dtype : {"float32", "bfloat16", "float16", "float64"}
        Of its weights, and so of its output.
    fails_at : int
        Number of the forward pass, from 1, that raises RuntimeError; 0 for none.
    """

    imports: ClassVar[tuple[str, ...]] = ("transformers.BertModel",)

    vocabulary_size: int = 64
    hidden_size: int = 8
    max_length: int = 16
    seed: int = 0
    training: bool = False
    dtype: str = "float32"
    fails_at: int = 0

    def build(self, calls: list[dict[str, Any]]) -> Any:
        import torch
        from transformers import BertConfig, BertModel

        config = BertConfig(
            vocab_size=self.vocabulary_size,
            hidden_size=self.hidden_size,
            num_hidden_layers=2,
            num_attention_heads=2,
            intermediate_size=2 * self.hidden_size,
            max_position_embeddings=self.max_length,
            # With dropout of one half it is obvious if evaluation mode was forgotten.
            hidden_dropout_prob=0.5,
            attention_probs_dropout_prob=0.5,
            # Larger than usual, so that different tokens give clearly different vectors.
            initializer_range=0.5,
        )
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed)
            model = BertModel(config, add_pooling_layer=False)
        model.to(getattr(torch, self.dtype)).train(self.training)
        model.embeddings.requires_grad_(False)
        model.register_forward_pre_hook(self._log_into(calls), with_kwargs=True)
        _fail_at(model, self.fails_at)
        _built[id(calls), self.name] = model
        return model

    def around(self, calls: list[dict[str, Any]]) -> AbstractContextManager[Any]:
        return logged_state(self.name, calls)

    def _log_into(self: Encoder | Classifier | LanguageModel, calls: list[dict[str, Any]]) -> Any:
        import torch

        def log(model: Any, arguments: tuple[Any, ...], options: dict[str, Any]) -> None:
            ids: Any = options.get("input_ids", arguments[0] if arguments else None)
            calls.append(
                {
                    "of": self.name,
                    "rows": int(ids.shape[0]),
                    "columns": int(ids.shape[1]),
                    "training": any(part.training for part in model.modules()),
                    "gradients": torch.is_grad_enabled()
                    and any(weights.requires_grad for weights in model.parameters()),
                }
            )

        return log


_built: weakref.WeakValueDictionary[tuple[int, str], Any] = weakref.WeakValueDictionary()
"""Models that exist, by their call's shared log and their name."""


@contextmanager
def logged_state(name: str, calls: list[dict[str, Any]]) -> Iterator[None]:
    """Log a model's state when the answer has returned or failed.

    The record is ``{"of": "<name> afterwards", "training", "changed"}``: the modes of its parts,
    and which of its ``weights``, their ``dtypes``, ``trainable`` flags and ``gradients``, and its
    ``configuration`` have changed.
    """
    model = _built[id(calls), name]
    before = _state(model)
    try:
        yield
    finally:
        after = _state(model)
        calls.append(
            {
                "of": f"{name} afterwards",
                "training": sorted({part.training for part in model.modules()}),
                "changed": [what for what in before if before[what] != after[what]],
            }
        )


def _state(model: Any) -> dict[str, Any]:
    import zlib

    parameters = list(model.parameters())

    def numbers(tensor: Any) -> int:
        return zlib.crc32(tensor.detach().double().numpy().tobytes())

    return {
        "gradients": [None if part.grad is None else numbers(part.grad) for part in parameters],
        "configuration": str(model.config.to_dict()) if hasattr(model, "config") else "",
        "weights": [numbers(part) for part in parameters],
        "dtypes": [str(part.dtype) for part in parameters],
        "trainable": [part.requires_grad for part in parameters],
    }


def _pipelines() -> list[dict[str, Any]]:
    """Return a log entry if this is called from a pipeline of transformers, else nothing."""
    frame = sys._getframe().f_back
    while frame:
        if frame.f_globals.get("__name__", "").startswith("transformers.pipelines"):
            return [{"of": "pipeline"}]
        frame = frame.f_back
    return []


def _fail_at(model: Any, number: int) -> None:
    """Make the forward pass with this number raise an error; 0 for none."""
    passes: list[None] = []

    def hook(*_: object) -> None:
        passes.append(None)
        if len(passes) == number:
            raise RuntimeError("the machine has run out of memory")

    model.register_forward_pre_hook(hook)


@dataclass(frozen=True)
class Estimator(StandIn):
    """A scikit-learn classifier with given predictions; calls of fit and predict are logged.

    A call is logged as ``{"of", "method", "rows", "original"}``; `original` tells whether it was a
    call of the estimator that the answer got, or of a copy of it.

    Attributes
    ----------
    predictions : tuple of int
        What `predict` returns, whatever the features.
    fit_seconds, predict_seconds, copy_seconds : float
        How long each of these takes, so that a test can tell which of them was timed.
    """

    predictions: tuple[int, ...] = ()
    fit_seconds: float = 0.0
    predict_seconds: float = 0.0
    copy_seconds: float = 0.0

    def build(self, calls: list[dict[str, Any]]) -> Any:
        log = _SharedLog(calls)
        estimator = canned_classifier()(
            name=self.name,
            predictions=self.predictions,
            fit_seconds=self.fit_seconds,
            predict_seconds=self.predict_seconds,
            copy_seconds=self.copy_seconds,
            log=log,
        )
        log.original = estimator
        return estimator


class _SharedLog:
    """A log that remains the same list when scikit-learn clones the estimator that has it."""

    def __init__(self, calls: list[dict[str, Any]]) -> None:
        self.calls = calls
        self.original: Any = None

    def add(self, estimator: Any, method: str, rows: int) -> None:
        original = estimator is self.original
        self.calls.append(
            {"of": estimator.name, "method": method, "rows": rows, "original": original}
        )

    def __deepcopy__(self, memo: dict[int, Any]) -> _SharedLog:
        return self


def canned_classifier() -> type:
    """Return the class of `Estimator`'s classifiers, defined here to import scikit-learn late."""
    import numpy as np
    from sklearn.base import BaseEstimator, ClassifierMixin

    class CannedClassifier(ClassifierMixin, BaseEstimator):
        def __init__(
            self,
            name: str,
            predictions: Any,
            fit_seconds: float,
            predict_seconds: float,
            copy_seconds: float,
            log: _SharedLog,
        ) -> None:
            self.name = name
            self.predictions = predictions
            self.fit_seconds = fit_seconds
            self.predict_seconds = predict_seconds
            self.copy_seconds = copy_seconds
            self.log = log

        def get_params(self, deep: bool = True) -> Any:  # `clone` calls this for the original
            if self is self.log.original:
                time.sleep(self.copy_seconds)
            return super().get_params(deep)

        def fit(self, X: Any, y: Any) -> Any:
            self.log.add(self, "fit", len(y))
            time.sleep(self.fit_seconds)
            self.classes_ = np.unique(y)
            return self

        def predict(self, X: Any) -> Any:
            self.log.add(self, "predict", len(X))
            if not hasattr(self, "classes_"):
                raise ValueError(f"{self.name} was not fitted before predict")
            time.sleep(self.predict_seconds)
            return np.asarray(self.predictions)

    return CannedClassifier


@dataclass(frozen=True)
class Named(StandIn):
    """A dict of stand-ins by name.

    When the answer has ended, it is logged as ``{"of": "<name> afterwards", "same"}``: whether it
    still has the same objects in the same order.

    Attributes
    ----------
    values : dict of str to StandIn
    """

    values: dict[str, StandIn] = field(default_factory=dict)

    def build(self, calls: list[dict[str, Any]]) -> Any:
        made = build_all(self.values, calls)
        _dicts[id(calls), self.name] = made
        return made

    @contextmanager
    def around(self, calls: list[dict[str, Any]]) -> Iterator[None]:
        made = _dicts.pop((id(calls), self.name))
        before = list(made.items())
        with ExitStack() as stack:
            all_around(self.values, calls, stack)
            try:
                yield
            finally:
                after = list(made.items())
                same = len(after) == len(before) and all(
                    key == name and value is given
                    for (key, value), (name, given) in zip(after, before, strict=True)
                )
                calls.append({"of": f"{self.name} afterwards", "same": same})


_dicts: dict[tuple[int, str], dict[Any, Any]] = {}
"""Dicts of `Named` by their call's shared log and their name, until the answer starts."""


@dataclass(frozen=True)
class TextClassifier(StandIn):
    """A real scikit-learn classifier of texts.

    When the answer has ended, it is logged as ``{"of": "<name> afterwards", "fitted"}``: whether
    it, or a step of the pipeline, has been fitted.

    Attributes
    ----------
    kind : {"words", "majority"}
        Naive Bayes on counted words, or always the most frequent label.
    """

    kind: str = "words"

    def build(self, calls: list[dict[str, Any]]) -> Any:
        from sklearn.dummy import DummyClassifier
        from sklearn.feature_extraction.text import CountVectorizer
        from sklearn.naive_bayes import MultinomialNB
        from sklearn.pipeline import make_pipeline

        made = DummyClassifier(strategy="most_frequent")
        if self.kind != "majority":
            made = make_pipeline(CountVectorizer(), MultinomialNB())
        _built[id(calls), self.name] = made
        return made

    @contextmanager
    def around(self, calls: list[dict[str, Any]]) -> Iterator[None]:
        made = _built[id(calls), self.name]
        try:
            yield
        finally:
            steps = [step for _, step in getattr(made, "steps", [])]
            # In scikit-learn, names of learnt attributes end in an underscore.
            learnt = [name for part in (made, *steps) for name in vars(part) if name[-1:] == "_"]
            calls.append({"of": f"{self.name} afterwards", "fitted": bool(learnt)})


@dataclass(frozen=True)
class WatchedTensor(StandIn):
    """A tensor of whole numbers that logs which torch functions it is given to.

    A call is logged as ``{"of", "function"}``. It shows whether an answer calls a library function
    that it must do without.

    Attributes
    ----------
    values : tuple of int, or of such tuples (one per row)
    """

    values: tuple[int, ...] | tuple[tuple[int, ...], ...] = ()

    def build(self, calls: list[dict[str, Any]]) -> Any:
        import torch

        name = self.name

        class Watched(torch.Tensor):
            @classmethod
            def __torch_function__(
                cls, function: Any, types: Any, arguments: Any = (), options: Any = None
            ) -> Any:
                calls.append({"of": name, "function": getattr(function, "__name__", "")})
                return super().__torch_function__(function, types, arguments, options or {})

        return torch.tensor(self.values, dtype=torch.int64).as_subclass(Watched)

    @contextmanager
    def around(self, calls: list[dict[str, Any]]) -> Iterator[None]:
        """Log torch's functions on other tensors, too, because an answer may copy the numbers."""
        from torch.overrides import TorchFunctionMode

        name = self.name

        class Log(TorchFunctionMode):
            def __torch_function__(
                self, function: Any, types: Any, arguments: Any = (), options: Any = None
            ) -> Any:
                calls.append({"of": name, "function": getattr(function, "__name__", "")})
                return function(*arguments, **(options or {}))

        with Log():
            yield


@dataclass(frozen=True)
class Classifier(StandIn):
    """A real, tiny BERT classifier with weights drawn from a seed, in evaluation mode.

    A forward pass is logged as ``Encoder`` logs it.

    Attributes
    ----------
    labels : tuple of str
        Names of the classes, in the order of their ids.
    vocabulary_size, max_length, seed : int
    dtype : {"float32", "bfloat16", "float16", "float64"}
        Of its weights, and so of its logits.
    named : tuple of int
        The ids in the order in which the configuration names them; sorted if empty.
    """

    imports: ClassVar[tuple[str, ...]] = ("transformers.BertForSequenceClassification",)

    labels: tuple[str, ...] = ("no", "yes")
    vocabulary_size: int = 64
    max_length: int = 64
    seed: int = 0
    dtype: str = "float32"
    named: tuple[int, ...] = ()

    def build(self, calls: list[dict[str, Any]]) -> Any:
        import torch
        from transformers import BertConfig, BertForSequenceClassification

        names = {label: self.labels[label] for label in self.named or range(len(self.labels))}

        config = BertConfig(
            vocab_size=self.vocabulary_size,
            hidden_size=8,
            num_hidden_layers=2,
            num_attention_heads=2,
            intermediate_size=16,
            max_position_embeddings=self.max_length,
            # Large, so that different texts give clearly different probabilities.
            initializer_range=0.5,
            id2label=names,
            label2id={name: label for label, name in names.items()},
            problem_type="single_label_classification",
        )
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed)
            model = BertForSequenceClassification(config).eval()
        model.to(getattr(torch, self.dtype))
        model.register_forward_pre_hook(Encoder._log_into(self, calls), with_kwargs=True)
        return model


@dataclass(frozen=True)
class Embedder(StandIn):
    """A function from a list of texts to an array with one row per text, from a table.

    A call is logged as ``{"of", "texts"}``. Anything but a list of strings raises TypeError; a text
    that is not in the table raises KeyError.

    Attributes
    ----------
    vectors : dict of str to tuple of float
    dtype : str
    """

    vectors: dict[str, tuple[float, ...]] = field(default_factory=dict)
    dtype: str = "float32"

    def build(self, calls: list[dict[str, Any]]) -> Any:
        import numpy as np

        def embed(texts: list[str]) -> Any:
            if not isinstance(texts, list):
                raise TypeError(f"embed takes a list of texts, not a {type(texts).__name__}")
            calls.append({"of": self.name, "texts": list(texts)})
            for text in texts:
                if text not in self.vectors:
                    raise KeyError(f"embed got {text!r}, which is not among this call's texts")
            return np.array([self.vectors[text] for text in texts], dtype=self.dtype)

        return embed


@dataclass(frozen=True)
class Predict(StandIn):
    """A function from a list of texts to one list of labels and scores per text, best first.

    The scores depend on the text, so that results in the wrong order are noticed. For the same text
    it returns the same list object again, so that a list that was cut in place is noticed, too. A
    call is logged as ``{"of", "texts"}``. Anything but a list of strings raises TypeError.

    Attributes
    ----------
    labels : tuple of str
    error : str
        Class and message of the exception for a text that fails: ``"ValueError: too hot"``.
    cause : str
        Message of the exception from which this error is raised, which must not be shown to anyone.
    fails_on : str
        Texts that contain this fail; ``""`` for all texts.
    """

    labels: tuple[str, ...] = ("yes", "no")
    error: str = "RuntimeError: the model failed"
    cause: str = "behind it"
    fails_on: str = "fail"

    def build(self, calls: list[dict[str, Any]]) -> Any:
        import builtins

        known: dict[str, list[dict[str, Any]]] = {}

        def predict(texts: list[str]) -> list[list[dict[str, Any]]]:
            if not isinstance(texts, list) or not all(type(text) is str for text in texts):
                raise TypeError(f"predict takes a list of strings, not {texts!r:.80}")
            calls.append({"of": self.name, "texts": list(texts)})
            if any(self.fails_on in text for text in texts):
                kind, _, message = self.error.partition(": ")
                raise getattr(builtins, kind)(message) from OSError(self.cause)
            return [known.setdefault(text, self.scores(text)) for text in texts]

        return predict

    def scores(self, text: str) -> list[dict[str, Any]]:
        """Return the function's result for one text."""
        import zlib

        first = zlib.crc32(text.encode()) % len(self.labels)
        order = self.labels[first:] + self.labels[:first]
        total = sum(range(1, len(order) + 1))
        return [
            {"label": label, "score": (len(order) - place) / total}
            for place, label in enumerate(order)
        ]


@dataclass(frozen=True)
class Reply:
    """One answer of an `HttpServer`.

    Attributes
    ----------
    status : int
    body : str
        JSON, or any other text that the server sends.
    seconds : float
        How long the caller has to wait.
    headers : tuple of (str, str)
    """

    status: int
    body: str
    seconds: float = 0.0
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class HttpServer(StandIn):
    """The address of an HTTP server on this machine whose replies the test chooses.

    A request is logged as ``{"of", "method", "elsewhere", "headers", "body"}`` (`elsewhere` is the
    part of its path after the address, names of headers are in lower case, the body is text). A
    reply that is not JSON is sent as HTML. While the answer runs, its `time.sleep`, imported under
    whatever name, does not sleep but is logged as ``{"of": "time.sleep", "seconds"}``.

    Attributes
    ----------
    replies : tuple of Reply
        In order; all further requests get the last one.
    """

    replies: tuple[Reply, ...] = ()

    def build(self, calls: list[dict[str, Any]]) -> Any:
        port, scripts = _scripted_server()
        scripts.append((self, calls, iter(self.replies)))
        return f"http://127.0.0.1:{port}/{len(scripts) - 1}"

    def around(self, calls: list[dict[str, Any]]) -> Any:
        import threading
        from unittest.mock import patch

        caller, really_sleep = threading.get_ident(), time.sleep

        def sleep(seconds: float) -> None:
            # Other threads of the process also sleep now and then; these calls are not counted.
            if threading.get_ident() == caller:
                calls.append({"of": "time.sleep", "seconds": float(seconds)})
            else:
                really_sleep(seconds)

        return patch("time.sleep", sleep)

    @contextmanager
    def within(self, names: dict[str, Any]) -> Iterator[None]:
        """Replace `time.sleep` also where the answer has imported it under another name."""
        imported = [name for name, value in names.items() if value is SLEEP]
        names.update(dict.fromkeys(imported, time.sleep))
        try:
            yield
        finally:
            names.update(dict.fromkeys(imported, SLEEP))


SLEEP = time.sleep
"""The original function, from before any code of a student runs."""


@functools.cache
def _scripted_server() -> tuple[int, list[tuple[Any, ...]]]:
    """Start the only server of this process; a request's path tells which `HttpServer` replies."""
    import threading
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

    scripts: list[tuple[Any, ...]] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            place: Any = re.match(r"/+(\d+)", self.path)
            stand_in, calls, replies = scripts[int(place[1])]
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            calls.append(
                {
                    "of": stand_in.name,
                    "method": self.command,
                    "elsewhere": self.path[place.end() :],
                    "headers": {name.lower(): value for name, value in self.headers.items()},
                    "body": body.decode("utf-8", "replace"),
                }
            )
            reply = next(replies, stand_in.replies[-1])
            threading.Event().wait(reply.seconds)  # because `time.sleep` is replaced
            content = reply.body.encode()
            self.send_response(reply.status)
            self.send_header("Content-Type", _content_type(reply.body))
            self.send_header("Content-Length", str(len(content)))
            for header in reply.headers:
                self.send_header(*header)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_HEAD = do_DELETE = do_PATCH = answer  # noqa: N815

        def log_message(self, *_: object) -> None:
            """Log nothing on stderr."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # ignore callers that have hung up
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_port, scripts


def _content_type(body: str) -> str:
    try:
        json.loads(body)
    except ValueError:
        return "text/html"
    return "application/json"


LONGEST_LOG = 20_000
"""How many characters of a request's log messages are kept."""


@dataclass(frozen=True)
class AppRequests:
    """Requests to a web application that a function returned; see `Answer.used`.

    Attributes
    ----------
    requests : tuple of dict
        ``{"method", "path"}``, and ``"json"`` (any value) or ``"body"`` (text) if it sends data.
    """

    requests: tuple[dict[str, Any], ...]

    def apply(self, app: Any) -> list[dict[str, Any]]:
        """Return one ``{"status", "text", "log"}`` per request, without a network.

        The log contains everything that was logged meanwhile, including tracebacks.
        """
        import logging
        from unittest.mock import patch

        from fastapi import FastAPI
        from starlette.testclient import TestClient

        if not isinstance(app, FastAPI):
            raise TypeError(f"expected a FastAPI app, got {type(app).__name__}")
        answers, logged, handle = [], [], logging.Logger.handle

        def note(logger: logging.Logger, record: logging.LogRecord) -> None:
            logged.append(logging.Formatter("%(message)s").format(record))
            handle(logger, record)

        client = TestClient(app, raise_server_exceptions=False)
        with patch("logging.Logger.handle", note), client:
            for request in self.requests:
                sent = {"json": request["json"]} if "json" in request else {}
                if "body" in request:
                    kind = {"Content-Type": "application/json"}
                    sent = {"content": request["body"], "headers": kind}
                answer = client.request(request["method"], request["path"], **sent)
                log = "\n".join(logged)[:LONGEST_LOG]
                answers.append({"status": answer.status_code, "text": answer.text, "log": log})
                logged.clear()
        return answers


@dataclass(frozen=True)
class Evaluation(StandIn):
    """What a `Trainer` passes to `compute_metrics`: an EvalPrediction.

    When the answer has ended, it is logged as ``{"of": "<name> afterwards", "changed"}``: which of
    its attributes are a different object or have different numbers.

    Attributes
    ----------
    predictions : ndarray or tuple of ndarray
    label_ids : ndarray
    inputs, losses : ndarray or None
    """

    predictions: Any = None
    label_ids: Any = None
    inputs: Any = None
    losses: Any = None

    def build(self, calls: list[dict[str, Any]]) -> Any:
        from transformers import EvalPrediction

        made = EvalPrediction(self.predictions, self.label_ids, self.inputs, self.losses)
        _built[id(calls), self.name] = made
        return made

    @contextmanager
    def around(self, calls: list[dict[str, Any]]) -> Iterator[None]:
        made = _built[id(calls), self.name]
        before = _held_by(made)
        try:
            yield
        finally:
            after = _held_by(made)
            changed = [part for part in before if before[part] != after[part]]
            calls.append({"of": f"{self.name} afterwards", "changed": changed})


def _held_by(evaluation: Any) -> dict[str, Any]:
    """Return which objects an EvalPrediction has, and their numbers."""
    parts = {
        part: getattr(evaluation, part) for part in ("predictions", "label_ids", "inputs", "losses")
    }
    return {name: (id(part), _bytes_of(part)) for name, part in parts.items()}


def _bytes_of(value: Any) -> Any:
    """Return the bytes of an array, or of each array in a tuple; None for None."""
    if isinstance(value, tuple):
        return tuple(map(_bytes_of, value))
    return None if value is None else value.tobytes()


@dataclass(frozen=True)
class Trainee(StandIn):
    """A real, tiny bag-of-tokens classifier for trying a training step.

    It starts in evaluation mode, with gradients left over from before, and has a parameter that no
    loss depends on. A forward pass is logged as ``{"of", "method": "forward", "training",
    "gradients"}``: whether all parts are in training mode, and whether gradients are kept.

    Attributes
    ----------
    vocabulary_size, num_labels, seed : int
    left_over : float
        Every parameter's gradient before the call.
    """

    vocabulary_size: int = 12
    num_labels: int = 3
    seed: int = 0
    left_over: float = 0.0

    def build(self, calls: list[dict[str, Any]]) -> Any:
        import torch

        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed)
            model = bag_classifier()(self.name, self.vocabulary_size, self.num_labels, calls)
        for weights in model.parameters():
            weights.grad = torch.full_like(weights, self.left_over)
        # The optimizer's stand-in in the same call finds the model through the shared log.
        _built[id(calls), self.name] = model
        return model.eval()


@dataclass(frozen=True)
class Descent(StandIn):
    """Plain gradient descent on the `Trainee` that comes before it among the arguments.

    Its parameters are in two groups: those of the last layer, and the others. Calls are logged as
    ``{"of", "method": "zero_grad"}`` and ``{"of", "method": "step", "gradients", "weights"}``: each
    parameter's gradient (None if it has none) before the step, and its values after it, as lists by
    the parameter's name.

    Attributes
    ----------
    model : str
        Name of the `Trainee`.
    learning_rate, head_rate : float
        For most parameters, and for those of the last layer.
    """

    model: str = "model"
    learning_rate: float = 0.1
    head_rate: float = 0.1

    def build(self, calls: list[dict[str, Any]]) -> Any:
        import torch

        model, name = _built[id(calls), self.model], self.name

        def listed(tensor: Any) -> Any:
            return None if tensor is None else tensor.detach().tolist()

        class LoggedDescent(torch.optim.SGD):
            def zero_grad(self, set_to_none: bool = True) -> None:
                calls.append({"of": name, "method": "zero_grad"})
                super().zero_grad(set_to_none)

            def step(self, closure: Any = None) -> Any:
                with torch.enable_grad():
                    result = closure() if closure else None  # this computes the gradients
                gradients = {key: listed(part.grad) for key, part in model.named_parameters()}
                super().step()
                weights = {key: listed(part) for key, part in model.named_parameters()}
                calls.append(
                    {"of": name, "method": "step", "gradients": gradients, "weights": weights}
                )
                return result

        head = list(model.head.parameters())
        others = [part for part in model.parameters() if all(part is not other for other in head)]
        groups = [{"params": others}, {"params": head, "lr": self.head_rate}]
        return LoggedDescent(groups, lr=self.learning_rate)


def bag_classifier() -> type:
    """Return the class of `Trainee`'s models, defined here to import torch late."""
    import torch
    from transformers.modeling_outputs import SequenceClassifierOutput

    class BagClassifier(torch.nn.Module):
        def __init__(
            self, name: str, vocabulary_size: int, num_labels: int, calls: list[dict[str, Any]]
        ) -> None:
            super().__init__()
            self.name, self.calls = name, calls
            self.embedding = torch.nn.Embedding(vocabulary_size, 4)
            self.types = torch.nn.Embedding(2, 4)
            self.dropout = torch.nn.Dropout(0.0)  # has a mode, but changes nothing
            self.head = torch.nn.Linear(4, num_labels)
            self.unused = torch.nn.Parameter(torch.ones(2))

        @property
        def device(self) -> Any:
            return self.unused.device

        def forward(
            self,
            input_ids: Any,
            attention_mask: Any,
            labels: Any = None,
            token_type_ids: Any = None,
        ) -> Any:
            self.calls.append(
                {
                    "of": self.name,
                    "method": "forward",
                    "training": all(part.training for part in self.modules()),
                    "gradients": torch.is_grad_enabled(),
                }
            )
            mask = attention_mask.unsqueeze(-1).float()
            vectors = self.embedding(input_ids)
            if token_type_ids is not None:
                vectors = vectors + self.types(token_type_ids)
            vectors = self.dropout((vectors * mask).sum(dim=1) / mask.sum(dim=1))
            logits = self.head(vectors)
            # With label smoothing, an answer that computes its own loss gets another number.
            smoothed = torch.nn.CrossEntropyLoss(label_smoothing=0.2)
            loss = None if labels is None else smoothed(logits, labels)
            return SequenceClassifierOutput(loss=loss, logits=logits)

    return BagClassifier


@dataclass(frozen=True)
class DropoutClassifier(Classifier):
    """A `Classifier` with dropout of one half, whose changes of mode are logged.

    A change is logged as ``{"of": "<name> mode", "training"}``, the final state as `logged_state`
    says. A forward pass by a pipeline of transformers is logged as ``{"of": "pipeline"}``.

    Attributes
    ----------
    training : bool
        The mode in which the answer gets it.
    fails_at : int
        Number of the forward pass, from 1, that raises RuntimeError; 0 for none.
    """

    training: bool = False
    fails_at: int = 0

    def around(self, calls: list[dict[str, Any]]) -> AbstractContextManager[Any]:
        return logged_state(self.name, calls)

    def build(self, calls: list[dict[str, Any]]) -> Any:
        import torch

        model = super().build(calls)
        model.register_forward_pre_hook(lambda *_: calls.extend(_pipelines()))
        _fail_at(model, self.fails_at)
        _built[id(calls), self.name] = model
        for part in model.modules():
            if isinstance(part, torch.nn.Dropout):
                part.p = 0.5
        model.train(self.training)
        model.train = self._train_of(model, calls)
        return model

    def _train_of(self, model: Any, calls: list[dict[str, Any]]) -> Any:
        """Return a `train` that logs (`eval` calls it, too); the last entry is the final mode."""

        def train(mode: bool = True) -> Any:
            calls.append({"of": f"{self.name} mode", "training": bool(mode)})
            return type(model).train(model, mode)

        return train


@dataclass(frozen=True)
class Rule(StandIn):
    """A function from a frame to a boolean Series that says which rows belong to a slice.

    A call is logged as ``{"of", "rows"}``.

    Attributes
    ----------
    column : str
    values : tuple
        A row belongs to the slice if its column has one of these values.
    """

    column: str = ""
    values: tuple[Any, ...] = ()

    def build(self, calls: list[dict[str, Any]]) -> Any:
        def rule(frame: Any) -> Any:
            calls.append({"of": self.name, "rows": len(frame)})
            return frame[self.column].isin(self.values)

        return rule


@dataclass(frozen=True)
class WatchedNames(StandIn):
    """A list of strings; warnings while the answer runs are logged.

    A warning is logged as ``{"of", "warning"}``, with its class and text.

    Attributes
    ----------
    values : tuple of str
    """

    values: tuple[str, ...] = ()

    def build(self, calls: list[dict[str, Any]]) -> Any:
        return list(self.values)

    @contextmanager
    def around(self, calls: list[dict[str, Any]]) -> Any:
        with warnings.catch_warnings(record=True) as raised:
            warnings.simplefilter("always")
            yield
        calls += [
            {"of": self.name, "warning": f"{one.category.__name__}: {one.message}"}
            for one in raised
        ]


@dataclass(frozen=True)
class Backward:
    """Let gradients flow back from a tensor that a function returned; see `Answer.used`.

    Afterwards the gradients are in `Answer.arguments`, at the tensors that require them.
    """

    def apply(self, result: Any) -> bool:
        """Return whether the result is a tensor through which gradients can flow."""
        import torch

        if not isinstance(result, torch.Tensor) or not result.requires_grad:
            return False
        result.sum().backward()
        return True


@dataclass(frozen=True)
class LanguageModel(StandIn):
    """A real, tiny Llama with weights drawn from a seed; each forward pass is logged.

    A forward pass is logged as ``Encoder`` logs it, and the final state as `logged_state` says.

    Attributes
    ----------
    vocabulary_size, seed : int
    spread : float
        Standard deviation of its weights. With 0 all tokens are equally probable everywhere.
    training : bool
        The mode in which the answer gets it.
    dtype : {"float32", "bfloat16", "float16", "float64"}
        Of its weights, and so of its logits.
    fails_at : int
        Number of the forward pass, from 1, that raises RuntimeError; 0 for none.
    """

    imports: ClassVar[tuple[str, ...]] = ("transformers.LlamaForCausalLM",)

    vocabulary_size: int = 64
    seed: int = 0
    spread: float = 0.5
    training: bool = False
    dtype: str = "float32"
    fails_at: int = 0

    def build(self, calls: list[dict[str, Any]]) -> Any:
        import torch
        from transformers import LlamaConfig, LlamaForCausalLM

        config = LlamaConfig(
            vocab_size=self.vocabulary_size,
            hidden_size=16,
            intermediate_size=32,
            num_hidden_layers=2,
            num_attention_heads=2,
            max_position_embeddings=2048,
            bos_token_id=2,
            eos_token_id=3,
            # With dropout of one half it is obvious if evaluation mode was forgotten.
            attention_dropout=0.5,
            initializer_range=self.spread,
        )
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed)
            model = LlamaForCausalLM(config)
        if not self.spread:  # the library takes an `initializer_range` of 0 for none
            torch.nn.init.zeros_(model.get_output_embeddings().weight)
        model.to(getattr(torch, self.dtype)).train(self.training)
        model.register_forward_pre_hook(Encoder._log_into(self, calls), with_kwargs=True)
        _fail_at(model, self.fails_at)
        _built[id(calls), self.name] = model
        return model

    def around(self, calls: list[dict[str, Any]]) -> AbstractContextManager[Any]:
        return logged_state(self.name, calls)


@dataclass(frozen=True)
class LinearLayer(StandIn):
    """A real `torch.nn.Linear`.

    When the answer has ended, also by failing, it is logged as ``{"of": "<name> afterwards",
    "changed"}``: which of its ``weight`` and ``bias`` have other numbers, types or ``gradients``,
    and whether other parts of it are ``trainable``.

    Attributes
    ----------
    weight : tensor of shape (out, in)
    bias : tensor of shape (out,), or None
    device : {"cpu", "meta"}
        On "meta", tensors have a shape and a type, but no numbers.
    """

    weight: Any = None
    bias: Any = None
    device: str = "cpu"

    def build(self, calls: list[dict[str, Any]]) -> Any:
        import torch

        size = self.weight.shape[1], self.weight.shape[0]
        layer = torch.nn.Linear(*size, bias=self.bias is not None, dtype=self.weight.dtype)
        with torch.no_grad():
            layer.weight.copy_(self.weight)
            if self.bias is not None:
                layer.bias.copy_(self.bias)
        layer = layer.to(self.device)
        _built[id(calls), self.name] = layer
        return layer

    @contextmanager
    def around(self, calls: list[dict[str, Any]]) -> Iterator[None]:
        layer = _built[id(calls), self.name]
        before = _layer_state(layer)
        try:
            yield
        finally:
            after = _layer_state(layer)
            changed = [what for what in before if before[what] != after[what]]
            calls.append({"of": f"{self.name} afterwards", "changed": changed})


def _layer_state(layer: Any) -> dict[str, Any]:
    """Return what of a linear layer can change, without parameters that were added to it."""
    parts = {name: getattr(layer, name) for name in ("weight", "bias")}
    parts = {name: part for name, part in parts.items() if part is not None}

    def numbers(tensor: Any) -> Any:
        known = None if tensor.is_meta else tensor.detach().cpu().double().numpy().tobytes()
        return str(tensor.dtype), known

    return {
        **{name: numbers(part) for name, part in parts.items()},
        "gradients": [part.grad is None for part in parts.values()],
        "trainable": [part.requires_grad for part in parts.values()],
    }


@dataclass(frozen=True)
class LayerTrial:
    """Compute with a layer that a function returned, and train it; see `Answer.used`.

    Attributes
    ----------
    inputs : tuple of tensors
    values : dict of str to tensor
        What some parameters are set to before anything else; names that it lacks are ignored.
    steps : int
        How many steps of gradient descent on all trainable parameters follow. The loss is the sum
        of the squared results for the first input, and the rate 0.01.
    """

    inputs: tuple[Any, ...] = ()
    values: dict[str, Any] = field(default_factory=dict)
    steps: int = 0

    def apply(self, layer: Any) -> dict[str, Any]:
        """Return the layer's parameters, its results and what each step of training did.

        ``parameters`` has, by name, ``{"shape", "dtype", "device", "trainable", "values"}``
        (without values on "meta"), ``results`` one tensor per input, and ``steps`` the gradients
        (by name; None if there is none) and the parameters' values after each step.
        """
        import torch

        if not isinstance(layer, torch.nn.Module):
            raise TypeError(f"expected a torch.nn.Module, got {type(layer).__name__}")
        parts = dict(layer.named_parameters())
        with torch.no_grad():
            for name, value in self.values.items():
                if name in parts:
                    parts[name].copy_(value)
        told: dict[str, Any] = {
            "parameters": {name: _described_part(part) for name, part in parts.items()},
            "results": [layer(numbers).detach().clone() for numbers in self.inputs],
            "steps": [],
        }
        for _ in range(self.steps):
            told["steps"].append(self._step(layer, parts))
        return told

    def _step(self, layer: Any, parts: dict[str, Any]) -> dict[str, Any]:
        import torch

        for part in parts.values():
            part.grad = None
        result = layer(self.inputs[0])
        if result.requires_grad:
            result.pow(2).sum().backward()
        gradients = {name: None if p.grad is None else p.grad.clone() for name, p in parts.items()}
        with torch.no_grad():
            for part in parts.values():
                if part.requires_grad and part.grad is not None:
                    part -= 0.01 * part.grad
        return {
            "gradients": gradients,
            "values": {name: part.detach().clone() for name, part in parts.items()},
        }


def _described_part(part: Any) -> dict[str, Any]:
    return {
        "shape": list(part.shape),
        "dtype": str(part.dtype),
        "device": str(part.device),
        "trainable": bool(part.requires_grad),
        **({} if part.is_meta else {"values": part.detach().clone()}),
    }


CLASSES: dict[str, type] = {
    name: kind
    for name, kind in list(globals().items())
    if isinstance(kind, type) and dataclasses.is_dataclass(kind)
}
"""All descriptions that may be sent to the sandbox and built there, by name."""
