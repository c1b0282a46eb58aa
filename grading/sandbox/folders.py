"""Temporary folders that last as long as the process that made them."""

from __future__ import annotations

import multiprocessing.util
import tempfile


def kept_folder(prefix: str) -> tempfile.TemporaryDirectory[str]:
    """Return a folder that is removed when this process ends, a pool's worker included."""
    folder = tempfile.TemporaryDirectory(prefix=prefix)
    # A worker that was forked ends without what `atexit` holds, but not without this.
    multiprocessing.util.Finalize(None, folder.cleanup, exitpriority=0)
    return folder
