"""The same lessons on the real datasets, headless."""

import re

import pytest
from nbclient import NotebookClient

from grading.release.source import source_notebook
from helpers.lessons import LESSONS, lesson_named

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def executed(mirror, tmp_path_factory):
    """Return a function that executes a lesson's solution once on the real data."""
    done = {}

    def run(lesson):
        if lesson.name not in done:
            notebook = source_notebook(lesson)
            folder = tmp_path_factory.mktemp(lesson.name)
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv("COURSE_MIRROR", str(mirror))
                resources = {"metadata": {"path": str(folder)}}
                NotebookClient(notebook, timeout=1800, resources=resources).execute()
            done[lesson.name] = notebook
        return done[lesson.name]

    return run


def printed(notebook):
    """Return the text of all outputs."""
    texts = []
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            texts.append(output.get("text", "") or output.get("data", {}).get("text/plain", ""))
    return "\n".join(texts)


# Lessons that train take many minutes each on the real data; `make test-training` runs them.
PARAMETERS = [
    pytest.param(lesson, id=lesson.name, marks=pytest.mark.training if lesson.story_trains else ())
    for lesson in LESSONS
]


@pytest.mark.parametrize("lesson", PARAMETERS)
def test_lesson_runs_on_the_real_data(executed, lesson):
    text = printed(executed(lesson))
    assert "from the mirror" in text


def test_lesson_3_prints_the_known_baseline_and_a_good_probe(executed):
    text = printed(executed(lesson_named("3")))
    (dummy,) = re.findall(r"accuracy of the most frequent class: ([\d.]+)", text)
    (probe,) = re.findall(r"^mean features +([\d.]+)", text, flags=re.MULTILINE)
    assert dummy == "0.352"
    assert float(probe) >= 0.70
