# Wrong: an example's unknown label is accepted.
def build_prompt(text, labels, examples=()):
    if not labels:
        raise ValueError("labels is empty")
    prompt = "Classify the message as one of: " + ", ".join(labels)
    for message, label in examples:
        prompt += f"\n\nMessage: {' '.join(message.split())}\nLabel: {label}"
    return prompt + f"\n\nMessage: {' '.join(text.split())}\nLabel:"
