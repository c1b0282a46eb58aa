"""What an environment with libraries of its own lacks for the course."""

import importlib.metadata
from pathlib import Path

import pytest

from helpers import colab

REQUIRED = ["numpy==2.4.6", "transformers==5.23.0", "captum==0.9.0", "jupytext==1; extra == 'x'"]


@pytest.fixture
def installed(monkeypatch):
    """Return the versions that the environment seems to hold; to be changed."""
    versions = {"numpy": "2.0.2", "torch": "2.6.0+cu124", "transformers": "5.1.0"}

    def version(name):
        if name not in versions:
            raise importlib.metadata.PackageNotFoundError(name)
        return versions[name]

    monkeypatch.setattr(importlib.metadata, "version", version)
    monkeypatch.setattr(importlib.metadata, "requires", lambda name: REQUIRED)
    return versions


def test_what_is_there_stays_whatever_its_version(installed):
    assert list(colab.missing()) == ["captum==0.9.0"]


def test_a_library_of_an_older_interface_is_brought_up(installed):
    installed["transformers"] = "4.57.1"
    assert list(colab.missing()) == ["transformers==5.23.0", "captum==0.9.0"]


def test_numpy_and_torch_are_held_and_what_happened_is_one_line(installed, monkeypatch, capsys):
    seen = {}

    def pip(command, **_):
        at = command.index("-c") + 1
        seen["constraints"] = Path(command[at]).read_text().split()
        seen["wanted"] = command[at + 1 :]
        return colab.subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(colab.subprocess, "run", pip)
    installed[colab.COURSE] = "0.1.0"
    colab.complete()
    assert seen == {
        "constraints": ["numpy==2.0.2", "torch==2.6.0+cu124"],
        "wanted": ["captum==0.9.0"],
    }
    said = capsys.readouterr().out
    assert said == "course 0.1.0 installed; added captum; kept numpy 2.0.2, torch 2.6.0+cu124\n"


def test_what_pip_says_is_in_the_error(installed, monkeypatch):
    failed = colab.subprocess.CompletedProcess([], 1, "", "No matching distribution found")
    monkeypatch.setattr(colab.subprocess, "run", lambda *_, **__: failed)
    with pytest.raises(RuntimeError, match=r"captum==0\.9\.0: No matching distribution"):
        colab.complete()
