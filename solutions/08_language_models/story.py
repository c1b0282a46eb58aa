# The story of lesson 8 around its exercises, in jupytext's percent format. EXERCISE: name marks
# where an exercise's cells belong. MEASURE marks a sentence that is written when its output is there.

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
#
# EXERCISE: build_prompt
#
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
#
# EXERCISE: parse_label
#
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
#
# EXERCISE: label_log_probabilities
#
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
    return max(abs(row[name] - scores[i, j]) for i, row in enumerate(one) for j, name in enumerate(names))


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
always = f1_score(truth, np.full(len(truth), np.bincount(train_labels).argmax()), average="macro", zero_division=0)
tries = {
    "five wordings": [macro(one) for one in asked_in.values()],
    "one example per class": [macro(one) for one in with_examples.values()],
}
plots.plot_spread(
    pd.DataFrame.from_dict(tries, orient="index"), "macro-F1 on 120 messages", always
)

# %% [markdown]
# *How to read it:* a dot is one wording, or one draw of examples in one order; the dashed line is always answering with the most frequent class. MEASURE. Report the spread of prompts as you report that of seeds: the best of five is no estimate, it was chosen by looking.
#
# ## 4. Calibrate
#
# The scores hold two things: what the message says, and how probable the label is in such a place anyway, whatever the message. The second is a property of the prompt and of the model. It can be estimated and taken away: by asking about an empty message (*contextual calibration*, Zhao et al., 2021), or by the mean over many messages without labels (*batch calibration*, Zhou et al., 2024).
#
# EXERCISE: calibrate

# %% tags=["lesson-only", "shows:calibration"]
def after(scores: np.ndarray) -> float:
    return macro(calibrate(scores))


rows = {name: [macro(one) for one in kept] for name, kept in (("wordings", asked_in.values()), ("examples", with_examples.values()))}
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
#
# EXERCISE: contrastive_pairs

# %% tags=["lesson-only"]
from helpers.contrastive import train_on_pairs

sentence_tokenizer = load_tokenizer(EMBEDDED_CHECKPOINT, source="embedded")
encoder = load_encoder(EMBEDDED_CHECKPOINT, source="embedded")

# %% [markdown]
# MEASURE: live, 32 labels: frozen against moved vectors.
#
# ### Corrections instead of weights
#
# EXERCISE: add_lora
#
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
#
# EXERCISE: pareto_front
#
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
# EXERCISE: written_decision
