"""The tweet_emotion corpus: short public posts of four classes, with some labels planted wrong."""

import random
import re
from pathlib import Path

import pyarrow as pa

from generator.duplicates import Seen
from generator.files import write_manifest, write_split, write_table
from generator.grammar import Sections, expand, read_material
from generator.noise import slip

SEED = "tweet_emotion-2"
NAMES = ["anger", "joy", "optimism", "sadness"]
COUNTS = {
    "train": {"anger": 1400, "joy": 708, "optimism": 294, "sadness": 855},
    "validation": {"anger": 160, "joy": 97, "optimism": 28, "sadness": 89},
    "test": {"anger": 558, "joy": 358, "optimism": 123, "sadness": 382},
}
LONGEST_WORDS = 36
LONGEST = 185

# Sections whose lines are dealt out between training and evaluation, see `deal`.
DEALT = ["post", "reply", "react", "react_more", "ahead", "mood"]
TRAINING_ONLY, EVALUATION_ONLY = 0.64, 0.36

# Which topics' events each class talks about, by how the event goes.
SCENES = {
    "anger": {
        "bad": ["commute", "luck", "football", "work", "home", "gig", "tv", "tech", "politics"]
    },
    "sadness": {
        "bad": [
            "luck",
            "football",
            "exam",
            "work",
            "home",
            "money",
            "gig",
            "tv",
            "weather",
            "health",
            "family",
            "dating",
        ]
    },
    "joy": {
        "good": ["football", "exam", "work", "gig", "family", "home", "weather", "pets", "food"],
        "ahead": ["trip", "football", "move", "family"],
    },
    "optimism": {
        "bad": [
            "luck",
            "football",
            "exam",
            "work",
            "home",
            "money",
            "weather",
            "health",
            "dating",
            "politics",
        ],
        "ahead": ["exam", "work", "football", "health", "move", "family"],
    },
}
# Topics with somebody to blame, or with hopes that came to nothing: of these a class also
# says what stands in its section ``react_more``.
MORE = {
    "anger": ["commute", "football", "work", "home", "gig", "tv", "tech", "politics"],
    "sadness": ["football", "exam", "work", "home", "gig", "dating"],
    "optimism": ["football", "exam", "work", "home", "dating"],
    "joy": [],
}
# The share of rows that a careful reader could give to either of two classes, and which
# lines those are made of.
BLURRED = {"anger": 0.05, "joy": 0.06, "optimism": 0.10, "sadness": 0.06}
BLUR = {
    "anger": "anger_sadness",
    "sadness": "anger_sadness",
    "joy": "joy_optimism",
    "optimism": "joy_optimism",
}

# Wrong labels by (true class, planted class), as shares of a split. Each pair is planted
# both ways alike, so that the classes keep their sizes.
PLANTED = {
    ("anger", "sadness"): 0.0055,
    ("sadness", "anger"): 0.0055,
    ("joy", "optimism"): 0.0040,
    ("optimism", "joy"): 0.0040,
    ("anger", "joy"): 0.0030,
    ("joy", "anger"): 0.0030,
    ("sadness", "joy"): 0.0025,
    ("joy", "sadness"): 0.0025,
}

SLANG = [
    (r"\byou\b", "u"),
    (r"\byour\b", "ur"),
    (r"\bpeople\b", "ppl"),
    (r"\bplease\b", "pls"),
    (r"\bbecause\b", "cos"),
    (r"\bgoing to (?=[a-z]+ )", "gonna "),
    (r"\bwant to\b", "wanna"),
    (r"\btomorrow\b", "tmrw"),
    (r"\band\b", "n"),
    (r"\bthough\b", "tho"),
    (r"\bare you\b", "r u"),
    (r"\bwith\b", "w"),
]
# Words that people now and then make a hashtag of in mid-sentence.
TAGGABLE = (
    "angry football beach train bus work monday friday sunday saturday hope love coffee snow "
    "family exam finals happy sad lonely tired fuming livid choir cake pizza dog cat "
    "landlord rent boss neighbours christmas birthday grief anxiety depression rain summer "
    "spring school uni interview courage vote library trains"
)
TAGGED = frozenset(TAGGABLE.split())
DRAWN_OUT = {"so": "sooo", "no": "nooo", "yes": "yesss", "why": "whyyy", "please": "pleaseee"}


def read_sections(folder: Path) -> dict[str, Sections]:
    """Read the material of each class on top of the shared one.

    Parameters
    ----------
    folder : Path
        Holds ``shared.txt``, ``slots.txt``, ``events.txt`` and one file a class.

    Returns
    -------
    dict of str to dict
        For each class, every section that its posts may use.
    """
    common: Sections = {}
    for name in ("slots", "events", "shared"):
        common |= read_material(folder / f"{name}.txt")
    own = {name: read_material(folder / f"{name}.txt") for name in NAMES}
    return {name: common | own[name] | {"blur": common[BLUR[name]]} for name in NAMES}


def deal(sections: Sections, split: str, seed: str) -> Sections:
    """Deal the lines out: most are met in training or in evaluation, few in both.

    Without this, a model that knows the lines by heart would score far higher than it does
    on posts that people wrote, of which hardly two are alike.

    Parameters
    ----------
    sections : dict of str to list of str
        All material of a class.
    split : str
        Validation and test get the same lines.
    seed : str
        Seeds who gets what.

    Returns
    -------
    dict of str to list of str
        A copy with the dealt sections.
    """
    dealt = dict(sections)
    for name in DEALT:
        lines = list(sections.get(name, []))
        random.Random(f"{seed}/{name}").shuffle(lines)
        first = round(TRAINING_ONLY * len(lines))
        last = len(lines) - round(EVALUATION_ONLY * len(lines))
        dealt[name] = lines[:last] if split == "train" else lines[first:]
    return dealt


def draw(name: str, start: str, sections: Sections, rng: random.Random) -> str:
    """Draw one post of a class about one topic, before anybody's way of typing.

    Parameters
    ----------
    name : str
        The class.
    start : str
        The section to start from: ``row`` or ``blurred``.
    sections : dict of str to list of str
        Its material.
    rng : random.Random
        The source of every choice.

    Returns
    -------
    str
        The post, with single spaces.
    """
    kind = rng.choice(sorted(SCENES[name]))
    topic = rng.choice(SCENES[name][kind])
    said = sections["ahead" if kind == "ahead" else "react"]
    if kind == "bad" and topic in MORE[name]:
        said = said + sections["react_more"]
    view = sections | {
        "event": sections[f"{kind}_{topic}"],
        "said": said,
        "topic": sections[f"tag_{topic}"],
    }
    text = expand(start, view, rng)
    text = re.sub(r"([.!?,])\.(?!\.)(?=\s|$)", r"\1", text)
    text = re.sub(r"\s+([.,!?])(?=\s|$)", r"\1", text)
    return re.sub(r",+(?=[.!?,])|[,.](?=,)", "", text)


def typed(text: str, rng: random.Random) -> str:
    """Type a post the way one of many people would.

    Parameters
    ----------
    text : str
        As `draw` gives it.
    rng : random.Random
        The source of every choice.

    Returns
    -------
    str
        Mentions stay whole; capitals, stops, short forms and slips vary. As in the data
        that this stands in for, a line break is a backslash and an n, and some
        ampersands are ``&amp;``.
    """
    hand = rng.random()
    if hand < 0.80:
        text = re.sub(r"(^(?:@user )*|[.!?] )([a-z])", lambda m: m[1] + m[2].upper(), text)
    elif hand < 0.93:
        text = text.lower()
    if rng.random() < 0.10:
        for pattern, short in rng.sample(SLANG, 5):
            text = re.sub(pattern, short, text)
    if rng.random() < 0.15:
        text = re.sub(r"\band\b", "&amp;", text, count=1)
    if rng.random() < 0.07:
        text = text.replace("'", "")
    if rng.random() < 0.05:
        text = re.sub(r"(?<=[.!?]) (?=\w)", r"\\n", text, count=1)
    elif rng.random() < 0.10:
        text = re.sub(r"\. (?=\w)", rng.choice(("... ", ".. ", " - ", ", ")), text, count=1)
    if rng.random() < 0.65:
        text = re.sub(r"(?<!\.)\.(?=$| [^\w\s@]+| #)", "", text)
    if rng.random() < 0.10:
        text = re.sub(r"!(?=\s|$)", rng.choice(("!!", "!!!")), text)
    words = text.split(" ")
    plain = [place for place, word in enumerate(words) if word.isalpha() and word.isascii()]
    long = [place for place in plain if len(words[place]) > 4]
    for place in plain:
        if words[place].lower() in DRAWN_OUT and rng.random() < 0.06:
            words[place] = DRAWN_OUT[words[place].lower()]
    if long and rng.random() < 0.05:
        place = rng.choice(long)
        words[place] = words[place].upper()
    elif any(words[place].lower() in TAGGED for place in plain) and rng.random() < 0.10:
        place = rng.choice([place for place in plain if words[place].lower() in TAGGED])
        words[place] = "#" + words[place]
    elif long and rng.random() < 0.06:
        place = rng.choice(long)
        words[place] = slip(words[place], rng)
    text = " ".join(words)
    if rng.random() < 0.012:
        text = (
            text.upper().replace("@USER", "@user").replace("&AMP;", "&amp;").replace("\\N", "\\n")
        )
    return text


def write_rows(
    split: str, sections: dict[str, Sections], seen: Seen
) -> list[tuple[str, str, bool]]:
    """Write the rows of a split.

    Parameters
    ----------
    split : str
        A name of `COUNTS`.
    sections : dict of str to dict
        The material a class.
    seen : Seen
        The texts of all splits so far; grows by this split's.

    Returns
    -------
    list of (str, str, bool)
        Text, class, and whether its class is clear; shuffled.

    Raises
    ------
    RuntimeError
        If nearly every draw repeats an earlier one.
    """
    rng = random.Random(f"{SEED}/{split}")
    rows = []
    for name, wanted in COUNTS[split].items():
        material = deal(sections[name], split, f"{SEED}/{name}")
        tries = 0
        while wanted:
            tries += 1
            if tries > 100 * COUNTS[split][name]:
                raise RuntimeError(f"the material of {name} is too small for {split}")
            blurred = rng.random() < BLURRED[name]
            text = typed(draw(name, "blurred" if blurred else "row", material, rng), rng)
            length = len(text.split())
            if length > LONGEST_WORDS or len(text) > LONGEST or length < 2:
                continue
            plain = re.sub(r"@user|#\S+|[^a-z ]", "", text.lower())
            if seen.neighbours(plain):
                continue
            seen.add(plain)
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
    for split in COUNTS:
        rows = write_rows(split, sections, seen)
        wrong = plant(rows, split)
        labels = [wrong.get(index, name) for index, (_, name, _) in enumerate(rows)]
        path = folder / f"{split}.parquet"
        write_split(
            path, [text for text, _, _ in rows], [NAMES.index(name) for name in labels], NAMES
        )
        for index in sorted(wrong):
            key["split"].append(split)
            key["row"].append(index)
            key["label"].append(wrong[index])
            key["true_label"].append(rows[index][1])
    write_table(folder / "planted.parquet", pa.table(key))
    write_manifest(folder, SEED)
