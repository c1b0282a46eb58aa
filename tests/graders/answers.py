"""How the tests of the graders get at references, stubs and variants."""

import ast
import contextlib
import functools
import runpy
from pathlib import Path
from typing import Any

import nbformat

from grading.build import release_notebook, source_notebook
from grading.paths import ROOT, hidden_tests_path
from grading.testing import Answer, AnswerError, Failure, Test, load_tests, run_test
from helpers.checks.core import CheckResult, run_check
from helpers.lessons import Lesson, lesson_named

SEEDS = (0, 1, 2, 3, 4)


def auto_graded(lesson: Lesson) -> list[str]:
    """Return the exercises of a lesson that a program grades."""
    return [name for name in lesson.exercises if not name.startswith("written_")]


def variants(lesson: Lesson, verdict: str) -> list[Path]:
    """Return the lesson's variants whose names start with ``wrong`` or ``right``."""
    return sorted((ROOT / "solutions" / lesson.name / "variants").glob(f"*/{verdict}_*.py"))


def variant_id(path: Path) -> str:
    return f"{path.parent.name}-{path.stem}"


class LessonUnderTest:
    """The answers of one lesson and the tests that grade them."""

    def __init__(self, lesson: Lesson):
        self.lesson = lesson
        self.tests: dict[str, Test] = load_tests(hidden_tests_path(lesson))
        self._notebook = source_notebook(lesson)
        self._release = release_notebook(lesson, self._notebook)

    def reference(self, exercise: str) -> dict[str, Any]:
        return _run_cells(self._notebook, exercise)

    def stub(self, exercise: str) -> dict[str, Any]:
        return _run_cells(self._release, exercise)

    def variant(self, path: Path) -> dict[str, Any]:
        return runpy.run_path(str(path))

    def verdict(self, exercise: str, namespace: dict[str, Any], seed: int = 0) -> str:
        """Return "passed", or the message with which the hidden test fails."""
        if exercise not in namespace:
            return f"NotImplementedError: there is no {exercise}"
        try:
            share = run_test(self.tests[exercise], Answer(namespace[exercise]), seed)
        except (Failure, AnswerError) as failure:
            return str(failure)
        return "passed" if share == 1.0 else f"{share:.0%} of the points"

    def check(self, exercise: str, namespace: dict[str, Any]) -> CheckResult:
        """Return what the visible check says of an answer."""
        return run_check(exercise, namespace)


def _run_cells(notebook: nbformat.NotebookNode, exercise: str) -> dict[str, Any]:
    """Run an exercise's solution cell after every import statement of the cells above it."""
    namespace: dict[str, Any] = {"__name__": "__main__"}
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        if cell.id == exercise:
            # The stub of an exercise that asks for a variable raises as soon as it runs.
            with contextlib.suppress(NotImplementedError):
                exec(cell.source, namespace)
            return namespace
        exec("\n".join(_imports(cell.source)), namespace)
    raise KeyError(f"the lesson has no cell {exercise!r}")


def _imports(source: str) -> list[str]:
    try:
        tree = ast.parse(source)
    except SyntaxError:  # a cell with a magic has no imports of ours
        return []
    return [
        ast.unparse(node) for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)
    ]


@functools.cache
def lesson_under_test(name: str) -> LessonUnderTest:
    return LessonUnderTest(lesson_named(name))
