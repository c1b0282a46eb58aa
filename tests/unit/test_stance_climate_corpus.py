"""The embedded corpus of climate posts teaches the same as the dataset that it replaces."""

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
from generator import duplicates
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.pipeline import make_pipeline

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "data" / "stance_climate"
NAMES = ["none", "against", "favor"]
COUNTS = {"train": [151, 13, 191], "validation": [17, 2, 21], "test": [35, 11, 123]}


# A corpus changes rarely, and these tests take minutes.
pytestmark = pytest.mark.slow


def stance_score(truth, predicted) -> float:
    return f1_score(truth, predicted, average=None, labels=[0, 1, 2], zero_division=0)[1:].mean()


@pytest.fixture(scope="module")
def splits() -> dict[str, pd.DataFrame]:
    return {name: pd.read_parquet(FOLDER / f"{name}.parquet") for name in COUNTS}


@pytest.fixture(scope="module")
def features(splits) -> dict[str, np.ndarray]:
    pooled = {name: measure.mean_pooled(list(frame["text"])) for name, frame in splits.items()}
    return {
        name: rows / np.linalg.norm(rows, axis=1, keepdims=True) for name, rows in pooled.items()
    }


@pytest.mark.parametrize("split", COUNTS)
def test_the_label_is_a_class_label_with_the_three_names_in_order(split, tmp_path):
    dataset = Dataset.from_parquet(str(FOLDER / f"{split}.parquet"), cache_dir=str(tmp_path))
    assert dataset.features["label"].names == NAMES
    assert dataset.column_names == ["text", "label"]


@pytest.mark.parametrize("split", COUNTS)
def test_each_class_has_as_many_posts_as_in_the_real_split(splits, split):
    assert splits[split]["label"].value_counts().sort_index().tolist() == COUNTS[split]


def test_posts_are_about_as_long_as_real_ones(splits):
    words = pd.concat(splits.values())["text"].str.split().str.len()
    assert 13 <= words.median() <= 17
    assert words.max() <= 27


def test_posts_carry_hashtags_and_mentions(splits):
    texts = pd.concat(splits.values())["text"]
    assert texts.str.contains("#").mean() > 0.5
    assert texts.str.contains("@user").mean() > 0.05


def test_no_post_nearly_repeats_another(splits):
    seen = duplicates.Seen(0.6)
    for text in pd.concat(splits.values())["text"]:
        assert not seen.neighbours(text), text
        seen.add(text)


def test_counting_words_hardly_finds_a_post_against(splits):
    model = make_pipeline(TfidfVectorizer(ngram_range=(1, 2)), LogisticRegression(C=10))
    model.fit(splits["train"]["text"], splits["train"]["label"])
    predicted = model.predict(splits["test"]["text"])
    assert stance_score(splits["test"]["label"], predicted) < 0.45


def test_class_weights_on_sentence_embeddings_find_what_plain_training_misses(splits, features):
    scores = {}
    for weight, strength in ((None, 10.0), ("balanced", 1.0)):
        model = LogisticRegression(C=strength, class_weight=weight, max_iter=2000)
        model.fit(features["train"], splits["train"]["label"])
        predicted = model.predict(features["test"])
        scores[weight] = stance_score(splits["test"]["label"], predicted)
    assert scores[None] < 0.50
    assert scores["balanced"] >= 0.60


def test_the_manifest_names_every_file_with_its_checksum(splits):
    files = json.loads((FOLDER / "manifest.json").read_text(encoding="utf-8"))["files"]
    assert set(files) == {path.name for path in FOLDER.glob("*.parquet")}
    for name, entry in files.items():
        assert entry["sha256"] == hashlib.sha256((FOLDER / name).read_bytes()).hexdigest()
        assert entry["rows"] == len(splits[name.removesuffix(".parquet")])


def test_the_generator_gives_the_files_that_are_committed():
    command = [sys.executable, str(ROOT / "data" / "generate.py"), "stance_climate", "--check"]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
