"""Protect the answers of a notebook from each other's changes to shared state.

An answer shares its process with the rest of the notebook: modes of torch, filters of warnings, the
functions of every library. While an answer is asked, all of these are as they were before the
notebook ran (`remember`), whatever another exercise's cell has changed. Afterwards they are again
as the notebook had them, whatever the answer has changed.

Some changes are not undone: changes within an object that stays the same (a list in a library, a
model that two exercises share, a class that is not in `PATCHED`), options of libraries that are not
listed here, modules removed from `sys.modules`, threads, files, and variables that the cells of one
notebook share on purpose. What a cell computes when it is run, such as a variable with predictions,
is computed in the state that the cells above have left, as on the student's own machine.
"""

from __future__ import annotations

import contextlib
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from typing import Any

# Modules and classes in which an answer might replace a library's function by its own.
PATCHED = (
    "builtins",
    "collections",
    "datasets",
    "datasets:Dataset",
    "datasets:DatasetDict",
    "json",
    "math",
    "numpy",
    "numpy.random",
    "pandas",
    "pandas:DataFrame",
    "pandas:Series",
    "random",
    "requests",
    "requests:Session",
    "sklearn.metrics",
    "statistics",
    "time",
    "torch",
    "torch:Tensor",
    "torch.nn",
    "torch.nn.functional",
    "torch.nn:Module",
)

Names = dict[str, Any]
_originals: dict[str, tuple[Any, Names]] = {}


def remember() -> None:
    """Store the original functions of libraries that have been imported since the last call.

    Called before each cell. So only the cell that imports a library first can change it unnoticed.
    """
    for place in PATCHED:
        if place in _originals:
            continue
        module, _, attribute = place.partition(":")
        owner = sys.modules.get(module)
        owner = getattr(owner, attribute, None) if attribute and owner else owner
        if owner is not None:
            _originals[place] = owner, _functions(owner)


def _functions(owner: Any) -> Names:
    """Return the functions of a module, or the methods of a class; inherited ones are `ABSENT`."""
    inherited = owner.__mro__[1:] if isinstance(owner, type) else ()
    names = {name: ABSENT for base in inherited for name in vars(base) if name not in vars(owner)}
    kinds = (classmethod, staticmethod, property)
    own = dict(vars(owner)).items()
    return names | {name: it for name, it in own if callable(it) or isinstance(it, kinds)}


ABSENT = object()
"""Marks a name that a class inherits but does not define itself."""


@contextlib.contextmanager
def own_state() -> Iterator[None]:
    """Let an answer run in the state of a new process; restore the notebook's state afterwards."""
    with contextlib.ExitStack() as stack:
        stack.enter_context(_original_functions())
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")
        for read, write, fresh in _settings():
            before = read()
            stack.callback(_set, read, write, before)
            if fresh is not KEPT:
                _set(read, write, fresh)
        yield


KEPT = object()
"""Used instead of a fresh value: the setting is not changed while an answer runs."""

Setting = tuple[Callable[[], Any], Callable[[Any], Any], Any]


def _settings() -> Iterator[Setting]:
    """Yield for each setting how to read and write it, and its value in a new process.

    Seeds of random generators are not included: each question sets its own.
    """
    yield os.getcwd, os.chdir, KEPT
    yield lambda: dict(os.environ), _set_environment, KEPT
    yield sys.getrecursionlimit, sys.setrecursionlimit, KEPT
    yield lambda: list(sys.path), _set_path, KEPT
    libraries: Iterator[Any] = map(sys.modules.get, ("numpy", "torch", "sklearn"))
    numpy, torch, sklearn = libraries
    # If the import of a module failed halfway, the module may lack these functions.
    if hasattr(numpy, "seterr"):
        errors = {"divide": "warn", "over": "warn", "under": "ignore", "invalid": "warn"}
        yield numpy.geterr, lambda kept: numpy.seterr(**kept), errors
    if hasattr(torch, "use_deterministic_algorithms"):
        yield torch.is_grad_enabled, torch.set_grad_enabled, True
        yield torch.get_default_dtype, torch.set_default_dtype, torch.float32
        yield torch.get_default_device, _device_setter(torch), torch.device("cpu")
        yield torch.is_anomaly_enabled, torch.autograd.set_detect_anomaly, False
        yield (
            torch.are_deterministic_algorithms_enabled,
            torch.use_deterministic_algorithms,
            False,
        )
    if hasattr(sklearn, "set_config"):
        fresh = {**sklearn.get_config(), "assume_finite": False, "transform_output": "default"}
        yield sklearn.get_config, lambda kept: sklearn.set_config(**kept), fresh


def _set_environment(variables: dict[str, str]) -> None:
    os.environ.clear()
    os.environ.update(variables)


def _set_path(folders: list[str]) -> None:
    sys.path[:] = folders


def _device_setter(torch: Any) -> Callable[[Any], None]:
    def write(device: Any) -> None:
        torch.set_default_device(None if device == torch.device("cpu") else device)

    return write


@contextlib.contextmanager
def _original_functions() -> Iterator[None]:
    """Restore original functions until the block ends; then put the notebook's versions back."""
    remember()
    replaced = _put_back()
    try:
        yield
    finally:
        _put_back()
        for owner, name, value in replaced:
            _put(owner, name, value)


def _put_back() -> list[tuple[Any, str, Any]]:
    """Restore the original functions; return what had replaced them."""
    found = []
    for owner, names in list(_originals.values()):
        for name in _changed(owner, names):
            found.append((owner, name, vars(owner).get(name, ABSENT)))
            _put(owner, name, names[name])
    return found


def _changed(owner: Any, names: Names) -> list[str]:
    now = vars(owner)
    return [name for name, value in names.items() if now.get(name, ABSENT) is not value]


def _put(owner: Any, name: str, value: Any) -> None:
    _tried(delattr, owner, name) if value is ABSENT else _tried(setattr, owner, name, value)


def _set(read: Callable[[], Any], write: Callable[[Any], Any], value: Any) -> None:
    # Some settings are slow to write, so write only if the value differs.
    with contextlib.suppress(Exception):
        now = read()
        if now != value:
            write(value)


def _tried(write: Callable[..., Any], *values: Any) -> None:
    """Write a setting. If it cannot be written, the answer must not fail because of that."""
    with contextlib.suppress(Exception):
        write(*values)
