"""The program that ``course train`` starts with ``accelerate launch``, in one or several processes.

Each process takes an equal share of every batch, and after each step they average their gradients.
So a step uses as many rows as in one process, and the resulting model is the same, except for
rounding and the random numbers of dropout. The processes communicate through gloo on CPUs and
through NCCL on NVIDIA GPUs.

This was tested on the CPUs of one machine, but not on a GPU or on several machines.
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
    """Return a command that starts a script in processes of this machine; append its name.

    Parameters
    ----------
    processes : int
        One per GPU; on a CPU they share the cores.
    """
    from helpers.models import pick_device

    command = [sys.executable, "-m", "accelerate.commands.launch"]
    command += ["--num_processes", str(processes), "--num_machines", "1"]
    command += ["--mixed_precision", "no", "--dynamo_backend", "no"]  # the Trainer sets these
    if pick_device().type == "cpu":
        threads = max(1, (os.cpu_count() or 1) // processes)
        command += ["--num_cpu_threads_per_process", str(threads)]
    if processes > 1:
        # Also for CPUs: with --multi_gpu accelerate starts the processes; --cpu leaves that to MPI.
        command += ["--multi_gpu", "--main_process_port", "0"]
    return command


def dataset_named(data: str) -> DatasetDict:
    """Return a dataset of the course by its name, or the tables in a folder.

    Raises
    ------
    ValueError
        If `data` is neither.
    SourceError
        If it cannot be loaded, or its contents are wrong.
    """
    from helpers.data import DATASETS, load, load_tables

    if data in DATASETS:
        return load(data)
    if not Path(data).is_dir():
        raise ValueError(f"{data!r} is neither a folder nor one of {', '.join(DATASETS)}")
    return load_tables(Path(data))


def check_output(folder: Path) -> None:
    """Raise a ValueError if a folder contains anything, which a model might overwrite."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ValueError(f"{folder} exists and is not empty; choose a new folder for the model")


def train(data: str, output: Path, epochs: int, seed: int) -> None:
    """Fine-tune the default checkpoint and save it with its tokenizer; runs in every process.

    Parameters
    ----------
    data : str
        As in `dataset_named`.
    output : Path
        Only the first process writes to it.
    epochs : int
    seed : int
        For the random numbers of the new head, the order of the rows and the dropout.
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
    """Return options of ``TrainingArguments`` that divide each batch among the processes."""
    from helpers.training import RECIPE

    processes = int(os.environ.get("WORLD_SIZE", 1))
    size = max(1, RECIPE["per_device_train_batch_size"] // processes)  # type: ignore[operator]  # a whole number
    return {
        "per_device_train_batch_size": size,
        # A classifier's loss is already a mean over its batch. The default would add the means up.
        "average_tokens_across_devices": False,
        # All processes use the first one's order of rows. Dropout differs between processes.
        "accelerator_config": {"use_seedable_sampler": False},
        "ddp_find_unused_parameters": False,
    }


def is_first() -> bool:
    """Tell whether this process is the one that prints and writes files."""
    return os.environ.get("RANK", "0") == "0"


def accuracy(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, rows: Dataset) -> float:
    """Return the share of rows whose label the model predicts."""
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
        os.environ["TQDM_DISABLE"] = "1"  # one progress bar for all processes
    own_device()
    with nullcontext() if is_first() else redirect_stdout(io.StringIO()):
        train(**vars(arguments))
    leave_group()


def own_device() -> None:
    """Make "cuda" mean a different GPU in each process of a machine."""
    import torch

    if torch.cuda.is_available():
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", 0)))


def leave_group() -> None:
    """Disconnect from the other processes, if there are any."""
    import torch

    if torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()


if __name__ == "__main__":
    main()
