# Wrong: the separator loses the blanks around it.
from datasets import ClassLabel, Dataset, Features, Value


def load_labelled_file(path, sep=";"):
    texts, labels = [], []
    with open(path, encoding="utf-8", newline="\n") as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            line = line.removesuffix("\n").removesuffix("\r")
            text, found, label = line.rpartition(sep.strip() or sep)
            label = label.strip()
            if not found or not label:
                raise ValueError(f"line {number} has no label")
            texts.append(text)
            labels.append(label)
    features = Features({"text": Value("string"), "label": ClassLabel(names=sorted(set(labels)))})
    return Dataset.from_dict({"text": texts, "label": labels}, features=features)
