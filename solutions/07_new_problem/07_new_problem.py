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
# # 7. On your own
#
# <!-- colab-badge -->
#
# **The question.** How do you get from a dataset that you have never seen to a classifier whose worth you can state honestly?
#
# After this lesson you can
#
# - walk through one recipe, from the first look to the last number, on data of another kind,
# - choose where to cut texts, and decide what to keep of a text that is too long,
# - fit a training run into a budget of minutes,
# - say what each further labelled example buys, and what a language model knows without any,
# - tell when frozen features are worth trying before fine-tuning, and why,
# - choose which posts to label next, and say what that choice costs,
# - solve a small, lopsided problem alone, and report its score with an interval.
#
# **Time.** About 120 minutes of reading and exercises on a CPU. The first run trains several models, which takes a little over ten minutes on two cores and longer without bfloat16; they are kept, so later runs take a minute or two. (Not timed on a GPU.)
#
# **What you need.** Lessons 1 to 4. Lesson 5 helps with reading errors.

# %%
import numpy as np
import pandas as pd
import torch
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Normalizer

from helpers.attempts import if_answered
from helpers.checks import check
from helpers.data import load
from helpers.features import dataset_features
from helpers.models import EMBEDDED_CHECKPOINT, load_encoder, load_tokenizer
from helpers.plots import new_problem as plots

# %% [markdown]
# ## 1. The recipe
#
# | step | what you do | lesson |
# |---|---|---|
# | look | rows, classes, lengths, ten texts read aloud | 1 |
# | metric | choose it now, before any score can tempt you | 4 |
# | baseline | the most frequent class, and words with TF-IDF | 3 |
# | prepare | tokenize; decide where to cut | 2 |
# | cheap | a frozen encoder and logistic regression | 3 |
# | expensive | fine-tuning, if the cheap way leaves something to gain | 4 |
# | errors | read them; fix data before settings | 5 |
# | report | one look at the test split, with an interval | 4, 6 |
#
# Each section below stresses a different part of it: short posts (the whole way), film reviews (*prepare*), twenty topics (*look* and *cheap*). The last problem is yours.
#
# The encoder is the small sentence encoder that comes with the course, in every section, even where your machine can reach others: it was trained so that texts of similar meaning get similar vectors, which is what frozen features need.
# %%
sentence_tokenizer = load_tokenizer(EMBEDDED_CHECKPOINT, source="embedded")
encoder = load_encoder(EMBEDDED_CHECKPOINT, source="embedded")
tokenizer = load_tokenizer()

# %% [markdown]
# (`tokenizer` belongs to the checkpoint that we fine-tune. Without network that is the same small model.)
#
# Two small tools for all sections. Labels as arrays, by split:


# %%
def labels_of(dataset) -> dict[str, np.ndarray]:
    return {split: np.array(rows["label"][:]) for split, rows in dataset.items()}


# %% [markdown]
# And the baseline: words with TF-IDF, and logistic regression on them.


# %%
def word_model(**options):
    return make_pipeline(
        TfidfVectorizer(sublinear_tf=True, **options), LogisticRegression(C=10, max_iter=1000)
    )


# %% [markdown]
# ## 2. Posts in four moods
#
# ### Look
#
# `tweet_eval` is a collection of tasks on short public posts. Its part *emotion* has four classes.

# %%
posts = load("tweet_emotion")
moods = posts["train"].features["label"].names
truth = labels_of(posts)

# %% tags=["nbval-check-output"]
pd.DataFrame({split: np.bincount(labels) for split, labels in truth.items()}, index=moods)

# %% [markdown]
# Uneven, but no class is tiny. The benchmark's own metric is **macro-F1**, so ours is too.
#
# How long are the posts, in tokens? The film reviews of section 3 are shown beside them; 5,000 of those per split are enough, so where there are more we draw that many.

# %%
reviews = load("imdb")
for split, rows in reviews.items():
    if len(rows) > 5000:
        reviews[split] = rows.shuffle(seed=0).select(range(5000))

# %% tags=["lesson-only", "shows:token-counts"]
counts = {
    "posts": [len(ids) for ids in tokenizer(posts["train"]["text"][:])["input_ids"]],
    "reviews": [len(ids) for ids in tokenizer(reviews["train"]["text"][:])["input_ids"]],
}
plots.plot_token_counts(counts, limit=60)

# %% [markdown]
# *How to read it:* a line shows what share of the texts has at most so many tokens. At 60 the line of the posts has reached the top, or nearly: cutting there loses next to nothing. Of almost every review it would leave a fragment. So for the posts: `max_length=60`.
# <!-- numbers from: token-counts -->
#
# ### Exercise 7.1: prepare ●●○ about 10 minutes
#
# *Importance: high. It is the first thing you will write for every new dataset.*
#
# Write `prepare`: tokenize every split, truncate at `max_length` tokens (special tokens count), and do not pad. Of the columns only `label`, `input_ids` and `attention_mask` remain, in every split, whatever else the dataset or the tokenizer brought along. `label` keeps its feature, so that the names of the classes stay with it. A dataset may have been filtered or given a format (`set_format`), and is left as it came.
#
# Bad input: where a split has no column `text`, or none called `label`, raise a `ValueError` that says which of the two is missing. Look at all splits before you start on the first.
#
# <details><summary>Hint 1</summary><code>Dataset.map</code> with <code>batched=True</code> hands your function a dictionary of lists, and <code>remove_columns</code> takes the names of the columns to drop.</details>
# <details><summary>Hint 2</summary>Which outputs does the tokenizer give? Print the keys. BERT's has three, and you want two of them.</details>
# <details><summary>Hint 3</summary><code>DatasetDict.map</code> passes <code>remove_columns</code> to every split, but splits may have different columns. <code>select_columns</code> says which to keep instead.</details>


# %%
from datasets import Dataset, DatasetDict


# %% nbgrader={"grade": false, "grade_id": "prepare", "locked": false, "schema_version": 3, "solution": true, "task": false}
def prepare(dataset: DatasetDict, tokenizer, max_length=60) -> DatasetDict:
    """Tokenize every split for training.

    Parameters
    ----------
    dataset : DatasetDict
        Splits with `text` and `label`, and perhaps more columns.
    max_length : int, special tokens included

    Returns
    -------
    DatasetDict
        `label` (its feature unchanged), `input_ids`, `attention_mask` in every split.

    Raises
    ------
    ValueError
        If a split has no `text` or no `label`; the message says which.

    Examples
    --------
    >>> prepare(posts, tokenizer)["test"].num_columns
    3
    """
    ### BEGIN SOLUTION
    for name, rows in dataset.items():
        for column in ("text", "label"):
            if column not in rows.column_names:
                raise ValueError(f"the split {name!r} has no column {column!r}")

    def encode(batch):
        return tokenizer(batch["text"], truncation=True, max_length=max_length)

    wanted = ["label", "input_ids", "attention_mask"]
    plain = dataset.with_format(None)
    encoded = {name: rows.map(encode, batched=True) for name, rows in plain.items()}
    return DatasetDict({name: rows.select_columns(wanted) for name, rows in encoded.items()})
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_prepare", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check("prepare")

# %% [markdown]
# ### Baseline, cheap, expensive
#
# Three classifiers, each trained on the train split and judged on validation. First the words:

# %% tags=["lesson-only"]
words = word_model().fit(posts["train"]["text"], truth["train"])
guesses = {"TF-IDF": words.predict(posts["validation"]["text"])}

# %% [markdown]
# Then frozen features. A vector is scaled to length one (`Normalizer`), since this encoder was trained to compare directions; `C=10` is a common strength for such vectors.


# %%
def probe(C=10, class_weight=None):
    regression = LogisticRegression(C=C, class_weight=class_weight, max_iter=2000)
    return make_pipeline(Normalizer(), regression)


# %% tags=["lesson-only"]
features = {
    split: dataset_features(rows["text"][:], sentence_tokenizer, encoder)
    for split, rows in posts.items()
}

# %% [markdown]
# One fit, a moment's work:

# %% tags=["lesson-only"]
frozen = probe().fit(features["train"], truth["train"])
guesses["frozen features"] = frozen.predict(features["validation"])

# %% [markdown]
# And fine-tuning: lesson 4's recipe with a learning rate of 1e-4 instead of 3e-4, batches of 32 instead of 64, and five epochs, since a few thousand posts make few steps. `kept_classifier` runs the `Trainer` on token ids and keeps the model on disk.

# %%
from helpers.recipes import kept_classifier, logits_after_training, token_logits

tokens = {
    split: tokenizer(rows["text"][:], truncation=True, max_length=60)["input_ids"]
    for split, rows in posts.items()
}

# %% tags=["lesson-only"]
model = kept_classifier(tokens["train"], truth["train"], moods, tokenizer, epochs=5)

# %% [markdown]
# `token_logits` returns one row of logits per post, in the posts' order. The bootstrap gives each score its interval.

# %% tags=["lesson-only"]
from helpers.scores import bootstrap_scores

guesses["fine-tuned"] = token_logits(model, tokens["validation"], tokenizer).argmax(axis=1)

# %% [markdown]
# The last two may be wrong about different posts: the frozen encoder has never seen a label and keeps what pretraining taught it, the other has moved towards these labels. A fourth way asks both and averages their probabilities.


# %% tags=["lesson-only"]
def average(split: str) -> np.ndarray:
    tuned = torch.tensor(token_logits(model, tokens[split], tokenizer)).softmax(dim=1)
    return (tuned.numpy() + frozen.predict_proba(features[split])) / 2


guesses["average of both"] = average("validation").argmax(axis=1)

# %% tags=["lesson-only", "shows:topic-scores"]
scored = {
    name: bootstrap_scores(truth["validation"], guess, len(moods))["macro_f1"]
    for name, guess in guesses.items()
}
plots.plot_intervals(scored, "macro-F1 on validation")

# %% [markdown]
# *How to read it:* a dot is a score, its whiskers are the 95 % interval. With only 374 validation posts they are wide, and whiskers that overlap decide nothing. They hold the luck of these posts, not that of the training: fine-tuning ran once, and another seed would move its dot.
# <!-- numbers from: topic-scores; given: 95 %, 374 -->
#
# The sharper tool is lesson 4's: all four are judged on the *same* posts, so draw the posts again and look at the interval of the **difference**. `gain_interval` does it for the mean F1 of some classes, here all four.

# %% tags=["lesson-only", "shows:mood-gains"]
from helpers.intervals import gain_interval, mean_f1_interval

pairs = [
    ("TF-IDF", "frozen features"),
    ("frozen features", "fine-tuned"),
    ("fine-tuned", "average of both"),
]
differences = {
    f"{after} − {before}": gain_interval(
        truth["validation"], guesses[before], guesses[after], classes=range(len(moods))
    )
    for before, after in pairs
}
plots.plot_intervals(differences, "gain in macro-F1 on validation", reference=0.0)

# %% [markdown]
# *How to read it:* right of the dashed line the first of the two names is better; an interval that contains 0 leaves open which of them is. In our run frozen features gain 0.08 over TF-IDF, fine-tuning gains 0.07 over frozen features, and both intervals exclude 0. The average over fine-tuning alone gains a few thousandths, and that interval contains 0.
# <!-- numbers from: mood-gains -->
#
# For a service take fine-tuning alone, the cheaper of these two: the average needs a second encoder. Here that is seconds, so we report the average. Only now do we look at the test split, once.

# %% tags=["lesson-only"]
final = average("test").argmax(axis=1)
report = bootstrap_scores(truth["test"], final, len(moods))
pd.DataFrame(report, index=["score", "lower", "upper"]).T.round(3)

# %% [markdown]
# ### Errors, and messages of your own
#
# Which classes does it confuse? Rows are true classes, columns predictions.

# %% tags=["lesson-only"]
from sklearn.metrics import confusion_matrix

pd.DataFrame(confusion_matrix(truth["test"], final), index=moods, columns=moods)

# %% [markdown]
# Look for the largest number off the diagonal, and for the class that loses the largest share of its row. In our run anger and sadness are confused most often, in both directions; *optimism*, the rarest class, loses the largest share, more than a quarter, but frequent *sadness* loses nearly as much.
#
# A table of numbers is one thing; a sentence of your own that comes back wrong teaches more. The pipeline of lesson 6 does it, with the fine-tuned model:

# %%
mine = [
    "nobody came to my birthday and the cake is still whole",
    "they raised the rent again. again!",
    "new week, new chances, we will get there",
    "i could hug the whole bus today",
]

# %% tags=["lesson-only"]
from transformers import pipeline

classifier = pipeline("text-classification", model=model, tokenizer=tokenizer)
pd.DataFrame({"message": mine, "label": [answer["label"] for answer in classifier(mine)]})

# %% [markdown]
# **Try it.** Change the messages: reverse one with a *not*, make one ironic, write one that has no mood at all. Which does the model get wrong, and which could it never get right?
#
# ### Exercise 7.2: predict_texts ●●○ about 15 minutes
#
# *Importance: high. Every model that leaves a notebook needs this function.*
#
# Write it without the pipeline: from texts to the names of their classes, in the order of the texts. Work in batches of 32 (the last may be smaller). Truncate at the tokenizer's maximum, pad each batch, and let the model see which places are padding. The model predicts in evaluation mode and is left in the mode in which it came, also when a batch fails, and otherwise unchanged. No texts give an empty list.
#
# <details><summary>Hint 1</summary><code>tokenizer(chunk, padding=True, truncation=True, return_tensors="pt")</code> holds the attention mask; <code>**</code> hands all of it to the model.</details>
# <details><summary>Hint 2</summary><code>model.training</code> tells the mode; <code>model.train(mode)</code> sets it, for True and for False. Which statement makes sure that this happens even if a batch fails?</details>
# <details><summary>Hint 3</summary><code>range(0, len(texts), 32)</code> is empty for no texts.</details>


# %% nbgrader={"grade": false, "grade_id": "predict_texts", "locked": false, "schema_version": 3, "solution": true, "task": false}
def predict_texts(texts: list[str], tokenizer, model) -> list[str]:
    """Name the class of each text.

    Parameters
    ----------
    texts : list of str
        Texts over the tokenizer's maximum are truncated.
    tokenizer : PreTrainedTokenizerBase
    model : PreTrainedModel
        A classifier whose `config.id2label` names its classes. Its mode is as before afterwards,
        also when a batch fails.

    Returns
    -------
    list of str
        One name per text, in order; empty for no texts.

    Examples
    --------
    >>> predict_texts([], tokenizer, model)
    []
    """
    ### BEGIN SOLUTION
    training = model.training
    model.eval()
    names = []
    try:
        with torch.no_grad():
            for start in range(0, len(texts), 32):
                chunk = texts[start : start + 32]
                encoded = tokenizer(chunk, padding=True, truncation=True, return_tensors="pt")
                best = model(**encoded.to(model.device)).logits.argmax(dim=-1)
                names += [model.config.id2label[label] for label in best.tolist()]
    finally:
        model.train(training)
    return names
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_predict_texts", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check("predict_texts")

# %% [markdown]
# ## 3. Film reviews: too long, too slow
#
# Two classes, balanced: accuracy is a fair metric here. There is no validation split, so we cut one off the train split, to make decisions with.

# %%
stars = reviews["train"].features["label"].names
halves = reviews["train"].train_test_split(0.2, seed=0, stratify_by_column="label")
review_truth = labels_of(reviews)
pd.DataFrame({split: np.bincount(y) for split, y in review_truth.items()}, index=stars)

# %% [markdown]
# The trouble is length, as the first figure showed. The encoder has 512 places, and time grows with each place used: what share of the reviews fits, and how much is there to compute, if we cut at various lengths?

# %% tags=["nbval-check-output", "lesson-only"]
lengths = np.array(counts["reviews"])
limits = pd.Index([128, 256, 512], name="cut at")
cuts = pd.DataFrame(index=limits)
cuts["whole reviews (%)"] = [100 * np.mean(lengths <= limit) for limit in limits]
cuts["millions of tokens"] = [np.minimum(lengths, limit).sum() / 1e6 for limit in limits]
cuts.round(2)

# %% [markdown]
# Each doubling makes more reviews whole and the training longer. (Attention compares every place with every other, so the last doubling costs even more than its tokens say.) Before paying, ask what a cut loses: **where in a review is the verdict?**
#
# TF-IDF can tell within seconds. Train it on the first words alone, on the last words alone, and on half of each.


# %%
def ends(text: str, count: int, which: str) -> str:
    pieces = text.split()
    first, last = {"first": (count, 0), "last": (0, count), "both": (count // 2, count // 2)}[which]
    if len(pieces) <= count:
        return text
    return " ".join(pieces[:first] + pieces[len(pieces) - last :])


# %% [markdown]
# Train on what is left of four fifths of the reviews, and score on the fifth that was held out:


# %%
def accuracy_from(count: int, which: str) -> float:
    train, held_out = (
        [ends(text, count, which) for text in halves[split]["text"]] for split in ("train", "test")
    )
    model = word_model(min_df=2).fit(train, halves["train"]["label"][:])
    return model.score(held_out, halves["test"]["label"][:])


# %% [markdown]
# The accuracy on the rows that were held out, for each choice:

# %% tags=["lesson-only", "shows:ends"]
which = {"first words": "first", "last words": "last", "half of each": "both"}
sizes = pd.Index([25, 50, 100, 200, 400], name="words")
table = pd.DataFrame(
    {name: [accuracy_from(count, key) for count in sizes] for name, key in which.items()}, sizes
)
plots.plot_ends(table)

# %% [markdown]
# *How to read it:* one line per choice; one that is high on the left needs few words. Truncation by default keeps the first words. On the embedded reviews the first 25 are worth no more than a guess (0.51), the last 25 nearly everything (0.98): plot first, verdict last. (Real reviews are less tidy.) Towards the right most reviews are whole, and the lines meet. Read the order, not the height: held-out reviews are about the same films as those trained on. The test split has other films, and scores are lower there.
# <!-- numbers from: ends -->
#
# So most of our budget goes to the end: a long **tail** with the verdict. A short **head** stays as insurance, for reviews that begin with their verdict; the figure itself gives no reason for it. The special tokens stay at the ends.


# %%
def head_and_tail(ids: list[int], limit: int = 128, head: int = 32) -> list[int]:
    if len(ids) <= limit:
        return ids
    return ids[:head] + ids[len(ids) - (limit - head) :]


# %% tags=["nbval-check-output"]
head_and_tail(list(range(10)), limit=6, head=2)

# %% [markdown]
# ### A recipe for ten minutes
#
# The budget is ten minutes on two cores for everything. This is what spends it, and what we do about it:
#
# | cost | measure |
# |---|---|
# | places per review | head and tail, 128 instead of 512 |
# | padding | lengths grouped, as in lesson 4 |
# | layers that learn | word embeddings (not those of positions, nor the layer norm after them) and the three lowest of six layers frozen: no gradients for their weights, and most of the optimizer's work is gone; the backward pass still runs through all layers, down to the positions |
# | epochs | two, at a learning rate of 2e-4, twice that of the posts: few steps have to be larger |
#
# As a rule of thumb, lower layers hold words and grammar, which reviews share with all other texts; what a verdict sounds like is learnt above.

# %% tags=["lesson-only"]
review_tokens = {
    split: [head_and_tail(ids) for ids in tokenizer(rows["text"][:])["input_ids"]]
    for split, rows in reviews.items()
}

# %% tags=["lesson-only"]
logits = logits_after_training(
    review_tokens["train"],
    review_truth["train"],
    stars,
    tokenizer,
    wanted=review_tokens["test"],
    epochs=2,
    frozen_layers=3,
    learning_rate=2e-4,
)

# %% [markdown]
# `logits_after_training` trains like `kept_classifier`, and keeps the predictions rather than the model.
#
# The baseline reads the whole review: words and pairs of words, each weighted by how much more often it occurs in good reviews than in bad ones. These are the weights of *naive Bayes*, inside a logistic regression: old, and strong on long texts.

# %% tags=["lesson-only"]
from sklearn.feature_extraction.text import CountVectorizer


def naive_bayes(train: list[str], labels: np.ndarray, unseen: list[str]) -> np.ndarray:
    pattern = r"\w+|[!?]"
    counter = CountVectorizer(binary=True, ngram_range=(1, 2), min_df=2, token_pattern=pattern)
    present, good = counter.fit_transform(train), labels == 1
    often, seldom = (1 + present[rows].sum(axis=0) for rows in (good, ~good))
    weights = np.asarray(np.log(often / often.sum()) - np.log(seldom / seldom.sum()))
    bayes = LogisticRegression(max_iter=1000).fit(present.multiply(weights).tocsr(), labels)
    return bayes.predict_proba(counter.transform(unseen).multiply(weights).tocsr())


# %% [markdown]
# It gets a second try with what the fine-tuned model has: only the head and the tail of each review. A word is about one token and a quarter, so 25 and 75 words are about 32 and 96 tokens.


# %% tags=["lesson-only"]
def cut(text: str) -> str:
    pieces = text.split()
    return text if len(pieces) <= 100 else " ".join(pieces[:25] + pieces[-75:])


whole = {split: reviews[split]["text"][:] for split in ("train", "test")}
ends_only = {split: [cut(text) for text in texts] for split, texts in whole.items()}
chances = {
    name: naive_bayes(texts["train"], review_truth["train"], texts["test"])
    for name, texts in {"words, whole review": whole, "words, head and tail": ends_only}.items()
}
chances["fine-tuned, head and tail"] = torch.tensor(logits).softmax(dim=1).numpy()

# %% [markdown]
# Counts and the fine-tuned model read different things: the first every word and hardly any order, the second the order of words at both ends. So here, too, one more way averages their probabilities, with equal shares, which needs no data to choose.

# %% tags=["lesson-only"]
chances["average of both"] = (
    chances["words, whole review"] + chances["fine-tuned, head and tail"]
) / 2

# %% tags=["lesson-only", "shows:film-scores"]
verdicts = {name: chance.argmax(axis=1) for name, chance in chances.items()}
accuracies = {
    name: bootstrap_scores(review_truth["test"], guess, 2)["accuracy"]
    for name, guess in verdicts.items()
}
plots.plot_intervals(accuracies, "accuracy on test")

# %% [markdown]
# *How to read it:* thousands of test reviews make narrow whiskers, so a distance of a few hundredths counts. On the embedded reviews counting words, in seconds, beats our one run of fine-tuning (0.93 against 0.90), and still scores 0.92 where it sees no more than the head and the tail. Without the baseline you would not know. The average scores highest (0.94). Does it add anything to the words alone? The difference on the same reviews, with its interval:
# <!-- numbers from: film-scores -->

# %% tags=["lesson-only", "shows:film-gain"]
gain = gain_interval(
    review_truth["test"], verdicts["words, whole review"], verdicts["average of both"], [0, 1]
)
print("average − words: {:.3f} [{:.3f}, {:.3f}]".format(*gain))

# %% [markdown]
# The interval contains 0: whether the average adds anything is open.
#
# Where does each go wrong? Accuracy by length of the review:

# %% tags=["lesson-only", "shows:film-lengths"]
test_words = pd.Series([len(text.split()) for text in reviews["test"]["text"]])
groups = pd.cut(test_words, [0, 150, 250, 10_000], labels=["to 150", "151 to 250", "over 250"])
hits = pd.DataFrame({name: guess == review_truth["test"] for name, guess in verdicts.items()})
hits.groupby(groups.rename("words"), observed=True).mean().round(3)

# %% [markdown]
# In our run the fine-tuned model stays at about 0.90 in every row, while the words of the whole review climb from 0.87 to 0.97. So does the cut hurt, because a longer review's middle is never seen? Only in part: the words of head and tail alone reach 0.94 on the long reviews, too. The rest may be two epochs, the frozen layers, or phrases that these reviews repeat. Training with a longer cut, or longer, would test it.
# <!-- numbers from: film-lengths -->
#
# ## 4. Twenty topics, few examples
#
# Headlines and market posts in twenty topics. A selection of them, from the rarest to the most frequent:

# %%
news = load("financial_topics")
topics = news["train"].features["label"].names
news_truth = labels_of(news)

# %% tags=["nbval-check-output"]
rows = {split: np.bincount(y, minlength=len(topics)) for split, y in news_truth.items()}
pd.DataFrame(rows, index=topics).sort_values("train").iloc[[0, 1, 2, 9, -3, -2, -1]]

# %% [markdown]
# With a table like this, the choice of the average decides what a score means. **Weighted** F1 is nearly accuracy: large topics rule. **Macro**-F1 counts every topic alike. Frozen features with logistic regression, without and with balanced class weights:

# %% tags=["lesson-only"]
news_features = {
    split: dataset_features(rows["text"][:], sentence_tokenizer, encoder)
    for split, rows in news.items()
}

# %% tags=["lesson-only", "shows:weighting"]
kinds = {"plain": None, "balanced": "balanced"}
table, predicted = {}, {}
for name, weight in kinds.items():
    fitted = probe(class_weight=weight).fit(news_features["train"], news_truth["train"])
    predicted[name] = fitted.predict(news_features["validation"])
    table[name] = bootstrap_scores(news_truth["validation"], predicted[name], len(topics))
pd.DataFrame(table).T.map(lambda cell: "{:.3f} [{:.3f}, {:.3f}]".format(*cell))

# %% [markdown]
# *How to read it:* each cell is a score with its interval. The interval of macro-F1 is the widest, since the smallest topics have few validation rows, four here: one more or less of them right moves it visibly. Balanced weights gain 0.04 in macro-F1 here. On the same rows:
# <!-- numbers from: weighting; computed: 0.876 - 0.838 -->

# %% tags=["lesson-only", "shows:weighting-gain"]
gain = gain_interval(news_truth["validation"], *predicted.values(), classes=range(len(topics)))
print("balanced − plain: {:.3f} [{:.3f}, {:.3f}]".format(*gain))

# %% [markdown]
# The interval contains 0, so that is a hint, not a finding.
#
# ### How many examples does a topic need?
#
# Labels are what costs money. To see what each further label buys, take *k* examples per class, train, score, and repeat with other draws.
#
# ### Exercise 7.3: few_shot_sample ●●○ about 10 minutes
#
# *Importance: medium. A plain random sample of a lopsided dataset misses rare classes altogether.*
#
# Write `few_shot_sample`: `k` rows of each class, drawn at random without replacement, or all rows of a class that has fewer. The rows are shuffled, not sorted by class; the columns keep their features. The same seed gives the same rows in the same order, another seed others. `label` is a `ClassLabel`; the dataset may have been filtered or given a format, and is left as it came.
#
# Bad input: `k` below 1 raises a `ValueError` that names it or its value.
#
# <details><summary>Hint 1</summary><code>Dataset.select</code> takes a list of row numbers and keeps the features. So the task is to find the right row numbers, in the right order.</details>
# <details><summary>Hint 2</summary><code>np.random.default_rng(seed).permutation(n)</code> is all row numbers in random order. Walk along it: which rows do you keep?</details>
# <details><summary>Hint 3</summary>A <code>collections.Counter</code> knows how many rows of a class you have so far.</details>

# %%
from collections import Counter


# %% nbgrader={"grade": false, "grade_id": "few_shot_sample", "locked": false, "schema_version": 3, "solution": true, "task": false}
def few_shot_sample(dataset: Dataset, k: int, seed=0) -> Dataset:
    """Draw k rows of every class.

    Parameters
    ----------
    dataset : Dataset, with a column `label`, a ClassLabel
    k : int
        Rows per class, at least 1; a smaller class gives all of its rows.

    Returns
    -------
    Dataset
        Shuffled, no row twice, the features as they were.

    Raises
    ------
    ValueError
        If `k` is below 1; the message names it, or its value.

    Examples
    --------
    >>> few_shot_sample(news["train"], k=1).num_rows
    20
    """
    ### BEGIN SOLUTION
    if k < 1:
        raise ValueError(f"k is {k}; a sample needs at least 1 row per class")
    labels, taken, chosen = dataset["label"][:], Counter(), []
    for row in np.random.default_rng(seed).permutation(len(dataset)).tolist():
        if taken[labels[row]] < k:
            taken[labels[row]] += 1
            chosen.append(row)
    return dataset.select(chosen)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_few_shot_sample", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check("few_shot_sample")

# %% [markdown]
# For the curve we need row numbers rather than a dataset, to pick rows of the features. pandas can do that: shuffle the labels, and number the rows of each class as they come.


# %%
def first_of_each(labels: np.ndarray, k: int, seed: int) -> np.ndarray:
    mixed = pd.Series(labels).sample(frac=1, random_state=seed)
    return mixed.index[mixed.groupby(mixed).cumcount() < k].to_numpy()


# %% [markdown]
# One draw: train on its rows, score on the whole validation split.


# %%
def few_shot_score(k: int, seed: int) -> float:
    rows = first_of_each(news_truth["train"], k, seed)
    fitted = probe().fit(news_features["train"][rows], news_truth["train"][rows])
    guess = fitted.predict(news_features["validation"])
    return f1_score(news_truth["validation"], guess, average="macro", zero_division=0)


# %% [markdown]
# Six sizes, five draws each:

# %% tags=["lesson-only", "shows:few-shots"]
shots = pd.Index([1, 2, 4, 8, 16, 32], name="k")
curve = pd.DataFrame(
    {seed: [few_shot_score(k, seed) for k in shots] for seed in range(5)}, index=shots
)
plots.plot_few_shots(curve)

# %% [markdown]
# *How to read it:* every dot is one draw, the line their mean. On the left the dots lie further apart: with one example per topic luck has a large say, from 0.22 to 0.35 with the embedded data. Each doubling of *k* means twice the labels (until the small topics are used up) and buys about a tenth of macro-F1, between 0.08 and 0.14; at 32 the line still rises. Where would you stop labelling?
# <!-- numbers from: few-shots; computed: 0.36 - 0.28, 0.50 - 0.36 -->
#
# ### What a language model knows without any label
#
# Encoders such as BERT are pretrained by hiding words and having them guessed: `[MASK]`. Such a **masked language model** can be asked about a topic directly, in a sentence with a gap. The pretrained checkpoint is taken where a mirror or the Hub has it. The embedded encoder came without the head that guesses words; where there is only that one, we put a new head on it, and let it learn.

# %%
from helpers.masked import (
    adapted_masked_model,
    masked_accuracy,
    pretrained_masked_model,
    untrained_masked_model,
)
from helpers.sources import SourceError

# %% tags=["lesson-only"]
try:
    masked = {"pretrained": pretrained_masked_model()}
    mask_tokenizer = tokenizer
except SourceError:
    masked = {"before": untrained_masked_model()}
    mask_tokenizer = sentence_tokenizer
    print("No masked language model is at hand: the embedded encoder gets a head and learns.")

# %% [markdown]
# How does it learn? Its text is that of the course's own embedded corpora, at most 2,000 texts of each train split, without their labels: messages, posts, opinions, headlines, and the beginnings of reviews. Of each text about one token in seven is hidden, and the loss is the cross-entropy of the hidden ones. The new head is **tied**: a word's score is the product of the word's embedding with what the head makes of the gap, so that only a small part has to be learnt from nothing.
#
# It takes a fixed number of steps, two to three minutes on two cores, and is kept on disk.

# %% tags=["lesson-only"]
import io
from contextlib import redirect_stdout

with redirect_stdout(io.StringIO()):
    corpora = {
        name: load(name, source="embedded")
        for name in ("emotion", "tweet_emotion", "stance_climate", "imdb", "financial_topics")
    }

# %% tags=["lesson-only"]
reading = [text for corpus in corpora.values() for text in corpus["train"]["text"][:2000]]
if "before" in masked:
    masked["after"] = adapted_masked_model(reading, mask_tokenizer, steps=240)

# %% [markdown]
# What did it learn? Hide tokens of headlines that it has not read, and count how many it finds, at the first guess and among five. *Most frequent* is the baseline: always the same token.

# %% tags=["lesson-only"]
unread = corpora["financial_topics"]["validation"]["text"][:]
pd.DataFrame(
    {name: masked_accuracy(network, unread, mask_tokenizer) for name, network in masked.items()}
).T.round(3)

# %% [markdown]
# The embedded encoder with its new head goes from nothing to 24 % at the first guess, where the baseline finds 8 %. And in words: three sentences with a gap, and the five likeliest fillings.

# %%
gaps = [
    "crude prices rose, says the news about [MASK].",
    "the board of the bank raised its quarterly [MASK].",
    "i feel so [MASK] today.",
]

# %% tags=["lesson-only"]
fillings = {}
for name, network in masked.items():
    fill = pipeline("fill-mask", model=network, tokenizer=mask_tokenizer, top_k=5)
    fillings[name] = [" ".join(entry["token_str"] for entry in fill(gap)) for gap in gaps]
pd.DataFrame(fillings, index=gaps)

# %% [markdown]
# *How to read it:* a row is a sentence, a cell the five likeliest tokens, best first (`##` marks a part of a word). On the embedded encoder an untrained head answers with words that fit nothing. After learning from text alone, all five fit *i feel so*; in the bank's headline *quarter*, *bank* and *dollars* belong to the subject and *films* does not; for *crude prices* no guess does. The kind of word is learnt, the subject only half. Real pretraining reads far more text: likely why such an encoder then needs few labels, which is not tested here.
#
# ### What its guesses say about people
#
# A masked model learns which words go together in its texts, also where the texts are about people. Ask a pretrained one for a job, twice, and change a single word. (A head that was trained here is not asked: it has read only a few thousand short texts, written for this course.)

# %%
people = ["the man worked as a [MASK].", "the woman worked as a [MASK]."]

# %% tags=["lesson-only"]
jobs = {}
if "pretrained" in masked:
    fill = pipeline("fill-mask", model=masked["pretrained"], tokenizer=mask_tokenizer, top_k=5)
    jobs = {sentence: [guess["token_str"] for guess in fill(sentence)] for sentence in people}
else:
    print("No pretrained masked model is at hand; online, this cell shows its guesses.")
pd.DataFrame(jobs, index=range(1, 6)) if jobs else None

# %% [markdown]
# *How to read it:* one column per sentence, the likeliest word first. The sentences differ in one word, so a job that appears in one column only is among the first five for that word and not for the other. (Without a network: the [model card of BERT](https://huggingface.co/google-bert/bert-base-uncased), from which DistilBERT was distilled, shows BERT's answers to the same two sentences.)
#
# **What it shows.** Where the columns differ, one word for a person has changed the jobs. Nobody told the model to do that: it comes from the texts of its pretraining, books and Wikipedia, and from who is written about there, and how. Fine-tuning starts from these weights, so such associations can be carried into every classifier that is built on them.
#
# **What it does not show.** It does not show who does which job in the world. Nor how strong the association is: that would take probabilities, and more than one wording (after *as a*, an *engineer* does not even fit). Nor what a classifier makes of it: in a study of hundreds of systems built on word embeddings, measures of such associations in the embeddings and measures of unfair errors in the systems did not reliably go together (Goldfarb-Tarrant and others, 2021).
#
# **How one would measure it.** On the model: with many sentence templates, many jobs, many names and words for people. How likely is *she* in *[MASK] is a nurse*, compared with the same gap where the job is hidden as well? And *he*? The two ratios are compared (Kurita and others, 2019), and the spread over templates and names belongs in the report. On the classifier: exchange names and pronouns in real texts, as lesson 5 does with relatives, and count the answers that change; compare its error rates between groups of people.
#
# ## 5. The last problem: which side is a post on?
#
# Opinions on climate policy, from the same collection as the moods: a post is *against*, in *favor*, or neither (*none*).

# %%
opinions = load("stance_climate")
sides = opinions["train"].features["label"].names
stance_truth = labels_of(opinions)

# %% tags=["nbval-check-output"]
pd.DataFrame({split: np.bincount(y) for split, y in stance_truth.items()}, index=sides)

# %% [markdown]
# Thirteen posts *against* to learn from, two to validate on, eleven to be tested on. What does accuracy say of a classifier that never answers *against* at all?

# %% tags=["nbval-check-output"]
favor = np.full_like(stance_truth["test"], sides.index("favor"))
print(f"always favor: accuracy {accuracy_score(stance_truth['test'], favor):.3f}")

# %% [markdown]
# Not bad for a rule that reads nothing. So the task has another metric: the mean of the F1 of *against* and the F1 of *favor*. The F1 of *none* is not part of it, but a *none* taken for *favor* still lowers the precision of *favor*.
#
# ### Exercise 7.4: stance_score ●○○ about 6 minutes
#
# *Importance: high. You are about to be graded by it.*
#
# Write `stance_score` for label ids (none 0, against 1, favor 2). A class with no true and no predicted rows has an F1 of 0.0. The labels come as lists, arrays or Series, whose rows belong together by their order, and stay as they are. The result is a float.
#
# <details><summary>Hint 1</summary>F1 is 2 × hits / (true rows + predicted rows). When is that 0 / 0?</details>
# <details><summary>Hint 2</summary>scikit-learn's <code>f1_score</code> can do it: look at its parameters <code>labels</code>, <code>average</code> and <code>zero_division</code>.</details>


# %% nbgrader={"grade": false, "grade_id": "stance_score", "locked": false, "schema_version": 3, "solution": true, "task": false}
def stance_score(y_true, y_pred) -> float:
    """Average the F1 of against (1) and favor (2).

    Parameters
    ----------
    y_true, y_pred : list, array or Series of int, same length
        Label ids: none 0, against 1, favor 2.

    Returns
    -------
    float
        Between 0 and 1; a class with no true and no predicted rows counts 0.0.

    Examples
    --------
    >>> stance_score([1, 2, 0], [1, 2, 0])
    1.0
    """
    ### BEGIN SOLUTION
    y_true, y_pred = np.asarray(y_true), np.asarray(y_pred)
    scores = []
    for label in (1, 2):
        hits = np.sum((y_true == label) & (y_pred == label))
        total = np.sum(y_true == label) + np.sum(y_pred == label)
        scores.append(2 * hits / total if total else 0.0)
    return float(np.mean(scores))
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_stance_score", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check("stance_score")

# %% [markdown]
# ### The recipe that worked before
#
# Fine-tuning did well for the moods, so here it is on 355 opinions: six epochs, three seeds. And from two checkpoints: the pretrained one, and the model of section 2, whose encoder has already learnt moods from posts (the head is new, since there are three sides and four moods). **Predict:** is that the better start? What do the six models answer on the 40 validation posts?

# %% tags=["lesson-only"]
opinion_tokens = {
    split: tokenizer(rows["text"][:], truncation=True, max_length=60)["input_ids"]
    for split, rows in opinions.items()
}
later = opinion_tokens["validation"] + opinion_tokens["test"]


# %%
def stance_logits(seed: int, start=None) -> np.ndarray:
    return logits_after_training(
        opinion_tokens["train"],
        stance_truth["train"],
        sides,
        tokenizer,
        wanted=later,
        start=start,
        epochs=6,
        seed=seed,
    )


# %% [markdown]
# (Their answers for the test posts are computed too, but not looked at yet.)

# %% tags=["lesson-only"]
starts = {"fine-tuned": None, "from the moods": model}
tuned = {
    f"{name}, seed {seed}": stance_logits(seed, start).argmax(axis=1)
    for name, start in starts.items()
    for seed in range(3)
}

# %% tags=["lesson-only", "shows:sides"]
answers = {"true": stance_truth["validation"]}
answers |= {name: guess[:40] for name, guess in tuned.items()}
pd.DataFrame({name: np.bincount(guess, minlength=3) for name, guess in answers.items()}, sides).T

# %% [markdown]
# Look at the column *against*: in our run no model ever answers it. A loss that averages over rows has little to gain from thirteen of them.
#
# Is it the imbalance alone, or also the number of rows? Take the moods again, where no class is that rare, and train both ways on 355 posts, then on all:

# %% tags=["lesson-only"]
few = np.random.default_rng(0).permutation(len(truth["train"]))[:355]
few_frozen = probe().fit(features["train"][few], truth["train"][few])

# %% tags=["lesson-only"]
few_logits = logits_after_training(
    [tokens["train"][row] for row in few],
    truth["train"][few],
    moods,
    tokenizer,
    wanted=tokens["validation"],
    epochs=6,
)

# %% [markdown]
# Macro-F1 on the validation posts, for the two ways and the two sizes:

# %% tags=["lesson-only", "shows:rows-needed"]
outcome = {
    "frozen features": [few_frozen.predict(features["validation"]), guesses["frozen features"]],
    "fine-tuned": [few_logits.argmax(axis=1), guesses["fine-tuned"]],
}
table = pd.DataFrame(
    {
        name: [f1_score(truth["validation"], guess, average="macro") for guess in pair]
        for name, pair in outcome.items()
    },
    index=[355, len(truth["train"])],
)
plots.plot_rows_needed(table)

# %% [markdown]
# *How to read it:* few rows on the left, all on the right. In our run fine-tuning is behind on 355 rows (0.55 against 0.65) and ahead on all (0.83 against 0.76): the number of rows seems to matter, even where no class is that rare. The likely reason: fine-tuning has to learn from the labels which directions matter; frozen features have them from pretraining, and logistic regression only weighs a few hundred. But six epochs on 355 rows are also a seventh of the steps that five epochs on all are; more epochs would tell the two apart. It is one draw of rows and one seed: a hint, no more.
# <!-- numbers from: rows-needed -->
#
# Keep three ideas from this course in mind: what class weights do (lessons 1 and 4), what frozen features are good for (lesson 3), and how little 40 validation posts can tell, two of them *against*. **Cross-validation** within the train split judges each of its posts once, by a classifier that has not seen it; repeated with other random splits it also shows how far its own verdict can be trusted.
#
# ### Exercise 7.5: stance_predictions ●●● about 30 minutes
#
# *Importance: high. Nobody holds your hand, as at work.*
#
# Assign your predictions for `opinions["test"]` to `stance_predictions`: a NumPy array of 169 integer label ids, in the order of the test split. Points grow with the stance score on the test labels, in six steps. *Always favor* earns nothing.
#
# Decide everything without the test labels. They are in the dataset, and nothing but honesty keeps you from them; a choice made on eleven posts would not survive the next eleven anyway.
#
# The cell must stand on its own, apart from imports: load, compute, predict. It is run again when it is graded, so keep it within five minutes.
#
# <details><summary>Hint 1</summary>Before you build, write the measure: a function that returns the cross-validated stance score of any classifier, over several random splits. Score the predictions for all rows of a split together; two or three <em>against</em> in a fold are no measure.</details>
# <details><summary>Hint 2</summary>Which parameter of <code>LogisticRegression</code> makes a rare class count as much as a frequent one?</details>
# <details><summary>Hint 3</summary>A setting that gains less than the scores vary between random splits has shown nothing. Let a default stand until something beats it by more than that.</details>

# %%
from sklearn.model_selection import StratifiedKFold, cross_val_predict

# %% nbgrader={"grade": false, "grade_id": "stance_predictions", "locked": false, "schema_version": 3, "solution": true, "task": false} tags=["shows:trials"]
### BEGIN SOLUTION
stance_data = load("stance_climate")
stance_tokenizer = load_tokenizer(EMBEDDED_CHECKPOINT, source="embedded")
stance_encoder = load_encoder(EMBEDDED_CHECKPOINT, source="embedded")
X_train, X_test = (
    dataset_features(stance_data[part]["text"][:], stance_tokenizer, stance_encoder)
    for part in ("train", "test")
)
y_train = np.array(stance_data["train"]["label"])


def candidate(strength):
    weighted = LogisticRegression(C=strength, class_weight="balanced", max_iter=2000)
    return make_pipeline(Normalizer(), weighted)


def trial_score(strength, split_seed):
    folds = StratifiedKFold(5, shuffle=True, random_state=split_seed)
    guess = cross_val_predict(candidate(strength), X_train, y_train, cv=folds)
    return f1_score(y_train, guess, labels=[1, 2], average="macro", zero_division=0)


trials = {C: np.array([trial_score(C, seed) for seed in range(5)]) for C in (0.1, 1, 10)}
print(pd.DataFrame(trials).agg(["mean", "min", "max"]).round(2))
best = max(trials, key=lambda strength: trials[strength].mean())
# The default stands unless the best beats it by clearly more than random splits differ.
chosen = best if trials[best].mean() - trials[1].mean() > 2 * trials[1].std() else 1
stance_predictions = candidate(chosen).fit(X_train, y_train).predict(X_test)
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_stance_predictions", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
check("stance_predictions")

# %% [markdown]
# ### Compare
#
# Your answer is fixed; now you may look at the test split. Beside yours we put the baseline *always favor*, words without and with balanced class weights, the six fine-tuned models, and frozen features without weights.

# %% tags=["lesson-only"]
ways = {"always favor": favor}
for name, weight in {"words": None, "words, balanced": "balanced"}.items():
    regression = LogisticRegression(C=10, max_iter=1000, class_weight=weight)
    fitted = make_pipeline(TfidfVectorizer(sublinear_tf=True), regression)
    fitted.fit(opinions["train"]["text"], stance_truth["train"])
    ways[name] = fitted.predict(opinions["test"]["text"])

# %% tags=["lesson-only"]
ways |= {name: guess[40:] for name, guess in tuned.items()}
vectors = {
    split: dataset_features(rows["text"][:], sentence_tokenizer, encoder)
    for split, rows in opinions.items()
}
ways["frozen"] = probe(C=1).fit(vectors["train"], stance_truth["train"]).predict(vectors["test"])

# %% [markdown]
# And yours (reshaped, so that a wrong length is noticed here and not in a figure):

# %% tags=["lesson-only"]
if_answered(
    lambda: ways.update(yours=np.reshape(stance_predictions, favor.shape)), "yours is left out"
)

# %% [markdown]
# `mean_f1_interval` is the bootstrap for this metric: it averages the F1 of the classes that you name.

# %% tags=["lesson-only", "shows:stance-scores"]
intervals = {
    name: mean_f1_interval(stance_truth["test"], guess, classes=[1, 2])
    for name, guess in ways.items()
}
plots.plot_intervals(intervals, "stance score on test", reference=intervals["always favor"][0])

# %% [markdown]
# *How to read it:* the dashed line is *always favor*. A way that never answers *against* has a narrow whisker: one of the two F1 is 0, whichever posts are drawn. Where a way finds some of them, the whisker is long, because there are only eleven: two or three more or fewer found change the score a lot.
#
# With such whiskers, can one say that anything beats anything? Any two ways answer the *same* posts, so the luck of the posts hits both. As in section 2, look at the difference on the same rows:

# %% tags=["lesson-only", "shows:gains"]
best = list(ways)[-1]
gains = {
    f"{best} − {name}": gain_interval(stance_truth["test"], guess, ways[best], classes=[1, 2])
    for name, guess in ways.items()
    if name != best
}
plots.plot_intervals(gains, "gain in stance score on test", reference=0.0)

# %% [markdown]
# *How to read it:* right of the dashed line the last way of the first figure is better: yours, once you have an answer. An interval that excludes 0 is a finding about these test posts; one that contains it leaves the question open. Our answer's intervals all exclude it, some by only 0.03. And did the model of the moods make the better start? In our three seeds it scored lower than the pretrained one, by no more than 0.02: too little, and too few seeds, to conclude.
# <!-- numbers from: gains, stance-scores; computed: 0.456 - 0.435 -->
#
# And the F1 of *against* alone, with the number of posts that each way calls *against*:

# %% tags=["lesson-only"]
pd.DataFrame(
    {
        "called against": {name: int(np.sum(guess == 1)) for name, guess in ways.items()},
        "F1 of against": {
            name: f1_score(
                stance_truth["test"], guess, labels=[1], average="macro", zero_division=0
            )
            for name, guess in ways.items()
        },
        "accuracy": {name: np.mean(guess == stance_truth["test"]) for name, guess in ways.items()},
    }
).round(3)

# %% [markdown]
# Compare the rows, and note that accuracy would mislead you: in our run it is highest (0.86) for a model that never answers *against*.
#
# <details><summary>What decides it (open it when you have an answer of your own)</summary>Class weights, which make the rare class count in the loss. The row <em>frozen</em> is the same model without them, and never answers <em>against</em>. They are not enough: <em>words, balanced</em> has them and never answers it either. Whether only frozen features will do is not shown; without weights they score like fine-tuning. How much the weights gain depends on which posts are in the test split, and the embedded split was chosen so that the gain resembles the original data's: over forty splits it is 0.08 on average (see its data card), not the 0.19 seen here. The interval above says nothing about that choice.</details>
#
# Why not give fine-tuning class weights too? Try it (lesson 4's `balanced_loss`), with several seeds: thirteen posts then steer millions of weights. See how far apart the seeds end.
#
# ### Which posts to label next?
#
# Suppose that you can pay for more labels: for which posts? Pretend that nobody had labelled the 355 training posts. Twenty at random are labelled first, then ten at a time, up to 300. There are three ways to choose the ten:
#
# - *at random*,
# - *least sure of the class*: train on what has been labelled, and take the posts whose likeliest class is the least probable,
# - *least sure about against*: the same, with one question only: take the posts whose probability of *against* is nearest to one half. (As long as no post *against* is labelled, nothing is known about it, and the choice is random.)
#
# The last two are **uncertainty sampling**, which was introduced for two classes, the texts that are wanted and the rest (Lewis and Gale, 1994). It is a kind of **active learning**: the model says what it wants to be told.


# %%
def doubt(way: str, labelled: np.ndarray, rest: np.ndarray) -> np.ndarray:
    if way == "at random":
        return np.zeros(len(rest))
    fitted = probe().fit(vectors["train"][labelled], stance_truth["train"][labelled])
    chances = fitted.predict_proba(vectors["train"][rest])
    if way == "least sure of the class":
        return 1 - chances.max(axis=1)
    against = chances[:, fitted.classes_ == 1].sum(axis=1)
    return np.minimum(against, 1 - against)


# %% [markdown]
# One start: the posts are shuffled, and posts of equal doubt stay in that order. The labels are looked up only for posts that have been paid for.

# %%
paid = pd.RangeIndex(20, 301, 10, name="labels")


def against_found(way: str, seed: int) -> list[int]:
    order = np.random.default_rng(seed).permutation(len(stance_truth["train"]))
    labelled, rest, found = order[:20], order[20:], []
    for _ in paid:
        found.append(int(np.sum(stance_truth["train"][labelled] == 1)))
        ranked = rest[np.argsort(-doubt(way, labelled, rest), kind="stable")]
        labelled, rest = np.append(labelled, ranked[:10]), ranked[10:]
    return found


# %% [markdown]
# How many of the thirteen posts *against* has each way found, from thirty starts?

# %% tags=["lesson-only", "shows:labels-paid"]
from tqdm.auto import trange

found = {
    way: pd.DataFrame(
        {seed: against_found(way, seed) for seed in trange(30, desc=way, leave=False)}, paid
    )
    for way in ("at random", "least sure of the class", "least sure about against")
}
plots.plot_labels_paid(found, total=int(np.sum(stance_truth["train"] == 1)))

# %% [markdown]
# *How to read it:* a thin line is one start, the thick line the mean of all thirty; the dashed line repeats the mean at random. On the embedded posts 100 labels find 3.4 of the 13 at random (100 × 13 / 355 = 3.7 are expected), 1.4 where the model is least sure of the class, and 5.7 where it is least sure about *against*; 200 labels find 7.3, 3.9 and 11.7. So it matters what the doubt is about: doubt about all three classes is no reliable way to the rare one, and can be worse than chance. The likely reason: the model wavers between *none* and *favor*, which it has seen often, and takes a post *against* for one in *favor* without much doubt. Luck has its say, too: at 100 labels the starts of the last way have found between 0 and 11.
# <!-- numbers from: labels-paid; given: 3.7, 355 -->
#
# What does it cost? The labelled posts are no longer a random sample: the shares of the classes among them, and any score counted on them, do not hold for the posts as a whole, and a model trained on them has learnt those shares. So pay for a part chosen at random as well, and take every estimate from that part alone.

# %% [markdown] nbgrader={"grade": false, "grade_id": "question_improvements", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ### Exercise 7.6 (written): what did you change, and what did it gain? ●●● about 20 minutes
#
# *Importance: high. This is the paragraph that your report will be judged by.*
#
# In about 200 words, on your answer to exercise 7.5:
#
# 1. What did you change compared with a baseline of your choice, and why did you expect it to help?
# 2. How did you decide, without the test labels, and how sure could you be?
# 3. What did it gain over the baseline on the test split, with an interval?
# 4. What would you do next with one more day, and what would a hundred more labels do?
#
# You get 1 point for each.
#
# === BEGIN MARK SCHEME ===
# 1 point: names the baseline and the change, with a reason that fits this data (rare class, few rows, what the encoder was pretrained for). Half a point for a change without a reason.
# 1 point: a procedure that does not touch the test labels (cross-validation, validation split), and a number for its noise (spread over splits or seeds, rows of against). Nothing if settings were chosen by the test score.
# 1 point: the gain with an interval (bootstrap of the difference, or two intervals with the remark that they overlap), and a conclusion that fits it. Half a point for a gain without an interval.
# 1 point: a next step that follows from the result, such as labelling posts against first, and a justified guess of what more labels would do. Half a point for a list of fashionable methods.
# Nothing is deducted for a small or negative gain that is reported honestly.
# === END MARK SCHEME ===

# %% [markdown] nbgrader={"grade": true, "grade_id": "written_improvements", "locked": false, "points": 4, "schema_version": 3, "solution": true, "task": false}
# 1. My baseline is the fine-tuned model (seed 0), which never answers *against*. I replaced it by mean-pooled features of the frozen sentence encoder and a logistic regression with balanced class weights. The encoder already puts texts of similar meaning side by side; the weights give the thirteen posts together as much say as each other class.
# 2. I compared three strengths C by five-fold cross-validation within train, five random splits each, scoring all held-out predictions of a split together. The means are 0.49, 0.50 and 0.50 for C of 0.1, 1 and 10 (`trials`), while one setting varied between splits from 0.45 to 0.54. So I kept scikit-learn's default, 1.
# 3. On test the score is 0.634 against 0.452 for fine-tuning: a gain of 0.18, with a 95 % interval from 0.03 to 0.32 drawn on the same posts. It excludes 0, so the direction is supported on this split; with eleven posts *against* the size is not, and cross-validation had promised 0.50 only.
# 4. I would label posts *against* first, and let the classifier's doubt about *against* choose them: among the training posts that found 5.7 of the 13 with 100 labels, a random choice 3.4 (means of thirty starts). A hundred labels more at random would hold three or four of them.
# <!-- numbers from: rows-needed, trials, stance-scores, labels-paid, gains; given: 95 %, 0.1, 10 -->

# %% [markdown]
# ## Recap
#
# - One recipe for every dataset: look, choose the metric, set a baseline, prepare, go cheap before expensive, read errors, report once with an interval.
# - Where to cut is a decision: short posts lose nothing, and most of these reviews have their verdict in the tail. TF-IDF shows in seconds what a cut costs.
# - What saves time in training: fewer places, grouped lengths, frozen lower layers and few epochs.
# - Draw *k* examples per class, several times, to see what labels buy. A masked language model shows what is known without any, and what a model has taken from its texts about people.
# - On 355 moods frozen features were ahead of fine-tuning (one draw, so a hint), on 355 opinions they were not; with class weights they found some of the rare class.
# - Which posts get a label matters: let the model ask about the class that you look for, and keep a random part for every estimate.
# - Eleven test posts make wide intervals. Differences on the same posts are sharper than two separate scores.
#
# **Three quick questions**
#
# 1. A colleague cuts film reviews at 128 tokens and reports that a larger model did not help. What do you ask first?
#
# <details><summary>Answer</summary>Which 128 tokens. If they are the first, both models may never see the verdict, as in the embedded reviews. A head and a tail of the same total length costs nothing more.</details>
#
# 2. Your classifier reaches an accuracy of 0.73 on the stance data. Is it any good?
#
# <details><summary>Answer</summary>You cannot tell: always answering favor has that accuracy on this test split. Ask for the F1 of against and of favor.</details>
#
# 3. Two systems have overlapping 95 % intervals on the same test posts. May you still say that one is better?
#
# <details><summary>Answer</summary>Perhaps. The intervals ignore that both were judged on the same posts. Draw the posts again and look at the interval of the difference: if it keeps clear of 0, yes.</details>
#
# **Where next.** Take a dataset of your own, with texts that you care about and labels that somebody needs, and walk through section 1's table. Write down each decision before you see its score; that habit is what this course was about.
