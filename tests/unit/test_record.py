"""The record of measured figures: what is kept, and when a figure is out of date."""

import importlib
import json

import pytest

from benchmarks import record
from benchmarks.__main__ import TOPICS
from benchmarks.record import ROOT, Figure, keep, stale


@pytest.fixture
def repository(tmp_path, monkeypatch):
    monkeypatch.setattr(record, "ROOT", tmp_path)
    (tmp_path / "recipe.py").write_text("rate = 1\n")
    return tmp_path


def kept(path):
    return json.loads(path.read_text())["figures"]


def test_a_figure_is_kept_with_what_it_takes_to_measure_it_again(repository):
    path = repository / "results.json"
    keep(
        {"a.b": Figure(0.5, "share", 10, "mirror", 0.4, 0.6)}, "measure a", 1.0, ["recipe.py"], path
    )
    entry = kept(path)["a.b"]
    assert (entry["value"], entry["lower"], entry["upper"], entry["n"]) == (0.5, 0.4, 0.6, 10)
    assert (entry["command"], entry["data"], entry["unit"]) == ("measure a", "mirror", "share")
    assert json.loads(path.read_text())["machine"]["cores"] >= 1
    assert entry["processor"] == json.loads(path.read_text())["machine"]["processor"]
    assert "torch" in json.loads(path.read_text())["versions"]


def test_figures_of_other_commands_stay(repository):
    path = repository / "results.json"
    for name in ("b", "a"):
        keep({name: Figure(1.0, "s", 1, "mirror")}, name, 1.0, ["recipe.py"], path)
    assert list(kept(path)) == ["a", "b"]


def test_a_figure_is_stale_once_a_file_that_it_depends_on_has_changed(repository):
    path = repository / "results.json"
    keep({"a": Figure(1.0, "s", 1, "mirror")}, "a", 1.0, ["recipe.py"], path)
    assert stale(path) == []
    (repository / "recipe.py").write_text("rate = 2\n")
    assert stale(path) == ["a"]


def test_a_figure_is_stale_once_a_file_that_it_depends_on_is_gone(repository):
    path = repository / "results.json"
    keep({"a": Figure(1.0, "s", 1, "mirror")}, "a", 1.0, ["recipe.py"], path)
    (repository / "recipe.py").unlink()
    assert stale(path) == ["a"]


def test_a_figure_is_stale_once_a_file_is_added_to_a_folder_that_it_depends_on(repository):
    path = repository / "results.json"
    (repository / "answers" / "mean").mkdir(parents=True)
    keep({"a": Figure(1.0, "s", 1, "mirror")}, "a", 1.0, ["answers"], path)
    assert stale(path) == []
    (repository / "answers" / "mean" / "wrong_axis.py").write_text("axis = 0\n")
    assert stale(path) == ["a"]


@pytest.mark.parametrize("topic", TOPICS)
def test_every_topic_can_be_measured_and_names_files_that_are_there(topic):
    name, _, part = topic.partition(".")
    module = importlib.import_module(f"benchmarks.{name}")
    assert callable(getattr(module, part or "measure"))
    assert [file for file in module.FILES if not (ROOT / file).exists()] == []
