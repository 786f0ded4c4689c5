"""Draws demo.png, the top of the demo's page, for the README. This needs Chromium.

uv run --group checks python docs/demo.py
"""

import re
import shutil
import subprocess
import sys
from html import unescape
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image
from PIL.PngImagePlugin import PngInfo

HERE = Path(__file__).parent
SIZE = (1000, 1952)
"""Pixels of the picture: the page's width, and its height down to the fifth row."""
WORDS = "Page"
"""The PNG's text chunk with the words of the page, by which a test checks whether the picture is out of date."""


def words(page: str) -> str:
    """Return the words of the page without the durations, which differ each time."""
    text = re.sub(r"<(style|head).*?</\1>|<[^>]*>", " ", page, flags=re.DOTALL)
    return re.sub(r"\b\d+\.\d s\b", "", " ".join(unescape(text).split()))


def demo(folder: Path) -> Path:
    """Run the demo in `folder` and return its page."""
    code = "from imagebridge.cli import main; main()"
    subprocess.run([sys.executable, "-c", code, "demo"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    return folder / "demo.html"


def photographed(page: Path) -> Image.Image:
    """Return a screenshot of the top of the page."""
    from playwright.sync_api import sync_playwright

    names = ("chromium", "chromium-browser", "google-chrome")
    path = next(filter(None, map(shutil.which, names)), None)
    if path is None:
        sys.exit("Chromium is missing; on Debian: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        width, height = SIZE
        tab = browser.new_page(viewport={"width": width, "height": height}, color_scheme="light")
        tab.goto(page.as_uri())
        return Image.open(BytesIO(tab.screenshot()))


def main() -> None:
    """Draw the picture again."""
    with TemporaryDirectory() as folder:
        page = demo(Path(folder))
        picture = photographed(page)
        note = PngInfo()
        note.add_itxt(WORDS, words(page.read_text("utf-8")), zip=True)
    smaller = picture.convert("RGB").quantize(256, dither=Image.Dither.NONE)
    smaller.save(HERE / "demo.png", pnginfo=note, optimize=True)


if __name__ == "__main__":
    main()
