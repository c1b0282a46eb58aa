"""Write the students' edition to a folder, or as commits of a branch, after scanning it."""

from __future__ import annotations

import re
import shutil
import tempfile
import tomllib
from pathlib import Path
from typing import NamedTuple

import nbformat

from grading.paths import ROOT
from grading.release.addresses import addresses
from grading.release.edition import MARK, leads_to_the_whole, write_edition
from grading.release.git import git
from grading.release.pin import other_versions
from grading.release.scan import Finding, Scan
from grading.release.source import (
    BuildError,
    address_in,
    archive_of,
    installed_from,
    installed_wheel,
    with_address,
)

NOTEBOOKS = "notebooks"
COMMIT = re.compile("(?<![0-9a-f])[0-9a-f]{40}(?![0-9a-f])")


class NotPublished(RuntimeError):
    """The edition, or the history of its destination, contains what students must not get."""

    def __init__(self, findings: list[Finding]):
        super().__init__(f"{len(findings)} findings")
        self.findings = findings


class Published(NamedTuple):
    """The result of publishing.

    Attributes
    ----------
    what : str
        The branch's new last commit, or how many files; empty if nothing has changed.
    installs : str
        The address from which notebooks install the course.
    leading : list of str
        Files that name the address of the whole course.
    """

    what: str
    installs: str
    leading: list[str]


def publish_folder(folder: Path, root: Path = ROOT) -> Published:
    """Write the students' edition into a folder.

    The folder must be new, be empty, or contain an earlier edition, which is replaced. Its
    notebooks install the same as the course's own notebooks, because a folder has no commit that
    they could name. A git repository in the folder is kept and scanned, because students also get
    its history.

    Raises
    ------
    FileExistsError
        If the folder contains anything else.
    BuildError
        If the folder is a git repository, and its notebooks would install the whole course.
    NotPublished
        If the scan finds something; the folder is then unchanged.
    """
    there = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    if there - {".git"} and MARK not in there:
        raise FileExistsError(f"{folder} contains other files than an edition: choose another one")
    if ".git" in there and not installed_wheel(root):
        raise BuildError(
            f"{folder} is a git repository, and its notebooks would install the whole course: use "
            "`course publish BRANCH --branch` and push that branch to the folder's remote "
            "repository, or set tool.course.wheel"
        )
    with tempfile.TemporaryDirectory() as made:
        edition = Path(made) / "edition"
        count = write_edition(edition, root)
        scan = Scan(root)
        _refuse(scan.path(edition))
        if ".git" in there:
            _refuse(scan.repository(folder))
        installs = installed_from(root)
        _have_notebooks_install(installs, edition)
        folder.mkdir(parents=True, exist_ok=True)
        for name in there - {".git"}:
            path = folder / name
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
        shutil.copytree(edition, folder, dirs_exist_ok=True)
        return Published(f"{count} files", installs, leads_to_the_whole(edition, root))


def publish_branch(branch: str, repository: Path = ROOT, root: Path = ROOT) -> Published:
    """Write the edition as commits of a branch, from which its notebooks install it.

    A commit cannot contain its own hash. So if installed files have changed, there are two commits:
    the first has these files and the old notebooks, the second has the new notebooks, which install
    the first. A new branch has none of the course's history. On an existing branch the commits
    follow its last one, so that `git pull` and nbgitpuller work. The working tree and the index are
    not changed.

    Raises
    ------
    RuntimeError
        If git fails, or the branch is checked out.
    NotPublished
        If the scan finds something in the edition or in a commit of the branch.
    """
    git("check-ref-format", "--branch", branch, at=repository)
    reference = f"refs/heads/{branch}"
    _refuse_checked_out(reference, repository)
    before = last = _last_commit(reference, repository)
    settings = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    version = settings["project"]["version"]
    with tempfile.TemporaryDirectory() as made:
        edition = Path(made) / "edition"
        write_edition(edition, root)
        scan = Scan(root)
        _refuse(scan.path(edition))
        installs = installed_wheel(root)
        if not installs:
            tree = _tree(edition, repository)
            installed = _installed_by(before, repository)
            if not installed or other_versions(repository, installed, tree):
                without = _with_notebooks_of(before, tree, repository)
                said = f"Students' edition {version}: what notebooks install"
                installed = last = _commit(without, before, said, repository)
            installs = archive_of(addresses(root).students_repository, installed, root)
        _have_notebooks_install(installs, edition)
        tree = _tree(edition, repository)
        leading = leads_to_the_whole(edition, root)
    if not last or git("rev-parse", f"{last}^{{tree}}", at=repository).strip() != tree:
        last = _commit(tree, last, f"Students' edition {version}", repository)
    _refuse(scan.branch(last, repository))
    if last == before:
        return Published("", installs, leading)
    git("update-ref", reference, last, before or "0" * len(last), at=repository)
    return Published(last, installs, leading)


def _refuse(findings: list[Finding]) -> None:
    if findings:
        raise NotPublished(findings)


def _have_notebooks_install(address: str, edition: Path) -> None:
    for path in sorted((edition / NOTEBOOKS).rglob("*.ipynb")):
        notebook = nbformat.read(path, as_version=nbformat.NO_CONVERT)
        try:
            address_in(notebook)
        except BuildError as error:
            raise BuildError(f"{path.relative_to(edition).as_posix()}: {error}") from None
        text = nbformat.writes(with_address(notebook, address), version=nbformat.NO_CONVERT)
        path.write_text(f"{text}\n", encoding="utf-8")


def _last_commit(reference: str, repository: Path) -> str:
    """Return the last commit of a branch, or an empty text if there is no such branch."""
    listed = git("for-each-ref", "--format=%(refname) %(objectname)", reference, at=repository)
    commits = dict(line.split() for line in listed.splitlines())
    return commits.get(reference, "")


def _refuse_checked_out(reference: str, repository: Path) -> None:
    """Refuse a branch that is checked out: its files would not change, and look like edits."""
    listed = git("worktree", "list", "--porcelain", at=repository)
    for entry in listed.split("\n\n"):
        lines = entry.splitlines()
        if f"branch {reference}" in lines:
            place = lines[0].removeprefix("worktree ")
            raise RuntimeError(
                f"{reference} is checked out in {place}: choose another branch there"
            )


def _installed_by(commit: str, repository: Path) -> str:
    """Return the earlier commit that the notebooks of a commit install, or an empty text."""
    if not commit:
        return ""
    paths = git("ls-tree", "-r", "-z", "--name-only", commit, "--", NOTEBOOKS, at=repository)
    for path in paths.split("\0"):
        if path.endswith(".ipynb"):
            text = git("show", f"{commit}:{path}", at=repository)
            return _ancestor_in(text, commit, repository)
    return ""


def _ancestor_in(text: str, commit: str, repository: Path) -> str:
    """Return the commit that a notebook installs, if it is an ancestor of a commit."""
    try:
        found = COMMIT.search(address_in(nbformat.reads(text, as_version=nbformat.NO_CONVERT)))
    except (BuildError, ValueError):
        return ""
    earlier = git("rev-list", commit, at=repository).split()
    return found[0] if found and found[0] in earlier else ""


def _tree(folder: Path, repository: Path) -> str:
    """Write a folder's files as a tree in a repository, without changing its index; return it."""
    found = git("rev-parse", "--absolute-git-dir", at=repository).strip()
    with tempfile.TemporaryDirectory() as made:
        own = {"GIT_DIR": found, "GIT_INDEX_FILE": str(Path(made) / "index")}
        # With a user's attributes, git might change the files.
        same = ("-c", "core.attributesFile=", "--work-tree", str(folder))
        git(*same, "add", "--all", "--force", ".", at=folder, own=own)
        return git("write-tree", at=folder, own=own).strip()


def _with_notebooks_of(commit: str, tree: str, repository: Path) -> str:
    """Return a tree with its notebooks replaced by a commit's; without a commit, removed."""
    entries = git("ls-tree", "-z", tree, at=repository).split("\0")
    kept = [entry for entry in entries if entry and not entry.endswith(f"\t{NOTEBOOKS}")]
    if commit:
        kept += git("ls-tree", "-z", commit, "--", NOTEBOOKS, at=repository).split("\0")
    return git("mktree", "-z", at=repository, given="\0".join(filter(None, kept)) + "\0").strip()


def _commit(tree: str, parent: str, said: str, repository: Path) -> str:
    parents = ("-p", parent) if parent else ()
    return git("commit-tree", tree, *parents, "-m", said, at=repository).strip()
