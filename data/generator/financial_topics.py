"""The corpus of financial headlines: twenty topics, invented firms, a few rows in small classes."""

import random
from pathlib import Path

from generator.duplicates import Seen
from generator.files import write_manifest, write_split
from generator.grammar import Sections, expand, hold_out, read_material

SEED = "financial_topics-1"

# Rows a class in train and in validation, in the order of the labels. The topics of a market
# feed are as uneven: news of companies flow all day, an IPO is rare.
COUNTS = {
    "Analyst Update": (55, 14),
    "Fed | Central Banks": (110, 27),
    "Company | Product News": (380, 92),
    "Treasuries | Corporate Debt": (26, 6),
    "Dividend": (40, 10),
    "Earnings": (130, 33),
    "Energy | Oil": (70, 17),
    "Financials": (65, 16),
    "Currencies": (13, 4),
    "General News | Opinion": (180, 45),
    "Gold | Metals | Materials": (12, 4),
    "IPO": (12, 4),
    "Legal | Regulation": (52, 13),
    "M&A | Investments": (45, 11),
    "Macro": (210, 52),
    "Markets": (90, 22),
    "Politics": (120, 30),
    "Personnel Change": (20, 5),
    "Stock Commentary": (240, 62),
    "Stock Movement": (130, 33),
}
NAMES = list(COUNTS)
SPLITS = ("train", "validation")

# The share of patterns that the training split never sees.
UNSEEN = 0.3

# The share of posts that carry a link; the address is one that leads nowhere.
LINKED = 0.3
LETTERS = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"


def file_of(name: str) -> str:
    """Return the material's file of a topic: ``M&A | Investments`` is ``m_and_a_investments``."""
    words = name.lower().replace("m&a", "m and a").replace("|", " ").split()
    return "_".join(words) + ".txt"


def read_firms(path: Path) -> Sections:
    """Read names and tickers, and the ways in which a headline gives them.

    Parameters
    ----------
    path : Path
        A material file whose lines are ``name | ticker``.

    Returns
    -------
    dict of str to list of str
        For each sector ``tech``: its names, ``tech_tag`` (``$KLNTZ``), ``tech_full``
        (``Kelnet Systems ($KLNTZ)``) and ``tech_dash`` (``$KLNTZ - Kelnet Systems``).
    """
    shapes = {
        "": "{name}",
        "_tag": "${tag}",
        "_full": "{name} (${tag})",
        "_dash": "${tag} - {name}",
    }
    sections = {}
    for sector, lines in read_material(path).items():
        pairs = [line.split(" | ") for line in lines]
        for suffix, shape in shapes.items():
            sections[sector + suffix] = [shape.format(name=name, tag=tag) for name, tag in pairs]
    return sections


def results() -> Sections:
    """Return pairs of a result and its estimate, which must agree with the verb between them."""
    rng = random.Random(f"{SEED}/results")
    names = ("eps_beat", "eps_miss", "eps_word", "rev_beat", "rev_miss")
    sections: Sections = {name: [] for name in names}
    for _ in range(60):
        low = rng.randint(12, 290)
        less, more = f"${low / 100:.2f}", f"${(low + rng.randint(1, 19)) / 100:.2f}"
        sections["eps_beat"].append(f"{more} {rng.choice(('beats', 'vs.', 'tops'))} {less}")
        sections["eps_miss"].append(f"{less} {rng.choice(('misses', 'vs.', 'below'))} {more}")
        sections["eps_word"].append(less)
        low = rng.randint(11, 98)
        less, more = f"${low / 10:.1f}B", f"${(low + rng.randint(1, 9)) / 10:.1f}B"
        sections["rev_beat"].append(f"{more} vs. {less} est.")
        sections["rev_miss"].append(f"{less} vs. {more} est.")
    return sections


def post(name: str, sections: Sections, rng: random.Random) -> str:
    """Write one post on a topic.

    Parameters
    ----------
    name : str
        A key of `COUNTS`.
    sections : dict of str to list of str
        The material, with the topic's patterns as ``row``.
    rng : random.Random
        The source of every choice.

    Returns
    -------
    str
        A headline, some with a link.
    """
    text = expand("row", sections, rng)
    text = text.replace(" ,", ",").replace(" :", ":").replace(" ;", ";")
    text = text[0].upper() + text[1:]
    if rng.random() < LINKED:
        text += " https://news.example/" + "".join(rng.choices(LETTERS, k=6))
    return text


def write(material: Path, folder: Path) -> None:
    """Write both splits and the manifest.

    Parameters
    ----------
    material : Path
        The folder of the hand-written patterns.
    folder : Path
        Where the files go.
    """
    shared = read_material(material / "slots.txt") | read_firms(material / "firms.txt") | results()
    topics = {name: shared | read_material(material / file_of(name)) for name in NAMES}
    seen = Seen()
    for place, split in enumerate(SPLITS):
        rng = random.Random(f"{SEED}/{split}")
        rows = []
        for label, name in enumerate(NAMES):
            sections = topics[name]
            if split == "train":
                sections = hold_out(sections, ["row"], UNSEEN, f"{SEED}/{name}")
            wanted = COUNTS[name][place]
            while wanted:
                text = post(name, sections, rng)
                # The link must not make two equal headlines differ.
                headline = text.split(" https://")[0]
                if seen.neighbours(headline):
                    continue
                seen.add(headline)
                rows.append((text, label))
                wanted -= 1
        rng.shuffle(rows)
        texts, labels = [text for text, _ in rows], [label for _, label in rows]
        write_split(folder / f"{split}.parquet", texts, labels, NAMES)
    write_manifest(folder, SEED)
