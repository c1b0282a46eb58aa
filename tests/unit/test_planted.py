"""The key to planted labels fits the embedded corpus, and no other copy of the data."""

import pandas as pd
import pytest

from helpers.data import load
from helpers.planted import planted_errors


@pytest.fixture(scope="module")
def emotion():
    return load("emotion", source="embedded")


def test_key_names_the_labels_that_the_corpus_contains(emotion):
    key = planted_errors("emotion", emotion)
    for split, rows in emotion.items():
        planted = key[key["split"] == split]
        names = rows.features["label"]
        standing = [names.int2str(rows[int(row)]["label"]) for row in planted["row"]]
        assert standing == planted["label"].tolist()
    assert (key["label"] != key["true_label"]).all()


def test_key_says_how_many_labels_were_planted(emotion, capsys):
    key = planted_errors("emotion", emotion)
    count = int((key["split"] == "train").sum())
    assert f"train {count}" in capsys.readouterr().out


def test_another_copy_of_the_data_has_no_key(emotion, capsys):
    other = emotion.map(lambda row: {"text": row["text"] + "."})
    assert planted_errors("emotion", other) is None
    assert "this data has no key" in capsys.readouterr().out


def test_rows_in_another_order_have_no_key(emotion):
    assert planted_errors("emotion", emotion.shuffle(seed=1)) is None


def test_corpus_without_planted_labels_has_no_key():
    assert planted_errors("stance_climate", load("stance_climate", source="embedded")) is None


def test_unknown_dataset_is_refused(emotion):
    with pytest.raises(ValueError, match="no_such_data"):
        planted_errors("no_such_data", emotion)


def test_key_is_a_frame_of_four_columns(emotion):
    key = planted_errors("emotion", emotion)
    assert isinstance(key, pd.DataFrame)
    assert list(key.columns) == ["split", "row", "label", "true_label"]
