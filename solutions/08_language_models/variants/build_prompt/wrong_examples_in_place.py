# Wrong: appends the text to the caller's list of examples.
def build_prompt(text, labels, examples=()):
    if not labels:
        raise ValueError("labels is empty")
    for _, label in examples:
        if label not in labels:
            raise ValueError(f"{label!r} is not among the labels")
    prompt = "Classify the message as one of: " + ", ".join(labels)
    if isinstance(examples, list):
        examples.append((text, ""))
        pairs = examples[:-1]
    else:
        pairs = examples
    for message, label in pairs:
        prompt += f"\n\nMessage: {' '.join(message.split())}\nLabel: {label}"
    return prompt + f"\n\nMessage: {' '.join(text.split())}\nLabel:"
