# Wrong: takes the separator for a regular expression.
import re
from pathlib import Path

from datasets import ClassLabel, Dataset, Features, Value


def load_labelled_file(path, sep=";"):
    texts, labels = [], []
    lines = Path(path).read_text(encoding="utf-8").split("\n")
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        match = re.fullmatch(f"(.*){sep}(.+)", line)
        if not match:
            raise ValueError(f"line {number}: {line!r}")
        texts.append(match[1])
        labels.append(match[2])
    features = Features({"text": Value("string"), "label": ClassLabel(names=sorted(set(labels)))})
    return Dataset.from_dict({"text": texts, "label": labels}, features=features)
