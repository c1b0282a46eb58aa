"""Train a language model to continue prompts with given answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from helpers.training import train_batches

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

Example = tuple[list[int], list[int]]
"""The token ids of a prompt and of its answer."""


def train_on_answers(
    prompts: Sequence[str],
    answers: Sequence[str],
    tokenizer: PreTrainedTokenizerBase,
    model: PreTrainedModel,
    epochs: int,
    batch_size: int = 16,
    learning_rate: float = 1e-3,
    seed: int = 0,
) -> None:
    """Train a language model in place; only the answers' tokens count in the loss.

    Parameters
    ----------
    prompts, answers : sequence of str, same length
        Each answer is put behind its prompt with a blank before it.
    tokenizer, model
        As `helpers.models.load_language_model` returns them. Parameters that do not require
        gradients stay as they are: with LoRA, all but the corrections.
    epochs, batch_size : int
    learning_rate : float
        The highest rate.
    seed : int
        Draws the order of the prompts.
    """
    asked = [tokenizer(prompt)["input_ids"] for prompt in prompts]
    said = [tokenizer(f" {answer}", add_special_tokens=False)["input_ids"] for answer in answers]
    batches = _batches(list(zip(asked, said, strict=True)), epochs, batch_size, seed)
    training = model.training
    model.train()
    try:
        train_batches(model.parameters(), batches, lambda batch: _loss(batch, model), learning_rate)
    finally:
        model.train(training)


def _batches(
    examples: list[Example], epochs: int, batch_size: int, seed: int
) -> list[list[Example]]:
    """Return the batches of all epochs, each epoch in an order of its own."""
    import numpy as np

    rng, batches = np.random.default_rng(seed), []
    for _ in range(epochs):
        order = rng.permutation(len(examples)).tolist()
        for start in range(0, len(order), batch_size):
            batches.append([examples[row] for row in order[start : start + batch_size]])
    return batches


def _loss(batch: list[Example], model: PreTrainedModel) -> torch.Tensor:
    """Return the mean loss of the answers' tokens; no others are compared with the vocabulary."""
    import torch

    longest = max(len(prompt) + len(answer) for prompt, answer in batch)
    # Padding is on the right, where no token sees it.
    tokens = torch.zeros(len(batch), longest, dtype=torch.long)
    follows = torch.zeros_like(tokens, dtype=torch.bool)
    for row, (prompt, answer) in enumerate(batch):
        ids = prompt + answer
        tokens[row, : len(ids)] = torch.tensor(ids)
        follows[row, len(prompt) : len(ids)] = True
    tokens, follows = tokens.to(model.device), follows.to(model.device)
    hidden = model.base_model(input_ids=tokens, use_cache=False).last_hidden_state
    before = hidden[:, :-1][follows[:, 1:]]
    logits = model.get_output_embeddings()(before).float()
    return torch.nn.functional.cross_entropy(logits, tokens[follows])
