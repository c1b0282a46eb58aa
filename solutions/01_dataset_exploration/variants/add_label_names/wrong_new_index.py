# Wrong: numbers the rows afresh.


def add_label_names(frame, names):
    for label in frame["label"]:
        if not 0 <= label < len(names):
            raise ValueError(f"label {label} has no name")
    named = frame.reset_index(drop=True)
    named["label_name"] = [names[label] for label in named["label"]]
    return named
