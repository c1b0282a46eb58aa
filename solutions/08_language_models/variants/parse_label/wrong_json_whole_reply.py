# Wrong: only a reply that is JSON from end to end is read as JSON.
import json
import re


def parse_label(reply, labels):
    start = reply.find("{")
    try:
        answer = json.loads(reply) if start >= 0 else None
    except ValueError:
        answer = None
    if isinstance(answer, dict) and isinstance(answer.get("label"), str):
        reply = answer["label"]
    found = []
    for label in labels:
        if re.search(rf"(?<!\w){re.escape(label)}(?!\w)", reply, re.IGNORECASE):
            found.append(label)
    return found[0] if len(found) == 1 else None
