# Wrong: a label counts at the end of a longer word.
import json
import re


def parse_label(reply, labels):
    start, end = reply.find("{"), reply.rfind("}")
    try:
        answer = json.loads(reply[start : end + 1]) if start >= 0 else None
    except ValueError:
        answer = None
    if isinstance(answer, dict) and isinstance(answer.get("label"), str):
        reply = answer["label"]
    found = []
    for label in labels:
        if re.search(rf"{re.escape(label)}(?!\w)", reply, re.IGNORECASE):
            found.append(label)
    return found[0] if len(found) == 1 else None
