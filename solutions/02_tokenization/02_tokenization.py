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
# # 2. From text to tokens
#
# <!-- colab-badge -->
#
# A model reads numbers. Between a message and those numbers stands the tokenizer, and what it throws away no model can learn from. In this lesson you will
#
# - cut text into characters, words and subwords, and say what each costs;
# - write the algorithm that BERT's family cuts with, **WordPiece**, and match the real one word by word;
# - build `input_ids` and `attention_mask` by hand, and then let the tokenizer do it;
# - tell what a tokenizer keeps and what it loses: capitals, accents, spaces, emoji;
# - pad, truncate and tokenize a whole dataset, and see what padding costs.
#
# **Time:** about 100 minutes of reading and exercises, on a CPU as on a GPU: nearly all of the work here is the CPU's. Not timed on a GPU. (Numbers in the text are those of the embedded corpus and tokenizer; with others, yours differ.)
#
# **The question:** what does a model actually see of a message, and what do we pay for showing it?

# %%
from collections.abc import Callable

import pandas as pd
import torch
from torch import Tensor
from transformers import PreTrainedTokenizerBase

from helpers.checks import check
from helpers.data import load
from helpers.models import load_tokenizer
from helpers.plots import tokenization as plots

# %% [markdown]
# We use two things through the whole lesson: the emotion messages of lesson 1, and the tokenizer of the model that lessons 3 and 4 use. Each line below says where it was found.

# %%
dataset = load("emotion")
tokenizer = load_tokenizer()
texts = dataset["train"]["text"][:]

# %% [markdown]
# ## Characters: the smallest pieces
#
# Take one short message. The simplest way to cut it is into characters, and each character already has a number: its Unicode code point.

# %% tags=["nbval-check-output"]
message = "Unhurried seagulls soothe me!"
[(character, ord(character)) for character in message[:6]]

# %% [markdown]
# Code points run past a million, and a model needs one row of weights for every number it may meet. So we number only what occurs, from 0 and without gaps. That list of tokens with their ids is a **vocabulary**. `pandas.factorize` makes one for this message:

# %% tags=["nbval-check-output"]
ids, characters = pd.factorize(pd.Index(list(message)), sort=True)
print(list(characters))
print(ids.tolist())

# %% [markdown]
# Equal characters got equal ids, and the ids follow the sorted characters. The order is arbitrary, but it must be *fixed*: a model trained with one numbering reads nonsense with another. Sorting gives everyone the same one.
#
# ### Exercise 2.1: a vocabulary ●○○ about 4 minutes
#
# Every model ships with such a table, and it is used in both directions. Write `build_vocabulary`, for any list of texts and any way to cut them: every distinct token gets an id, from 0, in the order of the tokens sorted by code point (Python's own order of strings: capitals before small letters, accents last). No texts give an empty vocabulary. Texts go to `tokenize` one at a time, and both they and the tokens stay as they are, blank and empty ones too.
#
# <details><summary>Hint 1</summary>Which container keeps each thing only once?</details>
# <details><summary>Hint 2</summary>Sort when all texts have been cut, not before. Then number with <code>enumerate</code>.</details>


# %% nbgrader={"grade": false, "grade_id": "build_vocabulary", "locked": false, "schema_version": 3, "solution": true, "task": false}
def build_vocabulary(texts: list[str], tokenize: Callable[[str], list[str]]) -> dict[str, int]:
    """Number the distinct tokens of some texts.

    Parameters
    ----------
    texts : list of str
    tokenize : callable
        Cuts one text into a list of tokens; ``str.split`` and ``list`` are two such.

    Returns
    -------
    dict of str to int
        The id of each token: 0 for the first in the order of code points, and so on.

    Example
    -------
    >>> build_vocabulary(["be", "bad"], tokenize=list)
    {'a': 0, 'b': 1, 'd': 2, 'e': 3}
    """
    ### BEGIN SOLUTION
    distinct = {token for text in texts for token in tokenize(text)}
    return {token: index for index, token in enumerate(sorted(distinct))}
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_build_vocabulary", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
check("build_vocabulary")

# %% [markdown]
# ## Why not feed in the ids as they are?
#
# **Question.** In the vocabulary above, is `s` closer to `r` than to `e`? A model that multiplies ids by weights would think so, and would think that the mean of two characters is a third.
#
# Ids are names, not quantities. The honest picture of a name is a vector with a single 1, at the id's place: **one-hot**. Any two of them are equally far apart.

# %%
one_hots = torch.nn.functional.one_hot(torch.tensor(ids), num_classes=len(characters))
plots.plot_one_hot(one_hots[:18], list(message[:18]), list(characters))

# %% [markdown]
# *How to read it:* each row is one character of the message's first two words, read downwards; its dark cell names the entry of the vocabulary. Rows with the same dark column are the same character.
#
# With a real vocabulary such rows are long and nearly empty, and models never store them. Multiplying a one-hot row by a matrix just picks one row of that matrix, so a model looks the row up. That is all that an **embedding layer** does:

# %% tags=["nbval-check-output"]
embedding = torch.nn.Embedding(num_embeddings=len(characters), embedding_dim=4)
multiplied = one_hots.float() @ embedding.weight
torch.equal(multiplied, embedding(torch.tensor(ids)))

# %% [markdown]
# The same numbers, without the multiplication. Remember the price: one row of weights for every entry of the vocabulary.
#
# ### Exercise 2.2: one-hot ●○○ about 6 minutes
#
# Labels, tokens and classes all become one-hot somewhere. Write `one_hot` without `F.one_hot`; the result holds `int64`, and the ids stay as they are. No ids give a matrix of no rows and `num_classes` columns. An id outside 0 to `num_classes - 1`, negative ones included, raises a `ValueError` that names the id or the argument.
#
# <details><summary>Hint 1</summary>Start from zeros of the right shape and dtype, or compare every id with every column.</details>
# <details><summary>Hint 2</summary>To compare, one side must be a column and the other a row: broadcasting does the rest, with no ids too.</details>
# <details><summary>Hint 3</summary>Boolean indexing, <code>ids[condition]</code>, gives the offending ids; <code>.item()</code> or <code>.tolist()</code> makes them readable.</details>


# %% nbgrader={"grade": false, "grade_id": "one_hot", "locked": false, "schema_version": 3, "solution": true, "task": false}
def one_hot(input_ids: Tensor, num_classes: int) -> Tensor:
    """Turn ids into rows that hold a single 1.

    Parameters
    ----------
    input_ids : Tensor of int64, shape (n,)
        Ids from 0 to ``num_classes - 1``; n may be 0.
    num_classes : int

    Returns
    -------
    Tensor of int64, shape (n, num_classes)

    Raises
    ------
    ValueError
        If an id is outside the range; the message names it, or the argument.

    Example
    -------
    >>> one_hot(torch.tensor([2, 0]), num_classes=3)
    tensor([[0, 0, 1],
            [1, 0, 0]])
    """
    ### BEGIN SOLUTION
    outside = input_ids[(input_ids < 0) | (input_ids >= num_classes)]
    if len(outside):
        raise ValueError(f"id {outside[0].item()} is not between 0 and {num_classes - 1}")
    classes = torch.arange(num_classes, device=input_ids.device)
    return (input_ids.unsqueeze(1) == classes).to(torch.int64)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_one_hot", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
check("one_hot")

# %% [markdown]
# ## Words: large pieces, and a vocabulary that never ends
#
# Characters give a tiny vocabulary, but long sequences, and a single letter means nothing. Words are the other end. How many different ones do the training messages hold, and how many of these occur only once?

# %% tags=["nbval-check-output"]
words = pd.Series(" ".join(texts).split()).value_counts()
pd.Series({"distinct words": len(words), "of these, seen once": (words == 1).sum()})

# %% [markdown]
# A word that was seen once gets a row of weights and a single example to learn it from. Worse, new messages bring new words. How many does the validation split bring, and which are the longest?

# %% tags=["nbval-check-output"]
unseen = set(" ".join(dataset["validation"]["text"][:]).split()) - set(words.index)
print(
    f"{len(unseen):,} words never seen in training, among them:",
    sorted(unseen, key=lambda word: (len(word), word))[-4:],
)

# %% [markdown]
# A word-level model must read all such words as one token, `[UNK]` for *unknown*, even where a reader can guess the meaning from the parts or sees through the typing error. Characters rarely have that trouble: only those that training never showed, such as an emoji.
#
# ## Subwords: a dial between the two
#
# The idea of **byte-pair encoding** (BPE): start from characters (here: bytes), and again and again merge the neighbours that occur together most often into a new entry. Frequent words end up whole, rare ones stay in parts. The `tokenizers` library learns it in seconds:

# %%
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers


def train_bytes_bpe(texts: list[str], vocab_size: int) -> Tokenizer:
    """Learn a byte-level BPE: 256 bytes, then merges up to `vocab_size` entries."""
    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    bpe.train_from_iterator(
        texts,
        trainers.BpeTrainer(vocab_size=vocab_size, initial_alphabet=alphabet, show_progress=False),
    )
    return bpe


# %% [markdown]
# These are the first merges that it learned from our messages. Its `Ġ` stands for a space: a word's first piece carries the space before it.

# %% tags=["nbval-check-output"]
import json

bpe = train_bytes_bpe(texts, vocab_size=2000)
json.loads(bpe.to_str())["model"]["merges"][:10]

# %% [markdown]
# Each pair on that list became one entry. The size of the vocabulary is thus a dial that we can turn. Turn it, and measure how many tokens a message becomes:

# %% tags=["lesson-only"]
from tqdm.auto import tqdm

rows = {}
for size in tqdm([300, 500, 1000, 2000, 4000, 8000], desc="vocabularies"):
    trained = train_bytes_bpe(texts, size)
    tokens = sum(len(encoding.ids) for encoding in trained.encode_batch(texts)) / len(texts)
    rows[f"subwords ({size:,})"] = {"vocabulary": trained.get_vocab_size(), "tokens": tokens}

# %% [markdown]
# Now the two extremes, characters and words, and the pretrained tokenizer, whose vocabulary was learned on books and Wikipedia, not on our messages:

# %% tags=["nbval-check-output", "lesson-only"]
rows["characters"] = {
    "vocabulary": len(set("".join(texts))),
    "tokens": sum(map(len, texts)) / len(texts),
}
rows["words"] = {"vocabulary": len(words), "tokens": words.sum() / len(texts)}
pretrained = tokenizer(texts, add_special_tokens=False)["input_ids"]
rows["pretrained WordPiece"] = {
    "vocabulary": tokenizer.vocab_size,
    "tokens": sum(map(len, pretrained)) / len(texts),
}
sizes = pd.DataFrame(rows).T
sizes.round(1)

# %% tags=["lesson-only", "shows:vocabularies"]
plots.plot_vocabulary_tradeoff(sizes)

# %% [markdown]
# *How to read it:* moving right costs memory, one row of weights per entry; moving up costs time, because every layer processes each token, and compares it with every other (its *attention*, lesson 3), a part that grows with the *square* of the length and dominates in long texts. The curve falls steeply at first: from 300 to 500 entries a message loses about a third of its tokens. Then it flattens towards the words: from 4,000 to 8,000, next to nothing.
# <!-- numbers from: vocabularies -->
#
# **Question.** The pretrained vocabulary lies far to the right. Whose texts need all those entries?
#
# <details><summary>Answer</summary>Those that it was learnt from: long, varied, on every subject. Our messages are short and all about feelings, and use a small part of it.</details>
#
# ## WordPiece: how BERT's family cuts
#
# DistilBERT, BERT and MiniLM all use **WordPiece**. Its vocabulary is learned by merging too, but a pair is chosen for how much more probable it makes the training texts, not for its count alone. (That is the original method. The trainer that section 3 uses merges by count, as BPE does, and only writes the pieces in the way of WordPiece.) Cutting a word afterwards is simpler than you may expect. First the result:

# %% tags=["nbval-check-output"]
tokens = tokenizer.tokenize(message)
tokens

# %% [markdown]
# The text passed through three stages. The **normalizer** lower-cased it and removed accents; the **pre-tokenizer** cut at white space and punctuation, into words; only then did the **model** cut each word. `##` marks a piece that continues a word.

# %% tags=["nbval-check-output"]
backend = tokenizer.backend_tokenizer
normalized = backend.normalizer.normalize_str(message)
backend.pre_tokenizer.pre_tokenize_str(normalized)

# %% [markdown]
# Each unit comes with its place in the text, start and end. Now the last stage, by eye. Which beginnings of the first word are in the vocabulary at all?

# %% tags=["nbval-check-output"]
vocab = tokenizer.get_vocab()
beginnings = ["unhurried"[:end] for end in range(1, 10)]
pd.Series({piece: piece in vocab for piece in beginnings}, name="in the vocabulary")

# %% [markdown]
# WordPiece takes the **longest** beginning that the vocabulary has, and never looks back: that is what *greedy* means. It then does the same with the rest, whose pieces are in the vocabulary with `##` in front. If at any point no piece fits, the *whole word* becomes `[UNK]`.
#
# **Question.** Suppose that the vocabulary holds `a`, `ab` and `##bc`. What becomes of `abc`?
#
# <details><summary>Answer</summary><code>[UNK]</code>. The longest piece that begins the word is <code>ab</code>. What is left needs <code>##c</code>, which is missing, and WordPiece never goes back to try <code>a</code> and <code>##bc</code>.</details>
#
# ### Exercise 2.3: WordPiece ●●● about 20 minutes
#
# This is the heart of the lesson: once you have written it, no token list will surprise you. Write `wordpiece` for one word, that is, one unit that normalizer and pre-tokenizer have already made: no lower-casing, no stripping and no splitting here.
#
# - Longest match first; pieces after the first carry `##`.
# - A word of which any piece is missing is `[unk]`, as a whole; so is a word of more than `max_chars` characters, even if the vocabulary has it.
# - The empty word gives no pieces.
# - The vocabulary stays as it is.
#
# Your answer must equal the real tokenizer on every word.
#
# <details><summary>Hint 1</summary>Keep the place where the rest of the word begins. What ends the loop?</details>
# <details><summary>Hint 2</summary>For a given beginning, let the end shrink from the end of the word until the piece is in the vocabulary. What if it shrinks to nothing?</details>
# <details><summary>Hint 3</summary>Put the <code>##</code> before you look a piece up, wherever the piece does not begin the word. The next piece begins where the slice of the <em>word</em> ended; the two signs in front do not count.</details>


# %% nbgrader={"grade": false, "grade_id": "wordpiece", "locked": false, "schema_version": 3, "solution": true, "task": false}
def wordpiece(
    word: str, vocab: dict[str, int], unk: str = "[UNK]", max_chars: int = 100
) -> list[str]:
    """Cut a word into the pieces of a vocabulary, longest match first.

    Parameters
    ----------
    word : str
        One normalised, pre-tokenized unit; may be empty.
    vocab : dict of str to int
        Ids by piece; a piece that continues a word starts with ``##``.
    unk : str
        What stands for a word that cannot be cut, or has more than `max_chars` characters.
    max_chars : int

    Returns
    -------
    list of str, the pieces in order, or ``[unk]`` alone

    Example
    -------
    >>> wordpiece("tea", {"t": 0, "te": 1, "##a": 2})
    ['te', '##a']
    """
    ### BEGIN SOLUTION
    if len(word) > max_chars:
        return [unk]
    pieces, start = [], 0
    while start < len(word):
        prefix = "##" if start else ""
        ends = range(len(word), start, -1)
        end = next((end for end in ends if prefix + word[start:end] in vocab), None)
        if end is None:
            return [unk]
        pieces.append(prefix + word[start:end])
        start = end
    return pieces
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_wordpiece", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
check("wordpiece")

# %% [markdown]
# To try your function on the real vocabulary, call it with `vocab` from above and any word that comes to mind, and compare with `tokenizer.tokenize`.
#
# Into how many pieces are our words cut? Most stay whole. The share of words that had to be cut tells how foreign the messages are to this vocabulary:

# %% tags=["nbval-check-output", "lesson-only"]
pieces_of = pd.Series({word: len(tokenizer.tokenize(word)) for word in words.index})
pd.DataFrame(
    {
        "distinct words": pieces_of.value_counts(normalize=True),
        "running words": words.groupby(pieces_of).sum() / words.sum(),
    }
).rename_axis("pieces").round(3)

# %% [markdown]
# The two columns differ because frequent words stay whole: nearly all cuts fall on rare words, typing errors among them.
#
# ## Special tokens, ids and the mask, by hand
#
# A model needs more than pieces. BERT's family expects `[CLS]` before a message, whose vector can stand for the whole, and `[SEP]` after it. Three more are for other uses: `[PAD]` fills up, `[UNK]` you know, `[MASK]` hides a token in pretraining.

# %% tags=["nbval-check-output"]
special = tokenizer.special_tokens_map
pd.Series({token: tokenizer.convert_tokens_to_ids(token) for token in special.values()}, name="id")

# %% [markdown]
# So the model's input can be put together by hand: special tokens around the pieces, ids from the vocabulary, and a mask of ones, because every token here is real.

# %% tags=["nbval-check-output"]
input_ids = tokenizer.convert_tokens_to_ids(["[CLS]", *tokens, "[SEP]"])
attention_mask = [1] * len(input_ids)
pd.DataFrame({"token": ["[CLS]", *tokens, "[SEP]"], "id": input_ids, "mask": attention_mask}).T

# %% [markdown]
# Calling the tokenizer does all of that in one go. Is it the same?

# %% tags=["nbval-check-output"]
encoded = tokenizer(message)
encoded["input_ids"] == input_ids, encoded["attention_mask"] == attention_mask

# %% [markdown]
# Three attributes are worth a look before you use any tokenizer. `vocab_size` counts the entries (`len(tokenizer)` also those added later); the embedding matrix has at least as many rows. `model_max_length` is the longest sequence that the tokenizer is set to allow, special tokens included; where nobody set it, it is a huge number. `model_input_names` lists what the model takes.

# %%
attributes = ["vocab_size", "model_max_length", "model_input_names"]
pd.Series({name: getattr(tokenizer, name) for name in attributes})

# %% [markdown]
# Some models list `token_type_ids` too: they tell a first sentence from a second one, and are all 0 for our single messages. Always pass on what the tokenizer gives, `model(**encoded)`, and the names match by themselves.
#
# Back from ids to text is `decode`. Here is a message that is meant to be difficult:

# %% tags=["nbval-check-output"]
tricky = "Café at 7?  I'm SO happy 😀"
tricky_ids = tokenizer(tricky)["input_ids"]
print(tokenizer.decode(tricky_ids))
print(tokenizer.decode(tricky_ids, skip_special_tokens=True))

# %% [markdown]
# Compare with what went in. The accent, the capitals and the spaces are gone (`decode` puts in its own, even around the apostrophe), and of the emoji only `[UNK]` is left, a special token, which the second line drops too. No model behind this tokenizer can ever see what was lost: a shouted `SO` and a whispered one are the same input. Whether that matters depends on the task.
#
# ## Cased and uncased
#
# Lower-casing is a switch in the normalizer. Turn it off in a copy of our tokenizer, and watch what becomes of the same text:

# %% tags=["nbval-check-output"]
import copy

switched = copy.deepcopy(tokenizer)
switched.backend_tokenizer.normalizer = normalizers.BertNormalizer(lowercase=False)
tokenizer.tokenize(tricky), switched.tokenize(tricky)

# %% [markdown]
# Every word with a capital became unknown: the vocabulary has no capital letters. So case is decided when a vocabulary is *learned*, and a cased model has another vocabulary, other weights and another name (`…-cased`). The same holds for accents.
#
# A cased vocabulary must hold *may* and *May*, *happy* and *HAPPY*. Learn a vocabulary of each kind from six sentences, to see what that does:

# %%
cased_texts = [
    "Will will ask May, who may come.",
    "May may visit Will, if Will will have her.",
    "WE WON! We won and I am HAPPY!",
    "I am happy for us, and the us in US is happy too.",
    "us? US! The turkey from Turkey was not my idea.",
    "In Turkey, turkey is rare. The rose that Rose sent rose early.",
]


def train_wordpiece(texts: list[str], lowercase: bool) -> Tokenizer:
    """Learn a WordPiece vocabulary of 4,000 entries, or of fewer where every word is whole."""
    learned = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    learned.normalizer = normalizers.BertNormalizer(lowercase=lowercase)
    learned.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(
        vocab_size=4000, special_tokens=["[UNK]"], show_progress=False
    )
    learned.train_from_iterator(texts, trainer)
    return learned


# %% [markdown]
# The two differ in one argument. Here is the first sentence, cut by each:

# %%
uncased, cased = (train_wordpiece(cased_texts, lowercase) for lowercase in (True, False))
plots.plot_pieces(
    {
        "uncased": uncased.encode(cased_texts[0]).tokens,
        "cased": cased.encode(cased_texts[0]).tokens,
    }
)

# %% [markdown]
# *How to read it:* one row per tokenizer, one box per token. The uncased row cannot tell Will and May, two people, from the verbs; the cased row can. It pays in entries: a word that occurs with a capital and without takes two. How many distinct tokens do the six sentences need?

# %% tags=["nbval-check-output", "shows:distinct-tokens"]
distinct_words = {
    name: len({token for text in cased_texts for token in learned.encode(text).tokens})
    for name, learned in [("uncased", uncased), ("cased", cased)]
}
pd.Series(distinct_words, name="distinct tokens in the six sentences")

# %% [markdown]
# Ten more, and what is learned about *happy* no longer carries over to *HAPPY*: the data must show both. For messages typed in lower case throughout, a cased model wastes entries on capitals that never come. For names of people and companies, case is evidence.
#
# ## Other families: byte-level BPE and Unigram
#
# GPT-2 and RoBERTa use a byte-level BPE like the one that you trained above. Its alphabet is the 256 bytes, so nothing is ever unknown. ALBERT, XLM-R and T5 use **Unigram**: it starts from far too many pieces, drops those that explain the texts least, and cuts a text in its *most probable* way rather than greedily. Its `▁` marks the beginning of a word.

# %%
from transformers import PreTrainedTokenizerFast


def train_unigram(texts: list[str], vocab_size: int) -> Tokenizer:
    """Learn a Unigram model by pruning pieces down to `vocab_size` entries."""
    unigram = Tokenizer(models.Unigram())
    unigram.pre_tokenizer = pre_tokenizers.Metaspace()
    unigram.decoder = decoders.Metaspace()
    trainer = trainers.UnigramTrainer(
        vocab_size=vocab_size, special_tokens=["<unk>"], unk_token="<unk>", show_progress=False
    )
    unigram.train_from_iterator(texts, trainer)
    return unigram


# %% [markdown]
# A cased WordPiece needs texts with capitals, which our messages don't have. The tweets of lesson 1 do:

# %%
tweets = load("tweet_emotion")["train"]["text"][:]
cased_tweets = train_wordpiece(tweets, lowercase=False)
cased_tweets.decoder = decoders.WordPiece()

# %% [markdown]
# Wrapped in `PreTrainedTokenizerFast`, a tokenizer of our own behaves like any from the Hub. Three thousand messages are enough to learn from, and take a few seconds.

# %%
tokenizers = {
    "WordPiece (pretrained)": tokenizer,
    "cased WordPiece (ours)": PreTrainedTokenizerFast(
        tokenizer_object=cased_tweets, unk_token="[UNK]"
    ),
    "byte-level BPE (ours)": PreTrainedTokenizerFast(tokenizer_object=bpe),
    "Unigram (ours)": PreTrainedTokenizerFast(
        tokenizer_object=train_unigram(texts[:3000], vocab_size=2000), unk_token="<unk>"
    ),
}

# %% [markdown]
# With access to the Hub, real ones join them: RoBERTa's and ALBERT's tokenizers, and a cased BERT's.

# %%
from helpers.sources import SourceError, hub_is_offline, hub_is_reachable

others = ["FacebookAI/roberta-base", "albert/albert-base-v2", "google-bert/bert-base-cased"]
if hub_is_offline() or not hub_is_reachable():
    print(f"Without the Hub we go on with ours; online, {', '.join(others)} would join them.")
    others = []
for name in others:
    try:
        tokenizers[name] = load_tokenizer(name)
    except SourceError as reason:
        print(f"{name} is left out: {reason}")

# %% [markdown]
# **Question.** Which of them will give the difficult message back unchanged? Guess before you look.

# %%
plots.plot_pieces({name: each.tokenize(tricky) for name, each in tokenizers.items()})

# %% [markdown]
# *How to read it:* one row per tokenizer, one box per token. Look where the emoji and the accent went. Byte-level BPE spells them out in odd-looking pieces, which are bytes or short runs of them. Our BPE and our Unigram learned from lower-case messages, so capitals are foreign to them; the cased WordPiece learned from tweets, where some words are shouted, and has `SO` as one entry.
#
# A row of boxes can mislead: Unigram's shows the characters that it read, even those whose id is just that of `<unk>`. Decoding shows what was kept.

# %% tags=["nbval-check-output"]
for name in ["cased WordPiece (ours)", "byte-level BPE (ours)", "Unigram (ours)"]:
    ours = tokenizers[name]
    print(f"{name}: {ours.decode(ours(tricky)['input_ids'])}")

# %% [markdown]
# The cased WordPiece kept accent and capitals, and lost the emoji and the exact spaces. The bytes look like noise to us, and yet they lost nothing: compare each character, and the spaces.
#
# ### Exercise 2.4: compare tokenizers ●●○ about 12 minutes
#
# Before choosing a checkpoint, look at what its tokenizer does with *your* text. Write `compare_tokenizers`: one row per tokenizer in the order of the dict, the index named `tokenizer`, with the columns, in any order,
#
# - `tokens`, the list of tokens, and `num_tokens`, both without special tokens;
# - `vocab_size`, the attribute;
# - `lossless`: whether encoding without special tokens and decoding with the defaults gives exactly the text again.
#
# The dict that was passed in stays as it is.
#
# <details><summary>Hint 1</summary>Build one dict per tokenizer, and make the frame from all of them at the end.</details>
# <details><summary>Hint 2</summary>The call of a tokenizer takes <code>add_special_tokens</code>; <code>convert_ids_to_tokens</code> turns ids into tokens.</details>
# <details><summary>Hint 3</summary>A column whose cells are lists is easiest from a list of dicts. The index can be made from the dict's keys, with a name.</details>


# %% nbgrader={"grade": false, "grade_id": "compare_tokenizers", "locked": false, "schema_version": 3, "solution": true, "task": false}
def compare_tokenizers(text: str, tokenizers: dict[str, PreTrainedTokenizerBase]) -> pd.DataFrame:
    """Show what several tokenizers make of one text.

    Parameters
    ----------
    text : str
    tokenizers : dict of str to tokenizer

    Returns
    -------
    DataFrame
        One row per tokenizer, in the dict's order, index named ``tokenizer``. Columns ``tokens``
        (list of str) and ``num_tokens`` (int), both without special tokens, ``vocab_size``
        (int), and ``lossless`` (bool): whether decoding gives exactly `text` back.

    Example
    -------
    >>> compare_tokenizers("Hi!", {"bert": tokenizer})[["tokens", "lossless"]]
                 tokens  lossless
    tokenizer
    bert        [hi, !]     False
    """
    ### BEGIN SOLUTION
    rows = []
    for each in tokenizers.values():
        text_ids = each(text, add_special_tokens=False)["input_ids"]
        rows.append(
            {
                "tokens": each.convert_ids_to_tokens(text_ids),
                "num_tokens": len(text_ids),
                "vocab_size": each.vocab_size,
                "lossless": each.decode(text_ids) == text,
            }
        )
    return pd.DataFrame(rows, index=pd.Index(list(tokenizers), name="tokenizer"))
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_compare_tokenizers", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check("compare_tokenizers")

# %% [markdown]
# ## Batches: padding and truncation
#
# A model computes on tensors, and a tensor is a rectangle. Messages are not all of one length, so the short ones are filled up with `[PAD]` and the mask says which places to ignore. Three messages of different length, three ways to pad:

# %% tags=["nbval-check-output"]
three = ["I did it!", "I am so glad that you came", message]
for padding in ["do_not_pad", "longest", "max_length"]:
    batch = tokenizer(three, padding=padding, max_length=16, truncation=True)
    print(f"{padding:>10}: lengths {[len(row) for row in batch['input_ids']]}")

# %% [markdown]
# `do_not_pad` leaves lists, `longest` fills up to the longest of the *batch*, `max_length` always fills up to the limit. Only rectangles become tensors:

# %% tags=["nbval-check-output"]
batch = tokenizer(three, padding="longest", return_tensors="pt")
batch["input_ids"], batch["attention_mask"]

# %% [markdown]
# **Truncation** is the other half: with `truncation=True`, what is longer than `max_length`, or than the tokenizer's own limit, is cut. Always say so: `max_length` alone cuts too, but not together with `padding`, and a text that stays too long makes the model fail later, on a position that it does not have.

# %% tags=["nbval-check-output"]
short = tokenizer(message, truncation=True, max_length=6)["input_ids"]
tokenizer.convert_ids_to_tokens(short)

# %% [markdown]
# Look at the end: the message was cut, `[SEP]` was not. The model has never seen a sequence without it.
#
# ### Exercise 2.5: pad a batch ●●○ about 14 minutes
#
# Every training step begins with this. Write `pad_batch`, which makes two `int64` tensors of lists of ids that already hold their special tokens.
#
# - With `max_length`, a longer sequence is cut to that length, but keeps its *last* token.
# - Then padding goes to the right, up to the longest of the batch, never to `max_length`. The mask is 1 for real tokens, whatever their ids, and 0 for padding.
# - A sequence may be empty. The lists that were passed in stay as they are.
# - A `max_length` under 2 raises a `ValueError` that names it or its value, and so does a batch without sequences, whose message says that there are no sequences.
#
# <details><summary>Hint 1</summary>Cut first, then look for the longest.</details>
# <details><summary>Hint 2</summary>The mask follows from the lengths alone. A real token may well have the id of padding.</details>
# <details><summary>Hint 3</summary>What dtype does <code>torch.tensor([[], []])</code> have?</details>


# %% nbgrader={"grade": false, "grade_id": "pad_batch", "locked": false, "schema_version": 3, "solution": true, "task": false}
def pad_batch(
    sequences: list[list[int]], pad_id: int = 0, max_length: int | None = None
) -> dict[str, Tensor]:
    """Make one rectangle of sequences of different length.

    Parameters
    ----------
    sequences : list of list of int, special tokens included; any of them may be empty
    pad_id : int
    max_length : int or None, to which longer sequences are cut, keeping their last token

    Returns
    -------
    dict of ``input_ids`` and ``attention_mask``: int64, shape (len(sequences), longest)

    Raises
    ------
    ValueError for a `max_length` under 2 (named in the message), or for no sequences

    Example
    -------
    >>> pad_batch([[101, 2748, 102], [101, 102]])["attention_mask"].tolist()
    [[1, 1, 1], [1, 1, 0]]
    """
    ### BEGIN SOLUTION
    if not sequences:
        raise ValueError("there are no sequences to make a batch of")
    if max_length is not None:
        if max_length < 2:
            raise ValueError(f"max_length is {max_length}, but must be at least 2")
        sequences = [
            ids if len(ids) <= max_length else [*ids[: max_length - 1], ids[-1]]
            for ids in sequences
        ]
    shape = (len(sequences), max(map(len, sequences)))
    padded = torch.full(shape, pad_id, dtype=torch.int64)
    mask = torch.zeros(shape, dtype=torch.int64)
    for row, ids in enumerate(sequences):
        padded[row, : len(ids)] = torch.tensor(ids, dtype=torch.int64)
        mask[row, : len(ids)] = 1
    return {"input_ids": padded, "attention_mask": mask}
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_pad_batch", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check("pad_batch")

# %% [markdown]
# ## A whole dataset with `map`
#
# `map` runs a function over every row of every split. With `batched=True` the function gets a dict of lists, and the tokenizer, which is written in Rust, cuts a thousand messages in one call. We truncate but do not pad: we do not know yet which messages will share a batch.

# %%
tokenized = dataset.map(lambda rows: tokenizer(rows["text"], truncation=True), batched=True)
tokenized["train"].column_names

# %% [markdown]
# The new columns join the old ones. How long are the messages, and where could we cut? Shorter limits save time, but each lost token may have been the one that counted.

# %%
lengths = [len(row) for row in tokenized["train"]["input_ids"][:]]
plots.plot_token_lengths(lengths, limits=[16, 32, 64])

# %% [markdown]
# *How to read it:* the bars count messages by length; each dashed line is a possible limit, with the share of messages that it leaves whole. Take the smallest limit that cuts next to nothing, and compare it with `model_max_length`, which is far off to the right here.
#
# ## What padding costs
#
# Padding takes no part in the result, but it is computed all the same. Take 64 messages in batches of 16, and pad them in three ways: to the longest of the whole split, to the longest of each batch, and to the longest of each batch after sorting by length. `DataCollatorWithPadding` pads a batch when it is made:

# %%
from torch.utils.data import DataLoader
from transformers import DataCollatorWithPadding


def attention_masks(rows: list[dict], **padding) -> list[Tensor]:
    """Return the attention mask of each batch of 16."""
    collate = DataCollatorWithPadding(tokenizer, **padding)
    return [batch["attention_mask"] for batch in DataLoader(rows, 16, collate_fn=collate)]


# %% tags=["lesson-only"]
rows = [{"input_ids": ids} for ids in tokenized["train"][:64]["input_ids"]]
by_length = sorted(rows, key=lambda row: len(row["input_ids"]))
plots.plot_padding(
    {
        "longest of the split": attention_masks(
            rows, padding="max_length", max_length=max(lengths)
        ),
        "longest of the batch": attention_masks(rows),
        "sorted, longest of the batch": attention_masks(by_length),
    }
)

# %% [markdown]
# *How to read it:* each row is a message, each coloured place is a position that the model computes; black lines separate batches. The blue area is the same three times. The orange area is what you pay for nothing: it shrinks when each batch has its own width, and shrinks again when neighbours are of similar length.
#
# How many seconds does a real encoder take for one batch of 16, padded to the longest of the batch or to the tokenizer's limit? The best of three runs each:

# %% tags=["lesson-only"]
from timeit import repeat

from helpers.models import load_encoder

encoder = load_encoder()
seconds = {}
for padding in tqdm(["longest", "max_length"], desc="timing"):
    batch = tokenizer(texts[:16], padding=padding, truncation=True, return_tensors="pt")
    batch = batch.to(encoder.device)
    with torch.inference_mode():
        forward = "encoder(**batch).last_hidden_state.cpu()"
        runs = repeat(forward, number=1, repeat=3, globals=globals())
    seconds[f"{padding} ({batch['input_ids'].shape[1]} positions)"] = min(runs)
plots.plot_seconds(seconds)

# %% [markdown]
# *How to read it:* two bars for the same messages, whose real tokens get the same vectors up to rounding. The gap between the bars is the price of careless padding in one forward pass over 16 messages; in training the backward pass pays it again, at every step.
# <!-- numbers given: 16 -->
#
# Sorting has a price of its own in *training*: batches of only short messages are no random sample. Training can instead shuffle first and sort within large chunks (`train_sampling_strategy="group_by_length"` in `TrainingArguments`, lesson 4). Where order does not matter, as for lesson 3's features, we sort outright.
#
# ### Exercise 2.6: the waste in numbers ●●○ about 10 minutes
#
# A picture of 64 messages shows the idea; a number for all of them decides. Write `padding_waste`: the share of all positions that are padding, when the messages are put into batches in their order and each batch is padded to its own longest. The last batch may be smaller. With `sort`, the messages are first ordered by length, shortest first; the list that was passed in stays as it is.
#
# <details><summary>Hint 1</summary>How many positions does a batch of three messages have whose longest has 7 tokens?</details>
# <details><summary>Hint 2</summary>Add up positions and real tokens over all batches, and divide once, at the end. A mean of shares gives a small last batch too much weight.</details>


# %% nbgrader={"grade": false, "grade_id": "padding_waste", "locked": false, "schema_version": 3, "solution": true, "task": false}
def padding_waste(lengths: list[int], batch_size: int, sort: bool = False) -> float:
    """Compute the share of positions that are padding when each batch pads to its longest.

    Parameters
    ----------
    lengths : list of int
        Tokens of each message, in the order in which batches take them.
    batch_size : int
        Messages in a batch; the last batch takes what is left.
    sort : bool
        Whether to order the messages by length first, shortest first.

    Returns
    -------
    float
        Padded positions / all positions, from 0 up to below 1.

    Example
    -------
    >>> padding_waste([2, 4], batch_size=2)
    0.25
    """
    ### BEGIN SOLUTION
    ordered = sorted(lengths) if sort else list(lengths)
    batches = [ordered[i : i + batch_size] for i in range(0, len(ordered), batch_size)]
    positions = sum(max(batch) * len(batch) for batch in batches)
    return 1 - sum(ordered) / positions if positions else 0.0
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_padding_waste", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check("padding_waste")

# %% [markdown]
# Once the check passes, try `padding_waste(lengths, 32)` and `padding_waste(lengths, 32, sort=True)` on the whole training split, and other batch sizes. How does each of the two change with the batch size, and why?

# %% [markdown] nbgrader={"grade": false, "grade_id": "question_tokenizers", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ### Exercise 2.7: cased or uncased? ●●○ about 8 minutes
#
# In five sentences or so: what changes between a cased and an uncased tokenizer, in the vocabulary, in the tokens and in what a model can learn? For which task would you choose which, and why? Give one task for each side, and support your answer with an output of this lesson.
#
# === BEGIN MARK SCHEME ===
# 1 point in all.
#
# - 0.5: what changes. Case (and, in BERT's family, accents) is kept or dropped before cutting, for good; a cased vocabulary spends several entries on one word, so that evidence is split and rarer forms are cut into more pieces; the weights belong to one vocabulary, so the switch cannot be turned afterwards.
# - 0.5: a task for each side with a reason that follows from the text at hand: cased for names, acronyms, German nouns or shouting as a signal; uncased for messages typed in lower case throughout or with careless capitals, or for little data. An output of the lesson (the unknown words after the switch, the two rows of boxes, the counts of distinct tokens) is cited.
# - Half of each part for a statement without its reason.
# === END MARK SCHEME ===

# %% [markdown] nbgrader={"grade": true, "grade_id": "written_tokenizers", "locked": false, "points": 1, "schema_version": 3, "solution": true, "task": false}
# An uncased tokenizer lower-cases (and strips accents) in its normalizer, before a single piece is cut, so the difference between *May* and *may* is gone for whatever model comes after it. A cased one keeps it and pays for it: the six sentences needed 46 distinct tokens cased and 36 uncased, and what is learned about *happy* does not reach *HAPPY* unless the data shows both. You cannot switch afterwards: with lower-casing turned off, our uncased tokenizer read *Café*, *I* and *SO* as `[UNK]`, because its vocabulary holds no capitals.
#
# I would take a cased model to find names of people and companies in news, where a capital is evidence and editors set it reliably (*Apple* reported, an *apple* fell). I would take an uncased one for the emotion messages: they are typed in lower case (the table counts 27 different characters, the alphabet and the space), so a cased vocabulary would waste entries on forms that never come. For tweets I would measure both, since shouting may carry the emotion.
# <!-- numbers from: distinct-tokens, vocabularies -->

# %% [markdown]
# ## What you can do now
#
# - You cut text into characters, words and subwords, and saw the trade-off: entries against length, with subwords as the dial in between.
# - You wrote WordPiece: longest match first, `##` inside words, and `[UNK]` for the whole word if a piece is missing.
# - You put `input_ids` and `attention_mask` together by hand, and know that `model_max_length` counts special tokens.
# - You know what a tokenizer throws away, and how to find out: encode, decode, compare.
# - You padded and truncated batches, tokenized a dataset with `map`, and saw that padding to each batch's own longest, with neighbours of similar length, costs least.
#
# And the opening question: a model sees the ids of pieces, in the order of the message, and nothing of what normalizing dropped. We pay for it in rows of weights, in length, and in padding.
#
# **Three quick questions**
#
# 1. A word of a new message is not in WordPiece's vocabulary. Is it `[UNK]`?
# <details><summary>Answer</summary>Hardly ever: it is cut into pieces that are. It is <code>[UNK]</code> only where at some point no piece fits at all, not even a single character, as for an emoji, or where it has more than 100 characters.</details>
#
# 2. Why must the attention mask not be computed as `input_ids != pad_id`?
# <details><summary>Answer</summary>Because padding is a matter of place, not of id: a real token may carry the same id, above all where a model has no padding token of its own and borrows another (GPT-2 users take the end-of-text token).</details>
#
# 3. You fine-tune on messages of 20 tokens with <code>padding="max_length"</code> and a limit of 512. What does it change in the results, and what in the bill?
# <details><summary>Answer</summary>In the results nothing systematic, because the mask hides the padding; only rounding and the random draws of dropout differ. In the bill nearly everything: more than twenty times the positions.</details>
#
# **Where next.** In lesson 3 the ids enter the encoder and come out as vectors, one per token. You will turn them into one vector per message, with the attention mask that you built here, and see how far a frozen model gets you.
