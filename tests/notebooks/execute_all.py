"""Execute the solution notebooks again, one after the other, while the tests are running.

Lesson 4, whose trainings take longer than the other lessons together, is only executed if something
that it depends on has changed since it last ran (`test_lesson_4.py`), and every night.

Notebooks keep the processors busy, and tests of the grader mostly wait, so together they take much
less time than one after the other. This process is no child of the tests, because some of them look
at their child processes.

Where neither a GPU nor the processor multiplies bfloat16, the lessons' trainings would take more
than an hour in addition to the tests. There each training uses only the first 10,000 tokens of its
data, and nothing that it has learnt is stored: the cells are the same, and the models are worse.
`make test-training` executes the lessons that train completely, on the real data.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from benchmarks.record import is_proved
from grading.paths import ROOT, solution_path
from helpers.lessons import Lesson, lesson_named
from helpers.models import pick_dtype

# This runs in a kernel before its first cell.
SHORT = """
import numpy
from transformers import Trainer

import helpers.masked
import helpers.recipes
import helpers.training


def train_on_first_rows(trainer, *arguments, whole=Trainer.train, **options):
    ends = numpy.cumsum([len(ids) for ids in trainer.train_dataset["input_ids"][:]])
    first = range(numpy.searchsorted(ends, 10_000))
    trainer.train_dataset = trainer.train_dataset.select(first)
    return whole(trainer, *arguments, **options)


def adapt_for_a_few_steps(model, rows, tokenizer, steps, seed, whole=helpers.masked._adapt):
    whole(model, rows, tokenizer, min(steps, 20), seed)


Trainer.train = train_on_first_rows
helpers.masked._adapt = adapt_for_a_few_steps
helpers.recipes.cached_array = lambda kind, key, compute: compute()
helpers.training._keep = lambda model, path: None
"""
CELL_SECONDS = 7200  # at low priority, while everything else is running


FOUR = lesson_named("4")
CELLS = "notebooks.lesson4.cells"
PROVES = "tests/notebooks/test_lesson_4.py"


def start(folder: Path, lessons: list[Lesson]) -> None:
    """Start; the results of each lesson are written into a folder, see `outcome`."""
    names = [lesson.name for lesson in lessons]
    for name in names:
        (folder / f"{name}.log").touch()
    command = [sys.executable, __file__, str(folder), str(os.getpid()), *names]
    subprocess.run(command, cwd=ROOT, check=True)


def has_run() -> bool:
    """Tell whether the record says that lesson 4 has run with all that it depends on now."""
    return is_proved(CELLS, PROVES)


def is_executed(name: str, folder: Path) -> bool:
    """Tell whether a lesson has been, is being or will be executed in this run of the tests."""
    return (folder / f"{name}.log").exists()


def outcome(name: str, folder: Path) -> tuple[int, str]:
    """Wait for a lesson; return pytest's exit status and what it printed.

    Raises
    ------
    RuntimeError
        If nothing is running that could execute it.
    """
    status, runner = folder / f"{name}.status", folder / "runner"
    while not status.exists():
        time.sleep(0.5)
        if not psutil.pid_exists(int(runner.read_text())) and not status.exists():
            raise RuntimeError(f"the process that executes the notebooks has ended: {folder}")
    return int(status.read_text()), (folder / f"{name}.log").read_text(errors="replace")


def stop(folder: Path) -> None:
    """End the process and everything that it has started."""
    for process in _below(int((folder / "runner").read_text())):
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue


def _below(pid: int) -> Iterator[psutil.Process]:
    if psutil.pid_exists(pid):
        runner = psutil.Process(pid)
        yield from [runner, *runner.children(recursive=True)]


def trainings_are_short() -> bool:
    """Return whether this machine trains so slowly that notebooks train on fewer rows."""
    import torch

    return pick_dtype() == torch.float32


def _variables(lesson: Lesson, folder: Path) -> dict[str, str]:
    """Return the environment variables with which a lesson is executed."""
    trains = lesson.story_trains or lesson.answer_trains
    if not trains or not trainings_are_short():
        return dict(os.environ)
    startup = folder / "ipython" / "profile_default" / "startup"
    startup.mkdir(parents=True, exist_ok=True)
    (startup / "short.py").write_text(SHORT)
    return {**os.environ, "IPYTHONDIR": str(folder / "ipython")}


def _execute(folder: Path, parent: int, lessons: list[Lesson]) -> None:
    for lesson in lessons:
        variables = _variables(lesson, folder)
        with open(folder / f"{lesson.name}.log", "wb") as log:
            command = [sys.executable, "-m", "pytest", str(solution_path(lesson, ROOT))]
            options = ["--nbval-lax", f"--nbval-cell-timeout={CELL_SECONDS}", "-ra"]
            running = subprocess.Popen(
                [*command, *options, "-p", "no:cacheprovider"],
                cwd=ROOT,
                env=variables,
                stdout=log,
                stderr=log,
            )
            while running.poll() is None:
                time.sleep(0.5)
                if not psutil.pid_exists(parent):
                    os.killpg(0, signal.SIGKILL)
        written = folder / f"{lesson.name}.part"
        written.write_text(str(running.returncode))
        written.rename(folder / f"{lesson.name}.status")


if __name__ == "__main__":
    results = Path(sys.argv[1])
    child = os.fork()
    if child:
        (results / "runner").write_text(str(child))
    else:
        os.setsid()
        os.nice(10)
        # Linux first divides the processors among sessions, each of which has its own priority.
        with contextlib.suppress(OSError):
            Path("/proc/self/autogroup").write_text("10")
        _execute(results, int(sys.argv[2]), [lesson_named(name) for name in sys.argv[3:]])
