"""What is printed is printed as it is: rich takes brackets in a name or a message for markup."""

import ast

import pytest

from grading.paths import ROOT

SAFE_CALLS = ("escape", "shown", "shown_lines", "len")


def unescaped(source):
    """Return what a source puts into a text that rich reads as markup, without escaping it.

    Looked at are f-strings that `console.print`, `Table`, `add_row` and `progress.update` are given
    directly. A name that was escaped before is trusted if it is escaped where it is assigned.
    """
    tree = ast.parse(source)
    escaped = {
        target.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and _is_safe(node.value)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    found = []
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        name = call.func.attr if isinstance(call.func, ast.Attribute) else _name(call.func)
        plain = any(
            keyword.arg == "markup" and keyword.value.value is False for keyword in call.keywords
        )
        if name not in ("print", "Table", "add_row", "update") or plain:
            continue
        for argument in [*call.args, *(keyword.value for keyword in call.keywords)]:
            if isinstance(argument, ast.JoinedStr):
                for part in argument.values:
                    if isinstance(part, ast.FormattedValue) and not _is_allowed(part, escaped):
                        found.append(f"line {call.lineno}: {ast.unparse(part.value)}")
    return found


def _name(node):
    return node.id if isinstance(node, ast.Name) else ""


def _is_safe(node):
    """Whether a value has no markup: escaped, counted, or chosen among constants."""
    if isinstance(node, ast.IfExp):
        return _is_safe(node.body) and _is_safe(node.orelse)
    if isinstance(node, ast.Call):
        return _name(node.func) in SAFE_CALLS
    return isinstance(node, ast.Constant)


def _is_allowed(part, escaped):
    # A number is formatted by a specification of its own, which a text would not take.
    number = part.format_spec is not None and ast.unparse(part.format_spec)[-2:-1] in "dfg%"
    return number or _is_safe(part.value) or _name(part.value) in escaped


# Numbers, and what is printed by `print`, which knows no markup.
NUMBERS = {"changed", "count", "waiting", "'s' * (runs > 1)", "runs", "pages / 'index.html'"}


@pytest.mark.parametrize("path", sorted((ROOT / "grading").rglob("*.py")), ids=lambda p: p.stem)
def test_values_are_escaped_where_they_are_printed(path):
    found = [one for one in unescaped(path.read_text()) if one.partition(": ")[2] not in NUMBERS]
    assert found == []


def test_a_value_that_is_not_escaped_is_found():
    assert unescaped('console.print(f"[red]no[/red] {error}")') == ["line 1: error"]
    assert unescaped('console.print(f"[red]no[/red] {escape(error)}")') == []
    assert unescaped('console.print(f"{error}", markup=False)') == []
    assert unescaped('what = escape(error)\nconsole.print(f"{what}")') == []
