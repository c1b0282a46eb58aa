"""Fine-tune with any recipe on token ids, with a cache, and compute the logits of many texts."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from helpers.cache import cached_array, fingerprint
from helpers.features import run_batches, weights_hash
from helpers.training import RECIPE, train_on, trained_or_kept

if TYPE_CHECKING:
    import numpy as np
    from transformers import BatchEncoding, PreTrainedModel, PreTrainedTokenizerBase
    from transformers.utils import ModelOutput

Tokens = Sequence[Sequence[int]]

# Other datasets have fewer rows than lesson 4's. So batches are smaller, which gives enough steps,
# and the learning rate is smaller to match.
SMALLER = {"per_device_train_batch_size": 32, "learning_rate": 1e-4}


def kept_classifier(
    tokens: Tokens,
    labels: Sequence[int],
    names: Sequence[str],
    tokenizer: PreTrainedTokenizerBase,
    **recipe: Any,
) -> PreTrainedModel:
    """Return the default checkpoint fine-tuned on some rows, from disk if it was trained before.

    Parameters
    ----------
    tokens : sequence of sequence of int
        Input ids of each row, special tokens included, not padded.
    labels : sequence of int
        Ids into `names`.
    names : sequence of str
    tokenizer : PreTrainedTokenizerBase
    **recipe
        ``epochs`` (required), ``seed``, ``frozen_layers``, and any field of ``TrainingArguments``
        that differs from lesson 4's recipe with `SMALLER` batches and steps.

    Returns
    -------
    PreTrainedModel
        On the fastest device, in evaluation mode.
    """
    model = _new(names, recipe.get("seed", 0))
    key = _key(model, tokens, labels, names, recipe)
    source = trained_or_kept(model, key, lambda: _train(model, tokens, labels, tokenizer, **recipe))
    print(f"fine-tuned on {len(tokens):,} texts, {recipe['epochs']} epochs: {source}")
    return model.eval()


def logits_after_training(
    tokens: Tokens,
    labels: Sequence[int],
    names: Sequence[str],
    tokenizer: PreTrainedTokenizerBase,
    wanted: Tokens,
    start: PreTrainedModel | None = None,
    **recipe: Any,
) -> np.ndarray:
    """Fine-tune as `kept_classifier` does, but keep only the model's logits for `wanted`.

    For comparisons over many seeds, where the models are not needed afterwards.

    Parameters
    ----------
    tokens, labels, names, tokenizer, **recipe
        As for `kept_classifier`.
    wanted : sequence of sequence of int
        Input ids of the rows whose logits are kept.
    start : PreTrainedModel, optional
        A model of the same architecture. Training starts from its encoder, with a new head. By
        default, the default checkpoint. The model is not changed.

    Returns
    -------
    ndarray of float32, shape (len(wanted), len(names))
    """
    model = _new(names, recipe.get("seed", 0))
    if start is not None:
        model.base_model.load_state_dict(start.base_model.state_dict())
    key = _key(model, tokens, labels, names, [recipe, [list(ids) for ids in wanted]])

    def compute() -> np.ndarray:
        _train(model, tokens, labels, tokenizer, **recipe)
        return token_logits(model, wanted, tokenizer)

    return cached_array("logits", key, compute)


def token_logits(
    model: PreTrainedModel, tokens: Tokens, tokenizer: PreTrainedTokenizerBase
) -> np.ndarray:
    """Return the logits of each row of input ids, in the order of the rows.

    Rows of similar length share a batch of at most 4,096 positions, so there is hardly any padding.

    Returns
    -------
    ndarray of float32, shape (len(tokens), classes)
    """
    import numpy as np

    from helpers.models import pick_dtype

    logits = np.zeros((len(tokens), model.config.num_labels), dtype=np.float32)

    def store(rows: np.ndarray, output: ModelOutput, batch: BatchEncoding) -> None:
        logits[rows] = output.logits.float().cpu().numpy()

    run_batches(tokens, tokenizer, model, pick_dtype(model.device), store, "predicting")
    return logits


def _new(names: Sequence[str], seed: int) -> PreTrainedModel:
    """Load the checkpoint with a head drawn from the seed, without printing anything."""
    from contextlib import redirect_stdout

    from transformers import set_seed

    from helpers.models import load_classifier

    set_seed(seed)
    with redirect_stdout(io.StringIO()):
        return load_classifier(len(names), dict(enumerate(names)))


def _key(
    model: PreTrainedModel,
    tokens: Tokens,
    labels: Sequence[int],
    names: Sequence[str],
    recipe: Any,
) -> str:
    """Return a fingerprint of everything that the result depends on: weights, rows and recipe."""
    from helpers.models import pick_dtype

    rows = [str([list(ids), int(label)]) for ids, label in zip(tokens, labels, strict=True)]
    settings = repr([RECIPE, SMALLER, recipe, list(names), str(pick_dtype(model.device))])
    return fingerprint([weights_hash(model), settings, *rows])


def _train(
    model: PreTrainedModel,
    tokens: Tokens,
    labels: Sequence[int],
    tokenizer: PreTrainedTokenizerBase,
    epochs: int,
    seed: int = 0,
    frozen_layers: int = 0,
    **changes: Any,
) -> None:
    from datasets import Dataset

    freeze(model, frozen_layers)
    rows = Dataset.from_dict(
        {"input_ids": [list(ids) for ids in tokens], "label": [int(label) for label in labels]}
    )
    train_on(model, rows, tokenizer, epochs, seed, **{**SMALLER, **changes})
    freeze(model, 0)


def freeze(model: PreTrainedModel, layers: int) -> None:
    """Freeze the lower layers of a classifier, so that only the upper part learns.

    Parameters
    ----------
    model : PreTrainedModel
    layers : int
        How many of the lower layers to freeze, together with the embeddings; 0 freezes nothing.

    Raises
    ------
    ValueError
        If the model has fewer layers.
    """
    import torch

    stack = next(part for part in model.modules() if isinstance(part, torch.nn.ModuleList))
    if layers > len(stack):
        raise ValueError(f"the model has {len(stack)} layers; {layers} cannot be frozen")
    model.requires_grad_(True)
    if layers:
        model.get_input_embeddings().requires_grad_(False)
        for layer in stack[:layers]:
            layer.requires_grad_(False)
