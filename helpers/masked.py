"""A masked language model: the checkpoint's own if available, else one that is trained here."""

from __future__ import annotations

import io
from collections.abc import Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING

from helpers.cache import fingerprint
from helpers.features import length_batches, weights_hash
from helpers.models import (
    CHECKPOINT,
    MODEL_FILES,
    REVISIONS,
    embedded_model_folder,
    pick_device,
    pick_dtype,
)
from helpers.sources import (
    SourceError,
    SourceNotThere,
    first_available,
    hub_snapshot,
    mirror_folder,
)
from helpers.training import denormals_as_zeros, trained_or_kept

if TYPE_CHECKING:
    import numpy as np
    import torch
    from transformers import BatchEncoding, PreTrainedModel, PreTrainedTokenizerBase

# Rows per step; tokens per row (enough for most posts and headlines, and longer texts would slow
# down their whole batch); share of tokens hidden; learning rates of the new head and the encoder.
ROWS, LENGTH, SHARE, HEAD_RATE, ENCODER_RATE = 32, 32, 0.15, 1e-3, 2e-4


def pretrained_masked_model(checkpoint: str = CHECKPOINT) -> PreTrainedModel:
    """Load a checkpoint with the language-model head that it was pretrained with.

    Raises
    ------
    SourceError
        If neither a mirror nor the Hub has it. The embedded encoder has no such head.
    """
    from transformers import AutoModelForMaskedLM

    def mirrored() -> Path:
        root = mirror_folder()
        folder = root / "models" / checkpoint if root else None
        if folder is None or not folder.is_dir():
            raise SourceNotThere("there is no mirror, or the mirror does not have it")
        return folder

    loaders = {
        "mirror": mirrored,
        "hub": lambda: hub_snapshot(
            checkpoint, REVISIONS.get(checkpoint, "main"), MODEL_FILES, "model"
        ),
    }
    reasons = []
    for source in loaders:
        try:
            folder, taken = first_available(checkpoint, loaders, source)
        except SourceError as reason:
            reasons.append(str(reason))
            continue
        with redirect_stdout(io.StringIO()):
            model = AutoModelForMaskedLM.from_pretrained(folder, local_files_only=True)
        print(f"masked language model: {checkpoint}, from the {taken}")
        return model.to(pick_device()).eval()
    raise SourceError("; ".join(reasons))


def untrained_masked_model(seed: int = 0) -> PreTrainedModel:
    """Put a new language-model head on the embedded encoder.

    Its last layer shares the encoder's word embeddings: the score of a word is the dot product of
    its embedding and the head's output at the mask. So only one small square matrix and a bias are
    new.
    """
    from transformers import BertForMaskedLM, set_seed

    set_seed(seed)
    folder = embedded_model_folder()
    return BertForMaskedLM.from_pretrained(folder, local_files_only=True).to(pick_device()).eval()


def adapted_masked_model(
    texts: Sequence[str], tokenizer: PreTrainedTokenizerBase, steps: int, seed: int = 0
) -> PreTrainedModel:
    """Train `untrained_masked_model` to fill masks in some texts, or load it if trained before.

    Parameters
    ----------
    texts : sequence of str
    tokenizer : PreTrainedTokenizerBase
        The embedded checkpoint's; texts are cut to 32 tokens.
    steps : int
        Batches of 32 texts. Training is limited by steps, not seconds, so that two runs are equal.
    seed : int
    """
    model = untrained_masked_model(seed)
    rows = tokenizer(list(texts), truncation=True, max_length=LENGTH)["input_ids"]
    settings = repr([ROWS, LENGTH, SHARE, HEAD_RATE, ENCODER_RATE, steps, seed, str(pick_dtype())])
    key = fingerprint([weights_hash(model), settings, *map(str, rows)])
    with denormals_as_zeros():
        source = trained_or_kept(model, key, lambda: _adapt(model, rows, tokenizer, steps, seed))
    print(f"adapted to {len(rows):,} texts, {steps} steps: {source}")
    return model.eval()


def masked_accuracy(
    model: PreTrainedModel, texts: Sequence[str], tokenizer: PreTrainedTokenizerBase, seed: int = 0
) -> dict[str, float]:
    """Hide tokens of some texts, always the same ones, and return how many the model finds.

    Returns
    -------
    dict of str to float
        Shares of the hidden tokens that the model's ``first guess`` and its ``first five`` guesses
        find, and, to compare with, what always guessing the ``most frequent`` hidden token finds.
    """
    import numpy as np
    import torch

    rows = tokenizer(list(texts), truncation=True, max_length=LENGTH)["input_ids"]
    rng = np.random.default_rng(seed)
    best, truth = [], []
    with torch.inference_mode():
        # Scores over a whole vocabulary need much memory, so batches have few positions.
        for chosen in length_batches([len(ids) for ids in rows], 1024):
            batch, places, hidden = _hide([rows[row] for row in chosen], tokenizer, rng)
            scores = model(**batch.to(model.device)).logits[places.to(model.device)]
            best.append(scores.topk(5).indices.cpu().numpy())
            truth.append(hidden.numpy())
    guesses, truth = np.concatenate(best), np.concatenate(truth)
    return {
        "most frequent": float(np.bincount(truth).max() / len(truth)),
        "first guess": float(np.mean(guesses[:, 0] == truth)),
        "first five": float(np.mean((guesses == truth[:, None]).any(axis=1))),
    }


def _hide(
    rows: Sequence[Sequence[int]], tokenizer: PreTrainedTokenizerBase, rng: np.random.Generator
) -> tuple[BatchEncoding, torch.Tensor, torch.Tensor]:
    """Pad some rows and mask tokens; return the batch, where the masks are, and the hidden tokens.

    At least one token of the batch is hidden. Special tokens are never hidden.
    """
    import torch

    batch = tokenizer.pad({"input_ids": list(rows)}, return_tensors="pt")
    ids = batch["input_ids"]
    special = torch.isin(ids, torch.tensor(tokenizer.all_special_ids))
    draws = torch.from_numpy(rng.random(ids.shape)).masked_fill(special, 1.0)
    places = draws < max(SHARE, float(draws.min()) + 1e-12)
    hidden = ids[places]
    batch["input_ids"] = ids.masked_fill(places, tokenizer.mask_token_id)
    return batch, places, hidden


def _scores_at(model: PreTrainedModel, batch: BatchEncoding, places: torch.Tensor) -> torch.Tensor:
    """Score the vocabulary at the masks only, since six of seven positions need no scores."""
    import torch

    # float16 is not used, because it would need loss scaling.
    enabled = pick_dtype(model.device) == torch.bfloat16
    with torch.autocast(model.device.type, dtype=torch.bfloat16, enabled=enabled):
        states = model.base_model(**batch).last_hidden_state
        return model.cls(states[places.to(states.device)]).float()


def _adapt(
    model: PreTrainedModel,
    rows: Sequence[Sequence[int]],
    tokenizer: PreTrainedTokenizerBase,
    steps: int,
    seed: int,
) -> None:
    import numpy as np
    import torch
    from tqdm.auto import tqdm
    from transformers import get_scheduler

    rng = np.random.default_rng(seed)
    head = [*list(model.cls.predictions.transform.parameters()), model.cls.predictions.bias]
    known = {id(weights) for weights in head}
    encoder = [weights for weights in model.parameters() if id(weights) not in known]
    groups = [{"params": head, "lr": HEAD_RATE}, {"params": encoder, "lr": ENCODER_RATE}]
    optimizer = torch.optim.AdamW(groups, weight_decay=0.01, fused=True)
    schedule = get_scheduler("linear", optimizer, steps // 10, steps)
    model.train()
    for _ in tqdm(range(steps), desc="adapting", unit="step", leave=False):
        chosen = [rows[row] for row in rng.integers(len(rows), size=ROWS)]
        batch, places, hidden = _hide(chosen, tokenizer, rng)
        scores = _scores_at(model, batch.to(model.device), places)
        loss = torch.nn.functional.cross_entropy(scores, hidden.to(scores.device))
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
