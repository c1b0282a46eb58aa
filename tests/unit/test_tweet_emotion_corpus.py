"""The embedded tweet_emotion corpus behaves like the dataset that it stands in for."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import measure
import numpy as np
import pandas as pd
import pytest
from datasets import Dataset
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from helpers.data import load

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "data" / "tweet_emotion"
NAMES = ["anger", "joy", "optimism", "sadness"]
ROWS = {"train": 3_257, "validation": 374, "test": 1_421}
REAL_SHARES = {
    "train": [0.430, 0.217, 0.090, 0.263],
    "validation": [0.428, 0.259, 0.075, 0.238],
    "test": [0.393, 0.252, 0.087, 0.269],
}
EMOJI = "[\u2600-\u27bf\U0001f300-\U0001faff]"


# A corpus changes rarely, and these tests take minutes.
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def splits() -> dict[str, pd.DataFrame]:
    return measure.load(FOLDER)[0]


@pytest.fixture(scope="module")
def facts(splits) -> dict:
    return measure.describe(splits, NAMES)


@pytest.fixture(scope="module")
def planted() -> pd.DataFrame:
    return pd.read_parquet(FOLDER / "planted.parquet")


def accuracy_of_counting_words(splits) -> float:
    model = make_pipeline(TfidfVectorizer(), LogisticRegression(max_iter=2000))
    model.fit(splits["train"]["text"], splits["train"]["label"])
    return model.score(splits["test"]["text"], splits["test"]["label"])


def test_the_course_loads_it_by_name():
    dataset = load("tweet_emotion", source="embedded")
    assert {split: rows.num_rows for split, rows in dataset.items()} == ROWS
    assert dataset["train"].features["label"].names == NAMES


@pytest.mark.parametrize("split", ROWS)
def test_the_label_is_a_class_label_with_the_four_names_in_order(split, tmp_path):
    dataset = Dataset.from_parquet(str(FOLDER / f"{split}.parquet"), cache_dir=str(tmp_path))
    assert dataset.features["label"].names == NAMES
    assert dataset.features["text"].dtype == "string"
    assert dataset.column_names == ["text", "label"]


def test_each_split_has_as_many_rows_as_the_real_one(facts):
    assert facts["rows"] == ROWS


@pytest.mark.parametrize("split", ROWS)
def test_each_class_has_its_real_share_within_a_point_and_a_half(splits, split):
    shares = splits[split]["label"].value_counts(normalize=True)
    for label, real in enumerate(REAL_SHARES[split]):
        assert shares[label] == pytest.approx(real, abs=0.015), NAMES[label]


def test_posts_are_as_long_as_the_real_ones(facts):
    assert facts["words_median"] == pytest.approx(17, rel=0.2)
    assert facts["words_p95"] == pytest.approx(26, rel=0.2)
    assert facts["words_longest"] <= 36


def test_posts_mention_people_and_carry_hashtags_and_emoji_as_often_as_the_real_ones(splits):
    texts = pd.concat(splits.values())["text"]
    assert texts.str.contains("@user").mean() == pytest.approx(0.44, abs=0.06)
    assert texts.str.contains("#").mean() == pytest.approx(0.45, abs=0.06)
    assert texts.str.contains(EMOJI).mean() == pytest.approx(0.16, abs=0.06)


def test_some_posts_are_lower_case_and_most_are_not(splits):
    texts = pd.concat(splits.values())["text"]
    assert (texts == texts.str.lower()).mean() == pytest.approx(0.13, abs=0.04)


def test_no_slot_or_join_of_the_generator_shows(splits):
    for frame in splits.values():
        assert not frame["text"].str.contains(r"[{}|]|  |^\s|\s$| [.,!?]").any()


def test_no_text_is_in_two_splits(facts):
    assert facts["in_two_splits"] == 0


def test_no_text_is_twice_in_a_split(splits):
    for frame in splits.values():
        assert frame["text"].is_unique


def test_near_duplicates_are_rare(facts):
    assert facts["near_duplicates"] < 0.01


def test_anger_alone_is_right_in_four_of_ten_test_rows(splits):
    assert splits["train"]["label"].mode()[0] == NAMES.index("anger")
    share = (splits["test"]["label"] == NAMES.index("anger")).mean()
    assert share == pytest.approx(0.393, abs=0.015)


def test_counting_words_is_right_about_as_often_as_on_the_real_posts(splits):
    assert accuracy_of_counting_words(splits) == pytest.approx(0.64, abs=0.05)


def test_counting_words_is_as_right_on_the_real_posts_as_the_test_above_assumes(mirror):
    real = measure.load(mirror / "datasets" / "cardiffnlp" / "tweet_eval" / "emotion")[0]
    assert accuracy_of_counting_words(real) == pytest.approx(0.64, abs=0.005)


@pytest.mark.parametrize("split", ROWS)
def test_three_per_cent_of_each_split_are_planted_wrong(planted, split):
    rows = planted.loc[planted["split"] == split, "row"]
    assert rows.is_unique
    assert len(rows) / ROWS[split] == pytest.approx(0.03, abs=0.004)


def test_a_planted_label_is_in_its_split_and_differs_from_the_true_one(splits, planted):
    for split, key in planted.groupby("split"):
        given = splits[split]["label"].to_numpy()[key["row"]]
        assert [NAMES[label] for label in given] == list(key["label"])
    assert (planted["label"] != planted["true_label"]).all()


def test_planting_keeps_the_sizes_of_the_classes(planted):
    for _, key in planted.groupby("split"):
        np.testing.assert_array_equal(
            key["label"].value_counts().sort_index(), key["true_label"].value_counts().sort_index()
        )


def test_the_manifest_holds_rows_and_checksum_of_every_file():
    files = json.loads((FOLDER / "manifest.json").read_text(encoding="utf-8"))["files"]
    assert set(files) == {path.name for path in FOLDER.glob("*.parquet")}
    for name, entry in files.items():
        path = FOLDER / name
        assert entry["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
        assert entry["rows"] == len(pd.read_parquet(path))


def test_all_files_together_stay_under_one_megabyte():
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 2**20


def test_the_generator_gives_the_files_that_are_committed():
    command = [sys.executable, str(ROOT / "data" / "generate.py"), "tweet_emotion", "--check"]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
