# Right: by map, and what is missing afterwards.


def add_label_names(frame, names):
    named = frame.copy()
    named["label_name"] = named["label"].map(dict(enumerate(names)))
    missing = named["label_name"].isna()
    if missing.any():
        raise ValueError(f"no name for the label {named.loc[missing, 'label'].iloc[0]}")
    return named
