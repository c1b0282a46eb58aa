"""Stock nbgrader on one small class, in a box that nothing leaves: what `attacks.py` runs in there.

The course's folder comes as a tar file by standard input and lies in memory. What is told of it
afterwards goes to standard output as JSON; the same functions look at a course that our grader has
graded outside.
"""

import contextlib
import hashlib
import html
import json
import os
import re
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
"""Where something listens in the box, as a service on the teacher's machine would."""
NAME = "sums"
SCORES = """
select submitted_assignment.student_id, base_cell.name, grade.auto_score from grade
join base_cell on base_cell.id = grade.cell_id
join submitted_notebook on submitted_notebook.id = grade.notebook_id
join submitted_assignment on submitted_assignment.id = submitted_notebook.assignment_id
"""


def scores(course: Path) -> dict[str, dict[str, float | None]]:
    """Return the points by program of each student's cells; None where there are none."""
    found: dict[str, dict[str, float | None]] = {}
    with contextlib.closing(sqlite3.connect(course / "gradebook.db")) as gradebook:
        for student, cell, score in gradebook.execute(SCORES):
            found.setdefault(student, {})[cell] = score
    return found


def stamps(course: Path) -> dict[str, str]:
    """Return when each student has handed in, as far as the gradebook knows."""
    with contextlib.closing(sqlite3.connect(course / "gradebook.db")) as gradebook:
        return dict(gradebook.execute("select student_id, timestamp from submitted_assignment"))


def said(course: Path, student: str) -> str:
    """Return what the attacked exercise's two cells show, as a person would read it."""
    path = course / "autograded" / student / NAME / f"{NAME}.ipynb"
    if not path.is_file() or path.stat().st_size > 10**7:
        return ""
    texts = []
    for cell in json.loads(path.read_text())["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") in ("double", "test_double"):
            for output in cell.get("outputs", []):
                texts += [output.get("text", ""), output.get("evalue", "")]
                texts += output.get("data", {}).values()
    joined = "\n".join("".join(text) for text in texts if isinstance(text, str | list))
    return html.unescape(joined)


def scripts(course: Path) -> list[str]:
    """Return where a student's script or formula would come to life in what teachers open."""
    found = []
    for page in course.glob(f"feedback/*/{NAME}/*.html"):
        within = re.findall(r"<script[^>]*>(.*?)</script>", page.read_text(), re.DOTALL | re.I)
        if any("document.title" in script for script in within):
            found.append("a student's script is run by who opens the feedback")
    table = course / "grades.csv"
    if table.is_file() and any(",=" in row for row in table.read_text().splitlines()):
        found.append("a name is a formula in the exported table")
    return found


def fingerprint(course: Path) -> str:
    """Return a hash of what nobody but the teacher writes: the source and the release."""
    whole = hashlib.sha256()
    for folder in ("solutions", "notebooks"):
        for path in sorted((course / folder).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                whole.update(path.read_bytes())
    return whole.hexdigest()


def megabytes(course: Path) -> float:
    """Return how much the graded notebooks take on the disk."""
    return sum(p.stat().st_size for p in course.glob("autograded/**/*") if p.is_file()) / 1e6


def hand_in(course: Path, number: int) -> None:
    """Put what is handed in before a run where nbgrader looks for it."""
    source = course / "rounds" / str(number)
    shutil.copytree(source, course / "submitted", symlinks=True, dirs_exist_ok=True)


class Nbgrader:
    """nbgrader's own command, with its own settings, in a course's folder."""

    def __init__(self, course: Path, seconds: float):
        self.course, self.seconds = course, seconds
        self.log = course / "nbgrader.log"

    def run(self, *arguments: str, kill: bool = False) -> bool:
        """Run a command and tell whether it came to an end; or kill it when its kernel runs."""
        command = [sys.executable, "-m", "nbgrader", *arguments]
        with open(self.log, "ab") as log:
            process = subprocess.Popen(
                command,
                cwd=self.course,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        end = time.monotonic() + self.seconds
        while process.poll() is None and time.monotonic() < end:
            if kill and any("ipykernel" in line for line in others()):
                break
            time.sleep(0.1)
        ended = process.poll() is not None
        if not ended:
            with contextlib.suppress(OSError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        return ended


def others() -> list[str]:
    """Return the command lines of what runs beside this process and the box's first."""
    found = []
    for number in filter(str.isdigit, os.listdir("/proc")):
        if int(number) in (1, os.getpid()):
            continue
        with contextlib.suppress(OSError):
            with open(f"/proc/{number}/stat") as stat:
                if stat.read().rpartition(")")[2].split()[0] == "Z":
                    continue
            with open(f"/proc/{number}/cmdline", errors="replace") as line:
                found.append(line.read().replace("\0", " "))
    return found


def left_over() -> bool:
    """Tell whether anything runs on; the dying have a moment."""
    end = time.monotonic() + 15
    while others() and time.monotonic() < end:
        time.sleep(0.2)
    return bool(others())


def listen(seen: list) -> None:
    """Note who connects."""
    listener = socket.create_server(("127.0.0.1", PORT))

    def accept() -> None:
        while True:
            seen.append(listener.accept()[1])

    threading.Thread(target=accept, daemon=True).start()


def main() -> None:
    """Grade what was handed in, round by round, and tell how it is afterwards."""
    from grading.inside.start import take_limits

    plan = json.loads(sys.argv[1])
    take_limits(**plan["limits"])
    course = Path.home() / "course"
    course.mkdir()
    with tarfile.open(fileobj=sys.stdin.buffer, mode="r|") as packed:
        packed.extractall(course, filter="fully_trusted")
    reached: list = []
    listen(reached)
    nbgrader = Nbgrader(course, plan["seconds"])
    before, told = fingerprint(course), {"rounds": [], "harm": []}
    for number in range(plan["rounds"]):
        hand_in(course, number)
        if plan["killed"]:
            nbgrader.run("autograde", NAME, kill=True)
        again = ["--force"] if number else []
        if not nbgrader.run("autograde", NAME, *again):
            told["harm"].append("it does not come to an end")
        told["rounds"].append(scores(course))
    if left_over():
        told["harm"].append("processes run on")
    if plan["shown"]:
        nbgrader.run("generate_feedback", NAME)
        nbgrader.run("export", "--to=grades.csv")
        told["harm"] += scripts(course)
    if fingerprint(course) != before:
        told["harm"].append("the teacher's files were changed")
    told |= {"said": said(course, plan["student"]), "stamps": stamps(course)}
    told |= {"reached": len(reached), "megabytes": megabytes(course)}
    told["log"] = nbgrader.log.read_text(errors="replace")[-300_000:]
    sys.__stdout__.write(json.dumps(told))


if __name__ == "__main__":
    main()
