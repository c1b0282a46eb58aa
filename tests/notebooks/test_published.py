"""A notebook of a published students' edition, alone: it installs the edition and nothing else."""

import subprocess
from pathlib import Path

import nbformat
import pytest
from alone import code, errors, printed

from grading.paths import ROOT, release_path
from grading.release.addresses import addresses
from grading.release.languages import SPOKEN, translated_path
from grading.release.publish import publish_branch
from grading.release.source import bootstrap_cell
from helpers.lessons import LESSONS

COURSE_OWNER = addresses().repository.partition("/")[0]
EDITION = "uni/lab"
"""The repository of the students' edition of a course that itself is private."""


@pytest.fixture(scope="module")
def edition(served, tmp_path_factory):
    """Publish a course's students' edition and serve it; return its repository."""
    root = whole_course(tmp_path_factory.mktemp("whole"), served.url)
    repository = tmp_path_factory.mktemp("edition")
    git(repository, "init", "--quiet")
    with pytest.MonkeyPatch.context() as patch:
        for who in ("AUTHOR", "COMMITTER"):
            patch.setenv(f"GIT_{who}_NAME", "Ada")
            patch.setenv(f"GIT_{who}_EMAIL", "ada@example.org")
        published = publish_branch("students", repository, root)
    assert published.leading == []
    commit, _ = git(repository, "rev-list", "--reverse", "students").split()
    path = served.folder / EDITION / "archive" / f"{commit}.zip"
    path.parent.mkdir(parents=True)
    git(repository, "archive", "--prefix", f"lab-{commit}/", "--output", path, commit)
    return repository


def whole_course(root, url):
    """Create a folder that is this course except for its addresses, and return it."""
    for path in ROOT.iterdir():
        if path.name not in ("pyproject.toml", "notebooks", "private", ".git"):
            (root / path.name).symlink_to(path)
    archive = f'archive = "{url}/{{repository}}/archive/{{commit}}.zip"'
    settings = f'students_repository = "{EDITION}"\n{archive}'
    text = (ROOT / "pyproject.toml").read_text()
    text = text.replace("[tool.course]\n", f"[tool.course]\n{settings}\n")
    (root / "pyproject.toml").write_text(text)
    for lesson in LESSONS:
        spanish = translated_path(lesson, "es").relative_to(ROOT)
        for name, told in ((release_path(lesson, Path()), ""), (spanish, "es")):
            notebook = nbformat.read(ROOT / name, as_version=4)
            first = next(cell for cell in notebook.cells if cell.id == "bootstrap")
            first.source = bootstrap_cell(lesson, root).source
            first.source += SPOKEN.format(language=told) if told else ""
            (root / name).parent.mkdir(parents=True)
            nbformat.write(notebook, root / name)
    return root


def git(repository, *arguments):
    done = subprocess.run(
        ["git", *arguments], cwd=repository, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@pytest.mark.parametrize("language", ["", "es/"])
def test_a_published_notebook_installs_the_students_edition_itself(
    language, edition, colab, served, tmp_path
):
    """This needs no access to the whole course, whose archive is not served."""
    name = LESSONS[0].name
    text = git(edition, "show", f"students:notebooks/{language}{name}/{name}.ipynb")
    notebook = nbformat.reads(text, as_version=4)
    first = next(cell for cell in notebook.cells if cell.id == "bootstrap")
    asked = (
        "import importlib.metadata, importlib.util\n"
        "import helpers\nfrom helpers.data import load\n"
        "print(helpers.__file__)\n"
        "print(len(load('emotion', source='embedded')['train']))\n"
        "print(importlib.util.find_spec('grading'))"
    )
    cell, after = colab.run(tmp_path / "alone", [first, code(asked)])
    assert not errors(cell) + errors(after)
    assert [one for one in served.taken if one in ("uni", COURSE_OWNER)] == ["uni"]
    installed = colab.own / "helpers"
    told = printed(after).splitlines()
    assert told[0] == str(installed / "__init__.py")
    assert told[-2:] == ["16000", "None"]
    published = git(edition, "ls-tree", "-r", "--name-only", "students", "helpers", "data")
    for path in map(Path, published.splitlines()):
        inside = path.relative_to(path.parts[0])
        where = installed / ("corpora" if path.parts[0] == "data" else "") / inside
        assert where.read_bytes() == (ROOT / path).read_bytes()
    assert not list(installed.rglob("planted.parquet"))
