"""What visitors and contributors meet: README, workflows, forms, citation, changelog."""

import json
import re
import runpy
import subprocess
import sys
import tomllib

import pytest
import yaml

from grading.paths import ROOT
from helpers.lessons import LESSONS

GITHUB = ROOT / ".github"
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))
ACTIONS = sorted((GITHUB / "actions").glob("*/action.yml"))
CONFIG = GITHUB / "ISSUE_TEMPLATE" / "config.yml"
FORMS = sorted(path for path in CONFIG.parent.glob("*.yml") if path != CONFIG)
PAGES = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "RELEASING.md", "SECURITY.md")
PICTURE = re.compile(r"!\[(.+?)\]\((docs/[^)\s]+)\)", re.S)
LINK = re.compile(r"\]\((?!https?:)([^)#\s]+)(?:#([^)\s]+))?\)")
MOST_WORDS = 1400


def text_of(name):
    return (ROOT / name).read_text(encoding="utf-8")


def project():
    return tomllib.loads(text_of("pyproject.toml"))["project"]


def workflow(path):
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def test_readme_is_short():
    assert len(text_of("README.md").split()) <= MOST_WORDS


def test_readme_shows_three_small_pictures_with_alternative_texts():
    pictures = PICTURE.findall(text_of("README.md"))
    assert len(pictures) == 3
    for alternative, name in pictures:
        assert len(alternative) > 60
        assert 5_000 < (ROOT / name).stat().st_size < 150_000, name


def test_readme_names_the_two_commands():
    readme = text_of("README.md")
    assert re.search(r"^make demo +# ", readme, re.M)
    assert re.search(r"^make test +# ", readme, re.M)


@pytest.mark.parametrize("people", ["students", "instructors", "maintainers"])
def test_readme_has_five_lines_for_each_kind_of_people(people):
    (section,) = re.findall(rf"(?ms)^## For {people}\n(.*?)^## ", text_of("README.md"))
    assert section.count("\n- ") == 5


@pytest.mark.parametrize("name", [*PAGES, "CODE_OF_CONDUCT.md"])
def test_links_of_a_page_lead_to_files_of_the_repository(name):
    for target, anchor in LINK.findall(text_of(name)):
        path = ROOT / target
        assert path.exists(), f"{name}: {target}"
        if anchor:
            headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.M)
            names = {re.sub(r"[^\w -]", "", h).strip().lower().replace(" ", "-") for h in headings}
            assert anchor in names, f"{name}: {target}#{anchor}"


def test_the_picture_of_a_check_shows_what_the_check_says_today():
    drawing = runpy.run_path(str(ROOT / "docs" / "figures" / "draw.py"))
    shown = drawing["drawn_from"](ROOT / "docs" / "figures" / "check.png")
    assert shown == drawing["hash_of"](drawing["check_page"]()), "run `make pictures`"


SCHEMAS = {
    "vendor.github-workflows": WORKFLOWS,
    "vendor.github-actions": ACTIONS,
    "vendor.github-issue-forms": FORMS,
    "vendor.github-issue-config": [CONFIG],
    "vendor.citation-file-format": [ROOT / "CITATION.cff"],
}


@pytest.mark.parametrize("schema", SCHEMAS)
def test_files_that_others_read_are_of_their_schema(schema):
    files = SCHEMAS[schema]
    assert files
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, *files]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert found.returncode == 0, found.stdout + found.stderr


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_has_few_rights_and_a_time_limit(path):
    read = workflow(path)
    assert read["permissions"] == {"contents": "read"}
    for name, job in read["jobs"].items():
        assert 0 < job["timeout-minutes"] <= 180, name
        written = {right for right, kind in job.get("permissions", {}).items() if kind == "write"}
        assert written <= {"pages", "id-token", "contents", "issues"}, name
        assert not written or "checkout" not in str(job), f"{name} runs code with rights to write"
    if path.name != "pin.yml":
        assert read["concurrency"]["group"]


@pytest.mark.parametrize("path", [*WORKFLOWS, *ACTIONS], ids=lambda path: path.parent.name)
def test_actions_of_others_are_pinned_by_commit_with_their_version(path):
    for line in path.read_text(encoding="utf-8").splitlines():
        if used := re.search(r"uses: (\S+)(.*)", line):
            local = used[1].startswith("./")
            pinned = re.fullmatch(r"[\w.-]+/[\w.-]+@[0-9a-f]{40}", used[1])
            assert local or (pinned and re.fullmatch(r" # v\d+\.\d+\.\d+", used[2])), line


def test_what_installs_the_course_installs_torch_without_cuda_first():
    assert "make setup-cpu" in ACTIONS[0].read_text()
    for path in WORKFLOWS:
        installs = re.findall(r"make (?!setup-cpu)|requirement newest", path.read_text())
        if installs:
            assert re.search(r"actions/setup\n|whl/cpu", path.read_text()), path.name


def test_a_job_runs_each_folder_of_tests():
    read = workflow(GITHUB / "workflows" / "tests.yml")
    commands = " ".join(
        job["command"] for job in read["jobs"]["tests"]["strategy"]["matrix"]["include"]
    )
    folders = {path.parent.name for path in (ROOT / "tests").glob("*/test_*.py")}
    assert set(re.findall(r"tests/(\w+)", commands)) == folders


def test_the_form_for_lessons_lists_all_of_them():
    (which,) = [
        one
        for one in workflow(GITHUB / "ISSUE_TEMPLATE" / "lesson.yml")["body"]
        if one["id"] == "lesson"
    ]
    assert which["attributes"]["options"] == [f"{one.number}: {one.title}" for one in LESSONS]


def test_citation_is_of_the_version_and_the_authors_of_the_project():
    citation = yaml.safe_load(text_of("CITATION.cff"))
    assert citation["version"] == project()["version"]
    assert citation["title"] in text_of("README.md").splitlines()[0]
    (author,) = citation["authors"]
    assert author["name"] in text_of("LICENSE")


def test_changelog_keeps_to_its_form():
    headings = re.findall(r"^## (.+)$", text_of("CHANGELOG.md"), re.M)
    assert headings[0] == "[Unreleased]"
    for heading in headings[1:]:
        assert re.fullmatch(r"\[\d+\.\d+\.\d+\] - \d{4}-\d\d-\d\d", heading)
    kinds = set(re.findall(r"^### (.+)$", text_of("CHANGELOG.md"), re.M))
    assert kinds <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


CHANGELOG = """# Changelog

## [Unreleased]

## [0.2.0] - 2030-01-31

- More.

## [0.1.0] - 2029-01-31
"""


@pytest.mark.parametrize(
    ("tag", "citation", "changelog", "problems"),
    [
        ("v0.2.0", "version: 0.2.0\n", CHANGELOG, 0),
        ("0.2.0", "version: 0.2.0\n", CHANGELOG, 1),
        ("v0.2.0", "version: 0.1.0\n", CHANGELOG, 1),
        ("v0.2.0", "version: 0.2.0\n", "## [0.2.0]\n\n- No date.\n", 1),
    ],
)
def test_a_release_needs_one_version_everywhere(tag, citation, changelog, problems):
    release = runpy.run_path(str(ROOT / ".ci" / "dist.py"))
    settings = '[project]\nversion = "0.2.0"\n'
    found = release["version_problems"](tag, settings, citation, changelog)
    assert len(found) == problems


def test_release_notes_are_the_version_s_section():
    release = runpy.run_path(str(ROOT / ".ci" / "dist.py"))
    assert release["notes"](CHANGELOG, "0.2.0") == "- More."
    assert release["notes"](CHANGELOG, "0.3.0") == ""


def test_the_canary_asks_for_no_version_and_keeps_extras_and_markers():
    canary = runpy.run_path(str(ROOT / ".ci" / "newest.py"))
    assert (
        canary["unpinned"]("a[b]==1.2; sys_platform == 'linux'") == "a[b]; sys_platform == 'linux'"
    )
    requirements = canary["newest"]()
    assert {"torch", "transformers", "nbgrader", "pytest"} <= set(requirements)
    assert not [one for one in requirements if re.search(r"==\d", one)]


def test_containers_install_the_pinned_releases():
    container = json.loads(text_of(".devcontainer/devcontainer.json"))
    assert container["postCreateCommand"] == "make setup-cpu"
    assert "--constraint constraints.txt" in text_of(".binder/postBuild")
    assert (ROOT / ".binder" / "postBuild").stat().st_mode & 0o111
    (python,) = re.findall(r"python=(3\.\d+)", text_of(".binder/environment.yml"))
    assert project()["requires-python"] == f">={python}"
