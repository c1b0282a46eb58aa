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
# # 1. Know your data before you model it
#
# <!-- colab-badge -->
#
# At the end of this lesson you will be able to
#
# - find a dataset on the Hub, and read its card and licence before you use it;
# - load it, and say what its splits, rows, columns and features are;
# - make a dataset from your own files, and notice when a reader garbles them;
# - move between `datasets` and pandas, and put the format back;
# - describe classes and lengths in one table and two figures, for two datasets side by side;
# - balance a training split in three ways, and say what each one costs.
#
# **Time:** about 90 minutes of reading and exercises, on a CPU as on a GPU: no neural network runs here. Executing every cell takes less than a minute on two CPU cores. Not timed on a GPU, which nothing in this lesson would use. (Numbers in the text are those of the embedded corpus; with the real data, yours differ.)
#
# **The question.** *Which mistakes of a future classifier can you see in its data already, before there is a classifier?*

# %% [markdown]
# ## Finding a dataset
#
# Hugging Face's Hub holds hundreds of thousands of datasets. Its search has the same filters in Python as in the browser: task, language, size, words in the name. Sorting by downloads shows what others use.

# %%
from huggingface_hub import DatasetCard, list_datasets

from helpers.network import ask_hub

ask_hub(
    lambda: [found.id for found in list_datasets(search="emotion", sort="downloads", limit=8)],
    otherwise="the eight most downloaded datasets with 'emotion' in their names",
)

# %% [markdown]
# Some datasets ask you to accept their terms first. Then you need an account and an access token: `huggingface_hub.notebook_login()` asks for it and keeps it on this machine. This course needs none.
#
# A name promises little. The *dataset card* says who wrote the texts, who labelled them and how, what the data may be used for, and what is known to be wrong with it. Read it before you load a single row.

# %%
ask_hub(
    lambda: print(DatasetCard.load("dair-ai/emotion").text[:1500]),
    otherwise="the first lines of the card of dair-ai/emotion",
)

# %% [markdown]
# Some repositories hold several datasets, called *configurations*, and you must say which one to load. `get_dataset_config_names` lists them. We will need one of these later in this lesson.

# %%
from datasets import get_dataset_config_names

ask_hub(
    lambda: get_dataset_config_names("cardiffnlp/tweet_eval"),
    otherwise="the configurations of cardiffnlp/tweet_eval, one per task, 'emotion' among them",
)

# %% [markdown]
# The course keeps the facts that it relies on in a small registry, which needs no network. A licence such as the one below allows research and teaching, but not a product. Finding this out after the model is trained is expensive.

# %% tags=["nbval-check-output"]
from helpers.data import info_of, load

info = info_of("emotion")
print(info.hub_id, info.licence, info.citation, sep="\n")

# %% [markdown]
# ## Loading, and a first look
#
# With a network you would write `load_dataset("dair-ai/emotion")`. The course's `load` does the same, but looks in a classroom's mirror first, and falls back on texts written for this course when the Hub is out of reach. It says which one it took, so that you always know which texts your numbers describe.

# %% tags=["nbval-check-output"]
emotion = load("emotion")
emotion

# %% [markdown]
# That is a `DatasetDict`: a dict that holds one `Dataset` for each *split*, by its name. You fit on `train`, choose between models on `validation`, and look at `test` once, at the very end. Keep them apart and the last number is honest.

# %% tags=["nbval-check-output"]
train = emotion["train"]
print(train.shape, train.column_names)

# %% [markdown]
# *Features* are the columns' types. `Value("string")` is text. `ClassLabel` is an integer that knows its names, in the order of the ids: models need the integers, people the names.

# %% tags=["nbval-check-output"]
train.features

# %% [markdown]
# One index gives a row: a dict from column to value.

# %%
train[0]

# %% [markdown]
# A slice gives *columns*: a dict from column to list. It is not a list of rows, because the data is stored column by column (in a format called Arrow), and reading it that way is fast.

# %%
train[:3]

# %% [markdown]
# To get a `Dataset` again, features included, use `select`; `shuffle` mixes the rows first. Neighbouring rows were often collected together, so a random handful tells more than the first five.

# %%
train.shuffle(seed=0).select(range(5)).to_pandas()

# %% [markdown]
# Read those five aloud. Could *you* name the feeling without the label? Where you hesitate, a model will too, and the label may be wrong.
#
# A column alone is a lazy view: nothing is read until you go through it, and then one row at a time. `[:]` reads it all at once into a list, which is many times faster if it fits into memory. `Counter` counts what it holds.

# %% tags=["nbval-check-output"]
from collections import Counter

Counter(train["label"][:]).most_common()

# %% [markdown]
# Pairs of class id and count, the most common first. The first count divided by the last, here about 9, is the dataset's *imbalance*, the subject of this lesson's second half. Length is the other thing to know early; its simplest measure is the number of words between white space.

# %% tags=["nbval-check-output"]
[len(text.split()) for text in ("i feel fine", "  so   much\tspace\n", "")]

# %% [markdown]
# ### Exercise 1.1: one table for all splits ●●○ about 12 minutes
#
# *Importance: high. You will want this table for every dataset that you meet.*
#
# Write `summarize_dataset`: one row per split, in the order of the dict, with the columns
#
# - `rows`, how many messages it has;
# - `classes`, how many distinct labels *occur* in it (not how many the feature knows);
# - `imbalance`, the largest count divided by the smallest count that is not zero;
# - `median_words`, the median of words per message, words being what is between white space.
#
# The columns come in this order, the last two as floats, also where the value is whole; in a split without rows both are NaN. The index is named `split`. Leave the dataset as you found it, its format included, which may be that of pandas or NumPy.
#
# <details><summary>Hint 1</summary>Build a list with one dict of four values for each split; pandas makes a table of such a list, and takes the index as another argument.</details>
# <details><summary>Hint 2</summary>A Counter holds only what it has seen. That settles both the number of classes and the smallest count.</details>
# <details><summary>Hint 3</summary><code>pd.Index(values, name=…)</code> is an index with a name. The median of an even number of messages may end in .5; <code>statistics.median</code> and <code>np.median</code> both know that, but the first gives an int where the median is whole.</details>

# %%
import numpy as np
import pandas as pd
from datasets import ClassLabel, Dataset, DatasetDict, Features, Value

from helpers.checks import check


# %% nbgrader={"grade": false, "grade_id": "summarize_dataset", "locked": false, "schema_version": 3, "solution": true, "task": false}
def summarize_dataset(dataset: DatasetDict) -> pd.DataFrame:
    """Describe each split of a dataset in one row.

    Parameters
    ----------
    dataset : DatasetDict with the columns ``text`` and ``label``

    Returns
    -------
    DataFrame, index ``split``, columns ``rows`` (int), ``classes`` (int), ``imbalance`` (float,
        largest over smallest count) and ``median_words`` (float, words per message); both NaN for
        a split without rows.

    Example
    -------
    Labels 0, 0, 0, 2 in a split: 4 rows, 2 classes, imbalance 3.0.
    """
    ### BEGIN SOLUTION
    rows = []
    for split in dataset.values():
        counts = Counter(split["label"]).values()
        imbalance = max(counts) / min(counts) if counts else np.nan
        words = pd.Series([len(text.split()) for text in split["text"]])
        rows.append((split.num_rows, len(counts), imbalance, words.median()))
    columns = ["rows", "classes", "imbalance", "median_words"]
    return pd.DataFrame(rows, index=pd.Index(dataset, name="split"), columns=columns)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_summarize_dataset", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check("summarize_dataset")

# %% [markdown]
# ## To pandas and back
#
# pandas is good at counting, grouping and plotting. `set_format` changes what a dataset hands out, not what it holds: the same slice is now a data frame.

# %%
emotion.set_format("pandas")
frame = emotion["train"][:]
frame.head()

# %% [markdown]
# The frame holds only ids; the names stayed in the dataset's features. The label feature's `int2str` turns ids into names, one by one or a column at a time.

# %%
frame["label_name"] = emotion["train"].features["label"].int2str(frame["label"])
frame.head()

# %% [markdown]
# Now put the format back. A forgotten format is a classic trap: every later function that expects lists and dicts gets frames instead, and fails (or worse, does not fail) far from the line that caused it.

# %% tags=["nbval-check-output"]
emotion.reset_format()
type(emotion["train"][:3])

# %% [markdown]
# For one split and without a lasting effect, `emotion["train"].to_pandas()` gives the same frame, and `Dataset.from_pandas(frame)` goes back. On the way back, the names are lost: a frame has no `ClassLabel`.

# %% tags=["nbval-check-output"]
Dataset.from_pandas(frame[["text", "label"]]).features

# %% [markdown]
# ### Exercise 1.2: names for labels ●○○ about 6 minutes
#
# *Importance: medium. Small, but a place where silent mistakes get in.*
#
# Many frames come without features: predictions, a colleague's files, the output of another tool. Write `add_label_names`, which returns a *copy* of a frame with one more column, the last one, `label_name`: for each id in the column `label`, its entry in the list `names`.
#
# A label outside `names` raises a `ValueError` whose message names the label or the column. Think of −1 too: on the Hub it marks rows whose label is kept secret, and `names[-1]` raises no error.
#
# <details><summary>Hint 1</summary>Look for labels out of range first; only then translate.</details>
# <details><summary>Hint 2</summary>A Series has <code>between</code>, <code>isin</code> and <code>map</code>. What does <code>map</code> with a dict give for a missing key?</details>


# %% nbgrader={"grade": false, "grade_id": "add_label_names", "locked": false, "schema_version": 3, "solution": true, "task": false}
def add_label_names(frame: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """Return a copy of a frame with the labels' names beside their ids.

    Parameters
    ----------
    frame : DataFrame with a column ``label`` of ids
    names : list of str, in the order of the ids 0 to ``len(names) - 1``

    Returns
    -------
    DataFrame with the last column ``label_name``; rows, index and other columns as they were.

    Raises
    ------
    ValueError
        For a label that is no id of `names`; the message names the label or the column.

    Example
    -------
    Labels 1, 0 with the names "no", "yes" are named "yes", "no".
    """
    ### BEGIN SOLUTION
    unknown = sorted(set(frame["label"]) - set(range(len(names))))
    if unknown:
        raise ValueError(f"label {unknown[0]} has no name: there are {len(names)} names, from 0")
    return frame.assign(label_name=[names[label] for label in frame["label"]])
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_add_label_names", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
check("add_label_names")

# %% [markdown]
# ## How many messages does each class have?
#
# We will count several splits, so we write a function. It counts every name that the feature knows, so that a class without rows shows as a zero instead of vanishing.


# %% tags=["nbval-check-output"]
def class_counts(split):
    names = split.features["label"].names
    return pd.Series(np.bincount(split["label"][:], minlength=len(names)), index=names)


class_counts(train)

# %%
from helpers.plots.dataset_exploration import plot_class_bars, plot_recalls, plot_words_by_class

plot_class_bars({"emotion, train": class_counts(train)}, unit="messages")

# %% [markdown]
# *How to read it:* each bar is a class, its length the number of training messages. Compare the longest with the shortest: a model sees about nine times as many messages of joy as of surprise, and learns to guess accordingly.
#
# It also matters for how we measure. Suppose a "model" ignores the text and always answers with the largest class. How often is it right?

# %% tags=["nbval-check-output"]
counts = class_counts(emotion["validation"])
print(f"always {counts.idxmax()!r}: accuracy {counts.max() / counts.sum():.3f}")

# %% [markdown]
# Compare any accuracy with that number, not with zero. On the other classes the lazy answer is *never* right: their *recall*, the share of a class's messages that are found, is 0. The mean of the recalls of all classes, or the macro-averaged F1 of lesson 3, lets no large class hide a small one.
#
# **Do the splits resemble each other?** If the classes had other shares in validation than in test, what works best on the one might not on the other.

# %%
shares = {name: 100 * class_counts(split) / len(split) for name, split in emotion.items()}
plot_class_bars(shares, unit="% of the split")

# %% [markdown]
# *How to read it:* one panel per split, the same classes in the same rows. Bars of the same length from panel to panel mean that the splits were drawn alike. A class with a longer bar in one panel than in another would be a warning.
#
# **Do the splits share texts?** A test message that also appears in train is an exam question that was practised. How many are there?

# %% tags=["nbval-check-output"]
known = set(train["text"][:])
{name: sum(text in known for text in emotion[name]["text"][:]) for name in ("validation", "test")}

# %% [markdown]
# Public datasets are rarely free of this, since people write the same short things. A handful among thousands hardly moves a score; a tenth of the split would flatter every one. The count finds exact copies only: one changed letter hides a copy.

# %% [markdown]
# ## How long are the messages?
#
# A transformer, the kind of neural network that this course uses, reads a limited number of *tokens* at once, its context size; longer text is cut off. For DistilBERT it is 512, and for the embedded model too. Tokens are words or pieces of words, so a message has at least as many tokens as words, seldom more than twice as many. (Lesson 2 counts them.)

# %%
context_size = 512
frame["words"] = frame["text"].str.split().str.len()
plot_words_by_class(frame, context_size)

# %% [markdown]
# *How to read it:* half of a class's messages lie within its box, the black line in it is the median, and dots are unusually short or long messages. The scale is logarithmic: equal steps multiply. The limit counts tokens, while the boxes count words, so it is drawn as a grey band: its right end holds if each word is one token, its left end if each is two. A message in the band may lose its end; all of these stay left of it.
#
# Boxes that overlap as much as these also show that length alone will not tell the classes apart. If one class were clearly longer, a model could score by counting words, and might fail on a short message of that class.

# %% tags=["nbval-check-output"]
frame["words"].describe().round(1)

# %% [markdown]
# ## A dataset of your own files
#
# Your own data is more likely a file than a repository. `load_dataset` reads the usual kinds, each with its own reader. Let us write some files to read (so small that progress bars would only be in the way): a CSV first, with a comma inside a text.

# %% tags=["nbval-check-output"]
import tempfile
from pathlib import Path

from datasets import disable_progress_bars, load_dataset

disable_progress_bars()
folder = Path(tempfile.mkdtemp())
own = pd.DataFrame({"text": ["well, i am fine", "oh no"], "label": ["joy", "fear"]})
own.to_csv(folder / "messages.csv", index=False)
csv = load_dataset("csv", data_files=str(folder / "messages.csv"), split="train")
csv[:]

# %% [markdown]
# Without `split="train"` you would have got a `DatasetDict` with that one split: a file becomes `train` unless you say otherwise, as in `data_files={"train": …, "test": …}`. The labels are still strings; `class_encode_column` makes a `ClassLabel` of them, with sorted names.

# %% tags=["nbval-check-output"]
csv.class_encode_column("label").features["label"]

# %% [markdown]
# **Plain text:** one row per line, a single column `text`.

# %% tags=["nbval-check-output"]
(folder / "messages.txt").write_text("first line\nsecond line\n", encoding="utf-8")
load_dataset("text", data_files=str(folder / "messages.txt"), split="train")[:]

# %% [markdown]
# **JSON lines:** one JSON object per line. Line breaks and quotes survive, and numbers stay numbers, which makes it the safest of these three formats.

# %% tags=["nbval-check-output"]
own.to_json(folder / "messages.jsonl", orient="records", lines=True)
load_dataset("json", data_files=str(folder / "messages.jsonl"), split="train")[:]

# %% [markdown]
# **From the web:** `load_dataset` takes an address where a path goes, if the package `aiohttp` is installed. Where it is missing, or the Hub is switched off, we fetch the file first. So that this works anywhere, the cell below briefly serves our folder to this same machine; your own address would begin with `https://`.

# %% tags=["nbval-check-output", "lesson-only"]
import requests
from huggingface_hub.errors import OfflineModeIsEnabled

from helpers.network import serve_folder

with serve_folder(folder) as server:
    address = f"{server}/messages.csv"
    try:
        remote = load_dataset("csv", data_files=address, split="train")
    except (ImportError, OfflineModeIsEnabled):
        fetched = folder / "fetched.csv"
        fetched.write_bytes(requests.get(address, timeout=10).content)
        remote = load_dataset("csv", data_files=str(fetched), split="train")
remote[:]

# %% [markdown]
# (pandas reads an address like a file, too: `pd.read_csv(address)`.) What an address returns may change from one day to the next. Keep the file that you trained on, or note its checksum.

# %% [markdown]
# **Another separator.** Several emotion corpora come as lines of `text;label`, without a header. The CSV reader takes `sep` and `column_names`, and on simple lines all is well. These four are not simple: people use quotation marks as they please.

# %% tags=["nbval-check-output"]
lines = [
    '"best day ever" they said;joy',
    '"and then it rained;sadness',
    "what now;fear",
    '"oh" no;fear',
]
(folder / "lines.txt").write_text("\n".join(lines), encoding="utf-8")
columns = ["text", "label"]
path = str(folder / "lines.txt")
load_dataset("csv", data_files=path, sep=";", column_names=columns, split="train")[:]

# %% [markdown]
# Count the rows. To a CSV reader a quotation mark at the start of a field opens a quoted one, which runs on, over separators and line ends, to the next mark. Four messages became two, labels ended up inside a text, and *nothing failed*. `quoting=3` (no quoting) reads these four right, but not a text with a `;` of its own: on a later line that is an error, on the first it garbles the file in silence.
#
# ### Exercise 1.3: a reader you can trust ●●● about 20 minutes
#
# *Importance: high. Garbled rows are the cheapest errors to prevent and the most expensive to find.*
#
# Write `load_labelled_file`, which reads a file of lines `text;label` without a header:
#
# - each line is split at its *last* `sep`, so that a text may hold some of its own;
# - the text is kept as it is, quotation marks included;
# - blank lines (nothing, or only white space) are skipped, but they count in line numbers; a line ends in `\n` or `\r\n`, and in nothing else (no file holds a lone `\r`);
# - the result has the columns `text` (string) and `label`, in this order; `label` is a `ClassLabel` whose names are sorted, without the white space around them;
# - a line without `sep`, or with an empty label (nothing, or only white space), raises a `ValueError` that names the line's number, counted from 1 as editors do.
#
# <details><summary>Hint 1</summary>No CSV reader: go through the file's lines yourself, numbered. Open it as UTF-8, whatever the machine's default is.</details>
# <details><summary>Hint 2</summary>Strings have a <code>partition</code> that looks from the left, and a twin that looks from the right. What is its middle part where nothing was found?</details>
# <details><summary>Hint 3</summary>Which characters may you remove at a line's end, if the text must stay as it is? What else does a bare <code>strip()</code> remove?</details>
# <details><summary>Hint 4</summary>You know all the names only after the last line. <code>Dataset.from_dict</code> takes <code>features=</code>, and a <code>ClassLabel</code> there turns strings into ids.</details>


# %% nbgrader={"grade": false, "grade_id": "load_labelled_file", "locked": false, "schema_version": 3, "solution": true, "task": false}
def load_labelled_file(path: str | Path, sep: str = ";") -> Dataset:
    """Read a UTF-8 file of lines ``text<sep>label``; blank lines are skipped.

    Parameters
    ----------
    path : str or Path
    sep : str, at whose last occurrence a line is split

    Returns
    -------
    Dataset with the columns ``text`` (string) and ``label`` (ClassLabel, names sorted).

    Raises
    ------
    ValueError
        For a line without `sep` or with an empty label; names its number, counted from 1.

    Example
    -------
    The line ``so; "fine";joy`` has the text ``so; "fine"``.
    """
    ### BEGIN SOLUTION
    texts, labels = [], []
    with open(path, encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            text, found, label = line.removesuffix("\n").rpartition(sep)
            if not found or not label.strip():
                raise ValueError(f"line {number} has no {sep!r} with a label after it: {line!r}")
            texts.append(text)
            labels.append(label.strip())
    label_feature = ClassLabel(names=sorted(set(labels)))
    features = Features({"text": Value("string"), "label": label_feature})
    return Dataset.from_dict({"text": texts, "label": labels}, features=features)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_load_labelled_file", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check("load_labelled_file")

# %% [markdown]
# ## A second dataset, side by side
#
# Is our dataset special, or is all of this usual? Compare it with another: tweets with four emotions, from the repository whose configurations we met above. On the Hub it is `load_dataset("cardiffnlp/tweet_eval", "emotion")`.

# %% tags=["nbval-check-output"]
tweets = load("tweet_emotion")
tweets["train"].features["label"]

# %% [markdown]
# Three names are in both datasets. *joy* happens to be 1 in both, but 0 is sadness in one and anger in the other. Never carry ids from one dataset to another; carry names.

# %% tags=["shows:shares"]
both = {"emotion": train, "tweet_emotion": tweets["train"]}
shares = {name: 100 * class_counts(split) / len(split) for name, split in both.items()}
plot_class_bars(shares, unit="% of train")

# %% [markdown]
# *How to read it:* each panel is a dataset, and a class that both have keeps its colour. Look for the same feeling in both, such as anger: 13.5 % on the left, 43 % on the right. A share tells how the texts were collected, not how often people feel so. A model trained on the left panel brings its guesses to the right one.
# <!-- numbers from: shares -->

# %%
tweet_frame = tweets["train"].to_pandas()
tweet_frame["label_name"] = tweets["train"].features["label"].int2str(tweet_frame["label"])
tweet_frame["words"] = tweet_frame["text"].str.split().str.len()
plot_words_by_class(tweet_frame, context_size)

# %% [markdown]
# *How to read it:* as before. Hold this figure next to the first one: do the boxes lie in the same place? In both, even the longest message stays left of the grey band, so nothing will be cut off.
#
# Counts and lengths are quick to compare; style is not. Read a few texts of each.

# %%
for name, split in both.items():
    print(name, *split.shuffle(seed=1).select(range(3))["text"], sep="\n  ")

# %% [markdown]
# ### A dataset of your own choice
#
# Now choose one yourself: put the name of any dataset on the Hub into the first line (and its configuration into the call, if it has several). A dataset can change: once you rely on one, name a commit of it as `revision`. Without the Hub, the cell takes headlines that the course brings along, most of them about companies and markets.

# %% tags=["lesson-only"]
name, revision = "zeroshot/twitter-financial-news-topic", None

chosen = ask_hub(lambda: load_dataset(name, revision=revision), otherwise=f"the splits of {name}")
if chosen is None:
    chosen = load("financial_topics")
chosen

# %% [markdown]
# Before any figure, look at four things: which splits there are and how large they are (above), which columns and types, whether the labels have names, and a few rows at random. A split without labels, or ids without names, sends you back to the card.

# %% tags=["lesson-only"]
first = next(iter(chosen.values()))
print(first.features)
first.shuffle(seed=0).select(range(3)).to_pandas()

# %% [markdown]
# Then go through this lesson's questions again: how many rows does the smallest class have, does any text occur in two splits, is any text longer than the context? With columns named `text` and `label`, your `summarize_dataset` gives a first overview in one call (rows, classes, imbalance, lengths); these three need a line each.

# %% [markdown]
# ## What to do about imbalance
#
# A model that minimises its average loss learns most from the classes with most rows. Three remedies make the training data look balanced. They differ in what they repeat or throw away:
#
# - **oversampling** draws rows of small classes again until each class is as large as the largest;
# - **undersampling** drops rows of large classes until each is as small as the smallest;
# - **class weights** leave the rows alone, and count an error on a rare class more.
#
# **Where could more come from?** None of the three adds a new message, and new messages of the rare class are what helps most. Other datasets on the Hub may have the class (check the licence, and whether its label means the same). Raw messages that a first model finds doubtful are the ones worth labelling (lesson 7). A language model can label a first draft (lesson 8). Write guidelines, and let two people label a part, to see how often they agree.
#
# ### Exercise 1.4: oversample ●●○ about 15 minutes
#
# *Importance: high. Write it once by hand, and you know what the library does.*
#
# Write `oversample`: for each class of the column `label`, keep every original row and add rows of that class, drawn at random with replacement, until it has as many as the largest class. Shuffle the result and renumber its index, 0 to n−1.
#
# The same `seed` gives the same frame every time; another seed, another order. The frame passed in stays as it was.
#
# <details><summary>Hint 1</summary>If you draw <em>all</em> rows of a class with replacement, some originals are lost. Draw only the missing ones.</details>
# <details><summary>Hint 2</summary>A frame's <code>sample</code> takes <code>n</code>, <code>replace</code> and <code>random_state</code>. For <code>n=0</code> it gives no rows, which is fine.</details>
# <details><summary>Hint 3</summary><code>sample</code> with <code>frac=1</code> is a shuffle. Its <code>random_state</code> must depend on the seed as well; for the index see <code>ignore_index</code>.</details>


# %% nbgrader={"grade": false, "grade_id": "oversample", "locked": false, "schema_version": 3, "solution": true, "task": false}
def oversample(frame: pd.DataFrame, label: str = "label", seed: int = 0) -> pd.DataFrame:
    """Repeat rows of the smaller classes until all are as large as the largest.

    Parameters
    ----------
    frame : DataFrame with any index, two classes or more
    label : str, the column that holds the class
    seed : int

    Returns
    -------
    DataFrame with the columns of `frame` and the index 0 to n - 1: every row of `frame`, and
        rows drawn again; shuffled.

    Example
    -------
    Classes of 5, 2 and 1 rows become 15 rows, 5 of each class.
    """
    ### BEGIN SOLUTION
    generator = np.random.default_rng(seed)
    largest = frame[label].value_counts().max()
    parts = [frame]
    for _, rows in frame.groupby(label, observed=True):
        parts.append(rows.sample(largest - len(rows), replace=True, random_state=generator))
    return pd.concat(parts).sample(frac=1, random_state=generator, ignore_index=True)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_oversample", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check("oversample")

# %% [markdown]
# ### Exercise 1.5: class weights ●○○ about 6 minutes
#
# *Importance: high. Lesson 4 puts such weights into the loss.*
#
# Give each class the weight *n* / (*k* × its count), where *n* is the number of labels and *k* the number of classes that are present. Then every class contributes the same total, and the mean weight of a row is 1. A class without a row gets 0.0, not infinity.
#
# `class_weights(labels, num_classes)` returns them for the ids 0 to `num_classes` − 1, as an array of float64. The labels are a list, an array or a Series with any index, and stay as they are.
#
# <details><summary>Hint 1</summary><code>np.bincount</code> counts, and has an argument for the minimum length.</details>
# <details><summary>Hint 2</summary>Start from zeros, and fill in only the places with a count above 0.</details>


# %% nbgrader={"grade": false, "grade_id": "class_weights", "locked": false, "schema_version": 3, "solution": true, "task": false}
def class_weights(labels, num_classes: int) -> np.ndarray:
    """Return weights under which every class that is present counts the same.

    Parameters
    ----------
    labels : list, array or Series of int, ids from 0 to ``num_classes - 1``; at least one
    num_classes : int

    Returns
    -------
    ndarray of float64, shape (num_classes,); 0.0 for a class without a label.

    Example
    -------
    Labels 0, 0, 0, 1 of two classes: 4 / (2 × 3) and 4 / (2 × 1).
    """
    ### BEGIN SOLUTION
    counts = np.bincount(np.asarray(labels, dtype=np.int64), minlength=num_classes)
    present = counts > 0
    weights = np.zeros(num_classes)
    weights[present] = counts.sum() / (present.sum() * counts[present])
    return weights
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_class_weights", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
check("class_weights")

# %% [markdown]
# ## The same with libraries, and what it costs
#
# imbalanced-learn has samplers for the first two, and scikit-learn computes the weights. A sampler takes features and labels, and returns both resampled.

# %% tags=["lesson-only"]
from imblearn.over_sampling import RandomOverSampler
from imblearn.under_sampling import RandomUnderSampler
from sklearn.utils.class_weight import compute_class_weight

texts, labels = train.to_pandas()[["text"]], train.to_pandas()["label"]
over_texts, over_labels = RandomOverSampler(random_state=0).fit_resample(texts, labels)
under_texts, under_labels = RandomUnderSampler(random_state=0).fit_resample(texts, labels)
weights = compute_class_weight("balanced", classes=np.unique(labels), y=labels)

# %% [markdown]
# What does each remedy do to the rows of a class? We count the rows (for the weights, their sum), and how many *different* texts are left to learn from.

# %% tags=["lesson-only", "shows:strategies"]
names = train.features["label"].names
rows = {
    "as it is": class_counts(train),
    "oversampled": pd.Series(np.bincount(over_labels), index=names),
    "undersampled": pd.Series(np.bincount(under_labels), index=names),
    "weighted": (class_counts(train) * weights).round(),
}
plot_class_bars(rows, unit="rows (or sum of weights)")

# %% [markdown]
# *How to read it:* one panel per strategy, the same scale in all. From the second panel on, all bars are equal, and their length is the price: long bars mean more rows to train on, short ones mean messages thrown away. Weights redistribute and keep the total.

# %% tags=["nbval-check-output", "lesson-only"]
strategies = {"as it is": texts, "oversampled": over_texts, "undersampled": under_texts}
pd.DataFrame(
    {name: (len(part), part["text"].nunique()) for name, part in strategies.items()},
    index=["rows", "different texts"],
).T

# %% [markdown]
# Oversampling doubles the rows and adds no new text: the model sees the rare messages again and again, and may learn them by heart. Undersampling is quick and throws away more than three quarters of the messages. Weights cost no time, but where a class has few rows, each of them now counts several times, a mislabelled one too.

# %% [markdown]
# ## Only the train split
#
# Two rules. **First: split, then balance.** Watch what happens the other way round: we balance *everything*, hold out a fifth, and ask how many held-out messages the model has already seen.

# %% tags=["lesson-only"]
from sklearn.model_selection import train_test_split


def seen_before(held_out, fitted):
    """Return the share (in %) of each class's held-out messages that are also in `fitted`."""
    seen = held_out["text"].isin(fitted["text"])
    return pd.Series(100 * seen.groupby(held_out["label"]).mean().to_numpy(), index=names)


balanced = over_texts.assign(label=over_labels)
fitted, held_out = train_test_split(balanced, test_size=0.2, random_state=0)
balanced_first = seen_before(held_out, fitted)

# %% [markdown]
# And in the right order: hold out a fifth first. (Balancing what is left adds no new text, so it cannot raise these shares.)

# %% tags=["lesson-only"]
fitted, held_out = train_test_split(train.to_pandas(), test_size=0.2, random_state=0)
panels = {
    "balanced, then split": balanced_first,
    "split, then balanced": seen_before(held_out, fitted),
}
plot_class_bars(panels, unit="% seen in training")

# %% [markdown]
# *How to read it:* each bar is the share of a class's held-out messages that the training part holds word for word. On the left, the rarer the class, the longer its bar: from about 0 for joy, which is not repeated, to about 100 % for surprise. The score would measure memory, and look best exactly where you worried most.
#
# **Second: leave validation and test as they are.** They stand for the messages that the model will meet. Balance them, and accuracy and precision describe a world in which surprise is as common as joy.

# %% [markdown] nbgrader={"grade": false, "grade_id": "question_imbalance", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ### Exercise 1.6: choose a strategy ●●○ about 15 minutes (2 points, read by a person)
#
# You are to train a classifier on the emotion dataset. Which strategy do you choose: none, oversampling, undersampling or weights? And what effect do you expect on the *recall of each class*, compared with doing nothing? Write five to ten sentences, refer to the figures above, and name one thing that your choice makes worse. Write before you run the cells below: a guess that turns out wrong teaches more than none.
#
# === BEGIN MARK SCHEME ===
# 1 point: names one strategy (or none) and gives a reason that rests on this dataset: its counts, the number of different texts left, the training time, or the metric that counts. Any of the four can earn it. No point for a rule of thumb without reference to the data, nor for balancing validation or test.
#
# 1 point: says for the rare and for the frequent classes which way recall goes against doing nothing (up for the rare; equal or down for the frequent, above all for a class that is easily mistaken for a rare one), and names a cost (precision of the rare classes, accuracy, overfitting on repeated rows, discarded rows, sensitivity to wrong labels). Half a point if only one direction or no cost is named.
# === END MARK SCHEME ===

# %% [markdown] nbgrader={"grade": true, "grade_id": "written_imbalance", "locked": false, "points": 2, "schema_version": 3, "solution": true, "task": false}
# I would take class weights. The first panel of the strategies shows 576 rows of surprise against 5,360 of joy, a ninth, and macro-F1 counts both classes alike, so doing nothing would give away the rare ones. Undersampling would cut every class down to 576 rows and keep only 3,456 of the 16,000 texts. Oversampling keeps them all, but makes each epoch twice as long (32,160 rows) and repeats the rare messages word for word, which a large model may learn by heart. Weights keep all rows and the training time.
#
# Compared with doing nothing I expect the recall of the rarest classes (surprise and love) to rise most, because missing them becomes expensive. Fear and anger should rise too, but less. Joy and sadness should lose some recall: messages that they used to win in doubt now go to a neighbour, from joy above all to love, which is close to it. The mean recall should rise; accuracy may go either way, because it weighs these losses of the two largest classes against the gains of the other four.
#
# What gets worse is the precision of the rare classes, since more messages of the large ones are now called love or surprise. A wrong label in a rare class also counts several times as much as before (a row of surprise 2,667 / 576, almost five times), so I would read those messages before I train.
# <!-- numbers from: strategies; computed: 6 * 576, 6 * 5360, 5360 + 4664 + 2160 + 1928 + 1312 + 576; given: 6 -->

# %% [markdown]
# ## Guess, then look
#
# A small experiment to compare your guess with: words weighted by rarity (TF-IDF) and a linear classifier, both explained in lesson 3. What counts here is that the same recipe is fitted in four ways, and judged each time on the same validation split, left as it is.

# %% tags=["lesson-only"]
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import SGDClassifier
from sklearn.metrics import recall_score
from sklearn.pipeline import make_pipeline

valid = emotion["validation"].to_pandas()


def recall_by_class(texts, labels, class_weight=None):
    classifier = SGDClassifier(loss="log_loss", class_weight=class_weight, random_state=0)
    model = make_pipeline(TfidfVectorizer(), classifier).fit(texts["text"], labels)
    return recall_score(valid["label"], model.predict(valid["text"]), average=None)


# %% tags=["lesson-only"]
from tqdm.auto import tqdm

runs = {
    "as it is": (texts, labels),
    "oversampled": (over_texts, over_labels),
    "undersampled": (under_texts, under_labels),
    "weighted": (texts, labels, "balanced"),
}
fits = {name: recall_by_class(*run) for name, run in tqdm(runs.items(), desc="fits")}
recalls = pd.DataFrame(fits, index=names)
plot_recalls(recalls)

# %% [markdown]
# *How to read it:* one row per class, one mark per strategy; further right means that more of the class's messages are found. Where the marks lie far apart, the strategy matters; where they lie together, it hardly does. Find the rows in which "as it is" comes last, and those in which it comes first: were they the ones you expected?

# %% tags=["lesson-only"]
recalls.mean().round(3).rename("mean recall")

# %% [markdown]
# One run of one simple model on one split is a hint, not a result. Lesson 4 tries class weights with a transformer, and asks how sure we can be.
#
# ## Recap
#
# What you can do now:
#
# - You know how to search the Hub for a dataset, and to read its card and licence first.
# - You can say what the splits, rows, columns and features of a `DatasetDict` are, and know that a slice gives columns.
# - You read CSV, text, JSON lines and a web address, and wrote a reader where the usual one garbled lines in silence.
# - You went to pandas and back, and put the format back.
# - You described classes and lengths with a table and two figures, and saw how a second dataset differs.
# - You balanced a training split in three ways, after splitting, and named the price of each.
#
# **The question again.** *Which mistakes of a future classifier can you see in its data already?* It will miss rare classes, favour the largest in doubt, stumble over messages that you could not label yourself, and lose whatever lies beyond the context size. The data also shows how it could fool *you*: an accuracy hardly above that of the lazy answer, texts shared by the splits, a balanced test set.
#
# ### Three quick questions
#
# 1. A colleague reports 60 % accuracy on a dataset of two classes. Good or bad?
#
# <details><summary>Answer</summary>Nobody can say without the classes' shares. If the larger class makes up 70 %, the lazy answer beats it; if both are equal, it is better than chance by ten points.</details>
#
# 2. `train[10:20]` is passed to a function that loops over rows, and the loop runs twice. Why?
#
# <details><summary>Answer</summary>A slice is a dict of columns, so the loop goes over the two names, "text" and "label". <code>train.select(range(10, 20))</code> gives rows.</details>
#
# 3. You oversample, split off a validation set, and recall of the rarest class is nearly perfect. What happened?
#
# <details><summary>Answer</summary>Copies of the same message ended up on both sides. Split first, then balance the training part alone.</details>
#
# ### Where next
#
# A model does not read words. [Lesson 2](../02_tokenization/02_tokenization.ipynb) turns text into tokens and tokens into numbers, and counts them, where our boxplots counted words.
