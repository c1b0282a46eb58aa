"""Loading datasets: the order of sources, the checks, and what the errors say."""

import dataclasses
import errno
import io
import json
import socket
import ssl
import subprocess
import sys
import time

import httpx2
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import requests
from huggingface_hub.errors import FileMetadataError, HfHubHTTPError, LocalEntryNotFoundError
from standin_hub import standin_hub

from helpers import sources
from helpers.data import DATASETS, checked_split, copies_at_hand, load
from helpers.mirror import fill_mirror
from helpers.sources import SourceError

NAMES = DATASETS["emotion"].label_names


def table(texts, labels, label_type=None):
    return pa.table({"text": texts, "label": pa.array(labels, label_type or pa.int64())})


def parquet_bytes(rows):
    buffer = io.BytesIO()
    pq.write_table(rows, buffer)
    return buffer.getvalue()


EMOTION_FILES = {
    f"split/{split}-00000-of-00001.parquet": parquet_bytes(table([f"{split} feels fine"], [1]))
    for split in ("train", "validation", "test")
}


@pytest.fixture
def a_mirror(tmp_path, monkeypatch):
    """Return an empty mirror, to which COURSE_MIRROR points."""
    monkeypatch.setenv("COURSE_MIRROR", str(tmp_path))
    return tmp_path


@pytest.fixture
def online(tmp_path, monkeypatch):
    """Serve emotion from a stand-in for the Hub, with an empty cache; yield the stand-in."""
    from huggingface_hub import constants
    from huggingface_hub.utils import close_session

    with standin_hub({"datasets/dair-ai/emotion": EMOTION_FILES}) as hub:
        monkeypatch.delenv("HF_HUB_OFFLINE")
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
        monkeypatch.setattr(constants, "ENDPOINT", hub.url)
        template = hub.url + "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub-cache"))
        monkeypatch.setattr(sources, "_hub_answers", None)
        close_session()
        yield hub
        close_session()


def fill(mirror, rows, splits=("train", "validation", "test")):
    folder = mirror / "datasets/dair-ai/emotion"
    folder.mkdir(parents=True)
    for split in splits:
        pq.write_table(rows, folder / f"{split}.parquet")
    return folder


def test_load_takes_the_mirror_before_the_embedded_corpus(a_mirror, capsys):
    fill(a_mirror, table(["i feel fine", "i miss her"], [1, 0]))
    dataset = load("emotion")
    assert dataset["train"].num_rows == 2
    assert dataset["train"].features["label"].names == list(NAMES)
    assert capsys.readouterr().out.count("\n") == 1


def test_load_falls_back_on_the_embedded_corpus(a_mirror, capsys):
    dataset = load("emotion")
    assert [split.num_rows for split in dataset.values()] == [16_000, 2_000, 2_000]
    assert "embedded stand-in for dair-ai/emotion" in capsys.readouterr().out


def test_forced_source_that_lacks_the_data_names_the_way_out(a_mirror):
    with pytest.raises(SourceError, match="course mirror"):
        load("emotion", source="mirror")
    with pytest.raises(SourceError, match="HF_HUB_OFFLINE is set"):
        load("emotion", source="hub")


def test_dataset_without_an_embedded_corpus_says_so(a_mirror, monkeypatch):
    monkeypatch.setitem(DATASETS, "imdb", dataclasses.replace(DATASETS["imdb"], embedded=None))
    with pytest.raises(SourceError, match="no embedded copy of 'imdb' yet"):
        load("imdb", source="embedded")


def test_unknown_names_are_listed():
    with pytest.raises(ValueError, match=r"'emotions'; the course has emotion, tweet_emotion"):
        load("emotions")
    with pytest.raises(ValueError, match="unknown source 'web'"):
        load("emotion", source="web")


def test_mirror_variable_that_names_no_folder_is_an_error(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_MIRROR", str(tmp_path / "nowhere"))
    with pytest.raises(SourceError, match="not a folder"):
        load("emotion")


def test_copies_at_hand_are_those_that_the_machine_has(a_mirror, capsys):
    assert list(copies_at_hand("emotion")) == ["embedded"]
    folder = fill(a_mirror, table(["i feel fine", "i miss her"], [1, 0]))
    copies = copies_at_hand("emotion")
    assert [dataset["test"].num_rows for dataset in copies.values()] == [2, 2_000]
    assert list(copies) == ["mirror", "embedded"]
    assert capsys.readouterr().out == ""
    (folder / "test.parquet").write_bytes(b"PAR1")
    with pytest.raises(SourceError, match="course mirror"):
        copies_at_hand("emotion")


def test_copies_at_hand_hold_the_hub_s_where_there_is_no_mirror(online):
    copies = copies_at_hand("emotion")
    assert list(copies) == ["hub", "embedded"]
    assert copies["hub"]["test"]["text"][:] == ["test feels fine"]


def test_missing_split_is_not_passed_over(a_mirror):
    fill(a_mirror, table(["fine"], [1]), splits=("train", "test"))
    with pytest.raises(SourceError, match=r"split 'validation' is missing.*course mirror"):
        load("emotion")


def test_broken_parquet_is_not_passed_over(a_mirror):
    folder = fill(a_mirror, table(["fine"], [1]))
    (folder / "train.parquet").write_bytes(b"PAR1 and then nothing")
    with pytest.raises(SourceError, match=r"split 'train'.*course mirror"):
        load("emotion")


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (pa.table({"texts": ["a"], "label": [0]}), "no column 'text'"),
        (pa.table({"text": ["a"], "labels": [0]}), "no column 'label'"),
        (pa.table({"text": [1], "label": [0]}), "'text' holds int64"),
        (pa.table({"text": ["a"], "label": ["joy"]}), "'label' holds string"),
        (table(["a", "b"], [0, 6]), "row 1 holds 6"),
        (table(["a", "b"], [-1, 0]), "row 0 holds -1"),
        (table(["a", "b"], [None, 0]), "row 0 holds None"),
        (table(["a", "  "], [0, 0]), "row 1 holds '  '"),
        (table([None, "b"], [0, 0]), "row 0 holds None"),
    ],
)
def test_checked_split_names_what_is_wrong(rows, message):
    with pytest.raises(ValueError, match=message):
        checked_split(rows, DATASETS["emotion"])


def test_checked_split_refuses_label_names_in_another_order():
    from datasets import ClassLabel, Dataset, Features, Value

    features = Features({"text": Value("string"), "label": ClassLabel(names=sorted(NAMES))})
    rows = Dataset.from_dict({"text": ["a"], "label": [0]}, features=features).data.table
    with pytest.raises(ValueError, match="the label names are"):
        checked_split(rows, DATASETS["emotion"])


def test_same_rows_have_the_same_fingerprint():
    info = DATASETS["emotion"]
    one, two, other = (
        checked_split(table([text], [0]), info) for text in ("fine", "fine", "not fine")
    )
    assert one._fingerprint == two._fingerprint != other._fingerprint


def test_load_reads_the_hub_once_and_its_cache_afterwards(online, capsys):
    assert load("emotion")["test"]["text"][0] == "test feels fine"
    assert "from the Hub" in capsys.readouterr().out
    online.requests.clear()
    assert load("emotion", source="hub")["train"].num_rows == 1
    assert online.requests == []


def test_load_asks_the_hub_for_a_pinned_commit(online):
    load("emotion")
    files = [request for request in online.requests if "/resolve/" in request]
    assert files
    assert all(DATASETS["emotion"].revision in request for request in files)


def test_download_that_breaks_off_falls_back_with_a_warning(online, capsys, monkeypatch):
    monkeypatch.setattr("huggingface_hub.file_download.time.sleep", lambda seconds: None)
    online.break_off = True
    assert load("emotion")["train"].num_rows == 16_000
    assert "The Hub could not be used: the download of dair-ai/emotion" in capsys.readouterr().out
    online.requests.clear()
    load("emotion")
    assert online.requests == [], "after a failure the Hub is not asked again"


def response(status):
    request = httpx2.Request("GET", "https://huggingface.co")
    return httpx2.Response(status, request=request)


NETWORK_FAILURES = [
    httpx2.ConnectError("refused"),
    httpx2.ReadTimeout("slow"),
    httpx2.ProxyError("407"),
    httpx2.RemoteProtocolError("closed without a complete message"),
    HfHubHTTPError("503 Server Error", response=response(503)),
    LocalEntryNotFoundError("we cannot find the snapshot, check your connection"),
    FileMetadataError("no ETag"),
    requests.ConnectionError("refused"),
    ConnectionResetError(errno.ECONNRESET, "reset by peer"),
    TimeoutError(errno.ETIMEDOUT, "timed out"),
    OSError(errno.ENETUNREACH, "unreachable"),
    OSError("Consistency check failed: file should be of size 3 but has size 2"),
    socket.gaierror(socket.EAI_NONAME, "not known"),
    ssl.SSLError(1, "certificate verify failed"),
    json.JSONDecodeError("no JSON", "<html>Please log in</html>", 0),
]
LOCAL_FAILURES = [
    (OSError(errno.ENOSPC, "No space left", "cache/blobs/1"), "cache/blobs/1.*free some space"),
    (OSError(errno.EDQUOT, "Quota exceeded", "cache/blobs/1"), "cache/blobs/1.*free some space"),
    (OSError("I/O error: No space left on device (os error 28)"), "hub-cache.*free some space"),
    (PermissionError(errno.EACCES, "denied", "cache/refs"), "cache/refs.*make it writable"),
    (OSError(errno.EROFS, "read-only", "cache/refs"), "cache/refs.*make it writable"),
]
OTHER_FAILURES = [
    MemoryError(),
    TypeError("a bug of ours"),
    KeyError("a bug of ours"),
    RuntimeError("a bug of ours"),
    OSError(errno.EIO, "the disk is broken"),
]


def named(value):
    return type(value).__name__ if isinstance(value, Exception) else None


@pytest.fixture
def failing(online, monkeypatch):
    """Return a function after which every download from the Hub raises a given exception."""

    def fail(error):
        def download(*_, local_files_only=False, **__):
            raise LocalEntryNotFoundError("nothing here") if local_files_only else error

        monkeypatch.setattr("huggingface_hub.snapshot_download", download)

    return fail


@pytest.mark.parametrize("error", NETWORK_FAILURES, ids=named)
def test_network_failure_falls_back_with_a_warning(failing, capsys, error):
    failing(error)
    assert load("emotion")["train"].num_rows == 16_000
    assert "The Hub could not be used: the download of dair-ai/emotion" in capsys.readouterr().out


@pytest.mark.parametrize(("error", "message"), LOCAL_FAILURES, ids=named)
def test_full_or_read_only_cache_is_reported_with_its_path_and_a_remedy(
    failing, capsys, error, message
):
    failing(error)
    with pytest.raises(SourceError, match=f"{message}.*HF_HOME.*restart Python"):
        load("emotion")
    assert capsys.readouterr().out == ""
    assert sources.hub_is_reachable()


@pytest.mark.parametrize("error", OTHER_FAILURES, ids=named)
def test_errors_other_than_the_network_s_are_raised_unchanged(failing, error):
    failing(error)
    with pytest.raises(type(error)) as raised:
        load("emotion")
    assert raised.value is error


def test_repository_that_is_gone_is_an_error_not_a_fall_back(online):
    online.repositories.clear()
    with pytest.raises(SourceError, match="no dair-ai/emotion that you may read"):
        load("emotion", source="hub")


def test_unreachable_hub_costs_seconds_and_says_so(monkeypatch, tmp_path, capsys):
    monkeypatch.delenv("HF_HUB_OFFLINE")
    # A reserved address that never answers: the connection is neither accepted nor refused.
    monkeypatch.setenv("HF_ENDPOINT", "http://192.0.2.1:9")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(sources, "_hub_answers", None)
    started = time.monotonic()
    load("emotion")
    assert "does not answer" in capsys.readouterr().out
    assert time.monotonic() - started < 10, "it hung"


def test_mirror_is_filled_from_the_hub_and_read_back(online, tmp_path, monkeypatch, capsys):
    fill_mirror(tmp_path / "class", ["emotion"])
    monkeypatch.setenv("COURSE_MIRROR", str(tmp_path / "class"))
    capsys.readouterr()
    assert load("emotion")["validation"]["text"][0] == "validation feels fine"
    assert "from the mirror" in capsys.readouterr().out


def test_mirror_keeps_complete_files_and_repairs_others(online, tmp_path, capsys):
    fill_mirror(tmp_path, ["emotion"])
    train = tmp_path / "datasets/dair-ai/emotion/train.parquet"
    whole = train.read_bytes()
    fill_mirror(tmp_path, ["emotion"])
    assert "already there" in capsys.readouterr().out
    train.write_bytes(whole[:100])
    fill_mirror(tmp_path, ["emotion"])
    assert train.read_bytes() == whole
    assert not list(tmp_path.rglob("*.part"))


def test_mirror_refuses_an_unknown_name_before_it_writes(tmp_path):
    with pytest.raises(ValueError, match="unknown dataset 'emotions'"):
        fill_mirror(tmp_path / "class", ["emotions"])
    assert not (tmp_path / "class").exists()


def test_every_dataset_of_the_mirror_loads(mirror, monkeypatch):
    monkeypatch.setenv("COURSE_MIRROR", str(mirror))
    rows = {
        "emotion": [16_000, 2_000, 2_000],
        "tweet_emotion": [3_257, 374, 1_421],
        "stance_climate": [355, 40, 169],
        "imdb": [5_000, 5_000],
    }
    for name, expected in rows.items():
        dataset = load(name, source="mirror")
        assert [split.num_rows for split in dataset.values()] == expected


def test_importing_helpers_data_imports_no_heavy_library():
    code = (
        "import sys, helpers.data, helpers.models, helpers.plots, helpers.checks;"
        "print([m for m in ('torch', 'umap', 'matplotlib', 'transformers') if m in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert answer.stdout.strip() == "[]", answer.stderr


def test_registry_pins_a_commit_for_every_dataset():
    for info in DATASETS.values():
        assert len(info.revision) == 40
        assert dataclasses.asdict(info)["licence"]
