"""Temporary folders that exist as long as the process that created them."""

from __future__ import annotations

import multiprocessing.util
import tempfile


def kept_folder(prefix: str) -> tempfile.TemporaryDirectory[str]:
    """Return a folder that is removed when this process ends, even in a worker of a pool."""
    folder = tempfile.TemporaryDirectory(prefix=prefix)
    # A forked worker ends without calling `atexit` functions, but it does call this.
    multiprocessing.util.Finalize(None, folder.cleanup, exitpriority=0)
    return folder
