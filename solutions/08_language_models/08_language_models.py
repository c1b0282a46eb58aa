# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     name: python3
# ---

# %% [markdown]
# # 8. Do you need a large language model?
#
# <!-- colab-badge -->
#

# %%
import json

import numpy as np
import pandas as pd
import torch

from helpers.checks import check

# %% [markdown]
# ### Exercise 8.2: label_log_probabilities ●●● about 25 minutes
#
# *Importance: high. Every score of a language model in this lesson is computed like this.*
#
# How probable is each label after a prompt? Put the label's tokens behind the prompt's tokens, and sum the natural log-probabilities of the label's tokens, each given all tokens before it. The prompt's tokens are those that the tokenizer gives by default, and nothing is cut. A label is tokenized on its own, as it is but with one blank before it, without special tokens. Labels may have several tokens, of which some have the first ones in common.
#
# Return a dict from each label to its sum, a float, best first; labels with equal sums stay in the order given. The model computes in evaluation mode and without gradients. It is left unchanged, with every part in the mode in which it came, also where it fails; its exception goes on to the caller.
#
# <details><summary>Hint 1</summary>The logits at a place say what comes <em>next</em>. At which place do you read the label's first token, and at which its last?</details>
# <details><summary>Hint 2</summary><code>log_softmax(-1)</code> turns logits into log-probabilities; <code>gather</code>, or an index for each row, picks those of the tokens that came.</details>
# <details><summary>Hint 3</summary>One label at a time needs neither padding nor a mask. <code>try … finally</code> puts the mode back; Python's sort keeps the order of equals.</details>


# %% nbgrader={"grade": false, "grade_id": "label_log_probabilities", "locked": false, "schema_version": 3, "solution": true, "task": false}
def label_log_probabilities(prompt: str, labels: list[str], tokenizer, model) -> dict[str, float]:
    """Score each label by its log-probability after a prompt.

    Parameters
    ----------
    prompt : str
    labels : list of str, all different
    tokenizer : PreTrainedTokenizerBase
    model : PreTrainedModel
        A causal language model. Afterwards it is as it came, also where it fails.

    Returns
    -------
    dict of str to float
        Sums over a label's tokens, best first.

    Examples
    --------
    >>> label_log_probabilities("Message: so glad Label:", ["joy", "fear"], tokenizer, model)
    {'joy': -2.3, 'fear': -6.1}
    """
    ### BEGIN SOLUTION
    prompt_ids = tokenizer(prompt)["input_ids"]
    training, scores = model.training, {}
    model.eval()
    try:
        with torch.no_grad():
            for label in labels:
                label_ids = tokenizer(f" {label}", add_special_tokens=False)["input_ids"]
                ids = torch.tensor([prompt_ids + label_ids], device=model.device)
                logits = model(input_ids=ids).logits[0, len(prompt_ids) - 1 : -1]
                following = ids[0, len(prompt_ids) :, None]
                scores[label] = logits.float().log_softmax(-1).gather(1, following).sum().item()
    finally:
        model.train(training)
    return dict(sorted(scores.items(), key=lambda pair: -pair[1]))
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_label_log_probabilities", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
check("label_log_probabilities")

# %% [markdown]
# ### Exercise 8.5: contrastive_pairs ●●○ about 15 minutes
#
# *Importance: medium. Eight labels are few; the pairs among them are not.*
#
# Contrastive training shows an encoder two messages at a time: those of one class are pulled together, those of two classes are pushed apart. Draw `pairs` such pairs at random from the messages' labels.
#
# Return an array of int64 with a row `first, second, same` for each pair: the places of two messages, counted from 0, and 1 if their labels are equal, else 0. `pairs // 2` pairs are of one class, the rest of two. No message is paired with itself, and no pair comes twice, not even the other way round. Every possible pair can come, and the rows are shuffled. The same seed gives the same rows, another seed others.
#
# Labels are numbers or strings in a list, a tuple, an array or a Series with any index, and stay as they are.
#
# Bad input: not enough pairs of either kind raise a `ValueError` that says `same` or `different`.
#
# <details><summary>Hint 1</summary><code>np.triu_indices(n, k=1)</code> lists every pair of <em>n</em> places once. Which of them have equal labels?</details>
# <details><summary>Hint 2</summary>A generator's <code>choice</code> draws without replacement if you ask it to. Do it for each kind.</details>
# <details><summary>Hint 3</summary><code>np.asarray</code> leaves a Series' index behind. <code>permutation</code> shuffles the rows of an array.</details>


# %% nbgrader={"grade": false, "grade_id": "contrastive_pairs", "locked": false, "schema_version": 3, "solution": true, "task": false}
def contrastive_pairs(labels, pairs: int, seed=0) -> np.ndarray:
    """Draw pairs of one class and pairs of two.

    Parameters
    ----------
    labels : list, tuple, array or Series of int or str
    pairs : int, at least 1
    seed : int

    Returns
    -------
    ndarray of int64, shape (pairs, 3)
        Rows of `first, second, same`.

    Raises
    ------
    ValueError
        If there are not enough pairs of either kind. The message says `same` or `different`.

    Examples
    --------
    >>> contrastive_pairs(["joy", "fear", "joy"], 2)
    array([[0, 2, 1],
           [1, 2, 0]])
    """
    ### BEGIN SOLUTION
    classes = np.asarray(labels)
    first, second = np.triu_indices(len(classes), k=1)
    same = classes[first] == classes[second]
    dice = np.random.default_rng(seed)
    drawn = []
    for kind, wanted in (("same", pairs // 2), ("different", pairs - pairs // 2)):
        found = np.flatnonzero(same == (kind == "same"))
        if len(found) < wanted:
            raise ValueError(f"{kind}: there are {len(found)} such pairs, not {wanted}")
        drawn.append(dice.choice(found, wanted, replace=False))
    chosen = dice.permutation(np.concatenate(drawn))
    return np.stack([first, second, same], axis=1)[chosen].astype(np.int64)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_contrastive_pairs", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check("contrastive_pairs")

# %% [markdown]
# ### Exercise 8.6: add_lora ●●○ about 15 minutes
#
# *Importance: high. Most language models that people adapt are adapted in this way.*
#
# A low-rank adapter leaves a layer's weights alone and trains two thin matrices beside them. Return a module that computes `linear(x) + alpha / rank · x Aᵀ Bᵀ` for inputs with any number of leading dimensions, and has two parameters of its own: `lora_a` is A, of shape (rank, in), drawn at random, anew in each call; `lora_b` is B, of shape (out, rank), all zeros. Both have the layer's dtype and are on its device. So before training, results equal the layer's, in value and dtype.
#
# Only these two are trainable. Freeze the layer in place or in a copy; its weight and its bias, if it has one, keep their values, also in training.
#
# Bad input: `rank` below 1 raises a `ValueError` that names it or its value, and leaves the layer as it came.
#
# <details><summary>Hint 1</summary>A <code>torch.nn.Module</code> with a <code>forward</code> of its own: whatever <code>torch.nn.Parameter</code> you assign to an attribute is trained.</details>
# <details><summary>Hint 2</summary><code>requires_grad_(False)</code> freezes a whole layer. When is the time for it, if a bad rank must leave no trace?</details>
# <details><summary>Hint 3</summary><code>torch.zeros</code> and its like take <code>dtype</code> and <code>device</code>; the layer's weight tells both. <code>@</code> multiplies along the last dimension, whatever comes before it.</details>


# %% nbgrader={"grade": false, "grade_id": "add_lora", "locked": false, "schema_version": 3, "solution": true, "task": false}
def add_lora(linear: torch.nn.Linear, rank=8, alpha=16.0) -> torch.nn.Module:
    """Put a trainable low-rank adapter beside a frozen layer.

    Parameters
    ----------
    linear : Linear
        From in to out features, with or without a bias.
    rank : int
    alpha : float

    Returns
    -------
    Module
        From (…, in) to (…, out), with the parameters `lora_a` (rank, in) and `lora_b` (out, rank).

    Raises
    ------
    ValueError
        If `rank` is below 1. The layer is as it came then.

    Examples
    --------
    >>> layer = add_lora(torch.nn.Linear(10, 4), rank=2)
    >>> layer.lora_a.shape, layer.lora_b.shape
    (torch.Size([2, 10]), torch.Size([4, 2]))
    """
    ### BEGIN SOLUTION
    if rank < 1:
        raise ValueError(f"rank must be at least 1, not {rank}")

    class Adapted(torch.nn.Module):
        def __init__(self):
            super().__init__()
            like = {"dtype": linear.weight.dtype, "device": linear.weight.device}
            self.linear = linear.requires_grad_(False)
            drawn = torch.randn(rank, linear.in_features, **like) / linear.in_features**0.5
            self.lora_a = torch.nn.Parameter(drawn)
            self.lora_b = torch.nn.Parameter(torch.zeros(linear.out_features, rank, **like))

        def forward(self, x):
            return self.linear(x) + alpha / rank * (x @ self.lora_a.T @ self.lora_b.T)

    return Adapted()
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_add_lora", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check("add_lora")
