"""The course's fine-tuned classifier: trained once with lesson 4's recipe, then kept on disk."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from helpers.cache import cache_folder, fingerprint

if TYPE_CHECKING:
    import torch
    from datasets import Dataset, DatasetDict
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

Batch = TypeVar("Batch")

# Lesson 4 shows what each of these does, and how the values were found.
RECIPE = {
    "per_device_train_batch_size": 64,
    "learning_rate": 3e-4,
    "lr_scheduler_type": "linear",
    "warmup_steps": 0.1,  # a share of all steps
    "weight_decay": 0.01,
    "train_sampling_strategy": "group_by_length",
}


def fine_tuned(
    dataset: DatasetDict, tokenizer: PreTrainedTokenizerBase, epochs: int = 2, seed: int = 0
) -> PreTrainedModel:
    """Return the default checkpoint fine-tuned on the train split, from disk if trained before.

    Parameters
    ----------
    dataset : DatasetDict
        Its split ``train`` has the columns ``text`` and ``label`` (ClassLabel); no other split
        is used.
    tokenizer : PreTrainedTokenizerBase
        The default checkpoint's; texts are truncated at its maximum.
    epochs : int
    seed : int
        For the random numbers of the new head, the order of the rows and the dropout.

    Returns
    -------
    PreTrainedModel
        A classifier with the label names in its configuration, on the fastest device, in
        evaluation mode.
    """
    from datasets import Dataset
    from transformers import set_seed

    from helpers.features import weights_hash
    from helpers.models import load_classifier, pick_dtype

    train = dataset["train"]
    names = train.features["label"].names
    set_seed(seed)
    model = load_classifier(len(names), dict(enumerate(names)))
    tokens = tokenizer(train["text"][:], truncation=True)
    rows = Dataset.from_dict({**tokens, "label": train["label"][:]})
    # The key consists of what the result depends on: weights, tokens, labels and recipe.
    recipe = repr([RECIPE, epochs, seed, pick_dtype(model.device), names])
    key = fingerprint(
        [weights_hash(model), recipe, *map(str, rows["input_ids"][:]), str(rows["label"][:])]
    )
    source = trained_or_kept(model, key, lambda: train_on(model, rows, tokenizer, epochs, seed))
    print(f"fine-tuned on {len(train):,} texts, {epochs} epochs: {source}")
    return model.eval()


def trained_or_kept(model: PreTrainedModel, key: str, train: Callable[[], None]) -> str:
    """Load a model's trained weights from the cache; if they are missing, train and store them.

    If several processes need the same weights, one trains and the others wait for it.

    Parameters
    ----------
    model : PreTrainedModel
        Changed in place.
    key : str
        Fingerprint of everything that the weights depend on.
    train : callable
        Trains the model.

    Returns
    -------
    str
        Where the weights come from, in words for people.
    """
    from filelock import FileLock
    from safetensors import SafetensorError
    from safetensors.torch import load_model

    path = cache_folder() / f"weights-{key[:32]}.safetensors"
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
    writable = path.parent.is_dir() and os.access(path.parent, os.W_OK)
    with FileLock(f"{path}.lock") if writable else nullcontext():
        started = time.perf_counter()
        try:
            load_model(model, path, device=str(model.device))
            return "from the cache"
        except (OSError, SafetensorError, RuntimeError):
            train()
            _keep(model, path)
            return f"trained in {time.perf_counter() - started:.0f} s"


def precision_options() -> dict[str, bool]:
    """Return the options of ``TrainingArguments`` that train in the fastest number format.

    Weights stay in float32; only matrix products are computed in 16 bits, where that is fast.
    """
    import torch

    from helpers.models import pick_device, pick_dtype

    device, dtype = pick_device(), pick_dtype()
    return {
        "use_cpu": device.type == "cpu",
        "bf16": dtype == torch.bfloat16,
        "fp16": dtype == torch.float16,
    }


def train_on(
    model: PreTrainedModel,
    rows: Dataset,
    tokenizer: PreTrainedTokenizerBase,
    epochs: int,
    seed: int,
    **changes: Any,
) -> None:
    """Train a classifier in place, with one progress bar that disappears afterwards.

    Parameters
    ----------
    model : PreTrainedModel
    rows : Dataset
        Columns ``input_ids`` (not padded) and ``label``.
    tokenizer : PreTrainedTokenizerBase
        Pads the batches.
    epochs, seed : int
    **changes
        Fields of ``TrainingArguments`` that differ from `RECIPE`.
    """
    from transformers import Trainer, TrainingArguments
    from transformers.trainer_callback import PrinterCallback

    with tempfile.TemporaryDirectory() as folder, denormals_as_zeros():
        arguments = TrainingArguments(
            output_dir=folder,
            num_train_epochs=epochs,
            seed=seed,
            save_strategy="no",
            logging_strategy="no",
            report_to="none",
            disable_tqdm=True,
            dataloader_pin_memory=model.device.type == "cuda",
            **precision_options(),
            **{**RECIPE, **changes},
        )
        trainer = Trainer(
            model,
            arguments,
            train_dataset=rows,
            processing_class=tokenizer,
            callbacks=[progress_bar()],
        )
        # Without its own bar the Trainer would print its last log instead.
        trainer.remove_callback(PrinterCallback)
        trainer.train()
        # The Trainer leaves its autocast around the model. With it, the model's outputs would
        # differ in some digits from those of the same weights loaded from disk.
        trainer.accelerator.unwrap_model(model, keep_fp32_wrapper=False)


@contextmanager
def denormals_as_zeros() -> Iterator[None]:
    """Make a CPU treat numbers below the smallest normal one as zeros, until the block ends.

    AdamW's averages for tokens that no longer occur in batches shrink to such numbers, and a CPU
    computes many times slower with them.
    """
    import torch

    before = sys.float_info.min / 2 == 0.0
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(before)


def progress_bar(description: str = "training"):
    """Return a Trainer callback that shows one progress bar, which disappears afterwards.

    It replaces the Trainer's own bar and table (off with ``disable_tqdm=True``), which are useful
    for one long run but too much for a dozen short ones.
    """
    from tqdm.auto import tqdm
    from transformers import TrainerCallback

    class ProgressBar(TrainerCallback):
        def on_train_begin(self, args, state, control, **options):
            self.bar = tqdm(total=state.max_steps, desc=description, unit="step", leave=False)

        def on_step_end(self, args, state, control, **options):
            self.bar.update()

        def on_train_end(self, args, state, control, **options):
            self.bar.close()

    return ProgressBar()


def take_step(model: PreTrainedModel, batch: dict, optimizer: torch.optim.Optimizer) -> float:
    """Take one training step in the fastest number format, and return the batch's loss."""
    import torch

    from helpers.models import pick_dtype

    dtype = pick_dtype(model.device)
    # float16 would need loss scaling, which only the Trainer does.
    enabled = dtype == torch.bfloat16
    with torch.autocast(model.device.type, dtype=torch.bfloat16, enabled=enabled):
        loss = model.train()(**batch).loss
    optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)
    optimizer.step()
    return loss.item()


def train_batches(
    parameters: Iterable[torch.nn.Parameter],
    batches: Sequence[Batch],
    loss_of: Callable[[Batch], torch.Tensor],
    learning_rate: float,
    description: str = "training",
) -> None:
    """Take one AdamW step for each batch; the rate rises over a tenth of them, then falls to zero.

    Parameters
    ----------
    parameters : iterable of Parameter
        Those that do not require gradients are left out.
    batches : sequence
    loss_of : callable
        Computes the loss of a batch, in whatever number format it likes.
    learning_rate : float
        The highest rate.
    description : str
        Label of the progress bar, which is shown if the training takes more than a second.

    Raises
    ------
    ValueError
        If no parameter requires gradients.
    """
    import torch
    from tqdm.auto import tqdm
    from transformers import get_linear_schedule_with_warmup

    moved = [parameter for parameter in parameters if parameter.requires_grad]
    if not moved:
        raise ValueError("no parameter requires gradients, so there is nothing to train")
    optimizer = torch.optim.AdamW(moved, lr=learning_rate, weight_decay=0.01)
    schedule = get_linear_schedule_with_warmup(optimizer, len(batches) // 10, len(batches))
    with denormals_as_zeros():
        for batch in tqdm(batches, desc=description, unit="step", leave=False, delay=1):
            optimizer.zero_grad()
            loss_of(batch).backward()
            torch.nn.utils.clip_grad_norm_(moved, max_norm=1.0)
            optimizer.step()
            schedule.step()


def _keep(model: PreTrainedModel, path: Path) -> None:
    """Write the weights completely or not at all; if that fails, they are only trained again."""
    from safetensors.torch import save_model

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent) as folder:
            part = Path(folder) / path.name
            save_model(model, str(part))
            os.replace(part, path)
    except OSError as reason:
        print(f"The model could not be kept ({reason}); the next run trains it again.")
