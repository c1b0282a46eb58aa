"""The program that ``course train`` starts, in one process or several, by ``accelerate launch``.

Each process takes an equal share of every batch, and after each step they average their gradients.
So as many rows make a step as in one process, and the same model comes out, but for rounding and
the chance of dropout. On CPUs the processes talk by gloo, on NVIDIA's GPUs by NCCL.

It was run on CPUs of one machine; not on a GPU, nor on several machines.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
from contextlib import nullcontext, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datasets import Dataset, DatasetDict
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

EPOCHS = 2


def launcher(processes: int) -> list[str]:
    """Return the command that starts a script, whose name follows, in processes of this machine.

    Parameters
    ----------
    processes : int
        One a GPU; on a CPU they share the cores.
    """
    from helpers.models import pick_device

    command = [sys.executable, "-m", "accelerate.commands.launch"]
    command += ["--num_processes", str(processes), "--num_machines", "1"]
    command += ["--mixed_precision", "no", "--dynamo_backend", "no"]  # the Trainer sees to these
    if pick_device().type == "cpu":
        threads = max(1, (os.cpu_count() or 1) // processes)
        command += ["--num_cpu_threads_per_process", str(threads)]
    if processes > 1:
        # For CPUs too: it starts the processes itself, where --cpu leaves that to MPI.
        command += ["--multi_gpu", "--main_process_port", "0"]
    return command


def dataset_named(data: str) -> DatasetDict:
    """Return a dataset of the course by its name, or the tables in a folder.

    Raises
    ------
    ValueError
        If `data` is neither.
    SourceError
        If it cannot be had, or holds something else.
    """
    from helpers.data import DATASETS, load, load_tables

    if data in DATASETS:
        return load(data)
    if not Path(data).is_dir():
        raise ValueError(f"{data!r} is neither a folder nor one of {', '.join(DATASETS)}")
    return load_tables(Path(data))


def check_output(folder: Path) -> None:
    """Raise a ValueError if a folder holds anything that a model would be written over."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ValueError(f"{folder} is there and not empty; name a new folder for the model")


def train(data: str, output: Path, epochs: int, seed: int) -> None:
    """Fine-tune the default checkpoint, and save it with its tokenizer; in all processes at once.

    Parameters
    ----------
    data : str
        As in `dataset_named`.
    output : Path
        Written by the first process alone.
    epochs : int
    seed : int
        Draws the new head, the order of the rows and the dropout.
    """
    from datasets import Dataset
    from transformers import set_seed

    from helpers.models import load_classifier, load_tokenizer
    from helpers.training import train_on

    dataset, tokenizer = dataset_named(data), load_tokenizer()
    names = dataset["train"].features["label"].names
    set_seed(seed)
    model = load_classifier(len(names), dict(enumerate(names)))
    tokens = tokenizer(dataset["train"]["text"][:], truncation=True)
    rows = Dataset.from_dict({**tokens, "label": dataset["train"]["label"][:]})
    train_on(model, rows, tokenizer, epochs, seed, **shared_batches())
    if is_first():
        model.save_pretrained(output)
        tokenizer.save_pretrained(output)
        if "validation" in dataset:
            print(f"validation accuracy: {accuracy(model, tokenizer, dataset['validation']):.3f}")


def shared_batches() -> dict[str, Any]:
    """Return options of ``TrainingArguments`` by which all processes together take one batch."""
    from helpers.training import RECIPE

    processes = int(os.environ.get("WORLD_SIZE", 1))
    size = max(1, RECIPE["per_device_train_batch_size"] // processes)  # type: ignore[operator]  # a whole number
    return {
        "per_device_train_batch_size": size,
        # A classifier's loss is its batch's mean already; else the Trainer would add the means up.
        "average_tokens_across_devices": False,
        # The order of the rows is the first process's: dropout draws from each one's own chance.
        "accelerator_config": {"use_seedable_sampler": False},
        "ddp_find_unused_parameters": False,
    }


def is_first() -> bool:
    """Tell whether this process is the one that speaks and writes."""
    return os.environ.get("RANK", "0") == "0"


def accuracy(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, rows: Dataset) -> float:
    """Return the share of rows whose label the model finds."""
    import numpy as np

    from helpers.recipes import token_logits

    tokens = tokenizer(rows["text"][:], truncation=True)["input_ids"]
    found = token_logits(model, tokens, tokenizer).argmax(axis=1)
    return float(np.mean(found == np.array(rows["label"][:])))


def main() -> None:
    """Read the command line and train."""
    parser = argparse.ArgumentParser(prog="helpers.train_script", description=__doc__)
    parser.add_argument("data", help="a dataset of the course, or a folder with train.csv")
    parser.add_argument("output", type=Path, help="a new folder for the model")
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    if not is_first():
        os.environ["TQDM_DISABLE"] = "1"  # one bar for all
    own_device()
    with nullcontext() if is_first() else redirect_stdout(io.StringIO()):
        train(**vars(arguments))
    leave_group()


def own_device() -> None:
    """Let "cuda" mean a GPU of its own for each process of a machine."""
    import torch

    if torch.cuda.is_available():
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", 0)))


def leave_group() -> None:
    """Part from the other processes, where there are any."""
    import torch

    if torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()


if __name__ == "__main__":
    main()
