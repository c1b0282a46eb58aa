"""Lesson 4 runs from top to bottom: it is executed if something has changed that it depends on.

Its trainings take longer than all the other notebooks together. So once it has run, the record says
with which code, data and libraries. As long as these stay the same, `make test` does not execute it
again; `make test NOTEBOOKS=--everything` does, and so does CI every night. That its committed
outputs belong to its source is tested in any case (`tests/unit/test_build.py`).
"""

from execute_all import CELLS, FOUR, PROVES, has_run, is_executed, outcome, trainings_are_short

from benchmarks.record import Figure, prove
from grading.release.source import source_notebook

DEPENDS_ON = (
    "solutions/04_fine_tuning/04_fine_tuning.py",
    "helpers/checks/fine_tuning.py",
    "data/emotion/manifest.json",
)


def test_lesson_4_runs_from_top_to_bottom(executed):
    if not is_executed(FOUR.name, executed):
        assert has_run()
        return
    status, printed = outcome(FOUR.name, executed)
    assert status == 0, printed[-8000:]
    if not trainings_are_short():
        cells = [cell for cell in source_notebook(FOUR).cells if cell.cell_type == "code"]
        prove({CELLS: Figure(len(cells), "count", 1, "embedded")}, PROVES)
