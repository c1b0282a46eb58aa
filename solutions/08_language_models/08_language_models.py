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
# Write `build_prompt`. Its first line is `Classify the message as one of: ` and the labels, joined by `, `. Then come the examples, and last `text`, each as three lines: an empty one, `Message: ` and the message, `Label: ` and the label. The last line is `Label:` alone: no blank and no line break after it, because the model writes what follows.
#
# In a message, every run of white space (of any kind) becomes one blank, and none is left at its ends. Of a blank message nothing is left but `Message: `. Everything else stays as it is: labels, capitals, the order of labels and of examples, and the inputs themselves. Examples may come as a list or a tuple of pairs, and one may come twice.
#
# Bad input: raise a `ValueError` that names `labels` where there are none, and one that quotes the label of an example where it is not exactly one of `labels`.
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
