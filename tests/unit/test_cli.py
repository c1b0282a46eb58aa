"""The students' commands print errors and paths unchanged, brackets included."""

import pytest
from typer.testing import CliRunner

from course import app
from helpers import cli
from helpers.sources import SourceError

BRACKETS = ["weights[mask]", "[/b]", "[red]no markup[/red]", ":smile:", "C:\\models\\[b]"]


def said(*arguments):
    result = CliRunner().invoke(app, [*map(str, arguments)])
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.exit_code, result.output


@pytest.mark.parametrize("text", BRACKETS)
def test_error_is_printed_as_it_is(text, monkeypatch):
    def fill_mirror(*_):
        raise SourceError(f"no column {text}")

    monkeypatch.setattr("helpers.mirror.fill_mirror", fill_mirror)
    assert said("mirror", "somewhere") == (1, f"✗ no column {text}\n")


@pytest.mark.parametrize("name", ["weights[mask]", "[b]"])
def test_every_command_fails_with_the_name_that_it_was_given(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for arguments in (["mirror", "new", name], ["train", name, "new"], ["serve", name]):
        code, output = said(*arguments)
        assert code == 1
        assert output.startswith("✗ ")
        assert name in output
    code, output = said("status", name)
    assert code == 1
    assert name in output.replace("\n", "")


def test_paths_with_brackets_are_printed_as_they_are(tmp_path, monkeypatch):
    monkeypatch.setattr("helpers.mirror.fill_mirror", lambda *_: None)
    assert "COURSE_MIRROR=[/b]/weights[mask] to" in said("mirror", "[/b]/weights[mask]")[1]
    notebooks = tmp_path / "mine[/b]"
    notebooks.mkdir(parents=True)
    (notebooks / "02_tokenization.ipynb").write_text('{"cells": []}')
    page = notebooks / "page[mask].html"
    code, output = said("status", notebooks, "--page", page)
    assert code == 0
    assert f"The page is {page}." in output


def test_table_s_cells_are_printed_as_they_are(capsys):
    from rich.table import Table

    table = Table("weights[mask]", caption="[/b]")
    table.add_row("[red]x[/red]")
    cli.console.print(table)
    output = capsys.readouterr().out
    assert all(text in output for text in ("weights[mask]", "[/b]", "[red]x[/red]"))
