# Wrong: takes a label of white space for a class.
# Says: A second line whose label is a blank
from datasets import ClassLabel, Dataset, Features, Value


def load_labelled_file(path, sep=";"):
    texts, labels = [], []
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, start=1):
            line = line.rstrip("\n")
            if not line.strip():
                continue
            text, found, label = line.rpartition(sep)
            if not found or not label:
                raise ValueError(f"line {number}: no {sep!r} and a label after it")
            texts.append(text)
            labels.append(label.strip())
    features = Features({"text": Value("string"), "label": ClassLabel(names=sorted(set(labels)))})
    return Dataset.from_dict({"text": texts, "label": labels}, features=features)
