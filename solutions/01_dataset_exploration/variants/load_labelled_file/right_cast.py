# Right: a dataset of strings first, encoded afterwards.
from datasets import ClassLabel, Dataset


def load_labelled_file(path, sep=";"):
    rows = []
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            if line.strip() == "":
                continue
            parts = line.rstrip("\r\n").split(sep)
            if len(parts) == 1 or parts[-1].strip() == "":
                raise ValueError(f"no label in line {number}")
            rows.append({"text": sep.join(parts[:-1]), "label": parts[-1].strip()})
    names = sorted({row["label"] for row in rows})
    return Dataset.from_list(rows).cast_column("label", ClassLabel(names=names))
