"""Visible examples of lesson 2, From text to tokens."""

from __future__ import annotations

from typing import Any
from unittest import mock

from helpers.checks.core import Wrong, examples
from helpers.checks.expect import close, equal, joined, of_type, raises, that, unchanged
from helpers.checks.language import retell, say


@examples("build_vocabulary")
def _(answer: Any) -> None:
    given = 'For ["c a a", "b a"] split into words, the vocabulary'
    got = unchanged(answer, ["c a a", "b a"], str.split, given=given)
    # Sorted by key here, because what counts is the id of a token, not the order of insertion.
    equal(
        _by_token(got),
        {"a": 0, "b": 1, "c": 2},
        given,
        likely={
            "The ids follow the order in which tokens turn up; sort the tokens first.": {
                "a": 1,
                "b": 2,
                "c": 0,
            },
            "Ids start at 0.": {"a": 1, "b": 2, "c": 3},
            "Those are counts. An id says which token it is, not how often it occurs.": {
                "a": 3,
                "b": 1,
                "c": 1,
            },
            "A token that comes back took another id; number the distinct tokens.": {
                "a": 2,
                "b": 3,
                "c": 4,
            },
            "Only the last text is in it. Does each text start a new vocabulary?": {"a": 0, "b": 1},
            "Only the first text is in it. Is `return` inside the loop?": {"a": 0, "c": 1},
        },
    )
    given = 'For ["ab", "cd"] and a `tokenize` that leaves a text whole, the vocabulary'
    equal(
        _by_token(answer(["ab", "cd"], lambda text: [text])),
        {"ab": 0, "cd": 1},
        given,
        likely={
            "Texts are cut one at a time; yours joins them first.": {"ab cd": 0},
            "Texts are cut one at a time; yours runs them together first.": {"abcd": 0},
        },
    )
    given = 'For ["ab"] and a `tokenize` that gives characters, the vocabulary'
    equal(
        _by_token(answer(["ab"], list)),
        {"a": 0, "b": 1},
        given,
        likely={"It splits at white space; call the `tokenize` that it was given.": {"ab": 0}},
    )
    given = 'For ["apple Zebra", "éclair _x"] split into words, the vocabulary'
    equal(
        _by_token(answer(["apple Zebra", "éclair _x"], str.split)),
        {"Zebra": 0, "_x": 1, "apple": 2, "éclair": 3},
        given,
        likely={
            "Sorted as in a dictionary; by code point capitals come before small letters.": {
                "Zebra": 2,
                "_x": 0,
                "apple": 1,
                "éclair": 3,
            },
            "The ids follow the order in which tokens turn up; sort the tokens first.": {
                "Zebra": 1,
                "_x": 3,
                "apple": 0,
                "éclair": 2,
            },
            "Sorted within each text; sort once, when all texts have been cut.": {
                "Zebra": 0,
                "_x": 2,
                "apple": 1,
                "éclair": 3,
            },
            "Sorted by length; by code point the length does not count.": {
                "Zebra": 1,
                "_x": 0,
                "apple": 2,
                "éclair": 3,
            },
            "It lower-cases the tokens; that is for `tokenize` to decide.": {
                "_x": 0,
                "apple": 1,
                "zebra": 2,
                "éclair": 3,
            },
        },
    )
    equal(answer([], str.split), {}, "For no texts at all, the vocabulary")


def _by_token(vocabulary: Any) -> Any:
    of_type(vocabulary, dict, "The vocabulary")
    return dict(sorted(vocabulary.items()))


@examples("one_hot")
def _(answer: Any) -> None:
    import torch
    import torch.nn.functional

    library = Wrong("It calls `F.one_hot`. Here you write by hand what that function does.")
    with mock.patch.object(torch.nn.functional, "one_hot", side_effect=library):
        _try_one_hot(answer)


def _try_one_hot(answer: Any) -> None:
    import torch

    given = "For the ids [1, 0, 1] and 3 classes, the one-hot matrix"
    got = unchanged(answer, torch.tensor([1, 0, 1]), 3, given=given)
    of_type(got, torch.Tensor, given)
    equal(
        got,
        torch.tensor([[0, 1, 0], [1, 0, 0], [0, 1, 0]]),
        given,
        likely={
            "The matrix is on its side: one row a token, one column a class.": torch.tensor(
                [[0, 1, 0], [1, 0, 1], [0, 0, 0]]
            ),
            "It has a column for the ids that occur; make one for each of `num_classes`.": (
                torch.tensor([[0, 1], [1, 0], [0, 1]])
            ),
            "Ids count from 0; yours count from 1.": torch.tensor(
                [[1, 0, 0], [0, 0, 1], [1, 0, 0]]
            ),
            "Each row adds to the one before; start every row from zeros.": torch.tensor(
                [[0, 1, 0], [1, 1, 0], [1, 1, 0]]
            ),
            "The id itself stands in the matrix; what belongs there is a 1.": torch.tensor(
                [[0, 1, 0], [0, 0, 0], [0, 1, 0]]
            ),
        },
    )
    that(
        got.dtype == torch.int64,
        f"{given} holds {got.dtype}, where torch.int64 is asked for. A tensor of zeros is "
        "float32 unless you say otherwise, and a comparison gives bool.",
    )
    given = "For no ids and 3 classes, the one-hot matrix"
    got = _running(
        lambda: answer(torch.tensor([], dtype=torch.int64), 3),
        given,
        "Without ids there are no rows to stack, and neither a smallest nor a largest id.",
    )
    of_type(got, torch.Tensor, given)
    that(
        tuple(got.shape) == (0, 3) and got.dtype == torch.int64,
        f"{given} is empty, of shape (0, 3) and dtype torch.int64; yours has the shape "
        f"{tuple(got.shape)} and dtype {got.dtype}. Does it stack rows where there are none?",
    )
    for wrong, likely in (
        (7, "Compare every id with `num_classes` before you use it."),
        (3, "With 3 classes the last id is 2: is there a <= where a < belongs?"),
        (-1, "A negative index counts from the end in Python, so it goes unnoticed."),
    ):
        raises(
            lambda wrong=wrong: answer(torch.tensor([0, wrong]), 3),
            ValueError,
            str(wrong),
            f"The id {wrong} with 3 classes",
            likely,
        )


@examples("wordpiece")
def _(answer: Any) -> None:
    pieces = ["[UNK]", "u", "un", "##n", "happy", "##h", "##a", "##p", "##y", "##hap", "##happy"]
    vocabulary = {piece: index for index, piece in enumerate(pieces)}
    given = f"With the vocabulary {pieces}, the word 'unhappy'"
    got = unchanged(answer, "unhappy", vocabulary, given=given)
    of_type(got, list, given)
    equal(
        got,
        ["un", "##happy"],
        given,
        likely={
            "That is the shortest match first; start from the longest end and shrink.": [
                "u",
                *("##n", "##h", "##a", "##p", "##p", "##y"),
            ],
            "A piece that continues a word stands in the vocabulary, and in the answer, "
            "with ## before it.": ["un", "happy"],
            "The first piece of a word has no ## before it.": ["##un", "##happy"],
            "No piece was found. The first one is looked up without ##, each later one with ## "
            "before it.": ["[UNK]"],
            "It stops after the first piece; go on where that piece ends.": ["un"],
            "Those are ids; the answer is the list of pieces.": [2, 10],
        },
    )
    equal(
        answer("ab", {"a": 0, "##b": 1}),
        ["a", "##b"],
        "With the vocabulary ['a', '##b'], the word 'ab'",
        likely={"A piece may be a single character, inside a word too.": ["[UNK]"]},
    )
    small = {"[UNK]": 0, "a": 1, "ab": 2, "##bc": 3}
    equal(
        answer("abc", small),
        ["[UNK]"],
        f"With the vocabulary {list(small)}, the word 'abc'",
        likely={
            "Greedy means that a piece once taken stays taken: after 'ab' no piece fits 'c'.": [
                "a",
                "##bc",
            ],
            "Where any piece is missing, the whole word is unknown, not its rest.": ["ab", "[UNK]"],
            "Where any piece is missing, the whole word is unknown; yours drops the rest.": ["ab"],
            "No piece fits, and the answer is empty: what stands for an unknown word?": [],
        },
    )
    equal(
        answer("xy", small),
        ["[UNK]"],
        f"With the vocabulary {list(small)}, the word 'xy'",
        likely={
            "One mark for the whole word, not one a character.": ["[UNK]", "[UNK]"],
            "No piece fits, and the answer is empty: what stands for an unknown word?": [],
        },
    )
    equal(
        answer("Ab", small),
        ["[UNK]"],
        f"With the vocabulary {list(small)}, the word 'Ab'",
        likely={"Lower-casing is the normalizer's work, not WordPiece's.": ["ab"]},
    )
    long = {"a": 0, "##a": 1, "aaaa": 2}
    equal(
        answer("aaaa", long, max_chars=3),
        ["[UNK]"],
        f"With the vocabulary {list(long)} and max_chars=3, the word 'aaaa'",
        likely={
            "A word longer than `max_chars` is unknown even if it stands in the vocabulary.": [
                "aaaa"
            ],
            "`max_chars` is a limit for the word, not for a piece.": ["a", "##a", "##a", "##a"],
            "It cuts the word; a word that is too long is unknown as a whole.": ["a", "##a", "##a"],
        },
    )
    equal(
        answer("aaaa", long, max_chars=4),
        ["aaaa"],
        f"With the vocabulary {list(long)} and max_chars=4, the word 'aaaa'",
        likely={"A word of just `max_chars` characters is not too long.": ["[UNK]"]},
    )
    equal(
        answer("éé", {"éé": 0}, max_chars=2),
        ["éé"],
        "With the vocabulary ['éé'] and max_chars=2, the word 'éé'",
        likely={"`max_chars` counts characters, not bytes.": ["[UNK]"]},
    )
    equal(
        answer("xy", small, unk="<unk>"),
        ["<unk>"],
        "With unk='<unk>', a word without any piece",
        likely={"The mark of an unknown word is an argument, `unk`.": ["[UNK]"]},
    )
    equal(
        answer("", small),
        [],
        "The empty word",
        likely={"Nothing to cut is not the same as unknown.": ["[UNK]"]},
    )


@examples("pad_batch")
def _(answer: Any) -> None:
    given = "For [[101, 7, 102], [101, 102]] the batch"
    got = unchanged(answer, [[101, 7, 102], [101, 102]], given=given)
    _batch(
        got,
        [[101, 7, 102], [101, 102, 0]],
        [[1, 1, 1], [1, 1, 0]],
        given,
        {"Padding goes to the right of a sequence.": [[101, 7, 102], [0, 101, 102]]},
        {"The mask is 1 for a real token and 0 for padding.": [[0, 0, 0], [0, 0, 1]]},
    )
    _batch(
        unchanged(answer, [[101, 5, 6, 7, 102]], 0, 3, given="Cutting to max_length=3"),
        [[101, 5, 102]],
        [[1, 1, 1]],
        "For [[101, 5, 6, 7, 102]] and max_length=3 the batch",
        {
            "The end is cut off with its [SEP]; the last token must stay.": [[101, 5, 6]],
            "The front is cut off; keep the front and the last token.": [[6, 7, 102]],
            "One token too many: the kept last token counts too.": [[101, 5, 6, 102]],
            "The longest was measured before the cut.": [[101, 5, 102, 0, 0]],
            "Nothing was cut.": [[101, 5, 6, 7, 102]],
            "`max_length` counts all tokens, special ones too.": [[101, 102]],
        },
    )
    _batch(
        answer([[101, 5, 6, 102], [101, 102]], max_length=9),
        [[101, 5, 6, 102], [101, 102, 0, 0]],
        [[1, 1, 1, 1], [1, 1, 0, 0]],
        "For [[101, 5, 6, 102], [101, 102]] and max_length=9 the batch",
        {
            "That pads to `max_length`; pad to the longest of the batch.": [
                [101, 5, 6, 102, 0, 0, 0, 0, 0],
                [101, 102, 0, 0, 0, 0, 0, 0, 0],
            ]
        },
    )
    _batch(
        answer([[1, 2, 3, 4], [5]], max_length=2),
        [[1, 4], [5, 0]],
        [[1, 1], [1, 0]],
        "For [[1, 2, 3, 4], [5]] and max_length=2 the batch",
        {"The longest was measured before the cut.": [[1, 4, 0, 0], [5, 0, 0, 0]]},
    )
    _batch(
        answer([[5, 0, 9], [6]], pad_id=9),
        [[5, 0, 9], [6, 9, 9]],
        [[1, 1, 1], [1, 0, 0]],
        "For [[5, 0, 9], [6]] and pad_id=9 the batch",
        {"It pads with 0 instead of `pad_id`.": [[5, 0, 9], [6, 0, 0]]},
        {
            "The mask asks which ids are not 0; it must follow from the lengths.": [
                [1, 0, 1],
                [1, 1, 1],
            ],
            "The mask asks which ids differ from `pad_id`, but a real token may have that id; "
            "it must follow from the lengths.": [[1, 1, 0], [1, 0, 0]],
        },
    )
    given = "For [[], [7]] and max_length=2 the batch"
    likely = "An empty sequence has no last token; only a sequence that is cut is asked for it."
    got = _running(lambda: answer([[], [7]], max_length=2), given, likely)
    _batch(got, [[0], [7]], [[0], [1]], given, {})
    _empty_rows(answer([[], []]))
    for wrong, likely in (
        (1, "Check it first, even where no sequence is long enough to be cut."),
        (0, "`if max_length:` skips 0; ask `is not None`."),
    ):
        raises(
            lambda wrong=wrong: answer([[7]], max_length=wrong),
            ValueError,
            str(wrong),
            f"max_length={wrong} for [[7]]",
            likely,
        )
    raises(
        lambda: answer([]),
        ValueError,
        "",
        "A batch without sequences",
        "Empty tensors would only fail later, far from their cause.",
    )


def _batch(got, input_ids, attention_mask, given, likely_ids, likely_mask=None) -> None:
    import torch

    of_type(got, dict, given)
    that(
        set(got) == {"input_ids", "attention_mask"},
        f"{given} has the keys 'input_ids' and 'attention_mask'; yours has {list(got)}.",
    )
    wanted = {"input_ids": (input_ids, likely_ids), "attention_mask": (attention_mask, likely_mask)}
    for key, (rows, likely) in wanted.items():
        of_type(got[key], torch.Tensor, f"{given} (its {key})")
        mistakes = {text: torch.tensor(value) for text, value in (likely or {}).items()}
        equal(got[key], torch.tensor(rows), f"{given} (its {key})", mistakes)
        that(
            got[key].dtype == torch.int64,
            f"{given} has {key} of {got[key].dtype}, where torch.int64 is asked for.",
        )


def _empty_rows(got: Any) -> None:
    import torch

    given = "For [[], []] the batch"
    of_type(got, dict, given)
    for key in ("input_ids", "attention_mask"):
        that(
            tuple(got[key].shape) == (2, 0) and got[key].dtype == torch.int64,
            f"{given} has {key} of shape (2, 0) and dtype torch.int64; yours has the shape "
            f"{tuple(got[key].shape)} and dtype {got[key].dtype}. A tensor made of empty lists is "
            "float32 unless you say otherwise.",
        )


@examples("padding_waste")
def _(answer: Any) -> None:
    given = "For the lengths [1, 3] in one batch of 2 the waste"
    got = answer([1, 3], 2)
    of_type(got, float, given)
    close(
        got,
        2 / 6,
        given,
        likely={
            "It divides by the real tokens; divide by all positions.": 2 / 4,
            "That counts padded positions; a share lies between 0 and 1.": 2.0,
            "That is the share of real tokens; padding is the rest.": 4 / 6,
            "That is a percentage; give a share between 0 and 1.": 100 * 2 / 6,
            "It is rounded; leave that to whoever prints it.": 0.33,
        },
    )
    given = "For the lengths [1, 5, 2] in batches of 2 the waste"
    close(
        unchanged(answer, [1, 5, 2], 2, given=given),
        4 / 12,
        given,
        likely={
            "Shares of batches of different size are averaged; add up positions first.": 0.2,
            "Every message is padded to the longest of all; each batch has a longest.": 7 / 15,
            "The last batch, of one message, is left out.": 4 / 10,
            "The last batch holds one message, yet two are counted.": 6 / 14,
            "It sorts although `sort` is False.": 1 / 9,
            "It divides by the real tokens; divide by all positions.": 4 / 8,
        },
    )
    given = "For the lengths [1, 5, 2] in batches of 2, sorted, the waste"
    close(
        unchanged(answer, [1, 5, 2], 2, True, given=given),
        1 / 9,
        given,
        likely={
            "It is the unsorted one: `sort` is not used, or `sorted` is called and its result "
            "dropped.": 4 / 12,
            "Longest first; the shortest come first here.": 3 / 11,
            "Sorted within batches, which changes nothing; sort before they are made.": 1 / 3,
        },
    )
    close(answer([4, 4, 4], 5), 0.0, "For three messages of the same length the waste")


@examples("compare_tokenizers")
def _(answer: Any) -> None:
    import pandas as pd

    tokenizers = {"words": _small_tokenizer("words"), "bytes": _small_tokenizer("bytes")}
    columns = ["tokens", "num_tokens", "vocab_size", "lossless"]
    given = "For 'So glad' and the tokenizers 'words' and 'bytes' the table"
    got = answer("So glad", tokenizers)
    of_type(got, pd.DataFrame, given)
    equal(
        list(got.index),
        ["words", "bytes"],
        "The index of the table",
        likely={
            "Make the names of the tokenizers the index.": [0, 1],
            "Keep the order of the dict.": ["bytes", "words"],
            "It lies on its side: one row a tokenizer.": columns,
        },
    )
    that(
        got.index.name == "tokenizer",
        f"The index of the table is named 'tokenizer'; yours is named {got.index.name!r}.",
    )
    that(
        set(got.columns) == set(columns),
        f"The table has the columns {columns}; yours has {sorted(map(str, got.columns))}.",
    )
    of_type(got.loc["words", "tokens"], list, "A row's `tokens`")
    equal(
        got.loc["words", "tokens"],
        ["so", "glad"],
        "'So glad' cut by 'words'",
        likely={
            "Leave the special tokens out.": ["[CLS]", "so", "glad", "[SEP]"],
            "Those are ids; turn them into tokens.": [3, 4],
            "Those are ids, with special tokens.": [1, 3, 4, 2],
            "That splits at white space; ask the tokenizer.": ["So", "glad"],
        },
    )
    equal(
        got.loc["bytes", "tokens"],
        ["S", "o", "Ġ", "g", "l", "a", "d"],
        "'So glad' cut by 'bytes'",
        likely={
            "Give the tokens as they stand in the vocabulary, not decoded.": list("So glad"),
            "It truncates at `model_max_length`; compare whole texts.": ["S", "o", "Ġ", "g"],
            "Leave the special tokens out.": [
                *("[CLS]", "S", "o", "Ġ", "g", "l", "a", "d"),
                "[SEP]",
            ],
        },
    )
    equal(
        [int(count) for count in got["num_tokens"]],
        [2, 7],
        "The column num_tokens",
        likely={
            "Leave the special tokens out.": [4, 9],
            "That is the length of the text.": [7, 7],
        },
    )
    equal(
        [int(size) for size in got["vocab_size"]],
        [6, 259],
        "The column vocab_size",
        likely={
            "That is len(tokenizer), with tokens added later; the attribute leaves them out.": [
                7,
                260,
            ],
        },
    )
    equal(
        [bool(lossless) for lossless in got["lossless"]],
        [False, True],
        "The column lossless",
        likely={
            "Encode without special tokens, which are no part of the text, and let `decode` join "
            "the tokens.": [
                False,
                False,
            ],
            "'words' gives 'so glad' back for 'So glad'; compare exactly, capitals too.": [
                True,
                True,
            ],
            "It is upside down: lossless is True where the text comes back.": [True, False],
        },
    )
    for text, tokenizer, expected, likely in (
        (
            "glad [SEP]",
            "words",
            True,
            "Decode with the defaults: what stands in the text is not to be skipped.",
        ),
        ("so  glad", "words", False, "One of the two spaces is lost; compare exactly."),
    ):
        row = answer(text, {tokenizer: tokenizers[tokenizer]}).iloc[0]
        given = f"For {text!r} and the tokenizer {tokenizer!r}, lossless"
        equal(bool(row["lossless"]), expected, given, likely)


def _small_tokenizer(kind: str) -> Any:
    """Return a real tokenizer: lower-cased words, or bytes; each has one token added later."""
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    special = ["[UNK]", "[CLS]", "[SEP]"]
    if kind == "words":
        pieces = [*special, "so", "glad", "i"]
        backend = Tokenizer(models.WordPiece({p: i for i, p in enumerate(pieces)}))
        backend.normalizer = normalizers.BertNormalizer(lowercase=True)
        backend.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        backend.decoder = decoders.WordPiece()
    else:
        pieces = [*special, *sorted(pre_tokenizers.ByteLevel.alphabet())]
        backend = Tokenizer(models.BPE({p: i for i, p in enumerate(pieces)}, []))
        backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        backend.decoder = decoders.ByteLevel()
    backend.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 1), ("[SEP]", 2)]
    )
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=backend,
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        model_max_length=4,
    )
    tokenizer.add_tokens(["<later>"])
    return tokenizer


def _running(call: Any, given: str, likely: str) -> Any:
    """Return what a call gives; where it stops with an error, say what is likely behind it."""
    try:
        return call()
    except (Wrong, NotImplementedError):
        raise
    except Exception as error:
        reason = str(error).strip().split("\n")[0]
        text = say(
            "{1}: your code stops with {2}: {3}.",
            retell(given),
            type(error).__name__,
            reason.rstrip("."),
        )
        raise Wrong(joined(text, likely)) from None
