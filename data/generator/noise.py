"""How people type: contractions, slang and the odd slip of a finger, all seeded."""

import random
import re

NEIGHBOURS = {
    "q": "wa", "w": "qes", "e": "wrd", "r": "etf", "t": "ryg", "y": "tuh", "u": "yij", "i": "uok",
    "o": "ipl", "p": "ol", "a": "sqz", "s": "adw", "d": "sfe", "f": "dgr", "g": "fht", "h": "gjy",
    "j": "hku", "k": "jli", "l": "ko", "z": "xa", "x": "zcs", "c": "xvd", "v": "cbf", "b": "vng",
    "n": "bmh", "m": "nj",
}  # fmt: skip

# A contraction is written only where the short form can stand: "than i am" stays.
CONTRACTIONS = [
    (
        r"(?<!than )(?<!as )(?<!where )(?<!who )(?<!what )(?<!how )(?<!truth is )"
        r"\bi am (?!and\b|but\b|so\b)(?=\w)",
        "i'm ",
    ),
    (r"\bi have been\b", "i've been"),
    (r"\bi have (?=never|always|not|just|had|got|felt|no idea|spent|started|decided)", "i've "),
    (r"\bi will (?=\w)", "i'll "),
    (r"(?<!whatever )(?<!what )(?<!how )\bit is (?=\w)", "it's "),
    (r"\bdo not\b", "don't"),
    (r"\bdoes not\b", "doesn't"),
    (r"\bdid not\b", "didn't"),
    (r"\bcannot\b", "can't"),
    (r"\bcould not\b", "couldn't"),
    (r"\bwould not\b", "wouldn't"),
    (r"\bwill not\b", "won't"),
    (r"\bwas not\b", "wasn't"),
    (r"\bis not\b", "isn't"),
    (r"\bare not\b", "aren't"),
    (r"\bhave not\b", "haven't"),
    (r"\bhas not\b", "hasn't"),
]
SLANG = [
    (r"\bbecause\b", ("cause", "cos", "bc", "cuz", "becuz")),
    (r"\bgoing to (?=[a-z]+ )(?!the|my|a |work|school|bed|church)", ("gonna ",)),
    (r"\bwant to\b", ("wanna",)),
    (r"\breally\b", ("rly", "realy")),
    (r"\byou\b", ("u",)),
    (r"\bprobably\b", ("prob", "prolly")),
    (r"\btomorrow\b", ("tmrw", "tomorow")),
    (r"\bsomething\b", ("smth", "somethin")),
    (r"\bthough\b", ("tho",)),
    (r"\bpeople\b", ("ppl",)),
    (r"\bwith\b", ("w",)),
    (r"\bdefinitely\b", ("definately", "def")),
    (r"\bfavourite\b", ("fave", "favorite")),
    (r"\bkind of\b", ("kinda",)),
    (r"\ba lot\b", ("alot",)),
]


def type_like_a_person(text: str, rng: random.Random, slip_rate: float = 0.11) -> str:
    """Write a text the way one of many people would type it.

    Parameters
    ----------
    text : str
        Lower case, with apostrophes.
    rng : random.Random
        The source of every choice.
    slip_rate : float
        The share of texts that get a slip of the finger.

    Returns
    -------
    str
        Letters and spaces alone.
    """
    if rng.random() < 0.6:
        for pattern, short in CONTRACTIONS:
            text = re.sub(pattern, short, text)
    if rng.random() < 0.10:
        for pattern, replacements in SLANG:
            text = re.sub(pattern, rng.choice(replacements), text)
    # Most people here drop the apostrophe; some exports leave a space in its place.
    text = text.replace("'", " " if rng.random() < 0.12 else "")
    if rng.random() < slip_rate:
        text = slip(text, rng)
        if rng.random() < 0.2:
            text = slip(text, rng)
    return " ".join(re.sub(r"[^a-z ]+", " ", text).split())


def slip(text: str, rng: random.Random) -> str:
    """Mistype one word of four letters or more.

    Parameters
    ----------
    text : str
        Words separated by spaces.
    rng : random.Random
        The source of every choice.

    Returns
    -------
    str
        The text with one word mistyped, or as it was if every word is short.
    """
    words = text.split()
    places = [index for index, word in enumerate(words) if len(word) > 3]
    if not places:
        return text
    place = rng.choice(places)
    word = words[place]
    # The first letter is rarely the one that goes wrong.
    at = rng.randrange(1, len(word) - 1)
    kind = rng.choice(("neighbour", "double", "drop", "swap"))
    if kind == "neighbour":
        words[place] = word[:at] + rng.choice(NEIGHBOURS.get(word[at], word[at])) + word[at + 1 :]
    elif kind == "double":
        words[place] = word[:at] + word[at] + word[at:]
    elif kind == "drop":
        words[place] = word[:at] + word[at + 1 :]
    else:
        words[place] = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    return " ".join(words)
