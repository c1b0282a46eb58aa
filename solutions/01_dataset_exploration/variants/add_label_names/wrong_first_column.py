# Wrong: puts the names next to the ids instead of last.


def add_label_names(frame, names):
    for label in frame["label"]:
        if not 0 <= label < len(names):
            raise ValueError(f"label {label} has no name")
    named = frame.copy()
    place = named.columns.get_loc("label") + 1
    named.insert(place, "label_name", [names[label] for label in frame["label"]])
    return named
