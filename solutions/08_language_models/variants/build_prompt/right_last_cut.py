# Right: the text is an example without a label, whose blank is cut off at the end.
def build_prompt(text, labels, examples=()):
    if not labels:
        raise ValueError("no labels")
    unknown = [label for _, label in examples if label not in labels]
    if unknown:
        raise ValueError("not among the labels: " + ", ".join(map(repr, unknown)))
    lines = ["Classify the message as one of: " + ", ".join(labels)]
    for message, label in [*examples, (text, "")]:
        words = message.split()
        lines.append("")
        lines.append("Message: " + " ".join(words))
        lines.append("Label: " + label)
    return "\n".join(lines)[:-1]
