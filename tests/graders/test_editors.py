"""What Colab and VS Code make of a notebook is graded as the notebook itself."""

import json

import nbformat
import pytest

from grading.batch.made_up_class import half_right, submit
from grading.batch.pool import autograde
from grading.intake.realign import realign
from grading.paths import release_path, solution_path
from grading.records.gradebook import scores
from grading.release.languages import translated_path
from grading.sandbox.commands import NO_SANDBOX, find_bubblewrap
from grading.steps.outcomes import SUCCESS
from grading.steps.run_nbgrader import release
from helpers.lessons import LESSONS, lesson_named


def lines(source):
    """Return a source as both editors write it: a list of lines, none of them empty."""
    return source.splitlines(keepends=True)


def saved_by_colab(notebook):
    """Return a notebook as Colab saves it.

    Format 4.0, so no cell ids; of metadata Colab's own alone; its badge on top; who ran a cell, and
    when; widgets without the "state" that nbformat asks for; a cell that was left empty.
    """
    badge = '<a href="https://colab.research.google.com/drive/1" target="_parent">Open In Colab</a>'
    cells = [
        {
            "cell_type": "markdown",
            "metadata": {"id": "view-in-github", "colab_type": "text"},
            "source": [badge],
        }
    ]
    for number, cell in enumerate([*notebook.cells, nbformat.v4.new_code_cell()]):
        saved = {
            "cell_type": cell.cell_type,
            "source": lines(cell.source),
            "metadata": {"id": f"xYz{number:09d}"},
        }
        if cell.cell_type == "code":
            saved["metadata"] |= {
                "colab": {"base_uri": "https://localhost:8080/", "height": 34},
                "outputId": f"00000000-0000-4000-8000-{number:012d}",
                "executionInfo": {
                    "status": "ok",
                    "timestamp": 1790000000000 + number,
                    "user_tz": -120,
                    "elapsed": 12,
                    "user": {"displayName": "Ada", "userId": "0123456789"},
                },
            }
            table = {"type": "dataframe", "summary": "{}"}
            data = {
                "text/plain": ["100"],
                "application/vnd.google.colaboratory.intrinsic+json": table,
            }
            result = {"output_type": "execute_result", "execution_count": number, "metadata": {}}
            saved |= {"execution_count": number, "outputs": [{**result, "data": data}]}
        cells.append(saved)
    return {
        "nbformat": 4,
        "nbformat_minor": 0,
        "metadata": {
            "colab": {"provenance": [], "toc_visible": True, "gpuType": "T4"},
            "accelerator": "GPU",
            "kernelspec": {"name": "python3", "display_name": "Python 3"},
            "language_info": {"name": "python"},
            "widgets": {"application/vnd.jupyter.widget-state+json": {"0a1b": {"state": {}}}},
        },
        "cells": cells,
    }


def saved_by_vs_code(notebook):
    """Return a notebook as VS Code saves it: all metadata kept, and some of its own."""
    saved = json.loads(nbformat.writes(notebook))
    for cell in saved["cells"]:
        cell["source"] = lines("".join(cell["source"]))
        cell["metadata"]["vscode"] = {"languageId": "python"}
    saved["metadata"] = {
        "kernelspec": {"display_name": ".venv (3.12.3)", "language": "python", "name": "python3"},
        "language_info": {
            "codemirror_mode": {"name": "ipython", "version": 3},
            "file_extension": ".py",
            "mimetype": "text/x-python",
            "name": "python",
            "version": "3.12.3",
        },
        "vscode": {"interpreter": {"hash": "0" * 64}},
    }
    return saved


def pasted_in_vs_code(notebook):
    """Return a notebook whose cells were pasted into a new one there: their ids are gone."""
    saved = saved_by_vs_code(notebook)
    saved |= {"nbformat_minor": 2}
    saved["metadata"]["orig_nbformat"] = 4
    for cell in saved["cells"]:
        cell["metadata"] = {"vscode": {"languageId": "python"}}
        del cell["id"]
    return saved


EDITORS = [saved_by_colab, saved_by_vs_code, pasted_in_vs_code]


def read(saved):
    """Return a saved notebook as the grader reads it."""
    return nbformat.reads(json.dumps(saved), as_version=4)


def handed_in(lesson, path):
    """Return what a student hands in who got half of it right and wrote an answer in words."""
    notebook = nbformat.read(path, as_version=4)
    solved = half_right(lesson, notebook, nbformat.read(solution_path(lesson), as_version=4))
    (written,) = (name for name in lesson.exercises if name.startswith("written_"))
    (cell,) = (cell for cell in solved.cells if cell.id == written)
    cell.source = "In my own words:\n\n- the first reason;\n- the second."
    return solved


def aligned(notebook, lesson):
    """Return the release's own cells, with what the student put into them."""
    cells = realign(notebook, nbformat.read(release_path(lesson), as_version=4))[0].cells
    return {cell.id: cell for cell in cells if not cell.id.startswith("own-")}


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("save", EDITORS, ids=lambda save: save.__name__)
@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_every_answer_is_found_in_what_an_editor_saved(lesson, save, language):
    path = release_path(lesson) if language == "en" else translated_path(lesson, language)
    notebook = handed_in(lesson, path)
    found, expected = aligned(read(save(notebook)), lesson), aligned(notebook, lesson)
    assert list(found) == list(expected)
    for exercise in lesson.exercises:
        assert found[exercise].source == expected[exercise].source
    graded = [name for name, cell in expected.items() if "nbgrader" in cell.metadata]
    assert [found[name] for name in graded] == [expected[name] for name in graded]


@pytest.mark.slow
def test_what_an_editor_saved_has_the_scores_of_the_original(tmp_path):
    lesson = lesson_named("2")
    release([lesson], tmp_path)
    original = handed_in(lesson, release_path(lesson, tmp_path))
    spanish = handed_in(lesson, translated_path(lesson, "es"))
    copies = {save.__name__: save(original) for save in EDITORS}
    copies["spanish_saved_by_colab"] = saved_by_colab(spanish)
    submit(original, lesson, "original", tmp_path)
    for student, saved in copies.items():
        path = tmp_path / "submitted" / student / lesson.name / f"{lesson.name}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(saved, indent=1))
    tasks = [(lesson.name, student) for student in ("original", *copies)]
    # These submissions are our own, and may do without where there is none.
    sandbox = "bubblewrap" if find_bubblewrap() else NO_SANDBOX
    assert dict(autograde(tasks, tmp_path, sandbox=sandbox)) == dict.fromkeys(tasks, SUCCESS)
    table = scores(tmp_path).pivot(index="exercise", columns="student", values="score")
    assert 0 < table["original"].sum() < lesson.points
    for student in copies:
        assert table[student].equals(table["original"]), table
