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
import re
from collections.abc import Sequence

import numpy as np
import pandas as pd
import torch

from helpers.checks import check

# %% [markdown]
# ### Exercise 8.1: build_prompt ●○○ about 8 minutes
#
# *Importance: high. A language model reads every character of its prompt: one blank too many can change the answer.*
#
# Write `build_prompt`. Its first line is `Classify the message as one of: ` and the labels, joined by `, `. Then come the examples, and last `text`, each as three lines: an empty one, `Message: ` and the message, `Label: ` and the label. The last line is `Label:` alone, with no blank and no line break after it: the model writes what follows.
#
# In a message, every run of white space (of any kind) becomes one blank, and none is left at its ends; of a blank message only `Message: ` remains. Everything else stays as it is: labels, capitals, every order, and the inputs. Examples are pairs in a list or a tuple, and one may come twice.
#
# Bad input: raise a `ValueError` that names `labels` where there are none, and one that quotes an example's label where it is not exactly one of `labels`.
#
# <details><summary>Hint 1</summary>Without an argument, <code>str.split</code> splits at white space of any kind, and returns no empty pieces.</details>
# <details><summary>Hint 2</summary>A list of lines, joined by <code>"\n"</code> at the end, leaves no line break too many. An empty line is an empty string in it.</details>
# <details><summary>Hint 3</summary>Look at the labels of all examples before you write the first line. <code>in</code> behaves differently on a list of labels and on the string that joins them.</details>


# %% nbgrader={"grade": false, "grade_id": "build_prompt", "locked": false, "schema_version": 3, "solution": true, "task": false}
def build_prompt(text: str, labels: list[str], examples: Sequence[tuple[str, str]] = ()) -> str:
    """Ask a language model for the label of a message.

    Parameters
    ----------
    text : str
        The message to classify.
    labels : list of str
        At least one.
    examples : sequence of (message, label)

    Returns
    -------
    str
        The prompt; its last characters are `Label:`.

    Raises
    ------
    ValueError
        If there are no labels, or if an example's label is not among them.

    Examples
    --------
    >>> build_prompt("so  sad ", ["joy", "sadness"])
    'Classify the message as one of: joy, sadness\\n\\nMessage: so sad\\nLabel:'
    """
    ### BEGIN SOLUTION
    if not labels:
        raise ValueError("labels must hold at least one label")
    lines = [f"Classify the message as one of: {', '.join(labels)}"]
    for message, label in examples:
        if label not in labels:
            raise ValueError(f"an example has the label {label!r}, which is not among the labels")
        lines += ["", f"Message: {' '.join(message.split())}", f"Label: {label}"]
    lines += ["", f"Message: {' '.join(text.split())}", "Label:"]
    return "\n".join(lines)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_build_prompt", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check("build_prompt")

# %% [markdown]
# ### Exercise 8.2: parse_label ●●○ about 12 minutes
#
# *Importance: high. A model may answer anything; what you cannot read for certain is no answer.*
#
# Write `parse_label`, which finds a label in what a model wrote. If the part of the reply from its first `{` to its last `}` is a JSON object with a string under `label`, read that string alone; otherwise read the whole reply.
#
# Return the one label that occurs in what you read, spelled as in `labels`. Capitals don't matter, accented ones included. A label occurs only as whole words: no letter (of any alphabet), digit or underscore stands right before or right after it, so *joy* is in *joy.* but not in *enjoy* or *joy_1*. Every character of a label stands for itself, as in *c++*. A label may occur several times. If none occurs, or two different ones, return None. One label inside another counts, too: of *sure* and *not sure*, the reply *not sure* has both. Without labels the result is None. The list stays unchanged.
#
# <details><summary>Hint 1</summary><code>str.find</code> and <code>str.rfind</code> give the first and the last place of a character, or -1. <code>json.loads</code> raises a <code>ValueError</code> where a text is not JSON, and may return a list or a number where it is.</details>
# <details><summary>Hint 2</summary>In a regular expression, <code>(?&lt;!\w)</code> means "no letter, digit or underscore before", and <code>(?!\w)</code> "none after". Why is <code>\b</code> something else next to <code>+</code>?</details>
# <details><summary>Hint 3</summary><code>re.escape</code> makes each character of a label stand for itself. Collect the labels that you find; how many are there?</details>


# %% nbgrader={"grade": false, "grade_id": "parse_label", "locked": false, "schema_version": 3, "solution": true, "task": false}
def parse_label(reply: str, labels: list[str]) -> str | None:
    """Read the label in a language model's reply.

    Parameters
    ----------
    reply : str
        Plain text, JSON, or JSON within text.
    labels : list of str
        All different, whatever the case.

    Returns
    -------
    str or None
        The one label that the reply holds; None for no label, or for several.

    Examples
    --------
    >>> parse_label('Sure! {"label": "Joy", "reason": "no anger"}', ["joy", "anger"])
    'joy'
    """
    ### BEGIN SOLUTION
    try:
        answer = json.loads(reply[reply.find("{") : reply.rfind("}") + 1])
    except ValueError:
        answer = None
    if isinstance(answer, dict) and isinstance(answer.get("label"), str):
        reply = answer["label"]
    found = [
        label
        for label in labels
        if re.search(rf"(?<!\w){re.escape(label)}(?!\w)", reply, re.IGNORECASE)
    ]
    return found[0] if len(found) == 1 else None
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_parse_label", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check("parse_label")

# %% [markdown]
# ### Exercise 8.4: calibrate ●●○ about 8 minutes
#
# *Importance: high. A language model prefers some labels whatever the message says; this takes the preference away.*
#
# Write `calibrate`. From each column of the log-probabilities subtract its baseline: `baseline` has one number per label, for instance the log-probabilities for a message without content. If it is left out or None, subtract the mean of each column instead, that is, the mean log-probability of that label over all rows. Then take the softmax of each row.
#
# The numbers may lie anywhere between -10,000 and 10,000, and the arrays may hold integers or float32. With a given baseline an entry (never a whole row) may also be -inf; its probability is 0. No rows give an array of shape (0, c). The inputs stay unchanged.
#
# Bad input: raise a `ValueError` where `log_probabilities` has not two dimensions, and where the shape of `baseline` is not (c,). The message names that argument or quotes its shape.
#
# <details><summary>Hint 1</summary>Over which axis is the mean of a column? Over which one does a row sum to 1?</details>
# <details><summary>Hint 2</summary>A softmax stays the same if you subtract one number from a whole row. Which number makes sure that <code>np.exp</code> overflows nowhere, and that no row becomes all zeros?</details>
# <details><summary>Hint 3</summary>NumPy broadcasts an array of shape (1,), (1, c) or (n, 1) without complaint, so compare shapes yourself.</details>


# %% nbgrader={"grade": false, "grade_id": "calibrate", "locked": false, "schema_version": 3, "solution": true, "task": false}
def calibrate(log_probabilities: np.ndarray, baseline=None) -> np.ndarray:
    """Turn a language model's scores into probabilities that favour no label.

    Parameters
    ----------
    log_probabilities : array of shape (n, c)
        Of c labels for each of n messages; their exponentials need not sum to 1.
    baseline : array of shape (c,), optional
        What to subtract from each column; without it, the column's mean.

    Returns
    -------
    array of shape (n, c)
        Probabilities. Each row sums to 1.

    Raises
    ------
    ValueError
        If `log_probabilities` has not two dimensions, or `baseline` does not fit.

    Examples
    --------
    >>> calibrate(np.array([[-1.0, -3.0]]), np.array([-1.0, -3.0]))
    array([[0.5, 0.5]])
    """
    ### BEGIN SOLUTION
    scores = np.asarray(log_probabilities, dtype=np.float64)
    if scores.ndim != 2:
        raise ValueError(f"log_probabilities must have 2 dimensions, not {scores.ndim}")
    if baseline is None:
        baseline = scores.mean(axis=0)
    if np.shape(baseline) != scores.shape[1:]:
        raise ValueError(f"baseline has the shape {np.shape(baseline)}, not {scores.shape[1:]}")
    scores = scores - baseline
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_calibrate", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check("calibrate")

# %% [markdown]
# ### Exercise 8.7: pareto_front ●●○ about 10 minutes
#
# *Importance: high. A method that is both worse and slower than another can be forgotten; among the rest you must choose.*
#
# Write `pareto_front`. Of `macro_f1` more is better, of `seconds` less. One row beats another if it is at least as good in both and better in one. Return the rows that no other row beats, the cheapest (fewest seconds) first. Rows that are equal in both do not beat each other: keep all of them, in their order.
#
# Leave out a row where `macro_f1` or `seconds` is NaN; it beats no other. Seconds may be infinite. Two numbers are different however little they differ.
#
# The frame may have more columns, and any index, which may repeat. All columns, in their order, their dtypes and the index values of the kept rows stay as they came, also where no row is left. `trials` itself stays unchanged.
#
# <details><summary>Hint 1</summary><code>dropna</code> has a parameter <code>subset</code>: a missing value in another column is no reason to leave a row out.</details>
# <details><summary>Hint 2</summary>For one row, a comparison of whole columns with its two values says at once which rows beat it.</details>
# <details><summary>Hint 3</summary>A Boolean array chooses rows by place, whatever the index, even if it is empty. <code>sort_values</code> has a <code>kind</code> that leaves ties in their order.</details>


# %% nbgrader={"grade": false, "grade_id": "pareto_front", "locked": false, "schema_version": 3, "solution": true, "task": false}
def pareto_front(trials: pd.DataFrame) -> pd.DataFrame:
    """Keep the trials that no other trial beats.

    Parameters
    ----------
    trials : DataFrame
        Columns `macro_f1` (more is better) and `seconds` (less is better), perhaps others;
        any index.

    Returns
    -------
    DataFrame
        The kept rows, cheapest first.

    Examples
    --------
    >>> pareto_front(pd.DataFrame({"macro_f1": [0.8, 0.7, 0.6], "seconds": [9, 2, 5]}))
       macro_f1  seconds
    1       0.7        2
    0       0.8        9
    """
    ### BEGIN SOLUTION
    known = trials.dropna(subset=["macro_f1", "seconds"])
    f1, seconds = known["macro_f1"].to_numpy(), known["seconds"].to_numpy()
    kept = np.ones(len(known), dtype=bool)
    for row in range(len(known)):
        as_good = (f1 >= f1[row]) & (seconds <= seconds[row])
        better = (f1 > f1[row]) | (seconds < seconds[row])
        kept[row] = not (as_good & better).any()
    return known[kept].sort_values("seconds", kind="stable")
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_pareto_front", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check("pareto_front")
