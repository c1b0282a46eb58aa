"""Stored results of many trainings, so that a lesson can show them without training again.

The results are files in the repository. The code that computes them is in the lesson: to compute
and write them again, maintainers run the lesson with the variable ``COURSE_RUN_AGAIN``.
"""

from __future__ import annotations

import datetime
import importlib.metadata
import json
import os
import platform
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from helpers.cache import fingerprint
from helpers.sources import SourceError, hub_is_offline, mirror_folder

if TYPE_CHECKING:
    import pandas as pd
    from datasets import DatasetDict
    from transformers import PreTrainedModel

FOLDER = Path(__file__).parent / "results"
VARIABLE = "COURSE_RUN_AGAIN"
"""If it is 1, all results are computed and written again; if it has names (``a,b``), only those."""
LIBRARIES = ("torch", "transformers", "accelerate", "datasets", "scikit-learn", "numpy")
KEYS = {"date", "seconds", "machine", "versions", "dataset", "encoder", "records"}


def stored_results(
    name: str,
    compute: Callable[[], Iterable[Mapping[str, Any]]],
    dataset: DatasetDict,
    encoder: PreTrainedModel,
    again: bool = False,
) -> pd.DataFrame:
    """Read results from a file of the course, and print in one line how they were computed.

    Parameters
    ----------
    name : str
        Of the file, without its extension.
    compute : callable
        Takes no arguments; returns one record per row: a mapping of column to number or string.
        Called only if results are computed again.
    dataset : DatasetDict
        What `compute` trains on, with the columns ``text`` and ``label``.
    encoder : PreTrainedModel
        What `compute` starts from, without a head and not fine-tuned. If the file's results come
        from another dataset or encoder, a printed line says so.
    again : bool
        Compute the results now, and leave the file as it is.

    Returns
    -------
    DataFrame
        One row per record.

    Raises
    ------
    SourceError
        If the file is missing or damaged, or if it would be written while a mirror or the Hub may
        be used; the message names it.
    """
    import pandas as pd

    path, made_from = FOLDER / f"{name}.json", _fingerprints(dataset, encoder)
    rewritten = {"1", name} & set(os.environ.get(VARIABLE, "").split(","))
    if rewritten and not (hub_is_offline() and mirror_folder() is None):
        raise SourceError(
            f"{_where(path)} is for results of the embedded data and model: to write it, set "
            "HF_HUB_OFFLINE=1 and unset COURSE_MIRROR"
        )
    document = _computed(compute) | made_from if again or rewritten else _read(path)
    if rewritten:
        _write(path, document)
    frame = pd.DataFrame(document["records"])
    if again:
        print(f"{name}: {len(frame)} rows, {_how(document)}; they are not stored.")
        return frame
    print(f"{name}: {len(frame)} stored rows, {_how(document)} with the embedded data and model.")
    if any(document[part] != made_from[part] for part in made_from):
        print("You have loaded other data or another model, which would give other numbers:")
        print("to compute them here, pass again=True.")
    return frame


def store_results(
    name: str,
    records: Iterable[Mapping[str, Any]],
    seconds: float,
    dataset: DatasetDict,
    encoder: PreTrainedModel,
) -> None:
    """Write results that were computed outside of a lesson, for `stored_results` to read.

    Parameters
    ----------
    name, dataset, encoder
        As in `stored_results`.
    records : iterable of mapping
        One per row: a mapping of column to number or string.
    seconds : float
        How long the computation took.
    """
    document = _document(records, seconds) | _fingerprints(dataset, encoder)
    _write(FOLDER / f"{name}.json", document)


def _fingerprints(dataset: DatasetDict, encoder: PreTrainedModel) -> dict[str, str]:
    """Return hashes that tell whether results were computed from these rows and weights."""
    from helpers.features import weights_hash

    parts = []
    for part, messages in dataset.items():
        parts += [part, *messages["text"][:], str(list(messages["label"][:]))]
    return {"dataset": fingerprint(parts), "encoder": weights_hash(encoder)}


def _computed(compute: Callable[[], Iterable[Mapping[str, Any]]]) -> dict[str, Any]:
    started = time.perf_counter()
    records = list(compute())
    return _document(records, time.perf_counter() - started)


def _document(records: Iterable[Mapping[str, Any]], seconds: float) -> dict[str, Any]:
    import pandas as pd

    # Same form as when read from the file. pandas can write NumPy's numbers, json cannot.
    records = json.loads(pd.DataFrame(list(records)).to_json(orient="records"))
    return {
        "date": datetime.date.today().isoformat(),
        "seconds": round(seconds, 1),
        "machine": _machine(),
        "versions": {"python": platform.python_version()}
        | {library: importlib.metadata.version(library) for library in LIBRARIES},
        "records": records,
    }


def _machine() -> str:
    """Return the hardware that computes: the processor and its number of cores, or the GPU."""
    import torch

    if torch.cuda.is_available():
        return str(torch.cuda.get_device_name())
    information, processor = Path("/proc/cpuinfo"), platform.processor()
    if information.exists():
        lines = (line.partition(":") for line in information.read_text().splitlines())
        named = [value.strip() for key, _, value in lines if key.strip() == "model name"]
        processor = named[0] if named else processor
    cores = getattr(os, "sched_getaffinity", lambda _: range(os.cpu_count() or 1))(0)
    return f"{processor or platform.machine()}, {len(cores)} core{'s' * (len(cores) > 1)}"


def _where(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


def _read(path: Path) -> dict[str, Any]:
    remedy = "reinstall the course, or call stored_results with again=True to compute them here"
    where = _where(path)
    try:
        document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SourceError(f"the stored results {where} are missing: {remedy}") from None
    except (OSError, ValueError) as reason:
        raise SourceError(f"the stored results {where} are damaged ({reason}): {remedy}") from None
    missing = KEYS - set(document) if isinstance(document, dict) else KEYS
    if missing or not document["records"]:
        lacks = ", ".join(sorted(missing)) or "records"
        raise SourceError(f"the stored results {where} are damaged (no {lacks}): {remedy}")
    return document


def _write(path: Path, document: dict[str, Any]) -> None:
    """Write the file completely or not at all."""
    path.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        part = Path(folder) / path.name
        part.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
        os.replace(part, path)


def _how(document: dict[str, Any]) -> str:
    seconds = document["seconds"]
    took = f"{seconds / 60:.0f} minutes" if seconds > 90 else f"{seconds:.0f} seconds"
    return f"computed on {document['date']} in {took} ({document['machine']})"
