"""Fill a classroom's mirror: a folder with files from the Hub, for the variable COURSE_MIRROR."""

from __future__ import annotations

import functools
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from helpers.data import DATASETS, info_of, load
from helpers.models import CHECKPOINT, MODEL_FILES, REVISIONS, TOKENIZER_FILES
from helpers.sources import hub_snapshot

MANIFEST = "mirror.json"


def fill_mirror(folder: Path, names: list[str] | None = None) -> None:
    """Copy datasets and the course's checkpoint from the Hub into a mirror.

    An interrupted run can be repeated: what is already in the folder, with the file sizes that the
    manifest lists, is kept, and everything else is downloaded. The Hub's own cache keeps the parts
    of an interrupted download.

    Parameters
    ----------
    folder : Path
        Created if missing.
    names : list of str, optional
        Datasets of `helpers.data.DATASETS` and the course's checkpoint; by default all of them.

    Raises
    ------
    ValueError
        If a name is neither a dataset nor the checkpoint.
    SourceError
        If the Hub does not have something, or does not answer.
    OSError
        If the folder cannot be written.
    """
    from tqdm.auto import tqdm

    names = names or [*DATASETS, CHECKPOINT]
    for name in names:
        if name != CHECKPOINT:
            info_of(name)
    folder.mkdir(parents=True, exist_ok=True)
    manifest = _read_manifest(folder)
    for name in tqdm(names, desc="mirror", unit="item"):
        if _is_complete(folder, manifest.get(name)):
            print(f"{name}: already there")
            continue
        copy = _mirror_checkpoint if name == CHECKPOINT else _mirror_dataset
        manifest[name] = copy(name, folder)
        _write_whole(
            folder / MANIFEST, lambda path: path.write_text(json.dumps(manifest, indent=1))
        )


def _mirror_dataset(name: str, folder: Path) -> dict[str, int]:
    """Load and check a dataset, write its splits, and return the size of each file."""
    import pyarrow.parquet as pq

    info = info_of(name)
    sizes = {}
    for split, rows in load(name, source="hub").items():
        relative = f"{info.path}/{split}.parquet"
        write = functools.partial(pq.write_table, rows.data.table)
        sizes[relative] = _write_whole(folder / relative, write)
    return sizes


def _mirror_checkpoint(checkpoint: str, folder: Path) -> dict[str, int]:
    """Copy a checkpoint's files and return the size of each."""
    patterns = sorted({*MODEL_FILES, *TOKENIZER_FILES})
    snapshot = hub_snapshot(checkpoint, REVISIONS[checkpoint], patterns, "model")
    sizes = {}
    for file in sorted(file for pattern in patterns for file in snapshot.glob(pattern)):
        relative = f"models/{checkpoint}/{file.name}"
        copy = functools.partial(shutil.copyfile, file)
        sizes[relative] = _write_whole(folder / relative, copy)
    return sizes


def _is_complete(folder: Path, sizes: dict[str, int] | None) -> bool:
    if not sizes:
        return False
    paths = {folder / relative: size for relative, size in sizes.items()}
    return all(path.is_file() and path.stat().st_size == size for path, size in paths.items())


def _write_whole(path: Path, write: Callable[[Path], object]) -> int:
    """Write a file under another name first, so that it is never incomplete under its own name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    write(part)
    size = part.stat().st_size
    os.replace(part, path)
    return size


def _read_manifest(folder: Path) -> dict[str, dict[str, int]]:
    try:
        manifest: dict[str, dict[str, int]] = json.loads((folder / MANIFEST).read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return manifest
