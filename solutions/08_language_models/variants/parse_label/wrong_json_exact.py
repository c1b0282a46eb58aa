# Wrong: the string under label must be a label, and nothing else.
import json
import re


def parse_label(reply, labels):
    start, end = reply.find("{"), reply.rfind("}")
    try:
        answer = json.loads(reply[start : end + 1]) if start >= 0 else None
    except ValueError:
        answer = None
    if isinstance(answer, dict) and isinstance(answer.get("label"), str):
        return next((one for one in labels if one.lower() == answer["label"].lower()), None)
    found = []
    for label in labels:
        if re.search(rf"(?<!\w){re.escape(label)}(?!\w)", reply, re.IGNORECASE):
            found.append(label)
    return found[0] if len(found) == 1 else None
