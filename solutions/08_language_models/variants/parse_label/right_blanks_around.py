# Right: a marker instead of every word that is no part of the label, then a plain search.
import json
import re


def read_json(reply):
    inner, end, _ = reply.rpartition("}")
    _, brace, inner = inner.partition("{")
    try:
        return json.loads(brace + inner + end)
    except ValueError:
        return None


def parse_label(reply, labels):
    answer = read_json(reply)
    if isinstance(answer, dict) and isinstance(answer.get("label"), str):
        reply = answer["label"]
    padded = f" {reply.lower()} "
    answers = set()
    for label in labels:
        pattern = "[^\\w]" + "".join(map(re.escape, label.lower())) + "[^\\w]"
        if re.search(pattern, padded):
            answers.add(label)
    if len(answers) != 1:
        return None
    (answer,) = answers
    return answer
