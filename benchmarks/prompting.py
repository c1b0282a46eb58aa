"""Prompts for a language model that classifies, and what is read from its scores of the labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from helpers.features import length_batches

CHAT = "<|im_start|>{}\n{}<|im_end|>\n"
ANSWER = "<|im_start|>assistant\n"


@dataclass(frozen=True)
class Wording:
    """One way to ask.

    Attributes
    ----------
    head : str
        What stands before everything; ``{labels}`` becomes the words for the classes.
    item : str
        Put for each example and for the message itself, with ``{text}``; the answer follows it
        after a blank.
    words : sequence of str
        The answer for each class.
    end : str
        What follows an example's answer.
    """

    head: str
    item: str
    words: tuple[str, ...]
    end: str = "\n\n"

    def prompt(self, text: str, examples: Sequence[tuple[str, int]] = ()) -> str:
        """Return the prompt for a text, after examples with their classes."""
        shown = "".join(
            f"{self.item.format(text=' '.join(one.split()))} {self.words[label]}{self.end}"
            for one, label in examples
        )
        head = self.head.format(labels=", ".join(self.words))
        return head + shown + self.item.format(text=" ".join(text.split()))


def chat(instruction: str, words: tuple[str, ...], label: str = "Label:") -> Wording:
    """Return a wording as the turns of a conversation; examples are earlier turns."""
    item = CHAT.format("user", "{text}") + ANSWER + label
    return Wording(CHAT.format("system", instruction), item, words, "<|im_end|>\n")


def calibrated(scores: np.ndarray, baseline: np.ndarray | None = None) -> np.ndarray:
    """Return scores without what the model gives a label whatever the message says.

    Parameters
    ----------
    scores : ndarray, shape (n, c)
        Log-probabilities.
    baseline : ndarray, shape (c,), optional
        By default the labels' mean over the messages (batch calibration: Zhou et al., ICLR 2024).
    """
    return scores - (scores.mean(axis=0) if baseline is None else baseline)


def text_scores(
    openings: Sequence[str], texts: Sequence[str], tokenizer, model, tokens_per_batch: int = 2048
) -> np.ndarray:
    """Return the log-probability of each text after each opening: the question turned round.

    Source: S. Min et al., "Noisy Channel Language Model Prompting for Few-Shot Text
    Classification", ACL 2022.

    Parameters
    ----------
    openings : sequence of str
        One for each class, such as ``"A sad message:"``.
    texts : sequence of str
        Each is put behind the opening with a blank before it.

    Returns
    -------
    ndarray of float32, shape (n, c)
    """
    scores = np.zeros((len(texts), len(openings)), dtype=np.float32)
    own = [tokenizer(f" {text}", add_special_tokens=False)["input_ids"] for text in texts]
    for column, opening in enumerate(openings):
        before = tokenizer(opening)["input_ids"]
        lengths = [len(before) + len(ids) for ids in own]
        for rows in length_batches(lengths, tokens_per_batch):
            batch = [before + own[row] for row in rows]
            scores[rows, column] = _sums(batch, len(before), model)
    return scores


def _sums(sequences: list[list[int]], known: int, model) -> np.ndarray:
    """Return the log-probability of what follows the first `known` tokens of each sequence."""
    longest = max(map(len, sequences))
    # Padding is on the right, where causal attention does not see it.
    padded = [ids + [-100] * (longest - len(ids)) for ids in sequences]
    tokens = torch.tensor(padded, device=model.device)
    with torch.inference_mode():
        output = model(input_ids=tokens.clamp(min=0), logits_to_keep=longest - known + 1)
        steps = output.logits[:, :-1].float().transpose(1, 2)
        losses = torch.nn.functional.cross_entropy(steps, tokens[:, known:], reduction="none")
    return -losses.sum(dim=1).cpu().numpy()
