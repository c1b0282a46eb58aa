"""otter-grader on one small class, in a closed box: the program that `attacks.py` runs in there.

otter-grader's runner without containers (`otter run`) grades one submission, so it is started for
each. What its runner with containers (`otter grade`) adds is done in the same way, as far as that
is possible without containers: a submission has a limit on time and is then ended with all its
processes, and each run of the grader begins without results.

    stock_otter.py PLAN                    grade a course, as `stock_nbgrader.py` does
    stock_otter.py run SUBMISSION FOLDER   grade one submission, in a process of its own
    stock_otter.py table FOLDER CSV        write the table of grades with otter's own function
"""

import contextlib
import json
import os
import shutil
import signal
import sys
from pathlib import Path

from stock_nbgrader import NAME, Scores, formulas, main, others, run, shown_by, sizes

CELLS = {"double": "test_double", "total": "test_total"}
"""Names of otter's tests, and of the cells with the same tests in nbgrader."""


class Otter:
    """otter-grader's own runner, with its own settings except for a seed, in a course's folder."""

    teachers = ("solutions", "tests", "autograder.zip")

    def __init__(self, course: Path, plan: dict):
        self.course, self.seconds, self.harm = course, plan["seconds"], []
        self.may_take_long = plan["loops"]
        self.results, self.log = course / "results", course / "otter.log"
        self.log.touch()

    def grade(self, again: bool, kill: bool) -> None:
        """Grade everybody, one after the other, or be killed as soon as a student's code runs."""
        shutil.rmtree(self.results, ignore_errors=True)
        for student in sorted(os.listdir(self.course / "submitted")):
            self._grade(student, kill)
            if kill:
                return

    def _grade(self, student: str, kill: bool) -> None:
        folder = self.results / student
        folder.mkdir(parents=True)
        submission = self._handed_over(student, folder)
        if submission is None:
            self._note(student, "no file")
            return
        status = run(self._command("run", submission, folder), folder, self.log, self.seconds, kill)
        if status is None:
            for number in others():  # the end of its container would do the same
                with contextlib.suppress(OSError):
                    os.kill(number, signal.SIGKILL)
            if not kill and not self.may_take_long:
                self.harm.append(f"otter run takes more than {self.seconds:g} s")
        result = self._read(student)
        if status != 0 or not result or "score" in result:  # a single score: no test was run
            self._note(student, f"status {status}")

    def _handed_over(self, student: str, folder: Path) -> Path | None:
        """Return the file that otter is given: the only one, or a ZIP of all, as otter makes it."""
        source = self.course / "submitted" / student / NAME
        files = [path for path in sorted(source.rglob("*")) if path.is_file()]
        if len(files) < 2:
            return files[0] if files else None
        return Path(shutil.make_archive(str(folder / "submission"), "zip", source))

    def _command(self, *words: object) -> list[str]:
        return [sys.executable, __file__, *map(str, words)]

    def _note(self, student: str, what: str) -> None:
        """Report a student without a result: a person who runs otter sees its status."""
        with open(self.log, "a") as log:
            log.write(f"[otter | ERROR] '{student}': {what}\n")

    def _read(self, student: str) -> dict:
        path = self.results / student / "results.json"
        try:
            return json.loads(path.read_text())
        except (OSError, ValueError):  # the file does not exist, or was not written completely
            return {}

    def scores(self) -> Scores:
        """Return the points of each student's exercises; those without a result are left out."""
        found: Scores = {}
        for student in os.listdir(self.results):
            for test in self._read(student).get("tests", []):
                if test["name"] in CELLS:
                    found.setdefault(student, {})[CELLS[test["name"]]] = test["score"]
        return found

    def stamps(self) -> dict[str, str]:
        """Return nothing: otter records no time of submission."""
        return {}

    def said(self, student: str) -> str:
        """Return what the attacked exercise shows, in the executed notebook and in its test."""
        tests = self._read(student).get("tests", [])
        told = [test["output"] for test in tests if test["name"] == "double"]
        return "\n".join([shown_by(self.results / student / "executed.ipynb"), *told])

    def show(self) -> None:
        """Write the table that teachers open. There is no page of feedback."""
        table = self.course / "final_grades.csv"
        run(self._command("table", self.results, table), self.course, self.log, 60, kill=False)
        self.harm += formulas(table)

    def megabytes(self) -> float:
        """Return the size of the results on the disk."""
        return sizes(self.results.glob("*/results.json"))


def grade_one(submission: str, folder: str) -> None:
    """Do what `otter run` does, and keep the executed notebook, which is checked as well."""
    import dill
    from otter.run import main as otter_run

    course = Path.home() / "course"
    autograder = str(course / "autograder.zip")
    results = otter_run(submission, autograder=autograder, output_dir=folder, no_logo=True)
    executed, results.notebook = results.notebook, None
    # In ASCII: a student may print text that is not valid Unicode, which otter has handled so far.
    Path(folder, "executed.ipynb").write_text(json.dumps(executed or {"cells": []}))
    Path(folder, "results.pkl").write_bytes(dill.dumps(results))


def write_table(folder: str, table: str) -> None:
    """Write the table that `otter grade` writes."""
    import dill
    from otter.grade.utils import merge_scores_to_df

    scores = []
    for path in sorted(Path(folder).glob("*/results.pkl")):
        scores.append(dill.loads(path.read_bytes()))
        scores[-1].file = f"{path.parent.name}.ipynb"
    merge_scores_to_df(scores).to_csv(table, index=False)


if __name__ == "__main__":
    what, *paths = sys.argv[1:]
    if what == "run":
        grade_one(*paths)
    elif what == "table":
        write_table(*paths)
    else:
        main(Otter)
