"""Visible checks of lesson 3."""

import contextlib
import math
import types
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch.overrides import TorchFunctionMode
from transformers.modeling_outputs import BaseModelOutput

from helpers.checks.core import Wrong, described, examples
from helpers.checks.expect import close, equal, nearly, of_type, raises, runs, that, unchanged
from helpers.checks.language import say
from helpers.checks.models import left_as_it_came
from helpers.checks.words import small_tokenizer


@examples("attention")
def _(answer: Any) -> None:
    class Refuse(TorchFunctionMode):
        def __torch_function__(
            self, function: Any, types: Any, arguments: Any = (), options: Any = None
        ) -> Any:
            name = getattr(function, "__name__", "")
            if "attention" in name:
                raise Wrong(
                    say("It calls PyTorch's own attention ({1}). Here you write it by hand.", name)
                )
            return function(*arguments, **(options or {}))

    with Refuse():
        _try_attention(answer)


def _shares(*parts: float) -> list[float]:
    """Return each part divided by the sum of all parts."""
    return [part / sum(parts) for part in parts]


def _one_head(*rows: Any) -> list[Any]:
    """Return the rows of the only head of the only text."""
    return [[list(rows)]]


def _both(got: Any, given: str) -> Any:
    """Return output and weights, if there are two tensors, with the output first."""
    if isinstance(got, torch.Tensor):
        raise Wrong(say("{1}: expected two tensors, output and weights; got one.", given))
    of_type(got, (tuple, list), given)
    kind = type(got).__name__
    that(
        kind in ("tuple", "list"),
        say("{1}: return the two tensors in a plain tuple; yours is of type {2}.", given, kind),
    )
    that(
        len(got) == 2,
        say("{1}: expected two tensors, output and weights; got {2} values.", given, len(got)),
    )
    for part in got:
        of_type(part, torch.Tensor, given)
    return got


def _try_attention(answer: Any) -> None:
    # After division by the root of d, which is 2, the scores are 0, ±ln 3 and ±ln 9.
    log = math.log(3)
    query = torch.tensor([[[[2.0, 0, 0, 0], [-2, 0, 0, 0], [0, 0, 0, 0]]]])
    key = torch.tensor([[[[0.0, 0, 0, 0], [log, 0, 0, 0], [2 * log, 0, 0, 0]]]])
    value = torch.tensor([[[[4.0, 0, 0, 0], [0, 8, 0, 0], [100, 100, 100, 100]]]])
    mask = torch.tensor([[1, 1, 0]])
    got = _both(unchanged(answer, query, key, value, mask, given="attention"), "attention")
    that(
        (tuple(got[0].shape), tuple(got[1].shape)) != ((1, 1, 3, 3), (1, 1, 3, 4)),
        say("The output comes first, then the weights; yours come the other way round."),
    )
    output, weights = got
    expected = _one_head([1, 6, 0, 0], [3, 2, 0, 0], [2, 4, 0, 0])
    _check_weights(weights, nearly_right=nearly(output, expected, 1e-4))
    _check_output(output, expected)
    _try_holes(answer, query, key, value)
    _try_two_of_everything(answer)
    _try_all_padding(answer, query, key, value)
    _try_far_scores(answer)
    _try_float_types(answer, query, key, value, mask)


def _check_weights(weights: torch.Tensor, nearly_right: Any) -> None:
    root, third = math.sqrt(3), [1 / 3] * 3
    without_mask = [_shares(1, 3, 9), _shares(9, 3, 1), third]
    expected = [[0.25, 0.75, 0], [0.75, 0.25, 0], [0.5, 0.5, 0]]
    slow = 3 ** (2 / root)
    power = math.exp(4)
    likely = {
        say("The scores are not divided by √d, which is 2 here."): _one_head(
            [0.1, 0.9, 0], [0.9, 0.1, 0], [0.5, 0.5, 0]
        ),
        say("It divides by d, which is 4 here; divide by its square root."): _one_head(
            [*_shares(1, root), 0], [*_shares(root, 1), 0], [0.5, 0.5, 0]
        ),
        say("It multiplies by √d; divide by it."): _one_head(
            [*_shares(1, 81), 0], [*_shares(81, 1), 0], [0.5, 0.5, 0]
        ),
        say("It divides by the root of the number of tokens; d is the length of a query."): (
            _one_head([*_shares(1, slow), 0], [*_shares(slow, 1), 0], [0.5, 0.5, 0])
        ),
        say("Padding has weight. Where does the mask come in?")
        if not nearly_right
        else say("The output is right, but these are the weights without the mask."): _one_head(
            *without_mask
        ),
        say(
            "It sets the weights of padding to 0 after the softmax, so that the rest no longer "
            "sums to 1. Mask the scores instead, before the softmax."
        ): _one_head(*([*row[:2], 0] for row in without_mask)),
        say(
            "It sets the scores of padding to 0, and e to the power of 0 is 1: padding still has "
            "weight. For which score is it 0?"
        ): _one_head(_shares(1, 3, 1), _shares(3, 1, 3), third),
        say("The row of the padding token must sum to 1 too: it looks at the real tokens."): (
            _one_head(*expected[:2], [0, 0, 0])
        ),
        say("Queries and keys are exchanged: a row belongs to a query."): _one_head(
            [0.5, 0.5, 0], [0.9, 0.1, 0], [*_shares(81, 1), 0]
        ),
        say("The scores are products of queries and values; they need the keys."): _one_head(
            [*_shares(power, 1), 0], [*_shares(1, power), 0], [0.5, 0.5, 0]
        ),
        say("A dimension of size 1 is gone: the weights have four."): expected,
        say("These are the scores, masked; the softmax is missing."): _one_head(
            [0, math.log(3), -math.inf], [0, -math.log(3), -math.inf], [0, 0, -math.inf]
        ),
    }
    queries = say(
        "The mask is laid over the queries. It is the keys, the last dimension, that it hides."
    )
    columns = say("The softmax runs over the queries; each row is to sum to 1, over the keys.")
    others = say("The softmax runs over the texts or heads; it runs over the keys (`dim=-1`).")
    for hidden in (math.nan, 1 / 3, 0, 1):
        for text, rows in (
            (queries, [*without_mask[:2], [hidden] * 3]),
            (columns, [[1 / 3, share, hidden] for share in _shares(3, 1 / 3, 1)]),
            (others, [[1, 1, hidden]] * 3),
        ):
            if nearly(weights, _one_head(*rows), 1e-4):
                likely[text] = _one_head(*rows)
    close(
        weights,
        _one_head(*expected),
        say(
            "For d = 4 and three tokens with the mask 1 1 0, where the first query's scores are 0, "
            "ln 3 and (padding) ln 9, the weights"
        ),
        likely,
        tolerance=1e-4,
    )


def _check_output(output: torch.Tensor, expected: Any) -> None:
    log = math.log(3)
    close(
        output,
        expected,
        say("For these weights and the values [4, 0, 0, 0] and [0, 8, 0, 0], the output"),
        {
            say("It mixes with the weights as they are before the mask: padding is in it."): (
                _one_head(
                    [904 / 13, 924 / 13, 900 / 13, 900 / 13],
                    [136 / 13, 124 / 13, 100 / 13, 100 / 13],
                    [104 / 3, 108 / 3, 100 / 3, 100 / 3],
                )
            ),
            say("It adds up the keys; the weights belong to the values."): _one_head(
                [0.75 * log, 0, 0, 0], [0.25 * log, 0, 0, 0], [0.5 * log, 0, 0, 0]
            ),
            say("It adds up over the queries; each row of the weights mixes the values."): (
                _one_head([51, 56, 50, 50], [53, 52, 50, 50], [0, 0, 0, 0])
            ),
            say("These are the values themselves, not mixed by the weights."): _one_head(
                [4, 0, 0, 0], [0, 8, 0, 0], [100, 100, 100, 100]
            ),
            say("The output of the padding token is a mixture too, like all others."): _one_head(
                *expected[0][0][:2], [0, 0, 0, 0]
            ),
        },
        tolerance=1e-4,
    )


def _try_holes(answer: Any, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> None:
    given = say("With the mask 1 0 1, where the first query's scores are 0 and ln 9, the weights")
    _, weights = _both(answer(query, key, value, torch.tensor([[1, 0, 1]])), given)
    close(
        weights,
        _one_head([0.1, 0, 0.9], [0.9, 0, 0.1], [0.5, 0, 0.5]),
        given,
        {
            say(
                "It takes the first two places. The mask says which places are real, not only how "
                "many."
            ): _one_head([0.25, 0.75, 0], [0.75, 0.25, 0], [0.5, 0.5, 0]),
        },
        tolerance=1e-4,
    )


def _if_nan(part: Any) -> Any:
    """Return a tensor's numbers if one of them is NaN, else None, which no tensor matches."""
    return part.tolist() if part.isnan().any() else None


def _try_all_padding(
    answer: Any, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor
) -> None:
    given = say("For a text that is all padding (mask 0 0 0), beside one that is not")
    twice = [part.repeat(2, 1, 1, 1) for part in (query, key, value)]
    mask = torch.tensor([[0, 0, 0], [1, 1, 0]])
    output, weights = _both(
        runs(lambda: unchanged(answer, *twice, mask, given=given), given), given
    )
    third = [[1 / 3] * 3] * 3
    shared = say("The softmax of three equal scores is 1/3 each. Nothing here may have weight.")
    close(
        weights[:1],
        _one_head(*[[0] * 3] * 3),
        say("{1}, the weights", given),
        {
            say("The softmax of −∞ alone is 0 / 0, NaN. What must replace it?"): _if_nan(
                weights[:1]
            ),
            shared: _one_head(*third),
            say("With an empty mask it looks at padding."): _one_head(
                _shares(1, 3, 9), _shares(9, 3, 1), third[0]
            ),
        },
        tolerance=1e-4,
    )
    close(
        output[:1],
        _one_head(*[[0] * 4] * 3),
        say("{1}, the output", given),
        {
            say("0 times NaN is NaN: the weights must be zeros before they mix."): _if_nan(
                output[:1]
            ),
            say("The weights are zeros, but the output still is the mean of the values."): (
                _one_head(*[[104 / 3, 108 / 3, 100 / 3, 100 / 3]] * 3)
            ),
        },
        tolerance=1e-4,
    )
    close(
        weights[1:],
        _one_head([0.25, 0.75, 0], [0.75, 0.25, 0], [0.5, 0.5, 0]),
        say(
            "For a text with real tokens (mask 1 1 0), beside one that is all padding, the weights"
        ),
        {
            say("One text that is all padding makes the others zeros, too."): _one_head(
                *[[0] * 3] * 3
            )
        },
        tolerance=1e-4,
    )


def _try_two_of_everything(answer: Any) -> None:
    query = torch.tensor([[[[1.0], [1.0]], [[-1.0], [-1.0]]]] * 2)
    key = torch.tensor([[[[0.0], [math.log(3)]]] * 2] * 2)
    given = say(
        "For two texts (masks 1 1 and 1 0) of two heads, with d = 1 and the scores 0 and ln 3 in "
        "one head, 0 and −ln 3 in the other, the weights"
    )
    first, second, only = [[0.25, 0.75]] * 2, [[0.75, 0.25]] * 2, [[1, 0]] * 2
    _, weights = _both(answer(query, key, key, torch.tensor([[1, 1], [1, 0]])), given)
    close(
        weights,
        [[first, second], [only, only]],
        given,
        {
            say("It uses the first text's mask for both texts."): [[first, second]] * 2,
            say("The mask is laid over the heads; its first dimension is the texts."): [
                [first, only]
            ]
            * 2,
            say("The mask is laid over the queries; its first dimension is the texts."): [
                [[first[0], only[0]], [second[0], only[0]]]
            ]
            * 2,
            say("It hides a token that is padding in any text; each text has a mask of its own."): [
                [only, only]
            ]
            * 2,
        },
        tolerance=1e-4,
    )


def _try_far_scores(answer: Any) -> None:
    far = torch.tensor([[[[100.0, 0, 0, 0], [-100, 0, 0, 0], [-100, 0, 0, 0]]]])
    query = torch.full_like(far, 0.0)
    query[..., 0] = 200.0
    plain = say("For the scores 10000, -10000 and -10000 in {1}, the weights", torch.float32)
    for row, wanted, dtype, given in (
        ([1, 1, 1], [1, 0, 0], torch.float32, plain),
        *(
            (
                [0, 1, 1],
                [0, 0.5, 0.5],
                dtype,
                say("For the scores 10000 (padding), -10000 and -10000 in {1}, the weights", dtype),
            )
            for dtype in (torch.float32, torch.float16)
        ),
    ):
        mask, parts = torch.tensor([row]), [part.to(dtype) for part in (query, far, far)]
        got = runs(lambda mask=mask, parts=parts: answer(*parts, mask), given, _of_the_type())
        _, weights = _both(got, given)
        close(
            weights,
            _one_head(*[wanted] * 3),
            given,
            _likely_for_far_scores(weights),
            tolerance=2e-3,
        )


def _of_the_type() -> str:
    return say("Is there a number that this type cannot hold, or a tensor of another type?")


def _likely_for_far_scores(weights: torch.Tensor) -> Any:
    at_padding = 1 / 3 if weights.flatten()[0] > 0 else 0
    return {
        say(
            "e to the power of 10000 is infinite. Subtract the largest score that is not hidden "
            "first, or let `softmax` do it."
        ): _if_nan(weights),
        say(
            "Beside the large score of padding, nothing is left for the real tokens. Replace that "
            "score before the softmax, and before you subtract the largest."
        ): _one_head(*[[0, 0, 0]] * 3),
        say(
            "Padding has the largest score, and the number that you add is too small against it. "
            "Replace the score."
        ): _one_head(*[[1, 0, 0]] * 3),
        say(
            "The number that you write at padding is a score that a real token may have. Take a "
            "much smaller one."
        ): _one_head(*[[at_padding, 1 / 3, 1 / 3]] * 3),
        say(
            "The row does not sum to 1: so large a number has no decimals left in this type. "
            "Subtract the largest score before anything else, or compute in float32."
        ): _one_head(*[[0, 1, 1]] * 3),
    }


def _try_float_types(
    answer: Any, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, mask: torch.Tensor
) -> None:
    empty = torch.tensor([[0, 0, 0]])
    for dtype in (torch.float16, torch.bfloat16, torch.float64):
        given = say("For the first example and a text that is all padding, in {1}", dtype)
        parts = [part.to(dtype).repeat(2, 1, 1, 1) for part in (query, key, value)]
        output, weights = _both(
            runs(
                lambda parts=parts: answer(*parts, torch.cat([mask, empty])),
                given,
                _of_the_type(),
            ),
            given,
        )
        for name, part in ((say("the output"), output), (say("the weights"), weights)):
            that(
                part.dtype == dtype,
                say("{1}, {2} must have this type, too; yours has {3}.", given, name, part.dtype),
            )
        close(
            weights.double(),
            [[[[0.25, 0.75, 0], [0.75, 0.25, 0], [0.5, 0.5, 0]]], [[[0] * 3] * 3]],
            say("{1}, the weights", given),
            {
                say(
                    "A number that this type cannot hold is infinite: the softmax of −∞ alone, "
                    "or 0 times infinity, is NaN."
                ): _if_nan(weights)
            },
            tolerance=3e-2,
        )
        close(
            output.double(),
            [[[[1, 6, 0, 0], [3, 2, 0, 0], [2, 4, 0, 0]]], [[[0] * 4] * 3]],
            say("{1}, the output", given),
            tolerance=6e-2,
        )


@examples("mean_pool")
def _(answer: Any) -> None:
    hidden = torch.tensor([[[2.0], [4.0], [9.0]]])
    given = say(
        "For the tokens [2.0], [4.0] and a padding place that holds [9.0] (mask 1 1 0) the mean"
    )
    got = unchanged(answer, hidden, torch.tensor([[1, 1, 0]]), given="mean_pool")
    of_type(got, torch.Tensor, "mean_pool")
    close(
        got,
        [[3.0]],
        given,
        {
            say("It averages all three places. How many of them are real tokens?"): [[5.0]],
            say("It divides by the length of the row, 3. How many of those places are real?"): [
                [2.0]
            ],
            say("That is the sum. By what must it be divided?"): [[6.0]],
            say("That is the vector of the first token, not an average."): [[2.0]],
            say("That is the largest value of the real tokens, not their average."): [[4.0]],
            say("It averages without the last real token: every 1 of the mask counts."): [[2.0]],
            say("A dimension is gone: the result has one row of `hidden` numbers per text."): [3.0],
            say("The first and the last real token are missing. Every 1 of the mask counts."): [
                [0.0]
            ],
        },
    )
    close(
        answer(torch.tensor([[[8.0], [1.0], [3.0]]]), torch.tensor([[0, 1, 1]])),
        [[2.0]],
        say("With the padding on the left ([8.0] [1.0] [3.0], mask 0 1 1) the mean"),
        {
            say(
                "It takes the first two places. The mask says which places are real, not "
                "only how many."
            ): [[4.5]],
            say("It averages all places, padding too."): [[4.0]],
            say("It divides by the length of the row, not by the number of real tokens."): [
                [4 / 3]
            ],
        },
    )
    close(
        answer(torch.tensor([[[6.0, 60.0], [7.0, 70.0]]]), torch.tensor([[0, 0]])),
        [[0.0, 0.0]],
        say("For a row that is all padding (mask 0 0), the mean"),
        {
            say("0 divided by 0 is NaN. What is the smallest number that you may divide by?"): [
                [np.nan, np.nan]
            ],
            say("With an empty mask it averages the padding."): [[6.5, 65.0]],
        },
    )
    close(
        answer(torch.tensor([[[2.0], [8.0], [0.0], [7.0]]]), torch.tensor([[1, 0, 1, 1]])),
        [[3.0]],
        say("For the tokens [2.0] [8.0] [0.0] [7.0] with a hole in the mask (1 0 1 1), the mean"),
        {
            say("It averages from the first to the last real token, the hole included."): [[4.25]],
            say("A token may be all zeros and still be real: the mask tells."): [[4.5]],
        },
    )
    close(
        answer(torch.arange(601.0).reshape(1, 601, 1), torch.ones(1, 601, dtype=torch.int64)),
        [[300.0]],
        say("For 601 real tokens [0.0], [1.0] and so on up to [600.0], the mean"),
        say("Does the type in which you count hold so large a number?"),
    )
    two_rows = torch.tensor([[[1.0, 10.0], [3.0, 30.0]], [[5.0, 50.0], [7.0, 70.0]]])
    close(
        answer(two_rows, torch.tensor([[1, 1], [1, 0]])),
        [[2.0, 20.0], [5.0, 50.0]],
        say("For two rows of two tokens with two features each (masks 1 1 and 1 0) the means"),
        {
            say("It divides every row by the same count. Each row has its own."): [
                [4 / 3, 40 / 3],
                [5 / 3, 50 / 3],
            ],
            say("It divides the second row by 2, but its mask says that one token is real."): [
                [2.0, 20.0],
                [2.5, 25.0],
            ],
            say("It averages over the texts of the batch (dimension 0), not over their tokens."): [
                [3.0, 30.0],
                [3.0, 30.0],
            ],
        },
    )
    dtype = answer(two_rows, torch.tensor([[1, 1], [1, 0]])).dtype
    that(
        dtype == torch.float32,
        say(
            "The result must be float32; yours is {1}. Which of your tensors has another type?",
            dtype,
        ),
    )


class _Log(list[Any]):
    """Calls of a model and of its copies, because an answer may work on a copy."""

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        return self


class _Encoder(torch.nn.Module):
    """Returns (id, position) for each token, so that the result shows what went wrong.

    In training mode it adds 1000, as dropout would add noise, and it adds 500 if there is padding
    but no attention mask. It records each call.
    """

    device = torch.device("cpu")
    config = types.SimpleNamespace(hidden_size=2, max_position_embeddings=6)

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(1))
        self.dropout = torch.nn.Dropout()  # a part with its own mode
        self.calls = _Log()
        self.fails = False

    @property
    def dtype(self) -> torch.dtype:
        return self.weight.dtype

    def forward(
        self, input_ids: torch.Tensor, attention_mask: torch.Tensor | None = None, **options: Any
    ) -> Any:
        rows, columns = input_ids.shape
        self.calls.append((rows, columns, torch.is_grad_enabled() and self.weight.requires_grad))
        if self.fails:
            raise RuntimeError("this batch fails")
        if columns > 6:
            raise IndexError(f"{columns} tokens, but the model has 6 positions")
        places = torch.arange(columns).expand(rows, columns)
        states = torch.stack([input_ids.float(), places.float()], dim=-1)
        if self.training or self.dropout.training:
            states = states + 1000
        if attention_mask is None and (input_ids == 0).any():
            states = states + 500
        states = (states * self.weight).to(self.dtype)
        every = (states, states) if options.get("output_hidden_states") else None
        output = BaseModelOutput(last_hidden_state=states, hidden_states=every)
        return output if options.get("return_dict", True) else output.to_tuple()


@examples("extract_features")
def _(answer: Any) -> None:
    # The model returns (token id, position): "ten" is [CLS] ten [SEP], with the ids 1 10 2.
    tokenizer, model = small_tokenizer(), _Encoder().eval()
    about = say("With a model that writes (token id, place) for each token and")
    got = answer(["ten"], tokenizer, model)
    of_type(got, np.ndarray, "extract_features")
    that(
        got.dtype == np.float32,
        say("The features must be float32; yours are {1}.", got.dtype),
    )
    mean = {
        say("That is the first token's vector; the default pooling is the mean."): [[1.0, 0.0]],
        say("The special tokens are real tokens too: their mask is 1."): [[10.0, 1.0]],
        say("[CLS] is a real token too: its mask is 1."): [[6.0, 1.5]],
        say("[SEP] is a real token too: its mask is 1."): [[5.5, 0.5]],
        say("The model was in training mode during the pass: where is `model.eval()`?"): [
            [13 / 3 + 1000, 1001.0]
        ],
    }
    close(got, [[13 / 3, 1.0]], say("{1} the text 'ten' (ids 1 10 2), the mean", about), mean)
    close(
        answer(["ten", "ten twenty thirty"], tokenizer, model, batch_size=2),
        [[13 / 3, 1.0], [63 / 5, 2.0]],
        say("{1} the texts 'ten' and 'ten twenty thirty' in one batch, the means", about),
        {
            say(
                "The first text is padded to the length of the second, and its average "
                "counts the padding. Use the attention mask."
            ): [[13 / 5, 2.0], [63 / 5, 2.0]],
            say("The model gets no attention mask, so that real tokens look at padding."): [
                [13 / 3 + 500, 501.0],
                [63 / 5 + 500, 502.0],
            ],
            say("It divides by the length of the row, padding included."): [
                [13 / 5, 3 / 5],
                [63 / 5, 2.0],
            ],
            say("The rows are in another order than the texts."): [[63 / 5, 2.0], [13 / 3, 1.0]],
        },
    )
    texts = ["thirty", "ten twenty", "ten", "twenty", "ten ten ten"]
    means = np.array([[33 / 3, 1], [33 / 4, 1.5], [13 / 3, 1], [23 / 3, 1], [33 / 5, 2]])
    model.calls.clear()
    got = answer(texts, tokenizer, model, batch_size=2)
    largest = max((rows for rows, *_ in model.calls), default=0)
    that(
        largest <= 2,
        say(
            "With batch_size=2 no forward pass may hold more than 2 texts; yours holds {1}.",
            largest,
        ),
    )
    that(bool(model.calls), say("The model was never called: its hidden states are the features."))
    that(
        not any(gradients for *_, gradients in model.calls),
        say("The forward pass keeps a record for gradients. Wrap it in `torch.no_grad()`."),
    )
    that(
        np.shape(got)[0] == 5,
        say(
            "Five texts in batches of 2 must give 5 rows; yours gives {1}. What "
            "happens to the last, smaller batch?",
            np.shape(got)[0],
        ),
    )
    close(
        got,
        means,
        say("{1} the texts {2} in batches of 2, the means", about, texts),
        {
            say(
                "The rows are sorted by the texts' numbers of words. Put them back in order."
            ): means[[0, 2, 3, 1, 4]],
            say("The rows come longest first. Put them back in order."): means[[4, 1, 0, 2, 3]],
            say(
                "The rows are sorted by the texts' numbers of characters. Put them back in order."
            ): means[[2, 0, 3, 1, 4]],
            say("The rows are sorted by the texts. Put them back in order."): means[
                [2, 4, 1, 0, 3]
            ],
            say("The rows come in reverse. Put them back in order."): means[::-1],
        },
    )
    close(
        answer(["ten", "twenty thirty"], tokenizer, model, pooling="cls"),
        [[1.0, 0.0], [1.0, 0.0]],
        say("{1} pooling='cls', the features", about),
        {
            say("That is the mean: `pooling` is ignored."): [[13 / 3, 1.0], [53 / 4, 1.5]],
            say("That is the last token; [CLS] is the first."): [[0.0, 3.0], [2.0, 3.0]],
        },
    )
    long_text = "ten " * 9
    try:
        got = answer([long_text], tokenizer, model)
    except IndexError as error:
        got = error
    if isinstance(got, IndexError):
        raise Wrong(
            say(
                "A text of nine words stops your code with {1}. Which option of the tokenizer "
                "cuts the text?",
                described(got),
            )
        )
    close(
        got,
        [[43 / 6, 2.5]],
        say("{1} a text of nine words, cut to 1 10 10 10 10 2, the mean", about),
    )
    modes = {True: say("training"), False: say("evaluation")}
    for training, mode in modes.items():
        model.train(training)
        got = answer(["ten"], tokenizer, model)
        close(
            got,
            [[13 / 3, 1.0]],
            say("{1} a model handed over in {2} mode, the mean", about, mode),
            mean,
        )
        that(
            model.training == training,
            say(
                "The model came in {1} mode and must leave in it; yours is afterwards in {2} mode.",
                mode,
                modes[not training],
            ),
        )
    empty = answer([], tokenizer, model)
    of_type(empty, np.ndarray, say("For no texts, the result"))
    equal(empty.shape, (0, 2), say("For no texts and a hidden size of 2, the shape"))
    that(
        empty.dtype == np.float32,
        say("No texts must give float32, too; yours gives {1}.", empty.dtype),
    )
    forgotten = say("Is `pooling` checked before the first text?")
    for texts, given in (
        (["ten"], say("pooling='max' with one text")),
        ([], say("pooling='max' without texts")),
    ):
        raises(
            lambda texts=texts: answer(texts, tokenizer, model, pooling="max"),
            ValueError,
            ("max", "pooling"),
            given,
            forgotten,
        )
    for training, mode in modes.items():
        _after_a_failure(answer, tokenizer, model.train(training), mode)
    _try_other_texts(answer, tokenizer, model.eval(), about)
    _try_other_tokenizers(answer, model, about)
    _try_other_models(answer, tokenizer)


def _try_other_texts(answer: Any, tokenizer: Any, model: Any, about: str) -> None:
    texts = ["ten", "", "twenty"]
    close(
        answer(texts, tokenizer, model),
        [[13 / 3, 1.0], [1.5, 0.5], [23 / 3, 1.0]],
        say("{1} the texts 'ten', '' and 'twenty', the means", about),
        say("A text of nothing has a row as well, of its special tokens."),
    )
    equal(
        texts,
        ["ten", "", "twenty"],
        say("The list of texts after the call"),
        say("Leave it as it is."),
    )


def _try_other_tokenizers(answer: Any, model: Any, about: str) -> None:
    short = small_tokenizer()
    short.model_max_length = 5
    close(
        answer(["ten " * 9], short, model),
        [[33 / 5, 2.0]],
        say(
            "{1} a text of nine words, where the tokenizer's maximum is 5 and the model has 6 "
            "positions, the mean",
            about,
        ),
        say("`tokenizer.model_max_length` says where to cut, not the model."),
    )
    padding = small_tokenizer()
    padding.pad_token = padding.sep_token
    close(
        answer(["ten", "ten ten"], padding, model),
        [[13 / 3, 1.0], [23 / 4, 1.5]],
        say("{1} the texts 'ten' and 'ten ten', padded with [SEP], the means", about),
        say("A real token may have the id of padding: take the attention mask."),
    )


def _try_other_models(answer: Any, tokenizer: Any) -> None:
    given = say("For a model in {1}, the features", torch.bfloat16)
    model = _Encoder().to(torch.bfloat16).eval()
    with left_as_it_came(model, say("For a model in {1}", torch.bfloat16)):
        got = runs(
            lambda: answer(["ten"], tokenizer, model),
            given,
            say("NumPy does not know this type: make float32 of the result first."),
        )
        that(
            got.dtype == np.float32,
            say("The features must be float32; yours are {1}.", got.dtype),
        )
    close(got, [[13 / 3, 1.0]], given, tolerance=0.05)
    for trainable, given in (
        (True, say("For a model that can be trained")),
        (False, say("For a model whose weights are frozen")),
    ):
        model = _Encoder().eval().requires_grad_(trainable)
        with left_as_it_came(model, given):
            answer(["ten"], tokenizer, model)


def _after_a_failure(answer: Any, tokenizer: Any, model: Any, mode: Any) -> None:
    """Expect that the model is back in its former mode after a batch has failed."""
    training, model.fails = model.training, True
    with contextlib.suppress(RuntimeError):
        answer(["ten"], tokenizer, model)
    model.fails = False
    that(
        all(part.training == training for part in model.modules()),
        say(
            "The model came in {1} mode and must leave in it, also where a batch fails: `finally` "
            "is run in any case.",
            mode,
        ),
    )


class _Canned:
    """A classifier with given predictions that takes its time; scikit-learn can clone it."""

    def __init__(
        self,
        answers: Any = (),
        fit_seconds: float = 0.0,
        predict_seconds: float = 0.0,
        copy_seconds: float = 0.0,
    ) -> None:
        self.answers = answers
        self.fit_seconds = fit_seconds
        self.predict_seconds = predict_seconds
        self.copy_seconds = copy_seconds

    def get_params(self, deep: bool = True) -> Any:
        import time

        time.sleep(self.copy_seconds / 2)  # `clone` calls this twice
        return self._params()

    def _params(self) -> Any:
        return {
            "answers": self.answers,
            "fit_seconds": self.fit_seconds,
            "predict_seconds": self.predict_seconds,
            "copy_seconds": self.copy_seconds,
        }

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        import time

        time.sleep(self.copy_seconds)
        return type(self)(**self._params())

    def set_params(self, **params: Any) -> Any:
        self.__dict__.update(params)
        return self

    def fit(self, X: Any, y: Any) -> Any:
        import time

        time.sleep(self.fit_seconds)
        self.fitted_ = len(y)
        return self

    def predict(self, X: Any) -> Any:
        import time

        time.sleep(self.predict_seconds)
        return np.array(self.answers)[: len(X)]

    def score(self, X: Any, y: Any) -> Any:
        return float(np.mean(self.predict(X) == np.asarray(y)))


@examples("compare_classifiers")
def _(answer: Any) -> None:
    X_train, y_train = np.zeros((3, 1)), np.array([0, 0, 1])
    X_valid, y_valid = np.zeros((4, 1)), np.array([0, 0, 0, 1])
    classifiers = {"always 0": _Canned((0, 0, 0, 0)), "half": _Canned((0, 0, 1, 1))}
    given = dict(classifiers)
    table = unchanged(
        lambda *data: answer(classifiers, *data),
        X_train,
        y_train,
        X_valid,
        y_valid,
        given="compare_classifiers",
    )
    of_type(table, pd.DataFrame, "compare_classifiers")
    that(
        list(classifiers.items()) == list(given.items()),
        say("The dict of classifiers holds others after the call than before. Leave it as it is."),
    )
    given = say("For the labels 0 0 0 1, 'always 0' answering 0 0 0 0 and 'half' answering 0 0 1 1")
    equal(
        list(table.columns),
        ["accuracy", "macro_f1", "fit_seconds"],
        say("The columns"),
        {
            say("The names belong in the index."): [
                "classifier",
                "accuracy",
                "macro_f1",
                "fit_seconds",
            ]
        },
    )
    equal(
        table.index.name,
        "classifier",
        say("The name of the index"),
        {say("The index has no name: `rename_axis` gives it one."): None},
    )
    equal(
        list(table.index),
        ["half", "always 0"],
        say("{1}, the order", given),
        {
            say("Best macro-F1 first: that is descending. Accuracy ties here."): [
                "always 0",
                "half",
            ],
            say("The names belong in the index: `set_index`."): [0, 1],
        },
    )
    close(table["accuracy"].to_numpy(), [0.75, 0.75], say("{1}, the accuracies", given))
    close(
        table["macro_f1"].to_numpy(),
        [0.733333, 0.428571],
        say("{1}, the macro-F1 scores", given),
        {
            say("That is the weighted F1, where frequent classes count for more."): [
                0.766667,
                0.642857,
            ],
            say("That is the micro F1, which is the accuracy."): [0.75, 0.75],
            say("That is the F1 of class 1 alone (`average` was left out)."): [0.666667, 0.0],
        },
        tolerance=1e-4,
    )
    that(
        not any(hasattr(given, "fitted_") for given in classifiers.values()),
        say(
            "The classifiers handed over are fitted after the call. Fit a copy of "
            "each: scikit-learn has a function for that."
        ),
    )
    ties = {name: _Canned((0, 0, 1, 1)) for name in "dabc"} | {"e": _Canned((0, 0, 0, 1))}
    order = list(answer(ties, X_train, y_train, X_valid, y_valid).index)
    equal(
        order,
        ["e", "d", "a", "b", "c"],
        say("For four equal classifiers named d a b c and a better one named e, the order"),
        {
            say("Equal scores must keep the dict's order; yours come in reverse."): [*"ecbad"],
            say("Equal scores must keep the dict's order; yours are sorted by name."): [*"eabcd"],
            say("It is not sorted: best macro-F1 first."): [*"dabce"],
        },
    )
    many = {str(number): _Canned((0, 0, 1, 1)) for number in range(20)}
    equal(
        list(answer(many, X_train, y_train, X_valid, y_valid).index),
        list(many),
        say("For twenty equal classifiers, the order"),
        say("Equal scores must keep the dict's order. Is your sort stable?"),
    )
    _check_which_classes(answer)
    _check_close_scores(answer)
    _check_clock(answer, X_train, y_train, X_valid, y_valid)
    _check_pipelines(answer)


def _check_which_classes(answer: Any) -> None:
    """Expect macro-F1 over the classes that are true or predicted, not those only in training."""
    classifiers = {"SVM (C=1)": _Canned((0, 0, 0, 7)), "Half": _Canned((0, 0, 1, 1))}
    table = answer(
        classifiers, np.zeros((3, 1)), np.array([0, 1, 2]), np.zeros((4, 1)), np.array([0, 0, 0, 1])
    )
    equal(
        list(table.index),
        ["Half", "SVM (C=1)"],
        say("For classifiers named 'SVM (C=1)' and 'Half', of which 'Half' is better, the index"),
        say("The names are the keys of the dict, as they are."),
    )
    close(
        table["macro_f1"].to_numpy(),
        [0.733333, 0.333333],
        say(
            "For the labels 0 1 2 in training and 0 0 0 1 in validation, 'Half' answering 0 0 1 1 "
            "and 'SVM (C=1)' answering 0 0 0 7, the macro-F1 scores"
        ),
        {
            say("Class 7 is predicted and never true: it counts too, with an F1 of 0."): [
                0.733333,
                0.5,
            ],
            say("Class 2 is in training alone. It does not count."): [0.488889, 0.25],
            say("Class 2, in training alone, does not count; class 7, in predictions, does."): [
                0.488889,
                0.333333,
            ],
        },
        tolerance=1e-4,
    )


def _check_close_scores(answer: Any) -> None:
    """Expect the order by macro-F1 itself: not rounded, and with equal scores left in order."""
    truth = np.repeat([0, 1], 2000)
    guesses = {"200 wrong": truth.copy(), "199 wrong": truth.copy()}
    guesses["200 wrong"][1900:2100] = 1 - truth[1900:2100]
    guesses["199 wrong"][1901:2100] = 1 - truth[1901:2100]
    close_by = {name: _Canned(tuple(labels.tolist())) for name, labels in guesses.items()}
    rows = np.zeros((4000, 1))
    equal(
        list(answer(close_by, rows[:2], truth[[0, -1]], rows, truth).index),
        ["199 wrong", "200 wrong"],
        say("For 4000 rows of which one classifier has 200 wrong, the other 199, the order"),
        say("Sort by the scores themselves, not by rounded ones."),
    )
    # Both have the F1 scores 1, 2/3 and 0, from the same precisions and recalls.
    four, five = _Canned((0, 0, 1, 1, 2, 2)), _Canned((0, 2, 1, 1, 1, 1))
    rows, truth = np.zeros((6, 1)), np.array([0, 0, 1, 1, 1, 1])
    for pair in ({"four": four, "five": five}, {"five": five, "four": four}):
        equal(
            list(answer(pair, rows, truth, rows, truth).index),
            list(pair),
            say(
                "For two classifiers of the same macro-F1, of which one has four of six rows "
                "right and the other five, the order"
            ),
            say("Ties stay in the dict's order: nothing else, such as accuracy, may break them."),
        )


def _check_clock(answer: Any, X_train: Any, y_train: Any, X_valid: Any, y_valid: Any) -> None:
    slow = {
        "a": _Canned((0, 0, 1, 1), 0.05, 0.4),
        "b": _Canned((0, 0, 1, 1), 0.05, 0.4, copy_seconds=0.45),
    }
    seconds = answer(slow, X_train, y_train, X_valid, y_valid)["fit_seconds"].to_list()
    measured = ", ".join(f"{value:.2f}" for value in seconds)
    that(
        all(value >= 0.045 for value in seconds),
        say(
            "Two fits that take 0.05 s each come out at {1} s. Does the clock run during the fit?",
            measured,
        ),
    )
    that(
        all(value < 0.4 for value in seconds),
        say(
            "Two fits of 0.05 s, each followed by 0.4 s of predicting, and the second of a "
            "classifier that takes 0.45 s to copy, come out at {1} s. The clock must run during "
            "the fit alone, and start again for each classifier.",
            measured,
        ),
    )


def _check_pipelines(answer: Any) -> None:
    """Expect that a pipeline over texts is fitted as a whole, but its original steps are not."""
    from sklearn.dummy import DummyClassifier
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.pipeline import make_pipeline

    pipeline = make_pipeline(CountVectorizer(), DummyClassifier())
    before = [sorted(vars(step)) for _, step in pipeline.steps]
    given = say("For a pipeline that counts words, and texts in lists")
    likely = say("X may be a list of texts: hand it to the classifier as it is.")
    texts = ["a good day", "a bad day", "good"]
    data = (texts, np.array([1, 1, 0]), texts, np.array([1, 1, 1]))
    table = runs(lambda: answer({"words": pipeline}, *data), given, likely)
    close(table["accuracy"].to_numpy(), [1.0], say("{1}, the accuracy", given), likely)
    that(
        [sorted(vars(step)) for _, step in pipeline.steps] == before,
        say(
            "The steps of a pipeline that was handed over are fitted after the call: the copy "
            "shares them. scikit-learn has a function that copies steps, too."
        ),
    )


@examples("neighborhood_purity")
def _(answer: Any) -> None:
    line = np.array([[0.0], [1.0], [3.0], [10.0]])
    labels = np.array([5, 5, 6, 6])
    given = say("For points at 0, 1, 3 and 10 with the labels 5, 5, 6, 6 and k=1 the purity")
    got = unchanged(answer, line, labels, 1, given="neighborhood_purity")
    close(
        got,
        0.75,
        given,
        {
            say("A point counts as its own nearest neighbour. Leave it out."): 1.0,
            say("That is the sum over points; take the mean."): 3.0,
            say("That is the share of other labels, or of the farthest point."): 0.25,
            say("Those are the shares of the single points; take their mean."): [
                1.0,
                1.0,
                0.0,
                1.0,
            ],
        },
    )
    of_type(got, float, "neighborhood_purity")
    close(
        answer(line, labels, k=2),
        0.375,
        say("For the same points and k=2 the purity"),
        {
            say("Each point is among its own neighbours. Leave it out."): 0.875,
            say("It looks at one neighbour fewer than k (or takes a vote)."): 0.75,
            say("It looks at one neighbour more than k."): 1 / 3,
            say("It takes a majority vote of the neighbours; count their share."): 0.0,
            say("It divides by one too many: each point has k neighbours."): 0.25,
        },
    )
    close(
        answer(line, labels, k=3),
        1 / 3,
        say("For the same four points and k=3 (all others) the purity"),
        {say("A point is among its own neighbours. Leave it out."): 7 / 12},
    )
    close(
        answer(np.array([[0.0, 0.0], [0.0, 0.0], [5.0, 0.0], [5.0, 0.0]]), [1, 2, 1, 2], k=1),
        0.0,
        say(
            "For two pairs of points, each pair at one place with the labels 1 and "
            "2, and k=1, the purity"
        ),
        say(
            "Two points may share a place. Exclude a point by its number, not by a "
            "distance of 0 or by coming first."
        ),
    )
    close(
        answer(np.array([[1.0, 0.0], [9.0, 0.0], [0.0, 1.0], [0.0, 9.0]]), [1, 1, 2, 2], k=1),
        0.5,
        say(
            "For points at (1, 0), (9, 0), (0, 1), (0, 9) with the labels 1, 1, 2, 2 "
            "and k=1 the purity"
        ),
        {say("Distances are Euclidean here, not cosine."): 1.0},
    )
    close(
        answer(np.array([[0.0, 0.0], [3.0, 3.0], [-5.5, 0.0]]), [-1, -1, 1], k=1),
        2 / 3,
        say("For points at (0, 0), (3, 3), (-5.5, 0) with the labels -1, -1, 1 and k=1 the purity"),
        {
            say(
                "Distances are Euclidean, between the points as they are: neither along the axes "
                "nor scaled."
            ): 1 / 3,
            say("-1 and 1 are two labels: compare them as they are."): 1.0,
        },
    )
    lefts = np.arange(75.0) * 10
    close(
        answer(np.concatenate([lefts, lefts + 1])[:, None], [*range(75)] * 2, k=1),
        1.0,
        say("For 150 points in pairs, each pair with a label of its own, and k=1 the purity"),
        say("All points count, however many there are."),
    )
    given = say(
        "For points at 0, 1, 3 and 10, the labels 5, 5, 6, 6 in a Series with the index 3 2 1 0, "
        "and k=1"
    )
    likely = say("A Series is looked up by its index, not by place: make an array of it first.")
    got = runs(lambda: answer(line, pd.Series(labels, index=[3, 2, 1, 0]), k=1), given, likely)
    close(got, 0.75, given, likely)
    for k in (0, 4, 7):
        raises(
            lambda k=k: answer(line, labels, k=k),
            ValueError,
            (str(k), "k"),
            say("k={1} with four points", k),
            say("A point has three others here.")
            if k > 3
            else say("At least one neighbour is needed."),
        )
    with contextlib.suppress(TypeError):
        close(
            answer(np.arange(11.0)[:, None], [0] * 5 + [1] * 6),
            0.454545,
            say("For eleven points and no k (the default is 10, so all others), the purity"),
            tolerance=1e-4,
        )


@examples("project")
def _(answer: Any) -> None:
    rng = np.random.default_rng(0)
    rays = np.repeat(np.eye(3), 20, axis=0)
    radius = np.tile(np.linspace(0.2, 1.0, 20), 3)[:, None]
    features = rays * radius + rng.uniform(0, 0.02, (60, 3))
    kept = features.copy()
    got = answer(features)
    of_type(got, np.ndarray, "project")
    that(np.array_equal(features, kept), say("The features are changed in place. Scale a copy."))
    equal(got.shape, (60, 2), say("For features of shape (60, 3) the map's shape"))
    that(bool(np.isfinite(got).all()), say("The map holds values that are not finite."))
    that(
        np.array_equal(got, answer(features)),
        say("Two calls with the same seed must give the same map. Where does the seed go?"),
    )
    that(
        not np.array_equal(got, answer(features, seed=1)),
        say("seed=0 and seed=1 give the same map. Is the parameter used?"),
    )
    equal(
        answer(features, n_components=3).shape,
        (60, 3),
        say("With n_components=3 the map's shape"),
        {say("The parameter is not used."): (60, 2)},
    )
    that(
        not np.array_equal(got, answer(features, n_neighbors=4)),
        say("n_neighbors=15 and n_neighbors=4 give the same map. Is the parameter used?"),
    )
    that(
        not np.array_equal(got, answer(features, metric="euclidean")),
        say("metric='cosine' and metric='euclidean' give the same map. Is the parameter used?"),
    )
    wide = np.hstack([features, rng.permutation(60)[:, None] * 1e4])
    share = _together(answer(wide), np.repeat(np.arange(3), 20))
    that(
        share > 0.65,
        say(
            "Three groups of 20 in three columns from 0 to 1, and a fourth column of "
            "noise up to 600,000: the groups are not separate on your map, where {1} of a point's "
            "nearest neighbours are of its own group. Scale each column to the range from 0 to 1 "
            "before UMAP sees it.",
            f"{share:.2f}",
        ),
    )
    angles = np.radians([12, 45, 78]).repeat(25)
    length = np.tile(np.linspace(0.1, 1.0, 25), 3)
    fan = np.stack([length * np.cos(angles), 100 * length * np.sin(angles)], axis=1)
    fan += np.array([1e3, 5e4]) + rng.uniform(0, 0.004, fan.shape) * [1, 100]
    groups = np.repeat(np.arange(3), 25)
    share = max(_together(answer(fan, seed=seed), groups) for seed in range(2))
    that(
        share > 0.99,
        say(
            "Three rays that start near the smallest value of both features are not "
            "separate on your map, where {1} of a point's nearest neighbours are of its own ray. "
            "Do you scale each column to the range from 0 to 1 (MinMaxScaler), rather than rows or "
            "standard deviations, and compare directions?",
            f"{share:.3f}",
        ),
    )


def _together(points: Any, groups: Any) -> Any:
    """Return the mean share of a point's ten nearest neighbours that belong to its group."""
    from sklearn.neighbors import NearestNeighbors

    nearest = NearestNeighbors(n_neighbors=10).fit(points).kneighbors(return_distance=False)
    return float((groups[nearest] == groups[:, None]).mean())
