# Wrong: a negative label is looked up from the end of the list.


def add_label_names(frame, names):
    for label in frame["label"]:
        if label >= len(names):
            raise ValueError(f"label {label} has no name")
    return frame.assign(label_name=[names[label] for label in frame["label"]])
