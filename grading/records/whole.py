"""Write files completely or not at all: half a table would look like a smaller class."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path


def write_whole(path: Path, text: str) -> None:
    """Write a text file in UTF-8; if that fails, the earlier file is unchanged.

    Raises
    ------
    OSError
        The message names the file, even if the disk is full.
    """
    try:
        if path.exists() and not path.is_file():  # such as a pipe, which cannot be replaced
            path.write_text(text, encoding="utf-8", newline="")
            return
        target = path.resolve()  # a link must remain a link
        part = target.with_name(f".{target.name}.part")
        try:
            part.write_text(text, encoding="utf-8", newline="")
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from None


def write_table(path: Path, rows: Iterable[Sequence[str]], separator: str = ",") -> None:
    """Write a CSV file completely or not at all; see `write_whole`."""
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=separator).writerows(rows)
    write_whole(path, text.getvalue())
