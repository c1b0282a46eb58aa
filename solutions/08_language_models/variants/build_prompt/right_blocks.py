# Right: one block per message, by a function within; a regular expression for white space.
import re


class UnknownLabel(ValueError):
    pass


def build_prompt(text, labels, examples=()):
    if len(labels) == 0:
        raise ValueError("labels must not be empty")

    def block(message, label=None):
        message = re.sub(r"\s+", " ", message).strip()
        return f"Message: {message}\nLabel:" + ("" if label is None else f" {label}")

    known = set(labels)
    for _, label in examples:
        if label not in known:
            raise UnknownLabel(f"unknown label: {label}")
    blocks = [block(message, label) for message, label in examples]
    header = "Classify the message as one of: " + ", ".join(labels)
    return "\n\n".join([header, *blocks, block(text)])
