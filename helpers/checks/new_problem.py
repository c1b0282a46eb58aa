"""Visible checks of lesson 7."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import torch
from datasets import ClassLabel, Dataset, DatasetDict, Features, Value

from helpers.checks.core import Wrong, described, examples
from helpers.checks.expect import (
    close,
    equal,
    joined,
    of_type,
    raises,
    runs,
    shown,
    that,
    unchanged,
)
from helpers.checks.language import say
from helpers.checks.models import left_as_it_came

_LONGEST = 6
"""How many tokens the toy tokenizer and the toy model accept at most."""


def _tokenizer() -> Any:
    """Return a real tokenizer with token type ids: "one" to "five" are 11 to 15, the ends 1, 2."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    words = {"one": 11, "two": 12, "three": 13, "four": 14, "five": 15}
    special = {"[PAD]": 0, "[CLS]": 1, "[SEP]": 2, "[UNK]": 3}
    backend = Tokenizer(models.WordLevel({**special, **words}, unk_token="[UNK]"))
    backend.pre_tokenizer = pre_tokenizers.Whitespace()
    backend.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 1), ("[SEP]", 2)]
    )
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=backend,
        model_max_length=_LONGEST,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
    )
    tokenizer.model_input_names = ["input_ids", "token_type_ids", "attention_mask"]
    return tokenizer


def _rows(texts: Any, labels: Any, **columns: Any) -> Any:
    features = Features(
        {
            "text": Value("string"),
            **{name: Value("int64") for name in columns},
            "label": ClassLabel(names=["calm", "storm"]),
        }
    )
    return Dataset.from_dict({"text": texts, **columns, "label": labels}, features=features)


@examples("prepare")
def _(answer: Any) -> None:
    tokenizer = _tokenizer()
    dataset = DatasetDict(
        train=_rows(["one two", "one two three four five"], [1, 0], row=[7, 8]),
        extra=_rows(["five"], [1], row=[9]),
    )
    got = unchanged(lambda data: answer(data, tokenizer, max_length=5), dataset, given="prepare")
    of_type(got, DatasetDict, "prepare")
    equal(list(got), ["train", "extra"], say("For the splits train and extra, the splits"))
    columns = set(got["train"].column_names)
    wanted = {"label", "input_ids", "attention_mask"}
    missing, surplus = sorted(wanted - columns), sorted(columns - wanted)
    that(not missing, say("There is no column {1}.", ", ".join(missing)))
    hints = {
        "text": say("Trainer cannot make tensors of texts."),
        "token_type_ids": say("A tokenizer may give more than you want: name what you keep."),
        "row": say("It came with the dataset: drop every column that you don't need."),
    }
    if surplus:
        text = say(
            "The columns must be label, input_ids and attention_mask alone; yours also "
            "include {1}.",
            ", ".join(surplus),
        )
        raise Wrong(joined(text, hints.get(surplus[0], "")))
    equal(
        [list(ids) for ids in got["train"]["input_ids"]],
        [[1, 11, 12, 2], [1, 11, 12, 13, 2]],
        say("For the texts 'one two' and 'one two three four five' with max_length=5, input_ids"),
        {
            say("The second text is not cut, or at another length than `max_length`."): [
                [1, 11, 12, 2],
                [1, 11, 12, 13, 14, 15, 2],
            ],
            say("It is cut at the tokenizer's own maximum; `max_length` has no effect."): [
                [1, 11, 12, 2],
                [1, 11, 12, 13, 14, 2],
            ],
            say("Rows are padded here; that is the collator's job, batch by batch."): [
                [1, 11, 12, 2, 0],
                [1, 11, 12, 13, 2],
            ],
            say("The special tokens are part of `max_length`: the tokenizer counts them itself."): [
                [1, 11, 12, 2],
                [1, 11, 12, 13, 14, 15],
            ],
            say("The last token, [SEP], is cut off: let the tokenizer truncate."): [
                [1, 11, 12, 2],
                [1, 11, 12, 13, 14],
            ],
        },
    )
    equal(
        [list(mask) for mask in got["train"]["attention_mask"]],
        [[1, 1, 1, 1], [1, 1, 1, 1, 1]],
        say("For two texts of 4 and 5 tokens, attention_mask"),
        say("One 1 per token, and no padding."),
    )
    equal(
        [list(ids) for ids in got["extra"]["input_ids"]],
        [[1, 15, 2]],
        say("For the text 'five' in another split, input_ids"),
    )
    equal(list(got["train"]["label"]), [1, 0], say("For the labels 1 and 0, the column label"))
    that(
        isinstance(got["train"].features["label"], ClassLabel),
        say(
            "The label has lost its feature: it was a ClassLabel with the names calm "
            "and storm, and is now {1}.",
            got["train"].features["label"],
        ),
    )
    given = say("A dataset with the format 'numpy'")
    formatted = dataset.with_format("numpy")
    got = runs(
        lambda: answer(formatted, tokenizer, max_length=5),
        given,
        say("`with_format(None)` gives the same rows as plain lists."),
    )
    equal([list(ids) for ids in got["extra"].with_format(None)["input_ids"]], [[1, 15, 2]], given)
    that(
        formatted["train"].format["type"] == "numpy",
        say("{1} must keep it: `with_format` returns a copy, `reset_format` does not.", given),
    )
    _check_missing_columns(answer, tokenizer)
    long_text = " ".join(["one"] * 90)
    got = answer(DatasetDict(train=_rows([long_text], [0])), tokenizer)
    equal(
        len(got["train"][0]["input_ids"]),
        60,
        say("For a text of 90 words and no max_length, the number of tokens"),
        {
            say("The default of max_length is 60."): 6,
            say("The text is not truncated."): 92,
            say("The two special tokens count, too."): 62,
        },
    )


def _check_missing_columns(answer: Any, tokenizer: Any) -> None:
    complete = _rows(["one"], [0])
    said = {}
    for column in ("text", "label"):
        broken = DatasetDict(train=complete, late=complete.remove_columns(column))
        raises(
            lambda broken=broken: answer(broken, tokenizer),
            ValueError,
            column,
            say("A dataset whose second split, 'late', has no column {1}", shown(column)),
            say("Look at the columns of every split before you tokenize."),
        )
        try:
            answer(broken, tokenizer)
        except ValueError as error:
            said[column] = str(error)
    that(
        said["text"] != said["label"],
        say(
            "A split without text and one without label get the same message, {1}: it must say "
            "which of the two is missing.",
            shown(said["text"]),
        ),
    )


@examples("stance_score")
def _(answer: Any) -> None:
    truth, guess = [2, 2, 1, 0, 2, 1, 0], [2, 0, 1, 2, 2, 2, 1]
    got = unchanged(answer, truth, guess, given="stance_score")
    of_type(got, float, "stance_score")
    against, favor = 1 / 2, 4 / 7
    close(
        got,
        (against + favor) / 2,
        say("For the true labels 2 2 1 0 2 1 0 and the predictions 2 0 1 2 2 2 1 the score"),
        {
            say("That averages over all three classes; none (0) has no F1 in it."): (
                against + favor
            )
            / 3,
            say("That is the F1 of favor alone."): favor,
            say("That is the F1 of against alone, or the mean precision."): against,
            say("That is the accuracy."): 3 / 7,
            say("Classes count by their size there; here each counts one half."): (
                2 * against + 3 * favor
            )
            / 5,
            say("That averages the classes 0 and 1; against is 1 and favor 2."): against / 2,
            say("That averages the classes 0 and 2; against is 1 and favor 2."): favor / 2,
            say(
                "Rows whose true label is none (0) are left out, yet they may be taken "
                "for against or favor."
            ): 2 / 3,
            say("That adds the two; the mean is wanted."): against + favor,
            say("That pools both classes before the F1; take it class by class."): 6 / 11,
            say("That is the mean recall."): (1 / 2 + 2 / 3) / 2,
        },
    )
    close(
        answer(np.array([2, 2, 1]), np.array([2, 2, 2])),
        0.4,
        say("If favor has the F1 0.8 and against is never predicted, the score"),
        {
            say("A class that is never predicted has the F1 0 and is part of the mean."): 0.8,
            say("Its F1 is 0, not undefined."): np.nan,
        },
    )
    close(
        answer(np.array([2, 0, 2]), np.array([2, 0, 2])),
        0.5,
        say("If favor is perfect and against neither occurs nor is predicted, the score"),
        {
            say("A class with no true and no predicted rows counts 0.0."): 1.0,
            say("0 divided by 0: such a class counts 0.0."): np.nan,
        },
    )
    rows = [pd.Series([1, 2, 0], index) for index in ([0, 1, 2], [5, 5, 7])]
    close(
        unchanged(answer, *rows, given="stance_score"),
        1.0,
        say("For two Series of the same values and of different indexes the score"),
        say("Rows belong together by their order: `np.asarray` leaves the index behind."),
    )
    of_type(answer(*rows), float, say("A score that is whole"))
    close(
        answer([0, 0], [0, 0]),
        0.0,
        say("If only none occurs and is predicted, the score"),
        {
            say("Neither class is there: both count 0.0."): 1.0,
            say("0 divided by 0: such a class counts 0.0."): np.nan,
        },
    )


class _Classifier(torch.nn.Module):
    """Chooses low, middle or high by the mean id of the tokens that are not masked."""

    def __init__(self) -> None:
        super().__init__()
        from transformers import PretrainedConfig

        self.part = torch.nn.Dropout(0.0)
        self.fails_at = 0

        names = {0: "low", 1: "middle", 2: "high"}
        self.config = PretrainedConfig(id2label=names, label2id={n: i for i, n in names.items()})
        self.weight = torch.nn.Parameter(torch.zeros(1))
        self.passes: list[Any] = []
        self.eval()

    @property
    def device(self) -> Any:
        return self.weight.device

    def forward(
        self, input_ids: Any, attention_mask: Any = None, return_dict: bool = True, **_: Any
    ) -> Any:
        from transformers.modeling_outputs import SequenceClassifierOutput

        rows, places = input_ids.shape
        if places > _LONGEST:
            raise IndexError(f"index {places - 1} is out of range: the model reads 6 places")
        self.passes.append(rows)
        if len(self.passes) == self.fails_at:
            raise RuntimeError("out of memory")
        mask = torch.ones_like(input_ids) if attention_mask is None else attention_mask
        mean = (input_ids * mask).sum(dim=1) / mask.sum(dim=1)
        # The two special tokens at the ends count, too: 'one' has the mean 14/3.
        edges = torch.tensor([5.2, 8.0]).to(mean.device)
        chosen = torch.bucketize(mean, edges)
        if self.training:  # like dropout, but it changes the result every time
            chosen = (chosen + 1) % 3
        logits = torch.nn.functional.one_hot(chosen, 3).float() + self.weight
        return SequenceClassifierOutput(logits=logits) if return_dict else (logits,)


@examples("predict_texts")
def _(answer: Any) -> None:
    tokenizer, model = _tokenizer(), _Classifier()
    about = say("With a model that says low, middle or high,")
    got = answer(["five"], tokenizer, model)
    of_type(got, list, "predict_texts")
    equal(
        got,
        ["middle"],
        say("{1} the label of the text 'five'", about),
        {
            say("Those are ids; `model.config.id2label` has their names."): [1],
            say("The ids are still tensors; `.tolist()` makes numbers of them."): [torch.tensor(1)],
            say(
                "That is the name which follows: the model was in training mode. Where "
                "is `model.eval()`?"
            ): ["high"],
            say("The config writes names, not LABEL_1."): ["LABEL_1"],
            say("The last batch, which is smaller than 32, is lost."): [],
            say(
                "Those are the best texts of each class; the best class of each text is "
                "wanted: another `dim`."
            ): ["low", "low", "low"],
        },
    )
    that(all(type(name) is str for name in got), say("Every label must be a str."))
    texts = ["five five five five", "one", "four four", "one one"]
    expected = ["high", "low", "middle", "middle"]
    got = unchanged(lambda rows: answer(rows, tokenizer, model), texts, given="predict_texts")
    equal(
        got,
        expected,
        say("{1} the labels of the texts {2} together", about, texts),
        {
            say("Short texts go wrong next to long ones: does the model get the attention mask?"): [
                "high",
                "low",
                "low",
                "low",
            ],
            say("They are right, but sorted by length, longest first."): [
                "high",
                "middle",
                "middle",
                "low",
            ],
            say("They are right, but sorted by length, shortest first."): [
                "low",
                "middle",
                "middle",
                "high",
            ],
            say("The model was in training mode: where is `model.eval()`?"): [
                "low",
                "middle",
                "high",
                "high",
            ],
        },
    )
    try:
        got = answer(["five " * 9], tokenizer, model)
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
    equal(got, ["high"], say("{1} the label of a text of nine words, cut to six tokens", about))
    model.passes.clear()
    many = answer([["one", "five"][row % 2] for row in range(70)], tokenizer, model)
    equal(
        len(many),
        70,
        say("For 70 texts the number of labels"),
        say("What happens to the last batch?"),
    )
    equal(
        many,
        ["low", "middle"] * 35,
        say("{1} the labels of 70 texts, 'one' and 'five' in turn", about),
    )
    equal(
        sorted(model.passes),
        [6, 32, 32],
        say("For 70 texts the sorted numbers of rows of the forward passes"),
        {
            say("All at once does not fit into memory for long lists; take 32 at a time."): [70],
            say("One text at a time is slow; take 32."): [1] * 70,
            say("Batches of 32 are wanted."): [6, 64],
        },
    )
    modes = {True: say("training"), False: say("evaluation")}
    for training, mode in modes.items():
        model.train(training)
        answer(["one"], tokenizer, model)
        text = say(
            "The model came in {1} mode and must leave in it; yours is afterwards in {2} mode.",
            mode,
            modes[not training],
        )
        that(model.training == model.part.training == training, text)
        model.passes.clear()
        model.fails_at = 1
        try:
            answer(["one"], tokenizer, model)
        except RuntimeError:
            model.fails_at = 0
        that(
            not model.fails_at,
            say("A model that fails must stop your code, too; yours goes on without its labels."),
        )
        that(
            model.training == model.part.training == training,
            joined(text, say("That is after a batch that failed: put the mode back in `finally`.")),
        )
        that(
            answer(["five"], tokenizer, model) == ["middle"],
            say("A model that comes in {1} mode must predict in evaluation mode.", mode),
        )
    given = say("For no texts, the result")
    equal(runs(lambda: answer([], tokenizer, model), given), [], given)
    equal(
        answer(["five", "", " ", "Five"], tokenizer, model),
        ["middle", "low", "low", "low"],
        say("{1} the labels of the texts {2}", about, ["five", "", " ", "Five"]),
        {
            say("Every text has a label, a blank one too."): ["middle", "low"],
            say("The text goes to the tokenizer as it is, capitals too."): [
                "middle",
                "low",
                "low",
                "middle",
            ],
        },
    )
    for training, mode in modes.items():
        for texts, what in ((["one"], say("one text")), ([], say("no texts"))):
            other = _Classifier().double().train(training)
            with left_as_it_came(other, say("For {1} and a model in {2} mode", what, mode)):
                answer(texts, tokenizer, other)


@examples("few_shot_sample")
def _(answer: Any) -> None:
    labels = [0] * 6 + [1] * 6 + [2] * 2
    features = Features(
        {
            "text": Value("string"),
            "label": ClassLabel(names=["red", "green", "blue"]),
        }
    )
    texts = [f"text {row}" for row in range(14)]
    dataset = Dataset.from_dict({"text": texts, "label": labels}, features=features)
    given = say("With 6 red, 6 green and 2 blue rows")
    got = unchanged(lambda rows: answer(rows, 3), dataset, given="few_shot_sample")
    of_type(got, Dataset, "few_shot_sample")
    equal(
        [list(got["label"]).count(label) for label in range(3)],
        [3, 3, 2],
        say("{1} and k={2}, the number of sampled rows of red, green and blue", given, 3),
        {
            say("Blue has two rows: take both, and neither twice."): [3, 3, 3],
            say("Every class is cut to the smallest; only a smaller class gives less than k."): [
                2,
                2,
                2,
            ],
            say("Those are k rows altogether; k rows per class are wanted."): [1, 1, 1],
        },
    )
    that(
        len(set(got["text"])) == len(got),
        say("A row occurs twice in the sample: draw without replacement."),
    )
    that(
        got.features == dataset.features,
        say(
            "The features must stay as they were, names of the classes included; yours are {1}.",
            got.features,
        ),
    )
    that(
        set(got["text"]) <= set(texts)
        and all(labels[texts.index(row["text"])] == row["label"] for row in got),
        say("Texts and labels have come apart."),
    )
    whole = answer(dataset, 50)
    equal(
        len(whole),
        14,
        say("{1} and k={2}, the number of rows", given, 50),
        say("Take all of a smaller class."),
    )
    draws = [answer(dataset, 3, seed=seed) for seed in range(6)]
    that(
        answer(dataset, 3, seed=4).to_dict() == draws[4].to_dict(),
        say("The same seed gives two different samples."),
    )
    that(
        len({frozenset(draw["text"]) for draw in draws}) > 1,
        say("Six seeds take the same rows every time: draw the rows at random."),
    )
    that(
        any(list(draw["label"]) != sorted(draw["label"]) for draw in draws),
        say("The sample is sorted by class: shuffle it, or the last batches hold one class alone."),
    )
    fixed = {tuple(draw["label"]) for draw in draws}
    that(
        len(fixed) > 1,
        say("The classes come in the same order for every seed: shuffle with the seed."),
    )
    given = say("A dataset with the format 'numpy'")
    formatted = dataset.with_format("numpy")
    got = runs(lambda: answer(formatted, 3), given)
    equal(len(got), 8, say("{1}: the number of sampled rows with k=3", given))
    that(
        formatted.format["type"] == "numpy",
        say("{1} must keep it: `with_format` returns a copy, `reset_format` does not.", given),
    )
    for k in (0, -2):
        raises(
            lambda k=k: answer(dataset, k),
            ValueError,
            (str(k), "k"),
            f"k={k}",
            say("A sample of no rows, or fewer, is a mistake of the caller."),
        )


@examples("stance_predictions")
def _(answer: Any) -> None:
    that(
        isinstance(answer, np.ndarray),
        say(
            "stance_predictions must be a NumPy array; yours is of type {1}. "
            "`.numpy()` turns a tensor into one, `np.array(…)` a list.",
            type(answer).__name__,
        ),
    )
    hint = ""
    if answer.ndim == 2:
        hint = say("Did you keep one number per class? `argmax(axis=1)`.")
    elif answer.shape == (40,):
        hint = say("Those are the rows of validation; test is wanted.")
    elif answer.shape == (355,):
        hint = say("Those are the rows of train; test is wanted.")
    text = say(
        "Expected one label id for each of the 169 test posts; yours has the shape {1}.",
        answer.shape,
    )
    that(answer.shape == (169,), joined(text, hint))
    that(
        np.issubdtype(answer.dtype, np.integer),
        say("Label ids are integers; yours have the dtype {1}.", answer.dtype),
    )
    low, high = int(answer.min()), int(answer.max())
    that(
        low >= 0 and high <= 2, say("Label ids run from 0 to 2; yours from {1} to {2}.", low, high)
    )
    counts = np.bincount(answer, minlength=3)
    that(
        counts.max() < len(answer),
        say("Every post gets the label {1}: one class for all earns nothing.", counts.argmax()),
    )
    that(
        counts[1] > 0,
        say(
            "No post at all is labelled against (1), so its F1 is 0 and half of the "
            "score is lost. What makes a classifier care about thirteen rows of 355?"
        ),
    )
