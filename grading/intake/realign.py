"""Match a submitted notebook to its release, whatever editors and students did to it.

Colab, VS Code and text editors drop metadata and cell ids; students delete, copy and move cells.
Realignment restores the release's structure: every cell of the release is in its place, graded
cells contain the student's answer, and everything else that the student wrote is kept after the
cell that it followed. If a student has rewritten a cell that is neither an answer nor a test, it is
there twice: as released, then as the student wrote it.
"""

from __future__ import annotations

import copy
import re
from collections import deque
from collections.abc import Callable

import nbformat
from nbformat import NotebookNode

from grading.intake.names import told
from grading.intake.notebooks import Refused, pictures_of
from grading.intake.parts import own_parts, parts, same_code, setting, tree_of
from grading.intake.texts import listed

LESSON_ONLY = "lesson-only"
"""Tag of cells that train, compute or draw only for the lesson, and of cells that depend on them.

They take minutes, and no answer needs their results. So grading runs only their imports and
definitions, including those that the student has added. The first cell has this tag, too, because
nothing is installed during grading.
"""
# No part of this pattern searches beyond the place where the next match could begin. Otherwise a
# cell with a million "<" would take very long.
_ANY_LANGUAGE = re.compile(r"`[^`]*`|<[^<>]+>|\]\([^()]*\)|^#+ |[●○]|\d+", re.MULTILINE)
_DEFINED = re.compile(r"^(?:def[ \t]+(\w+)[ \t]*\(|(\w+)[ \t]*=[^=])", re.MULTILINE)
Matches = dict[int, int]
"""Maps the index of a release cell to the index of the matching submitted cell."""


def realign(submission: NotebookNode, release: NotebookNode) -> tuple[NotebookNode, list[str]]:
    """Return the submission with the release's structure, and a sentence per fixed graded cell.

    Cells are matched by ``grade_id``, then by cell id, then by content (or the parts of it that
    translations do not change), then by order. An answer in another cell than its own also counts:
    a stub never replaces a name that is defined.
    """
    matches = _match(submission.cells, release.cells)
    behind = _own_cells(len(submission.cells), matches)
    cells = [_own(submission.cells[index], index) for index in behind.get(-1, [])]
    notes = _duplicates(submission.cells, release.cells, matches)
    for index, original in enumerate(release.cells):
        found = matches.get(index)
        cell = _restored(original, None if found is None else submission.cells[found])
        elsewhere = _answer_elsewhere(original, found, submission.cells)
        if elsewhere is not None:
            later = min((matches[i] for i in matches if i > index), default=elsewhere)
            other = submission.cells[elsewhere].source
            cell.source = _with_answer(cell, original, other, has_run=elsewhere < later)
            notes.append(f"the answer to {_grade_id(original)} is in another cell than its own")
        elif found is None and _grade_id(original):
            notes.append(f"cell {_grade_id(original)} was missing; the release's cell replaces it")
        cells.append(cell)
        if found is not None and _is_rewritten(original, submission.cells[found]):
            cells.append(_own(submission.cells[found], found))
        cells += [_own(submission.cells[own], own) for own in behind.get(index, [])]
    aligned = copy.deepcopy(release)
    aligned.cells = cells
    return aligned, notes


def refuse_another_assignment(submission: NotebookNode, release: NotebookNode, name: str) -> None:
    """Refuse a notebook of another assignment, whose answers would all count as missing.

    Raises
    ------
    Refused
        If it has graded cells, but none of them is in the release.
    """
    found, wanted = (
        [own for cell in notebook.cells if (own := _grade_id(cell))]
        for notebook in (submission, release)
    )
    if found and wanted and not set(found) & set(wanted):
        raise Refused(
            f"{name} is the notebook of another assignment: its graded cells are "
            f"{listed([told(cell) for cell in found])}, and "
            "none belongs to this one; replace it by the right notebook, and grade again"
        )


def _match(submitted: list[NotebookNode], released: list[NotebookNode]) -> Matches:
    matches: Matches = {}
    for feature in (_grade_id, _cell_id, _content, _defined_name, _marks):
        _match_by(feature, submitted, released, matches)
    _match_by_order(submitted, released, matches, lambda cell: bool(_grade_id(cell)))
    _match_by_order(submitted, released, matches, _is_story)
    return matches


def _match_by(
    feature: Callable[[NotebookNode], object],
    submitted: list[NotebookNode],
    released: list[NotebookNode],
    matches: Matches,
) -> None:
    """Match unmatched cells with the same feature: the first with the first, and so on."""
    taken = set(matches.values())
    waiting: dict[object, deque[int]] = {}
    for index, cell in enumerate(submitted):
        value = None if index in taken else feature(cell)
        if value is not None:
            waiting.setdefault(value, deque()).append(index)
    for index, cell in enumerate(released):
        if index not in matches and (same := waiting.get(feature(cell))):
            matches[index] = same.popleft()


def _match_by_order(
    submitted: list[NotebookNode],
    released: list[NotebookNode],
    matches: Matches,
    wanted: Callable[[NotebookNode], bool],
) -> None:
    """Match the remaining cells between two matched ones: e.g. an answer that replaced its stub."""
    for index, cell in enumerate(released):
        if index in matches or not wanted(cell):
            continue
        before = max((matches[i] for i in matches if i < index), default=-1)
        after = min((matches[i] for i in matches if i > index), default=len(submitted))
        taken = set(matches.values())
        gap = (i for i in range(before + 1, after) if i not in taken)
        found = next((i for i in gap if submitted[i].cell_type == cell.cell_type), None)
        if found is not None:
            matches[index] = found


def _grade_id(cell: NotebookNode) -> str | None:
    metadata = cell.metadata.get("nbgrader")
    name = metadata.get("grade_id") if isinstance(metadata, dict) else None
    return name if isinstance(name, str) else None


def _cell_id(cell: NotebookNode) -> str | None:
    name = cell.get("id")
    return name if isinstance(name, str) else None


def _content(cell: NotebookNode) -> tuple[str, str] | None:
    text = " ".join(cell.source.split())
    return (cell.cell_type, text) if text else None


def _defined_name(cell: NotebookNode) -> str | None:
    """Return the first function or variable that a code cell defines at its top level."""
    if cell.cell_type != "code":
        return None
    found = _DEFINED.search(cell.source)
    return found and (found[1] or found[2])


def _marks(cell: NotebookNode) -> tuple[str, ...] | None:
    """Return the parts of a Markdown cell that no translation changes: code, links, numbers."""
    marks = tuple(_ANY_LANGUAGE.findall(cell.source)) if cell.cell_type == "markdown" else ()
    return marks if len(marks) > 2 else None  # two or fewer might also fit another cell


def _own_cells(count: int, matches: Matches) -> dict[int, list[int]]:
    """Return which unmatched submitted cells follow which release cell (-1: before all cells)."""
    release_of = {found: index for index, found in matches.items()}
    behind: dict[int, list[int]] = {}
    anchor = -1
    for index in range(count):
        if index in release_of:
            anchor = release_of[index]
        else:
            behind.setdefault(anchor, []).append(index)
    return behind


def _duplicates(
    submitted: list[NotebookNode], released: list[NotebookNode], matches: Matches
) -> list[str]:
    graded = {_grade_id(cell) for cell in released} - {None}
    kept = set(matches.values())
    doubled = [
        _grade_id(cell)
        for index, cell in enumerate(submitted)
        if index not in kept and _grade_id(cell) in graded
    ]
    return [
        f"cell {name} is there more than once; the first counts" for name in dict.fromkeys(doubled)
    ]


def _restored(original: NotebookNode, found: NotebookNode | None) -> NotebookNode:
    """Return the release's cell with the student's source, unless it is locked or missing."""
    cell = copy.deepcopy(original)
    if LESSON_ONLY in original.metadata.get("tags", []):
        cell.source = definitions(original.source)
        if found is not None:
            cell.source = "\n".join([cell.source, *own_parts(found.source, original.source)])
    elif found is not None and not (_is_locked(original) or _is_rewritten(original, found)):
        cell.source = found.source
        _take_pictures(cell, found)
    return cell


def _is_rewritten(original: NotebookNode, found: NotebookNode) -> bool:
    """Tell whether a student has changed the code of a cell that is neither an answer nor a test.

    Then the release's cell is run, because later answers need its names, and then the student's.
    """
    if not _is_story(original) or _content(found) == _content(original):
        return False
    # `same_code` ignores magics, but a magic may stop the cell, so it counts as a change.
    return tree_of(found.source) is None or not same_code(found.source, original.source)


def _is_story(cell: NotebookNode) -> bool:
    """Tell whether a cell of the release is code that grading runs but not an answer or a test."""
    marks = cell.metadata.get("nbgrader", {})
    named = any(marks.get(mark) for mark in ("solution", "grade", "locked"))
    lesson_only = LESSON_ONLY in cell.metadata.get("tags", [])
    return cell.cell_type == "code" and not named and not lesson_only


def _is_locked(cell: NotebookNode) -> bool:
    return cell.metadata.get("nbgrader", {}).get("locked", False)


def _answer_elsewhere(
    original: NotebookNode, found: int | None, submitted: list[NotebookNode]
) -> int | None:
    """Return which submitted cell contains the answer, if the answer's own cell does not."""
    name = _grade_id(original)
    marks = original.metadata.get("nbgrader", {})
    if not name or original.cell_type != "code" or not marks.get("solution"):
        return None

    def answers(cell: NotebookNode) -> bool:
        return (
            cell.cell_type == "code"
            and not same_code(cell.source, original.source)
            and bool(setting(cell.source, name))
        )

    if found is not None and answers(submitted[found]):
        return None
    others = (index for index, cell in enumerate(submitted) if index != found and answers(cell))
    return max(others, default=None)  # the last one, as if all cells were run in order


def _with_answer(cell: NotebookNode, original: NotebookNode, other: str, has_run: bool) -> str:
    """Return the code to run in place of an answer that is in another cell.

    A variable may take minutes to compute: if the other cell has run already, it is not repeated.
    """
    own = [] if same_code(cell.source, original.source) else [cell.source]
    made = [] if has_run else setting(other, _grade_id(original) or "")
    lines = ["# The answer is in another cell.", *own, *parts(other), *made]
    return "\n".join(dict.fromkeys(lines))


def _take_pictures(cell: NotebookNode, found: NotebookNode) -> None:
    """Copy the pictures that a student has pasted into a Markdown cell."""
    pictures = pictures_of(found.get("attachments")) if cell.cell_type == "markdown" else {}
    if pictures:
        cell.attachments = nbformat.from_dict(cell.get("attachments", {}) | pictures)


def definitions(source: str) -> str:
    """Return only the imports, functions and classes at a cell's top level."""
    kept = parts(source, constants=False)
    return "\n".join(["# Only for the lesson: not run when graded.", *kept])


def _own(cell: NotebookNode, position: int) -> NotebookNode:
    """Return a cell that the student added, without metadata, which might affect the grading."""
    is_code = cell.cell_type == "code"
    make: Callable[..., NotebookNode] = (
        nbformat.v4.new_code_cell if is_code else nbformat.v4.new_markdown_cell
    )
    own = make(cell.source, id=f"own-{position:03d}")
    _take_pictures(own, cell)
    return own
