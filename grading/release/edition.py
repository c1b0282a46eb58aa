"""The students' edition: only what students get. `course publish` writes it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from grading.intake.submissions import DEADLINE
from grading.paths import ROOT, release_path
from grading.release.addresses import Addresses, addresses
from grading.release.git import git
from grading.release.languages import LANGUAGES, translated_path
from grading.release.scan import SHARED_LINES
from grading.release.site import students_page
from helpers.lessons import LESSONS, Lesson

TEMPLATE = ".template"
"""The end of the name of a file in edition/ whose placeholders are filled in when published."""
MARK = "students-edition.txt"
"""A file in every edition. A folder with other files but without this one is not overwritten."""
COPIED = ("course.py", "constraints.txt", "LICENSE", "lab/settings.json")
"""Files that students get as they are."""
FOLDERS = ("helpers", "data", "lab", "edition", "notebooks")
OF_HELPERS = (".py", ".html", ".json")
OF_CORPORA = ("README.md", "train.parquet", "validation.parquet", "test.parquet")
"""Files of a corpus. The key to planted labels is left out, and so is the corpus's generator, which
could produce the key."""
STUDENT_PAGES = ("students.md", "glossary.md")
NBGRADER = "nbgrader=="


def write_edition(folder: Path, root: Path = ROOT) -> int:
    """Write the edition's files into a new folder, without a scan; return how many there are."""
    for name, content in edition_files(root):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return sum(path.is_file() for path in folder.rglob("*"))


def edition_files(root: Path = ROOT) -> Iterator[tuple[str, bytes]]:
    """Yield each file of the edition, with its path in the edition."""
    for path in _copied(root):
        yield path.relative_to(root).as_posix(), path.read_bytes()
    for name in STUDENT_PAGES:
        text = (root / "site" / name).read_text(encoding="utf-8")
        yield f"docs/{name}", students_page(text, root).encode()
    values = _values(root)
    for path in sorted(_tracked(root, "edition")):
        name = path.relative_to(root / "edition").as_posix().removesuffix(TEMPLATE)
        if path.name != SHARED_LINES.name:
            yield name, _filled(path.read_text(encoding="utf-8"), values).encode()


def _copied(root: Path) -> Iterator[Path]:
    for name in COPIED:
        yield root / name
    yield from _tracked(root, "lab/contents")
    yield from (path for path in _tracked(root, "helpers") if path.suffix in OF_HELPERS)
    for corpus in sorted((root / "data").glob("*/train.parquet")):
        yield from (path for path in _tracked(root, f"data/{corpus.parent.name}") if _is_data(path))
    for lesson in LESSONS:
        for path in _notebooks(lesson, root):
            yield path
            if (path.parent / DEADLINE).is_file():  # a teacher's release has one
                yield path.parent / DEADLINE


def _is_data(path: Path) -> bool:
    return path.name in OF_CORPORA


def _notebooks(lesson: Lesson, root: Path) -> list[Path]:
    """Return a lesson's notebooks: the English one and its translations."""
    paths = [release_path(lesson, root)]
    paths += [translated_path(lesson, language, root) for language in LANGUAGES]
    return [path for path in paths if path.is_file()]


def _tracked(root: Path, folder: str) -> list[Path]:
    """Return a folder's files that are in git; without git, all files except caches.

    Raises
    ------
    RuntimeError
        If one is a link: students would get the file that it leads to.
    """
    if (root / ".git").exists():
        listed = git("ls-files", "-z", "--", folder, at=root).split("\0")
        paths = [root / name for name in listed if name]
    else:
        hidden = {"__pycache__", ".ipynb_checkpoints"}
        paths = [path for path in (root / folder).rglob("*") if not hidden & set(path.parts)]
    for path in paths:
        if path.is_symlink():
            name = path.relative_to(root).as_posix()
            raise RuntimeError(f"{name} is a link: replace it by the file, or remove it")
    return sorted(path for path in paths if path.is_file())


def unknown_to_git(root: Path = ROOT) -> list[str]:
    """Return the files in the edition's folders that are left out because they are not in git.

    Files that git ignores are not listed.
    """
    if not (root / ".git").exists():
        return []
    listed = git("ls-files", "-z", "--others", "--exclude-standard", "--", *FOLDERS, at=root)
    return sorted(filter(None, listed.split("\0")))


def _project(root: Path) -> dict[str, Any]:
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def _values(root: Path) -> dict[str, str]:
    """Return the values for the names in double braces in the edition's own files."""
    project, where = _project(root), addresses(root)
    extras = [pin for group in project["optional-dependencies"].values() for pin in group]
    (nbgrader,) = [pin for pin in extras if pin.startswith(NBGRADER)]
    return {
        "version": project["version"],
        "requires_python": project["requires-python"],
        "dependencies": _as_list(project["dependencies"]),
        "nbgrader": nbgrader,
        "corpora": "\n".join(
            f'"data/{path.parent.name}" = "helpers/corpora/{path.parent.name}"'
            for path in sorted((root / "data").glob("*/train.parquet"))
        ),
        "repository": where.students_repository,
        "page": where.students_page,
        "lessons": lessons_table(where, root),
    }


def _as_list(pins: list[str]) -> str:
    return "\n".join(f'    "{pin}",' for pin in pins)


def _filled(text: str, values: dict[str, str]) -> str:
    for name, value in values.items():
        text = text.replace(f"{{{{{name}}}}}", value)
    return text


def lessons_table(where: Addresses, root: Path = ROOT) -> str:
    """Return the Markdown table of the lessons: notebooks, minutes, points, links to open them."""
    languages = "".join(f" {language} |" for language in LANGUAGES)
    opens = ["Colab"] + (["hub"] if where.hub else [])
    rows = [
        f"| lesson | what it is about |{languages} minutes | points | {' | '.join(opens)} |",
        "|---" * (5 + len(LANGUAGES) + len(opens) - 1) + "|",
    ]
    for lesson in LESSONS:
        first, *others = (path.relative_to(root).as_posix() for path in _notebooks(lesson, root))
        cells = [f"[{lesson.name}]({first})", lesson.title]
        cells += [f"[{lesson.name}]({path})" for path in others]
        cells += [""] * (len(LANGUAGES) - len(others))
        links = [f"[open]({where.in_colab(first)})"]
        links += [f"[open]({where.on_hub(first)})"] if where.hub else []
        rows.append(f"| {' | '.join([*cells, str(lesson.minutes), str(lesson.points), *links])} |")
    return "\n".join(rows)


def leads_to_the_whole(folder: Path, root: Path = ROOT) -> list[str]:
    """Return the files of a written edition that contain the whole course's address."""
    where = addresses(root)
    if where.repository.lower() == where.students_repository.lower():
        return []
    # GitHub accepts a name in upper or lower case, and with .git after it.
    whole = re.compile(rf"{re.escape(where.repository)}(?:\.git)?(?![\w.-])".encode(), re.I)
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return [
        path.relative_to(folder).as_posix() for path in paths if whole.search(path.read_bytes())
    ]
