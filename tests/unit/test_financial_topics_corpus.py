"""The embedded corpus of financial headlines: twenty uneven topics that can be told apart."""

import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path

import measure
import pandas as pd
import pytest
from datasets import Dataset
from generator import duplicates
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.pipeline import make_pipeline

from helpers.data import FINANCIAL_TOPICS

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "data" / "financial_topics"
ROWS = {"train": 2_000, "validation": 500}


# A corpus changes rarely, and these tests take minutes.
pytestmark = pytest.mark.slow


def headline(text: str) -> str:
    return text.split(" https://")[0]


@pytest.fixture(scope="module")
def splits() -> dict[str, pd.DataFrame]:
    return {name: pd.read_parquet(FOLDER / f"{name}.parquet") for name in ROWS}


@pytest.mark.parametrize("split", ROWS)
def test_the_label_is_a_class_label_with_the_twenty_names_in_order(split, tmp_path):
    dataset = Dataset.from_parquet(str(FOLDER / f"{split}.parquet"), cache_dir=str(tmp_path))
    assert tuple(dataset.features["label"].names) == FINANCIAL_TOPICS
    assert dataset.column_names == ["text", "label"]


@pytest.mark.parametrize("split", ROWS)
def test_each_split_holds_every_topic(splits, split):
    assert len(splits[split]) == ROWS[split]
    assert splits[split]["label"].nunique() == len(FINANCIAL_TOPICS)


def test_topics_are_uneven_and_the_smallest_have_few_examples(splits):
    shares = splits["train"]["label"].value_counts(normalize=True)
    assert 0.17 <= shares.iloc[0] <= 0.22
    assert (splits["train"]["label"].value_counts() <= 13).sum() == 3


def test_headlines_are_short(splits):
    words = pd.concat(splits.values())["text"].str.split().str.len()
    assert 7 <= words.median() <= 12
    assert words.max() <= 25


def test_no_headline_nearly_repeats_another_whatever_its_link(splits):
    seen = duplicates.Seen()
    for text in pd.concat(splits.values())["text"].map(headline):
        assert not seen.neighbours(text), text
        seen.add(text)


def test_no_slot_or_join_of_the_generator_shows(splits):
    for text in pd.concat(splits.values())["text"]:
        assert not re.search(r"[{}|]|  | [,:;]|\$\$", text), text


def test_links_lead_nowhere(splits):
    for text in pd.concat(splits.values())["text"]:
        assert set(re.findall(r"https?://([^/ ]+)", text)) <= {"news.example"}


def test_counting_words_tells_most_topics_but_not_all(splits):
    model = make_pipeline(
        TfidfVectorizer(ngram_range=(1, 2)), LogisticRegression(C=10, max_iter=1000)
    )
    model.fit(splits["train"]["text"], splits["train"]["label"])
    predicted = model.predict(splits["validation"]["text"])
    assert 0.60 <= f1_score(splits["validation"]["label"], predicted, average="macro") <= 0.88


def test_mean_pooled_features_reach_a_macro_f1_of_three_quarters(splits):
    pooled = {name: measure.mean_pooled(list(frame["text"])) for name, frame in splits.items()}
    model = LogisticRegression(max_iter=2000).fit(pooled["train"], splits["train"]["label"])
    predicted = model.predict(pooled["validation"])
    assert f1_score(splits["validation"]["label"], predicted, average="macro") >= 0.75


def test_the_manifest_names_every_file_with_its_checksum(splits):
    files = json.loads((FOLDER / "manifest.json").read_text(encoding="utf-8"))["files"]
    assert set(files) == {path.name for path in FOLDER.glob("*.parquet")}
    for name, entry in files.items():
        assert entry["sha256"] == hashlib.sha256((FOLDER / name).read_bytes()).hexdigest()
        assert entry["rows"] == len(splits[name.removesuffix(".parquet")])


def test_the_generator_gives_the_files_that_are_committed():
    command = [sys.executable, str(ROOT / "data" / "generate.py"), "financial_topics", "--check"]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
