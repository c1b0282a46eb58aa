"""What a file says to somebody who opens it with any tool: text, archives in archives, tables."""

from __future__ import annotations

import bz2
import gzip
import html
import io
import json
import lzma
import re
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

MOST_BYTES = 2**28
"""Of one file, and of what an archive unfolds to."""
DEEPEST = 5
"""Archives within archives."""
PACKED: dict[bytes, Callable[[Any], Any]] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ\x00": lzma.open,
}
PICTURES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"wOFF", b"wOF2", b"\x00\x00\x01\x00", b"RIFF")
"""How pictures and fonts begin: of these only what is plain text in them can be read."""
INVENTORY = b"# Sphinx inventory version 2"
"""How the index of a site begins, of which the rest is compressed."""
TREE = "!/"
"""Between the name of an archive and that of a file in it."""
UNREADABLE = (
    *(OSError, EOFError, ValueError, zlib.error, lzma.LZMAError),
    *(zipfile.BadZipFile, tarfile.TarError, RuntimeError, NotImplementedError),
)
"""What the libraries raise over a file that is damaged, encrypted or packed in another way."""
KEY_COLUMNS = frozenset(("true_label", "planted"))
"""Columns that say which labels of a corpus are wrong."""


class Content(NamedTuple):
    """A file, or one in an archive: its name, what can be read of it, and what is wrong with it."""

    name: str
    text: str
    problem: str = ""
    notebook: dict | None = None


def contents_of(name: str, data: bytes, depth: int = 0) -> Iterator[Content]:
    """Yield what a file says, and what each file in an archive does."""
    if len(data) > MOST_BYTES or depth > DEEPEST:
        yield Content(name, "", "is too large, or too deep in archives, to be looked into")
        return
    try:
        yield from _contents(name, data, depth)
    except UNREADABLE:
        yield Content(
            name, data.decode("latin-1"), "is damaged or encrypted, and nobody can look into it"
        )


def _contents(name: str, data: bytes, depth: int) -> Iterator[Content]:
    if data.startswith(b"PK\x03\x04"):
        yield from _zipped(name, data, depth)
    elif opened := next((o for start, o in PACKED.items() if data.startswith(start)), None):
        with opened(io.BytesIO(data)) as file:
            inner = file.read(MOST_BYTES + 1)
        yield from contents_of(f"{name}{TREE}", inner, depth + 1)
    elif data[257:262] == b"ustar":
        yield from _from_tar(name, data, depth)
    elif data.startswith(b"PAR1"):
        yield _table(name, data)
    elif data.startswith(INVENTORY):
        head, packed = data.split(b"zlib.\n", 1)
        yield _text(name, head + zlib.decompress(packed))
    elif data.startswith(b"SQLite format 3"):
        yield Content(name, data.decode("latin-1"), "is a database")
    else:
        yield _text(name, data)


def _zipped(name: str, data: bytes, depth: int) -> Iterator[Content]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        entries = [entry for entry in archive.infolist() if not entry.is_dir()]
        if sum(entry.file_size for entry in entries) > MOST_BYTES:
            yield Content(name, "", "unfolds to more than can be looked into")
            return
        for entry in entries:
            yield from contents_of(f"{name}{TREE}{entry.filename}", archive.read(entry), depth + 1)
        yield Content(name, archive.comment.decode("latin-1"))


def _from_tar(name: str, data: bytes, depth: int) -> Iterator[Content]:
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        for entry in archive:
            inner = f"{name}{TREE}{entry.name}"
            if entry.isfile():
                yield from contents_of(inner, archive.extractfile(entry).read(), depth + 1)
            elif not entry.isdir():
                yield Content(inner, "", "is a link or a device")


def _table(name: str, data: bytes) -> Content:
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pq.read_table(io.BytesIO(data))
    key = KEY_COLUMNS & set(table.column_names)
    texts = [str(table.schema.metadata or "")]
    for column in table.columns:
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            texts += [text or "" for text in column.to_pylist()]
    return Content(name, "\n".join(texts), "holds the key to planted labels" if key else "")


def _text(name: str, data: bytes) -> Content:
    if data.startswith(PICTURES):
        return Content(name, data.decode("latin-1"))
    try:
        text = data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8")
    except UnicodeDecodeError:
        return Content(name, data.decode("latin-1"), "is no text, and nobody can look into it")
    suffix = name.rpartition(".")[2].lower()
    if suffix in ("html", "htm", "svg", "xml"):
        return Content(name, f"{text}\n{html.unescape(re.sub(r'<[^>]*>', '', text))}")
    if suffix in ("ipynb", "json"):
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            return Content(name, text)
        is_notebook = suffix == "ipynb" and isinstance(value, dict)
        told = "\n".join(_strings(value))
        return Content(name, f"{text}\n{told}", notebook=value if is_notebook else None)
    return Content(name, text)


def _strings(value: Any) -> Iterator[str]:
    """Yield the texts in a value of JSON; the lines of a list follow on each other."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        if all(isinstance(item, str) for item in value):
            yield "".join(value)
        else:
            for item in value:
                yield from _strings(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from _strings(item)
