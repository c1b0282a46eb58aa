"""Generated parts of README and of the page of results: lessons, figures, and a picture."""

import base64
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import nbformat

from grading.paths import ROOT, release_path, solution_path
from grading.release.addresses import addresses
from helpers.lessons import LESSONS, lesson_named

RESULTS = ROOT / "benchmarks" / "results.json"
ROWS = {
    "emotion, validation: always the most frequent class (accuracy)": "emotion.majority",
    "emotion, validation: TF-IDF and logistic regression (accuracy)": "emotion.tfidf",
    "emotion, validation: frozen features, [CLS] (accuracy)": "emotion.cls_probe",
    "emotion, validation: frozen features, mean (accuracy)": "emotion.mean_probe",
    "emotion, validation: fine-tuned, five seeds (accuracy)": "emotion.finetuned.accuracy",
    "emotion, validation: fine-tuned, five seeds (weighted F1)": "emotion.finetuned.f1",
    "emotion, test: fine-tuned, five seeds (accuracy)": "emotion.finetuned.test_accuracy",
    "emotion: fine-tuning (seconds)": "emotion.finetuned.seconds",
    "emotion: planted labels found (precision)": "emotion.planted.precision",
    "emotion: planted labels found (recall)": "emotion.planted.recall",
    "tweet_emotion, test (accuracy)": "tweet_emotion.accuracy",
    "tweet_emotion, test (macro-F1)": "tweet_emotion.macro_f1",
    "imdb, test sample (accuracy)": "imdb.accuracy",
    "stance_climate, test (mean F1 of against and favor)": "stance_climate.score",
    "stance_climate, test (F1 of against)": "stance_climate.f1_against",
    "financial_topics, validation (macro-F1)": "financial_topics.macro_f1",
    "features: times the usual recipe's speed, bfloat16": "features.speedup_bf16",
    "features: times the usual recipe's speed, float32": "features.speedup_float32",
    "features: share of the machine's matrix product": "features.limit_share",
    "first figure of lesson 1, warm (seconds)": "start.first_figure_warm",
    "all seven lessons, executed warm (seconds)": "course.seconds_warm",
    "all seven lessons, executed with empty caches (seconds)": "course.seconds_cold",
    "`make test` (seconds)": "course.test_seconds",
    "`make demo` from a fresh clone (seconds)": "course.demo_seconds",
    "a million texts streamed to disk: growth of memory (MiB)": "growth.streaming.memory_growth",
    "fine-tuning, texts a second: in bf16 over the usual recipe": "finetuning.speedup_bf16",
    "fine-tuning, texts a second: in float32 over the usual recipe": "finetuning.speedup_float32",
    "fine-tuning: accuracy gained by that, 1,280 texts, five seeds": "finetuning.accuracy_gain",
    "fine-tuning: times as fast without dropout between layers": "finetuning.no_dropout.speedup",
    "fine-tuning: validation accuracy gained by that, five seeds": (
        "finetuning.no_dropout.validation_gain"
    ),
    "serving, one text at a time: int8 over transformers' pipeline": "serving.speedup_single",
    "serving, 32 texts at once: int8 over transformers' pipeline": "serving.speedup_batch32",
    "serving: same label in int8": "serving.agreement",
    "serving, one client: half of the answers within (ms)": "serving.p50_ms_c1",
    "serving, eight clients: 99 % of the answers within (ms)": "serving.p99_ms_c8",
    "grading: wrong answers that pass (docs/grading-accuracy.md)": "grading.false_accepts",
    "grading: right answers that fail": "grading.false_rejects",
    "grading: wrong answers that the visible check alone finds": "grading.visible_share",
    "grading: mutants of the references that lose points": "grading.mutation_score",
    "grading: kinds of attacks tried (docs/security.md)": "grading.attacks_total",
    "grading: survived by this grader": "grading.attacks_survived",
    "grading: kinds of attacks that apply to stock nbgrader": "grading.attacks_meant_nbgrader",
    "grading: survived by stock nbgrader": "grading.attacks_survived_nbgrader",
    "grading: kinds of attacks that apply to otter-grader": "grading.attacks_meant_otter",
    "grading: survived by otter-grader": "grading.attacks_survived_otter",
    "grading: times as fast as stock nbgrader, lesson 1": "grading.speedup_lesson1",
    "grading: times as fast as stock nbgrader, lesson 3": "grading.speedup_lesson3",
    "grading: three Dask workers' throughput over three times one's": "grading.dask_efficiency_3",
}
MEASURED = (
    "emotion.tfidf",
    "emotion.mean_probe",
    "emotion.finetuned.accuracy",
    "emotion.finetuned.seconds",
    "features.speedup_bf16",
    "serving.speedup_single",
    "grading.false_accepts",
    "grading.attacks_total",
    "grading.attacks_survived",
    "grading.speedup_lesson1",
)
"""Rows that README and the site's first page show; docs/results.md has all of them."""
DIGITS = {"s": 0, "count": 0, "MiB": 0, "ms": 1, "ratio": 1}
README = ROOT / "README.md"
RESULTS_PAGE = ROOT / "docs" / "results.md"
PICTURE = ROOT / "docs" / "figures" / "lesson_3.png"
_FILE = re.compile(r"\(docs/([\w-]+\.md)\)")


def lessons_table(root: Path = ROOT) -> str:
    """Return the Markdown table of the lessons, and below it the addresses that open them in Colab.

    The addresses are long; outside the table, they do not make its source hard to read.
    """
    rows = ["| | lesson | minutes | points | |", "|---|---|---|---|---|"]
    links = []
    where = addresses(root)
    for lesson in LESSONS:
        notebook = release_path(lesson, ROOT).relative_to(ROOT).as_posix()
        rows.append(
            f"| {lesson.number} | [{lesson.title}]({notebook}) "
            f"| {lesson.minutes} | {lesson.points} | [Colab][colab-{lesson.number}] |"
        )
        links.append(f"[colab-{lesson.number}]: {where.in_colab(notebook)}")
    return "\n".join([*rows, "", *links])


def missing_figures() -> list[str]:
    """Return the names that the table of results needs but the record does not have."""
    figures = json.loads(RESULTS.read_text())["figures"]
    return [name for name in ROWS.values() if not _found(name, figures)]


def _found(name: str, figures: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """Return a figure's values on the real and on the embedded data, as far as it was measured."""
    return [figures[key] for key in (name, f"{name}.embedded") if key in figures]


def rows_of(names: Iterable[str] = ROWS.values(), docs: str = "") -> dict[str, str]:
    """Return rows of the table of results: the name of each figure, by its description.

    If a description names a file of docs/, it gets a link to that file.

    Parameters
    ----------
    names : iterable of str
        Names of figures; by default, those of all rows.
    docs : str
        The path of docs/ from the page that shows the rows: ``"docs/"`` for README, empty for pages
        of docs/ and of the site.
    """
    words = {name: _FILE.sub(rf"([how]({docs}\1))", what) for what, name in ROWS.items()}
    return {words[name]: name for name in names}


def results_table(chosen: dict[str, str]) -> str:
    """Return the Markdown table of measured results, on the real and on the embedded data.

    If a maintainer has confirmed that a change does not affect a score, it has a footnote.

    Parameters
    ----------
    chosen : dict of str to str
        Names of figures, by the descriptions in their rows: see `rows_of`.

    Raises
    ------
    ValueError
        If the record lacks a figure that the table needs.
    """
    missing = missing_figures()
    if missing:
        raise ValueError(f"{RESULTS.name} lacks {', '.join(missing)}: measure what is missing")
    figures = json.loads(RESULTS.read_text())["figures"]
    rows = ["| what | real data | embedded data |", "|---|---|---|"]
    reasons: list[str] = []
    for what, name in chosen.items():
        by_data = {figure["data"]: _cell(figure, reasons) for figure in _found(name, figures)}
        cells = [by_data.get(data, "–") for data in ("mirror", "embedded")]
        rows.append(f"| {what} | {' | '.join(cells)} |")
    notes = [f"{_mark(place)} {reason}" for place, reason in enumerate(reasons)]
    return "\n".join(rows) + "".join(f"\n\n{note}" for note in notes)


def _mark(place: int) -> str:
    return f"<sup>{place + 1}</sup>"


def _cell(figure: dict[str, Any], reasons: list[str]) -> str:
    """Return a figure with its interval and its footnote's mark; add the footnote to `reasons`."""
    digits = DIGITS.get(figure["unit"], 3)
    if figure["unit"] == "s" and figure["value"] < 10:
        digits = 1
    value, *bounds = (
        f"{figure[key]:.{digits}f}"
        for key in ("value", "lower", "upper")
        if figure[key] is not None
    )
    text = f"{value} [{', '.join(bounds)}]" if bounds else value
    if not figure["vouched"]:
        return text
    vouched = figure["vouched"]
    reason = (
        f"Measured before a change of {vouched['date']} that cannot have moved it: "
        f"{vouched['reason']}"
    )
    if reason not in reasons:
        reasons.append(reason)
    return f"{text}{_mark(reasons.index(reason))}"


def colab_table() -> str:
    """Return the Markdown table of the first cell's time and downloads on Colab, by lesson.

    `make test-colab` measures them with Colab's list of packages, for the Python that it runs on.
    """
    figures = json.loads(RESULTS.read_text())["figures"]
    pythons = sorted({name.split(".")[1] for name in figures if name.startswith("colab.")})
    columns = {"seconds": "s", "downloaded": "MiB", "again": "s again"}
    versions = [name.removeprefix("python").replace("3", "3.", 1) for name in pythons]
    heads = [f"Python {version}: {unit}" for version in versions for unit in columns.values()]
    rows = [f"| lesson | {' | '.join(heads)} |", "|---" * (1 + len(heads)) + "|"]
    for lesson in LESSONS:
        names = [
            f"colab.{python}.lesson{lesson.number}.{column}"
            for python in pythons
            for column in columns
        ]
        found = [figures.get(name) for name in names]
        digits = [2 if name.endswith("again") else 0 for name in names]
        cells = [
            f"{figure['value']:.{places}f}" if figure else "–"
            for figure, places in zip(found, digits, strict=True)
        ]
        rows.append(f"| {lesson.name} | {' | '.join(cells)} |")
    return "\n".join(rows)


def picture() -> bytes:
    """Return lesson 3's maps of the classes, from the executed notebook."""
    notebook = nbformat.read(solution_path(lesson_named("3")), as_version=4)
    (cell,) = (cell for cell in notebook.cells if "plot_class_maps(" in cell.source)
    (image,) = (o.data["image/png"] for o in cell.outputs if "image/png" in o.get("data", {}))
    return base64.b64decode(image)


def tables() -> dict[Path, dict[str, str]]:
    """Return the texts that the build puts between the marks in README and the page of results."""
    return {
        README: {
            "lessons": lessons_table(),
            "measured": results_table(rows_of(MEASURED, "docs/")),
        },
        RESULTS_PAGE: {"results": results_table(rows_of()), "colab": colab_table()},
    }


def update_readme() -> None:
    """Write the current tables between the marks of both pages, and the picture to docs/."""
    for path, contents in tables().items():
        text = path.read_text(encoding="utf-8")
        for mark, table in contents.items():
            begin, end = f"<!-- {mark}: begin -->", f"<!-- {mark}: end -->"
            before, rest = text.split(begin)
            _, after = rest.split(end)
            text = f"{before}{begin}\n{table}\n{end}{after}"
        path.write_text(text, encoding="utf-8")
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    PICTURE.write_bytes(picture())
