"""JSON as people keep it in their hosts' files: with the comments and trailing commas that VS Code, Cursor and Gemini CLI allow."""

import re
from collections.abc import Iterator

_STRING_OR_COMMENT = re.compile(r'"(?:[^"\\\n]|\\.)*"|//[^\n\r]*|/\*.*?\*/', re.DOTALL)
_STRING_OR_COMMA = re.compile(r'"(?:[^"\\]|\\.)*"|,(?=\s*[}\]])')
_NOT_BREAK = re.compile(r"[^\r\n]")


def tokens(text: str) -> Iterator[re.Match[str]]:
    """Yield the strings and the comments of a text, in order."""
    return _STRING_OR_COMMENT.finditer(text)


def uncommented(text: str) -> str:
    """Return the text with comments as spaces, of the same length."""
    return _STRING_OR_COMMENT.sub(
        lambda found: found[0] if found[0][0] == '"' else _NOT_BREAK.sub(" ", found[0]), text
    )


def blanked(text: str) -> str:
    """Return the text with comments and trailing commas as spaces: plain JSON, in which every place is the same."""
    return _STRING_OR_COMMA.sub(lambda found: found[0] if found[0][0] == '"' else " ", uncommented(text))
