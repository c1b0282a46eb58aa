"""A classifier in int8 predicts the labels of the one in float32; a figure says how often."""

from pathlib import Path

import pytest
from execute_all import trainings_are_short
from transformers import pipeline

from benchmarks.record import prove
from benchmarks.serving import agreement, export
from helpers.data import load
from helpers.models import load_tokenizer
from helpers.predictors import load_predictor
from helpers.training import fine_tuned

DEPENDS_ON = ("data/emotion/manifest.json",)


# If the notebooks that run at the same time train on fewer rows, none of them stores the model.
@(pytest.mark.training if trainings_are_short() else pytest.mark.slow)
def test_a_server_in_int8_gives_the_labels_of_float32(after_lesson, tmp_path):
    after_lesson("05_error_analysis")  # keeps the model
    emotion, tokenizer = load("emotion", source="embedded"), load_tokenizer(source="embedded")
    texts = emotion["validation"]["text"][:]
    model = fine_tuned(emotion, tokenizer).cpu()
    model.save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    export(model, tokenizer, Path(tmp_path))
    usual = pipeline("text-classification", model=model, tokenizer=tokenizer)
    ours, _ = load_predictor(Path(tmp_path))
    figure = agreement(usual, ours, texts, "embedded")
    assert figure.value >= 0.99  # 0.994 was measured; an interval is 0.0035 wide on either side
    # Its last digits depend on the processor that trained the model.
    prove({"serving.agreement.embedded": figure}, "tests/unit/test_equal_labels.py", exact=False)
