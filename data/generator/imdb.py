"""The corpus of film reviews: long texts with mixed feelings, about films that do not exist."""

import math
import random
import re
from pathlib import Path

from generator.duplicates import Seen
from generator.files import write_manifest, write_split
from generator.grammar import PRONOUNS, Sections, expand, hold_out, read_material
from generator.noise import slip

SEED = "imdb-1"
NAMES = ["neg", "pos"]
SPLITS = {"train": 2_000, "test": 2_000}
KINDS = {
    "drama": ("drama", "dramas"),
    "thriller": ("thriller", "thrillers"),
    "horror": ("horror film", "horror films"),
    "comedy": ("comedy", "comedies"),
    "scifi": ("science fiction film", "science fiction films"),
    "western": ("western", "westerns"),
    "war": ("war film", "war films"),
    "romance": ("romance", "romances"),
    "family": ("children's film", "children's films"),
}

# An aspect is praised or blamed throughout a review, never both. Only those of `MIXED` may go
# against the verdict.
ASPECTS = ["story", "acting", "camera", "music", "pacing", "genre", "comparison", "expectation"]
# Nobody compares or recalls what was expected for long.
MOST = {"comparison": 2, "expectation": 2}
MIXED = ["story", "acting", "camera", "music", "pacing", "genre"]

# How many of them do so; a review with many is hard to tell before its end.
AGAINST = (0, 1, 2, 3, 3, 4, 4, 4, 5, 5)

# The share of sentences that the training split never sees.
UNSEEN = 0.45

MEDIAN_WORDS, SPREAD = 196, 0.76
SHORTEST, LONGEST = 70, 1_000
RATING = re.compile(r"out of 10|stars?\b")


def invent_films(sections: Sections) -> list[tuple[str, Sections]]:
    """Cast every title of the material, always with the same people.

    Parameters
    ----------
    sections : dict of str to list of str
        The material.

    Returns
    -------
    list of (str, dict)
        Genre, and the names, pronouns and the one plot that its reviews share.
    """
    films = []
    for genre, (kind, kinds) in KINDS.items():
        for number, title in enumerate(sections[f"title_{genre}"]):
            rng = random.Random(f"{SEED}/{title}")
            names: dict[str, str] = {"film": title, "kind": kind, "kinds": kinds}
            names["year"] = str(rng.randint(1948, 2006))
            last = rng.sample(sections["last"], 3)
            first = {sex: rng.sample(sections[sex], 3) for sex in ("woman", "man")}
            for part, role, surname in zip(
                ("lead", "second", "director"), ("role", "foe", "crew"), last, strict=True
            ):
                sex = rng.choice(("woman", "man"))
                names[part] = f"{first[sex].pop()} {surname}"
                pronouns = PRONOUNS[sex]
                names |= {f"{part}_{word}": pronouns[word] for word in ("they", "them", "their")}
                free = [name for name in sections[f"role_{sex}"] if name not in names.values()]
                names[role] = rng.choice(free)
            names |= {f"Lead_{word}": names[f"lead_{word}"].title() for word in ("they", "their")}
            film = {name: [value] for name, value in names.items()}
            film["plot"] = [sections[f"plot_{genre}"][number // 2]]
            films.append((genre, film))
    return films


class Review:
    """A review while it is written: sentences by paragraph, no line of the material twice."""

    def __init__(self, sections: Sections, rng: random.Random) -> None:
        self.sections, self.rng = sections, rng
        self.used: set[str] = set()
        self.paragraphs: list[list[str]] = []

    def words(self) -> int:
        """Return how long it is so far."""
        return sum(len(s.split()) for paragraph in self.paragraphs for s in paragraph)

    def paragraph(self) -> None:
        """Begin a new paragraph."""
        self.paragraphs.append([])

    def say(self, section: str) -> None:
        """Add a sentence of a section, unless all of them have been said."""
        rated = any(RATING.search(line) for line in self.used)
        lines = [
            line
            for line in self.sections[section]
            if line not in self.used and not (rated and RATING.search(line))
        ]
        if not lines:
            return
        line = self.rng.choice(lines)
        self.used.add(line)
        sentence = expand("line", self.sections | {"line": [line]}, self.rng)
        sentence = re.sub(r" ([.,;?!])", r"\1", sentence).replace("?.", "?")
        self.paragraphs[-1].append(sentence[0].upper() + sentence[1:])


def write_review(
    polarity: str, genre: str, sections: dict[str, Sections], rng: random.Random
) -> str:
    """Write one review.

    Parameters
    ----------
    polarity : {"neg", "pos"}
        What its verdict says.
    genre : str
        A key of `KINDS`.
    sections : dict of str to dict
        The material of either polarity, each with the film's names.
    rng : random.Random
        The source of every choice.

    Returns
    -------
    str
        Paragraphs, joined by spaces or by the line breaks of a web page.
    """
    other = "pos" if polarity == "neg" else "neg"
    length = min(max(MEDIAN_WORDS * math.exp(rng.gauss(0, SPREAD)), SHORTEST), LONGEST)
    against = set(rng.sample(MIXED, rng.choice(AGAINST)))
    side = {aspect: other if aspect in against else polarity for aspect in ASPECTS}
    side["ending"] = other if len(against) > 2 and rng.random() < 0.3 else polarity
    voice = {name: Review(sections[name], rng) for name in NAMES}
    voice[other].used, voice[other].paragraphs = voice[polarity].used, voice[polarity].paragraphs
    review = voice[polarity]

    verdict_first = rng.random() < 0.15
    review.paragraph()
    if rng.random() < 0.85:
        review.say("open")
    if verdict_first:
        review.say("verdict")
    review.paragraph()
    review.say("plot")
    for _ in range(int(length / 115 + rng.random())):
        review.say("scene")

    blocks = [[a for a in ASPECTS if side[a] == name] for name in (polarity, other)]
    for block in blocks:
        rng.shuffle(block)
    mine, theirs = blocks
    # Either the other side first, or between two halves of one's own.
    cut = 0 if rng.random() < 0.5 else len(mine) // 2
    order = [(polarity, mine[:cut]), (other, theirs), (polarity, mine[cut:])]
    order = [(name, block) for name, block in order if block]
    spent = review.words()
    aspects = sum(len(block) for _, block in order)
    # Short reviews leave aspects out, long ones dwell on each.
    each = max(0.25, (length - spent - 45) / 12 / aspects)
    before = None
    for place, (name, block) in enumerate(order):
        sentences = [
            f"genre_{'western' if genre == 'war' else genre}" if aspect == "genre" else aspect
            for aspect in block
            for _ in range(min(int(each + rng.random()), MOST.get(aspect, 7)))
        ]
        if not sentences and name == polarity and before != polarity and place == len(order) - 1:
            # However short, a review gives a reason for its verdict.
            sentences = [rng.choice(("comparison", "expectation"))]
        if not sentences:
            continue
        review.paragraph()
        if before not in (None, name):
            turn = "but_good" if name == "pos" else "but_bad"
            review.say(turn if rng.random() < 0.7 else "back")
        before = name
        for section in sentences:
            voice[name].say(section)
        if rng.random() < length / 900:
            review.say("aside")
    review.paragraph()
    if rng.random() < min(0.9, length / 200):
        voice[side["ending"]].say("ending")
    if not verdict_first or rng.random() < 0.3:
        for _ in range(rng.choice((1, 1, 1, 2, 2))):
            review.say("verdict")
    return join(review.paragraphs, sections[polarity], rng)


def join(paragraphs: list[list[str]], film: Sections, rng: random.Random) -> str:
    """Join the sentences the way one viewer types.

    Parameters
    ----------
    paragraphs : list of list of str
        Sentences.
    film : dict of str to list of str
        Holds the full names, which are shortened after their first mention.
    rng : random.Random
        The source of every choice.

    Returns
    -------
    str
        The review.
    """
    shout, hasty, broken = rng.random() < 0.12, rng.random() < 0.2, rng.random() < 0.55
    done = []
    for paragraph in paragraphs:
        sentences = []
        for sentence in paragraph:
            if shout and rng.random() < 0.3 and sentence.endswith("."):
                sentence = sentence[:-1] + "!"
            if hasty and rng.random() < 0.12:
                sentence = slip(sentence, rng)
            sentences.append(sentence)
        if sentences:
            done.append(" ".join(sentences))
    text = ("<br /><br />" if broken else " ").join(done)
    for part in ("lead", "second", "director"):
        full = film[part][0]
        last = full.split(" ", 1)[1]
        head, found, tail = text.partition(full)
        text = head + found + tail.replace(full, last)
    return text


def write(material: Path, folder: Path) -> None:
    """Write both splits and the manifest.

    Parameters
    ----------
    material : Path
        The folder of the hand-written sentences.
    folder : Path
        Where the files go.
    """
    shared = {}
    for name in ("films", "plots", "joins"):
        shared |= read_material(material / f"{name}.txt")
    own = {name: read_material(material / f"{name}.txt") for name in NAMES}
    films = invent_films(shared)
    seen = Seen()
    for place, (split, rows_wanted) in enumerate(SPLITS.items()):
        rng = random.Random(f"{SEED}/{split}")
        # As in the real data, no film has reviews in both splits.
        shown = films[place::2]
        rows = []
        for label, polarity in enumerate(NAMES):
            sections = own
            if split == "train":
                sections = {
                    name: hold_out(own[name], list(own[name]), UNSEEN, f"{SEED}/{name}")
                    for name in NAMES
                }
            wanted = rows_wanted // 2
            while wanted:
                genre, film = rng.choice(shown)
                both = {name: shared | sections[name] | film for name in NAMES}
                text = write_review(polarity, genre, both, rng)
                if seen.neighbours(text):
                    continue
                seen.add(text)
                rows.append((text, label))
                wanted -= 1
        rng.shuffle(rows)
        texts, labels = [text for text, _ in rows], [label for _, label in rows]
        write_split(folder / f"{split}.parquet", texts, labels, NAMES)
    write_manifest(folder, SEED)
