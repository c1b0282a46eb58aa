"""The lessons' use of a network."""

import errno
import json
import os

import pytest
import requests

from helpers import sources
from helpers.network import ask_hub, serve_folder
from helpers.sources import SourceError


@pytest.fixture
def reachable(monkeypatch):
    monkeypatch.delenv("HF_HUB_OFFLINE")
    monkeypatch.setattr(sources, "_hub_answers", True)


def test_hub_is_asked_where_it_answers(reachable, capsys):
    assert ask_hub(lambda: ["a dataset"], otherwise="datasets") == ["a dataset"]
    assert capsys.readouterr().out == ""


def test_offline_the_question_is_not_even_asked(capsys):
    def question():
        raise AssertionError("the Hub was asked although offline")

    assert ask_hub(question, otherwise="the most loved datasets") is None
    said = capsys.readouterr().out
    assert said == (
        "The Hub cannot be asked from here. Online, this cell shows the most loved datasets.\n"
    )


def test_question_that_breaks_off_says_why(reachable, capsys):
    def question():
        raise ConnectionResetError("in the middle")

    assert ask_hub(question, otherwise="datasets") is None
    assert "(ConnectionResetError)" in capsys.readouterr().out


def test_page_in_place_of_an_answer_is_the_network_s_fault(reachable, capsys):
    assert ask_hub(lambda: json.loads("<html>Please log in</html>"), otherwise="datasets") is None
    assert "(JSONDecodeError)" in capsys.readouterr().out


@pytest.mark.parametrize("error", [MemoryError(), TypeError("a bug"), OSError(errno.EIO, "disk")])
def test_errors_other_than_the_network_s_are_raised_unchanged(reachable, error):
    def question():
        raise error

    with pytest.raises(type(error)) as raised:
        ask_hub(question, otherwise="datasets")
    assert raised.value is error


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES, errno.EROFS])
def test_cache_that_cannot_be_written_is_told_with_its_path_and_a_way_out(reachable, number):
    def question():
        raise OSError(number, os.strerror(number), "cache/README.md")

    with pytest.raises(SourceError, match=r"cache/README\.md could not be written.*HF_HOME"):
        ask_hub(question, otherwise="the card of a dataset")


def test_folder_is_served_for_the_length_of_the_block(tmp_path, capfd):
    (tmp_path / "messages.csv").write_text("text,label\n")
    with serve_folder(tmp_path) as address:
        assert requests.get(f"{address}/messages.csv", timeout=5).text == "text,label\n"
    with pytest.raises(requests.ConnectionError):
        requests.get(address, timeout=5)
    assert capfd.readouterr().err == ""


def test_folder_is_reached_past_a_proxy(tmp_path, monkeypatch):
    (tmp_path / "messages.csv").write_text("text,label\n")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with serve_folder(tmp_path) as address:
        assert requests.get(f"{address}/messages.csv", timeout=5).ok
