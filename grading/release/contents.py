"""Read everything that one can find in a file with any tool: text, nested archives, tables."""

from __future__ import annotations

import base64
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
from urllib.parse import unquote_plus

MOST_BYTES = 2**28
"""Largest size of one file, and of all unpacked files of an archive."""
DEEPEST = 5
"""How deep archives within archives are opened."""
PACKED: dict[bytes, Callable[[Any], Any]] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ\x00": lzma.open,
}
PICTURES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"wOFF", b"wOF2", b"\x00\x00\x01\x00", b"RIFF")
"""First bytes of pictures and fonts. Only plain text in these files can be read."""
INVENTORY = b"# Sphinx inventory version 2"
"""First bytes of a site's index; the rest of it is compressed."""
LFS_POINTER = b"version https://git-lfs.github.com/spec/"
BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{60,}\s+)+[A-Za-z0-9+/]*={0,2}|[\w+/-]{40,}={0,2}", re.A)
"""Base64, which writes bytes as letters, in one long line or in several lines."""
TREE = "!/"
"""Separates the name of an archive and the name of a file in it."""
UNREADABLE = (
    *(OSError, EOFError, ValueError, zlib.error, lzma.LZMAError),
    *(zipfile.BadZipFile, tarfile.TarError, RuntimeError, NotImplementedError),
)
"""Exceptions of the libraries for a file that is damaged, encrypted or packed in another way."""
KEY_COLUMNS = frozenset(("true_label", "planted"))
"""Columns that tell which labels of a corpus are wrong."""


class Content(NamedTuple):
    """A file, perhaps in an archive: its name, the text that can be read, and any problem."""

    name: str
    text: str
    problem: str = ""
    notebook: dict[str, Any] | None = None


def contents_of(name: str, data: bytes, depth: int = 0) -> Iterator[Content]:
    """Yield the content of a file; for an archive, the content of each file in it."""
    if len(data) > MOST_BYTES or depth > DEEPEST:
        yield Content(name, "", "is too large, or too deep in archives, to be checked")
        return
    try:
        yield from _contents(name, data, depth)
    except UNREADABLE:
        yield Content(
            name, data.decode("latin-1"), "is damaged or encrypted, so it cannot be checked"
        )


def _contents(name: str, data: bytes, depth: int) -> Iterator[Content]:
    if zipfile.is_zipfile(io.BytesIO(data)) or data.startswith(b"PK\x03\x04"):
        if not data.startswith(b"PK"):  # an archive after a picture or a program
            yield _text(name, data)
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
    elif data.startswith(LFS_POINTER):
        yield Content(name, _decoded(data), "is a pointer of Git LFS: the file itself is elsewhere")
    elif data.startswith(b"SQLite format 3"):
        yield Content(name, data.decode("latin-1"), "is a database")
    else:
        yield _text(name, data)


def _zipped(name: str, data: bytes, depth: int) -> Iterator[Content]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        entries = [entry for entry in archive.infolist() if not entry.is_dir()]
        if sum(entry.file_size for entry in entries) > MOST_BYTES:
            yield Content(name, "", "is too large to be checked when it is unpacked")
            return
        for entry in entries:
            yield from contents_of(f"{name}{TREE}{entry.filename}", archive.read(entry), depth + 1)
        yield Content(name, archive.comment.decode("latin-1"))


def _from_tar(name: str, data: bytes, depth: int) -> Iterator[Content]:
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        for entry in archive:
            inner = f"{name}{TREE}{entry.name}"
            if entry.isfile() and (file := archive.extractfile(entry)):
                yield from contents_of(inner, file.read(), depth + 1)
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
        return Content(name, f"{data.decode('latin-1')}\n{_told_by_picture(data)}")
    try:
        text = _decoded(data)
    except UnicodeDecodeError:
        return Content(name, data.decode("latin-1"), "is not text, so it cannot be checked")
    value = _json(text)
    told = "\n".join([text, *_strings(value)])
    told = "\n".join([told, *_decoded_parts(told)])
    is_notebook = isinstance(value, dict) and isinstance(value.get("cells"), list)
    return Content(name, told, notebook=value if is_notebook else None)


def _decoded(data: bytes) -> str:
    """Return the text of a file; UTF-16 is recognized even without a byte order mark."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16")
    if data.count(b"\0") * 3 > len(data):
        return data.decode("utf-16-le" if data[:1] != b"\0" else "utf-16-be")
    return data.decode("utf-8")


def _decoded_parts(text: str) -> Iterator[str]:
    """Yield a text as a browser shows it, decoded as in a link, and its base64 parts decoded."""
    yield html.unescape(re.sub(r"<[^<>]*>", "", text))
    yield unquote_plus(text)
    for found in BASE64.findall(text):
        try:
            letters = re.sub(r"\s", "", found).replace("-", "+").replace("_", "/")
            inner = base64.b64decode(letters + "==")
        except ValueError:
            continue
        # Any long word is valid base64, so it is no problem if the result cannot be read.
        yield "\n".join(content.text for content in contents_of("", inner, DEEPEST - 1))


def _told_by_picture(data: bytes) -> str:
    """Return the texts that are compressed in a picture."""
    from PIL import Image

    try:
        with Image.open(io.BytesIO(data)) as picture:
            picture.load()
            return "\n".join(map(str, picture.info.values()))
    except (OSError, SyntaxError, ValueError):  # such as a font
        return ""


def _json(text: str) -> Any:
    if not text.lstrip().startswith(("{", "[")):
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _strings(value: Any) -> Iterator[str]:
    """Yield the texts in a JSON value; a list of texts is joined, since it may be one's lines."""
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
