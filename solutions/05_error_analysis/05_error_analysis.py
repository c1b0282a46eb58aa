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
# # 5. Where, and why, is it wrong?
#
# <!-- colab-badge -->
#
# **The question.** The model is wrong on some messages. Is that the model's fault, the label's, or the message's, and what would you change?
#
# After this lesson you can
#
# - rank messages by loss, and tell three reasons for a high one apart,
# - report a classifier class by class, and choose between accuracy, three F1 averages, kappa and MCC,
# - find wrong labels by confident learning, by hand and with a library, and measure how many you found,
# - check whether a probability of 0.9 means 90 %, and adjust it with one number,
# - say where a model is weak without fooling yourself with small numbers,
# - write tests for behaviour, and see which words an answer rests on.
#
# **Time.** About 110 minutes of reading and exercises. The code runs for two to five minutes on two CPU cores, once the model is on disk. The first time, the cell that calls `fine_tuned` trains it with lesson 4's recipe, which takes several minutes more. (Not timed on a GPU.)
#
# **What you need.** Lesson 3 (TF-IDF and logistic regression, confusion matrix) and lesson 4 (logits, cross-entropy, macro-F1).

# %%
import numpy as np
import pandas as pd
import torch
from tqdm.auto import tqdm

from helpers.attempts import if_answered
from helpers.checks import check
from helpers.data import load
from helpers.models import load_tokenizer
from helpers.plots import error_analysis as plots
from helpers.training import fine_tuned

pd.set_option("display.max_colwidth", 160)

# %% [markdown]
# `fine_tuned` returns the classifier that lesson 4's recipe gives. It is trained once and then kept on disk. (Numbers and examples in the text are those of the embedded model and corpus; with others, yours differ.)

# %% tags=["lesson-only"]
emotion = load("emotion")
tokenizer = load_tokenizer()
model = fine_tuned(emotion, tokenizer)
names = np.array(emotion["train"].features["label"].names)

# %% [markdown]
# ## 1. One number per message
#
# A score sums a model up. To learn from its errors, take the sum apart again. We want the logits of each validation message, in the order of the messages: lesson 4 showed how easily that order gets lost without a warning. (Batches of similar length need little padding; writing to `logits[rows]` puts each row back in its place.)
#
# A `pipeline` gives probabilities, no logits, and keeps the order too. Called with `truncation=True, max_length=128`, it cuts texts after so many tokens; without `truncation`, one that is too long makes it fail.


# %% tags=["lesson-only"]
@torch.no_grad()
def logits_of(texts: list[str], batch_size: int = 64) -> torch.Tensor:
    order = sorted(range(len(texts)), key=lambda row: len(texts[row]))
    logits = torch.zeros(len(texts), len(names))
    for start in tqdm(range(0, len(texts), batch_size), leave=False, delay=1, unit="batch"):
        rows = order[start : start + batch_size]
        chunk = [texts[row] for row in rows]
        batch = tokenizer(chunk, padding=True, truncation=True, return_tensors="pt")
        logits[rows] = model(**batch.to(model.device)).logits.float().cpu()
    return logits


# %% tags=["lesson-only"]
texts = emotion["validation"]["text"][:]
labels = torch.tensor(emotion["validation"]["label"][:])
logits = logits_of(texts)
probabilities = logits.softmax(dim=1).numpy()

# %% [markdown]
# One frame holds what the rest of the lesson looks at: the message, its label, the model's answer, and its **confidence**, the largest of the six probabilities. Classes appear by name, so that people can read them.

# %% tags=["lesson-only"]
frame = pd.DataFrame(
    {
        "text": texts,
        "label": names[labels],
        "predicted_label": names[probabilities.argmax(axis=1)],
        "confidence": probabilities.max(axis=1),
    }
)
right = frame["label"] == frame["predicted_label"]
f"{right.sum():,} of {len(frame):,} messages right"

# %% [markdown]
# ### The loss of a message
#
# Confidence looks at what the model *says*. The **loss** looks at what it should have said: minus the logarithm of the probability that it gave to the label. Here is what a probability costs, in *nats* (the unit of natural logarithms):

# %% tags=["nbval-check-output", "lesson-only"]
given_to_label = pd.Index([0.99, 0.9, 0.5, 0.1, 0.01, 0.001], name="probability of the label")
pd.Series(-np.log(given_to_label), index=given_to_label, name="loss").round(2)

# %% [markdown]
# A confident right answer costs next to nothing. A label that got 0.001 costs ten times as much as one that got 0.5. Training used the mean of these numbers; we want them one by one.
#
# ### Exercise 5.1: per_example_loss ●○○ about 8 minutes
#
# *Importance: high. The most useful single list in error analysis is the one sorted by this number.*
#
# Compute the cross-entropy of each row, without averaging. Start from the logits: take the log-softmax of the row, then minus the entry of its label. `F.cross_entropy` (and its class, `CrossEntropyLoss`) would be the whole answer, so neither may appear. Logits of ±10,000 must come out right: there a probability rounds to 0, and its logarithm is minus infinity. Both tensors stay as they are.
#
# <details><summary>Hint 1</summary>The logarithm of softmax is the logit minus the logarithm of the sum of exponentials. Which of the two overflows if you write it down naively? PyTorch has <code>logsumexp</code> and <code>log_softmax</code>, which take care.</details>
# <details><summary>Hint 2</summary>From each row you need one column, a different one in each row. Exercise 4.3 had the same problem.</details>


# %% nbgrader={"grade": false, "grade_id": "per_example_loss", "locked": false, "schema_version": 3, "solution": true, "task": false}
def per_example_loss(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Compute the cross-entropy of each row.

    Parameters
    ----------
    logits : Tensor of float32, shape (n, classes)
        Of any size, ±10,000 included.
    labels : Tensor of int64, shape (n,)

    Returns
    -------
    Tensor, shape (n,)
        In nats, in the order of the rows.

    Examples
    --------
    >>> per_example_loss(torch.zeros(2, 4), torch.tensor([3, 0]))
    tensor([1.3863, 1.3863])
    """
    ### BEGIN SOLUTION
    chosen = logits.gather(1, labels.unsqueeze(1)).squeeze(1)
    return logits.logsumexp(dim=1) - chosen
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_per_example_loss", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check("per_example_loss")

# %% [markdown]
# PyTorch does the same with `reduction="none"`. How is the total loss spread over the messages?

# %% tags=["lesson-only", "shows:loss-share"]
losses = torch.nn.functional.cross_entropy(logits, labels, reduction="none")
frame["loss"] = losses.numpy()
plots.plot_loss_share(frame["loss"])

# %% [markdown]
# *How to read it:* messages are sorted from the highest loss to the lowest; the curve shows which share of the total loss the first of them hold. On the dashed line, all messages would cost the same. The steeper the curve starts, the more of the loss you see in a few messages: here the first tenth holds 87 %. Decide from it how far down to read.
# <!-- numbers from: loss-share -->
#
# ## 2. The highest losses, and the lowest
#
# **Predict.** What will the ten most expensive messages have in common? Write down a guess before you look.

# %% tags=["lesson-only"]
columns = ["label", "predicted_label", "confidence", "loss", "text"]
frame.nlargest(10, "loss")[columns].round(2)

# %% [markdown]
# Read them slowly, with the label covered first. Which would *you* have given?
#
# The other end of the list is read less often. What does the model find trivially easy?

# %% tags=["lesson-only"]
frame.nsmallest(10, "loss")[columns].round(4)

# %% [markdown]
# ### What do we see?
#
# Ten rows suggest a story; they do not prove one. So let us count. One suspicion: easy messages name their emotion in a single word, hard ones do not. To test it without our own idea of such words, we let the train split say which words tell a class: a **telling word** occurs in at least 20 train messages, of which at least 70 % have the same label.

# %% tags=["lesson-only"]
from sklearn.feature_extraction.text import CountVectorizer

train_labels = np.array(emotion["train"]["label"][:])
counter = CountVectorizer(binary=True, token_pattern=r"\w+")
present = counter.fit_transform(emotion["train"]["text"][:])

# %% [markdown]
# `present` has one row per message and one column per word, with a 1 where the word occurs. Its product with the labels counts, for each word, the messages of each class.

# %% tags=["lesson-only"]
by_class = present.T @ np.eye(len(names))[train_labels]
rows, share = by_class.sum(axis=1), by_class.max(axis=1) / by_class.sum(axis=1)
telling = (rows >= 20) & (share >= 0.7)

# %% [markdown]
# The most frequent telling words of each class:

# %% tags=["nbval-check-output", "lesson-only"]
lexicon = pd.DataFrame(
    {
        "word": counter.get_feature_names_out()[telling],
        "tells": names[by_class[telling].argmax(axis=1)],
        "messages": rows[telling].astype(int),
    }
).sort_values(["messages", "word"], ascending=[False, True])
frequent = lexicon.groupby("tells")["word"].agg(lambda words: ", ".join(words.head(6)))
frequent.reindex(names, fill_value="(none)")

# %% [markdown]
# Now we put each validation message into one of four groups, by what its telling words point to: only its label, only another class, both, or nothing, because it has none. (A wrong label changes the group.)


# %% tags=["lesson-only"]
def evidence(text: str, label: str) -> str:
    pointed = {tells[word] for word in counter.build_tokenizer()(text.lower()) if word in tells}
    if not pointed:
        return "no telling word"
    if pointed == {label}:
        return "its label only"
    return "its label and another class" if label in pointed else "another class only"


tells = dict(zip(lexicon["word"], lexicon["tells"], strict=True))
frame["evidence"] = [evidence(*row) for row in zip(frame["text"], frame["label"], strict=True)]

# %% tags=["nbval-check-output", "lesson-only"]
frame["evidence"].value_counts()

# %% [markdown]
# Does the mix differ between easy and hard messages?

# %% tags=["lesson-only", "shows:evidence"]
ranked = frame.sort_values("loss")["evidence"]
groups = {"100 lowest losses": ranked[:100], "all": ranked, "100 highest losses": ranked[-100:]}
shares = pd.DataFrame({name: group.value_counts(normalize=True) for name, group in groups.items()})
plots.plot_evidence(shares.T.fillna(0))

# %% [markdown]
# *How to read it:* each bar is a group of messages, its parts the four kinds of evidence. From *all* to the hardest, *its label only* falls from 56 % to 4 % and *another class only* rises from 8 % to 47 %. Two causes look alike here: a model that goes by single words, and wrong labels, which contradict a word that tells the truth (section 4 counts them, with a key). The easy end does not confirm the suspicion: *its label only* is rarer there (45 %) than overall. Nine of the ten easiest do name their feeling, but our rule misses some of these words, such as *livid* (`tells` does not hold it).
# <!-- numbers from: evidence -->
#
# ### Three reasons for a high loss
#
# - **A wrong label.** A careful reader would contradict the label. The fix is in the data (section 4).
# - **An ambiguous message.** Two labels can be defended, and one was picked. More training will not help (section 3 shows the pairs to look at).
# - **The model.** It follows a word and misses the sense (a *shortcut*), or finds no word to follow. Tests and attributions show it (sections 7 and 8).
#
# A first hint at which is which: where the model was wrong, how probable did it find the label? An ambiguous message should have its label in second place; but so may a wrong label.

# %% tags=["lesson-only", "shows:label-places"]
place = (logits > logits.gather(1, labels.unsqueeze(1))).sum(dim=1).numpy() + 1
errors = frame[~right]
plots.plot_label_places(place[~right], errors["loss"])

# %% [markdown]
# *How to read it:* each dot is an error; the place is the rank of its label among the model's answers, 2 being the runner-up (108 of the 173 errors). Errors at place 2 with a small loss were close calls, but a wrong label can be a runner-up, too: section 4 counts them. Errors far to the right, where the model gave the label next to nothing, are the first to distrust: either the model or the label is badly wrong.
# <!-- numbers from: label-places; computed: 108 + 32 + 15 + 13 + 5; given: 2 -->
#
# ## 3. Confusion, class by class
#
# Which classes are taken for which?

# %% tags=["lesson-only"]
from helpers.plots.feature_extraction import plot_confusion

predicted = probabilities.argmax(axis=1)
plot_confusion(labels.numpy(), predicted, names)

# %% [markdown]
# *How to read it:* a row is a class by its labels, and sums to 1. The diagonal is its recall. Pairs that light up on both sides of it are confused by the model, and perhaps by people. Each row is divided by its own size, so count before you call a pair one-sided: a tenth of a small class may be no more messages than a thirtieth of a large one.
#
# ### Precision and recall
#
# **Recall** of a class: of the messages that have this label, how many were found? **Precision**: of those to which the model gave this label, how many have it? **F1** is their harmonic mean, which is low as soon as one of them is.

# %% tags=["lesson-only"]
from sklearn.metrics import precision_recall_fscore_support

ids = range(len(names))
scores = precision_recall_fscore_support(labels, predicted, labels=ids, zero_division=0)
plots.plot_class_scores(pd.DataFrame(np.array(scores[:2]).T, names, ["precision", "recall"]))

# %% [markdown]
# *How to read it:* there is one line per class, joining its two marks. A class whose recall lies left of its precision is predicted less often than it occurs; the other way round, more often. A long line shows such a bias; marks far left show a hard class. *Surprise* has both.
#
# ### One number out of six
#
# Sooner or later somebody wants one number. The candidates differ in what they hide, and a lazy model shows it best. So we compare ours with the rule that always answers the most frequent class:

# %% tags=["lesson-only"]
from sklearn.metrics import accuracy_score, cohen_kappa_score, f1_score, matthews_corrcoef

lazy = np.full_like(predicted, np.bincount(train_labels).argmax())
answers = {"always the largest class": lazy, "fine-tuned": predicted}
table = pd.DataFrame(index=list(answers))
table["accuracy"] = [accuracy_score(labels, answer) for answer in answers.values()]
for average in ("macro", "micro", "weighted"):
    column = [f1_score(labels, answer, average=average) for answer in answers.values()]
    table[f"{average} F1"] = column
table["kappa"] = [cohen_kappa_score(labels, answer) for answer in answers.values()]
table["MCC"] = [matthews_corrcoef(labels, answer) for answer in answers.values()]
table.round(3)

# %% [markdown]
# - **Micro-F1** counts hits over all classes together. With one label per message it *is* the accuracy.
# - **Weighted F1** averages over the classes by size, **macro-F1** gives each the same weight.
# - **Cohen's kappa** is 0 for the agreement that two raters who guess with these class counts would reach, 1 for full agreement, and in proportion between.
# - **MCC** (Matthews' correlation coefficient) is the correlation of truth and answer, for any number of classes; a constant answer gets 0 by convention.
#
# The lazy rule gets credit from all but the last two. Kappa has no value when truth and answer are one and the same class throughout: chance alone then reaches 1, and the formula divides 0 by 0. Scikit-learn answers with a warning and NaN, which then spoils a whole report.
#
# ### Exercise 5.2: evaluation_report ●●○ about 15 minutes
#
# *Importance: high. You will write this report for every classifier you train.*
#
# Write `evaluation_report`, which gives all of these for a list of class names. Labels are ids into `names`, in lists, arrays or Series with any index, and stay as they are. **Every** name has a row in `per_class`, with zeros where a class occurs in neither truth nor prediction, and macro-F1 averages over all names, the absent ones too. Each of the six scores is a float. Kappa and MCC are 0.0 where they are undefined. No warning is raised on the way.
#
# <details><summary>Hint 1</summary>Without the argument <code>labels</code>, scikit-learn looks only at the classes that occur. And <code>zero_division</code> says what a class without rows gets, without a warning.</details>
# <details><summary>Hint 2</summary>MCC is 0.0 in scikit-learn where it is undefined, kappa is NaN, and both warn where there is only one class. When exactly does kappa divide by zero? Test for that case before you call either.</details>
# <details><summary>Hint 3</summary><code>precision_recall_fscore_support</code> with <code>average=None</code> gives the four columns of the table in one call.</details>


# %% nbgrader={"grade": false, "grade_id": "evaluation_report", "locked": false, "schema_version": 3, "solution": true, "task": false}
def evaluation_report(y_true, y_pred, names: list[str]) -> dict:
    """Report how good a classifier is, as a whole and class by class.

    Parameters
    ----------
    y_true, y_pred : list, array or Series of int, shape (n,)
        Ids into `names`; n is at least 1.
    names : list of str

    Returns
    -------
    dict
        Floats `accuracy`, `macro_f1`, `micro_f1`, `weighted_f1`, `kappa`, `mcc`; and `per_class`,
        a DataFrame with the names as index and `precision`, `recall`, `f1`, `support`.

    Examples
    --------
    >>> evaluation_report([0, 1], [0, 1], ["no", "yes", "perhaps"])["macro_f1"]
    0.6666666666666666
    """
    ### BEGIN SOLUTION
    ids = range(len(names))
    by_class = precision_recall_fscore_support(y_true, y_pred, labels=ids, zero_division=0)
    report = {"accuracy": float(accuracy_score(y_true, y_pred))}
    for how in ("macro", "micro", "weighted"):
        score = f1_score(y_true, y_pred, labels=ids, average=how, zero_division=0)
        report[f"{how}_f1"] = float(score)
    # With a single class, chance alone agrees on every row, and kappa divides 0 by 0.
    one_class = len({*map(int, y_true), *map(int, y_pred)}) == 1
    report["kappa"] = 0.0 if one_class else float(cohen_kappa_score(y_true, y_pred))
    report["mcc"] = 0.0 if one_class else float(matthews_corrcoef(y_true, y_pred))
    columns = ("precision", "recall", "f1", "support")
    report["per_class"] = pd.DataFrame(dict(zip(columns, by_class, strict=True)), index=names)
    return report
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_evaluation_report", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check("evaluation_report")

# %% [markdown]
# ## 4. Are the labels right?
#
# A report measures against the labels, and takes them for the truth. People gave them, or a rule did, and both make mistakes. Where a model is *sure* and disagrees with the label, one of the two is probably badly wrong. So read these errors first.
#
# ### Exercise 5.3: most_confident_errors ●○○ about 6 minutes
#
# *Importance: medium. Three lines of pandas that you will type again and again.*
#
# Write `most_confident_errors`: of the rows whose predicted label differs from the label, the `k` most confident ones, most confident first. Return exactly the columns `text`, `label`, `predicted_label`, `confidence`, in this order, whatever else the frame holds. Rows of equal confidence stay in their order, and each row keeps its index, so that you can find it again. If there are fewer than `k` errors, all of them come back. The frame that you were given stays as it is, and its index may repeat.
#
# <details><summary>Hint 1</summary>Filter, sort, cut, choose columns. Does the order of filter and cut matter?</details>
# <details><summary>Hint 2</summary><code>sort_values</code> has an argument <code>kind</code>. Which of its values promises to leave ties alone?</details>


# %% nbgrader={"grade": false, "grade_id": "most_confident_errors", "locked": false, "schema_version": 3, "solution": true, "task": false}
def most_confident_errors(frame: pd.DataFrame, k: int = 10) -> pd.DataFrame:
    """Return the wrong rows of which the model was most confident.

    Parameters
    ----------
    frame : DataFrame
        Columns `text`, `label`, `predicted_label`, `confidence` and perhaps others; any index.
    k : int
        How many rows at most.

    Returns
    -------
    DataFrame
        Those four columns, most confident first; ties in their order; the index kept.

    Examples
    --------
    >>> len(most_confident_errors(frame, k=3))
    3
    """
    ### BEGIN SOLUTION
    wrong = frame[frame["label"] != frame["predicted_label"]]
    ranked = wrong.sort_values("confidence", ascending=False, kind="stable")
    return ranked[["text", "label", "predicted_label", "confidence"]].head(k)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_most_confident_errors", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
check("most_confident_errors")

# %% [markdown]
# Here is your function at work. (`if_answered` shows the result of your answer; until you have one, it says in a line what is missing.)

# %% tags=["lesson-only"]
if_answered(lambda: most_confident_errors(frame), "the ten most confident errors are not shown")

# %% [markdown]
# How many of these ten would you relabel? Keep the list in mind: exercise 5.7 comes back to it.
#
# ### Confident learning, by hand
#
# Reading is slow, and the train split has thousands of messages. **Confident learning** (Northcutt, Jiang and Chuang, 2021) makes a rule of what we just did. Take six messages, two classes, and the probabilities of a model that has never seen them:
#
# | message | label | P(calm) | P(tense) |
# |---|---|---|---|
# | a | calm | 0.9 | 0.1 |
# | b | calm | 0.6 | 0.4 |
# | c | calm | 0.3 | 0.7 |
# | d | tense | 0.2 | 0.8 |
# | e | tense | 0.7 | 0.3 |
# | f | tense | 0.5 | 0.5 |
#
# 1. **A threshold for each class:** its *mean self-confidence*, the average probability of the class over the messages labelled with it. Calm: (0.9 + 0.6 + 0.3) / 3 = 0.6. Tense: (0.8 + 0.3 + 0.5) / 3 ≈ 0.53.
# 2. **Candidates of a message:** the classes whose probability is at or above their threshold. Message c: tense (0.7 ≥ 0.53). Message e: calm. Message f: none.
# 3. **Suspect:** the most probable candidate is not the label. That makes c and e suspects. Message f is not one: the model has no opinion that is firm by its own standards.
#
# Why not just take every message on which the model disagrees? Because models are not equally sure of all classes. If a rare class seldom gets more than 0.6, its threshold is low, and 0.55 counts as firm there.
#
# ### Probabilities that did not see the label
#
# The table comes from *a model that has never seen them*. This matters: a model that was trained on a wrong label has learnt it. For honest probabilities of the train split, we divide it into five folds and let each fold be judged by a model trained on the four others: **out-of-fold** probabilities.
#
# Five fine-tunings would take five times as long as the one above. A TF-IDF model over words and pairs of words is much faster. (`cached_array` keeps the result on disk, under a fingerprint of what it was computed from.)

# %% tags=["lesson-only"]
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import make_pipeline

from helpers.cache import cached_array, fingerprint

train_texts = emotion["train"]["text"][:]
word_model = make_pipeline(
    TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True),
    LogisticRegression(C=10, max_iter=1000),
)

# %% [markdown]
# `cross_val_predict` takes care of the folds: each row is judged by a model that was not trained on it. For comparison, the same model trained on everything and asked about its own training rows:


# %% tags=["lesson-only"]
def out_of_fold() -> np.ndarray:
    return cross_val_predict(word_model, train_texts, train_labels, cv=5, method="predict_proba")


def in_sample() -> np.ndarray:
    return word_model.fit(train_texts, train_labels).predict_proba(train_texts)


content = [str(word_model), *train_texts, *map(str, train_labels)]
unseen = cached_array("out-of-fold", fingerprint(content), out_of_fold)
seen = cached_array("in-sample", fingerprint(content), in_sample)

# %% tags=["lesson-only", "shows:own-label"]
everyone = np.arange(len(train_labels))
plots.plot_self_confidence(
    {"out of fold": unseen[everyone, train_labels], "in sample": seen[everyone, train_labels]}
)

# %% [markdown]
# *How to read it:* each line shows how the probability that the model gives to a message's *own label* is distributed; note the logarithmic counts. Compare the left ends. In sample, the model has seen the answers, wrong ones included, and repeats them: only 6 messages lie below 0.1. Out of fold there are 601: wrong labels, and messages that are merely hard.
# <!-- numbers from: own-label; given: 0.1 -->
#
# ### Which model?
#
# A better out-of-fold model may give cleaner suspects. An alternative is the frozen features of lesson 3 with linear discriminant analysis on top: a linear classifier that is quick to fit. Both are judged by their out-of-fold accuracy, for which nobody needs to know which labels are wrong.

# %% tags=["lesson-only"]
from helpers.features import dataset_features
from helpers.models import load_encoder

features = dataset_features(train_texts, tokenizer, load_encoder())

# %% tags=["lesson-only"]
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

linear = LinearDiscriminantAnalysis(solver="lsqr")
by_features = cross_val_predict(linear, features, train_labels, cv=5, method="predict_proba")

# %% [markdown]
# Accuracy on rows that the model had not seen:

# %% tags=["lesson-only"]
sources = {"words and pairs of words": unseen, "frozen features": by_features}
accuracies = {name: (p.argmax(axis=1) == train_labels).mean() for name, p in sources.items()}
pd.Series(accuracies, name="out-of-fold accuracy").round(3)

# %% [markdown]
# ### Exercise 5.4: suspect_labels ●●● about 20 minutes
#
# *Importance: high. A few lines that find errors in datasets that thousands have used.*
#
# Write the rule above for any number of classes. A probability exactly at its threshold counts. Where no class reaches its threshold, the row is not suspect. A class that no row is labelled with has no threshold, and so is never a candidate, however probable. Of equally probable candidates the label itself wins. Labels are a list, an array or a Series with any index, and both arguments stay as they are.
#
# <details><summary>Hint 1</summary>First the thresholds, one per class: the mean of one column over some of the rows. What does NumPy give for the mean of no rows, and what does a comparison with that give? Choose a value that nothing can reach.</details>
# <details><summary>Hint 2</summary>A mask of the shape (n, classes) says which classes are candidates. To take the argmax among candidates only, give all others a value that cannot win.</details>
# <details><summary>Hint 3</summary>A row without candidates still has an argmax, which means nothing. Which rows have a candidate? And where two candidates are equally probable, argmax names the first: compare probabilities instead.</details>


# %% nbgrader={"grade": false, "grade_id": "suspect_labels", "locked": false, "schema_version": 3, "solution": true, "task": false}
def suspect_labels(probabilities: np.ndarray, labels) -> np.ndarray:
    """Find labels that are probably wrong, by confident learning.

    Parameters
    ----------
    probabilities : ndarray, shape (n, classes)
        Out-of-fold probabilities; n is at least 1.
    labels : list, array or Series of int, shape (n,)

    Returns
    -------
    ndarray of bool, shape (n,)

    Examples
    --------
    >>> suspect_labels(np.array([[0.8, 0.2], [0.3, 0.7], [0.1, 0.9]]), [0, 0, 1])
    array([False, False, False])
    """
    ### BEGIN SOLUTION
    labels = np.asarray(labels)
    classes = probabilities.shape[1]
    thresholds = np.full(classes, np.inf)
    for label in np.unique(labels):
        thresholds[label] = probabilities[labels == label, label].mean()
    # -1 never beats a candidate; a row without candidates has only -1, and is not suspect.
    candidates = np.where(probabilities >= thresholds, probabilities, -1.0)
    return candidates[np.arange(len(labels)), labels] < candidates.max(axis=1)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_suspect_labels", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
check("suspect_labels")

# %% [markdown]
# ### With a library
#
# `cleanlab` is the library of the method's authors. Its setting `"confident_learning"` is close to the rule above, `"both"` takes the rows on which two other rules agree. A cruder rival takes every row on which the model's first choice is not the label. We also try the same rule on in-sample probabilities, to see what the folds are good for, and on those of the frozen features.

# %% tags=["lesson-only"]
from cleanlab.filter import find_label_issues

found = {
    "model disagrees": unseen.argmax(axis=1) != train_labels,
}
for name, table, setting in [
    ("cleanlab, in sample", seen, "confident_learning"),
    ("cleanlab, frozen features", by_features, "confident_learning"),
    ("cleanlab, confident_learning", unseen, "confident_learning"),
    ("cleanlab, both", unseen, "both"),
]:
    found[name] = find_label_issues(train_labels, table, filter_by=setting, n_jobs=1)

# %% [markdown]
# Your own function joins them, on the out-of-fold probabilities, as soon as it is written.

# %% tags=["lesson-only"]
own = if_answered(
    lambda: np.asarray(suspect_labels(unseen, train_labels), dtype=bool),
    "your row is missing below",
)
if own is not None and own.shape == train_labels.shape:
    found["your suspect_labels"] = own

# %% [markdown]
# How many did we find? For most datasets nobody can say. But a corpus whose makers made some labels wrong on purpose, and noted which, has a **key**. The embedded corpus of this course has one; the real dataset has none, and the next cell then says so.
#
# With a key, **precision** is the share of suspects that really were planted, **recall** the share of the planted ones that are suspects. (Ambiguous messages count as false alarms here, though a reader might well want to see them.)

# %% tags=["nbval-check-output", "lesson-only"]
from helpers.planted import planted_errors

key = planted_errors("emotion", emotion)

# %% [markdown]
# Now we compare each method with the key or, without one, only count its suspects:

# %% tags=["lesson-only"]
audit = pd.DataFrame({"suspects": {method: rows.sum() for method, rows in found.items()}})
if key is not None:
    planted = np.isin(everyone, key.loc[key["split"] == "train", "row"])
    hits = pd.Series({method: (rows & planted).sum() for method, rows in found.items()})
    audit = audit.assign(precision=hits / audit["suspects"], recall=hits / planted.sum())

# %% tags=["lesson-only", "shows:audit"]
plots.plot_audit(audit)
audit.round(3)

# %% [markdown]
# *How to read it:* with a key, each method has two marks, and both should lie far right. Higher recall with lower precision is not worse: you read more to find more. *both* has the precision of *confident_learning* (0.71) and more recall (0.80 against 0.68); the frozen features, less accurate, find far more false alarms (precision 0.18). Without a key there are only bars: the number of messages to read. In either case compare *in sample* with the rest: two suspects are what is left when a model judges the labels that it was trained on.
# <!-- numbers from: audit -->
#
# ### Read the suspects
#
# The library's suspects, least probable label first, with the out-of-fold model's own answer as *suggestion*:

# %% tags=["lesson-only"]
suspects = np.flatnonzero(found["cleanlab, confident_learning"])
suspects = suspects[np.argsort(unseen[suspects, train_labels[suspects]], kind="stable")]

# %% tags=["lesson-only"]
review = pd.DataFrame({"label": names[train_labels], "suggestion": names[unseen.argmax(axis=1)]})
review["P(label)"] = unseen[everyone, train_labels]
review["text"] = train_texts
review.loc[suspects[:10]].round(3)

# %% [markdown]
# Cover the label and judge for yourself. Which labels are wrong beyond doubt? These ten are the extreme cases; of all the library's suspects, about three in ten are not in the key (precision 0.71). That is why the result is a reading list, and not an automatic correction.
#
# Labelling errors are seldom spread evenly. Which pairs do the suspects confuse?

# %% tags=["lesson-only", "shows:pairs"]
pairs = review.loc[suspects].value_counts(["label", "suggestion"])
plots.plot_pairs(pairs.head(10))

# %% [markdown]
# *How to read it:* the longest bars are the pairs to explain in the guidelines for labelling, with an example each. Love with joy and surprise with fear, in both directions, make up 333 of the 463 suspects. If a pair also lights up in the confusion matrix of section 3, part of the model's "confusion" may be the labels'.
# <!-- numbers from: pairs, audit; computed: 92 + 82 + 82 + 77 -->
#
# ### How many "errors" are the labels'?
#
# The validation labels were made in the same way as those of the train split. With a key we can score the same predictions once more, against the true labels. (Without a key nothing is corrected, and both lines agree.)

# %% tags=["lesson-only"]
true_label = frame["label"].copy()
if key is not None:
    corrections = key[key["split"] == "validation"].set_index("row")["true_label"]
    true_label[corrections.index] = corrections
accuracies = {
    "as it stands": right.mean(),
    "corrected": (true_label == frame["predicted_label"]).mean(),
}
pd.Series(accuracies, name="validation accuracy").round(4)

# %% [markdown]
# The difference, 0.028, is what wrong labels take from this model's score: 56 messages of 2,000. No better model can win it back; relabelling can. How many of section 2's messages have a label that is wrong by the key?

# %% tags=["lesson-only", "shows:wrong-labels"]
wrong_label = frame["label"] != true_label
hardest = frame["loss"].rank(ascending=False) <= 100
kinds = {
    "all messages": frame["loss"] >= 0,
    "errors": ~right,
    "errors, label in second place": ~right & (place == 2),
    "100 highest losses": hardest,
    "of these, evidence for another class only": hardest
    & (frame["evidence"] == "another class only"),
}
pd.DataFrame(
    {name: [rows.sum(), (wrong_label & rows).sum()] for name, rows in kinds.items()},
    index=["messages", "wrong labels"],
).T

# %% [markdown]
# *How to read it:* on the embedded corpus 60 of the 173 errors are errors of the label, and so are 48 of the 100 highest losses. Of the 47 hardest whose words speak for another class only, 33 have a wrong label. 47 of the 108 labels in second place are wrong, too: the place of a label does not tell an ambiguous message from a wrong label; only reading does.
# <!-- numbers from: wrong-labels -->
#
# One more witness needs neither a model nor a key: a text that occurs twice in the data, under two labels. At least one of them is wrong, or the message is ambiguous. (The embedded corpus has none.)

# %% tags=["lesson-only"]
twins = pd.DataFrame({"text": train_texts, "label": train_labels, "row": everyone})
twins = twins[twins.groupby("text")["label"].transform("nunique") > 1]
if len(twins):
    share = np.isin(twins["row"], suspects).mean()
    print(f"{twins['text'].nunique()} texts of the train split have more than one label;")
    print(f"{share:.0%} of their {len(twins)} rows are among the suspects.")
else:
    print("No text of the train split has more than one label.")

# %% [markdown]
# ## 5. Can you believe the confidence?
#
# A model that says 0.9 should be right nine times out of ten. If so, it is **calibrated**, and its probabilities can guide decisions: answer automatically above 0.95, ask a person below. Fine-tuned networks are often too sure of themselves.
#
# We use two halves of the validation split: on one we choose a correction, on the other we measure it.

# %% tags=["lesson-only"]
confidence = frame["confidence"].to_numpy()
hit = right.to_numpy()
repair, measure = np.arange(0, len(frame), 2), np.arange(1, len(frame), 2)
print(f"mean confidence {confidence[measure].mean():.3f}, accuracy {hit[measure].mean():.3f}")

# %% [markdown]
# This accuracy counts wrong labels as errors; by the corrected labels of section 4 it is higher. Without a key one cannot know, so we go on with the labels as they stand.
#
# Averages can hide opposite errors. So group the messages by confidence, ten groups of equal width, and compare within each: a **reliability diagram**.

# %% tags=["lesson-only", "shows:reliability"]
plots.plot_reliability({"as trained": (confidence[measure], hit[measure])})

# %% [markdown]
# *How to read it:* a bar is a group; its height is the share of right answers there, and the black mark is the group's mean confidence. Bar below mark: too sure, by these labels. Bar above: too modest. The lower panel has the sizes; most messages usually are in the last group, so look there first. A group of five messages can lie anywhere by luck.
#
# ### Exercise 5.5: expected calibration error ●●○ about 15 minutes
#
# *Importance: medium. It is the number that papers report, and its bins are where implementations disagree.*
#
# Turn the diagram into one number: the gap between accuracy and mean confidence of each group, averaged over groups, each weighted by its number of messages. The confidence is the top probability of a row. With `bins` groups, group b holds what lies in (b/bins, (b+1)/bins]: a value on an edge belongs to the group **below** it, so that 1.0 has a place. Empty groups are skipped. Labels are a list, an array or a Series with any index, and both arguments stay as they are. The result is a float.
#
# <details><summary>Hint 1</summary>Three arrays, one entry per row: confidence, whether the row is right, and the number of its group. Then a loop over groups.</details>
# <details><summary>Hint 2</summary>Compare directly: larger than the lower edge, at most the upper one. (<code>np.searchsorted</code>, <code>np.digitize</code> and <code>pd.cut</code> do so for all rows at once; look up on which side they put an edge.)</details>
# <details><summary>Hint 3</summary>The mean of no rows is NaN, and NaN plus anything is NaN.</details>


# %% nbgrader={"grade": false, "grade_id": "expected_calibration_error", "locked": false, "schema_version": 3, "solution": true, "task": false}
def expected_calibration_error(probabilities: np.ndarray, labels, bins: int = 10) -> float:
    """Measure how far confidence and accuracy lie apart.

    Parameters
    ----------
    probabilities : ndarray, shape (n, classes)
        n is at least 1.
    labels : list, array or Series of int, shape (n,)
    bins : int
        Groups of equal width between 0 and 1; an edge belongs to the group below it.

    Returns
    -------
    float
        Between 0 and 1.

    Examples
    --------
    >>> expected_calibration_error(np.array([[0.75, 0.25]]), [0])
    0.25
    """
    ### BEGIN SOLUTION
    confidence = probabilities.max(axis=1)
    hits = probabilities.argmax(axis=1) == np.asarray(labels)
    # With side="left", a confidence that equals an edge goes into the group below it.
    group = np.searchsorted(np.arange(1, bins) / bins, confidence, side="left")
    gaps = np.bincount(group, weights=hits - confidence)
    return float(np.abs(gaps).sum() / len(hits))
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_expected_calibration_error", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check("expected_calibration_error")

# %% [markdown]
# ### Temperature scaling
#
# The usual correction is a single number. Divide all logits by a **temperature** T before the softmax. T above 1 flattens the probabilities, T below 1 sharpens them, and since all logits of a message are divided by the same number, the order of classes, and so every prediction, stays the same. Which T? The one with the lowest loss on rows that the model was not trained on.

# %% tags=["lesson-only", "shows:temperature"]
from scipy.optimize import minimize_scalar
from sklearn.metrics import log_loss


def loss_at(temperature: float, rows: np.ndarray, truth: np.ndarray) -> float:
    warmed = (logits[rows] / temperature).double().softmax(dim=1).numpy()
    return log_loss(truth[rows], warmed, labels=ids)


def best_temperature(truth: np.ndarray) -> float:
    arguments = (repair, truth)
    return minimize_scalar(loss_at, bounds=(0.3, 4), args=arguments, method="bounded").x


given = labels.numpy()
best = best_temperature(given)
plots.plot_temperature(lambda temperature: loss_at(temperature, repair, given), best)

# %% [markdown]
# *How to read it:* the curve is the loss on the first half, for every temperature; 1 is the model as it was trained. The lowest point is our T. Above 1, the model was too sure for these labels. A flat curve around 1 (here 0.306 against 0.302) says that there is little to correct.
# <!-- numbers from: temperature -->
#
# On the other half, before and after:

# %% tags=["lesson-only"]
warmed = (logits / best).softmax(dim=1).numpy()
plots.plot_reliability(
    {
        "as trained": (confidence[measure], hit[measure]),
        f"temperature {best:.2f}": (warmed[measure].max(axis=1), hit[measure]),
    }
)

# %% [markdown]
# *How to read it:* after scaling, bars and marks should lie closer together, mainly in the large groups. Accuracy cannot change; the bars move only because messages change groups, since every answer stays as it was. On the dashed line, confidence and accuracy are equal. Where labels are wrong, right answers count as errors, and a T fitted on them can make the model doubt what is right.
#
# The same in numbers. The loss comes from scikit-learn, the calibration error from you, and the Brier score, the mean squared distance between a message's probabilities and the truth (1 for the true class, 0 for the others), takes one line:

# %% tags=["lesson-only"]
before_after = {"as trained": probabilities[measure], f"temperature {best:.2f}": warmed[measure]}
numbers = pd.DataFrame(index=list(before_after))
truth = given[measure]
numbers["loss"] = [log_loss(truth, np.double(p), labels=ids) for p in before_after.values()]
ones = np.eye(len(names))[truth]
numbers["Brier"] = [np.square(p - ones).sum(axis=1).mean() for p in before_after.values()]

# %% tags=["lesson-only", "shows:before-after"]
own = if_answered(
    lambda: [expected_calibration_error(p, truth) for p in before_after.values()],
    "the column of the calibration error is missing",
)
numbers.assign(**{"calibration error": own} if own else {}).round(4)

# %% [markdown]
# Is that more than luck? Lesson 4's answer: draw the measured messages again, many times, and look at the gain in each draw:

# %% tags=["lesson-only", "shows:loss-gain"]
each = np.arange(len(truth))
old, new = (-np.log(p[each, truth]) for p in before_after.values())
drawn = np.random.default_rng(0).choice(old - new, (2000, len(truth))).mean(axis=1)
low, high = np.quantile(drawn, [0.025, 0.975])
print(f"gain in loss {np.mean(old - new):.4f}, 95 % interval {low:.4f} to {high:.4f}")

# %% [markdown]
# All three fall, but the interval of the gain in loss contains 0: it has not been shown to be one. And the calibration error of a *perfect* model is not zero either: within a group, luck separates accuracy from confidence. In the last group alone (864 messages, accuracy 0.96) the standard error is 0.007.
# <!-- numbers from: before-after, reliability; given: 864, 0.007 -->
#
# Was the model too sure, or are the labels wrong? With the key we can choose the temperature against the corrected labels, too:

# %% tags=["lesson-only"]
truths = {"as they stand": given, "corrected": pd.Index(names).get_indexer(true_label)}
rows = []
for name, truth_of_all in truths.items():
    fitted = best_temperature(truth_of_all)
    losses = [loss_at(temperature, measure, truth_of_all) for temperature in (1, fitted)]
    accuracy = (probabilities.argmax(axis=1) == truth_of_all)[measure].mean()
    rows.append([name, accuracy, confidence[measure].mean(), fitted, *losses])

# %% tags=["lesson-only", "shows:two-temperatures"]
columns = ["labels", "accuracy", "mean confidence", "temperature", "loss at 1", "loss"]
pd.DataFrame(rows, columns=columns).set_index("labels").round(4)

# %% [markdown]
# Against the labels as they stand the model looks too sure (0.935 confident, 0.914 right), and the best temperature is above 1. Against the corrected ones it does not (0.944 right), and the best temperature is 0.98. So what looked like overconfidence comes from the wrong labels; and on either side the loss hardly changes. Without a key you cannot see this; a few hundred messages that two people have labelled again would show it.
# <!-- numbers from: two-temperatures; given: 1 -->
#
# ## 6. Slices
#
# An average can hide groups on which the model does badly. A **slice** is a group defined by a rule on the message: short ones, those with a negation, those without a telling word. A rule looks at the message alone, never at its label: messages "whose words contradict their label" would collect the wrong labels and blame the model for them. It takes the frame and returns True or False for each row.

# %% tags=["lesson-only"]
contracted = "(?:is|are|was|were|do|does|did|have|has|had|could|would|should|ca|wo)n[ ']?t"
negations = rf"\b(?:not|no|never|nobody|nothing|cannot|{contracted})\b"
slices = {
    "all messages": lambda rows: rows["text"].notna(),
    "up to 9 words": lambda rows: rows["text"].str.split().str.len() < 10,
    "25 words or more": lambda rows: rows["text"].str.split().str.len() >= 25,
    "starts with i": lambda rows: rows["text"].str.match(r"(?:i|im|ive|i'm|i've)\b"),
    "negation": lambda rows: rows["text"].str.contains(negations),
    "but, though, although": lambda rows: rows["text"].str.contains(r"\b(?:but|though|although)\b"),
    "no telling word": lambda rows: rows["evidence"] == "no telling word",
}

# %% [markdown]
# ### How sure can you be of nine out of ten?
#
# A slice may be small. If 9 of its 10 messages are right, its accuracy is 0.9, and the true rate may be anything from poor to nearly perfect. The **Wilson interval** gives the range: for k right of n, with p = k/n and z = 1.96 for 95 %,
#
# $$\frac{p + \frac{z^2}{2n} \pm z \sqrt{\frac{p(1-p)}{n} + \frac{z^2}{4n^2}}}{1 + \frac{z^2}{n}}$$
#
# The textbook's p ± z √(p(1−p)/n) is simpler, and wrong where it matters: for 9 of 10 it goes past 1, for 10 of 10 it has no width at all.

# %% tags=["nbval-check-output", "lesson-only"]
from scipy.stats import binomtest

cases = [(9, 10), (10, 10), (90, 100), (900, 1000)]
intervals = [binomtest(k, n).proportion_ci(method="wilson") for k, n in cases]
pd.DataFrame(intervals, index=[f"{k} of {n}" for k, n in cases]).round(3)

# %% [markdown]
# ### Exercise 5.6: slice_metrics ●●○ about 12 minutes
#
# *Importance: high. A slice without an interval is a rumour.*
#
# Write `slice_metrics`: for each slice, its number of rows, its accuracy (`label` against `predicted_label`) and the ends of its 95 % Wilson interval, one row per slice in the order of the dictionary. The columns are `rows`, `accuracy`, `lower` and `upper`, in this order; the index is named `slice`. A slice without rows is not an error: it has 0 rows and NaN in the other columns. The frame, whose index may repeat, and the dictionary stay as they are.
#
# <details><summary>Hint 1</summary>Calling a rule on the frame gives a boolean Series with the frame's index; <code>frame[...]</code> takes it.</details>
# <details><summary>Hint 2</summary>The formula above, or the function of the cell above. Neither works for n = 0.</details>
# <details><summary>Hint 3</summary><code>pd.Index(..., name="slice")</code> names an index.</details>


# %% nbgrader={"grade": false, "grade_id": "slice_metrics", "locked": false, "schema_version": 3, "solution": true, "task": false}
def slice_metrics(frame: pd.DataFrame, slices: dict) -> pd.DataFrame:
    """Measure the accuracy of each slice, with its 95 % Wilson interval.

    Parameters
    ----------
    frame : DataFrame
        Columns `label`, `predicted_label` and those that the slices look at; any index.
    slices : dict of str to callable
        Each takes the frame and returns a boolean Series with its index.

    Returns
    -------
    DataFrame
        Index `slice`, in the order of the dict; columns `rows`, `accuracy`, `lower`, `upper`.

    Examples
    --------
    >>> slice_metrics(frame, {"all": lambda rows: rows["label"].notna()})
    """
    ### BEGIN SOLUTION
    result = {}
    for name, belongs in slices.items():
        chosen = frame[belongs(frame)]
        rows = len(chosen)
        hits = int((chosen["label"] == chosen["predicted_label"]).sum())
        if rows:
            interval = binomtest(hits, rows).proportion_ci(0.95, method="wilson")
            result[name] = (rows, hits / rows, interval.low, interval.high)
        else:
            result[name] = (0, np.nan, np.nan, np.nan)
    columns = ["rows", "accuracy", "lower", "upper"]
    table = pd.DataFrame(list(result.values()), columns=columns)
    return table.set_index(pd.Index(list(result), name="slice"))
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_slice_metrics", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check("slice_metrics")

# %% [markdown]
# For the figures we only count; the plot function computes the intervals. The first is by the labels as they stand, the second by the corrected ones. (Without a key both are the same.)

# %% tags=["nbval-check-output", "lesson-only"]
members = pd.DataFrame({name: belongs(frame) for name, belongs in slices.items()})
members.sum().rename("rows")

# %% tags=["lesson-only", "shows:slices"]
for name, truth_of_all in (("as they stand", frame["label"]), ("corrected", true_label)):
    hits = members[truth_of_all == frame["predicted_label"]].sum()
    counts = pd.DataFrame({"rows": members.sum(), "right": hits})
    about = f"accuracy by the labels {name}, with its 95 % interval"
    plots.plot_rates(counts, "right", about, reference="all messages")

# %% [markdown]
# *How to read it:* compare each interval with the dashed line, the accuracy on all messages; a slice that crosses it has not been shown to differ. By the labels as they stand, *no telling word* lies wholly to its left (0.840), and by the corrected labels still (0.866 against 0.942): a weak spot of the model, not of the labels. Get more messages of its kind. *up to 9 words* has the highest accuracy in both figures (0.938 and 0.972), but both intervals cross the line, so it has not been shown to differ. Six slices are six chances for a fluke, so treat even one that just clears the line as a question.
# <!-- numbers from: slices; given: 9 -->
#
# ## 7. Tests for behaviour
#
# Validation messages come with the habits of those who wrote and labelled them. Software is tested differently: one property at a time, on inputs written for it. Ribeiro and others (*CheckList*, 2020) name three kinds:
#
# - **Minimum functionality:** simple cases that must work.
# - **Invariance:** a change that must not alter the answer, such as another name.
# - **Direction:** a change that must move a probability one way.
#
# Each test counts failures over a number of cases, most of them from templates.

# %% tags=["lesson-only"]
feelings = {
    "joy": ["happy", "cheerful", "delighted", "glad", "joyful", "pleased"],
    "sadness": ["sad", "miserable", "gloomy", "heartbroken", "unhappy", "hopeless"],
    "anger": ["angry", "furious", "annoyed", "irritated", "resentful", "mad"],
    "fear": ["afraid", "scared", "frightened", "terrified", "anxious", "nervous"],
}
words_of_feeling = [(name, word) for name, words in feelings.items() for word in words]


def predict(texts: list[str]) -> pd.DataFrame:
    return pd.DataFrame(logits_of(texts).softmax(dim=1).numpy(), columns=names)


# %% [markdown]
# Every result is recorded in the same way: the kind and name of the test, its texts, and which of them failed.

# %% tags=["lesson-only"]
results = []


def record(kind: str, test: str, texts: list[str], failed) -> None:
    failed = np.asarray(failed, dtype=bool)
    example = next((text for text, bad in zip(texts, failed, strict=True) if bad), "")
    row = {"kind": kind, "test": test, "rows": len(failed), "failures": int(failed.sum())}
    results.append({**row, "rate": failed.mean() if len(failed) else np.nan, "example": example})


# %% [markdown]
# **Minimum functionality.** A plain statement of a feeling must get its class. The same feeling *negated* must not: someone who is "not happy at all" need not be sad, but is surely not joyful.

# %% tags=["lesson-only"]
plain = ["i feel {}", "i am so {} today", "right now i am {} about it"]
negated = ["i do not feel {}", "i am not {} at all", "i never feel {} any more"]
for test, templates in (("names its feeling", plain), ("negated feeling", negated)):
    cases = [(name, t.format(word)) for name, word in words_of_feeling for t in templates]
    tested = [text for _, text in cases]
    same = predict(tested).idxmax(axis=1) == [name for name, _ in cases]
    record("minimum functionality", test, tested, same if test == "negated feeling" else ~same)

# %% [markdown]
# **Invariance.** It must not matter who calls, or from where. For each feeling, the answers for eight names, then for eight places, are compared with the answer for the first; a case fails where they differ.

# %% tags=["lesson-only"]
people = ["anna", "mohammed", "li wei", "oluwaseun", "carlos", "priya", "ivan", "fatima"]
places = ["leeds", "cairo", "chengdu", "lagos", "lima", "delhi", "minsk", "amman"]
template = "{} from {} has just called and i feel {}"
for test, pairs in {
    "another name": [(person, places[0]) for person in people],
    "another place": [(people[0], place) for place in places],
}.items():
    tested = [template.format(*pair, word) for _, word in words_of_feeling for pair in pairs]
    answers = predict(tested).idxmax(axis=1).to_numpy().reshape(-1, len(pairs))
    others = np.array(tested).reshape(answers.shape)[:, 1:]
    record("invariance", test, others.ravel(), (answers[:, 1:] != answers[:, :1]).ravel())

# %% [markdown]
# Real messages can be changed, too. Where a validation message names a relative, we swap mother and father, brother and sister, and so on; the answer must stay the same.

# %% tags=["lesson-only"]
import re

swaps = {"mother": "father", "mum": "dad", "mom": "dad", "sister": "brother", "aunt": "uncle"}
swaps = {**{new: old for old, new in swaps.items()}, **swaps}
relatives = re.compile(rf"\b({'|'.join(swaps)})\b")

# %% tags=["lesson-only"]
original = [text for text in texts if relatives.search(text)]
swapped = [relatives.sub(lambda match: swaps[match[0]], text) for text in original]
failed = predict(original).idxmax(axis=1) != predict(swapped).idxmax(axis=1)
record("invariance", "another relative", swapped, failed)

# %% [markdown]
# **Direction.** An intensifier must not make a feeling less probable. (A drop of up to 0.05 is accepted.)

# %% tags=["lesson-only"]
stronger = [(*pair, how) for pair in words_of_feeling for how in ("very", "so", "extremely")]
moved = [f"i feel {how} {word}" for _, word, how in stronger]
start, end = predict([f"i feel {word}" for _, word, _ in stronger]), predict(moved)
drops = [start[name][row] - end[name][row] for row, (name, *_) in enumerate(stronger)]
record("direction", "intensifier", moved, np.array(drops) > 0.05)

# %% [markdown]
# And a happy ending, added to messages in which the model saw another feeling, must not make joy less probable.

# %% tags=["lesson-only"]
glum = frame.loc[frame["predicted_label"] != "joy", "text"].tolist()[:300]
moved = [f"{text} but in the end it all went well and now i am so happy" for text in glum]
record("direction", "happy ending", moved, predict(glum)["joy"] > predict(moved)["joy"] + 0.05)

# %% [markdown]
# **Robustness by group.** People write differently: with slips of the finger, or as they speak. A model that works only for those who spell by the book fails the others. So validation messages are rewritten as others would write them; the answer must stay the same.

# %% tags=["lesson-only"]
spoken = {
    r"\bi am\b": "im",
    r"ing\b": "in",
    r"\band\b": "n",
    r"\bbecause\b": "cuz",
    r"\byou\b": "u",
}


def slip(text: str) -> str:
    word = max(text.split(), key=len)
    middle = len(word) // 2
    swapped = word[: middle - 1] + word[middle] + word[middle - 1] + word[middle + 1 :]
    return text.replace(word, swapped, 1)


def as_spoken(text: str) -> str:
    for pattern, spelling in spoken.items():
        text = re.sub(pattern, spelling, text)
    return text


# %% tags=["lesson-only"]
for test, rewrite in (("a slip in the longest word", slip), ("spelt as spoken", as_spoken)):
    both = [(text, rewrite(text)) for text in texts[:500]]
    original, rewritten = zip(*[pair for pair in both if pair[0] != pair[1]], strict=True)
    failed = predict(list(original)).idxmax(axis=1) != predict(list(rewritten)).idxmax(axis=1)
    record("invariance", test, list(rewritten), failed)

# %% [markdown]
# The table of failures, with one failing case where there is one:

# %% tags=["lesson-only", "shows:behaviour"]
behaviour = pd.DataFrame(results).set_index("test")
behaviour.round(3)

# %% tags=["lesson-only", "shows:rates"]
plots.plot_rates(behaviour, "failures", "failure rate, with its 95 % interval")

# %% [markdown]
# *How to read it:* zero is the goal, and the right end of an interval is how bad it may still be. (Cases from one template are alike, so the intervals are too narrow.) *negated feeling* fails in 54 of 72 cases, while the slice *negation* of section 6 (0.940 by the corrected labels) shows no weakness: real messages negate in other ways than these templates. One slip of the finger in the longest word changes 61 of 477 answers; spelling as people speak changes 2 of 377. A test that never fails is not wasted: keep it, and run it on the next model.
# <!-- numbers from: behaviour; given: 0.940 -->
#
# A test with several templates is an average, too. The negated feelings, template by template:

# %% tags=["lesson-only", "shows:templates"]
feeling, word = (np.array(part) for part in zip(*words_of_feeling, strict=True))
by_template = {
    template: (predict([template.format(each) for each in word]).idxmax(axis=1) == feeling).sum()
    for template in negated
}
pd.Series(by_template, name="failures of 24").to_frame()

# %% [markdown]
# In our run *i do not feel …* fails in 21 of 24 cases, *i never feel … any more* in all 24, *i am not … at all* in 9. So "fails at negation" is too simple: it depends on how one negates.
# <!-- numbers from: templates -->
#
# ### Groups, in pairs
#
# Does it matter who is named, or who writes? For that, the two messages of a pair differ in nothing else. First names: each pair swaps *anna* for another. The English names show how much any other name changes the probability; compare the other groups with them.

# %% tags=["lesson-only"]
origins = {
    "English names": ["emily", "john", "sarah", "james", "laura"],
    "Arabic names": ["fatima", "mohammed", "layla", "omar", "khadija"],
    "West African names": ["oluwaseun", "chinedu", "kwame", "adaeze", "ngozi"],
    "East Asian names": ["li wei", "minjun", "haruto", "mei ling", "yuki"],
    "Slavic names": ["ivan", "olga", "dmitri", "milena", "bogdan"],
}
variants = {
    group: [("anna called me", f"{person} called me") for person in people]
    for group, people in origins.items()
}

# %% [markdown]
# Then spelling, British against American, and dialect: forms such as *we was*, and words such as *bairn* for child. These pairs are neither all of a dialect nor typical of everyone who speaks it.

# %% tags=["lesson-only"]
variants["American spelling"] = [
    ("my neighbour called me", "my neighbor called me"),
    ("my favourite song was on", "my favorite song was on"),
    ("they cancelled the trip", "they canceled the trip"),
    ("we went to the theatre", "we went to the theater"),
    ("i saw the colour of the walls", "i saw the color of the walls"),
]
variants["dialect: grammar"] = [
    ("we were at the lake", "we was at the lake"),
    ("it is not over", "it ain't over"),
    ("he does not call me", "he don't call me"),
    ("i saw them at the lake", "i seen them at the lake"),
    ("they have done it again", "they done it again"),
]
variants["dialect: words"] = [
    ("my friend called me", "my mate called me"),
    ("you all came to the lake", "y'all came to the lake"),
    ("i am going to leave", "i'm fixing to leave"),
    ("my mother called me", "me mam called me"),
    ("the child is at the lake", "the bairn is at the lake"),
]

# %% [markdown]
# Each pair is tried with all 24 words of feeling. We count the answers that change and, more sensitive, measure by how much the probability of the feeling moves.

# %% tags=["lesson-only", "shows:groups"]
told = [names.tolist().index(name) for name, _ in words_of_feeling]
moves, changed, count = {}, 0, 0
for group, pairs in variants.items():
    tested = [
        f"{part} and i feel {word}"
        for pair in pairs
        for part in pair
        for _, word in words_of_feeling
    ]
    answers = predict(tested).to_numpy().reshape(len(pairs), 2, len(told), len(names))
    first, second = answers.transpose(1, 0, 2, 3)
    changed += (first.argmax(axis=-1) != second.argmax(axis=-1)).sum()
    count += len(pairs) * len(told)
    each = np.arange(len(told))
    moves[group] = (second - first)[:, each, told].mean(axis=1)
plots.plot_moves(moves, "change of the probability of the feeling, mean over the words")
print(f"answers that change: {changed} of {count}")

# %% [markdown]
# *How to read it:* a point is a pair; right of the line, the second message makes the model surer of the feeling, left of it less sure. No answer changes (0 of 960). Names move the probability by 0.021 at most, other English names by up to 0.013; spelling and dialect by 0.004 at most. The West African names all move it up (by 0.007 to 0.012), and four of the five Arabic names down: small, but a direction, which more names and templates would have to confirm. These are easy cases, because each names its feeling. And they speak of this model on these templates only, not of the people who bear such names or write so.
# <!-- numbers from: groups -->
#
# Which of these would you show to the people who want to use the model?
#
# ## 8. Which words does an answer rest on?
#
# Tests show *that* a model fails. **Attributions** show which words its answer depends on. **Integrated gradients** (Sundararajan and others, 2017) start from an empty message, here `[PAD]` for every word, and walk in small steps to the real one, in the space of token embeddings. They average the gradient of a class's logit along the way and multiply it by the step from the empty token to the real one: this is the token's contribution to the change of the logit.
#
# The contributions add up to the difference between the logit of the message and that of the empty one (*completeness*), which is a test of the computation itself. `captum` does the walking.

# %% tags=["lesson-only"]
from captum.attr import LayerIntegratedGradients


def class_logits(input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
    return model(input_ids=input_ids, attention_mask=attention_mask).logits


gradients = LayerIntegratedGradients(class_logits, model.get_input_embeddings())

# %% [markdown]
# The empty message keeps `[CLS]` and `[SEP]`, and has the same length. Captum returns one number for each dimension of each token; their sum is the token's contribution. The pieces of a word are added up.


# %% tags=["lesson-only"]
def attribute(text: str, class_name: str) -> tuple[list[str], np.ndarray, float]:
    encoded = tokenizer(text, truncation=True, return_tensors="pt").to(model.device)
    ids, mask = encoded["input_ids"], encoded["attention_mask"]
    empty = torch.full_like(ids, tokenizer.pad_token_id)
    empty[0, 0], empty[0, -1] = ids[0, 0], ids[0, -1]
    target = names.tolist().index(class_name)
    parts, error = gradients.attribute(
        ids, empty, target, mask, n_steps=24, return_convergence_delta=True
    )
    places = pd.Series(encoded.word_ids(0))
    summed = pd.Series(parts.sum(dim=-1)[0].detach().cpu()).groupby(places).sum()
    spans = [encoded.word_to_chars(0, int(word)) for word in summed.index]
    words = [text[span.start : span.end] for span in spans]
    return words, summed.to_numpy(), error.item()


# %% [markdown]
# First a message of our own, whose sense hangs on one small word. For which class do its words speak?

# %% tags=["lesson-only", "shows:own-text"]
own_text = "i am not happy with how this day went"
answer = predict([own_text]).iloc[0]
words, contributions, error = attribute(own_text, answer.idxmax())
plots.plot_attribution(words, contributions, f"for {answer.idxmax()} ({answer.max():.2f})")
without = predict([own_text.replace("not ", "")]).iloc[0]
print(f"joy: {answer['joy']:.2f}; without “not”: {without['joy']:.2f}")
print(f"missing from completeness: {abs(error):.3f} of {abs(contributions).sum():.3f}")

# %% [markdown]
# *How to read it:* the number below a word is its contribution to the logit of the class in the title. Solid frames with a plus speak for the class, dashed frames with a minus against it; the stronger the colour, the more, within this picture: compare pictures by their numbers. Numbers under a tenth of the strongest are left out. The last line is what the walk failed to account for; a few percent are fine, more would call for smaller steps.
#
# Does the model notice the negation? The direct test is to leave the word out: without *not* joy has 0.97, with it 0.21. So on this message it does, as on most of those of section 7 that negate in this way (*i am not … at all*). Contributions count from the empty message, whose logits need not be equal.
# <!-- numbers from: own-text -->
#
# ### Why was it so sure?
#
# Now the two errors with the highest loss among short messages: what speaks for the model's answer, and what for the label?

# %% tags=["lesson-only"]
worst = frame[~right & (frame["text"].str.split().str.len() < 20)].nlargest(2, "loss")
for _, row in worst.iterrows():
    for role in ("predicted_label", "label"):
        words, contributions, _ = attribute(row["text"], row[role])
        title = f"for {row[role]}" + (", the label" if role == "label" else ", the answer")
        plots.plot_attribution(words, contributions, title)

# %% [markdown]
# *How to read it:* the two pictures of a message belong together. Here one word (*gloomy*, *forgotten*) gives more than half of all that speaks for the answer. Ask `tells.get("gloomy")` whether it is a telling word of that class. If it is, either the model took a shortcut, or the word is right and the label wrong; only reading decides. Contributions describe the model, not the language: they say what it used, not what is right.
#
# ### Do single words carry the answers?
#
# Two messages are anecdotes. So for a dozen confident errors and a dozen confident right answers: which share of all that speaks *for* the answer comes from its strongest word? (Right and wrong are by the corrected labels of section 4.)


# %% tags=["lesson-only"]
def strongest_share(row: pd.Series) -> float:
    _, contributions, _ = attribute(row["text"], row["predicted_label"])
    positive = np.clip(contributions, 0, None)
    return positive.max() / positive.sum() if positive.sum() else np.nan


# %% tags=["lesson-only", "shows:concentration"]
truly_right = frame["predicted_label"] == true_label
groups = {"wrong": frame[~truly_right], "right": frame[truly_right]}
concentration = {}
for name, group in groups.items():
    chosen = group.nlargest(12, "confidence")
    rows = tqdm(chosen.iterrows(), desc=name, total=len(chosen), leave=False)
    concentration[name] = [strongest_share(row) for _, row in rows]
plots.plot_concentration(concentration)

# %% [markdown]
# *How to read it:* a dot is a message, the line the median of its group (0.51 for wrong answers, 0.58 for right ones). Near 1 an answer hangs on one word, near 0 on many. In most messages the strongest word gives about half or more. The groups overlap: with a dozen messages each, nothing shows that wrong answers hang on single words more than right ones do.
# <!-- numbers from: concentration -->
#
# ## 9. What to do about it
#
# An analysis that changes nothing was reading for pleasure. What each finding would suggest:
#
# | if you find | change in the data | change elsewhere |
# |---|---|---|
# | wrong labels (4) | relabel the suspects, two readers, guidelines for the worst pairs | score again on corrected validation labels |
# | ambiguous messages (2, 3) | allow two labels, or a label "unclear" | show the runner-up to the user |
# | shortcut on a word (2, 8) | add messages that use the word in another sense | – |
# | negation fails (7) | add negated copies with the right label | try a larger pretrained model |
# | a name changes the answer (7; not found here) | copies with names, places or relatives swapped | – |
# | slips of the finger (7) | copies of train messages with such slips | a spelling corrector before the model |
# | rare class missed (3) | more messages of it, before any weighting | class weights (lesson 4) |
# | too sure (5; not shown here) | correct the labels first | temperature; ask a person below a threshold |
#
# Ways to get messages without writing all by hand: templates as in section 7; swapping words from lists; translating to another language and back; asking a language model for paraphrases, and reading what it gives; editing real messages just enough to change the label (*contrast sets*). All of it belongs in the **train split alone**: a validation split with augmented copies measures the augmentation.
#
# Does cleaning pay? A quick try with the TF-IDF model: train it on all rows, without the suspects, and without as many random rows.

# %% tags=["lesson-only"]
rng = np.random.default_rng(0)
random_rows = rng.choice(everyone, size=len(suspects), replace=False)
dropped = {"all rows": [], "without random rows": random_rows, "without suspects": suspects}
answers = {}
for name, without in tqdm(dropped.items(), leave=False, unit="fit"):
    kept = np.setdiff1d(everyone, without)
    word_model.fit([train_texts[row] for row in kept], train_labels[kept])
    answers[name] = word_model.predict(texts)

# %% [markdown]
# The three models answer the same messages, so we compare them message by message with the first: how many did it gain, how many did it lose, and how probable is so uneven a division if gains and losses were equally likely (an exact McNemar test, which is made for two models on the same rows and needs no draws)? By the labels as they stand, and by the corrected ones:

# %% tags=["lesson-only"]
rows = []
for labels_used, truth_of_all in truths.items():
    before = answers["all rows"] == truth_of_all
    for name in list(answers)[1:]:
        after = answers[name] == truth_of_all
        gained, lost = (after & ~before).sum(), (before & ~after).sum()
        p = binomtest(gained, gained + lost).pvalue if gained + lost else 1.0
        rows.append([labels_used, name, before.mean(), after.mean(), gained, lost, p])

# %% tags=["lesson-only", "shows:cleaning"]
columns = ["labels", "trained", "all rows", "accuracy", "gained", "lost", "p"]
pd.DataFrame(rows, columns=columns).set_index(["labels", "trained"]).round(4)

# %% [markdown]
# *How to read it:* without the suspects the model gains 36 messages and loses 23, or 25 by the corrected labels: such a division, or a more uneven one, comes by luck alone in about one of nine or one of five cases (p = 0.12 and 0.20). Random rows make no difference that luck could not (5 against 10, p = 0.30). So here dropping the suspects has not been shown to pay, nor not to pay: such a gain is within the reach of luck. Relabelling them was not tried. Cleaning the *validation* split pays in any case: you can believe its score.
# <!-- numbers from: cleaning -->

# %% [markdown] nbgrader={"grade": false, "grade_id": "question_patterns", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ### Exercise 5.7: patterns ●●○ about 15 minutes
#
# *Importance: high. This is the page that your team will read.*
#
# Take the ten most confident errors of section 4 (or the ten highest losses of section 2). Which **patterns** do you see? Wrong labels are a pattern, too; if they fill the list, read on below the tenth until you have met two more. Name at least three patterns, each with the number of messages that show it and one message as evidence (its index is enough). For each, name the augmentation or the change of data that it suggests, and how you would find out whether it helped. About 200 words.
#
# === BEGIN MARK SCHEME ===
# 1 point: at least three distinct patterns, each tied to messages and counted; wrong or arguable labels are recognised as such where they occur (half a point for patterns without counts or evidence).
# 1 point: for each pattern a fitting change of the train data (relabelling, contrast examples, negated templates, swapped names, more of a rare class …), and a way to measure it on data that was not augmented: a behavioural test, a slice with its interval, or a corrected validation split (half a point if the changes fit and the measurement is missing).
# === END MARK SCHEME ===

# %% [markdown] nbgrader={"grade": true, "grade_id": "written_patterns", "locked": false, "points": 2, "schema_version": 3, "solution": true, "task": false}
# I read both lists with the label covered: the ten most confident errors and the ten highest losses, 17 messages, three of them in both. A message may show two patterns.
#
# **Wrong labels: 11.** Nine of the first list (all but row 1904; row 827 says "gloomy" and is labelled joy), and rows 883 and 1488 of the second ("im a coward" is labelled surprise). No augmentation helps. Change: two people relabel the suspects of the train and the validation split. Measure: accuracy on the corrected validation labels, with its interval, next to the old one.
#
# **One word against the sense: at least 1, perhaps 5.** In row 1433 *forgotten* gives more than half of all that speaks for sadness (section 8), though nothing sad has happened. Rows 590 (*packed* is a telling word of sadness), 1610 (*fearless* is taken for fear), 1904 and 1221 may be of the same kind; I would attribute them before I claim it. Change: contrast examples, such as *fearless* and *afraid* in the same sentences, each with its label. Measure: a behavioural test of such pairs with sentences that were **not** used for training.
#
# **A scene without any telling word: 1.** Row 1228 tells what happened and names nothing. It is one message, but section 6 has 568 of its kind, with an accuracy of 0.866 by the corrected labels. Change: more such messages in the train split, written by people, or made by cutting "i feel …" out of messages that have a scene as well. Measure: accuracy on the slice *no telling word*.
#
# **Negation** is in neither list, but 54 of 72 negated feelings fail in section 7. Change: negated templates. Measure: the failure rate of *negated feeling* with fresh templates; and the accuracy on all messages must stay within its interval.
# <!-- numbers from: behaviour, slices; given: 17, 11, 1, 5, 568, 1904, 1221, 1610 -->

# %% [markdown]
# ## Recap
#
# What you can do now:
#
# - You ranked messages by loss, and counted what the easy and the hard ones have in common instead of telling a story about ten.
# - You reported a classifier class by class, with averages that hide different things, and none that turns into NaN.
# - You found wrong labels with out-of-fold probabilities, by hand and with `cleanlab`, and measured the search by precision and recall where a key exists.
# - You compared confidence with accuracy, adjusted it with one temperature, and saw how little that gains here.
# - You cut the data into slices, each with an interval that is honest about its size.
# - You tested behaviour by template, and saw with integrated gradients which words carry an answer.
#
# **The question again.** *Is it the model's fault, the label's, or the message's?* All three; and each has its own instrument. Labels: confident learning, then a reader. Messages: reading, the confusion of pairs. Model: slices, behavioural tests, attributions. What you change follows from which it is.
#
# ### Three quick questions
#
# 1. Confident learning with in-sample probabilities finds hardly any suspects. Is the dataset clean?
#
# <details><summary>Answer</summary>No. The model was trained on these very labels and repeats them, wrong ones included. Out-of-fold probabilities come from models that have not seen the label they judge.</details>
#
# 2. A slice of 12 messages has an accuracy of 1.0, all messages together 0.93. Is the model better there?
#
# <details><summary>Answer</summary>Unknown. The Wilson interval for 12 of 12 reaches down to about 0.76, so the slice may well be worse.</details>
#
# 3. After temperature scaling the calibration error is smaller and the accuracy the same to the last digit. Suspicious?
#
# <details><summary>Answer</summary>No, it must be so. Dividing all logits of a message by one number keeps their order, so no prediction changes.</details>
#
# ### Where next
#
# You know what the model can do, and where it must not be trusted. [Lesson 6](../06_deployment/06_deployment.ipynb) puts it to work, with a model card that says both.
