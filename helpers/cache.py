"""A folder for results that take long to compute; each key is a hash of what they depend on."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


def cache_folder() -> Path:
    """Return the folder that ``COURSE_CACHE`` names, else one under the user's cache."""
    default = Path.home() / ".cache" / "transformers-for-text-classification"
    return Path(os.environ.get("COURSE_CACHE") or default)


def fingerprint(parts: Iterable[bytes | str]) -> str:
    """Return a hash of the parts and their lengths, so that ("ab", "c") and ("a", "bc") differ."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8") if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8, "little"))
        digest.update(data)
    return digest.hexdigest()


def cached_array(name: str, key: str, compute: Callable[[], np.ndarray]) -> np.ndarray:
    """Return the array stored under a key, or compute and store it.

    The file is written completely or not at all, so a killed process leaves no damaged file behind.
    If a file cannot be read, or the folder cannot be written, the array is only computed again.

    Parameters
    ----------
    name : str
        Says what the file contains, for a person who looks into the folder.
    key : str
        A `fingerprint` of everything that the array depends on.
    compute : callable
    """
    import numpy as np

    path = cache_folder() / f"{name}-{key[:32]}.npy"
    try:
        return np.load(path, allow_pickle=False)  # type: ignore[no-any-return]  # NumPy says Any
    except (OSError, ValueError, EOFError):
        array = compute()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as file:
            np.save(file, array)
        os.replace(file.name, path)
    except OSError as reason:
        print(f"The {name} could not be cached ({reason}); the next run computes them again.")
    return array
