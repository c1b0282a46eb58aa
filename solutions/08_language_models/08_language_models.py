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
# **The question.** Why train anything, if you can ask a language model?
#
# After this lesson you can
#
# - ask a language model for a class, and read its answer in two ways: as text, and as the probability of each label,
# - show how much the wording of a prompt and the order of its examples change the score,
# - calibrate the labels' probabilities, and say what that corrects,
# - handle replies that are no answer,
# - say what 8, 128 or 2,048 labels buy, for frozen features, contrastive tuning, LoRA and full fine-tuning,
# - judge a language model as an annotator, and decide when to learn from its labels,
# - choose a method for a given situation, with a score, an interval and a cost.
#
# **Time.** About 120 minutes of reading and exercises on a CPU. MEASURE (Not timed on a GPU.)
#
# **What you need.** Lessons 1 to 4. Lesson 5 explains cleanlab, lesson 7 explains why labels are drawn several times.

# %%
import json
import re
import time
from collections.abc import Sequence

import numpy as np
import pandas as pd
import torch
from sklearn.metrics import accuracy_score, cohen_kappa_score, f1_score
from torch import nn

from helpers.attempts import if_answered
from helpers.checks import check
from helpers.data import load
from helpers.features import dataset_features
from helpers.models import EMBEDDED_CHECKPOINT, load_encoder, load_language_model, load_tokenizer
from helpers.plots import language_models as plots

# %% [markdown]
# ## 1. Just ask
#
# The data are those of lessons 1 to 5: short messages, six emotions.

# %%
emotion = load("emotion")
names = emotion["train"].features["label"].names
train_labels = np.array(emotion["train"]["label"][:])

# %% [markdown]
# The language model is one of the smallest that follow instructions: *SmolLM2-135M-Instruct*, with 135 million parameters. The models behind well-known chat services are a thousand times as large and more; this one runs on a laptop without network. Section 8 says what that does, and does not, change.

# %% tags=["lesson-only"]
tokenizer, model = load_language_model()

# %% [markdown]
# Asking takes tenths of a second per message, so we ask about 120 messages of the test split. That is a small sample: mind the intervals. The figure of section 6 uses 1,000.

# %% tags=["lesson-only"]
asked = np.random.default_rng(0).permutation(len(emotion["test"]))[:120]
messages = [emotion["test"]["text"][row] for row in asked.tolist()]
truth = np.array(emotion["test"]["label"])[asked]

# %% [markdown]
# What does it say if we simply ask? A chat model was trained on conversations, and `apply_chat_template` writes the marks between the turns that it was trained with.


# %%
def reply(message: str, instruction: str, new_tokens: int = 24) -> str:
    turns = [{"role": "user", "content": f"{instruction}\n\n{message}"}]
    ids = tokenizer.apply_chat_template(
        turns, add_generation_prompt=True, return_tensors="pt", return_dict=True
    ).to(model.device)
    with torch.inference_mode():
        output = model.generate(**ids, max_new_tokens=new_tokens, do_sample=False)
    return tokenizer.decode(output[0, ids["input_ids"].shape[1] :], skip_special_tokens=True)


# %% [markdown]
# `do_sample=False` always takes the most probable next token, so the reply is the same each time. Four messages:

# %% tags=["lesson-only", "shows:replies"]
question = f"Which one of these emotions does the message express: {', '.join(names)}?"
for message in messages[:4]:
    print(f"{message!r}\n  -> {reply(message, question)!r}")

# %% [markdown]
# MEASURE: what kinds of replies these are (label, sentence, refusal), and that a program cannot use a sentence.
#
# A program needs a label, so first we need a prompt that leads to one, then a way to read the reply.

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
# The prompt ends in `Label:`, and a language model continues texts, so what follows should be a label.

# %% tags=["lesson-only"]
prompt = if_answered(
    lambda: build_prompt(messages[0], names, [("i miss him so much", "sadness")]), "no prompt"
)
print(prompt)

# %% [markdown]
# ### Read a reply
#
# We ask for JSON, which programs can read, and see what arrives.

# %% tags=["lesson-only", "shows:json-replies"]
as_json = f'Answer with JSON alone, such as {{"label": "{names[0]}"}}. {question}'
replies = [reply(message, as_json) for message in messages[:40]]
pd.Series(replies, name="reply").value_counts().head(8)

# %% [markdown]
# MEASURE: how many are JSON, how many hold a label.

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
# How often can a reply be read, and how often is it right? Asked freely, and asked for JSON:

# %% tags=["lesson-only", "shows:unreadable"]
plain = [reply(message, question) for message in messages[:40]]


def read_share(replies: list[str]) -> dict[str, float]:
    read = [parse_label(text, names) for text in replies]
    right = [label == names[true] for label, true in zip(read, truth, strict=False)]
    return {"read": np.mean([label is not None for label in read]), "right": np.mean(right)}


if_answered(
    lambda: pd.DataFrame({"as text": read_share(plain), "as JSON": read_share(replies)}).T,
    "the table is left out",
)

# %% [markdown]
# MEASURE.
#
# What to do with a reply that cannot be read? Asking again at a higher temperature makes luck part of the result. Taking the most frequent class hides the failure. Two ways are honest: count it as wrong, as this table does, and send it to a person; or never let the model write anything else. The second is called **constrained decoding**: at each step only tokens that can still lead to a label (or to valid JSON) are allowed. With six labels there is a simpler form: compute the probability of each label, and take the largest.
#
# ## 2. Score the labels
#
# A language model gives every possible next token a probability. The probability of a label of several tokens is the product of theirs, each after the tokens before it; with logarithms, a sum.

# %% [markdown]
# ### Exercise 8.3: label_log_probabilities ●●● about 25 minutes
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
# That is one pass through the model per label, over the whole prompt each time. All our prompts begin alike, and all labels follow the same prompt, so most of this work is repeated. `score_labels` computes the keys and values of what is shared only once (lesson 3's attention shows why they can be kept: a token's keys and values depend on nothing that comes later).

# %% tags=["lesson-only"]
from helpers.language_models import score_labels


def prompts_of(head: str, item: str, shown: Sequence[tuple[str, str]] = ()) -> list[str]:
    before = head + "".join(f"{item.format(text)} {label}\n\n" for text, label in shown)
    return [before + item.format(message) for message in messages]


# %% [markdown]
# The same scores in both ways, and the seconds. (The exercise's function is used only if you have an answer.)

# %% tags=["lesson-only", "shows:speed"]
HEAD, ITEM = f"Classify the message as one of: {', '.join(names)}\n\n", "Message: {}\nLabel:"
prompts = prompts_of(HEAD, ITEM)
started = time.perf_counter()
scores = score_labels(prompts, names, tokenizer, model)
print(f"shared: {(time.perf_counter() - started) / len(prompts):.3f} s per message")


# %% tags=["lesson-only"]
def plain_way():
    started = time.perf_counter()
    one = [label_log_probabilities(prompt, names, tokenizer, model) for prompt in prompts[:10]]
    print(f"a pass per label: {(time.perf_counter() - started) / 10:.3f} s per message")
    return max(
        abs(row[name] - scores[i, j]) for i, row in enumerate(one) for j, name in enumerate(names)
    )


if_answered(lambda: print(f"largest difference: {plain_way():.4f}"), "the comparison is left out")

# %% [markdown]
# Which labels does it choose, and which would have been right?

# %% tags=["lesson-only", "shows:choices"]
chosen = np.bincount(scores.argmax(axis=1), minlength=len(names))
pd.DataFrame({"chosen": chosen, "true": np.bincount(truth, minlength=len(names))}, index=names)

# %% [markdown]
# MEASURE: the model favours some label whatever the message says.
#
# ## 3. The prompt is a setting
#
# Four other wordings ask the same. If the score depended on the messages alone, all five would score alike.

# %% tags=["lesson-only"]
ADJECTIVES = ["sad", "happy", "loving", "angry", "afraid", "surprised"]
wordings = {
    "classify": (HEAD, ITEM, names),
    "which emotion": (
        f"Which emotion does the message express: {', '.join(names)}?\n\n",
        "Message: {}\nEmotion:",
        names,
    ),
    "how it feels": ("", "Message: {}\nThe writer of the message feels", ADJECTIVES),
    "one word": ("", "{}. In one word, I feel", ADJECTIVES),
    "bare": ("", "Message: {}\nEmotion:", names),
}

# %% tags=["lesson-only"]
asked_in = {
    name: score_labels(prompts_of(head, item), words, tokenizer, model)
    for name, (head, item, words) in wordings.items()
}


def macro(scores: np.ndarray) -> float:
    return f1_score(truth, scores.argmax(axis=1), average="macro", zero_division=0)


# %% [markdown]
# Examples in the prompt are the usual advice. One of each class, in two orders, and two draws:


# %% tags=["lesson-only"]
def shown_examples(seed: int, order: int) -> list[tuple[str, str]]:
    mixed = pd.Series(train_labels).sample(frac=1, random_state=seed)
    rows = mixed.index[mixed.groupby(mixed).cumcount() < 1]
    rows = np.random.default_rng([seed, order]).permutation(rows)
    return [(emotion["train"]["text"][int(row)], names[train_labels[row]]) for row in rows]


with_examples = {
    (seed, order): score_labels(
        prompts_of(HEAD, ITEM, shown_examples(seed, order)), names, tokenizer, model
    )
    for seed in range(2)
    for order in range(2)
}

# %% tags=["lesson-only", "shows:wordings"]
always = f1_score(
    truth, np.full(len(truth), np.bincount(train_labels).argmax()), average="macro", zero_division=0
)
tries = {
    "five wordings": [macro(one) for one in asked_in.values()],
    "one example per class": [macro(one) for one in with_examples.values()],
}
plots.plot_spread(pd.DataFrame.from_dict(tries, orient="index"), "macro-F1 on 120 messages", always)

# %% [markdown]
# *How to read it:* a dot is one wording, or one draw of examples in one order; the dashed line is always answering with the most frequent class. MEASURE. Report the spread of prompts as you report that of seeds: the best of five is no estimate, it was chosen by looking.
#
# ## 4. Calibrate
#
# The scores hold two things: what the message says, and how probable the label is in such a place anyway, whatever the message. The second is a property of the prompt and of the model. It can be estimated and taken away: by asking about an empty message (*contextual calibration*, Zhao et al., 2021), or by the mean over many messages without labels (*batch calibration*, Zhou et al., 2024).

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


# %% tags=["lesson-only", "shows:calibration"]
def after(scores: np.ndarray) -> float:
    return macro(calibrate(scores))


rows = {
    name: [macro(one) for one in kept]
    for name, kept in (("wordings", asked_in.values()), ("examples", with_examples.values()))
}
if_answered(
    lambda: rows.update(
        {
            "wordings, calibrated": [after(one) for one in asked_in.values()],
            "examples, calibrated": [after(one) for one in with_examples.values()],
        }
    ),
    "calibration is left out",
)
plots.plot_spread(pd.DataFrame.from_dict(rows, orient="index"), "macro-F1 on 120 messages", always)

# %% [markdown]
# *How to read it:* MEASURE: which rows moved, by how much, and how the spread changed. Subtracting the mean assumes that every label should be about equally probable on average over these messages; where classes are uneven that assumption is wrong, and a batch of one message is no batch.
#
# ## 5. A few labels
#
# ### Pairs instead of classes
#
# With 32 labels there is little to train a classifier on. But 32 labels make 496 pairs, and each pair says *same class* or *not the same*. **SetFit** (Tunstall et al., 2022) moves the vectors of an encoder by such pairs, then trains logistic regression on the moved vectors.

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

# %% tags=["lesson-only"]
from helpers.contrastive import train_on_pairs

sentence_tokenizer = load_tokenizer(EMBEDDED_CHECKPOINT, source="embedded")
encoder = load_encoder(EMBEDDED_CHECKPOINT, source="embedded")

# %% [markdown]
# MEASURE: live, 32 labels: frozen against moved vectors.
#
# ### Corrections instead of weights

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

# %% [markdown]
# MEASURE: parameters that train of the language model with rank 8: a share.
#
# ## 6. What labels buy
#
# Each method, with 0 to 16,000 labels in all, three seeds each (draws of labels, and training), was computed with `python -m benchmarks language_models`, which took hours; here are the stored results. MEASURE
#
# ## 7. The language model as an annotator
#
# MEASURE: kappa with the key, beside cleanlab's suspicions and the fine-tuned model's; distillation.
#
# ## 8. How to decide

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

# %% [markdown]
# | situation | what counts | your method | macro-F1, with interval | cost |
# |---|---|---|---|---|
# | no labels, a demo tomorrow | | | | |
# | 300 labels, a laptop, a million messages per day | | | | |
# | labels that change every month | | | | |
#
# ### What a larger model changes
#
# Nothing here was measured with a large model, so these are published results. Macro-F1 of zero-shot classification, averaged over many datasets: 0.67 for language models of 4 to 12 billion parameters, 0.72 for the best re-ranker (arXiv 2603.11991). Fine-tuned encoders match prompted large models at a tenth to a hundredth of the cost (arXiv 2602.06370). So a larger model moves the leftmost points of the figure up, and does not make labels worthless.
#
# (written_decision)
