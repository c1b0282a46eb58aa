# Wrong: a column put in place into what is no copy.
# Says: the input was changed in place


def add_label_names(frame, names):
    for label in frame["label"]:
        if not 0 <= label < len(names):
            raise ValueError(f"label {label} has no name")
    named = frame
    named.insert(len(frame.columns), "label_name", [names[label] for label in frame["label"]])
    return named
