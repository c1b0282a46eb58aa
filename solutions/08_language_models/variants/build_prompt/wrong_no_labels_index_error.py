# Wrong: no labels end in an IndexError.
def build_prompt(text, labels, examples=()):
    labels[0]
    for _, label in examples:
        if label not in labels:
            raise ValueError(f"{label!r} is not among the labels")
    prompt = "Classify the message as one of: " + ", ".join(labels)
    for message, label in examples:
        prompt += f"\n\nMessage: {' '.join(message.split())}\nLabel: {label}"
    return prompt + f"\n\nMessage: {' '.join(text.split())}\nLabel:"
