"""Write a corpus to disk so that the same rows always give the same bytes."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from datasets import ClassLabel, Features, Value


def write_split(path: Path, texts: list[str], labels: list[int], names: list[str]) -> None:
    """Write one split with its ``ClassLabel`` feature in the schema's metadata.

    Parameters
    ----------
    path : Path
        The parquet file to write.
    texts : list of str
        One text a row.
    labels : list of int
        The index of each row's class in `names`.
    names : list of str
        The classes, in order.
    """
    features = Features({"text": Value("string"), "label": ClassLabel(names=names)})
    write_table(path, pa.table({"text": texts, "label": labels}, schema=features.arrow_schema))


def write_table(path: Path, table: pa.Table) -> None:
    """Write a table with every setting that shapes the bytes spelled out.

    Parameters
    ----------
    path : Path
        The parquet file to write.
    table : pyarrow.Table
        The rows.
    """
    pq.write_table(
        table,
        path,
        version="2.6",
        compression="zstd",
        compression_level=19,
        use_dictionary=["label"] if "text" in table.column_names else True,
        row_group_size=len(table),
        data_page_version="1.0",
    )


def write_manifest(folder: Path, seed: str) -> None:
    """Write rows and checksum of each parquet file of a folder to ``manifest.json``.

    Parameters
    ----------
    folder : Path
        The corpus.
    seed : str
        The seed that the rows were drawn with.
    """
    files: Mapping[str, dict] = {
        path.name: {
            "rows": pq.read_metadata(path).num_rows,
            "bytes": path.stat().st_size,
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        }
        for path in sorted(folder.glob("*.parquet"))
    }
    text = json.dumps({"seed": seed, "licence": "CC BY 4.0", "files": files}, indent=2)
    (folder / "manifest.json").write_text(text + "\n", encoding="utf-8")
