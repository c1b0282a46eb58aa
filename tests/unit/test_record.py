"""The record of measured figures: what is stored, and when a figure is out of date."""

import functools
import importlib
import json
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
import rows

from benchmarks import __main__ as command_line
from benchmarks import record
from benchmarks.__main__ import TOPICS
from benchmarks.course import seconds_until
from benchmarks.meaning import Sources
from benchmarks.record import Figure, is_proved, keep, prove, stale, vouch
from grading.paths import ROOT
from grading.release.readme import ROWS, missing_figures, results_table, rows_of

RECIPE = '''"""A recipe."""
import numpy as np

from recipe import rate


def measure(data):
    return np.float64(rate())


def timed(data):
    return 1
'''
COMMAND = "python -m benchmarks made_up --data embedded"


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """Return a small repository with one topic, of which nothing was measured yet."""
    monkeypatch.setattr(record, "ROOT", tmp_path)
    (tmp_path / "benchmarks").mkdir()
    (tmp_path / "benchmarks" / "made_up.py").write_text(RECIPE)
    (tmp_path / "recipe.py").write_text("def rate():\n    return 1\n")
    (tmp_path / "constraints.txt").write_text("numpy==2.4.6\ntqdm==4.70.1\n")
    return tmp_path


@pytest.fixture
def path(repository):
    return repository / "results.json"


def kept(path):
    return json.loads(path.read_text())["figures"]


def test_figures_that_are_recorded_at_the_same_time_are_all_kept(path):
    """Tests run in two processes, and both write what they prove."""

    def write(number):
        keep({f"a.{number}": Figure(1.0, "s", 1, "embedded")}, COMMAND, 1.0, path)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(24)))
    assert kept(path).keys() == {f"a.{number}" for number in range(24)}


def test_a_score_is_recorded_with_how_to_measure_it_again(path):
    keep({"a.b": Figure(0.5, "share", 10, "embedded", 0.4, 0.6)}, COMMAND, 1.0, path)
    entry = kept(path)["a.b"]
    assert (entry["value"], entry["lower"], entry["upper"], entry["n"]) == (0.5, 0.4, 0.6, 10)
    assert (entry["command"], entry["data"], entry["unit"]) == (COMMAND, "embedded", "share")
    assert (entry["kind"], entry["vouched"], entry["date"]) == ("score", None, record.today())
    assert entry["depends"].keys() == {"code", "libraries"}
    assert entry["depends"]["libraries"] == {"numpy": "2.4.6"}
    assert json.loads(path.read_text())["machine"]["cores"] >= 1
    assert entry["processor"] == json.loads(path.read_text())["machine"]["processor"]
    assert "torch" in json.loads(path.read_text())["versions"]


def test_figures_of_other_commands_stay(path):
    for name in ("b", "a"):
        keep({name: Figure(1.0, "s", 1, "embedded")}, COMMAND, 1.0, path)
    assert list(kept(path)) == ["a", "b"]


def test_a_score_is_out_of_date_once_code_that_it_reaches_has_changed(repository, path):
    keep({"a": Figure(1.0, "share", 1, "embedded")}, COMMAND, 1.0, path)
    assert stale(path) == {}
    (repository / "recipe.py").write_text("def rate():\n    return 2\n")
    assert stale(path) == {"a": "the code that it depends on"}


def test_a_score_is_out_of_date_once_a_library_that_decides_it_has_another_pin(repository, path):
    keep({"a": Figure(1.0, "share", 1, "embedded")}, COMMAND, 1.0, path)
    (repository / "constraints.txt").write_text("numpy==2.4.6\ntqdm==4.71.0\n")
    assert stale(path) == {}
    (repository / "constraints.txt").write_text("numpy==2.5.0\ntqdm==4.71.0\n")
    assert stale(path) == {"a": "numpy 2.4.6 → 2.5.0"}


def test_a_timing_is_never_out_of_date_but_grows_old(repository, path, monkeypatch):
    monkeypatch.setattr(record, "today", lambda: "2026-01-01")
    keep({"a": Figure(1.0, "s", 1, "embedded")}, COMMAND, 1.0, path)
    keep({"b": Figure(0.6, "share", 1, "embedded", kind="timing")}, COMMAND, 1.0, path)
    (repository / "recipe.py").write_text("def rate():\n    return 2\n")
    assert stale(path) == {}
    assert record.old_timings(path) == {}
    monkeypatch.setattr(record, "today", lambda: "2026-04-02")
    assert record.old_timings(path) == {"a": 91, "b": 91}


def test_a_score_that_somebody_vouches_for_is_current_and_says_why(repository, path):
    keep({"a": Figure(1.0, "share", 1, "embedded")}, COMMAND, 1.0, path)
    (repository / "recipe.py").write_text("def rate():\n    return 1 + 0\n")
    with pytest.raises(ValueError, match="reason"):
        vouch(["a"], "  ", path)
    with pytest.raises(ValueError, match="b is not out of date"):
        vouch(["b"], "the sum is the same", path)
    vouch(["a"], "the sum is the same", path)
    assert stale(path) == {}
    assert kept(path)["a"]["vouched"]["reason"] == "the sum is the same"
    keep({"a": Figure(1.0, "share", 1, "embedded")}, COMMAND, 1.0, path)
    assert kept(path)["a"]["vouched"] is None


def test_what_a_test_proves_is_written_only_where_it_says_something_else(repository, path):
    (repository / "tests").mkdir()
    (repository / "tests" / "test_it.py").write_text("from recipe import rate\n")
    figure = Figure(24.0, "count", 24, "embedded")
    prove({"a": figure}, "tests/test_it.py", path=path)
    before = path.read_bytes()
    prove({"a": figure}, "tests/test_it.py", path=path)
    assert path.read_bytes() == before
    another = Figure(25.0, "count", 25, "embedded")
    prove({"a": another}, "tests/test_it.py", exact=False, path=path)
    assert path.read_bytes() == before  # the value is another machine's, from the same code
    (repository / "recipe.py").write_text("def rate():\n    return 3\n")
    assert stale(path) == {"a": "the code that it depends on"}
    prove({"a": another}, "tests/test_it.py", exact=False, path=path)
    assert stale(path) == {}
    assert kept(path)["a"]["value"] == 25.0


def test_what_a_test_has_proved_is_proved_until_something_changes(repository, path):
    (repository / "tests").mkdir()
    for name in ("test_it.py", "test_other.py"):
        (repository / "tests" / name).write_text("from recipe import rate\n")
    assert not is_proved("a", "tests/test_it.py", path)
    prove({"a": Figure(24.0, "count", 24, "embedded")}, "tests/test_it.py", path=path)
    assert is_proved("a", "tests/test_it.py", path)
    assert not is_proved("a", "tests/test_other.py", path)
    assert not is_proved("b", "tests/test_it.py", path)
    (repository / "recipe.py").write_text("def rate():\n    return 3\n")
    assert not is_proved("a", "tests/test_it.py", path)
    (repository / "recipe.py").write_text("def rate():\n    return 1\n")
    (repository / "constraints.txt").write_text("numpy==2.4.7\ntqdm==4.70.1\n")
    (repository / "tests" / "test_it.py").write_text("import numpy\nfrom recipe import rate\n")
    assert not is_proved("a", "tests/test_it.py", path)


@pytest.fixture(scope="module")
def sources():
    return Sources(ROOT)


@pytest.mark.parametrize("topic", TOPICS)
def test_every_topic_can_be_measured_and_what_it_declares_is_there(topic, sources):
    name, _, part = topic.partition(".")
    module = importlib.import_module(f"benchmarks.{name}")
    assert callable(getattr(module, part or "measure"))
    command = f"python -m benchmarks {topic} --data embedded"
    assert record.depends(command, "embedded", sources)["code"]


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """Return a copy of this repository's code, with a record that is up to date for it."""
    folder = tmp_path_factory.mktemp("checkout")
    ignored = shutil.ignore_patterns("*.ipynb", "*.parquet", "__pycache__", "html")
    for name in ("benchmarks", "grading", "helpers", "solutions", "data", "tests"):
        shutil.copytree(ROOT / name, folder / name, ignore=ignored)
    for name in ("constraints.txt", "course.py", "nbgrader_config.py"):
        shutil.copy(ROOT / name, folder)
    path = folder / "benchmarks" / "results.json"
    figures = record.read()["figures"]
    for name in ("attacks_total", "attacks_survived"):  # as a run of all these tests records them
        figures[f"grading.{name}"]["command"] = rows.COUNTED
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(record, "ROOT", folder)
        depends = functools.cache(functools.partial(record.depends, sources=Sources(folder)))
        for entry in figures.values():
            if entry["kind"] == "score":
                entry["depends"] = depends(entry["command"], entry["data"])
    path.write_text(json.dumps({"figures": figures}))
    return folder


def stale_after(checkout, monkeypatch, *changes):
    """Return the scores that some changes (file, old text, new text) make out of date."""
    monkeypatch.setattr(record, "ROOT", checkout)
    before = {name: (checkout / name).read_text() for name, *_ in changes}
    for name, old, new in changes:
        assert old in before[name]
        (checkout / name).write_text(before[name].replace(old, new, 1))
    try:
        return set(stale(checkout / "benchmarks" / "results.json"))
    finally:
        for name, text in before.items():
            (checkout / name).write_text(text)


WORDS = [
    ("helpers/training.py", '"""Return', '"""Give back'),
    ("grading/inside/relay.py", "from __future__", "# A comment.\nfrom __future__"),
    ("solutions/05_error_analysis/05_error_analysis.py", "\n# ## ", "\n# ## More on "),
    ("helpers/plots/__init__.py", "NEUTRAL = ", "ANOTHER = '#777777'\nNEUTRAL = "),
]


@pytest.mark.slow
def test_changed_words_make_no_score_of_this_repository_out_of_date(checkout, monkeypatch):
    assert stale_after(checkout, monkeypatch, *WORDS) == set()


@pytest.mark.slow
def test_a_changed_constant_makes_only_dependent_scores_out_of_date(checkout, monkeypatch):
    change = ("grading/inside/relay.py", "SHOWN = (", "SHOWN = (1,")
    relay = stale_after(checkout, monkeypatch, change)
    assert {"grading.attacks_survived", "grading.false_accepts", "grading.mutation_score"} <= relay
    assert {name.partition(".")[0] for name in relay} == {"grading"}
    assert "grading.attacks_survived_nbgrader" not in relay
    change = ("helpers/exporting.py", "logging.WARNING", "logging.ERROR")
    exporting = stale_after(checkout, monkeypatch, change)
    # Lesson 6 exports a model, and the grader's figures depend on the lessons' sources.
    of_answers = {"false_accepts", "false_rejects", "visible_share"}
    of_mutants = {"mutation_score", "wrong_messages"}
    expected = {f"grading.{name}" for name in of_answers | of_mutants}
    assert exporting == {"serving.agreement", "serving.agreement.embedded", *expected}
    fitting = stale_after(checkout, monkeypatch, ("benchmarks/baselines.py", "C=10", "C=11"))
    assert fitting == {
        f"emotion.{name}{data}"
        for name in ("majority", "tfidf", "cls_probe", "mean_probe")
        for data in ("", ".embedded")
    }


@pytest.mark.slow
def test_nbgrader_s_settings_make_scores_graded_through_it_out_of_date(checkout, monkeypatch):
    change = ("grading/steps/nbgrader_config.py", "    GradeInSandbox,\n    Clear", "    Clear")
    settings = stale_after(checkout, monkeypatch, change)
    assert settings == {"grading.attacks_survived", "grading.attacks_total"}


@pytest.mark.slow
def test_a_moved_module_makes_no_score_out_of_date(checkout, tmp_path, monkeypatch):
    # Code imports this module, but no text names it. (The text of an attack may name modules.)
    moved = shutil.copytree(checkout, tmp_path / "moved")
    monkeypatch.setattr(record, "ROOT", moved)
    (moved / "helpers" / "kept").mkdir()
    (moved / "helpers" / "cache.py").rename(moved / "helpers" / "kept" / "cache.py")
    for file in moved.rglob("*.py"):
        text = file.read_text()
        if "helpers.cache" in text:
            file.write_text(text.replace("helpers.cache", "helpers.kept.cache"))
    assert stale(moved / "benchmarks" / "results.json") == {}


def test_a_figure_that_readme_asks_for_and_the_record_lacks_is_an_error(tmp_path, monkeypatch):
    figures = record.read()
    del figures["figures"]["emotion.tfidf"], figures["figures"]["emotion.tfidf.embedded"]
    path = tmp_path / "results.json"
    path.write_text(json.dumps(figures))
    monkeypatch.setattr("grading.release.readme.RESULTS", path)
    assert "emotion.tfidf" in ROWS.values()
    assert missing_figures() == ["emotion.tfidf"]
    with pytest.raises(ValueError, match=r"emotion\.tfidf"):
        results_table(rows_of())
    assert command_line.show_stale(refuse=False) == 1


def test_a_figure_that_was_vouched_for_has_a_footnote(tmp_path, monkeypatch):
    figures = record.read()
    for name in ("emotion.tfidf", "emotion.tfidf.embedded"):
        figures["figures"][name]["vouched"] = {"reason": "Why.", "date": "2026-01-02", "commit": ""}
    path = tmp_path / "results.json"
    path.write_text(json.dumps(figures))
    monkeypatch.setattr("grading.release.readme.RESULTS", path)
    table = results_table(rows_of())
    note = "Measured before a change of 2026-01-02 that cannot have moved it: Why."
    assert table.count(note) == 1
    mark = table.partition(note)[0].rpartition("\n")[2].strip()
    (row,) = [line for line in table.splitlines() if "TF-IDF" in line]
    assert row.count(mark) == 2


@pytest.fixture
def two_stale(repository, path, monkeypatch):
    """Return a record of two scores that are out of date, where `b` takes less time to measure."""
    monkeypatch.setattr(command_line, "ROOT", repository)
    monkeypatch.setattr(command_line, "missing_figures", list)
    for name, seconds in (("a", 9.0), ("b", 1.0)):
        figure = {name: Figure(1.0, "share", 1, "embedded")}
        keep(figure, f"python -m benchmarks made_up --data embedded --{name}", seconds, path)
    (repository / "recipe.py").write_text("def rate():\n    return 2\n")
    kept_figures, old = record.read(path), record.stale(path)
    monkeypatch.setattr(record, "read", lambda: kept_figures)
    monkeypatch.setattr(record, "stale", lambda: old)
    monkeypatch.setattr(record, "old_timings", dict)


def test_what_is_out_of_date_is_measured_shortest_first_and_a_failure_stops_it(
    two_stale, monkeypatch, capfd
):
    ran = []

    class Ended:
        returncode = 0

    def run(words, cwd, check):
        ran.append(words[-1])
        Ended.returncode = int(words[-1] == "--a")
        return Ended

    monkeypatch.setattr(command_line.subprocess, "run", run)
    assert command_line.measure_stale() == 1
    assert ran == ["--b", "--a"]
    assert "what was measured before is kept" in capfd.readouterr().err


def test_a_release_is_refused_while_a_score_is_out_of_date(two_stale, capfd):
    assert command_line.show_stale(refuse=False) == 0
    assert command_line.show_stale(refuse=True) == 1
    assert "a: out of date" in capfd.readouterr().out


def test_seconds_until_a_command_says_something_are_fewer_than_until_it_ends(tmp_path):
    program = "import time; print('first'); print('grades', flush=True); time.sleep(0.3)"
    first, whole = seconds_until("grades", [sys.executable, "-c", program], tmp_path)
    assert 0 < first < whole - 0.2


@pytest.mark.parametrize("program", ["print('grades'); raise SystemExit(1)", "print('nothing')"])
def test_a_command_that_fails_or_says_something_else_is_not_measured(program, tmp_path):
    with pytest.raises(RuntimeError, match="grades"):
        seconds_until("grades", [sys.executable, "-c", program], tmp_path)
