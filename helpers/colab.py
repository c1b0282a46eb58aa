"""Complete an environment that has its own NumPy and torch, as Colab's, for the course.

The first cell of each notebook installs this package alone where it is missing, and calls
`complete`. What is there already stays, for a live kernel may have loaded it; NumPy and torch stay
whatever else is installed, torch being built for the machine's GPU.
"""

from __future__ import annotations

import importlib.metadata
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator

COURSE = "transformers-for-text-classification"
KEPT = ("numpy", "torch")
MAJOR = {"transformers": 5, "datasets": 5, "huggingface_hub": 2}
"""Of libraries that changed their interface, the major version that the lessons were run with."""


def complete() -> None:
    """Install what the course needs and is not there, and say so in one line.

    Raises
    ------
    RuntimeError
        If pip cannot install it; the message ends with what pip says.
    """
    wanted = list(missing())
    if wanted:
        _install(wanted)
        importlib.invalidate_caches()
    kept = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in KEPT)
    names = ", ".join(requirement.partition("=")[0] for requirement in wanted) or "nothing"
    print(f"course {importlib.metadata.version(COURSE)} installed; added {names}; kept {kept}")


def missing() -> Iterator[str]:
    """Yield the course's requirements, pinned, that are absent or of too old a major version."""
    from packaging.requirements import Requirement

    for line in importlib.metadata.requires(COURSE) or ():
        requirement = Requirement(line)
        if requirement.marker and not requirement.marker.evaluate({"extra": ""}):
            continue
        try:
            found = importlib.metadata.version(requirement.name)
        except importlib.metadata.PackageNotFoundError:
            yield f"{requirement.name}{requirement.specifier}"
            continue
        if int(found.partition(".")[0]) < MAJOR.get(requirement.name, 0):
            yield f"{requirement.name}{requirement.specifier}"


def _install(wanted: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        constraints = os.path.join(folder, "constraints.txt")
        with open(constraints, "w", encoding="utf-8") as file:
            for name in KEPT:
                file.write(f"{name}=={importlib.metadata.version(name)}\n")
        command = [sys.executable, "-m", "pip", "install", "--quiet", "-c", constraints, *wanted]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"pip could not install {', '.join(wanted)}: {done.stderr.strip()}")
