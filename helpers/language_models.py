"""How probable a language model finds each label after a prompt, for many prompts at once."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import torch
    from transformers import DynamicCache, PreTrainedModel, PreTrainedTokenizerBase


def score_labels(
    prompts: Sequence[str],
    labels: Sequence[str],
    tokenizer: PreTrainedTokenizerBase,
    model: PreTrainedModel,
    batch_size: int = 32,
) -> np.ndarray:
    """Return the log-probability of each label after each prompt.

    The tokens that all prompts begin with (instructions and examples) pass through the model once,
    each prompt's own tokens once, and a label's only after its first: the keys and values of what
    came before are kept. The result is the same as with a pass over prompt and label for each pair,
    up to rounding.

    Parameters
    ----------
    prompts : sequence of str
    labels : sequence of str
        Each is put behind the prompt with a blank before it.
    tokenizer, model
        As `helpers.models.load_language_model` returns them.
    batch_size : int
        How many prompts pass through the model at the same time.

    Returns
    -------
    ndarray of float32, shape (n, c)
        The sums of the log-probabilities of a label's tokens, n prompts by c labels.

    Raises
    ------
    ValueError
        If there are no labels, or a prompt or a label has no tokens.
    """
    import numpy as np
    import torch

    asked = [tokenizer(prompt)["input_ids"] for prompt in prompts]
    answers = [tokenizer(f" {label}", add_special_tokens=False)["input_ids"] for label in labels]
    if not answers:
        raise ValueError("there are no labels to score")
    for text, ids in [*zip(prompts, asked, strict=True), *zip(labels, answers, strict=True)]:
        if not ids:
            raise ValueError(f"{text!r} has no tokens, so no probability can be read after it")
    scores = np.zeros((len(asked), len(answers)), dtype=np.float32)
    # At least one token of each prompt is left, because labels are read after it.
    shared = min(_shared(asked), *(len(ids) - 1 for ids in asked)) if asked else 0
    training, order = model.training, np.argsort([len(ids) for ids in asked], kind="stable")
    model.eval()
    try:
        with torch.inference_mode():
            prefix = _prefix(asked[0][:shared], model) if shared else None
            for start in range(0, len(asked), batch_size):
                rows = order[start : start + batch_size]
                own = [asked[row][shared:] for row in rows]
                scores[rows] = _scores(own, answers, prefix, model)
    finally:
        model.train(training)
    return scores


def _shared(sequences: list[list[int]]) -> int:
    """Return how many tokens all sequences begin with."""
    first, last = min(sequences), max(sequences)  # as in a dictionary, so they differ the earliest
    pairs = enumerate(zip(first, last, strict=False))
    return next((place for place, (one, other) in pairs if one != other), len(first))


def _prefix(ids: list[int], model: PreTrainedModel) -> DynamicCache:
    """Return the keys and values of the tokens that all prompts begin with."""
    import torch

    tokens = torch.tensor([ids], device=model.device)
    return model(input_ids=tokens, use_cache=True, logits_to_keep=1).past_key_values


def _scores(
    own: list[list[int]],
    answers: list[list[int]],
    prefix: DynamicCache | None,
    model: PreTrainedModel,
) -> np.ndarray:
    """Score all labels after a few prompts, of which only the prompts' own tokens are given."""
    import torch

    before = prefix.get_seq_length() if prefix else 0
    past = _repeated(prefix, len(own)) if prefix else None
    longest = max(map(len, own))
    # Padding is on the left, so that every prompt ends in the last column.
    tokens = torch.tensor([[0] * (longest - len(ids)) + ids for ids in own], device=model.device)
    real = torch.tensor([[0] * (longest - len(ids)) + [1] * len(ids) for ids in own])
    mask = torch.cat([torch.ones(len(own), before, dtype=torch.long), real], 1).to(model.device)
    output = model(
        input_ids=tokens,
        attention_mask=mask,
        position_ids=_positions(mask)[:, before:],
        past_key_values=past,
        use_cache=True,
        logits_to_keep=1,
    )
    first = output.logits[:, -1].float().log_softmax(-1)
    scores = first[:, [answer[0] for answer in answers]]
    for column, answer in enumerate(answers):
        if len(answer) > 1:
            scores[:, column] += _rest(answer, output.past_key_values, mask, model)
    return scores.cpu().numpy()


def _rest(
    answer: list[int], past: DynamicCache, mask: torch.Tensor, model: PreTrainedModel
) -> torch.Tensor:
    """Return the log-probability of a label's tokens after its first, for each prompt."""
    import torch

    rows, known = len(mask), mask.shape[1]
    tokens = torch.tensor([answer[:-1]] * rows, device=model.device)
    mask = torch.cat([mask, torch.ones_like(tokens)], 1)
    output = model(
        input_ids=tokens,
        attention_mask=mask,
        position_ids=_positions(mask)[:, known:],
        past_key_values=past,
        use_cache=True,
    )
    past.crop(1 - len(answer))  # the next label begins after the prompt, too
    following = torch.tensor(answer[1:], device=model.device).expand(rows, -1)
    chosen = output.logits.float().log_softmax(-1).gather(2, following[..., None])
    return chosen.squeeze(2).sum(1)


def _positions(mask: torch.Tensor) -> torch.Tensor:
    """Return each token's position, without what stands for padding."""
    return (mask.cumsum(1) - 1).clamp(min=0)


def _repeated(prefix: DynamicCache, times: int) -> DynamicCache:
    past = copy.deepcopy(prefix)
    past.batch_repeat_interleave(times)
    return past
