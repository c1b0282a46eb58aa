"""The course's datasets, loaded from a mirror, the Hub or the embedded corpora.

Whatever its source, every dataset is a ``DatasetDict`` with the columns ``text`` (string) and
``label`` (``ClassLabel``), and is checked when it is loaded.
"""

from __future__ import annotations

import importlib.util
import io
from contextlib import redirect_stdout, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from helpers.sources import (
    SourceError,
    SourceNotThere,
    first_available,
    hub_snapshot,
    mirror_folder,
)

if TYPE_CHECKING:
    import pyarrow as pa
    from datasets import Dataset, DatasetDict

FINANCIAL_TOPICS = (
    "Analyst Update",
    "Fed | Central Banks",
    "Company | Product News",
    "Treasuries | Corporate Debt",
    "Dividend",
    "Earnings",
    "Energy | Oil",
    "Financials",
    "Currencies",
    "General News | Opinion",
    "Gold | Metals | Materials",
    "IPO",
    "Legal | Regulation",
    "M&A | Investments",
    "Macro",
    "Markets",
    "Politics",
    "Personnel Change",
    "Stock Commentary",
    "Stock Movement",
)


@dataclass(frozen=True)
class DatasetInfo:
    """What the course knows about a dataset before it is loaded.

    Attributes
    ----------
    hub_id, config : str
        Where it is on the Hub; `config` is empty if the repository has only one configuration.
    revision : str
        The commit of the Hub's repository that the course was written for.
    files : dict of str to str
        For each split, the pattern of its files in that commit.
    label_names : tuple of str
        Class names, in the order of their ids.
    licence, citation : str
    embedded : str or None
        Folder under ``data/`` of the replacement that was written for this course; None if there
        is none yet.
    """

    hub_id: str
    config: str
    revision: str
    files: dict[str, str]
    label_names: tuple[str, ...]
    licence: str
    citation: str
    embedded: str | None

    @property
    def splits(self) -> tuple[str, ...]:
        return tuple(self.files)

    @property
    def path(self) -> str:
        """Folder within a mirror: the Hub's id, and the configuration if there is one."""
        return "/".join(part for part in ("datasets", self.hub_id, self.config) if part)


DATASETS = {
    "emotion": DatasetInfo(
        hub_id="dair-ai/emotion",
        config="",
        revision="cab853a1dbdf4c42c2b3ef2173804746df8825fe",
        files={
            "train": "split/train-*.parquet",
            "validation": "split/validation-*.parquet",
            "test": "split/test-*.parquet",
        },
        label_names=("sadness", "joy", "love", "anger", "fear", "surprise"),
        licence="research and education",
        citation="Saravia et al. (2018), CARER, EMNLP, doi:10.18653/v1/D18-1404",
        embedded="emotion",
    ),
    "tweet_emotion": DatasetInfo(
        hub_id="cardiffnlp/tweet_eval",
        config="emotion",
        revision="b3a375baf0f409c77e6bc7aa35102b7b3534f8be",
        files={
            "train": "emotion/train-*.parquet",
            "validation": "emotion/validation-*.parquet",
            "test": "emotion/test-*.parquet",
        },
        label_names=("anger", "joy", "optimism", "sadness"),
        licence="research (Twitter's terms of service)",
        citation="Mohammad et al. (2018), SemEval-2018 Task 1; Barbieri et al. (2020), TweetEval",
        embedded="tweet_emotion",
    ),
    "stance_climate": DatasetInfo(
        hub_id="cardiffnlp/tweet_eval",
        config="stance_climate",
        revision="b3a375baf0f409c77e6bc7aa35102b7b3534f8be",
        files={
            "train": "stance_climate/train-*.parquet",
            "validation": "stance_climate/validation-*.parquet",
            "test": "stance_climate/test-*.parquet",
        },
        label_names=("none", "against", "favor"),
        licence="research (Twitter's terms of service)",
        citation="Mohammad et al. (2016), SemEval-2016 Task 6; Barbieri et al. (2020), TweetEval",
        embedded="stance_climate",
    ),
    "imdb": DatasetInfo(
        hub_id="stanfordnlp/imdb",
        config="",
        revision="e6281661ce1c48d982bc483cf8a173c1bbeb5d31",
        files={
            "train": "plain_text/train-*.parquet",
            "test": "plain_text/test-*.parquet",
        },
        label_names=("neg", "pos"),
        licence="research; see the dataset's card",
        citation="Maas et al. (2011), Learning Word Vectors for Sentiment Analysis, ACL",
        embedded="imdb",
    ),
    "financial_topics": DatasetInfo(
        hub_id="zeroshot/twitter-financial-news-topic",
        config="",
        revision="acbc8af2a35ccf0916124efcbe9e6cf25f191012",
        files={"train": "topic_train.csv", "validation": "topic_valid.csv"},
        label_names=FINANCIAL_TOPICS,
        licence="MIT",
        citation="zeroshot/twitter-financial-news-topic on the Hugging Face Hub",
        embedded="financial_topics",
    ),
}


def load(name: str, source: str = "auto") -> DatasetDict:
    """Load one of the course's datasets.

    Parameters
    ----------
    name : str
        A key of `DATASETS`, such as ``"emotion"``.
    source : {"auto", "mirror", "hub", "embedded"}
        ``"auto"`` takes the first source that has it, in that order.

    Returns
    -------
    DatasetDict
        Splits with the columns ``text`` (string) and ``label`` (ClassLabel).

    Raises
    ------
    ValueError
        If there is no dataset or source of that name.
    SourceError
        If no source (or not the one that was asked for) has it, or if its files are broken.
    """
    info = info_of(name)
    loaders = {
        "mirror": lambda: _from_mirror(name, info),
        "hub": lambda: _from_hub(info),
        "embedded": lambda: _from_embedded(name, info),
    }
    dataset, taken = first_available(f"dataset {name!r}", loaders, source)
    rows = " / ".join(f"{split.num_rows:,}" for split in dataset.values())
    print(f"{name}: {rows} rows ({' / '.join(dataset)}), {_where(taken, info)}")
    return dataset


def load_tables(folder: Path) -> DatasetDict:
    """Load your own tables.

    Parameters
    ----------
    folder : Path
        Contains ``train.csv`` or ``train.parquet``, and optionally the same for ``validation``,
        with the columns ``text`` and ``label``. Labels are names, or ids whose names are in the
        file's schema.

    Returns
    -------
    DatasetDict
        As from `load`. The classes are those of train, in the schema's order or else in
        alphabetical order.

    Raises
    ------
    SourceError
        If there is no such table, or its contents are wrong; the message names file and row.
    """
    from datasets import DatasetDict

    found = {
        split: path
        for split in ("train", "validation")
        for path in (folder / f"{split}.csv", folder / f"{split}.parquet")
        if path.is_file()
    }
    if "train" not in found:
        raise SourceError(f"{folder} contains neither train.csv nor train.parquet")
    splits, names = {}, None
    for split, path in found.items():
        try:
            table = _read_table([path])
            _require_columns(table)
            names = names or _noted_names(table) or _names_in(table)
            info = DatasetInfo(str(folder), "", "", {}, names, "", "", None)
            splits[split] = checked_split(_with_ids(table, names), info)
        except (OSError, ValueError) as reason:
            raise SourceError(f"{path}: {reason}") from reason
    return DatasetDict(splits)


def _names_in(table: pa.Table) -> tuple[str, ...]:
    return tuple(sorted({str(label) for label in table["label"].unique().to_pylist()} - {"None"}))


def _with_ids(table: pa.Table, names: tuple[str, ...]) -> pa.Table:
    """Replace label names by ids; a table with ids, and their names in its schema, is unchanged."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if _noted_names(table):
        return table
    labels = table["label"]
    ids = pc.index_in(labels.cast(pa.string()), value_set=pa.array(names, pa.string()))
    _reject_rows(pc.is_valid(ids), labels, f"one of {', '.join(names)}")
    return table.set_column(table.column_names.index("label"), "label", ids.cast(pa.int64()))


def copies_at_hand(name: str) -> dict[str, DatasetDict]:
    """Load every copy of a dataset that this machine has.

    A notebook uses the first copy that it finds. To grade a notebook's results, all copies are
    needed, except the Hub's if there is a mirror: their rows are the same.

    Parameters
    ----------
    name : str

    Returns
    -------
    dict of str to DatasetDict
        By source, ``"mirror"``, ``"hub"`` or ``"embedded"``; empty if there is no copy.

    Raises
    ------
    ValueError
        If there is no dataset of that name.
    SourceError
        If a copy is broken.
    """
    copies = {}
    for source in ("mirror", "hub", "embedded"):
        if source == "hub" and "mirror" in copies:
            continue
        with suppress(SourceNotThere), redirect_stdout(io.StringIO()):
            copies[source] = load(name, source)
    return copies


def info_of(name: str) -> DatasetInfo:
    """Return the entry of `DATASETS` for a dataset.

    Raises
    ------
    ValueError
        If there is none; the message lists the names that exist.
    """
    if name not in DATASETS:
        raise ValueError(f"unknown dataset {name!r}; the course has {', '.join(DATASETS)}")
    return DATASETS[name]


def embedded_folder() -> Path:
    """Return the folder of the embedded corpora, in an installed wheel or in a checkout."""
    package = Path(importlib.util.find_spec("helpers").origin).parent  # type: ignore[union-attr, arg-type]  # this package has both
    installed = package / "corpora"
    return installed if installed.is_dir() else package.parent / "data"


def _where(taken: str, info: DatasetInfo) -> str:
    if taken == "embedded":
        return f"embedded stand-in for {info.hub_id}"
    return f"{info.hub_id} from the {'Hub' if taken == 'hub' else 'mirror'}"


def _from_mirror(name: str, info: DatasetInfo) -> DatasetDict:
    root = mirror_folder()
    if root is None:
        raise SourceNotThere("COURSE_MIRROR is not set; set it to a folder of `course mirror`")
    folder = root / info.path
    if not folder.is_dir():
        raise SourceNotThere(f"{folder} is missing; create it with `course mirror {root} {name}`")
    return _read_folder(folder, info, f"run `course mirror {root} {name}` again")


def _from_embedded(name: str, info: DatasetInfo) -> DatasetDict:
    if info.embedded is None:
        raise SourceNotThere(
            f"the course has no embedded copy of {name!r} yet; "
            "set COURSE_MIRROR, or connect to the network to load it from the Hub"
        )
    folder = embedded_folder() / info.embedded
    return _read_folder(folder, info, "the checkout is incomplete: run `git checkout -- data`")


def _from_hub(info: DatasetInfo) -> DatasetDict:
    folder = hub_snapshot(info.hub_id, info.revision, list(info.files.values()), "dataset")
    files = {split: sorted(folder.glob(pattern)) for split, pattern in info.files.items()}
    return _read_splits(files, info, f"delete {folder} and load again")


def _read_folder(folder: Path, info: DatasetInfo, remedy: str) -> DatasetDict:
    """Read ``<split>.parquet`` of every split: the layout of mirrors and embedded corpora."""
    files = {split: [folder / f"{split}.parquet"] for split in info.splits}
    for split, (path,) in files.items():
        if not path.is_file():
            raise SourceError(f"split {split!r} is missing ({path} does not exist); {remedy}")
    return _read_splits(files, info, remedy)


def _read_splits(files: dict[str, list[Path]], info: DatasetInfo, remedy: str) -> DatasetDict:
    from datasets import DatasetDict

    splits = {}
    for split, paths in files.items():
        try:
            splits[split] = checked_split(_read_table(paths), info)
        except (OSError, ValueError) as reason:
            raise SourceError(f"split {split!r} of {paths[0]}: {reason}; {remedy}") from reason
    return DatasetDict(splits)


def _read_table(paths: list[Path]) -> pa.Table:
    import pyarrow as pa
    import pyarrow.csv
    import pyarrow.parquet

    read = pa.csv.read_csv if paths[0].suffix == ".csv" else pa.parquet.read_table
    return pa.concat_tables([read(path) for path in paths])


def checked_split(table: pa.Table, info: DatasetInfo) -> Dataset:
    """Check one split against its `DatasetInfo` and give its labels their names.

    Parameters
    ----------
    table : pyarrow.Table
        Columns ``text`` and ``label`` at least.
    info : DatasetInfo

    Returns
    -------
    Dataset
        The columns ``text`` (string) and ``label`` (ClassLabel), in memory: a copy in a cache
        folder could become outdated.

    Raises
    ------
    ValueError
        If a column is missing or has another type, a label is out of range or a text is empty;
        the message names the column, the row and the value.
    """
    import pyarrow as pa
    import pyarrow.compute as pc
    from datasets import ClassLabel, Dataset, Features, Value
    from datasets.table import InMemoryTable

    _require_columns(table)
    table = table.select(["text", "label"]).combine_chunks()
    texts, labels = table["text"], table["label"]
    if not (pa.types.is_string(texts.type) or pa.types.is_large_string(texts.type)):
        raise ValueError(f"column 'text' holds {texts.type}, not string")
    if not pa.types.is_integer(labels.type):
        raise ValueError(f"column 'label' holds {labels.type}, not integers")
    names = _noted_names(table)
    if names not in (None, info.label_names):
        raise ValueError(f"the label names are {list(names)}, not {list(info.label_names)}")
    known = pc.and_(pc.greater_equal(labels, 0), pc.less(labels, len(info.label_names)))
    _reject_rows(known, labels, f"a label from 0 to {len(info.label_names) - 1}")
    _reject_rows(pc.greater(pc.utf8_length(pc.utf8_trim_whitespace(texts)), 0), texts, "a text")
    features = Features(
        {"text": Value("string"), "label": ClassLabel(names=list(info.label_names))}
    )
    return Dataset(InMemoryTable(table.cast(features.arrow_schema)), fingerprint=_hash(table))


def _require_columns(table: pa.Table) -> None:
    for column in ("text", "label"):
        if column not in table.column_names:
            raise ValueError(f"there is no column {column!r}, only {table.column_names}")


def _noted_names(table: pa.Table) -> tuple[str, ...] | None:
    """Return the class names in a file's schema, where the datasets library writes them."""
    from datasets import Features

    label = Features.from_arrow_schema(table.schema)["label"]
    return tuple(label.names) if hasattr(label, "names") else None


def _reject_rows(right, values, expected: str) -> None:  # type: ignore[no-untyped-def]  # figures are measured with it
    """Raise for the first row that is not right; a missing value counts as not right."""
    import pyarrow.compute as pc

    row = pc.index(pc.fill_null(right, False), False).as_py()
    if row >= 0:
        raise ValueError(f"row {row} holds {values[row].as_py()!r} where {expected} was expected")


def _hash(table: pa.Table) -> str:
    """Return a fingerprint of the rows, the same for the same rows, so that `map` can cache."""
    from helpers.cache import fingerprint

    buffers = [buffer for column in table.columns for buffer in column.chunk(0).buffers() if buffer]
    return fingerprint([bytes(buffer) for buffer in buffers])[:16] if table.num_rows else "empty"
