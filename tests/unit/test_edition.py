"""Students get nothing that only instructors may see, wherever they look."""

import base64
import gzip
import io
import json
import os
import py_compile
import re
import shutil
import sqlite3
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from urllib.parse import parse_qs, quote, urlsplit

import nbformat
import pandas as pd
import pygments
import pytest
from PIL import Image, PngImagePlugin
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer
from traitlets.config import PyFileConfigLoader
from typer.testing import CliRunner

from course import app
from grading.paths import ROOT, hidden_tests_path, release_path, solution_path
from grading.release import edition, publish
from grading.release.addresses import addresses
from grading.release.languages import translated_path
from grading.release.scan import Scan
from grading.release.source import (
    BuildError,
    address_in,
    bootstrap_cell,
    colab_badge,
    installed_from,
    source_notebook,
)
from grading.settings import nbgrader_config
from helpers.lessons import LESSONS, lesson_named

# In the environment of the tests, the whole course is installed as well.
WITHOUT_GRADING = "import sys; sys.modules['grading'] = None"
LESSON = lesson_named("3")
EXERCISE = "mean_pool"
VARIANT = next((ROOT / "solutions" / LESSON.name / "variants" / EXERCISE).glob("wrong_*.py"))
TOLD = f"{LESSON.name}/hidden_tests.py"


@pytest.fixture(scope="module")
def scan():
    return Scan()


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Return the whole edition as it is written, before it is searched."""
    folder = tmp_path_factory.mktemp("published") / "edition"
    edition.write_edition(folder)
    return folder


def solution():
    return nbformat.read(solution_path(LESSON), as_version=4)


def answer(exercise=EXERCISE):
    return next(cell for cell in source_notebook(LESSON).cells if cell.id == exercise).source


def release():
    return nbformat.read(release_path(LESSON), as_version=4)


def telling_line():
    """Return a line of a hidden test that appears nowhere else."""
    lines = hidden_tests_path(LESSON).read_text().splitlines()
    return next(line for line in lines if "float32" in line and len(line) > 50)


def test_the_edition_holds_nothing_that_only_instructors_may_see(written, scan):
    assert scan.path(written) == []


def test_the_edition_is_whole_and_nothing_else(written):
    assert {path.name for path in written.iterdir()} == {
        *("notebooks", "helpers", "data", "docs", "lab", "course.py", "pyproject.toml"),
        *("constraints.txt", "nbgrader_config.py", "LICENSE", "README.md", "Makefile"),
        *("students-edition.txt", ".gitignore"),
    }
    for lesson in LESSONS:
        for folder in ("notebooks", "notebooks/es"):
            assert (written / folder / lesson.name / f"{lesson.name}.ipynb").is_file()
    tracked = subprocess.run(
        ["git", "ls-files", "helpers"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for name in tracked.stdout.split():
        assert (written / name).read_bytes() == (ROOT / name).read_bytes()
    assert not list(written.rglob("planted.parquet"))


def test_links_of_the_edition_s_pages_lead_to_files_of_it(written):
    for page in (written / "README.md", *(written / "docs").glob("*.md")):
        text = page.read_text()
        assert "{{" not in text
        assert "ADDRESS-OF" not in text
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", text):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_the_edition_works_without_what_instructors_have(written):
    code = (
        f"{WITHOUT_GRADING}; import helpers\n"
        "from helpers.data import load\n"
        "from helpers.planted import planted_errors\n"
        "emotion = load('emotion', source='embedded')\n"
        "assert planted_errors('emotion', emotion) is None\n"
        "print(helpers.__file__, len(emotion['train']))\n"
    )
    environment = os.environ | {"PYTHONPATH": str(written), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-c", code]
    done = subprocess.run(
        command, cwd=written, env=environment, capture_output=True, text=True, check=True
    )
    assert f"{written / 'helpers' / '__init__.py'} 16000" in done.stdout
    asked = [sys.executable, "-c", f"{WITHOUT_GRADING}; from course import app; app()", "--help"]
    told = subprocess.run(
        asked, cwd=written, env=environment, capture_output=True, text=True, check=True
    ).stdout
    assert "status" in told
    assert not re.search(r"│ (grade|prove|publish|regrade) ", told)


def test_the_edition_asks_for_the_same_libraries_and_not_for_nbgrader(written):
    ours, theirs = (
        tomllib.loads((folder / "pyproject.toml").read_text()) for folder in (ROOT, written)
    )
    for name in ("name", "version", "requires-python", "dependencies"):
        assert theirs["project"][name] == ours["project"][name]
    assert not [pin for pin in theirs["project"]["dependencies"] if pin.startswith("nbgrader")]
    (pin,) = theirs["project"]["optional-dependencies"]["exchange"]
    assert pin in ours["project"]["optional-dependencies"]["instructor"]
    built = theirs["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert built["packages"] == ["helpers"]
    for name in (*built["shared-data"], *built["force-include"]):
        assert (written / name).exists()


def test_the_edition_s_settings_of_nbgrader_are_ours(written):
    theirs = PyFileConfigLoader("nbgrader_config.py", path=str(written)).load_config()
    ours = nbgrader_config()
    for section, values in theirs.items():
        for name, value in values.items():
            assert ours[section][name] == value, f"{section}.{name}"


# What a student might find: each function puts it into a folder, and returns what the scan says.


def in_a_cell(folder):
    notebook = release()
    for cell in notebook.cells:
        if cell.id == EXERCISE:
            cell.source = answer().replace("### BEGIN SOLUTION", "").replace("### END SOLUTION", "")
    nbformat.write(notebook, folder / "lesson.ipynb")
    return "the answer or the rubric of mean_pool|a variant"


def in_other_words(folder):
    notebook = release()
    for cell in notebook.cells:
        if cell.id == EXERCISE:
            cell.source = "def mean_pool(hidden, mask):\n    return mine(hidden, mask)\n"
    nbformat.write(notebook, folder / "lesson.ipynb")
    return "cell mean_pool is answered"


def in_an_output(folder):
    notebook = release()
    cell = next(cell for cell in notebook.cells if cell.cell_type == "code")
    cell.outputs = [nbformat.v4.new_output("stream", text="nothing special")]
    nbformat.write(notebook, folder / "lesson.ipynb")
    return "holds an output"


def behind_the_stub(folder):
    """As a student leaves it who has tried the exercise in the release itself."""
    notebook = release()
    for cell in notebook.cells:
        if cell.id == EXERCISE:
            stub = "raise NotImplementedError("
            cell.source = cell.source.replace(stub, f"# {stub}") + "\n    return mine(hidden, mask)"
    nbformat.write(notebook, folder / "lesson.ipynb")
    return "cell mean_pool is answered"


def in_a_notebook_of_another_name(folder):
    in_other_words(folder)
    (folder / "lesson.ipynb").rename(folder / "lesson.json")
    return "cell mean_pool is answered"


def in_the_spanish_notebook(folder):
    notebook = nbformat.read(translated_path(LESSON, "es"), as_version=4)
    notebook.cells[3].source += f"\n\n```python\n{answer()}\n```"
    nbformat.write(notebook, folder / "lesson.ipynb")
    return "the answer or the rubric of mean_pool"


def in_a_page_for_students(folder):
    (folder / "students.md").write_text(f"# Take the course\n\n> {telling_line()}\n")
    return TOLD


def in_an_attached_picture(folder):
    notebook = release()
    picture = base64.encodebytes(in_a_picture(folder).read_bytes()).decode()
    notebook.cells[0].attachments = {"a.png": {"image/png": picture}}
    nbformat.write(notebook, folder / "lesson.ipynb")
    (folder / "picture.png").unlink()
    return TOLD


def in_a_picture(folder):
    said = PngImagePlugin.PngInfo()
    said.add_text("Comment", hidden_tests_path(LESSON).read_text(), zip=True)
    Image.new("L", (2, 2)).save(folder / "picture.png", pnginfo=said)
    return folder / "picture.png"


def in_a_picture_s_remark(folder):
    in_a_picture(folder)
    return TOLD


def in_an_archive_behind_a_picture(folder):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.write(hidden_tests_path(LESSON), "notes.txt")
    Image.new("L", (2, 2)).save(folder / "picture.png")
    with (folder / "picture.png").open("ab") as file:
        file.write(archive.getvalue())
    return TOLD


def in_base64(folder):
    letters = base64.encodebytes(hidden_tests_path(LESSON).read_bytes()).decode()
    (folder / "notes.py").write_text(f'NOTES = """\n{letters}"""\n')
    return TOLD


def in_a_link_to_a_page_that_runs_it(folder):
    link = f"https://pythontutor.com/render.html#code={quote(answer())}&py=3"
    (folder / "notes.md").write_text(f"[Step through it]({link})")
    return "the answer or the rubric of mean_pool"


def in_a_string_in_a_string(folder):
    told = json.dumps(json.dumps({"source": answer()}))
    (folder / "page.js").write_text(f"const lesson = JSON.parse({told});")
    return "the answer or the rubric of mean_pool"


def in_another_format(folder):
    """As a program that formats code leaves it, and as one that formats prose does."""
    told = hidden_tests_path(LESSON).read_text().replace("'", '"').replace('"', "“")
    (folder / "notes.md").write_text(told.replace("(", "(\n    ").replace(")", ",\n)"))
    return TOLD


def in_utf_16_without_its_mark(folder):
    text = hidden_tests_path(LESSON).read_text()
    (folder / "notes.txt").write_bytes(text.encode("utf-16-le"))
    return TOLD


def in_a_pointer_to_another_server(folder):
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n"
    (folder / "train.parquet").write_text(pointer)
    return "is a pointer of Git LFS"


def in_metadata(folder):
    notebook = release()
    notebook.metadata["note"] = {"draft": answer().splitlines(keepends=True)}
    nbformat.write(notebook, folder / "lesson.ipynb")
    return "the answer or the rubric|a variant"


def in_a_checkpoint(folder):
    (folder / ".ipynb_checkpoints").mkdir()
    nbformat.write(release(), folder / ".ipynb_checkpoints" / "lesson-checkpoint.ipynb")
    return "a leftover of"


def in_the_executed_notebook(folder):
    shutil.copy(solution_path(LESSON), folder / "lesson.ipynb")
    return "holds the mark of a solution"


def in_a_visible_check(folder):
    text = (ROOT / "helpers" / "checks" / "feature_extraction.py").read_text()
    (folder / "helpers" / "checks").mkdir(parents=True)
    path = folder / "helpers" / "checks" / "feature_extraction.py"
    path.write_text(f"{text}\n{telling_line()}\n")
    return TOLD


def in_compiled_code(folder):
    py_compile.compile(str(hidden_tests_path(LESSON)), cfile=str(folder / "helpers.pyc"))
    return "a leftover of"


def in_a_compiled_file_by_another_name(folder):
    py_compile.compile(str(hidden_tests_path(LESSON)), cfile=str(folder / "cache.dat"))
    return "it cannot be checked"


def in_a_packed_file(folder):
    (folder / "notes.gz").write_bytes(gzip.compress(hidden_tests_path(LESSON).read_bytes()))
    return TOLD


def in_an_archive_in_an_archive(folder):
    inner = io.BytesIO()
    with tarfile.open(fileobj=inner, mode="w:gz") as archive:
        archive.add(VARIANT, "notes.txt")
    with zipfile.ZipFile(folder / "material.zip", "w") as archive:
        archive.writestr("a/b.tar.gz", inner.getvalue())
    return "a variant"


def in_a_wheel(folder):
    with zipfile.ZipFile(folder / "course-0.1.0-py3-none-any.whl", "w") as archive:
        archive.write(ROOT / "helpers" / "data.py", "helpers/data.py")
        planted = "helpers/corpora/emotion/planted.parquet"
        archive.write(ROOT / "data" / "emotion" / "planted.parquet", planted)
    return r"planted.parquet: is the key to planted labels"


def in_an_archive_with_a_password(folder):
    if not shutil.which("zip"):
        pytest.skip("the program zip is not installed")
    shutil.copy(VARIANT, folder / "notes.txt")
    command = ["zip", "--quiet", "--password", "x", "notes.zip", "notes.txt"]
    subprocess.run(command, cwd=folder, check=True)
    (folder / "notes.txt").unlink()
    return r"notes\.zip: is damaged or encrypted, so it cannot be checked"


def in_a_damaged_archive(folder):
    with zipfile.ZipFile(folder / "notes.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(VARIANT, "notes.txt")
    path = folder / "notes.zip"
    path.write_bytes(path.read_bytes()[:-40])
    return "it cannot be checked"


def in_a_table(folder):
    key = pd.read_parquet(ROOT / "data" / "emotion" / "planted.parquet")
    key.to_parquet(folder / "notes.parquet")
    return "holds the key to planted labels"


def in_a_page(folder):
    """As a site with folded answers has it: coloured, with each word in an element of its own."""
    page = pygments.highlight(answer(), PythonLexer(), HtmlFormatter(full=True))
    (folder / "03.html").write_text(page)
    return "the answer or the rubric|a variant"


def in_a_catalogue(folder):
    written = next(c for c in source_notebook(LESSON).cells if c.id.startswith("written_"))
    told = json.dumps(written.source, ensure_ascii=False)
    (folder / "03.po").write_text(f'msgid {told}\nmsgstr "…"\n')
    return "the answer or the rubric of written"


def in_a_patch(folder):
    lines = hidden_tests_path(LESSON).read_text().splitlines()
    (folder / "fix.patch").write_text("".join(f"+{line}\n" for line in lines))
    return TOLD


def in_another_encoding(folder):
    (folder / "notes.txt").write_bytes(hidden_tests_path(LESSON).read_text().encode("utf-16"))
    return TOLD


def in_a_database(folder):
    with sqlite3.connect(folder / "history.dat") as database:
        database.execute("create table history (source text)")
        database.execute("insert into history values (?)", (answer(),))
    database.close()
    return "is a database"


def in_a_link(folder):
    (folder / "notes.txt").symlink_to(hidden_tests_path(LESSON))
    return "is a link"


def in_the_remarks_on_mutants(folder):
    path = next((ROOT / "solutions").glob("*/equivalent_mutants.json"))
    shutil.copy(path, folder / "notes.json")
    return "a remark on the tests"


def in_a_generator(folder):
    (folder / "data" / "generator").mkdir(parents=True)
    shutil.copy(ROOT / "data" / "generator" / "noise.py", folder / "data" / "generator")
    return "which can produce keys"


def git(folder, *arguments):
    named = ("-c", "user.name=A", "-c", "user.email=a@b.c", "-c", "init.defaultBranch=main")
    done = subprocess.run(
        ["git", *named, *arguments], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def committed(folder, name="notes.txt", text="harmless", message="a commit"):
    if not (folder / ".git").exists():
        git(folder, "init", "--quiet")
    (folder / name).write_text(text)
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", message)


def in_an_earlier_commit(folder):
    committed(folder, text=hidden_tests_path(LESSON).read_text())
    committed(folder, text="harmless")
    return rf"git blob .* notes\.txt.*{TOLD}"


def in_an_earlier_name(folder):
    (folder / "solutions").mkdir()
    committed(folder, "solutions/notes.txt", "harmless")
    git(folder, "rm", "--quiet", "--cached", "solutions/notes.txt")
    shutil.rmtree(folder / "solutions")
    committed(folder, "other.txt")
    return "is for instructors only"


def in_a_commit_that_was_amended(folder):
    committed(folder, text=hidden_tests_path(LESSON).read_text())
    (folder / "notes.txt").write_text("harmless")
    git(folder, "commit", "--quiet", "--all", "--amend", "--message", "a commit")
    git(folder, "reflog", "expire", "--expire=now", "--all")
    return TOLD


def in_a_stash(folder):
    committed(folder)
    (folder / "notes.txt").write_text(hidden_tests_path(LESSON).read_text())
    git(folder, "stash", "--quiet")
    return TOLD


def in_a_message(folder):
    committed(folder, message=f"Fixed:\n\n{telling_line()}")
    return rf"git commit .*{TOLD}"


def in_a_note_of_a_tag(folder):
    committed(folder)
    git(folder, "tag", "--annotate", "v1", "--message", telling_line())
    return rf"git tag .*{TOLD}"


def in_a_branch_that_was_merged(folder):
    committed(folder)
    git(folder, "switch", "--quiet", "--create", "tests")
    committed(folder, "more.txt", hidden_tests_path(LESSON).read_text())
    committed(folder, "more.txt", "harmless")
    git(folder, "switch", "--quiet", "main")
    git(folder, "merge", "--quiet", "--no-ff", "--message", "Merged", "tests")
    git(folder, "branch", "--quiet", "--delete", "tests")
    return rf"git blob .* more\.txt.*{TOLD}"


PLACES = [
    found
    for name, found in sorted(globals().items())
    if name.startswith(("in_", "behind_")) and name != "in_a_picture"
]


@pytest.mark.parametrize("put", PLACES, ids=lambda put: put.__name__)
def test_it_is_found(put, scan, tmp_path):
    expected = put(tmp_path)
    found = "\n".join(map(str, scan.path(tmp_path)))
    assert re.search(expected, found), found


def test_a_harmless_folder_with_a_history_has_no_finding(scan, tmp_path):
    nbformat.write(release(), tmp_path / "lesson.ipynb")
    committed(tmp_path)
    assert scan.path(tmp_path) == []


def test_the_overlay_s_lines_and_secret_are_looked_for(tmp_path, monkeypatch):
    private = tmp_path / "private"
    (private / LESSON.name).mkdir(parents=True)
    (private / "secret.txt").write_text("kuFq0pZ2mBhS6TgXw1\n")
    tests = 'that(answer([-1]) == [-1], "negative numbers stay")\n'
    (private / LESSON.name / "hidden_tests.py").write_text(tests)
    monkeypatch.setattr("grading.release.secret_lines.private_path", lambda root: private)
    search = Scan()
    for text, what in (("seed: kuFq0pZ2mBhS6TgXw1", "secret.txt"), (tests, "hidden_tests.py")):
        (tmp_path / "notes.md").write_text(text)
        (finding,) = search.path(tmp_path / "notes.md")
        assert f"the private overlay, {LESSON.name}/{what}".replace(
            f"{LESSON.name}/secret", "secret"
        ) in str(finding)


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_most_answers_are_found_as_plain_text_too(lesson, scan, tmp_path):
    """A short answer may appear anywhere by chance; in a notebook, its cell shows what it is."""
    found = []
    for cell in source_notebook(lesson).cells:
        if cell.id in lesson.exercises:
            (tmp_path / "notes.txt").write_text(cell.source)
            found.append(bool(scan.path(tmp_path / "notes.txt")))
    assert sum(found) >= 0.8 * len(found), found


# Publishing, with a small edition and the real scan.

HELPERS = "helpers/one.py"
LESSON_FILE, SPANISH_FILE = "notebooks/a/a.ipynb", "notebooks/es/a/a.ipynb"
HARMLESS = nbformat.v4.new_notebook(cells=[bootstrap_cell(LESSON)])
SMALL = {
    edition.MARK: b"an edition",
    LESSON_FILE: f"{nbformat.writes(HARMLESS)}\n".encode(),
    SPANISH_FILE: f"{nbformat.writes(HARMLESS)}\n".encode(),
    HELPERS: b"ONE = 1\n",
    "README.md": b"Start.",
    "pyproject.toml": b"[build-system]\n[project]\nversion = '1'\n[tool.hatch]\n",
}


@pytest.fixture
def small(monkeypatch, scan):
    files = dict(SMALL)
    monkeypatch.setattr(edition, "edition_files", lambda root=ROOT: iter(files.items()))
    monkeypatch.setattr(publish, "Scan", lambda root: scan)
    return files


def files_in(folder):
    paths = (path for path in folder.rglob("*") if path.is_file() and ".git" not in path.parts)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def test_a_folder_is_written_and_the_next_edition_replaces_it(small, tmp_path):
    folder = tmp_path / "students"
    assert publish.publish_folder(folder).what == f"{len(SMALL)} files"
    assert files_in(folder) == SMALL
    del small["README.md"]
    small["LICENSE"] = b"free"
    publish.publish_folder(folder)
    assert files_in(folder) == small
    assert not (folder / ".git").exists()


def test_a_folder_s_notebooks_install_the_same_as_the_course_s_own_and_say_so(small, tmp_path):
    outcome = CliRunner().invoke(app, ["publish", str(tmp_path / "students")])
    assert outcome.exit_code == 0, outcome.output
    said = " ".join(outcome.output.split())
    assert f"its notebooks install {installed_from()}" in said
    assert f"lead students to the whole course, including the answers: {LESSON_FILE}" in said
    assert "with --branch, notebooks install the edition itself" in said


def test_a_folder_of_something_else_is_left_alone(small, tmp_path):
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(FileExistsError, match="other files"):
        publish.publish_folder(tmp_path)
    assert files_in(tmp_path) == {"thesis.tex": b"years of work"}


def test_nothing_is_written_where_the_edition_holds_a_test(small, tmp_path):
    small["helpers/checks/extra.py"] = hidden_tests_path(LESSON).read_bytes()
    with pytest.raises(publish.NotPublished) as refused:
        publish.publish_folder(tmp_path / "students")
    assert TOLD in str(refused.value.findings[0])
    assert not (tmp_path / "students").exists()


def test_a_notebook_that_installs_nothing_is_not_published(small, tmp_path):
    empty = nbformat.writes(nbformat.v4.new_notebook()).encode()
    small[SPANISH_FILE] = empty
    with pytest.raises(BuildError, match=rf"{SPANISH_FILE}: .* run `course build`"):
        publish.publish_folder(tmp_path / "students")


def test_for_a_folder_that_is_a_repository_the_branch_is_named(small, tmp_path):
    git(tmp_path, "init", "--quiet")
    with pytest.raises(BuildError, match="course publish BRANCH --branch"):
        publish.publish_folder(tmp_path)
    assert files_in(tmp_path) == {}


WHEEL = f"https://example.org/a-1-py3-none-any.whl#sha256={'0' * 64}"


@pytest.fixture
def wheel(tmp_path_factory):
    """Return the root of a course whose notebooks install a wheel."""
    root = tmp_path_factory.mktemp("root")
    text = (ROOT / "pyproject.toml").read_text()
    text = text.replace("[tool.course]\n", f'[tool.course]\nwheel = "{WHEEL}"\n')
    (root / "pyproject.toml").write_text(text)
    return root


def test_a_repository_in_the_folder_is_kept_and_its_history_looked_into(small, wheel, tmp_path):
    publish.publish_folder(tmp_path, wheel)
    committed(tmp_path, "README.md", "Older.")
    publish.publish_folder(tmp_path, wheel)
    assert git(tmp_path, "log", "--format=%s") == "a commit"
    committed(tmp_path, "README.md", hidden_tests_path(LESSON).read_text())
    committed(tmp_path, "README.md", "Harmless.")
    before = files_in(tmp_path)
    with pytest.raises(publish.NotPublished):
        publish.publish_folder(tmp_path, wheel)
    assert files_in(tmp_path) == before


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """Return a repository with an instructor's history and with uncommitted work."""
    for name, value in (("NAME", "A"), ("EMAIL", "a@b.c")):
        monkeypatch.setenv(f"GIT_AUTHOR_{name}", value)
        monkeypatch.setenv(f"GIT_COMMITTER_{name}", value)
    committed(tmp_path, "notes.txt", hidden_tests_path(LESSON).read_text())
    (tmp_path / "notes.txt").write_text("half done")
    (tmp_path / ".gitignore").write_text("*.ipynb\n")
    (tmp_path / ".gitattributes").write_text("*.py text eol=crlf\n*.md export-ignore\n")
    git(tmp_path, "add", ".gitignore", ".gitattributes")
    return tmp_path


def commits(repository):
    """Return the commits of a branch, oldest first."""
    return git(repository, "rev-list", "--reverse", "students").split()


def installs(repository, name=LESSON_FILE):
    notebook = git(repository, "show", f"students:{name}")
    return address_in(nbformat.reads(notebook, as_version=4))


def archive(commit):
    return f"https://github.com/{addresses().students_repository}/archive/{commit}.zip"


def test_a_branch_has_the_edition_and_none_of_the_history(small, repository):
    status = git(repository, "status", "--porcelain")
    published = publish.publish_branch("students", repository)
    assert git(repository, "rev-parse", "students") == published.what
    assert set(git(repository, "ls-tree", "-r", "--name-only", "students").split()) == set(SMALL)
    assert git(repository, "show", f"students:{HELPERS}") == "ONE = 1"
    assert git(repository, "status", "--porcelain") == status
    assert git(repository, "branch", "--show-current") == "main"


def test_notebooks_of_a_branch_install_the_edition_at_the_commit_before(small, repository):
    published = publish.publish_branch("students", repository)
    first, second = commits(repository)
    assert second == published.what
    assert published.installs == archive(first)
    assert installs(repository) == installs(repository, SPANISH_FILE) == archive(first)
    in_first = git(repository, "ls-tree", "-r", "--name-only", first).split()
    assert set(in_first) == set(SMALL) - {LESSON_FILE, SPANISH_FILE}
    assert published.leading == []


def test_a_second_time_there_is_nothing_to_commit(small, repository):
    publish.publish_branch("students", repository)
    before = commits(repository)
    assert publish.publish_branch("students", repository).what == ""
    assert commits(repository) == before


def test_a_change_of_prose_is_one_commit_and_what_is_installed_stays(small, repository):
    publish.publish_branch("students", repository)
    first, second = commits(repository)
    small["README.md"] = b"Start here."
    publish.publish_branch("students", repository)
    assert commits(repository)[:2] == [first, second]  # so that students can pull
    assert len(commits(repository)) == 3
    assert installs(repository) == archive(first)


@pytest.mark.parametrize(
    ("name", "content"),
    [(HELPERS, b"ONE = 2\n"), ("pyproject.toml", SMALL["pyproject.toml"].replace(b"1", b"2"))],
)
def test_a_change_of_what_is_installed_is_two_commits(small, repository, name, content):
    publish.publish_branch("students", repository)
    old = installs(repository)
    small[name] = content
    publish.publish_branch("students", repository)
    assert len(commits(repository)) == 4
    third = commits(repository)[2]
    assert installs(repository) == archive(third)
    # The notebooks of the third commit install the code that they were written for.
    notebook = nbformat.reads(git(repository, "show", f"{third}:{LESSON_FILE}"), as_version=4)
    assert address_in(notebook) == old
    assert git(repository, "show", f"{third}:{name}") == content.decode().strip()


def test_a_commit_outside_the_branch_is_not_installed(small, repository):
    """For example, a branch was squashed, or a notebook names a commit of another branch."""
    publish.publish_branch("students", repository)
    tree = git(repository, "rev-parse", "students^{tree}")
    git(
        repository,
        "update-ref",
        "refs/heads/students",
        git(repository, "commit-tree", tree, "-m", "x"),
    )
    publish.publish_branch("students", repository)
    squashed, first, _ = commits(repository)
    assert installs(repository) == archive(first)
    assert git(repository, "rev-parse", f"{first}^") == squashed


def test_where_a_wheel_is_set_a_branch_s_notebooks_install_that(small, wheel, repository):
    published = publish.publish_branch("students", repository, wheel)
    assert commits(repository) == [published.what]
    assert installs(repository) == published.installs == WHEEL


def test_a_branch_that_is_checked_out_is_left_alone(small, repository, tmp_path_factory):
    publish.publish_branch("students", repository)
    small["README.md"] = b"Start here."
    place = tmp_path_factory.mktemp("seen") / "students"
    git(repository, "worktree", "add", "--quiet", place, "students")
    with pytest.raises(RuntimeError, match=f"students is checked out in {place}"):
        publish.publish_branch("students", repository)
    assert git(place, "status", "--porcelain") == ""


def test_a_branch_whose_history_holds_a_test_is_refused(small, repository):
    before = git(repository, "rev-parse", "main")
    git(repository, "switch", "--quiet", "--detach")
    with pytest.raises(publish.NotPublished):
        publish.publish_branch("main", repository)
    assert git(repository, "rev-parse", "main") == before
    with pytest.raises(RuntimeError, match="git check-ref-format"):
        publish.publish_branch("no..branch", repository)


def test_the_commands_say_what_they_found(small, tmp_path):
    small["helpers/extra.py"] = hidden_tests_path(LESSON).read_bytes()
    refused = CliRunner().invoke(app, ["publish", str(tmp_path / "students")])
    assert refused.exit_code == 2
    said = " ".join(refused.output.split())
    assert "helpers/extra.py: holds a line of a hidden test" in said
    assert "not published" in said


def test_a_link_among_the_course_s_files_is_not_followed(tmp_path):
    (tmp_path / "helpers").mkdir()
    (tmp_path / "helpers" / "key.py").symlink_to(hidden_tests_path(LESSON))
    with pytest.raises(RuntimeError, match=r"helpers/key\.py is a link"):
        edition._tracked(tmp_path, "helpers")


def test_files_that_git_does_not_know_are_left_out_and_named(tmp_path):
    (tmp_path / "helpers").mkdir()
    committed(tmp_path, "helpers/known.py", "KNOWN = 1\n")
    (tmp_path / "helpers" / "mine.py").write_text("MINE = 1\n")
    assert [path.name for path in edition._tracked(tmp_path, "helpers")] == ["known.py"]
    assert edition.unknown_to_git(tmp_path) == ["helpers/mine.py"]


def with_settings(folder, **settings):
    folder.mkdir(exist_ok=True)
    lines = "".join(f'{name} = "{value}"\n' for name, value in settings.items())
    (folder / "pyproject.toml").write_text(f"[tool.course]\n{lines}")
    return folder


def test_badges_lead_to_the_students_edition_of_the_fork(tmp_path):
    badge = colab_badge(LESSON, with_settings(tmp_path, repository="ada/nlp"))
    assert f"/github/ada/nlp-students/blob/main/notebooks/{LESSON.name}/" in badge
    settings = {"repository": "ada/nlp", "students_repository": "uni/lab", "students_branch": "v2"}
    badge = colab_badge(LESSON, with_settings(tmp_path, **settings))
    assert f"/github/uni/lab/blob/v2/notebooks/{LESSON.name}/" in badge


def test_links_of_nbgitpuller_fetch_the_edition_and_open_the_notebook(tmp_path):
    settings = {"repository": "ada/nlp", "hub": "https://hub.example.edu/"}
    where = addresses(with_settings(tmp_path, **settings))
    link = urlsplit(where.on_hub("notebooks/es/01/01.ipynb"))
    assert (link.netloc, link.path) == ("hub.example.edu", "/hub/user-redirect/git-pull")
    assert parse_qs(link.query) == {
        "repo": ["https://github.com/ada/nlp-students"],
        "branch": ["main"],
        "urlpath": ["lab/tree/nlp-students/notebooks/es/01/01.ipynb"],
    }
    assert where.on_hub("a b.ipynb").endswith("nlp-students%2Fa%20b.ipynb")
    table = edition.lessons_table(where)
    assert table.count("/hub/user-redirect/git-pull?") == len(LESSONS)
    assert "| hub |" in table
    with pytest.raises(ValueError, match=r"tool\.course\.hub"):
        addresses(with_settings(tmp_path, repository="ada/nlp")).on_hub("a.ipynb")


def test_files_that_lead_students_to_the_whole_course_are_named(tmp_path):
    where = addresses()
    for name, address in (
        ("a.md", where.students_repository),
        ("b.md", f"{where.repository}/blob/main"),
        ("c.md", f"{where.repository.upper()}.git"),
    ):
        (tmp_path / name).write_text(f"https://github.com/{address}")
    assert edition.leads_to_the_whole(tmp_path) == ["b.md", "c.md"]
