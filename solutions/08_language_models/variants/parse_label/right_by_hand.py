# Right: no regular expressions; every place of every label is looked at.
import json


def part_of_word(character):
    return character == "_" or character.isalnum()


def occurs(label, text):
    label, text = label.lower(), text.lower()
    place = text.find(label)
    while place >= 0:
        end = place + len(label)
        before, after = text[:place][-1:], text[end:][:1]
        if not part_of_word(before) and not part_of_word(after):
            return True
        place = text.find(label, place + 1)
    return False


def parse_label(reply, labels):
    start, end = reply.find("{"), reply.rfind("}")
    if 0 <= start < end:
        try:
            answer = json.loads(reply[start : end + 1])
            if isinstance(answer["label"], str):
                reply = answer["label"]
        except (json.JSONDecodeError, KeyError):
            pass
    found = {label for label in labels if occurs(label, reply)}
    return found.pop() if len(found) == 1 else None
