# Right: rpartition, and ids written out by hand.
from pathlib import Path

from datasets import ClassLabel, Dataset, Features, Value


def load_labelled_file(path, sep=";"):
    pairs = []
    for number, line in enumerate(Path(path).read_text(encoding="utf-8").split("\n"), 1):
        if line.isspace() or not line:
            continue
        text, found, label = line.rpartition(sep)
        label = label.strip()
        if not (found and label):
            raise ValueError(f"{path}, line {number}: expected text{sep}label, got {line!r}")
        pairs.append((text, label))
    names = sorted({label for _, label in pairs})
    ids = [names.index(label) for _, label in pairs]
    features = Features({"text": Value("string"), "label": ClassLabel(names=names)})
    return Dataset.from_dict({"text": [text for text, _ in pairs], "label": ids}, features)
