"""Stock nbgrader on one small class, in a closed box: the program that `attacks.py` runs in there.

The course's folder arrives as a tar file on standard input and is kept in memory. The results go to
standard output as JSON. `stock_otter.py` does the same for otter-grader, with the functions of this
file.
"""

import contextlib
import hashlib
import html
import html.parser
import json
import os
import re
import resource
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tarfile
import threading
import time
from pathlib import Path

PORT = 45678
"""Where a listener in the box waits, like a service on the teacher's machine."""
NAME = "sums"
MARK = "document.title"
"""The files that students' scripts would change."""
SCORES = """
select submitted_assignment.student_id, base_cell.name, grade.auto_score from grade
join base_cell on base_cell.id = grade.cell_id
join submitted_notebook on submitted_notebook.id = grade.notebook_id
join submitted_assignment on submitted_assignment.id = submitted_notebook.assignment_id
"""
Scores = dict[str, dict[str, float | None]]


class Nbgrader:
    """nbgrader's own commands, with its own settings, in a course's folder."""

    teachers = ("solutions", "notebooks")
    """What nobody but the teacher writes: the source and the release."""

    def __init__(self, course: Path, plan: dict):
        self.course, self.seconds, self.harm = course, plan["seconds"], []
        self.log = course / "nbgrader.log"

    def grade(self, again: bool, kill: bool) -> None:
        """Grade everybody, or be killed as soon as a student's code runs."""
        self._run("autograde", NAME, *(["--force"] if again else []), kill=kill)

    def _run(self, *arguments: str, kill: bool = False) -> None:
        """Run one of nbgrader's commands."""
        command = [sys.executable, "-m", "nbgrader", *arguments]
        status = run(command, self.course, self.log, self.seconds, kill)
        if status is None and not kill:
            self.harm.append(f"nbgrader {arguments[0]} takes more than {self.seconds:g} s")

    def scores(self) -> Scores:
        """Return the points from the program for each student's cells; None if there are none."""
        found: Scores = {}
        with contextlib.closing(sqlite3.connect(self.course / "gradebook.db")) as gradebook:
            for student, cell, score in gradebook.execute(SCORES):
                found.setdefault(student, {})[cell] = score
        return found

    def stamps(self) -> dict[str, str]:
        """Return when each student has handed in, according to the gradebook."""
        with contextlib.closing(sqlite3.connect(self.course / "gradebook.db")) as gradebook:
            return dict(gradebook.execute("select student_id, timestamp from submitted_assignment"))

    def said(self, student: str) -> str:
        """Return what the two cells of the attacked exercise show, as a person would read it."""
        return html.unescape(
            shown_by(self.course / "autograded" / student / NAME / f"{NAME}.ipynb")
        )

    def show(self) -> None:
        """Write what teachers open, and search it for anything that would run."""
        self._run("generate_feedback", NAME)
        self._run("export", "--to=grades.csv")
        for page in self.course.glob(f"feedback/*/{NAME}/*.html"):
            self.harm += alive(page.read_text(errors="replace"))
        self.harm += formulas(self.course / "grades.csv")

    def megabytes(self) -> float:
        """Return the size of the graded notebooks on the disk."""
        return sizes(self.course.glob("autograded/**/*"))


def run(command: list[str], folder: Path, log: Path, seconds: float, kill: bool) -> int | None:
    """Run a command and return its status; None if we ended it.

    Parameters
    ----------
    command : list of str
    folder, log : Path
    seconds : float
        After this time it is ended.
    kill : bool
        End it as soon as a kernel is running.
    """
    with open(log, "ab") as output:
        process = subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    end = time.monotonic() + seconds
    while process.poll() is None and time.monotonic() < end:
        if kill and any("ipykernel" in line for line in others().values()):
            break
        time.sleep(0.1)
    if process.poll() is not None:
        return process.returncode
    with contextlib.suppress(OSError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    return None


def shown_by(path: Path) -> str:
    """Return what the two cells of the attacked exercise show in a graded notebook."""
    if not path.is_file() or path.stat().st_size > 10**7:
        return ""
    texts = []
    for cell in json.loads(path.read_text(errors="replace"))["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") in ("double", "test_double"):
            for output in cell.get("outputs", []):
                texts += [output.get("text", ""), output.get("evalue", "")]
                texts += output.get("data", {}).values()
    return "\n".join("".join(text) for text in texts if isinstance(text, str | list))


class _Live(html.parser.HTMLParser):
    """Collects everything from a student that a browser would run when it opens a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.in_script = False

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.in_script = tag == "script"
        for name, value in attributes:
            value = value or ""
            if MARK not in value:
                continue
            if name.startswith("on"):
                self.found.add("a student's handler runs when the feedback is opened")
            elif value.strip().lower().startswith("javascript:"):
                self.found.add("a student's link runs code in the feedback")
            elif name == "srcdoc" and "<script" in value.lower():
                self.found.add("a student's frame runs when the feedback is opened")

    def handle_endtag(self, tag: str) -> None:
        self.in_script = self.in_script and tag != "script"

    def handle_data(self, data: str) -> None:
        if self.in_script and MARK in data:
            self.found.add("a student's script runs when the feedback is opened")


def alive(page: str) -> list[str]:
    """Return everything from a student in a page of feedback that would run."""
    reader = _Live()
    reader.feed(page)
    reader.close()
    return sorted(reader.found)


def formulas(table: Path) -> list[str]:
    """Return whether a cell of an exported table begins like a formula."""
    rows = table.read_text().splitlines() if table.is_file() else []
    begun = any(re.search(r"(^|,)\"?=", row) for row in rows)
    return ["a name is a formula in the exported table"] if begun else []


def sizes(paths) -> float:
    """Return the size of files in megabytes."""
    return sum(path.stat().st_size for path in paths if path.is_file()) / 1e6


def fingerprint(course: Path, names: tuple[str, ...]) -> str:
    """Return a hash of files, and of all files below folders."""
    whole = hashlib.sha256()
    for name in names:
        for path in [course / name, *sorted((course / name).rglob("*"))]:
            if path.is_file() and "__pycache__" not in path.parts:
                whole.update(path.read_bytes())
    return whole.hexdigest()


def hand_in(course: Path, number: int) -> None:
    """Put what is handed in before a run into the folder where the grader expects it."""
    source = course / "rounds" / str(number)
    shutil.copytree(source, course / "submitted", symlinks=True, dirs_exist_ok=True)


def others() -> dict[int, str]:
    """Return the command lines of all processes except this one and the box's first."""
    found = {}
    for number in filter(str.isdigit, os.listdir("/proc")):
        if int(number) in (1, os.getpid()):
            continue
        with contextlib.suppress(OSError):
            with open(f"/proc/{number}/stat") as stat:
                if stat.read().rpartition(")")[2].split()[0] == "Z":
                    continue
            with open(f"/proc/{number}/cmdline", errors="replace") as line:
                found[int(number)] = line.read().replace("\0", " ")
    return found


def left_over() -> bool:
    """Return whether any process is still running; dying ones get a moment."""
    end = time.monotonic() + 15
    while others() and time.monotonic() < end:
        time.sleep(0.2)
    return bool(others())


def processor_seconds() -> float:
    """Return the processor time of all processes that were started here and have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def listen(seen: list) -> None:
    """Record each connection."""
    listener = socket.create_server(("127.0.0.1", PORT))

    def accept() -> None:
        while True:
            seen.append(listener.accept()[1])

    threading.Thread(target=accept, daemon=True).start()


def main(grader_class: type) -> None:
    """Grade what was handed in, round by round, and report the state afterwards."""
    from grading.inside.start import take_limits

    plan = json.loads(sys.argv[1])
    take_limits(**plan["limits"])
    course = Path.home() / "course"
    course.mkdir()
    with tarfile.open(fileobj=sys.stdin.buffer, mode="r|") as packed:
        packed.extractall(course, filter="fully_trusted")
    reached: list = []
    listen(reached)
    grader = grader_class(course, plan)
    before, rounds = fingerprint(course, grader.teachers), []
    for number in range(plan["rounds"]):
        hand_in(course, number)
        if plan["killed"]:
            grader.grade(again=False, kill=True)
        grader.grade(again=number > 0, kill=False)
        rounds.append(grader.scores())
    if left_over():
        grader.harm.append("processes run on")
    if plan["shown"]:
        grader.show()
    if fingerprint(course, grader.teachers) != before:
        grader.harm.append("the teacher's files were changed")
    told = {"rounds": rounds, "harm": grader.harm, "said": grader.said(plan["student"])}
    told |= {"stamps": grader.stamps(), "megabytes": grader.megabytes()}
    told |= {"reached": len(reached), "seconds": processor_seconds()}
    told["log"] = grader.log.read_text(errors="replace")[-300_000:]
    # On a line of its own: a student's code may have written to the same file.
    sys.__stdout__.write("\n" + json.dumps(told))


if __name__ == "__main__":
    main(Nbgrader)
