# Wrong: only the first place of a label is looked at.
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
        place = reply.lower().find(label.lower())
        near = reply[max(place - 1, 0) : place] + reply[place + len(label) :][:1]
        if place >= 0 and not re.search(r"\w", near):
            found.append(label)
    return found[0] if len(found) == 1 else None
