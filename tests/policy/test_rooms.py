"""The rooms of grading/: each imports only from rooms below it, and a box is given one of them."""

import ast
import re
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from grading.paths import ROOT
from grading.sandbox.contents import shared_paths

# From the top floor down, as in grading/README.md.
ROOMS = (
    "cli",
    "batch",
    "steps",
    "proof",
    "records",
    "judging",
    "release",
    "sandbox",
    "inside",
    "intake",
    "settings",
    "paths",
)
# Rooms of so many files that README says what each one does.
DESCRIBED = ("intake", "judging", "records", "sandbox", "steps", "release")
# What hidden tests import. No room imports these: they only pass on what rooms define.
FACES = ("testing", "standins", "predictions")


def modules():
    """Return the path of each module of grading/, by its name below the package."""
    folder = ROOT / "grading"
    paths = (path.relative_to(folder) for path in folder.rglob("*.py"))
    named = {".".join(path.with_suffix("").parts): folder / path for path in paths}
    return {name.removesuffix(".__init__"): path for name, path in named.items()}


def imports_of(source, known):
    """Return the modules of grading/ that a source imports, at its top or within a function."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "an import names the whole path"
            # What is imported may be a module or something in one.
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    inner = {name.removeprefix("grading.") for name in found if name.startswith("grading.")}
    return {name if name in known else name.rpartition(".")[0] for name in inner} - {""}


def graph():
    """Return the modules that each module imports."""
    known = modules()
    return {name: imports_of(path.read_text(), known) for name, path in known.items()}


def upward(imports):
    """Return the imports that lead to a room above, or to a public face."""
    floor = {room: number for number, room in enumerate(ROOMS)}
    wrong = []
    for name, targets in imports.items():
        room = name.partition(".")[0]
        for target in targets:
            below = target.partition(".")[0]
            if below in FACES or (room in floor and floor[below] < floor[room]):
                wrong.append(f"{name} imports {target}")
    return wrong


def circle(imports):
    """Return the modules that import each other in a circle, or nothing."""
    try:
        list(TopologicalSorter(imports).static_order())
    except CycleError as error:
        return error.args[1]
    return []


def test_every_module_belongs_to_a_room():
    rooms = {name.partition(".")[0] for name in modules()}
    assert rooms == {*ROOMS, *FACES, "__init__"}


def test_readme_lists_the_rooms_from_the_top_floor_down():
    _, table = (ROOT / "grading" / "README.md").read_text().split("## Rooms\n")
    rows = re.findall(r"^\| (`.+?`) \|", table.split("\n## ")[0], re.MULTILINE)
    listed = [name for row in rows for name in re.findall(r"`(\w+)(?:/|\.py)`", row)]
    assert tuple(listed) == ROOMS


@pytest.mark.parametrize("room", DESCRIBED)
def test_readme_says_what_each_file_of_a_room_does(room):
    text = (ROOT / "grading" / "README.md").read_text()
    (line,) = re.findall(rf"^- `{room}/`: (.+)$", text, re.MULTILINE)
    there = {path.name for path in (ROOT / "grading" / room).glob("[!_]*.py")}
    assert set(re.findall(r"`(\w+\.py)`", line)) == there


def test_rooms_import_only_downwards():
    assert upward(graph()) == []


def test_no_modules_import_each_other_in_a_circle():
    assert circle(graph()) == []


def test_what_is_inside_imports_nothing_of_grading_but_itself():
    for name, targets in graph().items():
        if name.partition(".")[0] == "inside":
            assert {target.partition(".")[0] for target in targets} <= {"inside"}, name


def test_a_box_is_given_exactly_the_room_inside():
    package = ROOT / "grading"
    given = [Path(path) for path in shared_paths() if Path(path).is_relative_to(package)]
    assert given == [package / "inside"]
    # Nothing that holds the package is given either.
    assert not [path for path in shared_paths() if package.is_relative_to(path)]


@pytest.mark.parametrize(
    "source",
    [
        "from grading.judging.session import grade",
        "from grading.judging import session",
        "import grading.judging.session",
        "def late():\n    from grading.judging.session import grade",
    ],
)
def test_an_upward_import_is_found_however_it_is_written(source):
    known = {"judging.session": None, "judging": None, "intake.realign": None}
    found = imports_of(source, known)
    assert found == {"judging.session"}
    assert upward({"intake.realign": found}) == ["intake.realign imports judging.session"]
    assert upward({"records.receipts": found}) == []


def test_a_circle_is_found_within_a_room_and_between_rooms():
    assert circle({"release.build": {"release.languages"}, "release.languages": {"release.build"}})
    assert not circle({"release.build": {"release.languages"}, "release.languages": set()})


def test_a_room_may_not_import_a_public_face():
    assert upward({"batch.pool": {"testing"}}) == ["batch.pool imports testing"]
