"""A heat map of a class: the share of the points that each student reached in each exercise.

It is a table of coloured cells, not a picture. So it follows the page's dark mode, can have names
in any script, can be searched in the browser, and can be read aloud by a screen reader.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from jinja2 import Environment
from markupsafe import Markup
from matplotlib.colors import LinearSegmentedColormap, to_hex

from grading.intake.texts import one_line
from grading.judging.verdicts import (
    CANNOT_GRADE,
    CRASHED,
    ERROR,
    NOT_ATTEMPTED,
    OUT_OF_MEMORY,
    TAMPERED,
    TIMED_OUT,
)

DID_NOT_RUN = (CRASHED, ERROR, OUT_OF_MEMORY, TAMPERED, TIMED_OUT)
STEPS = 10
"""Colour steps from no points to all points. A cell with some points has neither end's colour."""
MANY = 40
"""With more students than this, rows are low, and the heading stays visible while one scrolls."""
WIDE = 20
"""With more exercises than this, columns are narrow: all lessons fit on a laptop's screen."""

# From no points to all points. Lightness only increases, or only decreases, so that the map can be
# read without colour vision. No points has the strongest contrast to the page.
COLOURS = {
    "light": LinearSegmentedColormap.from_list("light", ["#9c3600", "#eda268", "#d8ecf8"]),
    "dark": LinearSegmentedColormap.from_list("dark", ["#ffa35c", "#8a6a5c", "#12466b"]),
}

TEMPLATE = """<figure class="map">
<div class="scroll{{ " many" if rows|length > many }}{{ " narrow" if exercises|length > wide }}"
 tabindex="0" role="group" aria-label="Heat map"><table aria-describedby="map-says">
<thead><tr><th scope="col">student</th>
{%- for name in exercises %}<th scope="col"><span>{{ name }}</span></th>{% endfor -%}
<th scope="col">points</th></tr></thead>
<tbody><tr class="all"><th scope="row">whole class, %</th>
{%- for cell in whole %}<td class="{{ cell.kind }}">{{ cell.text }}</td>{% endfor %}<td></td></tr>
{% for row in rows %}<tr><th scope="row">{{ row.student }}</th>
{%- for cell in row.cells %}<td class="{{ cell.kind }}">{{ cell.text }}</td>{% endfor -%}
<td>{{ row.total }}</td></tr>
{% endfor %}</tbody>
</table></div>
<p class="legend">no points
{%- for step in range(steps + 1) %}<i class="s{{ step }}"></i>{% endfor %}<span>all points</span>
{%- for kind, sign, meaning in legend %}<span><i class="{{ kind }}">{{ sign }}</i>{{ meaning }}
</span>{% endfor %}</p>
<figcaption id="map-says">{{ says }}</figcaption>
</figure>
"""

STYLE = """.map { margin: 1em 0; }
.map .scroll { overflow: auto; max-width: max-content; }
.map .many { max-height: 90vh; }
.map table { border-collapse: separate; border-spacing: 2px; margin: 0; font-size: 0.75em;
  line-height: 1.5; }
.map .many table { border-spacing: 1px; font-size: 0.7em; line-height: 1.15; }
.map .narrow table { border-spacing: 1px; }
.map tbody tr:nth-child(odd) { background: none; }
.map th { position: sticky; background: var(--page); font-weight: normal; white-space: nowrap; }
.map thead th { top: 0; z-index: 1; vertical-align: bottom; text-align: center; padding: 0.2em 0; }
.map thead th:first-child { left: 0; z-index: 2; text-align: left; }
.map thead th:last-child { text-align: right; }
.map thead span { writing-mode: vertical-rl; transform: rotate(180deg); }
.map tbody th { left: 0; max-width: 14em; overflow: hidden; text-overflow: ellipsis;
  text-align: left; padding: 0 0.6em 0 0; }
.map td { min-width: 2.2em; padding: 0 0.2em; text-align: center; border-radius: 2px;
  white-space: nowrap; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
.map .narrow td { min-width: 1.4em; padding: 0; }
.map td:last-child { text-align: right; padding-left: 0.6em; }
.map .all th, .map .all td { font-weight: bold; }
.legend { font-size: 0.85em; display: flex; flex-wrap: wrap; align-items: center; gap: 0.4em 2px; }
.legend i { display: inline-block; width: 1.6em; line-height: 1.6em; height: 1.6em;
  text-align: center; font-style: normal; border-radius: 2px; print-color-adjust: exact;
  -webkit-print-color-adjust: exact; }
.legend > .s0 { margin-left: 0.4em; } .legend > .s10 { margin-right: 0.4em; }
.legend span { margin-right: 1em; } .legend span i { margin-right: 0.4em; }
.map .untouched { background: var(--stripe); }
.map .ungraded { box-shadow: inset 0 0 0 1px currentcolor; }
.map .nothing { color: var(--quiet); background: repeating-linear-gradient(
  135deg, var(--stripe) 0 3px, transparent 3px 6px); }
@media print { .map .scroll { overflow: visible; max-height: none; } }
"""

# The style that both reports share: colours of the page, in light and in dark mode.
PAGE_STYLE = """:root { color-scheme: light dark; --page: #fff; --text: #1b1b1b; --stripe: #f0f0f0;
  --quiet: #595959; }
@media screen and (prefers-color-scheme: dark) {
  :root { --page: #16181b; --text: #e4e4e4; --stripe: #2a2d31; --quiet: #a8a8a8; }
}
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60em; margin: 2em auto; padding: 0 1em;
  background: var(--page); color: var(--text); }
tbody tr:nth-child(odd) { background: var(--stripe); }
figure { margin: 1em 0; } img { max-width: 100%; height: auto; }
"""


@dataclass(frozen=True)
class Cell:
    """One exercise of one student: the cell's style and text."""

    kind: str
    text: str


@dataclass(frozen=True)
class Row:
    """One student: one cell per exercise, and the total points."""

    student: str
    cells: list[Cell]
    total: str


NOTHING = Cell("nothing", "–")
UNGRADED = Cell("ungraded", "?")
UNTOUCHED = Cell("untouched", "…")
STOPPED = Cell("s0", "×")
LEGEND = {
    STOPPED: "stopped with an error: no points",
    UNTOUCHED: "not attempted",
    UNGRADED: "could not be graded",
    NOTHING: "not handed in",
}


def points_map(
    ended: pd.DataFrame, nothing: Collection[str] = (), ungraded: Collection[str] = ()
) -> Markup:
    """Return the heat map as HTML: the hardest exercise first, the student with most points first.

    Parameters
    ----------
    ended : DataFrame
        One row per student and exercise: ``student``, ``exercise``, ``points`` (NaN if it could not
        be graded), ``max_points`` and ``status`` (as in `grading.judging.verdicts`; empty if it is
        unknown). A missing pair was not handed in.
    nothing, ungraded : collection of str
        Students who may not be in `ended`: they have handed in nothing, or their work was not
        graded.
    """
    graded = ended.dropna(subset="points")
    reached = graded.groupby("exercise")[["points", "max_points"]].sum()
    shares = (reached["points"] / reached["max_points"]).reindex(ended["exercise"].unique())
    shares = shares.sort_values(kind="stable")
    found = {(row.student, row.exercise): row for row in ended.itertuples()}
    totals = graded.groupby("student")[["points", "max_points"]].sum()
    totals = totals.reindex(sorted(ended["student"].unique()))  # some have no grades
    totals = totals.sort_values("points", ascending=False, kind="stable")
    rows = []
    for student, total in totals.iterrows():
        cells = [_cell(found.get((student, exercise))) for exercise in shares.index]
        text = "–" if pd.isna(total["points"]) else "{points:g} / {max_points:g}".format(**total)
        rows.append(Row(one_line(student), cells, text))
    for students, cell in ((ungraded, UNGRADED), (nothing, NOTHING)):
        others = sorted(set(students) - set(totals.index))
        rows += [Row(one_line(student), [cell] * len(shares), "–") for student in others]
    used = {cell for row in rows for cell in row.cells}
    page = Environment(autoescape=True).from_string(TEMPLATE)
    text = page.render(
        exercises=shares.index,
        whole=[_of_class(share) for share in shares],
        rows=rows,
        many=MANY,
        wide=WIDE,
        steps=STEPS,
        legend=[(one.kind, one.text, means) for one, means in LEGEND.items() if one in used],
        says=described(shares, rows),
    )
    return Markup(text)


def _cell(answer: Any) -> Cell:
    """Return the cell for an answer; None means that it was not handed in."""
    if answer is None:
        return NOTHING
    if pd.isna(answer.points) or answer.status == CANNOT_GRADE:
        return UNGRADED
    if not answer.points and answer.status == NOT_ATTEMPTED:
        return UNTOUCHED
    if not answer.points and answer.status in DID_NOT_RUN:
        return STOPPED
    share = answer.points / answer.max_points if answer.max_points else 1.0
    return Cell(f"s{step_of(share)}", f"{answer.points:g}")


def _of_class(share: float) -> Cell:
    return UNGRADED if pd.isna(share) else Cell(f"s{step_of(share)}", f"{100 * share:.0f}")


def step_of(share: float) -> int:
    """Return the number of a share's colour; only no points and all points have the end colours."""
    if share <= 0:
        return 0
    return STEPS if share >= 1 else int(np.clip(round(share * STEPS), 1, STEPS - 1))


def described(shares: pd.Series, rows: list[Row]) -> str:
    """Return what the heat map shows, in words."""
    said = f"{len(rows)} students by {len(shares)} exercises, the hardest exercise first and the "
    said += "student with most points first. Each cell holds the points."
    known = shares.dropna()
    if len(known):
        hardest, easiest = known.index[0], known.index[-1]
        said += f" Hardest: {hardest}, with {known.iloc[0]:.0%} of its points reached by the class;"
        said += f" easiest: {easiest}, with {known.iloc[-1]:.0%}."
    without = sum(set(row.cells) == {NOTHING} for row in rows)
    return f"{said} Students without any work: {without}." if without else said


def map_style() -> str:
    """Return the heat map's style sheet, with its colours in light and in dark mode."""
    # A printed page is white even if the screen is in dark mode.
    dark = f"@media screen and (prefers-color-scheme: dark) {{\n{_rules('dark')}}}\n"
    return f"{STYLE}{_rules('light')}{dark}"


def _rules(mode: str) -> str:
    rules = []
    for step in range(STEPS + 1):
        colour = COLOURS[mode](step / STEPS)
        # Either black or white always has a contrast of at least 4.5 to 1.
        ink = "#000" if luminance(colour) > 0.179 else "#fff"
        rules.append(f".map .s{step} {{ background: {to_hex(colour)}; color: {ink}; }}\n")
    return "".join(rules)


def luminance(colour: tuple[float, ...]) -> float:
    """Return the relative luminance of an sRGB colour, from 0 for black to 1 for white."""
    channels = np.asarray(colour[:3])
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return float(linear @ (0.2126, 0.7152, 0.0722))
