"""The embedded emotion corpus behaves like the dataset that it stands in for."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import measure
import pandas as pd
import pytest
from datasets import Dataset
from sklearn.model_selection import cross_val_predict

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "data" / "emotion"
NAMES = ["sadness", "joy", "love", "anger", "fear", "surprise"]
REAL_SHARES = [0.292, 0.335, 0.082, 0.135, 0.121, 0.036]
ROWS = {"train": 16_000, "validation": 2_000, "test": 2_000}


# A corpus changes rarely, and these tests take minutes.
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def splits() -> dict[str, pd.DataFrame]:
    return measure.load(FOLDER)[0]


@pytest.fixture(scope="module")
def facts(splits) -> dict:
    return measure.describe(splits, NAMES)


@pytest.fixture(scope="module")
def baselines(splits) -> dict:
    return measure.baseline_accuracies(splits)


@pytest.fixture(scope="module")
def planted() -> pd.DataFrame:
    return pd.read_parquet(FOLDER / "planted.parquet")


@pytest.fixture(scope="module")
def tuned(splits) -> dict:
    """Return the scores of the course's classifier; lessons 5 and 6 find it in the cache."""
    return measure.fine_tune(splits, NAMES)


@pytest.mark.parametrize("split", ROWS)
def test_the_label_is_a_class_label_with_the_six_names_in_order(split, tmp_path):
    dataset = Dataset.from_parquet(str(FOLDER / f"{split}.parquet"), cache_dir=str(tmp_path))
    assert dataset.features["label"].names == NAMES
    assert dataset.features["text"].dtype == "string"
    assert dataset.column_names == ["text", "label"]


def test_each_split_has_as_many_rows_as_the_real_one(facts):
    assert facts["rows"] == ROWS


@pytest.mark.parametrize("split", ROWS)
def test_each_class_has_its_real_share_within_one_point(splits, split):
    shares = splits[split]["label"].value_counts(normalize=True)
    for label, real in enumerate(REAL_SHARES):
        assert shares[label] == pytest.approx(real, abs=0.01), NAMES[label]


def test_texts_are_lower_case_letters_and_single_spaces(splits):
    for frame in splits.values():
        assert frame["text"].str.fullmatch(r"[a-z]+( [a-z]+)*").all()


def test_texts_are_as_long_as_the_real_ones(facts):
    assert 15 <= facts["words_median"] <= 20
    assert 35 <= facts["words_p95"] <= 45
    assert facts["words_longest"] <= 66


def test_the_vocabulary_has_five_thousand_words_or_more(facts):
    assert facts["distinct_words"] >= 5_000


def test_no_text_is_in_two_splits(facts):
    assert facts["in_two_splits"] == 0


def test_no_text_is_twice_in_a_split(splits):
    for frame in splits.values():
        assert frame["text"].is_unique


def test_near_duplicates_are_rare(facts):
    assert facts["near_duplicates"] < 0.03


def test_the_most_frequent_class_alone_is_right_in_a_third_of_cases(baselines):
    assert 0.33 <= baselines["most_frequent_class"] <= 0.36


def test_counting_words_leaves_room_for_a_transformer(baselines):
    assert 0.80 <= baselines["tfidf_lr"] <= 0.90


def test_mean_pooled_features_do_worse_than_counting_words(splits, baselines):
    accuracy = measure.feature_accuracy(splits)
    assert 0.62 <= accuracy <= 0.76
    assert accuracy < baselines["tfidf_lr"]


@pytest.mark.parametrize("split", ROWS)
def test_three_per_cent_of_each_split_are_planted_wrong(planted, split):
    rows = planted.loc[planted["split"] == split, "row"]
    assert rows.is_unique
    assert len(rows) / ROWS[split] == pytest.approx(0.03, abs=0.001)


def test_a_planted_label_is_in_its_split_and_differs_from_the_true_one(splits, planted):
    for split, key in planted.groupby("split"):
        given = splits[split]["label"].to_numpy()[key["row"]]
        assert [NAMES[label] for label in given] == list(key["label"])
    assert (planted["label"] != planted["true_label"]).all()


def test_love_and_joy_are_the_pair_that_is_planted_most(planted):
    pairs = planted[["label", "true_label"]].apply(frozenset, axis=1).value_counts()
    assert pairs.index[0] == frozenset({"love", "joy"})


def test_the_manifest_holds_rows_and_checksum_of_every_file():
    files = json.loads((FOLDER / "manifest.json").read_text(encoding="utf-8"))["files"]
    assert set(files) == {path.name for path in FOLDER.glob("*.parquet")}
    for name, entry in files.items():
        path = FOLDER / name
        assert entry["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
        assert entry["rows"] == len(pd.read_parquet(path))


def test_all_files_together_stay_under_three_megabytes():
    assert sum(path.stat().st_size for path in FOLDER.glob("*.parquet")) < 3 * 2**20


@pytest.mark.thorough
def test_the_generator_gives_the_files_that_are_committed():
    command = [sys.executable, str(ROOT / "data" / "generate.py"), "emotion", "--check"]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.training
def test_fine_tuning_is_as_accurate_as_on_the_real_data(tuned):
    assert 0.90 <= tuned["validation_accuracy"] <= 0.95


@pytest.mark.training
def test_the_small_classes_pull_macro_f1_under_weighted_f1(tuned):
    assert tuned["validation_weighted_f1"] - tuned["validation_macro_f1"] >= 0.02


@pytest.mark.training
def test_love_with_joy_and_surprise_with_fear_are_confused_most(tuned):
    largest = [frozenset(pair.split("/")) for pair in tuned["validation_confusions"]][:2]
    assert set(largest) == {frozenset({"love", "joy"}), frozenset({"surprise", "fear"})}


@pytest.mark.thorough
def test_confident_learning_finds_the_planted_labels(splits, planted):
    train = splits["train"]
    probabilities = cross_val_predict(
        measure.tfidf_classifier(), train["text"], train["label"], cv=5, method="predict_proba"
    )
    found = measure.suspects(train["label"].to_numpy(), probabilities)
    result = measure.planted_found(planted, "train", found)
    assert result["precision"] >= 0.60
    assert result["recall"] >= 0.60
