# Right: a string that grows; the index raises for an unknown label, and is caught.
def build_prompt(text, labels, examples=()):
    prompt = "Classify the message as one of: "
    for place, name in enumerate(labels):
        prompt += name if place == 0 else ", " + name
    if not labels:
        raise ValueError("[] holds no label")
    for example in examples:
        try:
            label = labels[labels.index(example[1])]
        except ValueError:
            raise ValueError(f"{example!r}: that label is not one of {labels!r}") from None
        prompt += "\n\nMessage: " + " ".join(example[0].split()) + "\nLabel: " + label
    return prompt + "\n\nMessage: " + " ".join(text.split()) + "\nLabel:"
