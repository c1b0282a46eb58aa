"""Write an embedded corpus from its material: ``python data/generate.py emotion [--check]``."""

import argparse
import importlib
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
CORPORA = ("emotion", "tweet_emotion", "stance_climate", "financial_topics", "imdb")


def differing(folder: Path, fresh: Path) -> list[str]:
    """Name the files of a corpus that differ from freshly written ones.

    Parameters
    ----------
    folder, fresh : Path
        The corpus on disk, and the one just written.

    Returns
    -------
    list of str
        File names, sorted; empty when all agree byte for byte.
    """
    names = [path.name for path in sorted(fresh.iterdir())]
    return [
        name
        for name in names
        if not (folder / name).exists()
        or (folder / name).read_bytes() != (fresh / name).read_bytes()
    ]


def main() -> int:
    """Generate a corpus, or check the one on disk; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", choices=CORPORA)
    parser.add_argument("--check", action="store_true", help="compare, and write nothing")
    arguments = parser.parse_args()
    corpus = importlib.import_module(f"generator.{arguments.corpus}")
    material, folder = HERE / "material" / arguments.corpus, HERE / arguments.corpus
    if not arguments.check:
        folder.mkdir(exist_ok=True)
        corpus.write(material, folder)
        print(f"wrote {arguments.corpus}: {', '.join(p.name for p in sorted(folder.iterdir()))}")
        return 0
    with tempfile.TemporaryDirectory() as temporary:
        corpus.write(material, Path(temporary))
        wrong = differing(folder, Path(temporary))
    if wrong:
        print(f"{arguments.corpus}: {', '.join(wrong)} differ from what the material gives;")
        print(f"run `python data/generate.py {arguments.corpus}` and commit what it writes")
        return 1
    print(f"{arguments.corpus}: every file is what the material gives")
    return 0


if __name__ == "__main__":
    sys.exit(main())
