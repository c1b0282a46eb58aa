"""Awkward inputs are what they claim to be, and the same generator draws the same inputs."""

import numpy as np
import pytest
from datasets import ClassLabel, Dataset, DatasetDict, Features, Value

from grading.judging import awkward
from grading.testing import awkward as public

SEEDS = range(20)


def splits():
    features = Features({"text": Value("string"), "label": ClassLabel(names=["a", "b"])})
    rows = {"text": ["so", "it", "is"], "label": [0, 1, 1]}
    return DatasetDict(zeta=Dataset.from_dict(rows, features=features))


def drawn(seed):
    rng = np.random.default_rng(seed)
    return repr(
        [
            awkward.texts(rng, 20),
            awkward.tokens(rng, 20),
            awkward.names(rng, 12),
            awkward.spaced(rng, 5),
            awkward.shuffled_dict(rng, {"a": 1, "b": 2}),
            [(what, list(index)) for what, index in awkward.indexes(rng, 4)],
            list(awkward.label_cases(rng, 4)),
            [
                (what, plain["zeta"]["text"][:])
                for what, _, plain in awkward.datasets(rng, splits())
            ],
            list(awkward.tokenizers(rng)),
        ]
    )


def test_the_same_generator_draws_the_same():
    assert public is awkward
    assert drawn(3) == drawn(3)
    assert len({drawn(seed) for seed in SEEDS}) == len(SEEDS)


@pytest.mark.parametrize("seed", SEEDS)
def test_there_are_as_many_as_were_asked_for(seed):
    rng = np.random.default_rng(seed)
    for n in (0, 1, 5, 40):
        assert len(awkward.texts(rng, n)) == n
        assert len(set(awkward.tokens(rng, n))) == n
        assert len(set(awkward.names(rng, n))) == n
        assert all(len(index) == n for _, index in awkward.indexes(rng, n))
        assert len(awkward.index(rng, n)) == n
        assert len(awkward.spaced(rng, n).split()) == n


@pytest.mark.parametrize("seed", SEEDS)
def test_no_index_is_tame_by_chance(seed):
    rng = np.random.default_rng(seed)
    for n in (2, 3, 10, 60):
        index = awkward.index(rng, n)
        assert not index.is_unique
        assert 0 not in index
    assert not index.is_monotonic_increasing


def test_enough_texts_hold_one_of_each_kind():
    rng = np.random.default_rng(0)
    assert set(awkward.KINDS_OF_TEXT.values()) <= set(awkward.texts(rng, 20))
    assert "" not in awkward.texts(rng, 20, without=("nothing",))
    assert not any("\n" in text or "\r" in text for text in awkward.KINDS_OF_TEXT.values())


@pytest.mark.parametrize("seed", SEEDS)
def test_labels_are_in_range_and_of_every_kind(seed):
    for num_classes in (1, 2, 6):
        cases = dict(awkward.label_cases(np.random.default_rng(seed), num_classes))
        assert all(0 <= label < num_classes for labels in cases.values() for label in labels)
        assert len(set(cases["labels of one class"])) == 1
        assert len(cases["labels of one class"]) > 1
        assert len(cases["one label"]) == 1
        assert cases["no labels"] == []
        if num_classes > 1:
            assert 0 < len(set(cases["labels of which a class is absent"])) < num_classes


def test_keys_come_in_no_order():
    rng = np.random.default_rng(0)
    for _ in range(20):
        assert list(awkward.shuffled_dict(rng, {"a": 1, "b": 2})) == ["b", "a"]


@pytest.mark.parametrize("seed", range(3))
def test_datasets_have_the_stated_contents(seed):
    found = list(awkward.datasets(np.random.default_rng(seed), splits()))
    built = [given.build([]) if hasattr(given, "build") else given for _, given, _ in found]
    for made, (_, _, plain) in zip(built, found, strict=True):
        assert made.with_format(None)["zeta"].to_dict() == plain["zeta"].to_dict()
    assert [made["zeta"].format["type"] for made in built] == [None, None, "pandas", "numpy"]


def test_tokenizers_put_their_special_tokens_where_they_say():
    found = dict(awkward.tokenizers(np.random.default_rng(1), vocabulary=("so",), type_ids=True))
    ids = {what: made.build([])("so")["input_ids"] for what, made in found.items()}
    assert ids == {
        "special tokens at both ends": [2, 5, 3],
        "special tokens at the front": [2, 5],
        "special tokens at the end": [5, 3],
        "special tokens at no end": [5],
    }
    assert len({made.max_length for made in found.values()}) == 4
    pads = [made.build([]).pad_token_id for made in found.values()]
    assert pads == [0, 0, 3, 0]  # one pads with its own end token
    for made in found.values():
        assert "token_type_ids" in made.build([])("so")
        pair = made.build([])("so", "so")
        assert pair["token_type_ids"][-1] == 1


POOLS = {
    "syllables": ["lu", "pe", "xi", "za"],
    "tokens": ["Alpha", "alpha", "\U0001f9ed", ""],
    "names": ["calm", "Awe", "3", "20"],
    "texts": {"capitals": "LOUD and Clear", "a rhyme": "so and so"},
}


def test_pools_of_an_instructor_s_own_are_drawn_from_meanwhile():
    before = drawn(3)
    with awkward.drawn_from(awkward.checked_pools(POOLS)):
        rng = np.random.default_rng(3)
        assert set("".join(awkward.words(rng, 9))) <= set("lupexiza ")
        assert set(awkward.tokens(rng, 4)) == set(POOLS["tokens"])
        assert set(awkward.names(rng, 4)) == set(POOLS["names"])
        texts = awkward.texts(rng, len(awkward.KINDS_OF_TEXT))
        assert {"LOUD and Clear", "so and so", ""} <= set(texts)
        assert "SO Glad, iPhone" not in texts
        assert drawn(3) != before
    assert drawn(3) == before


def test_pools_are_put_back_where_a_test_stops():
    before = awkward.SYLLABLES
    with pytest.raises(KeyError), awkward.drawn_from(awkward.checked_pools(POOLS)):
        raise KeyError
    assert before is awkward.SYLLABLES


@pytest.mark.parametrize("kind", awkward.TELLING)
def test_the_public_text_of_a_kind_is_of_that_kind(kind):
    text = awkward.KINDS_OF_TEXT[kind]
    assert awkward.checked_pools({"texts": {kind: text}})["texts"] == awkward.KINDS_OF_TEXT
    with pytest.raises(ValueError, match="is not a text with"):
        awkward.checked_pools({"texts": {kind: "so it"}})


@pytest.mark.parametrize(
    ("pools", "said"),
    [
        ({"words": ["a"]}, "there is no pool 'words'"),
        ({"names": "abc"}, "names must be a list of texts"),
        ({"names": ["a", 2]}, "names must be a list of texts"),
        ({"names": ["a", "b", "c"]}, "4 or more, all different"),
        ({"tokens": ["a", "b", "c", "d", "a"]}, "4 or more, all different"),
        ({"syllables": ["lu", "pe", "xi", "z a"]}, "lower-case letters"),
        ({"texts": ["a"]}, "texts must be a table"),
        ({"texts": {"nothing": "a"}}, "leave it out"),
        ({"texts": {"two lines": "a\nb"}}, "one line with visible characters"),
        ({"texts": {"a blank": " "}}, "one line with visible characters"),
    ],
)
def test_pools_that_cannot_be_drawn_from_are_refused(pools, said):
    with pytest.raises(ValueError, match=said):
        awkward.checked_pools(pools)
