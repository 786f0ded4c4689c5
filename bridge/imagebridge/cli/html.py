"""The frame of our HTML pages: one file that needs nothing else, style included, in light and dark."""

from html import escape
from importlib.resources import files

from imagebridge import __version__

_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
"""The browser itself makes sure that the page loads nothing and runs nothing."""


def head(title: str, package: str) -> str:
    """Return the page up to its content; `package` holds the `page.css` with what only this page needs."""
    common, own = ((files(where) / "page.css").read_text("utf-8") for where in ("imagebridge.cli", package))
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


def foot(command: str) -> str:
    """Return what ends the page: which command wrote it."""
    return f"""<footer>Written by <code>imagebridge {command}</code>, version {escape(__version__)}.</footer>
</main>
</body>
</html>
"""
