# Wrong: sorts the rows by their label.
# Says: the column label_name: expected


def add_label_names(frame, names):
    for label in frame["label"]:
        if not 0 <= label < len(names):
            raise ValueError(f"label {label} has no name")
    named = frame.sort_values("label")
    return named.assign(label_name=[names[label] for label in named["label"]])
