# Wrong: the string under label is cut out by a pattern, whatever stands around it.
import re


def parse_label(reply, labels):
    if inner := re.search(r'"label":\s*"([^"]*)"', reply):
        reply = inner.group(1)
    found = []
    for label in labels:
        if re.search(rf"(?<!\w){re.escape(label)}(?!\w)", reply, re.IGNORECASE):
            found.append(label)
    return found[0] if len(found) == 1 else None
