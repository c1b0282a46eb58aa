"""The list of labels that were made wrong on purpose ("planted") in an embedded corpus."""

from __future__ import annotations

from typing import TYPE_CHECKING

from helpers.data import embedded_folder, info_of

if TYPE_CHECKING:
    import pandas as pd
    from datasets import DatasetDict


def planted_errors(name: str, dataset: DatasetDict) -> pd.DataFrame | None:
    """Return which labels of a dataset were made wrong on purpose, or None if that is unknown.

    Only an embedded corpus has such a list ("key"). It fits no other copy of the data, so the texts
    are compared first. Prints in one line what it found.

    Parameters
    ----------
    name : str
        A key of `helpers.data.DATASETS`.
    dataset : DatasetDict
        As `helpers.data.load` gave it.

    Returns
    -------
    DataFrame or None
        One row per wrong label: ``split``, ``row`` (within the split), ``label`` (the wrong one,
        as in the dataset) and ``true_label``.

    Raises
    ------
    ValueError
        If there is no dataset of that name.
    """
    import pandas as pd

    info = info_of(name)
    folder = embedded_folder() / (info.embedded or name)
    path = folder / "planted.parquet"
    if not path.is_file() or not all(
        pd.read_parquet(folder / f"{split}.parquet", columns=["text"])["text"].tolist()
        == rows["text"][:]
        for split, rows in dataset.items()
    ):
        print(f"{name}: it is not known which labels are wrong, since this data has no key")
        return None
    key = pd.read_parquet(path)
    counts = ", ".join(f"{split} {count}" for split, count in key["split"].value_counts().items())
    print(f"{name}: labels planted wrong, by the corpus's key: {counts}")
    return key
