"""A class report: one self-contained page with the scores and where the class had trouble."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from jinja2 import Environment
from markupsafe import Markup

from grading.intake.texts import clean, one_line
from grading.records.points_map import PAGE_STYLE, map_style, points_map
from grading.records.whole import write_whole
from helpers.lessons import lesson_of

TEMPLATE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ title }}</title>
<style>
{{ style }}body { max-width: 70em; } .wide { overflow-x: auto; } td { white-space: nowrap; }
@media print { .wide { overflow: visible; } }
table { border-collapse: collapse; } th, td { padding: 0.2em 0.4em; text-align: right; }
th:first-child { text-align: left; }
</style>
</head>
<body>
<main>
<h1>{{ title }}</h1>
<h2>Points, exercise by exercise</h2>
{{ map }}
<h2>Gradebook</h2>
<p>Points of the exercises that are graded automatically. The last column counts the answers that a
person must still read. A dash means that nothing was handed in, or nothing is graded yet.</p>
<div class="wide" tabindex="0"><table>
<thead><tr><th scope="col">student</th>
{% for name in table.columns %}<th scope="col">
{%- for part in name.split("_") %}{{ part }}{{ "" if loop.last else "_" }}<wbr>{% endfor -%}
</th>{% endfor %}</tr></thead>
<tbody>{% for student, row in table.iterrows() %}<tr><th scope="row">{{ student }}</th>
{% for value in row %}<td>{{ value }}</td>{% endfor %}</tr>{% endfor %}</tbody>
</table></div>
{% if nothing %}<p>Handed in nothing:</p>
<ul>{% for lesson, students in nothing.items() %}
<li>{{ lesson }}: {{ students|join(", ") }}</li>{% endfor %}
</ul>{% endif %}
</main>
</body>
</html>
"""


def gradebook_table(
    scores: pd.DataFrame, nothing: dict[str, list[str]] | None = None
) -> pd.DataFrame:
    """Return one row per student: "score / points" per lesson, the total, and the unread answers.

    Parameters
    ----------
    scores : DataFrame
        From `grading.records.gradebook.scores`.
    nothing : dict of str to list of str, optional
        The students who handed in nothing, by lesson. Some of them may not be in `scores` at all.
    """
    graded = scores.dropna(subset="score")
    lessons = _written_as_fractions(graded, ["student", "lesson"]).unstack(fill_value="–")
    lessons["total"] = _written_as_fractions(graded, ["student"])
    waiting = scores["score"].isna().groupby(scores["student"]).sum()
    others = {student for students in (nothing or {}).values() for student in students}
    everyone = sorted(others.union(waiting.index))
    waiting = waiting.reindex(everyone, fill_value=0)
    # Students without any grades have dashes, never zeros.
    lessons = lessons.reindex(waiting.index, fill_value="–")
    lessons["to read"] = waiting
    return lessons


def _written_as_fractions(scores: pd.DataFrame, by: list[str]) -> pd.Series:
    sums = scores.groupby(by)[["score", "points"]].sum()
    return sums["score"].map("{:g}".format) + " / " + sums["points"].map("{:g}".format)


def points_by_program(scores: pd.DataFrame) -> pd.DataFrame:
    """Return the scores of automatically graded exercises, in the form that `points_map` expects.

    Exercises are numbered as in their lesson: "4.8 emotion_predictions".
    """
    found = scores[~scores["exercise"].str.startswith("written_")]
    named = found.rename(columns={"score": "points", "points": "max_points"})
    return named.assign(exercise=found["exercise"].map(_numbered))


def _numbered(exercise: str) -> str:
    lesson = lesson_of(exercise)
    return f"{lesson.number}.{[*lesson.exercises].index(exercise) + 1} {exercise}"


def write_report(
    scores: pd.DataFrame, title: str, path: Path, nothing: dict[str, list[str]] | None = None
) -> None:
    """Write the report of a gradebook as one self-contained HTML file.

    Parameters
    ----------
    scores : DataFrame
        From `grading.records.gradebook.scores`.
    title : str
    path : Path
    nothing : dict of str to list of str, optional
        The students who handed in nothing, by lesson.
    """
    absent = {lesson: [*map(one_line, students)] for lesson, students in (nothing or {}).items()}
    everyone = {student for students in (nothing or {}).values() for student in students}
    page = Environment(autoescape=True).from_string(TEMPLATE)
    text = page.render(
        title=title,
        style=Markup(PAGE_STYLE + map_style()),
        map=points_map(points_by_program(scores), nothing=everyone),
        table=gradebook_table(scores, nothing),
        nothing=absent,
    )
    write_whole(path, clean(text))
