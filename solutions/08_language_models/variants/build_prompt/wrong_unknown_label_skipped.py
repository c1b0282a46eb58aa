# Wrong: examples with unknown labels are skipped.
def build_prompt(text, labels, examples=()):
    if not labels:
        raise ValueError("labels is empty")
    examples = [pair for pair in examples if pair[1] in labels]
    prompt = "Classify the message as one of: " + ", ".join(labels)
    for message, label in examples:
        prompt += f"\n\nMessage: {' '.join(message.split())}\nLabel: {label}"
    return prompt + f"\n\nMessage: {' '.join(text.split())}\nLabel:"
