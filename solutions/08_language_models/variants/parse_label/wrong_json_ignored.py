# Wrong: JSON is read like any text.
import re


def parse_label(reply, labels):
    found = []
    for label in labels:
        if re.search(rf"(?<!\w){re.escape(label)}(?!\w)", reply, re.IGNORECASE):
            found.append(label)
    return found[0] if len(found) == 1 else None
