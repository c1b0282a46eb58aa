"""Test splits without their labels, for the sandbox.

An answer that must predict labels could copy them instead. So in the box every test split has its
rows, but all its labels are 0: code that reads them works, but learns nothing from them.
"""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path

from grading.sandbox.folders import kept_folder


def unlabelled_splits(folders: dict[str, str]) -> dict[str, str]:
    """Return unlabelled copies of the test splits below some folders.

    Parameters
    ----------
    folders : dict of str to str
        For each path outside the sandbox, the path in it.

    Returns
    -------
    dict of str to str
        For each copy without labels (its path outside), the path of the original in the sandbox.
    """
    hidden = {}
    for outside, inside in folders.items():
        for path in sorted(Path(outside).rglob("test*.parquet")):
            file = path.resolve()  # a mirror may consist of links
            if not file.is_relative_to(outside):
                continue
            copy = _without_labels(file, file.stat().st_mtime_ns)
            if copy:
                hidden[copy] = f"{inside}/{file.relative_to(outside).as_posix()}"
    return hidden


@functools.cache
def _folder_of_copies() -> tempfile.TemporaryDirectory[str]:
    """Return a folder that is removed when this process ends."""
    return kept_folder("test-splits-")


@functools.cache
def _without_labels(path: Path, modified: int) -> str | None:
    """Return the path of a copy of a split whose labels are all 0; None if it has no labels."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pq.read_table(path)
    place = table.schema.get_field_index("label")
    if place < 0:
        return None
    field = table.schema.field(place)
    zeros = pa.array([0] * table.num_rows, field.type)
    copy = (
        Path(_folder_of_copies().name)
        / f"{len(list(Path(_folder_of_copies().name).iterdir()))}.parquet"
    )
    pq.write_table(table.set_column(place, field, zeros), copy)
    return str(copy)
