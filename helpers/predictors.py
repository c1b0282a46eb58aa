"""Predict callables for the server: from texts to labels and scores, best first.

Each takes a list of texts and returns one list of ``{"label", "score"}`` per text.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from helpers.features import length_batches
from helpers.serving import BATCH_SIZE, Predict, Predictions

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

# Paths within a saved model's folder, where other tools for ONNX look for them, too.
ONNX_FILES = ("onnx/model_int8.onnx", "onnx/model.onnx")
# Tokens that ONNX Runtime gets at once, padding included. A pass over few texts of similar length
# has hardly any padding, and the values between two layers stay in the processor's cache.
PLACES = 256


def pipeline_predictor(tokenizer: PreTrainedTokenizerBase, model: PreTrainedModel) -> Predict:
    """Return a predict callable that uses transformers' own pipeline."""
    from transformers import pipeline

    classifier = pipeline("text-classification", model=model, tokenizer=tokenizer)

    def predict(texts: list[str]) -> Predictions:
        return classifier(list(texts), top_k=None, truncation=True, batch_size=BATCH_SIZE)

    return predict


def onnx_predictor(
    tokenizer: PreTrainedTokenizerBase, path: Path | str, id2label: dict[int, str]
) -> Predict:
    """Return a predict callable that runs an exported classifier with ONNX Runtime.

    Parameters
    ----------
    tokenizer : PreTrainedTokenizerBase
    path : Path or str
        A model with the inputs ``input_ids`` and ``attention_mask`` and the output ``logits``.
    id2label : dict of int to str
    """
    import numpy as np
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    labels = np.array([id2label[index] for index in range(len(id2label))], dtype=object)

    def predict(texts: list[str]) -> Predictions:
        answers: Predictions = [[]] * len(texts)
        tokens = tokenizer(list(texts), truncation=True)["input_ids"] if texts else []
        for rows in length_batches([len(ids) for ids in tokens], PLACES):
            ids = [tokens[row] for row in rows]
            logits = session.run(["logits"], padded(ids, tokenizer.pad_token_id))[0]
            powers = np.exp(logits - logits.max(axis=1, keepdims=True))
            scores = powers / powers.sum(axis=1, keepdims=True)
            for row, values in zip(rows, scores, strict=True):
                best = np.argsort(-values, kind="stable")
                pairs = zip(labels[best], values[best].tolist(), strict=True)
                answers[row] = [{"label": label, "score": score} for label, score in pairs]
        return answers

    return predict


def padded(sequences: list[list[int]], pad_id: int) -> dict:
    """Return `input_ids` and `attention_mask`, int64 arrays padded on the right."""
    import numpy as np

    lengths = np.array([len(sequence) for sequence in sequences])
    mask = np.arange(lengths.max()) < lengths[:, None]
    ids = np.full(mask.shape, pad_id, dtype=np.int64)
    ids[mask] = np.concatenate(sequences)
    return {"input_ids": ids, "attention_mask": mask.astype(np.int64)}


def load_predictor(folder: Path) -> tuple[Predict, str]:
    """Return a predict callable for a folder that `save_pretrained` wrote, and the model's name.

    The smallest ONNX file in it is used if there is one, else its PyTorch weights.

    Raises
    ------
    OSError
        If the folder contains no model.
    """
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    from helpers.models import pick_device

    if not (folder / "config.json").is_file():
        raise OSError(f"{folder} contains no config.json; give a folder that save_pretrained wrote")
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    for path in (folder / name for name in ONNX_FILES):
        if path.is_file():
            labels = json.loads((folder / "config.json").read_text())["id2label"]
            id2label = {int(index): label for index, label in labels.items()}
            return onnx_predictor(tokenizer, path, id2label), f"{folder.name} ({path.name})"
    model = AutoModelForSequenceClassification.from_pretrained(folder, local_files_only=True)
    return pipeline_predictor(tokenizer, model.to(pick_device()).eval()), folder.name


def course_predictor() -> tuple[Predict, str]:
    """Return a predict callable for the model of lesson 4, and its name; train it if necessary."""
    from helpers.data import load
    from helpers.models import load_tokenizer
    from helpers.training import fine_tuned

    tokenizer = load_tokenizer()
    return pipeline_predictor(tokenizer, fine_tuned(load("emotion"), tokenizer)), "emotion"
