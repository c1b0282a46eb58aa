"""What holds for every notebook and for the repository as a whole."""

import ast
import base64
import importlib.metadata
import io
import re
import runpy
import statistics
import subprocess
import sys
import tokenize
import tomllib
from pathlib import Path

import nbformat
import pytest
import yaml
from packaging.specifiers import SpecifierSet
from PIL import Image

from benchmarks import record
from grading.paths import ROOT, release_path, solution_path
from grading.release.languages import LANGUAGES, translated_path
from grading.release.readme import PICTURE, lessons_table, picture, tables
from grading.release.source import source_notebook
from helpers.checks.core import run_check
from helpers.lessons import LESSONS

MEGABYTE = 1_000_000
each_lesson = pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def story_cells(notebook):
    """Return the code cells that tell the story: all but those of exercises."""
    return [cell for cell in code_cells(notebook) if "nbgrader" not in cell.metadata]


def tracked_files():
    listing = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [ROOT / name for name in listing.stdout.split("\0") if name]


@each_lesson
def test_badge_points_at_the_notebook_s_own_path(lesson):
    for path in (solution_path(lesson), release_path(lesson)):
        text = nbformat.read(path, as_version=4).cells[0].source
        (target,) = re.findall(
            r"colab\.research\.google\.com/github/[^/]+/[^/]+/blob/main/(\S+)\)", text
        )
        assert ROOT / target == release_path(lesson)


def test_the_repository_is_named_in_one_setting():
    """Elsewhere the build puts it: in badges, and into the first cell of each notebook."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    repository = settings["tool"]["course"]["repository"]
    expected = {ROOT / "pyproject.toml": 1, ROOT / "README.md": lessons_table().count(repository)}
    for lesson in LESSONS:
        editions = [translated_path(lesson, language) for language in LANGUAGES]
        paths = [solution_path(lesson), release_path(lesson), *editions]
        expected |= dict.fromkeys(paths, 2)
    texts = [path for path in tracked_files() if path.suffix != ".parquet"]
    named = {path: path.read_bytes().count(repository.encode()) for path in texts}
    assert {path: count for path, count in named.items() if count} == expected


@each_lesson
def test_every_figure_has_alternative_text(lesson):
    outputs = [
        output
        for cell in code_cells(nbformat.read(solution_path(lesson), as_version=4))
        for output in cell.outputs
        if "image/png" in output.get("data", {})
    ]
    assert outputs, "a lesson must show figures"
    for output in outputs:
        assert len(output.metadata["image/png"]["alt"]) > 20
        assert re.search(r'<img alt="[^"]{20,}"', output.data["text/html"])


@each_lesson
def test_figures_have_a_background_of_their_own(lesson):
    """On a dark page the black text of a transparent figure could not be read."""
    for cell in code_cells(nbformat.read(solution_path(lesson), as_version=4)):
        for output in cell.outputs:
            if "image/png" in output.get("data", {}):
                png = io.BytesIO(base64.b64decode(output.data["image/png"]))
                corner = Image.open(png).convert("RGBA").getpixel((0, 0))
                assert min(corner) > 240, cell.id


@each_lesson
def test_code_cells_are_short(lesson):
    release = nbformat.read(release_path(lesson), as_version=4)
    assert max(len(cell.source.splitlines()) for cell in code_cells(release)) <= 25
    lengths = [len(cell.source.splitlines()) for cell in story_cells(release)]
    assert statistics.median(lengths) <= 5


@each_lesson
def test_executed_notebook_is_small(lesson):
    assert solution_path(lesson).stat().st_size < 1.5 * MEGABYTE


@each_lesson
def test_exercises_and_points_are_those_of_the_registry(lesson):
    cells = {cell.id: cell for cell in source_notebook(lesson).cells}
    for exercise, points in lesson.exercises.items():
        written = exercise.startswith("written_")
        graded = cells[exercise if written else f"test_{exercise}"]
        assert graded.metadata.nbgrader.points == points
        if written:
            assert graded.cell_type == "markdown"
        else:
            assert graded.source == f'check("{exercise}")'
            assert cells[exercise].metadata.nbgrader.solution
    all_graded = [c for c in cells.values() if c.metadata.get("nbgrader", {}).get("grade")]
    assert len(all_graded) == len(lesson.exercises)


@each_lesson
def test_check_is_directly_below_its_exercise(lesson):
    ids = [cell.id for cell in source_notebook(lesson).cells]
    for exercise in lesson.exercises:
        if not exercise.startswith("written_"):
            assert ids.index(f"test_{exercise}") == ids.index(exercise) + 1


@each_lesson
def test_exercise_has_difficulty_minutes_and_hints(lesson):
    cells = source_notebook(lesson).cells
    ids = [cell.id for cell in cells]
    for exercise in lesson.exercises:
        if exercise.startswith("written_"):
            continue
        index = ids.index(exercise)
        while cells[index].cell_type == "code" or "### Exercise" not in cells[index].source:
            index -= 1
        text = cells[index].source
        assert re.search(r"### Exercise \d+\.\d+: .*[●○]{3}.*minutes", text), exercise
        hints = "\n".join(cell.source for cell in cells[index : ids.index(exercise)])
        assert "<summary>Hint 1</summary>" in hints, exercise


@each_lesson
def test_cells_that_show_the_story_are_checked_by_nbval(lesson):
    tags = [
        tag for cell in code_cells(source_notebook(lesson)) for tag in cell.metadata.get("tags", [])
    ]
    assert tags.count("nbval-check-output") >= 5


@each_lesson
def test_prose_comes_after_at_most_two_code_cells(lesson):
    run = longest = 0
    for cell in source_notebook(lesson).cells:
        if cell.id == "bootstrap":  # it says itself what it does
            continue
        run = run + 1 if cell.cell_type == "code" and "nbgrader" not in cell.metadata else 0
        longest = max(longest, run)
    assert longest <= 2


@each_lesson
def test_folded_blocks_use_html_markup(lesson):
    """Within a block of HTML no Markdown is read: its backticks would be shown."""
    for cell in source_notebook(lesson).cells:
        if cell.cell_type == "markdown":
            for block in re.findall(r"^<details>(.+?)(?:\n\n|\Z)", cell.source, re.M | re.S):
                assert "`" not in block, f"{cell.id}: {block}"


@each_lesson
def test_lesson_says_at_its_beginning_how_many_minutes_the_course_map_gives_it(lesson):
    opening = source_notebook(lesson).cells[0].source
    assert f"bout {lesson.minutes} minutes of reading and exercises" in opening


@each_lesson
def test_lesson_ends_with_recap_questions_and_where_next(lesson):
    closing = "\n".join(cell.source for cell in source_notebook(lesson).cells[-3:]).lower()
    assert re.search(r"## (recap|what you can do now)", closing)
    assert "three quick questions" in closing
    assert closing.count("<summary>answer</summary>") == 3
    assert "where next" in closing


def test_tables_of_readme_and_results_match_notebooks_and_record():
    for path, contents in tables().items():
        text = path.read_text(encoding="utf-8")
        for mark, table in contents.items():
            assert f"<!-- {mark}: begin -->\n{table}\n<!-- {mark}: end -->" in text, path.name


def test_every_score_of_the_record_can_be_compared_with_the_code_as_it_is():
    """Whether it is out of date is for `python -m benchmarks --list` to say, and for a release."""
    figures = record.read()["figures"]
    scores = [name for name, figure in figures.items() if figure["kind"] == "score"]
    assert scores
    assert record.stale().keys() <= set(scores)
    for name in scores:
        assert figures[name]["depends"]["code"], name
        assert figures[name]["depends"]["libraries"] is not None, name


SUMS = re.compile(r"^\|.*\*\*all\*\*.*$", re.MULTILINE)


def test_table_of_attacks_is_what_was_measured():
    text = (ROOT / "docs" / "security.md").read_text()
    _, table = text.split("<!-- attacks: begin -->")
    rows = re.findall(r"^\| (\d+) \| \d+, \d+ \| (.+) \| (.+) \| (.+) \|$", table, re.MULTILINE)
    defended = re.findall(r"^\| (\d+) \| [^|]+ \| [^|]+ \|$", text, re.MULTILINE)
    figures = record.read()["figures"]
    names = ("total", "survived", "survived_nbgrader", "survived_otter")
    measured = [figures[f"grading.attacks_{name}"]["value"] for name in names]
    held = [sum(row[column] == "holds" for row in rows) for column in (1, 2, 3)]
    assert [len(rows), *held] == measured
    meant = [
        figures[f"grading.attacks_meant_{grader}"]["value"] for grader in ("nbgrader", "otter")
    ]
    assert [sum(row[column] != "does not apply" for row in rows) for column in (2, 3)] == meant
    assert [number for number, *_ in rows] == defended


def test_tables_of_grading_accuracy_are_what_was_measured():
    page = (ROOT / "docs" / "grading-accuracy.md").read_text()
    figures = record.read()["figures"]
    sums = [list(map(int, re.findall(r"(?<=\| )\d+(?= [|(])", row))) for row in SUMS.findall(page)]
    listed = [
        page.split(f"<!-- {part}: begin -->")[1].split(f"<!-- {part}: end -->")[0].count("\n- ")
        for part in ("survivors", "equivalents")
    ]
    accepts, rejects, score = (
        figures[f"grading.{name}"] for name in ("false_accepts", "false_rejects", "mutation_score")
    )
    answers, mutants = sums
    assert answers[:4] == [accepts["n"], rejects["n"], accepts["value"], rejects["value"]]
    everything, equivalent, caught, survived = mutants
    assert listed == [survived, equivalent]
    assert caught + survived == everything - equivalent == score["n"]
    assert caught / score["n"] == score["value"]


def test_readme_s_picture_is_the_one_that_the_lesson_shows():
    assert PICTURE.read_bytes() == picture()


def test_readme_quotes_what_the_check_says():
    folder = ROOT / "solutions" / "03_feature_extraction" / "variants" / "mean_pool"
    result = run_check("mean_pool", runpy.run_path(str(folder / "wrong_mask_ignored.py")))
    readme = " ".join((ROOT / "README.md").read_text().split())
    assert f"{result.title} {result.message}](docs/figures/check.png)" in readme


def test_requirements_are_pinned_and_resolve_to_the_constraints():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    groups = [project["dependencies"], *project["optional-dependencies"].values()]
    # A marker may say for which systems a pin is, and brackets what comes with it.
    pins = [
        re.sub(r"\[[\w,]+\]", "", requirement.partition(";")[0])
        for group in groups
        for requirement in group
    ]
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", pin) for pin in pins)
    locked = set((ROOT / "constraints.txt").read_text().splitlines())
    assert {normal(pin) for pin in pins} <= {normal(line) for line in locked}


def normal(pin):
    name, version = pin.split("==")
    return re.sub(r"[-_.]+", "-", name).lower(), version


def test_every_pinned_release_installs_on_the_oldest_python_that_we_promise():
    """One pin that wants a newer Python stops pip with ResolutionImpossible, and names no way out.

    Debian 12 has 3.11.2, so a pin that wants 3.11.5 is as bad as one that wants 3.12.
    """
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    oldest = re.fullmatch(r">=(\d+\.\d+(?:\.\d+)?)", project["requires-python"])[1]
    wanted = {}
    for line in (ROOT / "constraints.txt").read_text().splitlines():
        name, version = line.split("==")
        installed = importlib.metadata.distribution(name)
        assert installed.version.partition("+")[0] == version, f"{name}: run `make setup`"
        wanted[line] = installed.metadata.get("Requires-Python")  # some packages name none
    refused = {
        pin: specifier
        for pin, specifier in wanted.items()
        if specifier and not SpecifierSet(specifier).contains(oldest)
    }
    assert refused == {}, f"these pins do not install on Python {oldest}: choose older releases"


def test_environment_for_conda_has_the_same_pins():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    expected = set(project["dependencies"] + project["optional-dependencies"]["instructor"])
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    (pip,) = [item["pip"] for item in environment["dependencies"] if isinstance(item, dict)]
    assert {line for line in pip if not line.startswith("--")} == expected


def test_nothing_is_downloaded_without_a_pin():
    """A call that fetches from the Hub names a commit, or goes through helpers, which do."""
    fetching = {"load_dataset", "from_pretrained", "snapshot_download", "hf_hub_download"}
    for path in python_sources():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and called_name(node) in fetching:
                keywords = {keyword.arg for keyword in node.keywords}
                # `**request` (None) is built right above the call, with its revision.
                allowed = {"revision", "local_files_only", "data_files", None}
                assert keywords & allowed, f"{path.name}:{node.lineno} is not pinned"


def test_output_is_never_redirected_to_none():
    """Libraries ask `sys.stdout.isatty()`, as transformers does in the releases that Colab has."""
    for path in python_sources():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and called_name(node).startswith("redirect_std"):
                (stream,) = node.args
                none = isinstance(stream, ast.Constant)
                assert not none, f"{path.name}:{node.lineno} prints to None"


def called_name(call):
    function = call.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def python_sources():
    folders = ("helpers", "grading", "solutions", "data")
    return [path for folder in folders for path in (ROOT / folder).rglob("*.py")]


def test_helpers_never_import_grading():
    for path in (ROOT / "helpers").rglob("*.py"):
        assert "grading" not in imported_packages(path), path


def test_grading_imports_only_the_registry_of_helpers():
    for path in (ROOT / "grading").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("helpers"):
                assert node.module == "helpers.lessons", path


def imported_packages(path):
    tree = ast.parse(path.read_text())
    names = [n.module or "" for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)]
    names += [a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names]
    return {name.split(".")[0] for name in names}


def test_types_are_ignored_for_one_kind_of_fault_and_for_a_reason():
    explained = re.compile(r"# type: ignore\[[a-z]+(-[a-z]+)*(, [a-z]+(-[a-z]+)*)*\]  # \S.+")
    for path in (path for path in tracked_files() if path.suffix == ".py"):
        with path.open("rb") as file:
            comments = [
                one for one in tokenize.tokenize(file.readline) if one.type == tokenize.COMMENT
            ]
        for comment in comments:
            if re.match(r"#\s*type:\s*ignore", comment.string):
                assert explained.fullmatch(comment.string), f"{path.name}:{comment.start[0]}"


def test_spelling_is_right():
    """Lessons are read in their sources; pyproject.toml lists what is skipped."""
    found = subprocess.run(
        [sys.executable, "-m", "codespell_lib"], cwd=ROOT, capture_output=True, text=True
    )
    assert found.returncode == 0, found.stdout + found.stderr


def test_nobody_s_private_overlay_is_tracked():
    assert [path for path in tracked_files() if "private" in path.parts] == []
    ignored = ["git", "check-ignore", "--quiet", "private/secret.txt"]
    assert subprocess.run(ignored, cwd=ROOT).returncode == 0


def test_no_tracked_file_is_large():
    assert [path for path in tracked_files() if path.stat().st_size > 3 * MEGABYTE] == []


def test_no_tracked_text_names_a_machine_s_folders():
    pattern = re.compile(r"(?:^|[^\w.])/(?:home|root|work|tmp)/\w")
    texts = {".py", ".md", ".ipynb", ".toml", ".yml", ".json", ".txt"}
    for path in tracked_files():
        if path.suffix in texts and path != Path(__file__).resolve():
            match = pattern.search(path.read_text())
            assert match is None, f"{path}: {match and match[0]}"
