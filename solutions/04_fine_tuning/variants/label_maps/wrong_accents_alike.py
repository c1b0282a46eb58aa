# Wrong: refuses names that differ in how their accents are written.
import unicodedata


def label_maps(names):
    written = [unicodedata.normalize("NFC", name) for name in names]
    for name in written:
        if written.count(name) > 1:
            raise ValueError(f"{name!r} repeats")
    return dict(enumerate(names)), {name: i for i, name in enumerate(names)}
