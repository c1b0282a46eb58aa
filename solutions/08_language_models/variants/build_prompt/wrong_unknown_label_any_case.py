# Wrong: labels of examples are compared without capitals.
def build_prompt(text, labels, examples=()):
    if not labels:
        raise ValueError("labels is empty")
    for _, label in examples:
        if label.lower() not in [name.lower() for name in labels]:
            raise ValueError(f"{label!r} is not among the labels")
    prompt = "Classify the message as one of: " + ", ".join(labels)
    for message, label in examples:
        prompt += f"\n\nMessage: {' '.join(message.split())}\nLabel: {label}"
    return prompt + f"\n\nMessage: {' '.join(text.split())}\nLabel:"
