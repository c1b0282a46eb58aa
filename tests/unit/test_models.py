"""Loading models: the order of sources, verified weights, one line of output."""

import hashlib
import shutil

import pytest
import torch

from helpers import models, sources
from helpers.models import (
    CHECKPOINT,
    EMBEDDED_SHA256,
    embedded_model_folder,
    load_classifier,
    load_encoder,
    load_tokenizer,
    pick_device,
    pick_dtype,
)
from helpers.sources import SourceError


def test_embedded_weights_have_the_published_hash():
    weights = embedded_model_folder() / "model.safetensors"
    assert hashlib.sha256(weights.read_bytes()).hexdigest() == EMBEDDED_SHA256


def test_altered_weights_are_refused(monkeypatch):
    monkeypatch.setattr(models, "EMBEDDED_SHA256", "0" * 64)
    embedded_model_folder.cache_clear()
    with pytest.raises(SourceError, match=r"sha256 53aa.*reinstall"):
        load_encoder(source="embedded")
    embedded_model_folder.cache_clear()


def test_encoder_and_tokenizer_fit_and_say_one_line_each(capsys):
    tokenizer, encoder = load_tokenizer(), load_encoder()
    lines = capsys.readouterr()
    assert lines.out.splitlines() == [
        "tokenizer: sentence-transformers/all-MiniLM-L6-v2 (embedded), 30,522 tokens",
        f"encoder: sentence-transformers/all-MiniLM-L6-v2 (embedded), "
        f"22.7M parameters, on {pick_device()}",
    ]
    assert lines.err == ""
    batch = tokenizer(["i feel fine"], return_tensors="pt").to(encoder.device)
    with torch.inference_mode():
        assert encoder(**batch).last_hidden_state.shape == (1, 5, 384)
    assert not encoder.training


def test_classifier_has_a_head_with_our_names():
    classifier = load_classifier(2, {0: "calm", 1: "cross"})
    assert classifier.config.id2label == {0: "calm", 1: "cross"}
    assert classifier.config.label2id == {"calm": 0, "cross": 1}
    assert classifier.classifier.out_features == 2


def test_classifier_refuses_names_that_do_not_fit():
    with pytest.raises(ValueError, match=r"ids \[0, 2\], not 0 to 1"):
        load_classifier(2, {0: "calm", 2: "cross"})


def test_mirror_comes_before_the_embedded_model(tmp_path, monkeypatch, capsys):
    folder = tmp_path / "models" / CHECKPOINT
    shutil.copytree(embedded_model_folder(), folder)
    monkeypatch.setenv("COURSE_MIRROR", str(tmp_path))
    load_tokenizer()
    assert f"{CHECKPOINT} (from the mirror)" in capsys.readouterr().out
    (folder / "model.safetensors").unlink()
    with pytest.raises(SourceError, match=r"lacks model\.safetensors"):
        load_encoder()


def test_checkpoint_without_a_stand_in_says_so():
    with pytest.raises(
        SourceError, match="only sentence-transformers/all-MiniLM-L6-v2 is embedded"
    ):
        load_tokenizer("google-bert/bert-base-cased")


def test_embedded_model_answers_when_the_network_is_cut(monkeypatch, tmp_path, capsys):
    monkeypatch.delenv("HF_HUB_OFFLINE")
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(sources, "_hub_answers", None)
    load_encoder()
    assert "does not answer" in capsys.readouterr().out


def test_dtype_on_a_cpu_follows_its_instructions(monkeypatch):
    cpu = torch.device("cpu")
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": True})
    assert pick_dtype(cpu) == torch.bfloat16
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx2": True})
    assert pick_dtype(cpu) == torch.float32


@pytest.mark.parametrize("multiplied", [False, True])
def test_dtype_on_a_gpu_is_what_its_hardware_multiplies(monkeypatch, multiplied):
    def is_bf16_supported(including_emulation=True):
        return including_emulation or multiplied

    monkeypatch.setattr(torch.cuda, "is_bf16_supported", is_bf16_supported)
    expected = torch.bfloat16 if multiplied else torch.float16
    assert pick_dtype(torch.device("cuda")) == expected
