# Wrong: runs become one blank, but those at the ends are left.
import re


def build_prompt(text, labels, examples=()):
    def squeeze(words):
        return re.sub(r"\s+", " ", words)

    if not labels:
        raise ValueError("labels is empty")
    for _, label in examples:
        if label not in labels:
            raise ValueError(f"{label!r} is not among the labels")
    prompt = "Classify the message as one of: " + ", ".join(labels)
    for message, label in examples:
        prompt += f"\n\nMessage: {squeeze(message)}\nLabel: {label}"
    return prompt + f"\n\nMessage: {squeeze(text)}\nLabel:"
