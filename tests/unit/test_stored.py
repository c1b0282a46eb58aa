"""Results are computed once and committed: they are read unchanged, or there is a clear error."""

import importlib.metadata
import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from datasets import Dataset, DatasetDict

from grading.paths import source_path
from helpers import stored
from helpers.data import load
from helpers.lessons import LESSONS
from helpers.models import load_encoder
from helpers.sources import SourceError
from helpers.stored import store_results, stored_results

RECORDS = [
    {"name": "default", "seed": 0, "learning_rate": 3.2e-05, "f1": np.float64(0.5), "hits": "0110"},
    {"name": "draw 1", "seed": np.int64(1), "learning_rate": 0.001, "f1": 0.25, "hits": "0001"},
]


@pytest.fixture(autouse=True)
def folder(monkeypatch, tmp_path):
    monkeypatch.setattr(stored, "FOLDER", tmp_path / "results")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.delenv("COURSE_MIRROR", raising=False)
    monkeypatch.delenv("COURSE_RUN_AGAIN", raising=False)
    return tmp_path / "results"


def rows(text="i feel calm"):
    return DatasetDict(train=Dataset.from_dict({"text": [text], "label": [0]}))


def encoder(value=1.0):
    layer = torch.nn.Linear(1, 1)
    torch.nn.init.constant_(layer.weight, value)
    torch.nn.init.zeros_(layer.bias)
    return layer


def never():
    pytest.fail("it computed")


@pytest.fixture
def written(monkeypatch):
    """Let a maintainer write the results called ``trials``."""
    with monkeypatch.context() as patch:
        patch.setenv("COURSE_RUN_AGAIN", "1")
        stored_results("trials", lambda: RECORDS, rows(), encoder())


def test_stored_results_are_read_as_they_were_written(written, capsys):
    capsys.readouterr()
    frame = stored_results("trials", never, rows(), encoder())
    assert frame.to_dict("records") == RECORDS
    assert re.fullmatch(
        r"trials: 2 stored rows, computed on \d{4}-\d\d-\d\d in 0 seconds \(.+\) "
        r"with the embedded data and model\.\n",
        capsys.readouterr().out,
    )


@pytest.mark.parametrize("names", ["trials", "others,trials"])
def test_maintainer_and_reader_see_the_same_frame_and_the_same_line(monkeypatch, capsys, names):
    monkeypatch.setenv("COURSE_RUN_AGAIN", names)
    first = stored_results("trials", lambda: RECORDS, rows(), encoder())
    line = capsys.readouterr().out
    monkeypatch.delenv("COURSE_RUN_AGAIN")
    assert first.equals(stored_results("trials", never, rows(), encoder()))
    assert capsys.readouterr().out == line


def test_file_says_when_where_and_with_what_it_was_computed(written, folder):
    document = json.loads((folder / "trials.json").read_text())
    assert set(document) == stored.KEYS
    assert "core" in document["machine"] or torch.cuda.is_available()
    assert document["versions"]["torch"] == importlib.metadata.version("torch")


@pytest.mark.parametrize(
    ("dataset", "model"),
    [(rows("i feel a storm"), encoder()), (rows(), encoder(2.0))],
    ids=["another text", "other weights"],
)
def test_reader_with_other_data_or_another_model_gets_a_warning(written, capsys, dataset, model):
    stored_results("trials", never, dataset, model)
    assert "other data or another model" in capsys.readouterr().out


def test_reader_may_compute_again_and_nothing_is_written(written, folder, capsys):
    before = (folder / "trials.json").read_bytes()
    frame = stored_results("trials", lambda: RECORDS[:1], rows(), encoder(), again=True)
    assert len(frame) == 1
    assert "they are not stored" in capsys.readouterr().out
    assert (folder / "trials.json").read_bytes() == before


def test_variable_may_name_one_of_several_results(written, monkeypatch):
    monkeypatch.setenv("COURSE_RUN_AGAIN", "others")
    stored_results("trials", never, rows(), encoder())


def test_computation_that_fails_leaves_the_file_as_it_was(written, folder, monkeypatch):
    def fail():
        raise RuntimeError("stopped half-way")

    before = (folder / "trials.json").read_bytes()
    monkeypatch.setenv("COURSE_RUN_AGAIN", "1")
    with pytest.raises(RuntimeError):
        stored_results("trials", fail, rows(), encoder())
    assert (folder / "trials.json").read_bytes() == before
    assert list(folder.iterdir()) == [folder / "trials.json"]


def test_nothing_is_written_from_real_data(monkeypatch):
    monkeypatch.setenv("COURSE_RUN_AGAIN", "1")
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    with pytest.raises(SourceError, match="set HF_HUB_OFFLINE=1"):
        stored_results("trials", never, rows(), encoder())


def test_missing_file_is_named_with_the_way_out():
    with pytest.raises(SourceError, match=r"results/trials\.json are missing.*again=True"):
        stored_results("trials", never, rows(), encoder())


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[:100],
        lambda text: "[1, 2]",
        lambda text: text.replace('"machine"', '"device"'),
        lambda text: json.dumps(json.loads(text) | {"records": []}),
    ],
    ids=["cut off", "a list", "a key is missing", "no records"],
)
def test_damaged_file_is_named_with_the_way_out(written, folder, damage):
    path = folder / "trials.json"
    path.write_text(damage(path.read_text()))
    with pytest.raises(SourceError, match=r"results/trials\.json are damaged .*again=True"):
        stored_results("trials", never, rows(), encoder())


def test_committed_results_are_those_of_the_embedded_data_and_model(monkeypatch):
    """After a change to a corpus or to the embedded model, the results must be computed again."""
    monkeypatch.undo()
    made_from = stored._fingerprints(
        load("emotion", source="embedded"), load_encoder(source="embedded")
    )
    for path in stored.FOLDER.glob("*.json"):
        document = stored._read(path)
        assert {part: document[part] for part in made_from} == made_from, path.name


def test_lessons_read_the_results_that_are_committed_and_no_others():
    sources = "".join(source_path(lesson).read_text() for lesson in LESSONS)
    read = set(re.findall(r'stored\("(\w+)"', sources))
    folder = Path(stored.__file__).parent / "results"
    assert {path.stem for path in folder.glob("*")} == read


def test_results_of_another_program_are_read_as_those_of_a_lesson(capsys):
    store_results("trials", RECORDS, 60.0, rows(), encoder())
    capsys.readouterr()
    frame = stored_results("trials", never, rows(), encoder())
    assert frame.to_dict("records") == RECORDS
    assert "in 60 seconds" in capsys.readouterr().out
