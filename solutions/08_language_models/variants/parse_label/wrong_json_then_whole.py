# Wrong: where the string has no label the whole reply is read.
import json
import re


def parse_label(reply, labels):
    start, end = reply.find("{"), reply.rfind("}")
    try:
        answer = json.loads(reply[start : end + 1]) if start >= 0 else None
    except ValueError:
        answer = None
    texts = [reply]
    if isinstance(answer, dict) and isinstance(answer.get("label"), str):
        texts = [answer["label"], reply]
    found = []
    for text in texts:
        for label in labels:
            if re.search(rf"(?<!\w){re.escape(label)}(?!\w)", text, re.IGNORECASE):
                found.append(label)
        if found:
            break
    return found[0] if len(found) == 1 else None
