"""Hidden tests of lesson 3."""

import numpy as np
import torch
from sklearn.neighbors import NearestNeighbors

from grading.standins import Encoder, Estimator, Named, TextClassifier, Tokenizer, WatchedTensor
from grading.testing import (
    COARSE,
    FLOAT32,
    AnswerError,
    awkward,
    close,
    equal,
    grades,
    has_type,
    raises,
    that,
    unchanged,
)


def _average_of_real_tokens(hidden, mask):
    """Average row by row in float64, with zeros for a row without real tokens."""
    states, real = hidden.double().numpy(), mask.numpy().astype(bool)
    rows = [
        row[keep].mean(axis=0) if keep.any() else 0 * row[0]
        for row, keep in zip(states, real, strict=True)
    ]
    return np.stack(rows)


def _attended(query, key, value, mask):
    """Attend in float64, text by text, with nothing but the real places at hand."""
    query, key, value = (part.double().numpy() for part in (query, key, value))
    texts, heads, places, size = query.shape
    output = np.zeros((texts, heads, places, size))
    weights = np.zeros((texts, heads, places, places))
    for text, row in enumerate(mask.numpy()):
        real = np.flatnonzero(row)
        if len(real):
            scores = query[text] @ key[text][:, real].swapaxes(1, 2) / np.sqrt(size)
            powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
            shares = powers / powers.sum(axis=-1, keepdims=True)
            weights[text][:, :, real] = shares
            output[text] = shares @ value[text][:, real]
    return output, weights


def _close_row_by_row(got, expected, mask, what, likely, tolerance):
    """Compare rows of four dimensions, so that a message shows one row and its text's mask."""
    if got.shape == expected.shape:
        wrong = ~np.isclose(got.numpy(), expected, rtol=tolerance, atol=tolerance)
        if wrong.any():
            text, head, token, _ = np.argwhere(wrong)[0]
            real = " ".join(map(str, mask[text].tolist()))
            what = f"{what} of text {text}, head {head}, token {token} (mask {real})"
            got, expected = got[text, head, token], expected[text, head, token]
    close(got, expected, what, likely, tolerance)


# An answer may compute in the type that it is given, where a product, a softmax and a sum each
# round, or in a wider or narrower one of those with enough digits.
_DIGITS = {
    torch.float64: FLOAT32,
    torch.float32: FLOAT32,
    torch.float16: 1e-2,
    torch.bfloat16: 6e-2,
}


@grades("attention")
def _(answer, rng):
    def vectors(*shape, scale=1.0, dtype=torch.float32):
        parts = rng.normal(size=(3, *shape), scale=scale)
        return [torch.tensor(part, dtype=dtype) for part in parts]

    def expect(query, key, value, mask, what, likely="", tolerance=None):
        got = unchanged(answer, query, key, value, mask)
        pair = isinstance(got, tuple | list) and len(got) == 2
        that(pair, f"{what}: attention returns two tensors, the output and the weights.")
        wanted, digits = _attended(query, key, value, mask), tolerance or _DIGITS[query.dtype]
        # The weights first: the output follows from them.
        for name, part, right in zip(("weights", "output"), got[::-1], wanted[::-1], strict=True):
            has_type(part, torch.Tensor, f"{what}: the {name}")
            that(
                part.dtype == query.dtype,
                f"{what}: the {name} must be {query.dtype}, as the query is, not {part.dtype}.",
            )
            part = part.double()
            cause = f" Likely: {likely}." if likely else ""
            finite = bool(torch.isfinite(part).all())
            that(finite, f"{what}: NaN or infinity in the {name}.{cause}")
            _close_row_by_row(part, right, mask, f"{what}: the {name}", likely, digits)
        hidden = got[1].double() * (mask[:, None, None, :] == 0)
        that(not hidden.any(), f"{what}: on padding every weight must be 0, and exactly 0.")

    texts, heads, places = 6, int(rng.integers(2, 4)), int(rng.integers(6, 9))
    size = int(rng.choice([3, 5, 10, 12]))
    query, key, value = vectors(texts, heads, places, size, scale=1.5)
    lengths = rng.permutation(np.arange(1, 1 + texts))
    right = torch.tensor(np.arange(places) < lengths[:, None]).long()
    holes = torch.tensor(rng.permuted(right.numpy(), axis=1))
    patterns = {
        "no padding": torch.ones_like(right),
        "padding on the right": right,
        "padding on the left": right.flip(1),
        "holes in the mask": holes,
        "one real token a text": torch.tensor(
            rng.permuted(np.eye(texts, places, dtype=int), axis=1)
        ),
    }
    likely = {
        "no padding": "scores not divided by the root of d, or a softmax over another dimension",
        "holes in the mask": "only the first places are taken, however many are real",
    }
    masked = "the mask does not reach every row before the softmax, or is laid over the queries"
    for what, mask in patterns.items():
        expect(query, key, value, mask, what, likely.get(what, masked))
    none = holes.clone()
    none[int(rng.integers(texts))] = 0
    expect(
        query, key, value, none, "one text is all padding: zeros there", "0 / 0, or a uniform row"
    )
    expect(query, key, value, 0 * holes, "every text is all padding: zeros", "0 / 0")
    # As many texts as heads, as tokens and as numbers: a mask or product in a wrong place fits.
    four = torch.tensor([[1, 1, 1, 0], [0, 1, 1, 0], [1, 0, 1, 1], [0, 0, 0, 1]])
    expect(
        *vectors(4, 4, 4, 4, scale=1.5),
        four[torch.tensor(rng.permutation(4))],
        "as many texts as heads, tokens and numbers",
        "the mask is laid over another dimension, or dimensions are told apart by their size",
    )
    small = {
        "one text": (1, 2, 4, 3),
        "one head": (3, 1, 4, 2),
        "one token": (2, 2, 1, 3),
        "d = 1": (3, 2, 5, 1),
        "one of everything": (1, 1, 1, 1),
        "more tokens than numbers": (2, 3, 11, 2),
    }
    for what, shape in small.items():
        mask = torch.tensor(rng.integers(0, 2, (shape[0], shape[2])))
        mask[0, int(rng.integers(shape[2]))] = 1
        expect(*vectors(*shape, scale=1.5), mask, what, "a dimension of 1 squeezed away")
    # What stands at padding is anybody's guess, and must not be seen.
    query, key, value = vectors(3, 2, 6, 4)
    mask = torch.tensor(rng.permuted(np.tile([1, 1, 1, 0, 0, 0], (3, 1)), axis=1))
    padding = (mask == 0)[:, None, :, None]
    filled = [key.masked_fill(padding, 50.0), value.masked_fill(padding, 1e8)]
    expect(query, *filled, mask, "large numbers at padding", "padding keeps a little of the weight")
    zeros = [key.masked_fill(padding, 0.0), value.masked_fill(padding, 0.0)]
    expect(query, *zeros, mask, "zeros at padding", "a score of 0 is not out of the softmax")
    flat = [key * 0, value.masked_fill(~padding, 0.0)]
    expect(query, *flat, mask, "real tokens whose numbers are 0", "padding told by its numbers")
    _expect_far_scores(expect, rng)
    for dtype in _DIGITS:
        name = str(dtype).removeprefix("torch.")
        beyond = "a number that the type cannot hold, or a mask of another type"
        mask = torch.tensor([[1, 1, 0, 1, 0], [0, 0, 0, 0, 0], [0, 1, 1, 1, 1]])
        expect(*vectors(3, 2, 5, 3, dtype=dtype), mask, f"in {name}", beyond)
    watched = WatchedTensor("attention_mask", ((1, 1, 0, 1), (0, 1, 1, 1)))
    answer(*vectors(2, 3, 4, 2), watched)
    asked = {call["function"] for call in answer.calls}
    library = sorted(name for name in asked if "attention" in name)
    that(not library, f"The answer calls {', '.join(library)}, which it was to stand without.")


def _expect_far_scores(expect, rng):
    """Try scores of ±10,000, which these numbers give exactly, and in half precision too."""
    for dtype in _DIGITS:
        texts, heads, places = 3, 2, 5
        scores = torch.tensor(rng.choice([1e4, -1e4, 0.0], size=(texts, heads, places)))
        scores[:, :, 0], scores[:, :, 1] = -1e4, -1e4
        key = torch.zeros(texts, heads, places, 4, dtype=dtype)
        key[..., int(rng.integers(4))] = scores.to(dtype)
        query = torch.full_like(key, 2.0)
        value = torch.tensor(rng.normal(size=key.shape), dtype=dtype)
        masks = {
            "scores of ±10,000": [1, 1, 1, 1, 1],
            "scores of -10,000, and larger ones at padding": [1, 1, 0, 0, 0],
            "scores of ±10,000, the last token is padding": [1, 1, 1, 1, 0],
        }
        name = str(dtype).removeprefix("torch.")
        for what, row in masks.items():
            mask = torch.tensor([row] * texts)
            likely = (
                "e to such a power overflows, the largest score at padding is subtracted, the "
                "number that stands for minus infinity is a score that a real token may have, or "
                "a difference is lost in so large a number"
            )
            # Near 10,000 the numbers of float32 are 0.001 apart.
            digits = max(COARSE, _DIGITS[dtype])
            expect(query, key, value, mask, f"{what}, in {name}", likely, tolerance=digits)
    near = torch.tensor(1e4 - rng.permutation(4), dtype=torch.float32)
    key = torch.zeros(1, 1, 4, 4)
    key[0, 0, :, 0] = near
    value = torch.tensor(rng.normal(size=key.shape), dtype=torch.float32)
    mask = torch.tensor([[1, 1, 1, 0]])
    expect(
        torch.full_like(key, 2.0),
        key,
        value,
        mask,
        "scores from 9,997 to 10,000",
        "the differences of large scores are lost",
        tolerance=1e-2,
    )


@grades("mean_pool")
def _(answer, rng):
    def states(*shape, scale=1.0):
        return torch.tensor(rng.normal(size=shape, scale=scale), dtype=torch.float32)

    hidden = states(6, 9, 4)
    lengths = rng.permutation(np.arange(2, 8))
    right = torch.tensor(np.arange(9) < lengths[:, None]).long()
    got = unchanged(answer, hidden, right)
    has_type(got, torch.Tensor, "mean_pool returns a tensor")
    that(got.dtype == torch.float32, f"mean_pool returns float32, not {got.dtype}.")
    patterns = {
        "padding on the right": right,
        "padding on the left": right.flip(1),
        "holes in the mask": torch.tensor(rng.permuted(right.numpy(), axis=1)),
        "one real token a row": torch.tensor(rng.permuted(np.eye(6, 9, dtype=int), axis=1)),
        "no padding": torch.ones(6, 9, dtype=torch.long),
    }
    for what, mask in patterns.items():
        close(
            unchanged(answer, hidden, mask),
            _average_of_real_tokens(hidden, mask),
            f"the mean of real tokens, {what}",
            likely="padding counted, the row's length as divisor, or only the first n places",
        )
    mask = patterns["holes in the mask"].clone()
    mask[int(rng.integers(6))] = 0
    got = unchanged(answer, hidden, mask)
    that(bool(torch.isfinite(got).all()), "A row that is all padding must give zeros, not NaN.")
    close(got, _average_of_real_tokens(hidden, mask), "one row is all padding: zeros there")
    got = unchanged(answer, hidden, 0 * mask)
    close(got, np.zeros((6, 4)), "all rows are all padding: zeros")
    that(got.dtype == torch.float32, f"All rows are padding: expected float32, got {got.dtype}.")
    # All of one sign: large numbers that nearly cancel out leave an error that is nobody's fault.
    large = states(3, 5, 2, scale=1e4).abs()
    mask = torch.tensor(rng.permuted(np.tile([1, 1, 1, 0, 0], (3, 1)), axis=1))
    close(answer(large, mask), _average_of_real_tokens(large, mask), "values near 1e4")
    close(
        answer(hidden[:, :, :1], right),
        _average_of_real_tokens(hidden[:, :, :1], right),
        "a hidden size of 1",
        likely="a dimension of 1 squeezed away",
    )
    mask = patterns["holes in the mask"]
    cut = hidden.relu()  # about half of the numbers are 0, as after many layers
    cut[torch.arange(6), mask.argmax(dim=1)] = 0.0
    close(
        answer(cut, mask),
        _average_of_real_tokens(cut, mask),
        "real tokens whose numbers are 0, some or all of them",
        likely="padding told by its numbers instead of by the mask",
    )
    long = states(2, 600, 3)
    mask = torch.tensor((rng.random((2, 600)) < 0.8).astype(int))
    close(
        answer(long, mask),
        _average_of_real_tokens(long, mask),
        "rows of 600 tokens",
        likely="tokens counted in a type that cannot hold their number",
    )
    square = states(4, 4, 4)
    mask = torch.tensor([[1, 1, 1, 1], [1, 0, 1, 0], [0, 0, 1, 1], [0, 1, 0, 0]])
    close(
        answer(square, mask),
        _average_of_real_tokens(square, mask),
        "as many texts as places and as hidden numbers",
        likely="an average over the wrong dimension",
    )
    single = states(1, 1, 3)
    close(answer(single, torch.ones(1, 1).long()), single[:, 0].numpy(), "one row of one token")
    close(
        answer(states(2, 3, 5) * 0 + 2.5, torch.tensor([[1, 0, 0], [1, 1, 1]])),
        np.full((2, 5), 2.5),
        "equal tokens: the mean is their value, however many there are",
        likely="one divisor for the whole batch",
    )


_WORDS = tuple(f"{first}{last}" for first in ("ba", "do", "ki", "mu") for last in "lnrt")


def _random_text(rng, words):
    return " ".join(rng.choice(_WORDS, size=words))


def _one_at_a_time(texts, tokenizer, encoder):
    """Compute the features by pooling here, one text at a time, so that nothing is ever padded."""
    import dataclasses

    tokenize = tokenizer.build([])
    model = dataclasses.replace(encoder, training=False).build([])
    rows = {"mean": [], "cls": []}
    for text in texts:
        ids = tokenize(text, truncation=True)["input_ids"]
        with torch.no_grad():
            states = model(input_ids=torch.tensor([ids])).last_hidden_state[0].double().numpy()
        rows["mean"].append(states.mean(axis=0))
        rows["cls"].append(states[0])
    return {pooling: np.array(vectors) for pooling, vectors in rows.items()}


@grades("extract_features")
def _(answer, rng):
    weights = int(rng.integers(1_000_000))

    def encoder(**options):
        # More positions than any tokenizer's maximum, which is what cuts the texts.
        size = {"vocabulary_size": 5 + len(_WORDS), "max_length": 160}
        return Encoder("model", **size, seed=weights, **options)

    tokenizer = Tokenizer("tokenizer", vocabulary=_WORDS, max_length=int(rng.integers(13, 19)))
    # Lengths in random order, one far over the maximum, two that are equal, and one of nothing.
    lengths = rng.permutation([0, 1, 2, 3, 4, 5, 7, 9, 11, 13, 14, 15, 40])
    texts = [_random_text(rng, words) for words in lengths]
    texts.append(texts[3])
    given, expected = (texts, tokenizer, encoder()), _one_at_a_time(texts, tokenizer, encoder())
    for pooling in ("mean", "cls"):
        for batch_size in (1, 4, 7, 14, 50):
            options = {"batch_size": batch_size, "pooling": pooling}
            _grade_features(answer, given, expected, "14 texts", **options)
    _grade_features(answer, given, expected, "`pooling` and `batch_size` left out")
    for what, other in awkward.tokenizers(rng, vocabulary=_WORDS):
        # Where there are no special tokens, a text of nothing has no token to average.
        some = awkward.texts(rng, 16, without=("nothing", "only blanks"))
        some.append(_random_text(rng, 150))
        given, expected = (some, other, encoder()), _one_at_a_time(some, other, encoder())
        for pooling in ("mean", "cls"):
            options = {"batch_size": int(rng.integers(2, 6)), "pooling": pooling}
            _grade_features(answer, given, expected, f"a tokenizer with {what}", **options)
    many = [_random_text(rng, int(words)) for words in rng.integers(1, 6, size=70)]
    given, expected = (many, tokenizer, encoder()), _one_at_a_time(many, tokenizer, encoder())
    _grade_features(answer, given, expected, "70 texts, `batch_size` left out")

    _grade_modes(answer, texts[:5], tokenizer, encoder)
    for dtype in ("bfloat16", "float64"):
        _grade_types(answer, texts[:6], tokenizer, encoder(dtype=dtype))
    for pooling in ("mean", "cls"):
        got = answer([], tokenizer, encoder(), pooling=pooling)
        _require_matrix(got, (0, 8), f"{pooling} features of no texts")
    for unknown in ("max", "MEAN", "last"):
        for some in (texts[:2], []):
            raises(
                answer,
                some,
                tokenizer,
                encoder(),
                pooling=unknown,
                error=ValueError,
                mentions=(unknown, "pooling"),
                what=f"pooling={unknown!r} with {len(some)} texts",
            )
    _grade_failures(answer, texts[:5], tokenizer, encoder)


def _grade_features(answer, given, expected, what, **options):
    pooling, batch_size = options.get("pooling", "mean"), options.get("batch_size", 32)
    got = unchanged(answer, *given, **options)
    what = f"{what}: {pooling} features in batches of {batch_size}"
    _require_matrix(got, (len(given[0]), 8), what)
    _require_calls(answer.calls, len(given[0]), batch_size)
    close(
        got,
        expected[pooling],
        what,
        likely="another order, padding in the mean or without an attention mask, special tokens "
        "left out, or cut at another length than `tokenizer.model_max_length`",
        tolerance=FLOAT32,
    )


def _grade_modes(answer, texts, tokenizer, encoder):
    expected = _one_at_a_time(texts, tokenizer, encoder())["mean"]
    for training in (True, False):
        came = f"A model handed over in {'training' if training else 'evaluation'} mode"
        got = answer(texts, tokenizer, encoder(training=training), batch_size=2)
        passes = [call for call in answer.calls if call["of"] == "model"]
        that(
            not any(call["training"] for call in passes),
            f"{came} must compute in evaluation mode.",
        )
        close(got, expected, came, tolerance=FLOAT32)
        _require_as_it_came(answer.calls, training, came)


def _grade_failures(answer, texts, tokenizer, encoder):
    for training in (True, False):
        mode = "training" if training else "evaluation"
        what = f"A model handed over in {mode} mode, whose second batch fails,"
        try:
            answer(texts, tokenizer, encoder(training=training, fails_at=2), batch_size=2)
        except AnswerError:
            _require_as_it_came(answer.calls, training, what)
        else:
            that(False, f"{what} must not go unnoticed: expected the error, got features.")


def _require_as_it_came(calls, training, what):
    (state,) = (call for call in calls if call["of"] == "model afterwards")
    equal(state["training"], [training], f"{what}: whether its parts are in training mode")
    changed = " and ".join(state["changed"])
    that(not changed, f"{what} must be afterwards as it came; its {changed} differ.")


def _grade_types(answer, texts, tokenizer, encoder):
    what = f"a model in {encoder.dtype}"
    got = answer(texts, tokenizer, encoder, batch_size=4)
    _require_matrix(got, (len(texts), 8), what)
    expected = _one_at_a_time(texts, tokenizer, encoder)["mean"]
    # Of bfloat16 only eight bits are left, and a batch is added up in another order.
    close(got, expected, what, tolerance=0.1 if encoder.dtype == "bfloat16" else FLOAT32)
    _require_as_it_came(answer.calls, False, f"The model in {encoder.dtype}")


def _require_matrix(got, shape, what):
    has_type(got, np.ndarray, what)
    equal(got.shape, shape, f"{what}: the shape")
    equal(str(got.dtype), "float32", f"{what}: the type of its numbers")


def _require_calls(calls, texts, batch_size):
    passes = [call for call in calls if call["of"] == "model"]
    largest = max((call["rows"] for call in passes), default=0)
    that(bool(passes), "The model was never called.")
    that(
        largest <= batch_size,
        f"With batch_size={batch_size} a forward pass held {largest} of {texts} texts.",
    )
    that(
        not any(call["gradients"] for call in passes),
        "The forward pass ran with gradients. Likely: `torch.no_grad()` is missing.",
    )


def _macro_f1(truth, predicted):
    """Average, over the classes that occur, 2 × hits / (true + predicted)."""
    truth, predicted = np.asarray(truth), np.asarray(predicted)
    scores = []
    for label in np.union1d(truth, predicted):
        hits = np.sum((truth == label) & (predicted == label))
        scores.append(2 * hits / (np.sum(truth == label) + np.sum(predicted == label)))
    return float(np.mean(scores))


@grades("compare_classifiers")
def _(answer, rng):
    import pandas as pd

    rows = int(rng.integers(40, 60))
    counts = [int(share * rows) for share in (0.6, 0.2, 0.15)]
    y_valid = rng.permutation(np.repeat(np.arange(4), [*counts, 3]))
    # One class is in neither truth nor predictions, another in predictions alone.
    y_train = np.append(rng.integers(6, size=23), [4, 5])
    X_train, X_valid = rng.normal(size=(25, 3)), rng.normal(size=(len(y_valid), 3))

    def guesses(share):
        wrong = rng.random(len(y_valid)) > share
        return tuple(
            int(label) for label in np.where(wrong, rng.integers(4, size=len(wrong)), y_valid)
        )

    canned = {
        f"model {letter}": guesses(share)
        for letter, share in zip("dacb", rng.random(4), strict=True)
    }
    # One is always better by accuracy, the other always by macro-F1.
    canned["majority"] = (0,) * len(y_valid)
    canned["all but the majority"] = tuple(int(label) or 1 for label in y_valid)
    canned["a twin"] = canned["model c"]
    canned["right"] = tuple(int(label) for label in y_valid)
    canned["a class of its own"] = tuple(4 if label == 3 else int(label) for label in y_valid)
    classifiers = {name: Estimator(name, predictions) for name, predictions in canned.items()}
    given = (X_train, y_train, X_valid, y_valid)
    table = answer(Named("classifiers", classifiers), *given)
    (kept,) = (call["same"] for call in answer.calls if call["of"] == "classifiers afterwards")
    that(kept, "The dict of classifiers holds others after the call, or in another order.")
    for after, before in zip(answer.arguments[1:], given, strict=True):
        equal(after, before, "the data after the call")

    has_type(table, pd.DataFrame, "compare_classifiers")
    equal(list(table.columns), ["accuracy", "macro_f1", "fit_seconds"], "the columns")
    equal(table.index.name, "classifier", "the name of the index")
    _require_order(table, canned, y_valid)
    for name in canned:
        hits = np.mean(np.array(canned[name]) == y_valid)
        close(table.loc[name, "accuracy"], hits, f"the accuracy of {name}")
        close(
            table.loc[name, "macro_f1"],
            _macro_f1(y_valid, canned[name]),
            f"the macro-F1 of {name}",
            likely="another average, or one over other classes than those of truth and prediction",
        )
    _require_copies(answer.calls, list(canned), 25, len(y_valid))

    # Few scores and many classifiers: a sort that is not stable confuses them.
    constant = {name: (int(rng.integers(4)),) * len(y_valid) for name in awkward.names(rng, 60)}
    tied = {name: Estimator(name, predictions) for name, predictions in constant.items()}
    _require_order(answer(tied, X_train, y_train, X_valid, y_valid), constant, y_valid)

    _grade_equal_scores(answer)

    slow = {
        name: Estimator(
            name, (0,) * len(y_valid), fit_seconds=fit, predict_seconds=0.6, copy_seconds=copy
        )
        for name, fit, copy in (
            ("quick", 0.02, 0.0),
            ("slower", 0.2, 0.8),
            ("quick again", 0.02, 0.0),
        )
    }
    seconds = answer(slow, X_train, y_train, X_valid, y_valid)["fit_seconds"]
    for name, estimator in slow.items():
        took = float(seconds[name])
        that(
            0.9 * estimator.fit_seconds <= took < estimator.fit_seconds + 0.5,
            f"A fit of {estimator.fit_seconds} s, after {estimator.copy_seconds} s of copying and "
            f"before 0.6 s of predicting, came out at {took:.2f} s. "
            "The clock must run during the fit alone, and anew for each.",
        )
    _grade_real_pipelines(answer, rng)


def _grade_equal_scores(answer):
    """Of the same macro-F1, to the last digit, the first of the dict comes first."""
    truth = np.repeat([0, 1, 2], [6, 2, 4])
    # Both have the F1 scores 4/5, 2/3, 0 and 0; the second has one more row right.
    seven = Estimator("seven of twelve", (0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 3, 3))
    eight = Estimator("eight of twelve", (0, 0, 0, 0, 0, 0, 0, 3, 2, 2, 0, 0))
    data = np.zeros((12, 1)), np.arange(12) % 4, np.zeros((12, 1)), truth
    for given in ([seven, eight], [eight, seven]):
        names = [one.name for one in given]
        equal(
            list(answer({one.name: one for one in given}, *data).index),
            names,
            "two of equal macro-F1 and unequal accuracy: the dict's order",
            likely="ties broken by another column",
        )


def _require_order(table, canned, truth):
    """Best first; who predicts the same keeps the dict's order.

    Scores that differ in the last digits, by the order in which they are added up, may tie or not.
    """
    names, what = list(table.index), f"{len(canned)} classifiers, best macro-F1 first"
    equal(sorted(names), sorted(canned), f"{what}: the names in the index")
    scores = [_macro_f1(truth, canned[name]) for name in names]
    for place in range(len(names) - 1):
        that(
            scores[place] > scores[place + 1] - 1e-9,
            f"{what}: {names[place]!r} has {scores[place]:.3f} and comes before "
            f"{names[place + 1]!r}, which has {scores[place + 1]:.3f}. Likely: sorted by accuracy, "
            "by another average of F1 or by rounded scores, or worst first.",
        )
    for predictions in set(canned.values()):
        equal(
            [name for name in names if canned[name] == predictions],
            [name for name in canned if canned[name] == predictions],
            f"{what}: those of equal scores in the dict's order",
            likely="ties broken by something else, or a sort that is not stable",
        )


def _require_copies(calls, names, train_rows, valid_rows):
    for name in names:
        fits = [call for call in calls if call["of"] == name and call["method"] == "fit"]
        that(bool(fits), f"{name} was never fitted.")
        that(
            not any(call["original"] for call in fits),
            f"{name} itself was fitted. Likely: a copy (`sklearn.base.clone`) is missing.",
        )
        that(
            all(call["rows"] == train_rows for call in fits),
            f"{name} was fitted on {fits[0]['rows']} rows; the training split has {train_rows}.",
        )
        asked = [call["rows"] for call in calls if call["of"] == name and call["method"] != "fit"]
        that(
            valid_rows in asked,
            f"{name} was never asked for the {valid_rows} rows of the validation split.",
        )


def _grade_real_pipelines(answer, rng):
    """Pipelines over texts: the answer must not look into X, and fits the whole pipeline."""
    halves = np.array(_WORDS).reshape(2, -1)
    y = rng.permutation(np.repeat([0, 1], 20))
    texts = [" ".join(rng.choice(halves[label], size=6)) for label in y]
    classifiers = {
        "dummy": TextClassifier("dummy", kind="majority"),
        "words": TextClassifier("words", kind="words"),
    }
    table = answer(classifiers, texts, y, texts[:10] + texts[-10:], np.append(y[:10], y[-10:]))
    for call in answer.calls:
        that(
            not call.get("fitted"),
            f"{call['of'].split()[0]!r} itself, or a step of it, was fitted. Likely: a copy that "
            "shares the steps of a pipeline.",
        )
    equal(list(table.index), ["words", "dummy"], "a pipeline over texts against a dummy: the order")
    close(table.loc["words", "accuracy"], 1.0, "the accuracy of a pipeline over texts")


def _purity(points, labels, k):
    """Brute force: sort all others by distance, take k."""
    shares = []
    for one, point in enumerate(points):
        distances = [(float(np.sum((point - other) ** 2)), i) for i, other in enumerate(points)]
        nearest = sorted(pair for pair in distances if pair[1] != one)[:k]
        shares.append(np.mean([labels[i] == labels[one] for _, i in nearest]))
    return float(np.mean(shares))


def _clear_points(rng, labels, dimensions):
    """Return points of which none has two others at nearly the same distance.

    So it does not matter how distances are computed, be it in float32.
    """
    while True:
        points = rng.normal(size=(len(labels), dimensions)) + 1.5 * labels[:, None]
        points = points.astype(np.float32).astype(np.float64)
        distances = np.sort(np.linalg.norm(points[:, None] - points[None], axis=-1), axis=1)
        if np.diff(distances[:, 1:], axis=1).min() > 1e-5:
            return points


@grades("neighborhood_purity")
def _(answer, rng):
    for dimensions in (1, 2, 6):
        n = int(rng.integers(25, 40))
        groups = rng.integers(3, size=n)
        points = _clear_points(rng, groups, dimensions)
        labels = rng.permutation([-1, 0, 1])[groups]  # -1, as a clustering calls what is in none
        for k in (1, 3, n - 2, n - 1):
            got = unchanged(answer, points, labels, k=k)
            has_type(got, float, "neighborhood_purity")
            close(
                got,
                _purity(points, labels, k),
                f"the purity of {n} points in {dimensions} dimensions with k={k}",
                likely="a point among its own neighbours, k one off, another distance than the "
                "Euclidean, or a vote instead of a share",
            )
    n = 30
    labels = rng.integers(2, size=n)
    points = _clear_points(rng, labels, 2)
    close(answer(points, labels), _purity(points, labels, 10), "the default k is 10")
    for kind, given in awkward.sequences(labels.tolist()):
        got = unchanged(answer, points, given, 4)
        close(got, _purity(points, labels, 4), f"labels as {kind}, k=4")
    got = unchanged(answer, points.astype(np.float32), labels, 6)
    close(got, _purity(points, labels, 6), "points in float32, as a map has them")
    has_type(got, float, "neighborhood_purity of points in float32")
    wide = points * [1.0, 100.0]
    close(answer(wide, labels, 5), _purity(wide, labels, 5), "distances of the points as they are")
    shifted = points + np.array([40.0, 5.0])
    close(answer(shifted, labels, 5), _purity(points, labels, 5), "moved, nothing changes")
    alone = np.arange(n)
    close(answer(points, alone, 3), 0.0, "every point has a label of its own, k=3")
    got = answer(points, np.zeros(n, dtype=int), 3)
    close(got, 1.0, "all points have one label, k=3")
    has_type(got, float, "neighborhood_purity of points with one label")

    # Twins at one place with different labels: the nearest other is always of another label.
    places = rng.permutation(12)[:, None] * np.array([[3.0, 1.0]])
    twins = np.concatenate([places, places])
    close(
        answer(twins, [0] * 12 + [1] * 12, k=1),
        0.0,
        "pairs of points at one place with different labels, k=1",
        likely="a point excluded by its distance of 0, or by coming first",
    )
    triples = np.repeat(places, 3, axis=0)
    shuffled = rng.permutation(36)
    labels = np.tile([0, 0, 1], 12)
    close(
        answer(triples[shuffled], labels[shuffled], k=2),
        1 / 3,
        "three points at each place, labels 0 0 1, k=2",
        likely="a point excluded by its distance of 0, or by coming first",
    )
    close(answer(np.zeros((5, 2)), [1] * 5, k=4), 1.0, "all points at one place, one label")
    first = 7.0 * np.arange(200)[:, None] * [[1.0, 0.0]]
    pairs, order = np.concatenate([first, first + np.array([1.0, 0.0])]), rng.permutation(400)
    close(
        answer(pairs[order], np.tile(np.arange(200), 2)[order], k=1),
        1.0,
        "400 points in pairs that share a label, k=1",
        likely="only some of the points looked at",
    )
    close(answer(np.array([[0.0], [1.0]]), [4, 4], k=1), 1.0, "two points, one label")
    for size, k in ((6, 0), (6, -3), (6, 6), (6, 17), (1, 1), (10, 10)):
        raises(
            answer,
            rng.normal(size=(size, 2)),
            [0] * size,
            k=k,
            error=ValueError,
            mentions=(str(k), "k"),
            what=f"k={k} with {size} points",
        )
    raises(
        answer,
        rng.normal(size=(8, 2)),
        [0] * 8,
        error=ValueError,
        mentions=("10", "k"),
        what="the default k of 10 with 8 points",
    )


def _together(points, groups):
    """Return the share of each point's ten nearest neighbours that are of its own group.

    A map's gaps and lengths differ from one processor to the next, and who lies beside whom hardly
    does: right maps come to 1.00 in the tests below, where silhouettes go from 0.5 to 0.9.
    """
    nearest = NearestNeighbors(n_neighbors=10).fit(points).kneighbors(return_distance=False)
    return float((groups[nearest] == groups[:, None]).mean())


def _rays(rng, points, noise=0.02):
    """Return points on three rays from the origin, and the number of each point's ray."""
    groups = np.repeat(np.arange(3), points)
    radius = np.tile(np.linspace(0.1, 1.0, points), 3)[:, None]
    return np.eye(3)[groups] * radius + rng.uniform(0, noise, (len(groups), 3)), groups


def _fan(rng, points):
    """Return three rays in a plane, the middle one through the centre of all, on odd scales.

    Only a scaling to [0, 1] keeps each ray one direction: about the centre, which is where
    standard deviations put the origin, the middle ray points two ways.
    """
    groups = np.repeat(np.arange(3), points)
    radius = np.tile(np.linspace(0.1, 1.0, points), 3)
    angles = np.radians([12, 45, 78])[groups]
    plane = np.stack([radius * np.cos(angles), radius * np.sin(angles)], axis=1)
    plane += rng.uniform(0, 0.004, plane.shape)
    return plane * [1.0, 100.0] + [1e3, 5e4], groups


@grades("project")
def _(answer, rng):
    features, groups = _rays(rng, 25)
    order = rng.permutation(len(groups))
    features, groups = features[order], groups[order]
    seed = int(rng.integers(1000))
    first = unchanged(answer, features, seed=seed)
    has_type(first, np.ndarray, "project")
    equal(first.shape, (75, 2), "the shape of the map")
    that(bool(np.isfinite(first).all()), "The map holds values that are not finite.")
    that(np.array_equal(answer(features, seed=seed), first), "Equal seeds must give equal maps.")
    that(
        not np.array_equal(answer(features, seed=seed + 1), first),
        "Two seeds give the same map. Likely: `seed` is not used.",
    )
    share = _together(first, groups)
    that(
        share > 0.8,
        f"Three groups that differ in direction do not stand apart: {share:.2f} of a point's "
        "nearest neighbours are of its own group. Likely: not scaled to [0, 1], or another default "
        "metric.",
    )
    equal(answer(features, n_components=3).shape, (75, 3), "the shape with n_components=3")
    narrow = unchanged(answer, features.astype(np.float32), seed=seed)
    that(bool(np.isfinite(narrow).all()), "Features in float32 must give a map as well.")
    default = answer(features)
    that(
        np.array_equal(answer(features, seed=0), answer(features, seed=0)),
        "Two calls with seed=0 give two maps. Likely: 0 is taken for no seed.",
    )
    spelt_out = answer(features, 2, "cosine", 15, 0)
    that(np.array_equal(default, spelt_out), "The defaults must be 2, 'cosine', 15 and seed 0.")
    for option, value in (("n_neighbors", 5), ("metric", "euclidean")):
        that(
            not np.array_equal(answer(features, **{option: value}), default),
            f"{option}={value!r} changes nothing. Likely: `{option}` is not used.",
        )
    noise = rng.uniform(0, 1e5, size=(75, 1))
    share = _together(answer(np.hstack([features, noise]), seed=seed), groups)
    that(
        share > 0.65,
        f"A column of noise up to 100,000 must not drown the others: {share:.2f} of a point's "
        "nearest neighbours are of its own group. Likely: the features are not scaled before UMAP.",
    )
    shares = []
    for _ in range(5):  # one map in thirty comes out with a ray torn
        fan, groups = _fan(rng, 25)
        shares.append(_together(answer(fan, seed=int(rng.integers(1000))), groups))
    share = float(np.median(shares))
    that(
        share > 0.99,
        f"Three groups that differ in direction once each feature is scaled to [0, 1] do not stand "
        f"apart: {share:.3f} of a point's nearest neighbours are of its own group. Likely: another "
        "scaling than from 0 to 1, one scale for the whole matrix or for each row, or another "
        "default metric.",
    )
    constant = np.hstack([features, np.full((75, 1), 7.0)])
    that(bool(np.isfinite(answer(constant)).all()), "A constant feature must not give NaN.")
