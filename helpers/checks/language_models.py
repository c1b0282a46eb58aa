"""Visible checks of lesson 8."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pandas as pd
import torch

from helpers.checks.core import examples
from helpers.checks.expect import close, equal, joined, of_type, raises, runs, that, unchanged
from helpers.checks.language import say
from helpers.checks.models import left_as_it_came

# ---- label_log_probabilities, contrastive_pairs, add_lora

_TOKENS = (
    *("<s>", "</s>", "<unk>", " ", "mood:"),
    *(" sad", " glad", " calm", " not", " very"),
    *("sad", "glad", "calm", "not", "very", "·"),
)
_NEXT: dict[str, dict[str, float]] = {
    "<s>": {"mood:": 1 / 4, " sad": 1 / 2},
    "</s>": {" sad": 1 / 16, " not": 1 / 4},
    "<unk>": {},
    " ": {" sad": 1 / 4, " glad": 1 / 2},
    "mood:": {" sad": 1 / 8, " not": 1 / 2, " glad": 1 / 32, " calm": 1 / 32, " very": 1 / 16},
    " sad": {"</s>": 1 / 2, " ": 1 / 8, " sad": 1 / 256},
    " not": {" sad": 1 / 2, " very": 1 / 4, " glad": 1 / 64},
    " very": {" sad": 1 / 4, " glad": 1 / 8},
}
"""How probable a token is after another; those that are not named share the rest evenly."""


def _follows(before: str, token: str) -> float:
    """Return the logarithm of how probable a token is after another."""
    named = _NEXT.get(before, {})
    rest = (1 - sum(named.values())) / (len(_TOKENS) - len(named))
    return math.log(named.get(token, rest))


def _chained(*tokens: str) -> float:
    """Return the log-probability of all tokens but the first, each after the one before it."""
    return sum(_follows(one, other) for one, other in itertools.pairwise(tokens))


def _word_tokenizer(end: str = "") -> Any:
    """Return a tokenizer of words, each with the blank before it; four tokens at most."""
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    ids = {token: number for number, token in enumerate(_TOKENS)}
    backend = Tokenizer(models.WordLevel(ids, unk_token="<unk>"))
    backend.pre_tokenizer = pre_tokenizers.Split(Regex(" ?[^ ]+| "), "isolated")
    backend.post_processor = processors.TemplateProcessing(
        single=f"<s> $A {end}".strip(), special_tokens=[("<s>", 0), ("</s>", 1)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=backend,
        model_max_length=4,
        bos_token="<s>",
        eos_token="</s>",
        unk_token="<unk>",
        pad_token="</s>",
    )


class _Watch:
    """Records in which mode a model computes, and fails if it is told to."""

    def __init__(self, model: Any) -> None:
        self.passes: list[tuple[bool, bool]] = []
        self.fails = False
        model.register_forward_pre_hook(self.look)

    def look(self, model: Any, _: Any) -> None:
        kept = torch.is_grad_enabled() and any(part.requires_grad for part in model.parameters())
        self.passes.append((any(part.training for part in model.modules()), kept))
        if self.fails:
            raise RuntimeError("out of memory")


def _chain() -> Any:
    """Return a real causal language model whose weights are set so that it follows `_NEXT`."""
    from transformers import LlamaConfig, LlamaForCausalLM

    size = len(_TOKENS)
    config = LlamaConfig(
        vocab_size=size,
        hidden_size=size,
        intermediate_size=size,
        num_hidden_layers=1,
        num_attention_heads=1,
        attention_dropout=0.5,
        bos_token_id=0,
        eos_token_id=1,
    )
    model = LlamaForCausalLM(config).eval()
    table = torch.tensor([[_follows(one, other) for other in _TOKENS] for one in _TOKENS])
    with torch.no_grad():
        for name, weights in model.named_parameters():
            weights.fill_(1.0 if "norm" in name else 0.0)
        # The norm makes 4 of the only number that is not 0.
        model.get_input_embeddings().weight.copy_(100 * torch.eye(size))
        model.get_output_embeddings().weight.copy_((table.T + 3) / 4)
    return model


@examples("label_log_probabilities")
def _(answer: Any) -> None:
    tokenizer, model = _word_tokenizer(), _chain()
    watch = _Watch(model)

    def expect(prompt: str, label: str, wanted: float, likely: Any = "", words: Any = None) -> None:
        given = say("The sum of the label {1} after the prompt {2}", repr(label), repr(prompt))
        got = runs(lambda: answer(prompt, [label], words or tokenizer, model), given)
        of_type(got, dict, given)
        equal(list(got), [label], joined(given, say("The keys of the dict")))
        close(got[label], wanted, given, likely, tolerance=1e-4)
        of_type(got[label], float, given)

    one = math.log(1 / 8)
    own = say("The logits at a place are about the next token: read one place earlier.")
    kept = {
        say("Those are logits: `log_softmax` makes log-probabilities of them."): one + 3,
        say("That is the probability; its logarithm is wanted."): 1 / 8,
        say("Those are logarithms to the base 2; natural ones are wanted."): one / math.log(2),
        say("That is the loss, which has the other sign."): -one,
        say("The label's blank is missing: after 'mood:' comes ' sad'."): _chained("mood:", "sad"),
        own: _chained(" sad", " sad"),
        say("The label has special tokens there; `add_special_tokens=False` leaves them out."): (
            _chained("mood:", "<s>", " sad")
        ),
        say("The prompt's own tokens are not part of the sum."): _chained("<s>", "mood:", " sad"),
        say("That is relative to the other labels; no softmax over the labels."): 0.0,
        say("The softmax runs over the places of the text; tokens lie along the last axis."): (
            math.log(1 / 8 / (1 / 2 + 1 / 8 + 1 / 256))
        ),
    }
    expect("mood:", "sad", one, kept)
    three = _chained("mood:", " not", " very", " sad")
    parts = [math.log(1 / 2), math.log(1 / 4), math.log(1 / 4)]
    expect(
        "mood:",
        "not very sad",
        three,
        {
            say("That is the mean of its three tokens; their sum is wanted."): three / 3,
            say("That is its first token alone."): parts[0],
            say("That is its last token alone."): parts[2],
            say("That sums probabilities; sum their logarithms."): 1.0,
            say("Each token is read right behind the prompt; the tokens before it count, too."): (
                sum(_follows("mood:", token) for token in (" not", " very", " sad"))
            ),
            say("Those are logits: `log_softmax` makes log-probabilities of them."): three + 9,
            own: sum(_chained(token, token) for token in (" not", " very", " sad")),
        },
    )
    _check_order(answer, tokenizer, model)
    expect(
        "",
        "sad",
        math.log(1 / 2),
        say("The prompt is not without tokens: this tokenizer puts <s> in front."),
    )
    expect(
        "mood:",
        "sad",
        math.log(1 / 16),
        {
            say("This tokenizer ends the prompt with </s>, as it does by default."): one,
            say("The label has special tokens there, or is cut out of a longer text."): (
                _chained("</s>", "<s>", " sad", "</s>")
            ),
            say("Tokenize the prompt and the label one by one, not together."): (
                _follows(" sad", "</s>")
            ),
        },
        _word_tokenizer("</s>"),
    )
    expect(
        "mood: mood: mood: mood: not",
        "sad",
        math.log(1 / 2),
        {
            say("The prompt is cut at the tokenizer's maximum; none of it may be lost."): (
                _follows("<unk>", " sad")
            )
        },
    )
    expect(
        "mood: ",
        "sad",
        math.log(1 / 4),
        {say("The blank at the end of the prompt is part of it."): one},
    )
    expect(
        "mood:",
        " sad",
        _chained("mood:", " ", " sad"),
        {say("A label stays as it is, with the blanks at its ends."): one},
    )
    expect(
        "mood:",
        "Sad",
        _chained("mood:", "<unk>"),
        {say("A label stays as it is, with its capitals."): one},
    )
    _check_model(answer, tokenizer, model, watch)


def _check_order(answer: Any, tokenizer: Any, model: Any) -> None:
    labels = ["sad", "not very sad", "not sad", "not glad"]
    given = say("For the labels {1} after the prompt 'mood:'", labels)
    got = runs(
        lambda: unchanged(
            lambda names: answer("mood:", names, tokenizer, model), labels, given=given
        ),
        given,
    )
    of_type(got, dict, given)
    equal(sorted(got), sorted(labels), say("{1}: the sorted keys", given))
    for label in labels:
        wanted = _chained("mood:", *(f" {word}" for word in label.split()))
        close(
            got[label],
            wanted,
            say("{1}: the sum of {2}", given, repr(label)),
            say(
                "Labels differ in length and begin alike: is padding, or another label, part of it?"
            ),
            tolerance=1e-4,
        )
    best = ["not sad", "sad", "not very sad", "not glad"]
    equal(
        list(got),
        best,
        say("{1}: the keys in their order", given),
        {
            say("That is the order given; the best comes first."): labels,
            say("The worst comes first; the best is wanted there."): best[::-1],
            say("They are sorted by name; sort by the sums."): sorted(labels),
        },
    )
    for equals in (["glad", "calm"], ["calm", "glad"]):
        got = answer("mood:", equals, tokenizer, model)
        if got["glad"] == got["calm"]:
            equal(
                list(got),
                equals,
                say("For the labels {1}, which have equal sums, the keys", equals),
                say("Equals stay in the order given: `sorted` does that, also with `reverse`."),
            )


def _check_model(answer: Any, tokenizer: Any, model: Any, watch: _Watch) -> None:
    modes = {True: say("training"), False: say("evaluation")}
    for training, mode in modes.items():
        model.train(training)
        watch.passes.clear()
        with left_as_it_came(model, say("For a model in {1} mode", mode)):
            answer("mood:", ["sad", "calm"], tokenizer, model)
        that(
            not any(mode for mode, _ in watch.passes),
            say("A model that comes in {1} mode must compute in evaluation mode.", mode),
        )
        that(
            not any(kept for _, kept in watch.passes),
            say("The forward pass keeps a record for gradients. Wrap it in `torch.no_grad()`."),
        )
        watch.fails = True
        with left_as_it_came(model, say("For a model in {1} mode that fails", mode)):
            try:
                answer("mood:", ["sad", "calm"], tokenizer, model)
            except RuntimeError:
                watch.fails = False
        that(
            not watch.fails,
            say("A model that fails must stop your code, too; yours goes on without its logits."),
        )
    half = _chain().to(torch.bfloat16)
    with left_as_it_came(half, say("For a model in half precision")):
        got = answer("mood:", ["not sad"], tokenizer, half)
    close(
        got["not sad"],
        math.log(1 / 4),
        say("The sum of the label 'not sad' with a model in half precision"),
        tolerance=0.1,
    )


@examples("contrastive_pairs")
def _(answer: Any) -> None:
    labels = ["joy", "fear", "joy"]
    given = say("For the labels {1} and pairs={2}", labels, 2)
    got = unchanged(lambda names: answer(names, 2), labels, given=given)
    of_type(got, np.ndarray, given)
    equal(got.shape, (2, 3), say("{1}: the shape", given), say("One row of three per pair."))
    that(
        got.dtype == np.int64,
        say("{1}: the numbers must be int64; yours are {2}.", given, got.dtype),
    )
    _expect_true_rows(got, labels, given)
    letters = list("abcab")
    for pairs in (1, 4, 5):
        given = say("For the labels {1} and pairs={2}", letters, pairs)
        rows = runs(
            lambda pairs=pairs: answer(letters, pairs),
            given,
            say("There are 2 pairs of one class and 8 of two: that is enough."),
        )
        _expect_true_rows(rows, letters, given)
        equal(
            (int(rows[:, 2].sum()), len(rows)),
            (pairs // 2, pairs),
            say("{1}: the number of pairs of one class, and of all pairs", given),
            say("`pairs // 2` are of one class, the rest of two."),
        )
    _check_kinds_of_labels(answer)
    _check_chance(answer)
    for few, pairs, what in (
        (["a", "b", "c"], 2, say("There is no pair of one class.")),
        (["a", "a", "a"], 1, say("There is no pair of two classes.")),
        (["a", "a", "a", "b"], 7, say("There are three pairs of two classes.")),
        (["a", "a", "b", "b"], 6, say("There are two pairs of one class.")),
    ):
        raises(
            lambda few=few, pairs=pairs: answer(few, pairs),
            ValueError,
            ("same", "different"),
            say("For the labels {1} and pairs={2}, contrastive_pairs", few, pairs),
            joined(what, say("Compare their number with the wanted one before you draw.")),
        )


def _expect_true_rows(rows: Any, labels: Any, given: str) -> None:
    """Expect that every row is a new pair of two places and says whether these are of one class."""
    met: list[set[int]] = []
    for first, second, same in rows.tolist():
        row = say("{1} one row is {2}", given, [first, second, same])
        here = min(first, second) >= 0 and max(first, second) < len(labels)
        that(
            here and same in (0, 1),
            say(
                "{1}. Expected two places from 0 to {2}, and then 1 (one class) or 0 (two).",
                row,
                len(labels) - 1,
            ),
        )
        that(first != second, say("{1}: a message is paired with itself.", row))
        true = 1 if labels[first] == labels[second] else 0
        that(
            same == true,
            say(
                "{1}, but the labels at these places are {2} and {3}, so that the last number "
                "must be {4}.",
                row,
                repr(labels[first]),
                repr(labels[second]),
                true,
            ),
        )
        that(
            {first, second} not in met,
            say("{1}, but this pair came before, perhaps the other way round.", row),
        )
        met.append({first, second})


def _check_kinds_of_labels(answer: Any) -> None:
    by_place = say("Place 0 is the first label, whatever the index: `np.asarray` drops the index.")
    as_given = say("Labels are equal if all of their characters are.")
    numbers = [7, 7, -2, -2, 30]
    for kind, given, plain in (
        (say("a Series whose index begins at 5"), pd.Series(numbers, range(5, 10)), numbers),
        (say("a Series whose index is reversed"), pd.Series(numbers, range(4, -1, -1)), numbers),
        (say("a tuple"), tuple("aabbc"), "aabbc"),
        (say("an array of strings"), np.array(list("aabbc")), "aabbc"),
        (say("labels with capitals and blanks"), ["no", "No", "no", " no"], None),
    ):
        text = say("For {1}, {2}, and pairs={3}", kind, list(given), 3)
        likely = by_place if isinstance(given, pd.Series) else as_given
        rows = runs(lambda given=given: answer(given, 3), text, likely)
        _expect_true_rows(rows, plain or given, text)
    before = ["b", "a", "b", "a"]
    unchanged(lambda names: answer(names, 2), before, given="contrastive_pairs")


def _check_chance(answer: Any) -> None:
    labels = list("aaabbbccc")
    draws = [answer(labels, 16, seed=seed) for seed in range(20)]
    that(
        np.array_equal(draws[0], answer(labels, 16, seed=0))
        and np.array_equal(draws[7], answer(labels, 16, seed=7)),
        say("Two calls with the same seed give different rows. Is every draw made with the seed?"),
    )
    that(
        np.array_equal(draws[0], answer(labels, 16)),
        say("Without a seed the rows must be those of seed=0, the default."),
    )
    that(
        len({rows.tobytes() for rows in draws}) == len(draws),
        say("Different seeds give the same rows. Is the parameter used?"),
    )
    orders = {tuple(rows[:, 2].tolist()) for rows in draws}
    sorted_ways = {(1,) * 8 + (0,) * 8, (0,) * 8 + (1,) * 8}
    that(
        sum(tuple(rows[:, 2].tolist()) in sorted_ways for rows in draws) < 3,
        say("One kind of pair comes first and then the other: shuffle the rows."),
    )
    that(
        len(orders) > 5,
        say("For every seed the kinds of pairs come in the same order: shuffle by the seed."),
    )
    few = list("aabbc")
    found = {
        (min(one, other), max(one, other))
        for seed in range(300)
        for one, other, _ in answer(few, 3, seed=seed).tolist()
    }
    missing = [pair for pair in itertools.combinations(range(5), 2) if pair not in found]
    that(
        not missing,
        say(
            "In 300 draws of three pairs from the labels {1} these pairs never come: {2}. "
            "Each one must have a chance.",
            few,
            missing,
        ),
    )


def _small_layer(bias: bool = True, dtype: Any = torch.float32) -> Any:
    """Return a layer from two features to three; for 1, 1 it gives 3, 7, 11 plus the bias."""
    layer = torch.nn.Linear(2, 3, bias=bias, dtype=dtype)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]))
        if bias:
            layer.bias.copy_(torch.tensor([10.0, 20.0, 30.0]))
    return layer


def _filled(answer: Any, layer: Any, **options: Any) -> Any:
    """Return an adapter of rank 2 whose A is [[1, 1], [0, 2]], and whose B has rows 10, 01, 11."""
    made = answer(layer, rank=2, **options)
    parts = dict(made.named_parameters())
    with torch.no_grad():
        parts["lora_a"].copy_(torch.tensor([[1.0, 1.0], [0.0, 2.0]]))
        parts["lora_b"].copy_(torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]))
    return made


@examples("add_lora")
def _(answer: Any) -> None:
    given = say("For a layer from 2 to 3 features and rank={1}", 4)
    made = answer(_small_layer(), rank=4)
    of_type(made, torch.nn.Module, given)
    _expect_two_parameters(made, 4, given, torch.float32)
    parts = dict(made.named_parameters())
    that(
        not parts["lora_b"].any(),
        say("{1}: lora_b must be all zeros. Else the results change before any training.", given),
    )
    that(
        bool(parts["lora_a"].any()),
        say("{1}: lora_a is all zeros, too. Then no gradient reaches either matrix.", given),
    )
    again = dict(answer(_small_layer(), rank=4).named_parameters())["lora_a"]
    that(
        not torch.equal(parts["lora_a"], again),
        say("Two calls give the same lora_a: draw it at random in each call."),
    )
    _expect_two_parameters(answer(_small_layer()), 8, say("If rank is left out (8)"), torch.float32)
    _check_results(answer)
    _check_steps(answer)
    for dtype in (torch.float64, torch.bfloat16, torch.float16):
        given = say("For a layer of the dtype {1}", dtype)
        made = answer(_small_layer(dtype=dtype), rank=1)
        _expect_two_parameters(made, 1, given, dtype)
        got = _passed(made, torch.ones(2, dtype=dtype), given)
        that(got.dtype == dtype, say("{1}: the results have the dtype {2}.", given, got.dtype))
        own = [13.0, 27.0, 41.0]
        close(got.float(), own, say("{1}: the result for 1, 1", given), tolerance=1e-2)
    _check_device(answer)
    for rank in (0, -3):
        layer = _small_layer()
        raises(
            lambda rank=rank, layer=layer: answer(layer, rank=rank),
            ValueError,
            ("rank", str(rank)),
            f"rank={rank}",
            say("A matrix of no rows, or fewer, adapts nothing."),
        )
        that(
            layer.weight.requires_grad and layer.bias.requires_grad,
            say(
                "rank={1}: the layer is frozen, though the rank was refused. Check it first.", rank
            ),
        )


def _expect_two_parameters(made: Any, rank: int, given: str, dtype: Any) -> None:
    parts = dict(made.named_parameters())
    for name, shape in (("lora_a", (rank, 2)), ("lora_b", (3, rank))):
        that(
            name in parts,
            say(
                "{1}: the module has no parameter {2}; it has {3}. `torch.nn.Parameter` makes one "
                "of a tensor.",
                given,
                name,
                ", ".join(parts),
            ),
        )
        equal(tuple(parts[name].shape), shape, say("{1}: the shape of {2}", given, name))
        that(
            parts[name].dtype == dtype,
            say("{1}: {2} has the dtype {3}.", given, name, parts[name].dtype),
        )
    equal(
        sorted(name for name, part in parts.items() if part.requires_grad),
        ["lora_a", "lora_b"],
        say("{1}: the trainable parameters", given),
        say("The layer, with its bias, must be frozen; the two matrices must not."),
    )


def _passed(made: Any, numbers: Any, given: str) -> Any:
    """Return what a module makes of an input."""
    likely = say("Inputs have one dimension or more, of which the last holds the features.")
    got = runs(lambda: made(numbers), given, likely)
    of_type(got, torch.Tensor, given)
    return got


def _check_results(answer: Any) -> None:
    ones, own = torch.ones(2), np.array([13.0, 27.0, 41.0])
    layer = _small_layer()
    given = say("Before any training, the result for 1, 1")
    close(
        _passed(answer(layer, rank=3), ones, given),
        own,
        given,
        {
            say("The layer's bias is lost."): [3.0, 7.0, 11.0],
            say("The layer's bias comes twice."): [23.0, 47.0, 71.0],
            say("The layer's own result is not part of it."): [0.0, 0.0, 0.0],
        },
    )
    change = np.array([2.0, 2.0, 4.0])
    for options, scale in (({"alpha": 6.0}, 3.0), ({"alpha": 1}, 0.5), ({}, 8.0)):
        alpha = options.get("alpha", 16.0)
        given = say(
            "With A = [[1, 1], [0, 2]], B = [[1, 0], [0, 1], [1, 1]], rank=2 and alpha={1}, the "
            "result for 1, 1",
            f"{alpha:g}",
        )
        layer = _small_layer()
        made = _filled(answer, layer, **options)
        got = _passed(made, ones, given)
        close(
            layer.weight,
            [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]],
            say("The layer's weight after a pass"),
            say("It must keep its values: add the product to the results, not to the weight."),
        )
        that(
            all(torch.equal(got, made(ones)) for _ in range(20)),
            say("{1} differs from pass to pass: nothing in it may be random.", given),
        )
        close(
            got,
            own + scale * change,
            given,
            {
                say("The factor alpha / rank is missing."): own + change,
                say("The factor is alpha alone; divide by the rank."): own + alpha * change,
                say("The factor is upside down."): own + 2 / alpha * change,
                say("It divides by the root of the rank."): own + alpha / 2**0.5 * change,
                say("The factor is rounded to a whole number."): own + alpha // 2 * change,
                say("The default of alpha is 16."): own + 4 * change,
                say("The layer's own result is not part of it."): scale * change,
                say("The matrices have no effect: multiply by them in every pass."): own,
            },
        )
    made = _filled(answer, _small_layer(bias=False), alpha=6.0)
    given = say("With a layer that has no bias, the result for 1, 1")
    close(_passed(made, ones, given), [9.0, 13.0, 23.0], given)
    for shape in ((5, 2), (4, 5, 2), (2, 1, 5, 2), (0, 2)):
        given = say("For an input of the shape {1}, the result", shape)
        got = _passed(made, torch.ones(shape), given)
        likely = say("`@` multiplies along the last dimension, whatever comes before it.")
        close(got, np.broadcast_to([9.0, 13.0, 23.0], (*shape[:-1], 3)), given, likely)


def _check_steps(answer: Any) -> None:
    """Expect two steps of gradient descent on the sum of the results for 1, 1, from B = 0."""
    layer = _small_layer()
    made = _filled(answer, layer, alpha=6.0)
    parts = dict(made.named_parameters())
    with torch.no_grad():
        parts["lora_b"].zero_()
    optimizer = torch.optim.SGD([part for part in parts.values() if part.requires_grad], lr=0.1)
    for name, wanted, what in (
        ("lora_b", [[-0.6, -0.6]] * 3, say("After one step of training, lora_b")),
        ("lora_a", [[1.54, 1.54], [0.54, 2.54]], say("After two steps of training, lora_a")),
    ):
        optimizer.zero_grad()
        runs(lambda: made(torch.ones(2)).sum().backward(), say("The backward pass"))
        optimizer.step()
        close(
            parts[name],
            wanted,
            what,
            say("The gradient does not reach it as it is: is it detached, or a copy of it used?"),
        )
    likely = say("The layer keeps its values, also in training.")
    close(layer.bias, [10.0, 20.0, 30.0], say("After training, the layer's bias"), likely)
    close(
        layer.weight,
        [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]],
        say("After training, the layer's weight"),
        likely,
    )


def _check_device(answer: Any) -> None:
    """Try a device that only keeps shapes; code that reads numbers cannot run there."""
    try:
        parts = dict(answer(_small_layer().to("meta"), rank=1).named_parameters())
    except RuntimeError:
        return
    for name in ("lora_a", "lora_b"):
        that(
            parts[name].is_meta,
            say("For a layer on another device, {1} is on the {2}.", name, parts[name].device),
        )
