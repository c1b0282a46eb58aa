"""Visible checks of lesson 3."""

import contextlib
import types

import numpy as np
import torch
from transformers.modeling_outputs import BaseModelOutput

from helpers.checks.core import examples
from helpers.checks.expect import close, equal, of_type, raises, that, unchanged
from helpers.checks.words import small_tokenizer


@examples("mean_pool")
def _(answer):
    hidden = torch.tensor([[[2.0], [4.0], [9.0]]])
    given = "For the tokens [2.0], [4.0] and a padding place that holds [9.0] (mask 1 1 0) the mean"
    got = unchanged(answer, hidden, torch.tensor([[1, 1, 0]]), given="mean_pool")
    of_type(got, torch.Tensor, "mean_pool")
    close(
        got,
        [[3.0]],
        given,
        {
            "It averages all three places. How many of them are real tokens?": [[5.0]],
            "It divides by the length of the row, 3. How many of those places are real?": [[2.0]],
            "That is the sum. By what must it be divided?": [[6.0]],
            "That is the vector of the first token, not an average.": [[2.0]],
            "That is the largest value of the real tokens, not their average.": [[4.0]],
            "It averages without the last real token: every 1 of the mask counts.": [[2.0]],
            "The hidden dimension is gone: the result has one row of `hidden` numbers a text.": [
                3.0
            ],
            "The first and the last real token are missing. Every 1 of the mask counts.": [[0.0]],
        },
    )
    close(
        answer(torch.tensor([[[8.0], [1.0], [3.0]]]), torch.tensor([[0, 1, 1]])),
        [[2.0]],
        "With the padding on the left ([8.0] [1.0] [3.0], mask 0 1 1) the mean",
        {
            "It takes the first two places. The mask says which places are real, not only how "
            "many.": [[4.5]],
            "It averages all places, padding too.": [[4.0]],
            "It divides by the length of the row, not by the number of real tokens.": [[4 / 3]],
        },
    )
    close(
        answer(torch.tensor([[[6.0, 60.0], [7.0, 70.0]]]), torch.tensor([[0, 0]])),
        [[0.0, 0.0]],
        "A row that is all padding (mask 0 0)",
        {
            "0 divided by 0 is NaN. What is the smallest number that you may divide by?": [
                [np.nan, np.nan]
            ],
            "With an empty mask it averages the padding.": [[6.5, 65.0]],
        },
    )
    two_rows = torch.tensor([[[1.0, 10.0], [3.0, 30.0]], [[5.0, 50.0], [7.0, 70.0]]])
    close(
        answer(two_rows, torch.tensor([[1, 1], [1, 0]])),
        [[2.0, 20.0], [5.0, 50.0]],
        "For two rows of two tokens with two features each (masks 1 1 and 1 0) the means",
        {
            "It divides every row by the same count. Each row has its own.": [
                [4 / 3, 40 / 3],
                [5 / 3, 50 / 3],
            ],
            "It divides every row by the largest count of the batch. Each row has its own.": [
                [2.0, 20.0],
                [2.5, 25.0],
            ],
            "It averages over the texts of the batch (dimension 0), not over their tokens.": [
                [3.0, 30.0],
                [3.0, 30.0],
            ],
        },
    )
    dtype = answer(two_rows, torch.tensor([[1, 1], [1, 0]])).dtype
    that(
        dtype == torch.float32,
        f"The result must be float32; yours is {dtype}. Which of your tensors has another type?",
    )


class _Encoder(torch.nn.Module):
    """Writes (id, place) for each token, so that a mistake can be read off the result.

    In training mode it adds 1000, as dropout would add noise, and 500 where it meets padding that
    no attention mask hides. It notes down each call.
    """

    device = torch.device("cpu")
    config = types.SimpleNamespace(hidden_size=2, max_position_embeddings=6)

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(1))
        self.calls = []

    def forward(self, input_ids, attention_mask=None, **_):
        rows, columns = input_ids.shape
        self.calls.append((rows, columns, torch.is_grad_enabled()))
        if columns > 6:
            raise IndexError(f"{columns} tokens, but the model has 6 positions")
        places = torch.arange(columns).expand(rows, columns)
        states = torch.stack([input_ids.float(), places.float()], dim=-1)
        if self.training:
            states = states + 1000
        if attention_mask is None and (input_ids == 0).any():
            states = states + 500
        return BaseModelOutput(last_hidden_state=states * self.weight)


@examples("extract_features")
def _(answer):
    # The tests' model answers (token id, place): "ten" is [CLS] ten [SEP], ids 1 10 2.
    tokenizer, model = small_tokenizer(), _Encoder().eval()
    about = "With a model that writes (token id, place) for each token and"
    got = answer(["ten"], tokenizer, model)
    of_type(got, np.ndarray, "extract_features")
    that(
        got.dtype == np.float32,
        f"The features must be float32; yours are {got.dtype}.",
    )
    mean = {
        "That is the first token's vector; the default pooling is the mean.": [[1.0, 0.0]],
        "The special tokens are real tokens too: their mask is 1.": [[10.0, 1.0]],
        "[CLS] is a real token too: its mask is 1.": [[6.0, 1.5]],
        "[SEP] is a real token too: its mask is 1.": [[5.5, 0.5]],
        "The model was in training mode during the pass: where is `model.eval()`?": [
            [13 / 3 + 1000, 1001.0]
        ],
    }
    close(got, [[13 / 3, 1.0]], f"{about} the text 'ten' (ids 1 10 2), the mean", mean)
    close(
        answer(["ten", "ten twenty thirty"], tokenizer, model, batch_size=2),
        [[13 / 3, 1.0], [63 / 5, 2.0]],
        f"{about} the texts 'ten' and 'ten twenty thirty' in one batch, the means",
        {
            "The first text is padded to the length of the second, and its average counts the "
            "padding. Use the attention mask.": [[13 / 5, 2.0], [63 / 5, 2.0]],
            "The model gets no attention mask, so that real tokens look at padding.": [
                [13 / 3 + 500, 501.0],
                [63 / 5 + 500, 502.0],
            ],
            "It divides by the length of the row, padding included.": [
                [13 / 5, 3 / 5],
                [63 / 5, 2.0],
            ],
            "The rows are in another order than the texts.": [[63 / 5, 2.0], [13 / 3, 1.0]],
        },
    )
    texts = ["thirty", "ten twenty", "ten", "twenty", "ten ten ten"]
    means = np.array([[33 / 3, 1], [33 / 4, 1.5], [13 / 3, 1], [23 / 3, 1], [33 / 5, 2]])
    model.calls.clear()
    got = answer(texts, tokenizer, model, batch_size=2)
    largest = max((rows for rows, *_ in model.calls), default=0)
    that(
        largest <= 2,
        f"With batch_size=2 no forward pass may hold more than 2 texts; yours holds {largest}.",
    )
    that(bool(model.calls), "The model was never called: its hidden states are the features.")
    that(
        not any(gradients for *_, gradients in model.calls),
        "The forward pass keeps a record for gradients. Wrap it in `torch.no_grad()`.",
    )
    that(
        np.shape(got)[0] == 5,
        f"Five texts in batches of 2 must give 5 rows; yours are {np.shape(got)[0]}. What happens "
        "to the last, smaller batch?",
    )
    close(
        got,
        means,
        f"{about} the texts {texts} in batches of 2, the means",
        {
            "The rows are sorted by the texts' numbers of words. Put them back in order.": means[
                [0, 2, 3, 1, 4]
            ],
            "The rows come longest first. Put them back in order.": means[[4, 1, 0, 2, 3]],
            "The rows are sorted by the texts' numbers of characters. Put them back in "
            "order.": means[[2, 0, 3, 1, 4]],
            "The rows are sorted by the texts. Put them back in order.": means[[2, 4, 1, 0, 3]],
            "The rows come in reverse. Put them back in order.": means[::-1],
        },
    )
    close(
        answer(["ten", "twenty thirty"], tokenizer, model, pooling="cls"),
        [[1.0, 0.0], [1.0, 0.0]],
        f"{about} pooling='cls', the features",
        {
            "That is the mean: `pooling` is not looked at.": [[13 / 3, 1.0], [53 / 4, 1.5]],
            "That is the last token; [CLS] is the first.": [[0.0, 3.0], [2.0, 3.0]],
        },
    )
    long_text = "ten " * 9
    try:
        got = answer([long_text], tokenizer, model)
    except IndexError as error:
        got = error
    that(
        not isinstance(got, IndexError),
        f"A text of nine words gives {got}. Which option of the tokenizer cuts it?",
    )
    close(got, [[43 / 6, 2.5]], f"{about} a text of nine words, cut to 1 10 10 10 10 2, the mean")
    for mode in (True, False):
        model.train(mode)
        got = answer(["ten"], tokenizer, model)
        given = "training" if mode else "evaluation"
        close(got, [[13 / 3, 1.0]], f"{about} a model handed over in {given} mode, the mean", mean)
        that(
            model.training == mode,
            f"The model came in {given} mode and must leave in it; yours is afterwards in "
            f"{'evaluation' if mode else 'training'} mode.",
        )
    empty = answer([], tokenizer, model)
    of_type(empty, np.ndarray, "No texts")
    equal(empty.shape, (0, 2), "No texts, with a hidden size of 2: the shape")
    that(empty.dtype == np.float32, f"No texts must give float32, too; yours is {empty.dtype}.")
    forgotten = "Is `pooling` looked at before the first text?"
    for given in (["ten"], []):
        raises(
            lambda given=given: answer(given, tokenizer, model, pooling="max"),
            ValueError,
            "max",
            f"pooling='max' with {len(given)} texts",
            forgotten,
        )


class _Canned:
    """A classifier with given predictions that takes its time; scikit-learn can clone it."""

    def __init__(self, answers=(), fit_seconds=0.0, predict_seconds=0.0):
        self.answers = answers
        self.fit_seconds = fit_seconds
        self.predict_seconds = predict_seconds

    def get_params(self, deep=True):
        return {
            "answers": self.answers,
            "fit_seconds": self.fit_seconds,
            "predict_seconds": self.predict_seconds,
        }

    def set_params(self, **params):
        self.__dict__.update(params)
        return self

    def fit(self, X, y):
        import time

        time.sleep(self.fit_seconds)
        self.fitted_ = len(y)
        return self

    def predict(self, X):
        import time

        time.sleep(self.predict_seconds)
        return np.array(self.answers)[: len(X)]

    def score(self, X, y):
        return float(np.mean(self.predict(X) == np.asarray(y)))


@examples("compare_classifiers")
def _(answer):
    import pandas as pd

    X_train, y_train = np.zeros((3, 1)), np.array([0, 0, 1])
    X_valid, y_valid = np.zeros((4, 1)), np.array([0, 0, 0, 1])
    classifiers = {"always 0": _Canned((0, 0, 0, 0)), "half": _Canned((0, 0, 1, 1))}
    table = answer(classifiers, X_train, y_train, X_valid, y_valid)
    of_type(table, pd.DataFrame, "compare_classifiers")
    given = "The labels 0 0 0 1, 'always 0' answering 0 0 0 0 and 'half' answering 0 0 1 1: the"
    equal(
        list(table.columns),
        ["accuracy", "macro_f1", "fit_seconds"],
        "The columns",
        {
            "The names belong in the index.": [
                "classifier",
                "accuracy",
                "macro_f1",
                "fit_seconds",
            ]
        },
    )
    equal(table.index.name, "classifier", "The name of the index")
    equal(
        list(table.index),
        ["half", "always 0"],
        f"{given} order",
        {
            "Best macro-F1 first: that is descending. Accuracy ties here.": ["always 0", "half"],
            "The names belong in the index: `set_index`.": [0, 1],
        },
    )
    close(table["accuracy"].to_numpy(), [0.75, 0.75], f"{given} accuracies")
    close(
        table["macro_f1"].to_numpy(),
        [0.733333, 0.428571],
        f"{given} macro-F1 scores",
        {
            "That is the weighted F1, where frequent classes count for more.": [0.766667, 0.642857],
            "That is the micro F1, which is the accuracy.": [0.75, 0.75],
            "That is the F1 of class 1 alone (`average` was left out).": [0.666667, 0.0],
        },
        tolerance=1e-4,
    )
    that(
        not any(hasattr(given, "fitted_") for given in classifiers.values()),
        "The classifiers handed over are fitted after the call. Fit a copy of each: "
        "scikit-learn has a function for that.",
    )
    ties = {name: _Canned((0, 0, 1, 1)) for name in "dabc"} | {"e": _Canned((0, 0, 0, 1))}
    order = list(answer(ties, X_train, y_train, X_valid, y_valid).index)
    equal(
        order,
        ["e", "d", "a", "b", "c"],
        "Four equal classifiers named d a b c and a better one e: the order",
        {
            "Equal scores must keep the dict's order; yours come in reverse.": [*"ecbad"],
            "Equal scores must keep the dict's order; yours are sorted by name.": [*"eabcd"],
            "It is not sorted: best macro-F1 first.": [*"dabce"],
        },
    )
    many = {str(number): _Canned((0, 0, 1, 1)) for number in range(20)}
    equal(
        list(answer(many, X_train, y_train, X_valid, y_valid).index),
        list(many),
        "Twenty equal classifiers: the order",
        "Equal scores must keep the dict's order. Is your sort stable?",
    )
    slow = {"a": _Canned((0, 0, 1, 1), 0.05, 0.4), "b": _Canned((0, 0, 1, 1), 0.05, 0.4)}
    seconds = answer(slow, X_train, y_train, X_valid, y_valid)["fit_seconds"].to_list()
    shown = " and ".join(f"{value:.2f}" for value in seconds)
    that(
        all(value >= 0.045 for value in seconds),
        f"Two fits that take 0.05 s each come out at {shown} s. Does the clock run during the fit?",
    )
    that(
        all(value < 0.4 for value in seconds),
        f"Two fits of 0.05 s, each followed by 0.4 s of predicting, come out at {shown} s. The "
        "clock must run during the fit alone, and anew for each classifier.",
    )


@examples("neighborhood_purity")
def _(answer):
    line = np.array([[0.0], [1.0], [3.0], [10.0]])
    labels = np.array([5, 5, 6, 6])
    given = "For points at 0, 1, 3 and 10 with the labels 5, 5, 6, 6 and k=1 the purity"
    got = unchanged(answer, line, labels, 1, given="neighborhood_purity")
    close(
        got,
        0.75,
        given,
        {
            "A point counts as its own nearest neighbour. Leave it out.": 1.0,
            "That is the sum over points; take the mean.": 3.0,
            "That is the share of other labels, or of the farthest point.": 0.25,
            "Those are the shares of the single points; take their mean.": [1.0, 1.0, 0.0, 1.0],
        },
    )
    of_type(got, float, "neighborhood_purity")
    close(
        answer(line, labels, k=2),
        0.375,
        "For the same points and k=2 the purity",
        {
            "Each point is among its own neighbours. Leave it out.": 0.875,
            "It looks at one neighbour fewer than k (or takes a vote).": 0.75,
            "It looks at one neighbour more than k.": 1 / 3,
            "It takes a majority vote of the neighbours; count their share.": 0.0,
            "It divides by one too many: each point has k neighbours.": 0.25,
        },
    )
    close(
        answer(line, labels, k=3),
        1 / 3,
        "For the same four points and k=3 (all others) the purity",
        {"A point is among its own neighbours. Leave it out.": 7 / 12},
    )
    close(
        answer(np.array([[0.0, 0.0], [0.0, 0.0], [5.0, 0.0], [5.0, 0.0]]), [1, 2, 1, 2], k=1),
        0.0,
        "Two pairs of points, each pair at one place with the labels 1 and 2, k=1: the purity",
        "Two points may share a place. Exclude a point by its number, not by a distance of 0 or by "
        "coming first.",
    )
    close(
        answer(np.array([[1.0, 0.0], [9.0, 0.0], [0.0, 1.0], [0.0, 9.0]]), [1, 1, 2, 2], k=1),
        0.5,
        "For points at (1, 0), (9, 0), (0, 1), (0, 9) with the labels 1, 1, 2, 2 and k=1 the "
        "purity",
        {"Distances are Euclidean here, not cosine.": 1.0},
    )
    for k in (0, 4, 7):
        raises(
            lambda k=k: answer(line, labels, k=k),
            ValueError,
            str(k),
            f"k={k} with four points",
            "A point has three others here." if k > 3 else "At least one neighbour is needed.",
        )
    with contextlib.suppress(TypeError):
        close(
            answer(np.arange(11.0)[:, None], [0] * 5 + [1] * 6),
            0.454545,
            "Eleven points and no k (the default is 10, so all others): the purity",
            tolerance=1e-4,
        )


@examples("project")
def _(answer):
    from sklearn.metrics import silhouette_score

    rng = np.random.default_rng(0)
    rays = np.repeat(np.eye(3), 20, axis=0)
    radius = np.tile(np.linspace(0.2, 1.0, 20), 3)[:, None]
    features = rays * radius + rng.uniform(0, 0.02, (60, 3))
    kept = features.copy()
    got = answer(features)
    of_type(got, np.ndarray, "project")
    that(np.array_equal(features, kept), "The features are changed in place. Scale a copy.")
    equal(got.shape, (60, 2), "For features of shape (60, 3) the map's shape")
    that(bool(np.isfinite(got).all()), "The map holds values that are not finite.")
    that(
        np.array_equal(got, answer(features)),
        "Two calls with the same seed must give the same map. Where does the seed go?",
    )
    that(
        not np.array_equal(got, answer(features, seed=1)),
        "seed=0 and seed=1 give the same map. Is the parameter used?",
    )
    equal(
        answer(features, n_components=3).shape,
        (60, 3),
        "With n_components=3 the map's shape",
        {"The parameter is not used.": (60, 2)},
    )
    that(
        not np.array_equal(got, answer(features, n_neighbors=4)),
        "n_neighbors=15 and n_neighbors=4 give the same map. Is the parameter used?",
    )
    that(
        not np.array_equal(got, answer(features, metric="euclidean")),
        "metric='cosine' and metric='euclidean' give the same map. Is the parameter used?",
    )
    wide = np.hstack([features, rng.permutation(60)[:, None] * 1e4])
    apart = silhouette_score(answer(wide), np.repeat(np.arange(3), 20))
    that(
        apart > 0.2,
        "Three groups of 20 in three columns from 0 to 1, and a fourth column of noise up to "
        f"600,000: the groups do not stand apart on your map (silhouette {apart:.2f}). Scale each "
        "column to the range from 0 to 1 before UMAP sees it.",
    )
    angles = np.radians([12, 45, 78]).repeat(25)
    length = np.tile(np.linspace(0.1, 1.0, 25), 3)
    fan = np.stack([length * np.cos(angles), 100 * length * np.sin(angles)], axis=1)
    fan += np.array([1e3, 5e4]) + rng.uniform(0, 0.004, fan.shape) * [1, 100]
    apart = silhouette_score(answer(fan), np.repeat(np.arange(3), 25))
    that(
        apart > 0.75,
        "Three rays that start near the smallest value of both features do not stand apart on "
        f"your map (silhouette {apart:.2f}). Do you scale each column to the range from 0 to 1 "
        "(MinMaxScaler), rather than rows or standard deviations, and compare directions?",
    )
