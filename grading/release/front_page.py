"""The site's first page: a card per lesson with a figure of its own, and what was measured."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from jinja2 import Environment
from markupsafe import Markup
from nbformat import NotebookNode

from grading.paths import ROOT
from grading.release.addresses import addresses
from grading.release.readme import ROWS, results_table
from helpers.lessons import LESSONS, Lesson

# What draws the figure on a lesson's card, by the lesson's topic.
FIGURES = {
    "dataset_exploration": "plot_recalls(",
    "tokenization": "plot_padding(",
    "feature_extraction": "plot_class_maps(",
    "fine_tuning": "plot_comparison(",
    "error_analysis": "plot_reliability(",
    "deployment": "plot_watch(",
    "new_problem": "plot_few_shots(",
}
MOST_ABILITIES = 3
"""A card is read at a glance; the lesson's page lists all that one will be able to do."""
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
"""Rows of README's table that the first page shows, too."""

_FILE = re.compile(r"\(docs/([\w-]+)\.md\)")
_ABILITY = re.compile(r"^- (.+?)[;,.]?$", re.M)
_IMAGE = re.compile(r'<img [^>]*src="\.\./(_static/figures/[^"]+)"[^>]*>')
CARDS = """<ul class="cards">
{%- for card in cards %}
<li class="card">{{ card.figure }}
<h3><a href="lessons/{{ card.lesson.name }}.html">{{ card.lesson.title }}</a></h3>
<p class="facts">Lesson {{ card.lesson.number }} · {{ card.lesson.minutes }} minutes ·
{{ card.lesson.points }} points</p>
<p>After it you can</p>
<ul>{% for ability in card.abilities %}<li>{{ ability }}</li>{% endfor %}</ul>
</li>
{%- endfor %}
</ul>"""


def front_page(template: str, pages: dict[str, NotebookNode], root: Path = ROOT) -> str:
    """Return the first page's text.

    Parameters
    ----------
    template : str
        With places for ``{start}``, ``{cards}``, ``{measured}`` and ``{pages}``.
    pages : dict of str to NotebookNode
        The lessons as the site shows them, by name; their figures are files already.
    root : Path
        The course's folder.
    """
    cards = [
        {
            "lesson": lesson,
            "figure": card_figure(lesson, pages[lesson.name]),
            "abilities": abilities(pages[lesson.name])[:MOST_ABILITIES],
        }
        for lesson in LESSONS
    ]
    return template.format(
        start=f"git clone {addresses(root).students_page} course && make -C course lab",
        cards=Environment(autoescape=True).from_string(CARDS).render(cards=cards),
        measured=results_table(rows_of(MEASURED)),
        pages="\n".join(f"lessons/{name}" for name in pages),
    )


def rows_of(names: Iterable[str]) -> dict[str, str]:
    """Return some rows of README's table of results: the name of each figure, by its words.

    Where README names a file of docs/, the site has a page of that name.
    """
    words = {name: _FILE.sub(r"([how](\1.md))", what) for what, name in ROWS.items()}
    return {words[name]: name for name in names}


def card_figure(lesson: Lesson, page: NotebookNode) -> Markup:
    """Return the figure on a lesson's card, as an element that the first page can hold.

    Raises
    ------
    RuntimeError
        If no cell of the lesson shows it.
    """
    drawn_by = FIGURES[lesson.topic]
    found = [
        image
        for cell in page.cells
        if cell.cell_type == "code" and drawn_by in cell.source
        for output in cell.outputs
        for image in _IMAGE.finditer("".join(output.get("data", {}).get("text/html", "")))
    ]
    if not found:
        raise RuntimeError(
            f"no cell of {lesson.name} shows a figure drawn by {drawn_by}…), which its card on the "
            "site's first page needs: name another one in grading/release/front_page.py"
        )
    return Markup(found[-1][0].replace("../_static", "_static"))


def abilities(page: NotebookNode) -> list[Markup]:
    """Return what one can do after a lesson, from the list with which it opens."""
    from markdown_it import MarkdownIt  # late: it comes with what builds the site

    text = page.cells[0].source
    return [Markup(MarkdownIt().renderInline(found)) for found in _ABILITY.findall(text)]
