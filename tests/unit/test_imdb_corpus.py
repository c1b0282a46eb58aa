"""The embedded corpus of film reviews: long, mixed, with the verdict near the end."""

import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from datasets import Dataset
from generator import duplicates, imdb
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "data" / "imdb"
NAMES = ["neg", "pos"]
ROWS = {"train": 2_000, "test": 2_000}


# A corpus changes rarely, and these tests take minutes.
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def splits() -> dict[str, pd.DataFrame]:
    return {name: pd.read_parquet(FOLDER / f"{name}.parquet") for name in ROWS}


@pytest.fixture(scope="module")
def words(splits) -> pd.Series:
    return pd.concat(splits.values())["text"].str.split().str.len()


@pytest.mark.parametrize("split", ROWS)
def test_the_label_is_a_class_label_with_both_names_in_order(split, tmp_path):
    dataset = Dataset.from_parquet(str(FOLDER / f"{split}.parquet"), cache_dir=str(tmp_path))
    assert dataset.features["label"].names == NAMES
    assert dataset.column_names == ["text", "label"]


@pytest.mark.parametrize("split", ROWS)
def test_either_class_has_half_of_the_reviews(splits, split):
    assert splits[split]["label"].value_counts().tolist() == [1_000, 1_000]


def test_reviews_are_about_as_long_as_real_ones(words):
    assert 155 <= words.median() <= 185
    assert words.min() >= 25


def test_some_reviews_do_not_fit_into_512_tokens(words):
    assert (words > 500).mean() >= 0.04


def test_positive_and_negative_reviews_are_equally_long(splits):
    frame = pd.concat(splits.values())
    medians = frame["text"].str.split().str.len().groupby(frame["label"]).median()
    assert abs(medians[0] - medians[1]) <= 12


def test_no_review_is_in_two_splits(splits):
    assert not set(splits["train"]["text"]) & set(splits["test"]["text"])


def test_short_reviews_do_not_nearly_repeat_each_other(splits):
    texts = pd.concat(splits.values())["text"]
    seen = duplicates.Seen()
    for text in texts[texts.str.split().str.len() < 110]:
        assert not seen.neighbours(text), text
        seen.add(text)


def test_no_film_has_reviews_in_both_splits():
    shared = imdb.read_material(ROOT / "data" / "material" / "imdb" / "films.txt")
    shared |= imdb.read_material(ROOT / "data" / "material" / "imdb" / "plots.txt")
    titles = [film["film"][0] for _, film in imdb.invent_films(shared)]
    assert len(set(titles)) == len(titles)
    assert not set(titles[0::2]) & set(titles[1::2])


def test_no_slot_or_join_of_the_generator_shows(splits):
    for text in pd.concat(splits.values())["text"]:
        assert not re.search(r"[{}|]|  | [.,;]|\?\.", text), text


def test_counting_words_tells_most_reviews_but_not_all(splits):
    model = make_pipeline(
        TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True),
        LogisticRegression(C=10, max_iter=1000),
    ).fit(splits["train"]["text"], splits["train"]["label"])
    assert 0.85 <= model.score(splits["test"]["text"], splits["test"]["label"]) <= 0.93


def test_the_end_of_a_long_review_tells_more_than_its_beginning(splits):
    parts = {}
    for part, cut in (("head", slice(None, 100)), ("tail", slice(-100, None))):
        texts = {
            name: frame["text"].str.split().str[cut].str.join(" ") for name, frame in splits.items()
        }
        model = make_pipeline(TfidfVectorizer(min_df=2), LogisticRegression(C=10, max_iter=1000))
        model.fit(texts["train"], splits["train"]["label"])
        long = splits["test"]["text"].str.split().str.len() > 250
        parts[part] = model.score(texts["test"][long], splits["test"]["label"][long])
    assert parts["tail"] > parts["head"] + 0.05


def test_the_manifest_names_every_file_with_its_checksum(splits):
    files = json.loads((FOLDER / "manifest.json").read_text(encoding="utf-8"))["files"]
    assert set(files) == {path.name for path in FOLDER.glob("*.parquet")}
    for name, entry in files.items():
        assert entry["sha256"] == hashlib.sha256((FOLDER / name).read_bytes()).hexdigest()
        assert entry["rows"] == len(splits[name.removesuffix(".parquet")])


def test_the_generator_gives_the_files_that_are_committed():
    command = [sys.executable, str(ROOT / "data" / "generate.py"), "imdb", "--check"]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
