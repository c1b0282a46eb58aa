# Right: white space found character by character; the message written to a buffer.
import io
from itertools import groupby


def squeeze(message):
    runs = groupby(message, key=str.isspace)
    return "".join(" " if blank else "".join(run) for blank, run in runs).strip(" ")


def build_prompt(text, labels, examples=()):
    if not labels:
        raise ValueError(f"labels={labels!r}: at least one is needed")
    out = io.StringIO()
    out.write(f"Classify the message as one of: {', '.join(labels)}")
    for message, label in examples:
        if not any(label == known for known in labels):
            raise ValueError(f"{label!r} is not a label")
        print("\n\nMessage:", squeeze(message), end="\nLabel: " + label, file=out)
    print("\n\nMessage:", squeeze(text), end="\nLabel:", file=out)
    return out.getvalue()
