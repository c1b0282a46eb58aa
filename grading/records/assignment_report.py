"""The results of an assignment: one self-contained page for the teacher of a class."""

from __future__ import annotations

import base64
import glob
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
from jinja2 import Environment
from markupsafe import Markup
from matplotlib.figure import Figure
from matplotlib.text import Text

from grading.intake.submissions import submitted
from grading.intake.texts import clean, one_line
from grading.judging.verdicts import CANNOT_GRADE, NOT_ATTEMPTED, PASSED, TAMPERED
from grading.records.handed_in import REFUSED, nothing_from, refused_from
from grading.records.points_map import PAGE_STYLE, map_style, points_map
from grading.records.receipts import UNREADABLE, read_receipts, verdicts_of
from grading.records.whole import write_whole

NEEDS_A_PERSON = (CANNOT_GRADE, TAMPERED)
UNGRADED = "handed in but not graded; `course grade` says why"
HELP_BELOW = 0.5
MESSAGES = 12
# Parts of a message that hidden tests draw for each submission, though the mistake is the same.
DRAWN = re.compile(r"-?\d[\d.,e+-]*|'[^']*'|\[[^\[\]]*\]")

TEMPLATE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ title }}</title>
<style>
{{ style }}table { border-collapse: collapse; margin: 1em 0; }
th, td { padding: 0.2em 0.8em; text-align: right; vertical-align: top; }
th:first-child, td.text, th.text { text-align: left; }
@media print { body { margin: 0; } h2 { break-after: avoid; } figure, tr { break-inside: avoid; } }
</style>
</head>
<body>
<main>
<h1>{{ title }}</h1>
<p>{{ students }} submissions, {{ exercises|length }} exercises graded by program,
median {{ median }} of {{ maximum }} points{% if incomplete %}; {{ incomplete }} not fully graded
and left out of the figures below{% endif %}.</p>

<h2>Needs a person</h2>
{% if person %}<table>
<thead><tr><th scope="col">student</th><th scope="col" class="text">what happened</th></tr></thead>
<tbody>{% for student, text in person %}<tr><th scope="row">{{ student }}</th>
<td class="text">{{ text }}</td></tr>{% endfor %}</tbody>
</table>{% else %}<p>Nothing: every test of every submission was graded.</p>{% endif %}
{% if nothing %}
<h2>Handed in nothing</h2>
<p>{{ nothing|length }}, without points and left out of the figures below:
{{ nothing|join(", ") }}.</p>
{% endif %}

<h2>Points, exercise by exercise</h2>
{{ map }}

<h2>Scores</h2>
<figure><img alt="{{ scores.alt }}" src="data:image/png;base64,{{ scores.png }}">
<figcaption>Points of automatic tests, without penalties for lateness.</figcaption></figure>

<h2>Exercises</h2>
<figure><img alt="{{ items.alt }}" src="data:image/png;base64,{{ items.png }}">
<figcaption>Left: hard exercises. Bottom: students who solve the exercise do not do better in the
rest, so have a look at the exercise and its test.</figcaption></figure>
<table>
<thead><tr><th scope="col">exercise</th><th scope="col">points reached</th>
<th scope="col">not attempted</th><th scope="col">discrimination</th></tr></thead>
<tbody>{% for exercise in exercises %}<tr><th scope="row">{{ exercise.name }}</th>
<td>{{ exercise.reached }}</td><td>{{ exercise.untouched }}</td>
<td>{{ exercise.discrimination }}</td></tr>{% endfor %}</tbody>
</table>
<p>Discrimination is the correlation of the exercise's points with the sum of all others.</p>

<h2>The most common messages</h2>
{% if messages %}<table>
<thead><tr><th scope="col">students</th><th scope="col" class="text">exercise</th>
<th scope="col" class="text">message (for one of them)</th></tr></thead>
<tbody>{% for message in messages %}<tr><td>{{ message.count }}</td>
<td class="text">{{ message.exercise }}</td><td class="text">{{ message.text }}</td></tr>
{% endfor %}</tbody>
</table>{% else %}<p>None: everything passed.</p>{% endif %}

<h2>Who needs help</h2>
{% if helped %}<table>
<thead><tr><th scope="col">student</th><th scope="col">points</th>
<th scope="col" class="text">not solved</th></tr></thead>
<tbody>{% for row in helped %}<tr><th scope="row">{{ row.student }}</th>
<td>{{ row.points }}</td><td class="text">{{ row.unsolved }}</td></tr>{% endfor %}</tbody>
</table>{% else %}<p>Nobody has less than half of the points.</p>{% endif %}

<h2>Time</h2>
<p>Grading a notebook took {{ seconds.median }} s (median) and at most {{ seconds.longest }} s
({{ seconds.student }}): its cells, the hidden tests, and the sandbox's start.</p>
</main>
</body>
</html>
"""


@dataclass(frozen=True)
class Picture:
    """A figure with a description for readers who cannot see it."""

    alt: str
    png: str


def assignment_verdicts(assignment: str, course: Path) -> pd.DataFrame:
    """Return how every test of every submission ended, from the receipts.

    Returns
    -------
    DataFrame
        Columns ``student``, ``exercise``, ``status``, ``points`` (NaN if it was not graded),
        ``max_points``, ``text`` and ``seconds`` (of the whole notebook), in the notebook's order.
        A receipt that cannot be read has no rows.

    Raises
    ------
    ValueError
        If nothing of the assignment was graded.
    """
    rows = []
    found, _ = read_receipts(_paths(assignment, course))
    for _, receipt in found:
        for verdict in verdicts_of(receipt):
            rows.append(
                {
                    "student": receipt["student"],
                    "exercise": verdict.exercise,
                    "status": verdict.status,
                    "points": verdict.points,
                    "max_points": verdict.max_points,
                    "text": one_line(verdict.why),
                    "seconds": receipt["seconds"],
                }
            )
    if not rows:
        raise ValueError(f"no receipts of {assignment} in {course / 'receipts'}; grade it first")
    return pd.DataFrame(rows).astype({"points": float})


def _paths(assignment: str, course: Path) -> Iterator[Path]:
    return (course / "receipts").glob(f"*/{glob.escape(assignment)}/*.json")


def item_statistics(ended: pd.DataFrame) -> pd.DataFrame:
    """Return how hard each exercise is and how well it tells students apart.

    Parameters
    ----------
    ended : DataFrame
        From `assignment_verdicts`.

    Returns
    -------
    DataFrame
        Index: exercises in the notebook's order. ``reached``, the mean share of the points;
        ``untouched``, the number of students who left the stub; ``discrimination``, the
        correlation with the points of all other exercises (corrected item-total correlation),
        NaN if either does not vary. Answers that could not be graded do not count.
    """
    order = list(dict.fromkeys(ended["exercise"]))
    points = ended.pivot(index="student", columns="exercise", values="points")[order]
    maxima = ended.groupby("exercise")["max_points"].max()[order]
    untouched = (ended["status"] == NOT_ATTEMPTED).groupby(ended["exercise"]).sum()[order]
    rest = {name: points.drop(columns=name).sum(axis=1) for name in order}
    vary = [name for name in order if points[name].nunique() > 1 and rest[name].nunique() > 1]
    related = {name: points[name].corr(rest[name]) for name in vary}
    return pd.DataFrame(
        {
            "reached": points.mean() / maxima,
            "untouched": untouched,
            "discrimination": pd.Series(related, dtype=float),
        }
    ).loc[order]


def common_messages(ended: pd.DataFrame) -> list[dict[str, object]]:
    """Return the most common messages, grouped by mistake."""
    wrong = ended[~ended["status"].isin([PASSED, NOT_ATTEMPTED])]
    alike = wrong["text"].str.replace(DRAWN, "#", regex=True)
    found = [
        {"count": len(rows), "exercise": exercise, "text": rows["text"].iloc[0]}
        for (exercise, _), rows in wrong.groupby([wrong["exercise"], alike], sort=False)
    ]
    return sorted(found, key=lambda one: -one["count"])[:MESSAGES]


def plot_scores(totals: pd.Series, maximum: float) -> Figure:
    """Draw how many students have how many points."""
    figure, axes = plt.subplots(figsize=(8, 3))
    axes.hist(totals, bins=range(int(maximum) + 2), align="left", color="#0072B2", rwidth=0.9)
    axes.set(xlabel="points", ylabel="students", xlim=(-0.6, maximum + 0.6))
    axes.yaxis.get_major_locator().set_params(integer=True)  # type: ignore[call-arg]  # it is a MaxNLocator
    return figure


def plot_items(items: pd.DataFrame) -> Figure:
    """Draw each exercise by how hard it is and how well it tells students apart."""
    figure, axes = plt.subplots(figsize=(8, 4))
    shown = items.fillna({"discrimination": 0.0})
    axes.scatter(100 * shown["reached"], shown["discrimination"], color="#0072B2")
    for name, row in shown.iterrows():
        axes.annotate(
            name, (100 * row["reached"], row["discrimination"]), (4, 4), textcoords="offset points"
        )
    axes.axhline(0, color="#999999", linewidth=1)
    axes.set(
        xlabel="points reached by the class (%)",
        ylabel="discrimination",
        xlim=(-3, 112),
        ylim=(-1.05, 1.05),
    )
    return figure


def png(figure: Figure) -> str:
    """Return a figure as base64 text, and close it."""
    buffer = io.BytesIO()
    for text in figure.findobj(Text):
        text.set_parse_math(False)  # a name may contain a "$"
    figure.savefig(buffer, format="png", dpi=110, bbox_inches="tight")
    plt.close(figure)
    return base64.b64encode(buffer.getvalue()).decode("ascii")


def write_assignment_report(assignment: str, course: Path, path: Path) -> None:
    """Write the report of one assignment as one HTML file that contains its figures.

    Raises
    ------
    ValueError
        If nothing of the assignment was graded.
    """
    ended = assignment_verdicts(assignment, course)
    items = item_statistics(ended)
    # If a part could not be graded there is no total, since that part would count as zero.
    sums = ended.groupby("student")["points"].sum(skipna=False)
    totals = sums.dropna()
    maximum = ended.groupby("exercise")["max_points"].max().sum()
    seconds = ended.groupby("student")["seconds"].first()
    unsolved = ended[ended["status"] != PASSED].groupby("student")["exercise"].agg(", ".join)
    weak = _weak(ended)
    person = [
        (row.student, f"{row.exercise}: {row.text}")
        for row in ended[ended["status"].isin(NEEDS_A_PERSON)].itertuples()
    ]
    _, unreadable = read_receipts(_paths(assignment, course))
    person += [
        (path.parent.parent.name, f"{path.relative_to(course)} {UNREADABLE}") for path in unreadable
    ]
    without_receipt = {path.parent.parent.name for path in unreadable}
    ungraded = {student for _, student in submitted(assignment, course)} - set(sums.index)
    ungraded -= without_receipt
    person += [(student, UNGRADED) for student in sorted(ungraded)]
    refused = refused_from(assignment, course)
    person += [(student, REFUSED.format(why)) for student, why in refused.items()]
    page = Environment(autoescape=True).from_string(TEMPLATE)
    absent = nothing_from(assignment, course)
    text = page.render(
        title=assignment,
        style=Markup(PAGE_STYLE + map_style()),
        map=points_map(ended, absent, ungraded | refused.keys() | without_receipt),
        students=len(sums),
        incomplete=len(sums) - len(totals),
        median=_number(totals.median(), "g"),
        maximum=f"{maximum:g}",
        person=person,
        nothing=[one_line(student) for student in absent],
        scores=Picture(
            f"Bars: how many of {len(totals)} students have how many points; "
            f"from {_number(totals.min(), 'g')} to {_number(totals.max(), 'g')}.",
            png(plot_scores(totals, maximum)),
        ),
        items=Picture(
            f"Points: exercises by the share of points reached; {_hardest(items)} is the hardest.",
            png(plot_items(items)),
        ),
        exercises=[
            {
                "name": name,
                "reached": _number(row["reached"], ".0%"),
                "untouched": int(row["untouched"]),
                "discrimination": _number(row["discrimination"], ".2f"),
            }
            for name, row in items.iterrows()
        ],
        messages=common_messages(ended),
        helped=[
            {"student": name, "points": points, "unsolved": unsolved[name]}
            for name, points in weak.items()
        ],
        seconds={
            "median": f"{seconds.median():.0f}",
            "longest": f"{seconds.max():.0f}",
            "student": seconds.idxmax(),
        },
    )
    write_whole(path, clean(text))


def _weak(ended: pd.DataFrame) -> pd.Series:
    """Return the points of the students who reached less than half of what could be graded."""
    graded = ended.dropna(subset="points")
    sums = graded.groupby("student")[["points", "max_points"]].sum()
    weak = sums[sums["points"] < HELP_BELOW * sums["max_points"]].sort_values("points")
    more = ended[ended["points"].isna()].groupby("student").size()
    return pd.Series(
        {
            student: f"{row['points']:g}" + (" so far" if student in more else "")
            for student, row in weak.iterrows()
        },
        dtype=object,
    )


def _number(value: float, form: str) -> str:
    """Return a number as the page shows it, or a dash if there is none."""
    return "–" if pd.isna(value) else format(value, form)


def _hardest(items: pd.DataFrame) -> str:
    reached = items["reached"].dropna()
    return "none" if reached.empty else reached.idxmin()
