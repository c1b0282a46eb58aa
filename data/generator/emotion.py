"""The emotion corpus: six classes of first-person sentences, with some labels planted wrong."""

import random
from pathlib import Path

import pyarrow as pa

from generator.duplicates import Seen
from generator.files import write_manifest, write_split, write_table
from generator.grammar import Sections, expand, hold_out, read_material
from generator.noise import type_like_a_person

SEED = "emotion-1"
NAMES = ["sadness", "joy", "love", "anger", "fear", "surprise"]
SHARES = {
    "sadness": 0.2915,
    "joy": 0.335,
    "love": 0.082,
    "anger": 0.135,
    "fear": 0.1205,
    "surprise": 0.036,
}
SPLITS = {"train": 16_000, "validation": 2_000, "test": 2_000}
LONGEST = 66

# Sections of which the training split never sees a share, see `hold_out`.
CLAUSES = ["because", "then", "scene", "turn", "like", "thing", "did", "own", "whole"]
UNSEEN = 0.20

# The share of rows that a careful reader could give to either of two classes.
BLUR = {"joy": 0.02, "love": 0.08, "surprise": 0.12, "fear": 0.036}
PARTNER = {"joy": "love", "love": "joy", "surprise": "fear", "fear": "surprise"}

# Wrong labels by (true class, planted class), as shares of a split. Each pair is planted
# both ways alike, so that the classes keep their sizes.
PLANTED = {
    ("love", "joy"): 0.006,
    ("joy", "love"): 0.006,
    ("surprise", "fear"): 0.005,
    ("fear", "surprise"): 0.005,
    ("anger", "sadness"): 0.002,
    ("sadness", "anger"): 0.002,
    ("fear", "sadness"): 0.0015,
    ("sadness", "fear"): 0.0015,
    ("joy", "sadness"): 0.0005,
    ("sadness", "joy"): 0.0005,
}


def read_sections(folder: Path) -> dict[str, Sections]:
    """Read the material of each class on top of the shared one.

    Parameters
    ----------
    folder : Path
        Holds ``shared.txt``, ``slots.txt`` and one file a class.

    Returns
    -------
    dict of str to dict
        For each class, every section that its texts may use. ``other`` holds the
        feelings of the classes that the class is not easily taken for, ``other_now``
        also those that pass in a moment, and ``blur`` the lines that it has in common
        with the class that it is taken for.
    """
    shared = read_material(folder / "slots.txt") | read_material(folder / "shared.txt")
    own = {name: read_material(folder / f"{name}.txt") for name in NAMES}
    sections = {}
    for name in NAMES:
        rivals = [rival for rival in NAMES if rival not in (name, PARTNER.get(name))]
        # Surprise passes: "i used to be surprised and now" is not what people write.
        lasting = [
            line for rival in rivals if rival != "surprise" for line in own[rival]["as_other"]
        ]
        sudden = own["surprise"]["as_other"] if "surprise" in rivals else []
        sections[name] = shared | own[name] | {"other": lasting, "other_now": lasting + sudden}
        sections[name]["row"] = shared["row"] + own[name].get("row", [])
        if name in PARTNER:
            sections[name]["blur"] = shared["_".join(sorted((name, PARTNER[name])))]
    return sections


def write_rows(
    split: str, sections: dict[str, Sections], seen: Seen
) -> list[tuple[str, str, bool]]:
    """Write the rows of a split.

    Parameters
    ----------
    split : str
        A name of `SPLITS`.
    sections : dict of str to dict
        The material a class.
    seen : Seen
        The texts of all splits so far; grows by this split's.

    Returns
    -------
    list of (str, str, bool)
        Text, class, and whether its class is clear; shuffled.
    """
    rng = random.Random(f"{SEED}/{split}")
    exact = set()
    rows = []
    for name in NAMES:
        material = sections[name]
        if split == "train":
            material = hold_out(material, CLAUSES, UNSEEN, f"{SEED}/{name}")
        wanted = round(SHARES[name] * SPLITS[split])
        while wanted:
            blurred = rng.random() < BLUR.get(name, 0)
            text = type_like_a_person(expand("blur" if blurred else "row", material, rng), rng)
            length = len(text.split())
            if length > LONGEST or length < 3 or text in exact or seen.neighbours(text):
                continue
            seen.add(text)
            exact.add(text)
            rows.append((text, name, not blurred))
            wanted -= 1
    rng.shuffle(rows)
    return rows


def plant(rows: list[tuple[str, str, bool]], split: str) -> dict[int, str]:
    """Choose the rows that get a wrong label.

    Parameters
    ----------
    rows : list of (str, str, bool)
        As `write_rows` gives them.
    split : str
        Seeds the choice.

    Returns
    -------
    dict of int to str
        The wrong class of each chosen row. Rows that are unclear by themselves are
        left alone, so that a planted label is wrong beyond doubt.
    """
    rng = random.Random(f"{SEED}/{split}/planted")
    wrong: dict[int, str] = {}
    for (true, planted), share in PLANTED.items():
        free = [
            index
            for index, (_, name, clear) in enumerate(rows)
            if name == true and clear and index not in wrong
        ]
        wrong.update(dict.fromkeys(rng.sample(free, round(share * len(rows))), planted))
    return wrong


def write(material: Path, folder: Path) -> None:
    """Write the three splits, the key of planted labels and the manifest.

    Parameters
    ----------
    material : Path
        The folder of the hand-written lines.
    folder : Path
        Where the files go.
    """
    sections = read_sections(material)
    seen = Seen()
    key: dict[str, list] = {"split": [], "row": [], "label": [], "true_label": []}
    for split in SPLITS:
        rows = write_rows(split, sections, seen)
        wrong = plant(rows, split)
        labels = [wrong.get(index, name) for index, (_, name, _) in enumerate(rows)]
        texts = [text for text, _, _ in rows]
        path = folder / f"{split}.parquet"
        write_split(path, texts, [NAMES.index(label) for label in labels], NAMES)
        for index in sorted(wrong):
            key["split"].append(split)
            key["row"].append(index)
            key["label"].append(wrong[index])
            key["true_label"].append(rows[index][1])
    write_table(folder / "planted.parquet", pa.table(key))
    write_manifest(folder, SEED)
