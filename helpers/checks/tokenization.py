"""Visible examples of lesson 2, From text to tokens."""

from __future__ import annotations

from typing import Any

from helpers.checks.core import Wrong, examples
from helpers.checks.expect import close, equal, of_type, raises, runs, shown, that, unchanged
from helpers.checks.language import say


@examples("build_vocabulary")
def _(answer: Any) -> None:
    given = say('For ["c a a", "b a"] split into words, the vocabulary')
    got = unchanged(answer, ["c a a", "b a"], str.split, given=given)
    # Sorted by key here, because only the id of a token matters, not the order of insertion.
    equal(
        _by_token(got),
        {"a": 0, "b": 1, "c": 2},
        given,
        likely={
            say("The ids follow the order in which tokens turn up; sort the tokens first."): {
                "a": 1,
                "b": 2,
                "c": 0,
            },
            say("Ids start at 0."): {"a": 1, "b": 2, "c": 3},
            say("Those are counts. An id says which token it is, not how often it occurs."): {
                "a": 3,
                "b": 1,
                "c": 1,
            },
            say("A token that comes back took another id; number the distinct tokens."): {
                "a": 2,
                "b": 3,
                "c": 4,
            },
            say("Only the last text is in it. Does each text start a new vocabulary?"): {
                "a": 0,
                "b": 1,
            },
            say("Only the first text is in it. Is `return` inside the loop?"): {"a": 0, "c": 1},
        },
    )
    given = say('For ["ab", "cd"] and a `tokenize` that leaves a text whole, the vocabulary')
    equal(
        _by_token(answer(["ab", "cd"], lambda text: [text])),
        {"ab": 0, "cd": 1},
        given,
        likely={
            say("Texts are cut one at a time; yours joins them first."): {"ab cd": 0},
            say("Texts are cut one at a time; yours runs them together first."): {"abcd": 0},
        },
    )
    given = say('For ["ab"] and a `tokenize` that gives characters, the vocabulary')
    equal(
        _by_token(answer(["ab"], list)),
        {"a": 0, "b": 1},
        given,
        likely={say("It splits at white space; call the `tokenize` that it was given."): {"ab": 0}},
    )
    given = say('For ["apple Zebra", "éclair _x"] split into words, the vocabulary')
    equal(
        _by_token(answer(["apple Zebra", "éclair _x"], str.split)),
        {"Zebra": 0, "_x": 1, "apple": 2, "éclair": 3},
        given,
        likely={
            say("Sorted as in a dictionary; by code point capitals come before small letters."): {
                "Zebra": 2,
                "_x": 0,
                "apple": 1,
                "éclair": 3,
            },
            say("The ids follow the order in which tokens turn up; sort the tokens first."): {
                "Zebra": 1,
                "_x": 3,
                "apple": 0,
                "éclair": 2,
            },
            say("Sorted within each text; sort once, when all texts have been cut."): {
                "Zebra": 0,
                "_x": 2,
                "apple": 1,
                "éclair": 3,
            },
            say("Sorted by length; by code point the length does not count."): {
                "Zebra": 1,
                "_x": 0,
                "apple": 2,
                "éclair": 3,
            },
            say("It lower-cases the tokens; that is for `tokenize` to decide."): {
                "_x": 0,
                "apple": 1,
                "zebra": 2,
                "éclair": 3,
            },
        },
    )
    given = say('For ["a  b"] cut at single blanks, which gives an empty token too, the vocabulary')
    equal(
        _by_token(answer(["a  b"], lambda text: text.split(" "))),
        {"": 0, "a": 1, "b": 2},
        given,
        likely={say("A token is what `tokenize` gives, an empty one too."): {"a": 0, "b": 1}},
    )
    given = say('For [" a "] and a `tokenize` that leaves a text whole, the vocabulary')
    equal(
        _by_token(answer([" a "], lambda text: [text])),
        {" a ": 0},
        given,
        likely={say("Blanks were stripped; that is for `tokenize` to decide."): {"a": 0}},
    )
    given = say(
        'For ["e", "\u00e9", "e\u0301"], the last with an accent of its own, the vocabulary'
    )
    equal(
        _by_token(answer(["e", "\u00e9", "e\u0301"], lambda text: [text])),
        {"e": 0, "e\u0301": 1, "\u00e9": 2},
        given,
        say("Tokens that look alike may be different strings; leave them as they are."),
    )
    given = say('For [""] and a `tokenize` that leaves a text whole, the vocabulary')
    equal(
        _by_token(answer([""], lambda text: [text])),
        {"": 0},
        given,
        likely={say("An empty text goes through `tokenize`, too."): {}},
    )
    given = say("For no texts at all, the vocabulary")
    equal(runs(lambda: answer([], str.split), given), {}, given)


def _by_token(vocabulary: Any) -> Any:
    of_type(vocabulary, dict, say("The vocabulary"))
    return dict(sorted(vocabulary.items()))


@examples("one_hot")
def _(answer: Any) -> None:
    from torch.overrides import TorchFunctionMode

    class Refuse(TorchFunctionMode):
        def __torch_function__(
            self, function: Any, types: Any, arguments: Any = (), options: Any = None
        ) -> Any:
            if getattr(function, "__name__", "") == "one_hot":
                text = say("It calls `F.one_hot`. Here you write by hand what that function does.")
                raise Wrong(text)
            return function(*arguments, **(options or {}))

    with Refuse():
        _try_one_hot(answer)


def _try_one_hot(answer: Any) -> None:
    import torch

    given = say("For the ids [1, 0, 1] and 3 classes, the one-hot matrix")
    got = unchanged(answer, torch.tensor([1, 0, 1]), 3, given=given)
    of_type(got, torch.Tensor, given)
    equal(
        got,
        torch.tensor([[0, 1, 0], [1, 0, 0], [0, 1, 0]]),
        given,
        likely={
            say("The matrix is transposed: one row per token, one column per class."): torch.tensor(
                [[0, 1, 0], [1, 0, 1], [0, 0, 0]]
            ),
            say("It has a column for the ids that occur; make one for each of `num_classes`."): (
                torch.tensor([[0, 1], [1, 0], [0, 1]])
            ),
            say("Ids count from 0; yours count from 1."): torch.tensor(
                [[1, 0, 0], [0, 0, 1], [1, 0, 0]]
            ),
            say("Each row adds to the one before; start every row from zeros."): torch.tensor(
                [[0, 1, 0], [1, 1, 0], [1, 1, 0]]
            ),
            say("All rows are one and the same list, which `[…] * n` repeats."): torch.tensor(
                [[1, 1, 0], [1, 1, 0], [1, 1, 0]]
            ),
            say("The matrix holds the id itself; what belongs there is a 1."): torch.tensor(
                [[0, 1, 0], [0, 0, 0], [0, 1, 0]]
            ),
        },
    )
    that(
        got.dtype == torch.int64,
        say(
            "{1} must have the dtype torch.int64; yours has {2}. A tensor of zeros "
            "is float32 unless you say otherwise, and a comparison gives bool.",
            given,
            got.dtype,
        ),
    )
    given = say("For no ids and 3 classes, the one-hot matrix")
    got = runs(
        lambda: answer(torch.tensor([], dtype=torch.int64), 3),
        given,
        say("Without ids there are no rows to stack, and neither a smallest nor a largest id."),
    )
    of_type(got, torch.Tensor, given)
    that(
        tuple(got.shape) == (0, 3) and got.dtype == torch.int64,
        say(
            "{1} must be empty, of shape (0, 3) and dtype torch.int64; yours has the "
            "shape {2} and dtype {3}. Does your code stack rows where there are none?",
            given,
            tuple(got.shape),
            got.dtype,
        ),
    )
    for wrong, likely in (
        (7, say("Compare every id with `num_classes` before you use it.")),
        (3, say("With 3 classes the last id is 2: is there a <= where a < belongs?")),
        (-1, say("A negative index counts from the end in Python, so it goes unnoticed.")),
    ):
        raises(
            lambda wrong=wrong: answer(torch.tensor([0, wrong]), 3),
            ValueError,
            (str(wrong), "input_ids", "num_classes"),
            say("The id {1} with 3 classes", wrong),
            likely,
        )


@examples("wordpiece")
def _(answer: Any) -> None:
    pieces = ["[UNK]", "u", "un", "##n", "happy", "##h", "##a", "##p", "##y", "##hap", "##happy"]
    vocabulary = {piece: index for index, piece in enumerate(pieces)}
    given = say("With the vocabulary {1}, the word 'unhappy'", pieces)
    got = unchanged(answer, "unhappy", vocabulary, given=given)
    of_type(got, list, given)
    equal(
        got,
        ["un", "##happy"],
        given,
        likely={
            say("That is the shortest match first; start from the longest end and shrink."): [
                "u",
                *("##n", "##h", "##a", "##p", "##p", "##y"),
            ],
            say(
                "A piece that continues a word has ## before it, in the vocabulary and "
                "in the answer."
            ): ["un", "happy"],
            say("The first piece of a word has no ## before it."): ["##un", "##happy"],
            say(
                "No piece was found. The first one is looked up without ##, each later "
                "one with ## before it."
            ): ["[UNK]"],
            say("It stops after the first piece; go on where that piece ends."): ["un"],
            say("Those are ids; the answer is the list of pieces."): [2, 10],
        },
    )
    equal(
        answer("ab", {"[PAD]": 0, "a": 1, "##b": 2}),
        ["a", "##b"],
        say("With the vocabulary ['[PAD]', 'a', '##b'], the word 'ab'"),
        likely={say("A piece may be a single character, inside a word too."): ["[UNK]"]},
    )
    equal(
        answer("unhappy", {"un": 1, "##happy": 0}),
        ["un", "##happy"],
        say("With a vocabulary in which '##happy' has the id 0, the word 'unhappy'"),
        likely={
            say("The id 0 counts as False: ask whether the piece is `in` the vocabulary."): [
                "[UNK]"
            ]
        },
    )
    equal(
        answer(" a", {"a": 0, "##a": 1}),
        ["[UNK]"],
        say("With the vocabulary ['a', '##a'], the word ' a'"),
        likely={say("White space is the pre-tokenizer's work, not WordPiece's."): ["a"]},
    )
    equal(
        answer("e\u0301", {"e": 0, "##\u0301": 1, "\u00e9": 2}),
        ["e", "##\u0301"],
        say("For a letter and an accent of its own, both in the vocabulary"),
        likely={say("Joining accents is the normalizer's work, not WordPiece's."): ["\u00e9"]},
    )
    small = {"[UNK]": 0, "a": 1, "ab": 2, "##bc": 3}
    equal(
        answer("abc", small),
        ["[UNK]"],
        say("With the vocabulary {1}, the word 'abc'", list(small)),
        likely={
            say(
                "Greedy means that a piece once taken stays taken: after 'ab' no piece fits 'c'."
            ): [
                "a",
                "##bc",
            ],
            say("Where any piece is missing, the whole word is unknown, not its rest."): [
                "ab",
                "[UNK]",
            ],
            say("Where any piece is missing, the whole word is unknown; yours drops the rest."): [
                "ab"
            ],
            say("No piece fits, and the answer is empty: what stands for an unknown word?"): [],
        },
    )
    equal(
        answer("xy", small),
        ["[UNK]"],
        say("With the vocabulary {1}, the word 'xy'", list(small)),
        likely={
            say("One mark for the whole word, not one per character."): ["[UNK]", "[UNK]"],
            say("No piece fits, and the answer is empty: what stands for an unknown word?"): [],
        },
    )
    equal(
        answer("Ab", small),
        ["[UNK]"],
        say("With the vocabulary {1}, the word 'Ab'", list(small)),
        likely={say("Lower-casing is the normalizer's work, not WordPiece's."): ["ab"]},
    )
    long = {"a": 0, "##a": 1, "aaaa": 2}
    equal(
        answer("aaaa", long, max_chars=3),
        ["[UNK]"],
        say("With the vocabulary {1} and max_chars=3, the word 'aaaa'", list(long)),
        likely={
            say("A word longer than `max_chars` is unknown even if it is in the vocabulary."): [
                "aaaa"
            ],
            say("`max_chars` is a limit for the word, not for a piece."): [
                "a",
                "##a",
                "##a",
                "##a",
            ],
            say("It cuts the word; a word that is too long is unknown as a whole."): [
                "a",
                "##a",
                "##a",
            ],
        },
    )
    equal(
        answer("aaaa", long, max_chars=4),
        ["aaaa"],
        say("With the vocabulary {1} and max_chars=4, the word 'aaaa'", list(long)),
        likely={say("A word of just `max_chars` characters is not too long."): ["[UNK]"]},
    )
    equal(
        answer("aaa", long, max_chars=3),
        ["a", "##a", "##a"],
        say("With the vocabulary {1} and max_chars=3, the word 'aaa'", list(long)),
        likely={say("A word of just `max_chars` characters is not too long."): ["[UNK]"]},
    )
    equal(
        answer("éé", {"éé": 0}, max_chars=2),
        ["éé"],
        say("With the vocabulary ['éé'] and max_chars=2, the word 'éé'"),
        likely={say("`max_chars` counts characters, not bytes."): ["[UNK]"]},
    )
    equal(
        answer("xy", small, unk="<unk>"),
        ["<unk>"],
        say("With unk='<unk>', a word without any piece"),
        likely={say("The mark of an unknown word is an argument, `unk`."): ["[UNK]"]},
    )
    equal(
        answer("", small),
        [],
        say("The empty word"),
        likely={say("Nothing to cut is not the same as unknown."): ["[UNK]"]},
    )


@examples("pad_batch")
def _(answer: Any) -> None:
    given = say("For [[101, 7, 102], [101, 102]] the batch")
    got = unchanged(answer, [[101, 7, 102], [101, 102]], given=given)
    _batch(
        got,
        [[101, 7, 102], [101, 102, 0]],
        [[1, 1, 1], [1, 1, 0]],
        given,
        {say("Padding goes to the right of a sequence."): [[101, 7, 102], [0, 101, 102]]},
        {say("The mask is 1 for a real token and 0 for padding."): [[0, 0, 0], [0, 0, 1]]},
    )
    _batch(
        unchanged(answer, [[101, 5, 6, 7, 102]], 0, 3, given=say("Cutting to max_length=3")),
        [[101, 5, 102]],
        [[1, 1, 1]],
        say("For [[101, 5, 6, 7, 102]] and max_length=3 the batch"),
        {
            say("The end is cut off with its [SEP]; the last token must stay."): [[101, 5, 6]],
            say("The front is cut off; keep the front and the last token."): [[6, 7, 102]],
            say("One token too many: the kept last token counts too."): [[101, 5, 6, 102]],
            say("The longest was measured before the cut."): [[101, 5, 102, 0, 0]],
            say("Nothing was cut."): [[101, 5, 6, 7, 102]],
            say("`max_length` counts all tokens, special ones too."): [[101, 102]],
        },
    )
    _batch(
        answer([[101, 5, 6, 102], [101, 102]], max_length=9),
        [[101, 5, 6, 102], [101, 102, 0, 0]],
        [[1, 1, 1, 1], [1, 1, 0, 0]],
        say("For [[101, 5, 6, 102], [101, 102]] and max_length=9 the batch"),
        {
            say("That pads to `max_length`; pad to the longest of the batch."): [
                [101, 5, 6, 102, 0, 0, 0, 0, 0],
                [101, 102, 0, 0, 0, 0, 0, 0, 0],
            ]
        },
    )
    _batch(
        answer([[1, 2, 3, 4], [5]], max_length=2),
        [[1, 4], [5, 0]],
        [[1, 1], [1, 0]],
        say("For [[1, 2, 3, 4], [5]] and max_length=2 the batch"),
        {say("The longest was measured before the cut."): [[1, 4, 0, 0], [5, 0, 0, 0]]},
    )
    _batch(
        answer([[5, 0, 9], [6]], pad_id=9),
        [[5, 0, 9], [6, 9, 9]],
        [[1, 1, 1], [1, 0, 0]],
        say("For [[5, 0, 9], [6]] and pad_id=9 the batch"),
        {say("It pads with 0 instead of `pad_id`."): [[5, 0, 9], [6, 0, 0]]},
        {
            say("The mask asks which ids are not 0; it must follow from the lengths."): [
                [1, 0, 1],
                [1, 1, 1],
            ],
            say(
                "The mask asks which ids differ from `pad_id`, but a real token may have "
                "that id; it must follow from the lengths."
            ): [[1, 1, 0], [1, 0, 0]],
        },
    )
    given = say("For [[], [7]] and max_length=2 the batch")
    likely = say(
        "An empty sequence has no last token; only a sequence that is cut is asked for it."
    )
    got = runs(lambda: answer([[], [7]], max_length=2), given, likely)
    _batch(got, [[0], [7]], [[0], [1]], given, {})
    _empty_rows(runs(lambda: answer([[], []]), say("For [[], []] the batch")))
    _batch(
        answer([[5], [6, 7]], pad_id=-100),
        [[5, -100], [6, 7]],
        [[1, 0], [1, 1]],
        say("For [[5], [6, 7]] and pad_id=-100 the batch"),
        {},
    )
    for wrong, likely in (
        (1, say("Check it first, even where no sequence is long enough to be cut.")),
        (0, say("`if max_length:` skips 0; ask `is not None`.")),
    ):
        raises(
            lambda wrong=wrong: answer([[7]], max_length=wrong),
            ValueError,
            (str(wrong), "max_length"),
            say("max_length={1} for [[7]]", wrong),
            likely,
        )
    raises(
        lambda: answer([]),
        ValueError,
        "",
        say("A batch without sequences"),
        say("Empty tensors would only fail later, far from their cause."),
    )


def _batch(
    got: Any,
    input_ids: Any,
    attention_mask: Any,
    given: str,
    likely_ids: Any,
    likely_mask: Any = None,
) -> None:
    import torch

    of_type(got, dict, given)
    that(
        set(got) == {"input_ids", "attention_mask"},
        say(
            "{1} must have the keys 'input_ids' and 'attention_mask'; yours has {2}.",
            given,
            shown(list(got)),
        ),
    )
    wanted = {"input_ids": (input_ids, likely_ids), "attention_mask": (attention_mask, likely_mask)}
    for key, (rows, likely) in wanted.items():
        of_type(got[key], torch.Tensor, say("{1} (its {2})", given, key))
        mistakes = {text: torch.tensor(value) for text, value in (likely or {}).items()}
        equal(got[key], torch.tensor(rows), say("{1} (its {2})", given, key), mistakes)
        that(
            got[key].dtype == torch.int64,
            say(
                "{1} must have {2} of the dtype torch.int64; yours has {3}.",
                given,
                key,
                got[key].dtype,
            ),
        )


def _empty_rows(got: Any) -> None:
    import torch

    given = say("For [[], []] the batch")
    of_type(got, dict, given)
    for key in ("input_ids", "attention_mask"):
        that(
            tuple(got[key].shape) == (2, 0) and got[key].dtype == torch.int64,
            say(
                "{1} must have {2} of shape (2, 0) and dtype torch.int64; yours has the "
                "shape {3} and dtype {4}. A tensor made of empty lists is float32 unless "
                "you say otherwise.",
                given,
                key,
                tuple(got[key].shape),
                got[key].dtype,
            ),
        )


@examples("padding_waste")
def _(answer: Any) -> None:
    given = say("For the lengths [1, 3] in one batch of 2 the waste")
    got = answer([1, 3], 2)
    of_type(got, float, given)
    close(
        got,
        2 / 6,
        given,
        likely={
            say("It divides by the real tokens; divide by all positions."): 2 / 4,
            say("That counts padded positions; a share lies between 0 and 1."): 2.0,
            say("That is the share of real tokens; padding is the rest."): 4 / 6,
            say("That is a percentage; give a share between 0 and 1."): 100 * 2 / 6,
            say("It is rounded; leave rounding to the code that prints it."): 0.33,
        },
    )
    given = say("For the lengths [1, 1, 3, 6, 2] in batches of 2 the waste")
    lengths = [1, 1, 3, 6, 2]
    close(
        unchanged(answer, lengths, 2, given=given),
        3 / 16,
        given,
        likely={
            say("Shares of batches of different size are averaged; add up positions first."): (
                0.25 / 3
            ),
            say("Every message is padded to the longest of all; each batch has a longest."): (
                17 / 30
            ),
            say("The last batch, of one message, is left out."): 3 / 14,
            say("The last batch holds one message, yet two are counted."): 5 / 18,
            say("It sorts although `sort` is False."): 1 / 14,
            say("Messages are dealt out to the batches in turn; a batch takes neighbours."): 6 / 19,
            say("It divides by the real tokens; divide by all positions."): 3 / 13,
            say("It is rounded; leave rounding to the code that prints it."): 0.19,
        },
    )
    given = say("For the lengths [1, 1, 3, 6, 2] in batches of 2, sorted, the waste")
    close(
        unchanged(answer, lengths, 2, True, given=given),
        1 / 14,
        given,
        likely={
            say(
                "It is the unsorted one: `sort` is not used, or the result of `sorted` is dropped, "
                "or each batch is sorted by itself, which changes nothing."
            ): 3 / 16,
            say("Longest first; the shortest come first here."): 4 / 17,
            say("Messages are dealt out to the batches in turn; a batch takes neighbours."): 7 / 20,
        },
    )
    given = say("For the lengths [10, 9, 2] in batches of 2, sorted, the waste")
    close(
        answer([10, 9, 2], 2, True),
        7 / 28,
        given,
        likely={say("Sorted as texts, in which 10 comes before 2; sort numbers."): 8 / 29},
    )
    given = say("For the lengths [0, 2] in batches of 1 the waste")
    close(runs(lambda: answer([0, 2], 1), given), 0.0, given)
    given = say("For three messages of the same length the waste")
    got = answer([4, 4, 4], 5)
    close(got, 0.0, given)
    of_type(got, float, given)


@examples("compare_tokenizers")
def _(answer: Any) -> None:
    import pandas as pd

    tokenizers = {"words": _small_tokenizer("words"), "bytes": _small_tokenizer("bytes")}
    columns = ["tokens", "num_tokens", "vocab_size", "lossless"]
    given = say("For 'So glad' and the tokenizers 'words' and 'bytes' the table")
    passed = dict(tokenizers)
    got = answer("So glad", passed)
    equal(list(passed), ["words", "bytes"], say("The keys of the dict after the call"))
    of_type(got, pd.DataFrame, given)
    equal(
        list(got.index),
        ["words", "bytes"],
        say("The index of the table"),
        likely={
            say("Make the names of the tokenizers the index."): [0, 1],
            say("Keep the order of the dict."): ["bytes", "words"],
            say("The table is transposed: one row per tokenizer."): columns,
        },
    )
    that(
        got.index.name == "tokenizer",
        say(
            "The index of the table must be named 'tokenizer'; yours is named {1}.",
            shown(got.index.name),
        ),
    )
    that(
        set(got.columns) == set(columns),
        say(
            "The table must have the columns {1}; yours has {2}.",
            columns,
            sorted(map(str, got.columns)),
        ),
    )
    of_type(got.loc["words", "tokens"], list, say("A row's `tokens`"))
    equal(
        got.loc["words", "tokens"],
        ["so", "glad"],
        say("'So glad' cut by 'words'"),
        likely={
            say("Leave the special tokens out."): ["[CLS]", "so", "glad", "[SEP]"],
            say("Those are ids; turn them into tokens."): [3, 4],
            say("Those are ids, with special tokens."): [1, 3, 4, 2],
            say("That splits at white space; ask the tokenizer."): ["So", "glad"],
        },
    )
    equal(
        got.loc["bytes", "tokens"],
        ["S", "o", "Ġ", "g", "l", "a", "d"],
        say("'So glad' cut by 'bytes'"),
        likely={
            say("Give the tokens as they are in the vocabulary, not decoded."): list("So glad"),
            say("It truncates at `model_max_length`; compare whole texts."): ["S", "o", "Ġ", "g"],
            say("Leave the special tokens out."): [
                *("[CLS]", "S", "o", "Ġ", "g", "l", "a", "d"),
                "[SEP]",
            ],
        },
    )
    equal(
        [int(count) for count in got["num_tokens"]],
        [2, 7],
        say("The column num_tokens"),
        likely={
            say("Leave the special tokens out."): [4, 9],
            say("That is the length of the text."): [7, 7],
        },
    )
    equal(
        [int(size) for size in got["vocab_size"]],
        [7, 259],
        say("The column vocab_size"),
        likely={
            say(
                "That is len(tokenizer), with tokens added later; the attribute leaves them out."
            ): [
                8,
                260,
            ],
        },
    )
    equal(
        [bool(lossless) for lossless in got["lossless"]],
        [False, True],
        say("The column lossless"),
        likely={
            say(
                "Encode without special tokens, which are no part of the text, and let "
                "`decode` join the tokens."
            ): [
                False,
                False,
            ],
            say("'words' gives 'so glad' back for 'So glad'; compare exactly, capitals too."): [
                True,
                True,
            ],
            say("It is upside down: lossless is True where the text comes back."): [True, False],
        },
    )
    equal(
        answer("glad [SEP]", {"words": tokenizers["words"]})["tokens"].iloc[0],
        ["glad", "[SEP]"],
        say("'glad [SEP]' cut by 'words'"),
        likely={say("A special token that is in the text itself belongs to it."): ["glad"]},
    )
    equal(
        answer("sos", {"words": tokenizers["words"]})["tokens"].iloc[0],
        ["so", "##s"],
        say("'sos' cut by 'words'"),
        say("Give the tokens as they are in the vocabulary, not decoded."),
    )
    plain = answer("So glad", {"plain": _small_tokenizer("words", special=False)})
    equal(
        plain["tokens"].iloc[0],
        ["so", "glad"],
        say("'So glad' cut by a tokenizer that adds no special tokens"),
        say("Not every tokenizer adds one at either end: say `add_special_tokens=False`."),
    )
    for text, tokenizer, expected, likely in (
        (
            "glad [SEP]",
            "words",
            True,
            say("Decode with the defaults: nothing that is in the text may be skipped."),
        ),
        ("so  glad", "words", False, say("One of the two spaces is lost; compare exactly.")),
        (" glad", "words", False, say("The space in front is lost; compare exactly.")),
        (" glad", "bytes", True, say("Give the tokenizer the text as it is, outer spaces too.")),
    ):
        row = answer(text, {tokenizer: tokenizers[tokenizer]}).iloc[0]
        given = say("For {1} and the tokenizer {2}, lossless", shown(text), shown(tokenizer))
        equal(bool(row["lossless"]), expected, given, likely)


def _small_tokenizer(kind: str, special: bool = True) -> Any:
    """Return a real tokenizer, of lower-cased words or of bytes, with one token added later."""
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    marks = ["[UNK]", "[CLS]", "[SEP]"]
    if kind == "words":
        pieces = [*marks, "so", "glad", "i", "##s"]
        backend = Tokenizer(models.WordPiece({p: i for i, p in enumerate(pieces)}))
        backend.normalizer = normalizers.BertNormalizer(lowercase=True)
        backend.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        backend.decoder = decoders.WordPiece()
    else:
        pieces = [*marks, *sorted(pre_tokenizers.ByteLevel.alphabet())]
        backend = Tokenizer(models.BPE({p: i for i, p in enumerate(pieces)}, []))
        backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        backend.decoder = decoders.ByteLevel()
    backend.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]" if special else "$A",
        special_tokens=[("[CLS]", 1), ("[SEP]", 2)],
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
