"""Stand-ins: arguments that are not plain data, described by plain data.

A hidden test passes the description; where the student's function runs it becomes the real thing
(a real tokenizer, a real small encoder, a real estimator), and every call of it is counted.
"""

from __future__ import annotations

import atexit
import functools
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class StandIn:
    """A description of an argument. Subclasses say how the real thing is built."""

    name: str

    def build(self, calls: list[dict[str, Any]]) -> Any:
        """Return the real thing, which appends what it was asked to `calls`."""
        raise NotImplementedError


def holds_standin(value: Any) -> bool:
    """Tell whether a value is a stand-in, or a container with one in it."""
    if type(value) is dict:
        return any(map(holds_standin, value.values()))
    if isinstance(value, list | tuple):
        return any(map(holds_standin, value))
    return isinstance(value, StandIn)


def build_all(value: Any, calls: list[dict[str, Any]]) -> Any:
    """Replace every stand-in within (nested) tuples, lists and dicts by the real thing."""
    if isinstance(value, StandIn):
        return value.build(calls)
    if isinstance(value, tuple):
        return tuple(build_all(item, calls) for item in value)
    if isinstance(value, list):
        return [build_all(item, calls) for item in value]
    if type(value) is dict:  # a DatasetDict is a dict too, and stays what it is
        return {key: build_all(item, calls) for key, item in value.items()}
    return value


@dataclass(frozen=True)
class Function(StandIn):
    """A function of one string that answers from a table.

    Attributes
    ----------
    answers : dict of str to object
        The answer to each argument; any other argument raises KeyError.
    """

    answers: dict[str, Any] = field(default_factory=dict)

    def build(self, calls: list[dict[str, Any]]) -> Any:
        def function(argument: str) -> Any:
            calls.append({"of": self.name, "argument": argument})
            return self.answers[argument]

        return function


@dataclass(frozen=True)
class TextFile(StandIn):
    """A file where the answer runs; the function gets its path.

    Attributes
    ----------
    name : str
        The file's name.
    content : str
        Written as UTF-8, line ends as they are.
    path_type : {"Path", "str"}
    """

    content: str = ""
    path_type: str = "Path"

    def build(self, calls: list[dict[str, Any]]) -> Any:
        # A folder a file, so that nothing read before can be met again.
        path = Path(tempfile.mkdtemp(dir=_scratch_folder())) / self.name
        path.write_text(self.content, encoding="utf-8", newline="")
        return path if self.path_type == "Path" else str(path)


@functools.cache
def _scratch_folder() -> str:
    """Return a folder that goes when the process does."""
    folder = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@dataclass(frozen=True)
class Tokenizer(StandIn):
    """A real fast tokenizer over a vocabulary of the test's own.

    Attributes
    ----------
    vocabulary : tuple of str
        Word pieces without the special tokens, which are put before them:
        ``[PAD] [UNK] [CLS] [SEP] [MASK]`` are the ids 0 to 4. Not used by ``kind="bytes"``.
    kind : {"wordpiece", "bytes"}
        BERT's WordPiece, or one token a byte, which loses nothing.
    lowercase : bool
    max_length : int
        ``model_max_length``.
    added : tuple of str
        Tokens added on top of the vocabulary, which ``vocab_size`` leaves out.
    """

    vocabulary: tuple[str, ...] = ()
    kind: str = "wordpiece"
    lowercase: bool = True
    max_length: int = 512
    added: tuple[str, ...] = ()

    def build(self, calls: list[dict[str, Any]]) -> Any:
        from transformers import PreTrainedTokenizerFast

        tokenizer = PreTrainedTokenizerFast(
            tokenizer_object=self._backend(),
            model_max_length=self.max_length,
            pad_token="[PAD]",
            unk_token="[UNK]",
            cls_token="[CLS]",
            sep_token="[SEP]",
            mask_token="[MASK]",
            clean_up_tokenization_spaces=False,
        )
        tokenizer.model_input_names = ["input_ids", "attention_mask"]
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
        backend.post_processor = processors.TemplateProcessing(
            single="[CLS] $A [SEP]",
            pair="[CLS] $A [SEP] $B:1 [SEP]:1",
            special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
        )
        return backend


@dataclass(frozen=True)
class Encoder(StandIn):
    """A real, tiny BERT with weights drawn from a seed; each forward pass is logged.

    A call is logged as ``{"of", "rows", "columns", "training", "gradients"}``, a change of mode as
    ``{"of": "<name> mode", "training"}``.

    Attributes
    ----------
    vocabulary_size, hidden_size, max_length, seed : int
    training : bool
        The mode that it is handed over in.
    """

    vocabulary_size: int = 64
    hidden_size: int = 8
    max_length: int = 16
    seed: int = 0
    training: bool = False

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
            # Dropout of one half makes a forgotten evaluation mode plain to see.
            hidden_dropout_prob=0.5,
            attention_probs_dropout_prob=0.5,
            # Larger than usual, so that different tokens give clearly different vectors.
            initializer_range=0.5,
        )
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed)
            model = BertModel(config, add_pooling_layer=False)
        model.train(self.training)
        model.register_forward_pre_hook(self._log_into(calls), with_kwargs=True)
        model.train = self._train_of(model, calls)
        return model

    def _train_of(self, model: Any, calls: list[dict[str, Any]]) -> Any:
        """Return a `train` that logs (`eval` calls it): the last entry is the mode left behind."""

        def train(mode: bool = True) -> Any:
            calls.append({"of": f"{self.name} mode", "training": bool(mode)})
            return type(model).train(model, mode)

        return train

    def _log_into(self, calls: list[dict[str, Any]]) -> Any:
        import torch

        def log(model: Any, arguments: tuple, options: dict[str, Any]) -> None:
            ids = options.get("input_ids", arguments[0] if arguments else None)
            calls.append(
                {
                    "of": self.name,
                    "rows": int(ids.shape[0]),
                    "columns": int(ids.shape[1]),
                    "training": model.training,
                    "gradients": torch.is_grad_enabled(),
                }
            )

        return log


@dataclass(frozen=True)
class Estimator(StandIn):
    """A scikit-learn classifier with canned predictions; fits and predictions are logged.

    A call is logged as ``{"of", "method", "rows", "original"}``; `original` tells whether it went
    to the estimator that was handed over or to a copy of it.

    Attributes
    ----------
    predictions : tuple of int
        What `predict` answers, whatever the features.
    fit_seconds, predict_seconds : float
        How long each takes, so that a test can tell which of them was timed.
    """

    predictions: tuple[int, ...] = ()
    fit_seconds: float = 0.0
    predict_seconds: float = 0.0

    def build(self, calls: list[dict[str, Any]]) -> Any:
        log = _SharedLog(calls)
        estimator = canned_classifier()(
            name=self.name,
            predictions=self.predictions,
            fit_seconds=self.fit_seconds,
            predict_seconds=self.predict_seconds,
            log=log,
        )
        log.original = estimator
        return estimator


class _SharedLog:
    """A log that stays the same list when scikit-learn clones the estimator that holds it."""

    def __init__(self, calls: list[dict[str, Any]]):
        self.calls = calls
        self.original: Any = None

    def add(self, estimator: Any, method: str, rows: int) -> None:
        original = estimator is self.original
        self.calls.append(
            {"of": estimator.name, "method": method, "rows": rows, "original": original}
        )

    def __deepcopy__(self, memo: dict) -> _SharedLog:
        return self


def canned_classifier() -> type:
    """Return the class of `Estimator`'s classifiers, made here to import scikit-learn late."""
    import time

    import numpy as np
    from sklearn.base import BaseEstimator, ClassifierMixin

    class CannedClassifier(ClassifierMixin, BaseEstimator):
        def __init__(self, name, predictions, fit_seconds, predict_seconds, log):
            self.name = name
            self.predictions = predictions
            self.fit_seconds = fit_seconds
            self.predict_seconds = predict_seconds
            self.log = log

        def fit(self, X, y):
            self.log.add(self, "fit", len(y))
            time.sleep(self.fit_seconds)
            self.classes_ = np.unique(y)
            return self

        def predict(self, X):
            self.log.add(self, "predict", len(X))
            if not hasattr(self, "classes_"):
                raise ValueError(f"{self.name} was not fitted before predict")
            time.sleep(self.predict_seconds)
            return np.asarray(self.predictions)

    return CannedClassifier


@dataclass(frozen=True)
class WatchedTensor(StandIn):
    """A tensor of whole numbers that logs which torch functions it is given to.

    A call is logged as ``{"of", "function"}``; it shows whether an answer leaves the work to the
    library function that it is to stand without.

    Attributes
    ----------
    values : tuple of int
    """

    values: tuple[int, ...] = ()

    def build(self, calls: list[dict[str, Any]]) -> Any:
        import torch

        name = self.name

        class Watched(torch.Tensor):
            @classmethod
            def __torch_function__(cls, function, types, arguments=(), options=None):
                calls.append({"of": name, "function": getattr(function, "__name__", "")})
                return super().__torch_function__(function, types, arguments, options or {})

        return torch.tensor(self.values, dtype=torch.int64).as_subclass(Watched)
