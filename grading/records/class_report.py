"""A class report: one self-contained page with the scores and where the class had trouble."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
from jinja2 import Environment
from matplotlib.figure import Figure
from matplotlib.text import Text

from grading.intake.texts import clean, one_line
from grading.records.whole import write_whole

TEMPLATE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ title }}</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60em; margin: 2em auto; padding: 0 1em; }
.wide { overflow-x: auto; } td { white-space: nowrap; }
@media print { .wide { overflow: visible; } }
table { border-collapse: collapse; } th, td { padding: 0.2em 0.4em; text-align: right; }
th:first-child { text-align: left; } tbody tr:nth-child(odd) { background: #f3f3f3; }
img { max-width: 100%; } figure { margin: 1em 0; }
</style>
</head>
<body>
<main>
<h1>{{ title }}</h1>
<h2>Gradebook</h2>
<p>Points of the exercises that a program grades; answers that a person has yet to read are
counted in the last column. A dash: nothing was handed in, or nothing is graded yet.</p>
<div class="wide" tabindex="0"><table>
<thead><tr><th scope="col">student</th>
{% for name in table.columns %}<th scope="col">
{%- for part in name.split("_") %}{{ part }}{{ "" if loop.last else "_" }}<wbr>{% endfor -%}
</th>{% endfor %}</tr></thead>
<tbody>{% for student, row in table.iterrows() %}<tr><th scope="row">{{ student }}</th>
{% for value in row %}<td>{{ value }}</td>{% endfor %}</tr>{% endfor %}</tbody>
</table></div>
{% if nothing %}<p>Handed in nothing, and in no figure below:</p>
<ul>{% for lesson, students in nothing.items() %}
<li>{{ lesson }}: {{ students|join(", ") }}</li>{% endfor %}
</ul>{% endif %}
{% for figure in figures %}
<h2>{{ figure.title }}</h2>
<figure><img alt="{{ figure.alt }}" src="data:image/png;base64,{{ figure.png }}">
<figcaption>{{ figure.caption }}</figcaption></figure>
{% endfor %}
</main>
</body>
</html>
"""

# One per lesson, of Okabe and Ito's palette for colour-blind readers.
LESSON_COLOURS = ["#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#999999"]


def gradebook_table(
    scores: pd.DataFrame, nothing: dict[str, list[str]] | None = None
) -> pd.DataFrame:
    """Return one row per student: "score / points" per lesson, the total, and what is unread.

    Parameters
    ----------
    scores : DataFrame
        As `grading.records.gradebook.scores` returns.
    nothing : dict of str to list of str, optional
        Who handed in nothing, by lesson; of some of them `scores` says nothing at all.
    """
    graded = scores.dropna(subset="score")
    lessons = _written_as_fractions(graded, ["student", "lesson"]).unstack(fill_value="–")
    lessons["total"] = _written_as_fractions(graded, ["student"])
    waiting = scores["score"].isna().groupby(scores["student"]).sum()
    others = {student for students in (nothing or {}).values() for student in students}
    everyone = sorted(others.union(waiting.index))
    waiting = waiting.reindex(everyone, fill_value=0)
    # Of whom nothing is graded yet, there are dashes, never zeros.
    lessons = lessons.reindex(waiting.index, fill_value="–")
    lessons["to read"] = waiting
    return lessons


def _written_as_fractions(scores: pd.DataFrame, by: list[str]) -> pd.Series:
    sums = scores.groupby(by)[["score", "points"]].sum()
    return sums["score"].map("{:g}".format) + " / " + sums["points"].map("{:g}".format)


def plot_totals(scores: pd.DataFrame) -> Figure:
    """Draw each student's share of the points, lesson by lesson."""
    sums = scores.dropna(subset="score").groupby(["student", "lesson"])[["score", "points"]].sum()
    shares = (100 * sums["score"] / sums["points"]).unstack()
    figure, axes = plt.subplots(figsize=(8, 0.8 + 0.5 * len(shares) * len(shares.columns) / 2))
    shares.plot.barh(ax=axes, color=LESSON_COLOURS, width=0.8)
    axes.set(xlabel="points reached (%)", ylabel="", xlim=(0, 100))
    axes.legend(title="", loc="upper left", bbox_to_anchor=(1, 1))
    axes.invert_yaxis()
    return figure


def plot_exercises(scores: pd.DataFrame) -> Figure:
    """Draw the share of the class that reached each exercise's points, hardest first."""
    by_program = scores[~scores["exercise"].str.startswith("written_")]
    sums = by_program.groupby("exercise")[["score", "points"]].sum()
    shares = (100 * sums["score"] / sums["points"]).sort_values(ascending=False)
    figure, axes = plt.subplots(figsize=(8, 0.8 + 0.28 * len(shares)))
    axes.barh(shares.index, shares, color="#0072B2")
    axes.set(xlabel="points reached by the class (%)", ylabel="", xlim=(0, 100))
    return figure


def write_report(
    scores: pd.DataFrame, title: str, path: Path, nothing: dict[str, list[str]] | None = None
) -> None:
    """Write the report of a gradebook as one HTML file, its figures inside.

    Parameters
    ----------
    scores : DataFrame
        As `grading.records.gradebook.scores` returns.
    title : str
    path : Path
    nothing : dict of str to list of str, optional
        Who handed in nothing, by lesson.
    """
    by_program = scores[~scores["exercise"].str.startswith("written_")]
    worst = by_program.groupby("exercise")["score"].mean().idxmin()
    figures = [
        {
            "title": "Students",
            "alt": "Bars: the share of the points that each student reached in each lesson.",
            "caption": "Each bar is one lesson of one student.",
            "png": png(plot_totals(scores)),
        },
        {
            "title": "Exercises",
            "alt": f"Bars: the share of points that the class reached; {worst} is the lowest.",
            "caption": "The shortest bars are where the class needs help.",
            "png": png(plot_exercises(scores)),
        },
    ]
    page = Environment(autoescape=True).from_string(TEMPLATE)
    table = gradebook_table(scores, nothing)
    absent = {lesson: [*map(one_line, students)] for lesson, students in (nothing or {}).items()}
    text = page.render(title=title, table=table, nothing=absent, figures=figures)
    write_whole(path, clean(text))


def png(figure: Figure) -> str:
    """Return a figure as base64 text, and close it."""
    buffer = io.BytesIO()
    for text in figure.findobj(Text):
        text.set_parse_math(False)  # a student's name may hold a "$"
    figure.savefig(buffer, format="png", dpi=110, bbox_inches="tight")
    plt.close(figure)
    return base64.b64encode(buffer.getvalue()).decode("ascii")
