"""What README takes from the lessons: their table, and the picture of one lesson's figure."""

import base64

import nbformat

from grading.build import colab_badge
from grading.paths import ROOT, release_path, solution_path
from helpers.lessons import LESSONS, lesson_named

BEGIN, END = "<!-- lessons: begin -->", "<!-- lessons: end -->"
PICTURE = ROOT / "docs" / "figures" / "lesson_3.png"


def lessons_table() -> str:
    """Return the Markdown table of the lessons: notebook, minutes, points, badge."""
    rows = ["| lesson | what it is about | minutes | points | open |", "|---|---|---|---|---|"]
    for lesson in LESSONS:
        notebook = release_path(lesson, ROOT).relative_to(ROOT).as_posix()
        rows.append(
            f"| [{lesson.name}]({notebook}) | {lesson.title} "
            f"| {lesson.minutes} | {lesson.points} | {colab_badge(lesson)} |"
        )
    return "\n".join(rows)


def picture() -> bytes:
    """Return lesson 3's maps of the classes, as the executed notebook shows them."""
    notebook = nbformat.read(solution_path(lesson_named("3")), as_version=4)
    (cell,) = (cell for cell in notebook.cells if "plot_class_maps(" in cell.source)
    (image,) = (o.data["image/png"] for o in cell.outputs if "image/png" in o.get("data", {}))
    return base64.b64decode(image)


def update_readme() -> None:
    """Put the current table between README's marks and the current picture beside it."""
    path = ROOT / "README.md"
    before, rest = path.read_text().split(BEGIN)
    _, after = rest.split(END)
    path.write_text(f"{before}{BEGIN}\n{lessons_table()}\n{END}{after}")
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    PICTURE.write_bytes(picture())
