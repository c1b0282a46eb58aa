"""Test splits enter the sandbox without their labels."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from grading.sandbox.contents import environment, shared_paths
from grading.sandbox.unlabelled import unlabelled_splits


def split(path, labels):
    path.parent.mkdir(parents=True, exist_ok=True)
    table = pa.table({"text": [f"row {n}" for n in range(len(labels))], "label": labels})
    pq.write_table(table.replace_schema_metadata({"huggingface": "names"}), path)


def test_test_splits_lose_their_labels_and_nothing_else(tmp_path):
    for name in ("train", "test"):
        split(tmp_path / f"{name}.parquet", [2, 1, 1])
    ((copy, inside),) = unlabelled_splits({str(tmp_path): "/course/mirror"}).items()
    assert inside == "/course/mirror/test.parquet"
    original, unlabelled = pq.read_table(tmp_path / "test.parquet"), pq.read_table(copy)
    assert unlabelled["label"].to_pylist() == [0, 0, 0]
    assert unlabelled["text"].equals(original["text"])
    assert unlabelled.schema.equals(original.schema, check_metadata=True)


def test_links_are_followed_to_the_file(tmp_path):
    hub = tmp_path / "hub"
    split(hub / "blobs" / "abc", [1, 2])
    link = hub / "snapshots" / "test-00000-of-00001.parquet"
    link.parent.mkdir()
    link.symlink_to("../blobs/abc")
    assert list(unlabelled_splits({str(hub): "/course/hub"}).values()) == ["/course/hub/blobs/abc"]


def test_no_dataset_of_the_hub_s_cache_enters_whatever_its_files_are_called(tmp_path, monkeypatch):
    """A conversion to Parquet, or a config with all rows, also has the labels of the test split."""
    hub = tmp_path / "hub"
    for name in (
        "snapshots/abc/split/test-00000-of-00001.parquet",
        "snapshots/convert/default/test/0000.parquet",
        "snapshots/abc/unsplit/train-00000-of-00001.parquet",
    ):
        split(hub / "datasets--dair-ai--emotion" / name, [1, 2])
    model = hub / "models--distilbert" / "snapshots" / "abc" / "config.json"
    model.parent.mkdir(parents=True)
    model.write_text("{}")
    monkeypatch.setenv("HF_HUB_CACHE", str(hub))
    shared = shared_paths()
    assert not [path for path in shared if "datasets--" in path]
    assert not [path for path in shared.values() if "datasets--" in path]
    assert shared[str(hub / "models--distilbert")] == "/course/hub/models--distilbert"
    assert environment()["HF_HUB_CACHE"] == "/course/hub"


def test_a_split_that_changes_is_read_again(tmp_path):
    split(tmp_path / "test.parquet", [2, 1])
    (first,) = unlabelled_splits({str(tmp_path): "/m"})
    split(tmp_path / "test.parquet", [2, 1, 0])
    (second,) = unlabelled_splits({str(tmp_path): "/m"})
    assert [pq.read_table(path).num_rows for path in (first, second)] == [2, 3]


def test_every_embedded_test_split_is_replaced_and_no_generator_shared():
    shared = shared_paths()
    inside = set(shared.values())
    for corpus in ("emotion", "tweet_emotion", "stance_climate", "imdb"):
        assert f"/course/data/{corpus}/test.parquet" in inside
    outside = [Path(path) for path in shared]
    assert not [path for path in outside if path.name in ("data", "generator", "material")]
