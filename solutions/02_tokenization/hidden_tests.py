"""The grader's tests of lesson 2, From text to tokens."""

from __future__ import annotations

from fractions import Fraction

import pandas as pd
import torch

from grading.standins import Function, Tokenizer, WatchedTensor
from grading.testing import (
    AnswerError,
    Failure,
    awkward,
    close,
    equal,
    grades,
    has_type,
    raises,
    that,
    unchanged,
)

LETTERS = "abcdefghijklmnopqrstuvwxyz"


def random_word(rng, alphabet=LETTERS, shortest=1, longest=7):
    return "".join(rng.choice(list(alphabet), int(rng.integers(shortest, longest + 1))))


@grades("build_vocabulary")
def _(answer, rng):
    # Capitals, digits, accents, blanks and an underscore: an order other than by code point, or
    # an answer that cleans the tokens, gives another result here.
    tokens = awkward.tokens(rng, 33)
    kinds = dict.fromkeys([*awkward.KINDS_OF_TEXT.values(), " so\n"])
    cut = {text: awkward.shuffled(rng, tokens)[:8] for text in kinds}
    cut["text with every token"] = awkward.shuffled(rng, tokens)
    cut["text without tokens"] = []
    cut["text of one token"] = ["Only here"]
    texts = awkward.shuffled(rng, list(cut))
    _check_vocabulary(
        unchanged(answer, texts, Function("tokenize", cut)),
        cut.values(),
        "Every distinct token of every text, sorted by code point, ids from 0",
        "unsorted, sorted without regard to case, or repeated tokens counted again",
    )
    asked = {call["argument"] for call in answer.calls}
    that(asked == set(texts), "Every text goes through `tokenize`, one at a time and as it is.")
    one = texts[int(rng.integers(len(texts)))]
    _check_vocabulary(
        answer([one, one], Function("tokenize", cut)), [cut[one]], "The same text twice", "counts"
    )
    last = {"first": ["b", "c"], "second": ["a"]}
    _check_vocabulary(
        answer(["first", "second"], Function("tokenize", last)),
        last.values(),
        "A later text with an earlier token",
        "sorted text by text instead of once over all",
    )
    equal(answer([], Function("tokenize", {})), {}, "No texts")
    equal(answer(["x"], Function("tokenize", {"x": []})), {}, "A text without tokens")


def _check_vocabulary(got, lists, what, likely):
    that(isinstance(got, dict), f"{what}: expected a dict, got {type(got).__name__}.")
    tokens = pd.unique(pd.Series([token for tokens in lists for token in tokens], dtype=object))
    expected = {token: i for i, token in enumerate(sorted(tokens, key=lambda t: [*map(ord, t)]))}
    for number in got.values():
        has_type(number, int, f"{what}: an id")
    # The mapping counts, not the order in which it was filled.
    equal(dict(sorted(got.items())), dict(sorted(expected.items())), what, likely)


@grades("one_hot")
def _(answer, rng):
    for n, classes in ((1, 1), (int(rng.integers(5, 30)), int(rng.integers(4, 12))), (3, 40)):
        ids = torch.from_numpy(rng.integers(0, classes, n))
        expected = torch.zeros(n, classes, dtype=torch.int64)
        for row, column in enumerate(ids.tolist()):
            expected[row, column] = 1
        got = unchanged(answer, ids, classes)
        equal(got, expected, f"{n} ids, {classes} classes, int64", "another dtype, or transposed")
    got = answer(torch.tensor([0, 2]), 3)
    equal(got, torch.tensor([[1, 0, 0], [0, 0, 1]]), "The first and the last id")
    got = answer(torch.tensor([1, 0]), 4)
    equal(got, torch.tensor([[0, 1, 0, 0], [1, 0, 0, 0]]), "Ids of which the last does not occur")
    empty = answer(torch.zeros(0, dtype=torch.int64), 5)
    equal(empty, torch.zeros(0, 5, dtype=torch.int64), "No ids: shape (0, 5), int64")
    that(tuple(empty.shape) == (0, 5), f"No ids: expected the shape (0, 5), got {empty.shape}.")
    classes = int(rng.integers(4, 9))
    over = int(rng.integers(100, 900))
    for wrong in (classes, over, -1, -over):
        ids = rng.integers(0, classes, 6)
        ids[rng.integers(0, 6)] = wrong
        raises(
            answer,
            torch.from_numpy(ids),
            classes,
            error=ValueError,
            mentions=(str(wrong), "input_ids", "num_classes"),
            what=f"The id {wrong} among ids for {classes} classes",
        )
    answer(WatchedTensor("ids", (1, 0)), 2)
    asked = {call["function"] for call in answer.calls}  # on these ids, or on any others
    that("one_hot" not in asked, "The answer calls F.one_hot, which it was to stand without.")


@grades("wordpiece")
def _(answer, rng):
    alphabet = "abcé猫😀A\u0301"
    for _ in range(4):
        vocabulary = _random_pieces(rng, alphabet)
        oracle = _oracle(vocabulary)
        for length in (1, 2, 3, 3, 4, 5, 6, 8, 10):
            word = random_word(rng, alphabet, length, length)
            expected = [token.value for token in oracle.tokenize(word)]
            equal(
                unchanged(answer, word, vocabulary),
                expected,
                f"{word!r} with the vocabulary {list(vocabulary)}",
                "not the longest match, a missing ##, or a word that is only partly unknown",
            )
    small = {"[UNK]": 0, "a": 1, "ab": 2, "##b": 3, "##bc": 4, "##a": 5, "c": 6, "##cc": 7}
    for word, expected, likely in (
        ("abc", ["[UNK]"], "it goes back to a shorter piece, which greedy matching never does"),
        ("abbc", ["ab", "##bc"], "not the longest match"),
        ("aa", ["a", "##a"], "a missing ##"),
        ("ac", ["[UNK]"], "'c' begins words only; '##c' is missing"),
        ("ba", ["[UNK]"], "'##b' cannot begin a word"),
        ("bc", ["[UNK]"], "'##bc' cannot begin a word, nor be one"),
        ("AB", ["[UNK]"], "lower-casing, which is the normalizer's work"),
        ("a b", ["[UNK]"], "cutting at white space, which is the pre-tokenizer's work"),
        (" ab", ["[UNK]"], "stripping the word, which is the pre-tokenizer's work"),
        ("ab\t", ["[UNK]"], "stripping the word, which is the pre-tokenizer's work"),
        ("[UNK]", ["[UNK]"], "a mark that is in the vocabulary, too"),
        ("a", ["a"], "a word of one character"),
        ("", [], "the empty word taken for an unknown one"),
    ):
        equal(answer(word, small), expected, f"{word!r} with {list(small)}", likely)
    equal(answer("##b", small), ["##b"], "A word that itself begins with ##")
    figures = {"1": 0, "19": 1, "##8": 2, "##4": 3, "##84": 4}
    equal(answer("1984", figures), ["19", "##84"], "Digits", "digits cut one by one")
    composed, pieces = "\u00e9", {"e": 0, "##\u0301": 1, "\u00e9": 2}
    equal(answer("e\u0301", pieces), ["e", "##\u0301"], "Letters and accents", "normalised")
    equal(answer(composed, pieces), [composed], "A letter with its accent", "normalised")
    for piece, other in (("ab", "##c"), ("x", "##yz")):
        for ids in ((0, 1), (1, 0)):
            vocabulary = dict(zip((piece, other), ids, strict=True))
            got = answer(piece + other[2:], vocabulary)
            equal(got, [piece, other], f"{vocabulary}", "an id of 0 taken for a missing piece")
    _check_limits(answer, rng)


def _check_limits(answer, rng):
    long = {"a": 0, "##a": 1, "a" * 60: 2, "##" + "é" * 3: 3}
    hundred = "a" * 100
    equal(answer(hundred, long), ["a" * 60] + ["##a"] * 40, "100 characters, max_chars=100")
    equal(answer(hundred + "a", long), ["[UNK]"], "101 characters, max_chars=100")
    limit = int(rng.integers(3, 9))
    whole = {"[UNK]": 0, "a" * (limit + 1): 1, "a" * limit: 2, "##a": 3}
    likely = "max_chars compared with a piece, or >= for >"
    equal(answer("a" * limit, whole, max_chars=limit), ["a" * limit], "As long as allowed", likely)
    got = answer("a" * (limit + 1), whole, max_chars=limit)
    equal(got, ["[UNK]"], "A word in the vocabulary, but longer than max_chars", likely)
    accents = answer("aééé", long, max_chars=4)
    equal(accents, ["a", "##ééé"], "Characters are counted", "bytes counted instead")
    for vocabulary in ({}, {"a": 0}):
        got = unchanged(answer, "xy", vocabulary, "<unk>")
        equal(got, ["<unk>"], "unk='<unk>', no piece fits")
    equal(answer("aaa", long, max_chars=3), ["a", "##a", "##a"], "As many pieces as characters")
    equal(answer("xyz", {}, unk="?", max_chars=2), ["?"], "unk='?', a word that is too long")
    equal(answer("xyz", {}, unk="?"), ["?"], "unk='?' and an empty vocabulary", "one mark a letter")


def _random_pieces(rng, alphabet):
    """Every second letter can stand alone, so that some words are known and others are not."""
    singles = [str(letter) for letter in rng.permutation(list(alphabet))[:4]]
    pieces = [*singles, *(f"##{letter}" for letter in singles[1:])]
    pieces += [random_word(rng, singles, 2, 4) for _ in range(8)]
    pieces += ["##" + random_word(rng, singles, 2, 4) for _ in range(10)]
    pieces = awkward.shuffled(rng, ["[UNK]", *dict.fromkeys(pieces)])
    return {piece: i for i, piece in enumerate(pieces)}


def _oracle(vocabulary):
    from tokenizers.models import WordPiece

    return WordPiece(vocabulary, unk_token="[UNK]", max_input_chars_per_word=100)


@grades("pad_batch")
def _(answer, rng):
    for pad_id, max_length in (
        *((0, None), (7, None), (-100, None)),
        *((0, 5), (3, 2), (0, 40), (9, 9), (-100, 3)),
    ):
        sequences = [rng.integers(0, 12, int(length)).tolist() for length in rng.integers(0, 13, 6)]
        sequences[2] = rng.integers(0, 12, 12).tolist()
        sequences[4] = []
        _check_batch(answer, sequences, pad_id, max_length)
    _check_batch(answer, [[101, 102]], 0, 30)  # never to max_length
    _check_batch(answer, [[101, 5, 6, 7, 8, 102], [101, 102]], 0, 4)  # the longest after the cut
    _check_batch(answer, [[1, 2, 3], [4, 5, 6]], 0, 3)  # just as long as allowed
    _check_batch(answer, [[0, 0, 0], [0]], 0, None)  # real tokens with the id of padding
    _check_batch(answer, [[], []], 0, None)
    _check_batch(answer, [[]], 5, 2)
    _check_batch(answer, [[], [4]], 0, None)
    _check_batch(answer, [[8]], 0, 2)
    long = rng.integers(1, 99, int(rng.integers(1030, 1300))).tolist()
    _check_batch(answer, [long, [8]], 0, None)  # no limit of a model's
    _check_batch(answer, [long, [8]], 0, 1025)
    for wrong in (1, 0, -int(rng.integers(3, 99))):
        for sequences in ([[101, 102]], [[101, 5, 6, 102], [101, 102]], [[7], []]):
            raises(
                answer,
                sequences,
                0,
                wrong,
                error=ValueError,
                mentions=(str(wrong), "max_length"),
                what=f"max_length={wrong} for {sequences}",
            )
    for max_length in (None, 8):
        _check_no_sequences(answer, max_length)
    got = answer([[7, 8, 9], [4]])
    equal(set(got), {"input_ids", "attention_mask"}, "Only sequences given")
    equal(got["input_ids"], torch.tensor([[7, 8, 9], [4, 0, 0]]), "`pad_id` left out")
    got = answer([long])["input_ids"]
    likely = "cut, though the default of max_length is None"
    equal(got, torch.tensor([long]), f"{len(long)} ids, max_length left out", likely)


def _check_batch(answer, sequences, pad_id, max_length):
    cut = []
    for ids in sequences:
        too_long = max_length is not None and len(ids) > max_length
        cut.append(ids[: max_length - 1] + ids[-1:] if too_long else ids)
    longest = max(len(ids) for ids in cut)
    rows = [ids + [pad_id] * (longest - len(ids)) for ids in cut]
    mask = [[1] * len(ids) + [0] * (longest - len(ids)) for ids in cut]
    what = f"{len(sequences)} sequences of lengths {[*map(len, sequences)]}"
    what += f", pad_id={pad_id}, max_length={max_length}"
    got = unchanged(answer, sequences, pad_id, max_length)
    that(isinstance(got, dict), f"{what}: expected a dict, got {type(got).__name__}.")
    equal(set(got), {"input_ids", "attention_mask"}, f"{what}: the keys")
    for key, expected, likely in (
        ("input_ids", rows, "the last token lost in the cut, or padded to another length"),
        ("attention_mask", mask, "made of the ids; a real token may have the id of padding"),
    ):
        wanted = torch.tensor(expected, dtype=torch.int64).reshape(len(sequences), longest)
        has_type(got[key], torch.Tensor, f"{what}: {key}")
        that(
            got[key].shape == wanted.shape,
            f"{what}: {key} has the shape {tuple(got[key].shape)}, not {tuple(wanted.shape)}.",
        )
        equal(got[key], wanted, f"{what}: {key}", likely)


def _check_no_sequences(answer, max_length):
    """Any message will do that says what is missing."""
    what = f"No sequences, max_length={max_length}"
    try:
        got = answer([], 0, max_length)
    except AnswerError as raised:
        that(raised.is_a(ValueError), f"{what}: expected ValueError, got {raised}.")
        named = any(
            part in raised.message.lower()
            for part in ("sequence", "batch", "empty", "[]", "nothing")
        )
        that(named, f"{what}: the message must say what is missing; it is {raised.message!r}.")
    else:
        raise Failure(f"{what}: expected ValueError, got a result of type {type(got).__name__}.")


@grades("padding_waste")
def _(answer, rng):
    for batch_size in (1, 2, 3, 8, 50):
        for n in (1, 7, 16, 31):
            lengths = rng.integers(1, 60, n).tolist()
            for sort in (False, True):
                _check_waste(answer, lengths, batch_size, sort)
    # Shortest first leaves the longest alone in the last batch; longest first the shortest.
    _check_waste(answer, [9, 1, 5, 2, 7], 2, True)
    _check_waste(answer, [3, 3, 3], 2, False)
    _check_waste(answer, [1, 500], 2, False)
    _check_waste(answer, [7], 4, True)
    for batch_size in (1, 2):
        _check_waste(answer, [0, 3, 0, 2], batch_size, False)  # a text without tokens
    close(answer([4, 8], 2), 0.25, "`sort` left out: not sorted, 4 of 16 positions", tolerance=1e-6)
    close(answer([1, 9, 2, 9], 2), 15 / 36, "`sort` left out: not sorted", tolerance=1e-6)


def _check_waste(answer, lengths, batch_size, sort):
    what = f"Lengths {lengths}, batch_size={batch_size}, sort={sort}"
    got = unchanged(answer, lengths, batch_size, sort)
    has_type(got, float, what)
    order = sorted(range(len(lengths)), key=lambda i: lengths[i]) if sort else range(len(lengths))
    longest, size = {}, {}
    for place, i in enumerate(order):
        batch = place // batch_size
        longest[batch] = max(longest.get(batch, 0), lengths[i])
        size[batch] = size.get(batch, 0) + 1
    positions = sum(longest[batch] * size[batch] for batch in size)
    expected = float(Fraction(positions - sum(lengths), positions))
    likely = "shares averaged, another order, or a last batch that is not full"
    close(got, expected, what, likely, tolerance=1e-6)


@grades("compare_tokenizers")
def _(answer, rng):
    words = sorted({random_word(rng, shortest=2) for _ in range(12)} - {"x"})
    pieces = (*words, *(f"##{letter}" for letter in LETTERS), "'", "s")
    added = tuple(f"<added {n}>" for n in range(int(rng.integers(1, 5))))
    tokenizers = {
        "zeta": Tokenizer("zeta", vocabulary=pieces, max_length=6, added=added),
        "Bytes": Tokenizer("Bytes", kind="bytes", max_length=5, added=("<more>",)),
        "alpha": Tokenizer("alpha", vocabulary=pieces, lowercase=False),
        "tidy": Tokenizer("tidy", vocabulary=pieces, clean_up=True),
    }
    pair = [str(word) for word in rng.choice(words, 2, replace=False)]
    ends = dict(awkward.tokenizers(rng, vocabulary=pieces))
    for name, ending in awkward.shuffled_dict(rng, ends).items():
        _check_comparison(answer, f"{pair[0]} {pair[1]}", {name: ending})
        _check_comparison(answer, pair[0], {name: ending})
    _check_comparison(answer, " ".join(pair), awkward.shuffled_dict(rng, {**ends, **tokenizers}))
    outer = [f" {pair[0]} {pair[1]}", f"{pair[0]} {pair[1]} ", f"\t{pair[0]}\n"]
    for text in [*outer, *awkward.texts(rng, 6)]:
        _check_comparison(answer, text, {"Bytes": tokenizers["Bytes"], "zeta": tokenizers["zeta"]})
    texts = [
        " ".join(map(str, rng.choice(words, 4))),
        "  ".join(pair),  # one space too many for WordPiece
        f"{pair[0].capitalize()} {pair[1]}",
        f"{pair[0]} 😀 née",
        f"{pair[0]}qzq {pair[1]}",  # a word that is cut, into pieces with ##
        f"{pair[0]}'s {pair[1]}",  # comes back only if decoding cleans up blanks
        f"{pair[0]} [SEP] {pair[1]}",  # special tokens that are in the text itself
        f"[CLS] {pair[1]}",
        " ".join(map(str, rng.choice(words, 30))),  # longer than any model_max_length
        "",
    ]
    for text in texts:
        _check_comparison(answer, text, tokenizers)
    names = [str(name) for name in rng.permutation(list(tokenizers))]
    _check_comparison(answer, texts[0], {name: tokenizers[name] for name in names})
    _check_comparison(answer, texts[2], {"only": tokenizers["Bytes"]})


def _check_comparison(answer, text, tokenizers):
    what = f"{text!r}"
    got = answer(text, tokenizers)
    left = answer.arguments[1:]
    if left:  # a box sends tokenizers' names at most
        equal(list(left[0]), list(tokenizers), f"{what}: the dict after the call")
    has_type(got, pd.DataFrame, what)
    equal(got.index.name, "tokenizer", "The index's name")
    equal(list(got.index), list(tokenizers), "The index: the names in the dict's order")
    equal(set(got.columns), {"tokens", "num_tokens", "vocab_size", "lossless"}, "The columns")
    for name, description in tokenizers.items():
        expected = _expected_row(text, description)
        row = {column: got.loc[name, column] for column in expected}
        has_type(row["tokens"], list, f"{what} by {name!r}: tokens")
        equal(row["tokens"], expected["tokens"], f"{what} by {name!r}: tokens", "special tokens")
        for column, likely in (
            ("num_tokens", "special tokens counted, or the text truncated"),
            ("vocab_size", "len(tokenizer), which counts added tokens"),
            ("lossless", "decoded with special tokens, or with skip_special_tokens"),
        ):
            that(
                bool(row[column] == expected[column]),
                f"{what} by {name!r}: {column} is {row[column]!s}, not {expected[column]}. "
                f"Likely: {likely}.",
            )
    kinds = {column: pd.api.types.infer_dtype(got[column]) for column in got if column != "tokens"}
    wanted = {"num_tokens": "integer", "vocab_size": "integer", "lossless": "boolean"}
    equal({name: kinds[name] for name in wanted}, wanted, "What the columns hold")


def _expected_row(text, description):
    """Ask the backend, which knows no wrapper's options."""
    real = description.build([])
    encoding = real.backend_tokenizer.encode(text, add_special_tokens=False)
    decoded = real.backend_tokenizer.decode(encoding.ids, skip_special_tokens=False)
    if description.clean_up:
        decoded = real.decode(encoding.ids)
    return {
        "tokens": encoding.tokens,
        "num_tokens": len(encoding.ids),
        "vocab_size": real.backend_tokenizer.get_vocab_size(with_added_tokens=False),
        "lossless": decoded == text,
    }
