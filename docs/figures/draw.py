"""Draw README's two screenshots again: `make pictures`. Needs Chromium.

    python docs/figures/draw.py build/demo/report.html

check.png shows what the check says about a known wrong answer. heat_map.png shows the heat map of
the demo's class report. check.png contains a hash of the page that it shows, so that a test can
find out whether the check's words have changed.
"""

import hashlib
import html
import re
import runpy
import shutil
import sys
import tempfile
from pathlib import Path

from PIL import Image, PngImagePlugin

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(__file__).resolve().parent
EXERCISE = "mean_pool"
WRONG = "solutions/03_feature_extraction/variants/mean_pool/wrong_mask_ignored.py"
DRAWN_FROM = "Drawn from"
COLOURS = 64
PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<style>
body {{ margin: 0; padding: 16px; width: 720px; font: 16px/1.5 sans-serif; background: #fff; }}
pre {{ margin: 0 0 12px; padding: 8px 12px; font: 14px/1.5 monospace; background: #f5f5f5;
  border: 1px solid #ddd; }}
</style>
<pre>{answer}</pre>
<pre>{call}</pre>
{result}
</html>
"""


def check_page() -> str:
    """Return a page with a wrong answer, the call of its check, and what the check says."""
    from helpers.checks.core import run_check

    path = ROOT / WRONG
    remark, answer = path.read_text(encoding="utf-8").split("\n", 1)
    if not remark.startswith("# Wrong"):
        raise ValueError(f"{path} does not begin with a comment that says what is wrong")
    result = run_check(EXERCISE, runpy.run_path(str(path)))
    call = f'check("{EXERCISE}")'
    return PAGE.format(
        answer=html.escape(answer.strip(), quote=False),
        call=html.escape(call, quote=False),
        result=result._repr_html_(),
    )


def hash_of(page: str) -> str:
    return hashlib.sha256(page.encode()).hexdigest()


def drawn_from(picture: Path) -> str:
    """Return the hash of the page that a picture shows."""
    with Image.open(picture) as image:
        return image.text[DRAWN_FROM]


def draw(pages: dict[str, tuple[Path, str]]) -> None:
    """Take a screenshot of one element of each page.

    Parameters
    ----------
    pages : dict of str to (Path, str)
        For each picture's name, the page and the selector of the element.
    """
    from playwright.sync_api import sync_playwright

    found = map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))
    browser = next(filter(None, found), None)
    if browser is None:
        sys.exit("No Chromium found: apt-get install chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=browser, args=["--no-sandbox", "--disable-gpu"]
        )
        context = chromium.new_context(
            viewport={"width": 900, "height": 900}, device_scale_factor=1.5, color_scheme="light"
        )
        for name, (path, selector) in pages.items():
            page = context.new_page()
            page.goto(path.resolve().as_uri())
            page.locator(selector).first.screenshot(path=FOLDER / name)
        chromium.close()


def keep(name: str, source: str) -> None:
    """Reduce the size of a picture file, and write the hash of its source into it."""
    note = PngImagePlugin.PngInfo()
    note.add_text(DRAWN_FROM, hash_of(source))
    path = FOLDER / name
    with Image.open(path) as image:
        small = image.convert("RGB").quantize(COLOURS)
    small.save(path, optimize=True, pnginfo=note)
    print(f"{path.relative_to(ROOT)}: {path.stat().st_size:,} bytes, {small.width} pixels wide")


def main(report: Path) -> None:
    if not report.is_file():
        sys.exit(f"{report} is missing: run `make demo` first")
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder, "check.html")
        page.write_text(check_page(), encoding="utf-8")
        draw({"check.png": (page, "body"), "heat_map.png": (report, "figure")})
    keep("check.png", check_page())
    keep("heat_map.png", report.read_text(encoding="utf-8"))


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    if len(sys.argv) != 2:
        sys.exit(re.sub(r"\n.*", "", __doc__))
    main(Path(sys.argv[1]))
