"""The frame of our HTML pages: a single self-contained file with its styles, for light and dark mode."""

from html import escape
from importlib.metadata import version
from importlib.resources import files

_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
"""The policy by which the browser ensures that the page loads nothing and runs nothing."""


def head(title: str, package: str, style: str) -> str:
    """Return the start of the page, up to its content.

    Args:
        title: plain text.
        package: the package that contains the style sheet for this kind of page.
        style: the file name of that style sheet.
    """
    common = (files("imagebridge.display") / "page.css").read_text("utf-8")
    own = (files(package) / style).read_text("utf-8")
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<title>{escape(title)}</title>
<style>
{common}{own}</style>
</head>
<body>
<main>
"""


def foot(writer: str) -> str:
    """Return the end of the page, which names the command or method that wrote it."""
    return f"""<footer>Written by <code>{escape(writer)}</code>, version {escape(version("imagebridge"))}.</footer>
</main>
</body>
</html>
"""
