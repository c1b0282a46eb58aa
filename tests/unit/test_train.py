"""`course train`: what it refuses and what it writes; two processes learn the same as one."""

import csv
import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file
from typer.testing import CliRunner

from helpers.cli import commands
from helpers.data import load_tables
from helpers.predictors import load_predictor
from helpers.sources import SourceError
from helpers.train_script import launcher

WORDS = {"calm": "the sea lies still and quiet", "storm": "thunder and rain all night long"}


def write_table(path: Path, rows) -> None:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([("text", "label"), *rows])


def texts_of_both(count: int):
    """Return rows of both classes, with texts of several lengths."""
    for number in range(count):
        label = sorted(WORDS)[number % 2]
        yield " ".join([WORDS[label]] * (1 + number % 5)) + f" {number}", label


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    write_table(folder / "train.csv", texts_of_both(256))
    write_table(folder / "validation.csv", texts_of_both(20))
    return folder


def run(*arguments):
    return CliRunner().invoke(commands, ["train", *map(str, arguments)])


def test_a_folder_s_classes_are_those_of_train_in_order(folder):
    dataset = load_tables(folder)
    assert dataset["train"].features["label"].names == ["calm", "storm"]
    assert dataset["train"]["label"][:4] == [0, 1, 0, 1]
    assert dataset["validation"].num_rows == 20


def test_ids_of_classes_in_a_table_are_their_names(tmp_path):
    write_table(tmp_path / "train.csv", [("a", 7), ("b", 3), ("c", 7)])
    train = load_tables(tmp_path)["train"]
    assert train.features["label"].names == ["3", "7"]
    assert train["label"][:] == [1, 0, 1]


def test_names_that_a_file_notes_are_kept(tmp_path, folder):
    table = load_tables(folder)["train"]
    table.to_parquet(tmp_path / "train.parquet")
    again = load_tables(tmp_path)["train"]
    assert again.features == table.features
    assert again["label"][:] == table["label"][:]


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, "neither train.csv"),
        ({"train": [("a", "x"), ("", "y")]}, "row 1 holds '' where a text"),
        ({"train": [("a", "x")], "validation": [("b", "x"), ("c", "z")]}, "row 1 holds 'z'"),
    ],
    ids=["no table", "an empty text", "a label that train has not"],
)
def test_a_table_that_cannot_be_used_says_where(tmp_path, files, said):
    for split, rows in files.items():
        write_table(tmp_path / f"{split}.csv", rows)
    with pytest.raises(SourceError, match=said):
        load_tables(tmp_path)


def test_a_table_without_labels_names_the_column(tmp_path):
    (tmp_path / "train.csv").write_text("text,class\na,b\n")
    with pytest.raises(SourceError, match=r"train\.csv: there is no column 'label'"):
        load_tables(tmp_path)


def test_an_unknown_dataset_is_refused_with_those_there_are(tmp_path):
    result = run("emotions", tmp_path / "model")
    assert result.exit_code == 1
    assert "'emotions' is neither a folder nor one of emotion, tweet_emotion" in result.output


def test_a_folder_that_holds_something_is_not_written_over(folder):
    result = run("emotion", folder)
    assert result.exit_code == 1
    assert "not empty" in result.output


@pytest.mark.parametrize("option", ["--processes", "--epochs"])
def test_fewer_than_one_epoch_or_process_is_refused(tmp_path, option):
    result = run("emotion", tmp_path / "model", option, 0)
    assert result.exit_code == 2
    assert option in result.output
    assert "or equal to 1" in result.output
    assert not (tmp_path / "model").exists()


@pytest.fixture(scope="module")
def trained(folder, tmp_path_factory):
    """Return what one process, and each of two processes, have written, and the weights."""
    outputs, found = tmp_path_factory.mktemp("outputs"), {}
    for processes in (1, 2):
        output = outputs / str(processes)
        script = [str(Path(__file__).with_name("train_alike.py")), str(folder), str(output)]
        subprocess.run([*launcher(processes), *script], check=True)
        written = [
            json.loads(file.read_text()) for file in sorted(outputs.glob(f"{processes}-*.json"))
        ]
        assert len(written) == processes
        found[processes] = written, load_file(output / "model.safetensors")
    return found


def test_two_processes_take_the_steps_of_one(trained):
    (whole,), weights = trained[1]
    halves, weights_of_two = trained[2]
    first, second = (np.array(half["losses"]) for half in halves)
    assert np.abs(first - second).min() > 1e-6, "each has rows of its own"
    # The mean of the losses of two halves is the loss of the whole; the same holds for gradients.
    assert (first + second) / 2 == pytest.approx(np.array(whole["losses"]), rel=1e-9)
    assert len(whole["losses"]) == 8
    for name, expected in weights.items():
        assert weights_of_two[name] == pytest.approx(expected, abs=1e-6), name


def test_two_processes_see_each_text_once_an_epoch(trained):
    halves, _ = trained[2]
    epochs = []
    for start in (0, 4):
        steps = [step for half in halves for step in half["rows"][start : start + 4]]
        rows = [tuple(row) for step in steps for row in step]
        assert len(rows) == len(set(rows)) == 256
        epochs.append(rows)
    assert epochs[0] != epochs[1]


def test_two_processes_leave_a_model_that_can_be_served(folder, tmp_path):
    result = run(folder, tmp_path / "model", "--processes", 2, "--epochs", 1)
    assert result.exit_code == 0, result.output
    predict, name = load_predictor(tmp_path / "model")
    assert name == "model"
    assert {entry["label"] for entry in predict(["thunder and rain"])[0]} == {"calm", "storm"}
