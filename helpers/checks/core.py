"""How a check runs and reports. What each check tries is in the modules of the lessons."""

from __future__ import annotations

import contextlib
import html
import importlib
import io
import re
import sys
import textwrap
import traceback
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from helpers.checks.language import say
from helpers.lessons import lesson_of

_EXAMPLES: dict[str, Callable[[Any], None]] = {}
WIDTH = 80


class Wrong(Exception):
    """The answer is wrong for an example; the text says what was expected and why."""


class NotAttempted(Exception):
    """The stub has not been touched."""


class CheckFailed(Exception):
    """What `check` raises, so that "Run all" stops and nbgrader sees that the cell failed.

    IPython shows the result's own text instead of a traceback, which would only point into the
    check's code. `course status` tells the two kinds of failure apart by the name of the class,
    which notebooks save with their outputs. The text would not do: its language varies.
    """

    def __init__(self, result: CheckResult):
        super().__init__(str(result))
        self.result = result

    def _render_traceback_(self) -> list[str]:
        # JupyterLab breaks the lines of an error anywhere, even within words.
        wrapper = textwrap.TextWrapper(WIDTH, break_long_words=False, break_on_hyphens=False)
        return [wrapper.fill(line) for line in str(self.result).splitlines()]


class CheckNotAttempted(CheckFailed):
    """What `check` raises if there is no answer yet."""


@dataclass(frozen=True)
class CheckResult:
    """What a check found: a rich card in notebooks, plain text elsewhere.

    Attributes
    ----------
    name : str
        The exercise.
    status : {"passed", "wrong", "not attempted"}
    message : str
    """

    name: str
    status: str
    message: str

    @property
    def title(self) -> str:
        verdicts = {
            "passed": say("passed"),
            "wrong": say("not yet"),
            "not attempted": say("not attempted"),
        }
        return f"{self.name}: {verdicts[self.status]}."

    def __str__(self) -> str:
        return f"{self.title} {self.message}"

    __repr__ = __str__

    def _repr_html_(self) -> str:
        # Sign, word and border say the same thing, so that nobody depends on colour alone.
        sign, colour = {
            "passed": ("✓", "#0072B2"),
            "wrong": ("✗", "#D55E00"),
            "not attempted": ("…", "#767676"),
        }[self.status]
        message = html.escape(self.message).replace("\n", "<br>")
        return (
            f'<div role="status" style="border-left:4px solid {colour};padding:0.4em 0.8em">'
            f"<strong>{sign} {html.escape(self.title)}</strong> {message}</div>"
        )


def examples(name: str) -> Callable[[Callable[[Any], None]], Callable[[Any], None]]:
    """Register the decorated function as the visible examples of an exercise.

    It takes the student's answer (a function, or the value of a variable) and raises `Wrong`
    through the functions of `helpers.checks.expect`.
    """

    def register(function: Callable[[Any], None]) -> Callable[[Any], None]:
        _EXAMPLES[name] = function
        return function

    return register


def check(name: str) -> None:
    """Check the answer of the calling notebook to an exercise and show the result.

    Parameters
    ----------
    name : str
        The exercise, which is also the name of the function or variable that answers it.

    Raises
    ------
    ValueError
        If there is no such exercise.
    CheckFailed
        If the answer is wrong.
    CheckNotAttempted
        If there is no answer yet.
    """
    result = run_check(name, sys._getframe(1).f_globals)
    if result.status == "wrong":
        raise CheckFailed(result) from None
    if result.status == "not attempted":
        raise CheckNotAttempted(result) from None
    show_result(result)


@contextlib.contextmanager
def _no_progress_bars() -> Iterator[None]:
    """Hide progress bars of the datasets library: notebooks show them without stdout or stderr."""
    datasets = sys.modules.get("datasets")
    if datasets is None or datasets.are_progress_bars_disabled():
        yield
        return
    datasets.disable_progress_bars()
    try:
        yield
    finally:
        datasets.enable_progress_bars()


def run_check(name: str, namespace: dict[str, Any]) -> CheckResult:
    """Try the answer found in a namespace on the exercise's visible examples.

    Whatever the answer prints, and its warnings, are hidden: other output next to a check's result
    confuses a reader, and nbgrader's own runner treats any text on stderr as a failure.
    """
    try_examples = examples_of(name)
    if name not in namespace:
        message = say("There is no {1} yet: run the cell above, then this one again.", repr(name))
        return CheckResult(name, "not attempted", message)
    silence = (
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
        warnings.catch_warnings(action="ignore"),
        _no_progress_bars(),
    )
    answer = _Watched(name, namespace[name])
    try:
        with contextlib.ExitStack() as stack:
            for context in silence:
                stack.enter_context(context)
            try_examples(answer.call if callable(answer.value) else answer.value)
    except (NotAttempted, NotImplementedError):
        message = say("Replace the line that raises NotImplementedError with your answer.")
        return CheckResult(name, "not attempted", message)
    except Wrong as wrong:
        return CheckResult(name, "wrong", str(wrong))
    except Exception as error:
        if _stops_in_the_check(error, namespace):
            message = say(
                "This check stops with {1}: it did not expect what your answer does. Your answer "
                "may be right; its points do not depend on this.",
                described(error),
            )
        elif error is answer.error:
            message = say("`{1}` stops with {2}.", answer.called, described(error))
        else:
            message = say("Your code stops with {1}.", described(error))
        return CheckResult(name, "wrong", message)
    return CheckResult(name, "passed", say("Every visible example comes out right."))


def _stops_in_the_check(error: Exception, namespace: dict[str, Any]) -> bool:
    """Tell whether an exception comes from the check's own code or from what that code calls.

    It may also come from objects that a check passes to the answer. But if these raise on purpose,
    by a `raise` statement, the answer is at fault; so it is if its own code raises.
    """
    inner, frames = False, list(traceback.walk_tb(error.__traceback__))
    for frame, _ in frames:
        module = frame.f_globals.get("__name__", "")
        if frame.f_globals is namespace or module == __name__:
            inner = False
        elif module.startswith(f"{__package__}."):
            inner = True
    last = traceback.extract_tb(error.__traceback__)[-1]
    meant = frames[-1][0].f_globals.get("__name__", "").startswith(f"{__package__}.")
    return inner and not (meant and (last.line or "").startswith("raise "))


class _Watched:
    """A function that remembers the call in which it failed, for the message.

    Attributes
    ----------
    error : Exception or None
    called : str
        The call that raised it, as a person would write it.
    """

    def __init__(self, name: str, value: Any):
        self.name, self.value = name, value
        self.error: Exception | None = None
        self.called = ""

    def call(self, *arguments: Any, **options: Any) -> Any:
        parts = [*map(_brief, arguments), *(f"{key}={_brief(it)}" for key, it in options.items())]
        try:
            return self.value(*arguments, **options)
        except Exception as error:
            self.error, self.called = error, f"{self.name}({', '.join(parts)})"
            raise


def names_of(answer: Any) -> dict[str, Any]:
    """Return the global names of the function behind an answer, even if it is wrapped."""
    function = getattr(getattr(answer, "__self__", None), "value", answer)
    while inner := getattr(function, "__wrapped__", None) or getattr(function, "func", None):
        function = inner
    return getattr(function, "__globals__", {})


def _brief(value: Any) -> str:
    """Return a short text for an argument: its value if it is plain data, else name or class."""
    if value is None or isinstance(value, bool | int | float | str | list | tuple | dict):
        text = re.sub(r" at 0x[0-9a-f]+", "", repr(value))
        return text if len(text) <= 80 and "<" not in text else f"{text[:79]}…"
    return getattr(value, "__name__", f"<{type(value).__name__}>")


def examples_of(name: str) -> Callable[[Any], None]:
    """Return the examples of an exercise, importing its lesson's module on first use."""
    topic = lesson_of(name).topic
    importlib.import_module(f"helpers.checks.{topic}")
    if name not in _EXAMPLES:
        raise ValueError(f"exercise {name!r} has no visible check: it is read by a person")
    return _EXAMPLES[name]


def show_result(result: CheckResult) -> None:
    """Show a rich card in a notebook, plain text elsewhere."""
    if "IPython" in sys.modules and sys.modules["IPython"].get_ipython() is not None:
        from IPython.display import display

        display(result)
    else:
        print(result)


def described(error: Exception) -> str:
    """Return the class and the first line of an exception, to end a sentence with."""
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0].rstrip('.')}" if text else type(error).__name__
