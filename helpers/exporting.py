"""The export to ONNX, and silence where the libraries below have much to say."""

from __future__ import annotations

import logging
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


@contextmanager
def quietly() -> Iterator[None]:
    """Hold back the notes of the exporter and the quantiser; errors pass.

    They speak of operators that text models have none of, and of deprecations between their own
    parts.
    """
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings(action="ignore"):
            yield
    finally:
        logging.disable(before)


def export_classifier(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, path: Path
) -> None:
    """Write a classifier as ONNX with its weights in int8, as lesson 6 does step by step.

    Parameters
    ----------
    model, tokenizer
        A classifier on the CPU, and its tokenizer.
    path : Path
        Of the new file; its folder exists.
    """
    import onnx
    import torch
    from onnxruntime.quantization import QuantType, quantize_dynamic

    class LogitsOnly(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.model = model

        def forward(self, input_ids, attention_mask):
            return self.model(input_ids=input_ids, attention_mask=attention_mask).logits

    names = ["input_ids", "attention_mask"]
    texts = ["two texts", "of different lengths"]
    example = tokenizer(texts, padding=True, return_tensors="pt")
    dynamic = {0: "texts", 1: "tokens"}
    with quietly(), tempfile.TemporaryDirectory() as folder:
        full = Path(folder) / "model.onnx"
        torch.onnx.export(
            LogitsOnly().eval(),
            tuple(example[name] for name in names),
            full,
            input_names=names,
            output_names=["logits"],
            dynamic_shapes=(dynamic, dynamic),
            external_data=False,
            verbose=False,
        )
        graph = onnx.load(full)
        # The exporter's notes on shapes in between confuse the quantiser, which finds them itself.
        graph.graph.ClearField("value_info")
        quantize_dynamic(graph, path, weight_type=QuantType.QInt8, per_channel=True)
