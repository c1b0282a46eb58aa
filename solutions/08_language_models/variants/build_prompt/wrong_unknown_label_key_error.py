# Wrong: an unknown label raises a KeyError.
def build_prompt(text, labels, examples=()):
    if not labels:
        raise ValueError("labels is empty")
    for _, label in examples:
        if label not in labels:
            raise KeyError(f"{label!r} is not among the labels")
    prompt = "Classify the message as one of: " + ", ".join(labels)
    for message, label in examples:
        prompt += f"\n\nMessage: {' '.join(message.split())}\nLabel: {label}"
    return prompt + f"\n\nMessage: {' '.join(text.split())}\nLabel:"
