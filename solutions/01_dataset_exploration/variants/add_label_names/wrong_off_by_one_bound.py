# Wrong: lets the label that equals the number of names fall through to another error.


def add_label_names(frame, names):
    for label in frame["label"]:
        if label < 0 or label > len(names):
            raise ValueError(f"label {label} has no name")
    return frame.assign(label_name=[names[label] for label in frame["label"]])
