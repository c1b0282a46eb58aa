"""Move an encoder's vectors of texts of one class together, and of two classes apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from helpers.training import train_batches

if TYPE_CHECKING:
    import numpy as np
    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


def train_on_pairs(
    texts: Sequence[str],
    pairs: np.ndarray,
    tokenizer: PreTrainedTokenizerBase,
    encoder: PreTrainedModel,
    batch_size: int = 64,
    learning_rate: float = 1e-4,
) -> None:
    """Train an encoder in place, so that the cosine of two texts tells if they are of one class.

    The loss of a pair is the square of what its cosine lacks to 1 (one class) or 0 (two classes).
    A text that occurs in several pairs of a batch passes through the encoder once.

    Parameters
    ----------
    texts : sequence of str
        Each is truncated at the tokenizer's maximum.
    pairs : ndarray of int, shape (pairs, 3)
        Places of two texts, and whether they are of one class (1) or not (0). A batch has the next
        `batch_size` of them.
    tokenizer, encoder
        A checkpoint's, without a head; a text's vector is the mean over its tokens.
    batch_size : int
    learning_rate : float
        The highest rate.
    """
    import torch

    from helpers.models import pick_dtype

    tokens = tokenizer(list(texts), truncation=True)["input_ids"]
    batches = [pairs[start : start + batch_size] for start in range(0, len(pairs), batch_size)]
    enabled = pick_dtype(encoder.device) == torch.bfloat16

    def loss_of(batch: np.ndarray) -> torch.Tensor:
        with torch.autocast(encoder.device.type, dtype=torch.bfloat16, enabled=enabled):
            return _loss(batch, tokens, tokenizer, encoder)

    training = encoder.training
    encoder.train()
    try:
        train_batches(encoder.parameters(), batches, loss_of, learning_rate)
    finally:
        encoder.train(training)


def _loss(
    pairs: np.ndarray,
    tokens: list[list[int]],
    tokenizer: PreTrainedTokenizerBase,
    encoder: PreTrainedModel,
) -> torch.Tensor:
    import numpy as np
    import torch

    rows, places = np.unique(pairs[:, :2], return_inverse=True)
    batch = tokenizer.pad({"input_ids": [tokens[row] for row in rows]}, return_tensors="pt")
    batch = batch.to(encoder.device)
    hidden = encoder(**batch).last_hidden_state.float()
    mask = batch["attention_mask"].unsqueeze(-1)
    vectors = (hidden * mask).sum(dim=1) / mask.sum(dim=1)
    first, second = vectors[torch.as_tensor(places.reshape(-1, 2).T, device=encoder.device)]
    same = torch.as_tensor(pairs[:, 2], dtype=torch.float32, device=encoder.device)
    return torch.nn.functional.mse_loss(torch.cosine_similarity(first, second), same)
