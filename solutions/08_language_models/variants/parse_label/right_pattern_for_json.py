# Right: a greedy pattern for the JSON; labels without capitals lead back to the labels.
import json
import re


def parse_label(reply, labels):
    read = reply
    if braces := re.search(r"\{.*\}", reply, re.DOTALL):
        try:
            value = json.loads(braces.group()).get("label")
        except json.JSONDecodeError:
            value = None
        if type(value) is str:
            read = value
    names = {label.casefold(): label for label in labels}
    found = [
        name for name in names if re.search(rf"(?:^|\W){re.escape(name)}(?:\W|$)", read.casefold())
    ]
    match found:
        case [name]:
            return names[name]
    return None
