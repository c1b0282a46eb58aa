"""The corpus of posts on climate policy: hand-written whole posts, shared out over splits."""

import random
from pathlib import Path

from generator.duplicates import Seen
from generator.files import write_manifest, write_split
from generator.grammar import read_material

SEED = "stance_climate-9"
NAMES = ["none", "against", "favor"]

# Rows a class, in the order of `NAMES`: those of the task that the corpus stands in for.
SPLITS = {"train": (151, 13, 191), "validation": (17, 2, 21), "test": (35, 11, 123)}


def read_posts(folder: Path) -> dict[str, list[str]]:
    """Read the posts of each class.

    Parameters
    ----------
    folder : Path
        Holds one file a class, whose section ``post`` has a whole post a line.

    Returns
    -------
    dict of str to list of str
        Posts by class, in the order of the files.

    Raises
    ------
    ValueError
        If a post nearly repeats another, or a class has too few.
    """
    seen = Seen()
    posts = {}
    for place, name in enumerate(NAMES):
        posts[name] = read_material(folder / f"{name}.txt")["post"]
        for post in posts[name]:
            if seen.neighbours(post):
                raise ValueError(f"{name}.txt repeats itself: {post!r}")
            seen.add(post)
        wanted = sum(counts[place] for counts in SPLITS.values())
        if len(posts[name]) < wanted:
            raise ValueError(f"{name}.txt holds {len(posts[name])} posts, {wanted} are needed")
    return posts


def write(material: Path, folder: Path) -> None:
    """Write the three splits and the manifest.

    Parameters
    ----------
    material : Path
        The folder of the hand-written posts.
    folder : Path
        Where the files go.
    """
    posts = read_posts(material)
    for name in NAMES:
        random.Random(f"{SEED}/{name}").shuffle(posts[name])
    for split, counts in SPLITS.items():
        rows = [
            (posts[name].pop(), label)
            for label, name in enumerate(NAMES)
            for _ in range(counts[label])
        ]
        random.Random(f"{SEED}/{split}").shuffle(rows)
        texts, labels = [text for text, _ in rows], [label for _, label in rows]
        write_split(folder / f"{split}.parquet", texts, labels, NAMES)
    write_manifest(folder, SEED)
