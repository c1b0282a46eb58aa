# Right: bytes, which no mode of reading has touched, cut at \n and then of their \r.
from pathlib import Path

from datasets import ClassLabel, Dataset, Features, Value


def load_labelled_file(path, sep=";"):
    texts, labels = [], []
    for number, line in enumerate(Path(path).read_bytes().decode("utf-8").split("\n"), start=1):
        line = line.removesuffix("\r")
        if line.strip() == "":
            continue
        place = line.rfind(sep)
        label = line[place + len(sep) :].strip()
        if place < 0 or label == "":
            raise ValueError(f"cannot read line {number}")
        texts.append(line[:place])
        labels.append(label)
    names = sorted(set(labels))
    features = Features({"text": Value("string"), "label": ClassLabel(names=names)})
    ids = [names.index(label) for label in labels]
    return Dataset.from_dict({"text": texts, "label": ids}, features=features)
