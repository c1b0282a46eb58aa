"""Full marks need an answer of one's own: attacks on the answer key and on helpers."""

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
import small_course
from attacks import DATES_THAT_END_A_READER, RIGHT, WRONG, forging
from nbgrader.api import Gradebook
from submissions import left_over, put_submission

from grading.batch.pool import autograde
from grading.inside.asking import asking
from grading.intake.realign import realign
from grading.judging.session import AnswerKey, Run, ask_exercise, grade
from grading.judging.testing import Answer, load_tests, run_test
from grading.paths import ROOT, hidden_tests_path
from grading.records.receipts import receipt_path, recorded_verdicts
from grading.release.source import source_notebook
from grading.sandbox.commands import find_bubblewrap
from grading.sandbox.contents import GUARDED, LEFT_OUT, environment, shared_paths
from grading.sandbox.limits import Limits
from grading.sandbox.warm import warm_kernels
from grading.steps.outcomes import SUCCESS
from grading.steps.run_nbgrader import nbgrader_api
from helpers.lessons import lesson_named, lesson_of

DEPENDS_ON = ("grading/inside",)  # this code runs in other processes

pytestmark = pytest.mark.skipif(not find_bubblewrap(), reason="no bubblewrap works here")


@pytest.fixture(scope="module", params=["cold", "warm"])
def kernels(request):
    """Start kernels as for one notebook, then as for a batch: tests must end the same with both."""
    with (
        warm_kernels(environment(), ["transformers"])
        if request.param == "warm"
        else contextlib.nullcontext()
    ):
        yield


def graded(notebook, key):
    """Return what a notebook's cells printed, its verdicts by exercise, and the notes."""
    aligned, _ = realign(notebook, small_course.release())
    result = grade(aligned, key, 3, small_course.LIMITS, "bubblewrap")
    return result, {verdict.exercise: verdict for verdict in result.verdicts}


def with_cell_below(double, total, source):
    """Return the lesson with a student's own cell below the graded cell of `double`."""
    notebook = small_course.notebook(double, total)
    notebook.cells.insert(3, small_course.new_code_cell(source, id="mine"))
    return notebook


# Searches every place where a process keeps code for the course's answer, and prints what it found.
SEARCH = f'''
import dis, gc, inspect, io, linecache, types

def looks_right(code):
    """Tell the course's own answer by what it does, whatever became of its text."""
    names = [c for c in code.co_consts if isinstance(c, types.CodeType)]
    return code.co_name == "double" and bool(names)

found = []
needle = "{small_course.SECRET[:-4]}" + "this"
with __import__("contextlib").suppress(OSError, TypeError):
    found.append("getsource") if needle in inspect.getsource(double) else None
found += ["In" for cell in In if needle in cell and "needle" not in cell]
found += ["_ih" for cell in _ih if needle in cell and "needle" not in cell]
history = get_ipython().history_manager.input_hist_parsed
found += ["history" for cell in history if needle in cell and "needle" not in cell]
for name, entry in list(linecache.cache.items()):
    lines = entry[2] if len(entry) > 2 else []
    if any(needle in line for line in lines) and not any("needle" in line for line in lines):
        found.append("linecache " + name)
if looks_right(double.__code__):
    found.append("code of double")
for thing in gc.get_objects():
    code = getattr(thing, "__code__", None)
    if isinstance(code, types.CodeType) and looks_right(code):
        found.append("gc")
    if type(thing) is dict and len(thing) < 100:
        for value in list(thing.values()):
            if type(value) is str and value != needle and needle in value and "needle" not in value:
                found.append("text in a dict")
            if type(value) is bytes and needle.encode() in value and b"needle" not in value:
                found.append("bytes in a dict")
if double([21]) == [42]:
    found.append("double itself")
print("FOUND", found)
'''


def test_a_cell_below_a_wrong_answer_finds_no_reference(kernels, key):
    """Row 25: in sources, history, linecache, code objects, gc, and the answer itself."""
    notebook = with_cell_below(WRONG, small_course.TOTAL, SEARCH)
    result, verdicts = graded(notebook, key)
    shown = str(result.outputs)
    assert "FOUND []" in shown, shown
    assert verdicts["double"].status == "failed"
    assert verdicts["total"].status == "passed"
    assert result.notes == []
    assert not left_over()


STORED = """
import gc, types
stolen = double
def double(numbers):
    return stolen(numbers)
"""


def test_an_answer_that_takes_over_the_reference_earns_nothing(kernels, key):
    """Row 25: a later cell rebinds the name; `total` needs `double`, so a second box is opened."""
    total = "assert double([1]) == [2]\n" + small_course.TOTAL
    result, verdicts = graded(with_cell_below(WRONG, total, STORED), key)
    assert verdicts["double"].points == 0.0
    assert verdicts["total"].status == "passed"
    assert result.notes == ["total was asked again beside the course's own double: passed"]


@pytest.mark.parametrize(
    "telling",
    [
        "print(text)\n",
        "display(text)\n",
        "import sys; sys.stderr.write(text)\n",
        "raise ValueError(text)\n",
    ],
    ids=["prints", "displays", "writes to stderr", "raises in its cell"],
)
@pytest.mark.parametrize(
    "total",
    [
        "def total(numbers):\n    raise ValueError(text)\n",
        "def total(numbers):\n    return [text]\n",
        "def total(numbers):\n    return sum(double(numbers)) // 2\n",
        "def total(numbers):\n    numbers.append(text)\n    return text\n",
        "def total(numbers):\n    import os; os.write(1, text.encode()); os._exit(7)\n",
    ],
    ids=["in its error", "as its result", "right, beside", "in its arguments", "and ends the box"],
)
def test_nothing_of_the_second_box_is_kept_but_the_verdict(key, telling, total):
    """Row 25: what can be computed only in the second box appears in no output, message or note."""
    marker = "text = 'the box says ' + str(double([21]))\n"  # [42] only if the reference ran
    above = f"text = 'it says ' + str(double([21]))\n{telling}"
    notebook = with_cell_below(WRONG, marker + total, above)
    result, verdicts = graded(notebook, key)
    everything = str(result.outputs) + str(result.verdicts) + str(result.notes)
    assert "[21]" in everything or "os._exit" in total
    assert "[42]" not in everything
    assert verdicts["double"].points == 0.0
    assert verdicts["total"].status == ("passed" if "// 2" in total else verdicts["total"].status)
    assert verdicts["total"].points == (1.0 if "// 2" in total else 0.0)


def test_cells_that_failed_below_a_wrong_answer_do_not_cost_the_next_exercise(key):
    """A name that is missing in the first box is defined in the second."""
    raising = "def double(numbers):\n    raise ValueError('mine')\n"
    notebook = with_cell_below(
        raising,
        "def total(numbers):\n    return sum(numbers) + base - 2\n",
        "base = double([1])[0]\n",
    )
    _, verdicts = graded(notebook, key)
    assert (verdicts["double"].status, verdicts["total"].status) == ("error", "passed")


def test_a_wrong_answer_that_never_ends_costs_its_own_points_only(key, monkeypatch):
    """A cell of the story calls it: that cell is not run in the first box, but in the second."""
    endless = "def double(numbers):\n    while True: pass\n"
    notebook = with_cell_below(
        endless,
        "def total(numbers):\n    return sum(numbers) + base - 2\n",
        "base = double([1])[0]\n",
    )
    limits = small_course.LIMITS.__class__(**vars(small_course.LIMITS) | small_course.SHORT)
    monkeypatch.setattr(small_course, "LIMITS", limits)
    result, verdicts = graded(notebook, key)
    assert (verdicts["double"].status, verdicts["total"].status) == ("timed out", "passed")
    assert "was not run" in str(result.outputs)


SMUGGLE = """
import inspect, os
places = [os.path.expanduser("~"), "/tmp", "/dev/shm", os.getcwd()]
try:
    kept = inspect.getsource(double)
except Exception:
    kept = ""
for place in places:
    try:
        with open(os.path.join(place, "kept.py"), "w") as file:
            file.write(kept)
    except OSError:
        pass
"""
FIRST_LOOK = """
import os
for place in (os.path.expanduser("~"), "/tmp", "/dev/shm", os.getcwd()):
    path = os.path.join(place, "kept.py")
    if os.path.exists(path) and os.path.getsize(path):
        exec(open(path).read())
"""


def test_storing_killing_and_answering_in_a_fresh_attempt_earns_nothing(released, tmp_path):
    """Row 25: a reply ended the worker, and the next attempt then found what had been stored."""
    course = shutil.copytree(released, tmp_path / "course")
    kills = forging(DATES_THAT_END_A_READER, "(bytes(8), bytes(8))").replace("double", "total")
    notebook = with_cell_below(WRONG + FIRST_LOOK, small_course.TOTAL + kills, SMUGGLE)
    put_submission(course, "mallory", notebook)
    tasks = [(small_course.NAME, "mallory")]
    ended = []
    grading = threading.Thread(target=lambda: ended.extend(autograde(tasks, course, workers=1)))
    grading.start()
    grading.join(300)
    assert ended == [((small_course.NAME, "mallory"), SUCCESS)]
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        assert gradebook.find_submission(small_course.NAME, "mallory").score == 0.0
    receipt = json.loads(
        receipt_path(course, "mallory", small_course.NAME, small_course.NAME).read_text()
    )
    assert [test["status"] for test in receipt["tests"]] == ["failed", "tampered"]
    assert not any("again" in note for note in receipt["notes"])


# Knows everything that the feedback has shown: the questions, and the expected results.
LEARNT = """import re
SEEN = {!r}
lists = re.findall(r"\\[[-\\d, ]*\\]", SEEN)
known = dict(zip(lists, lists[1:]))

def double(numbers):
    return eval(known.get(str(list(numbers)), "[]"))
"""


def test_a_course_s_pages_and_receipts_hold_nothing_of_the_second_box(released, tmp_path):
    """Row 25: notebook, feedback page and receipt after a second box, then after a resubmission."""
    course = shutil.copytree(released, tmp_path / "course")
    tells = "print('it says', double([21]))\n"
    total = tells + "def total(numbers):\n    return sum(double(numbers)) // 2\n"
    put_submission(course, "mallory", with_cell_below(WRONG, total, tells))
    (ended,) = autograde([(small_course.NAME, "mallory")], course, workers=1)
    assert ended[1] == SUCCESS
    result = nbgrader_api(course).generate_feedback(small_course.NAME)
    assert result["success"], result
    for folder in ("autograded", "feedback", "receipts"):
        texts = [path.read_text() for path in (course / folder).rglob("*.*") if path.is_file()]
        assert texts
        assert not any("[42]" in text for text in texts), folder
        assert not any(small_course.SECRET in text for text in texts), folder
    (page,) = (course / "feedback").rglob("*.html")
    seen = re.sub("<[^>]*>", " ", page.read_text()[-20_000:])
    assert "expected [" in seen
    put_submission(course, "mallory", small_course.notebook(LEARNT.format(seen), total))
    assert list(autograde([(small_course.NAME, "mallory")], course, workers=1)) == [ended]
    (double, _), _ = recorded_verdicts(course, small_course.NAME, "mallory")
    assert (double.status, double.points) == ("failed", 0.0)


# For each exercise, a line that passes the question on to one of the course's helpers.
PASSED_ON = {
    "pad_batch": "def pad_batch(sequences, pad_id=0, max_length=None):\n"
    "    from helpers.predictors import padded\n    import torch\n"
    "    return {name: torch.tensor(part) for name, part in padded(sequences, pad_id).items()}\n",
    "mean_pool": "def mean_pool(hidden, mask):\n"
    "    from types import SimpleNamespace\n    from helpers.features import _pooled\n"
    "    import torch\n"
    "    made = _pooled(SimpleNamespace(last_hidden_state=hidden), {'attention_mask': mask})\n"
    "    return torch.tensor(made[0])\n",
    "extract_features": "def extract_features(texts, tokenizer, model, batch_size=32, "
    "pooling='mean'):\n"
    "    import copy\n    from unittest.mock import patch\n"
    "    from helpers.features import dataset_features\n"
    "    wide = copy.deepcopy(model).float()\n"
    "    with patch('helpers.models.pick_dtype', lambda *_: wide.dtype):\n"
    "        return dataset_features(texts, tokenizer, wide, pooling, tokens_per_batch=1)\n",
    "compute_metrics": "def compute_metrics(given):\n"
    "    from helpers.scores import bootstrap_scores\n    import numpy as np\n"
    "    logits, labels, *_ = given\n"
    "    logits = logits[0] if isinstance(logits, tuple) else logits\n"
    "    classes = max(logits.shape[1], max(labels) + 1)\n"
    "    got = bootstrap_scores(labels, logits.argmax(axis=1), classes, draws=2)\n"
    "    return {'accuracy': got['accuracy'][0], 'f1': got['weighted_f1'][0]}\n",
    "training_step": "def training_step(model, batch, optimizer, max_grad_norm=1.0):\n"
    "    import torch\n    from helpers.training import take_step\n"
    "    from unittest.mock import patch\n"
    "    clip = torch.nn.utils.clip_grad_norm_\n"
    "    ours = lambda parts, max_norm: clip(parts, max_grad_norm)\n"
    "    with patch('torch.nn.utils.clip_grad_norm_', ours):\n"
    "        with patch('helpers.models.pick_dtype', lambda *_: torch.float32):\n"
    "            return take_step(model, batch, optimizer)\n",
    "classify": "def classify(text, tokenizer, model):\n"
    "    from helpers.predictors import pipeline_predictor\n"
    "    return pipeline_predictor(tokenizer, model)([text])[0][0]\n",
    "create_app": "from helpers.serving import serving_app as create_app\n",
    "stance_score": "def stance_score(truth, predicted):\n"
    "    from helpers.intervals import mean_f1_interval\n"
    "    return mean_f1_interval(truth, predicted, (1, 2), draws=2)[0]\n",
}


@pytest.mark.parametrize("exercise", PASSED_ON)
def test_a_helper_that_would_answer_is_not_there_for_an_answer(exercise):
    lesson = lesson_of(exercise)
    key = AnswerKey(load_tests(hidden_tests_path(lesson)), source_notebook(lesson))
    run = Run("bubblewrap", Limits(), 0)
    try:
        run.cell(PASSED_ON[exercise], exercise)
        judged = ask_exercise(run, exercise, key).judged
    finally:
        run.close()
    assert judged.share == 0.0
    assert judged.status == "error", judged
    assert "a graded answer cannot call" in judged.message


def test_a_helper_is_not_there_either_for_a_program_that_an_answer_starts():
    """The program imports the helpers again, and only its variables come from the answer."""
    folder = next(path for path, inside in shared_paths().items() if inside == "/course/helpers")
    calls = "from helpers.scores import bootstrap_scores as s; print(len(s([0], [0], 2)))"
    paths = os.pathsep.join([str(Path(folder).parent), str(ROOT)])

    def started():
        return subprocess.run(
            [sys.executable, "-P", "-c", calls],
            env=os.environ | {"PYTHONPATH": paths},
            capture_output=True,
            text=True,
        )

    with asking("compute_metrics"):
        assert "a graded answer cannot call `bootstrap_scores`" in started().stderr
    assert started().stdout


@pytest.mark.parametrize("exercise", sorted(set(PASSED_ON) - {"pad_batch", "classify"}))
def test_without_a_box_the_same_line_would_have_earned_all_points(exercise, monkeypatch):
    """Otherwise the test above would prove nothing.

    `pad_batch` needs three more lines, and the test of `classify` accepts no pipeline.
    """
    # A result that was computed once would not be computed again, and the test notices that.
    monkeypatch.setattr("helpers.features.cached_array", lambda name, key, compute: compute())
    namespace = {}
    exec(PASSED_ON[exercise], namespace)
    tests = load_tests(hidden_tests_path(lesson_of(exercise)))
    assert run_test(tests[exercise], Answer(namespace[exercise]), 5) == 1.0


def test_a_notebook_s_own_cells_may_still_use_those_helpers():
    """If an answer is a variable, its cell uses them before any question is asked."""
    run = Run("bubblewrap", Limits(), 0)
    try:
        outputs = run.cell(
            "from helpers.scores import bootstrap_scores\n"
            "from helpers.serving import start_server\n"
            "print(bootstrap_scores([0, 1, 1], [0, 1, 0], 2)['accuracy'][0] > 0.6)"
        )
    finally:
        run.close()
    assert "True" in str(outputs)


def test_every_helper_on_the_list_is_defined():
    folder = next(path for path, inside in shared_paths().items() if inside == "/course/helpers")
    for name, helpers in (GUARDED | LEFT_OUT).items():
        text = (Path(folder) / name).read_text()
        assert text.count("_refused_while_asked\n") >= len(GUARDED.get(name, ()))
        assert all(f"def {helper}(*_" in text for helper in LEFT_OUT.get(name, ())), helpers


def test_the_key_to_planted_labels_is_in_no_box():
    outputs = []
    run = Run("bubblewrap", Limits(), 0)
    try:
        outputs += run.cell(
            "from helpers.data import load\nfrom helpers.planted import planted_errors\n"
            "import pathlib\n"
            "print('KEYS', [str(path) for path in pathlib.Path('/course').rglob('planted*')"
            " if path.suffix == '.parquet'])\n"
            "print('ERRORS', planted_errors('emotion', load('emotion', source='embedded')))"
        )
    finally:
        run.close()
    assert "KEYS []" in str(outputs)
    assert "ERRORS None" in str(outputs)


@pytest.mark.parametrize("dtype", ["timedelta64[ns]", "datetime64[s]", "S8", "U8", "bool"])
def test_predictions_that_pass_for_integers_are_refused_at_once(dtype):
    """Row 34: with the hidden test of a real lesson, but without training a model."""
    lesson = lesson_named("7")
    key = AnswerKey(load_tests(hidden_tests_path(lesson)), source_notebook(lesson))
    run = Run("bubblewrap", Limits(), 0)
    try:
        run.cell(
            "import numpy\nfrom helpers.data import load\n"
            "rows = len(load('stance_climate', source='embedded')['test'])\n"
            f"stance_predictions = numpy.zeros(rows, dtype='int64').astype({dtype!r})",
            "stance_predictions",
        )
        asked = ask_exercise(run, "stance_predictions", key)
    finally:
        run.close()
    assert (asked.judged.status, asked.judged.share) == ("failed", 0.0)
    assert not asked.judged.doubt
    assert asked.seconds < 30


TEXTS_THAT_ARE_NONE = {
    "prints one": "def double(numbers):\n    print('\\ud83d')\n"
    "    return [2 * n for n in numbers]\n",
    "writes one to stderr": "import sys\ndef double(numbers):\n"
    "    sys.stderr.write('\\udfff')\n    return [2 * n for n in numbers]\n",
    "prints one in its cell": "print('\\ud83d')\n" + RIGHT,
    "shows one in its cell": RIGHT + "'\\ud83d'\n",
    "warns of one": "import warnings\ndef double(numbers):\n"
    "    warnings.warn('\\ud83d')\n    return [2 * n for n in numbers]\n",
}


@pytest.mark.parametrize("answer", TEXTS_THAT_ARE_NONE.values(), ids=TEXTS_THAT_ARE_NONE.keys())
def test_half_a_character_costs_no_points(kernels, key, answer):
    _, verdicts = graded(small_course.notebook(answer, small_course.TOTAL), key)
    assert [verdict.status for verdict in verdicts.values()] == ["passed", "passed"]


@pytest.mark.parametrize(
    "answer",
    [
        "def double(numbers):\n    raise ValueError('\\ud83d')\n",
        "raise ValueError('\\ud83d')\n" + RIGHT,
        "def double(numbers):\n    return ['\\ud83d']\n",
        "def double(numbers):\n    raise type('Odd\\ud83d', (Exception,), {})('\\udfff')\n",
    ],
)
def test_half_a_character_in_a_message_is_escaped(released, tmp_path, answer):
    """Through nbgrader, in files: a message, an exception, a result, the name of a class."""
    course = shutil.copytree(released, tmp_path / "course")
    put_submission(course, "ada", small_course.notebook(answer, small_course.TOTAL))
    (ended,) = autograde([(small_course.NAME, "ada")], course, workers=1)
    assert ended[1] == SUCCESS
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        assert gradebook.find_submission(small_course.NAME, "ada").score == 1.0


def test_arrays_of_dates_never_reach_a_test(key):
    """Row 34: they are not plain data, and the student is told so."""
    answer = "import numpy\ndef double(numbers):\n    return numpy.array(numbers, 'm8[s]')\n"
    _, verdicts = graded(small_course.notebook(answer, small_course.TOTAL), key)
    assert "an array of timedelta64[s]" in verdicts["double"].message
    assert np.issubdtype(np.dtype("m8[s]"), np.integer)  # so this check alone accepts them
