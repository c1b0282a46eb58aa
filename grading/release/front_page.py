"""The site's first page: one card per lesson, each with a figure, and measured results."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

from jinja2 import Environment
from markupsafe import Markup
from nbformat import NotebookNode

from grading.paths import ROOT
from grading.release.addresses import addresses
from grading.release.languages import LANGUAGES, PROJECT
from grading.release.readme import MEASURED, results_table, rows_of
from helpers.lessons import LESSONS, Lesson

# The function that draws the figure on a lesson's card, by the lesson's topic.
FIGURES = {
    "dataset_exploration": "plot_recalls(",
    "tokenization": "plot_padding(",
    "feature_extraction": "plot_class_maps(",
    "fine_tuning": "plot_comparison(",
    "error_analysis": "plot_reliability(",
    "deployment": "plot_watch(",
    "new_problem": "plot_few_shots(",
}
AUTHORS = f"The authors of {PROJECT}"
PROSE_LICENCE = "https://creativecommons.org/licenses/by/4.0/"
MOST_ABILITIES = 3
"""Most abilities on a card, which must be short; the lesson's page lists all of them."""

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
        With places for ``{start}``, ``{cards}``, ``{data}``, ``{measured}`` and ``{pages}``.
    pages : dict of str to NotebookNode
        The lessons as the site shows them, by name; their figures are already files.
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
        data=course_data(pages, root),
        measured=results_table(rows_of(MEASURED)),
        pages="\n".join(f"lessons/{name}" for name in pages),
    )


def course_data(pages: dict[str, NotebookNode], root: Path = ROOT) -> str:
    """Return data about the course for search engines: schema.org's Course, as JSON-LD.

    It does not contain ``<``, so that it can be put into an element ``script`` of a page.
    """
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lessons = [
        {
            "@type": "LearningResource",
            "position": lesson.number,
            "name": lesson.title,
            "url": f"lessons/{lesson.name}.html",
            "timeRequired": f"PT{lesson.minutes}M",
            "teaches": [ability.striptags() for ability in abilities(pages[lesson.name])],
        }
        for lesson in LESSONS
    ]
    minutes = f"PT{sum(lesson.minutes for lesson in LESSONS)}M"
    course = {
        "@context": "https://schema.org",
        "@type": "Course",
        "name": PROJECT,
        "description": project["description"],
        "version": project["version"],
        "author": {"@type": "Organization", "name": AUTHORS},
        "provider": {"@type": "Organization", "name": AUTHORS},
        "inLanguage": ["en", *LANGUAGES],
        "isAccessibleForFree": True,
        "license": PROSE_LICENCE,
        "timeRequired": minutes,
        "hasCourseInstance": {
            "@type": "CourseInstance",
            "courseMode": "Online",
            "courseWorkload": minutes,
        },
        "hasPart": lessons,
    }
    return json.dumps(course, ensure_ascii=False).replace("<", "\\u003c")


def card_figure(lesson: Lesson, page: NotebookNode) -> Markup:
    """Return the figure on a lesson's card, as an element for the first page.

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
            "site's first page needs: choose another one in grading/release/front_page.py"
        )
    return Markup(found[-1][0].replace("../_static", "_static"))


def abilities(page: NotebookNode) -> list[Markup]:
    """Return what one can do after a lesson, from the list at its beginning."""
    from markdown_it import MarkdownIt  # late: installed only with the tools that build the site

    text = page.cells[0].source
    return [Markup(MarkdownIt().renderInline(found)) for found in _ABILITY.findall(text)]
