"""Command lines as people write them, on POSIX systems and on Windows."""

import shlex

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imagebridge.client.command_line import split_command_line

WINDOWS = {
    r'"C:\Program Files\nodejs\node.exe" server.js "D:\my pictures"': [
        r"C:\Program Files\nodejs\node.exe",
        "server.js",
        r"D:\my pictures",
    ],
    r"C:\nodejs\node.exe server.js": [r"C:\nodejs\node.exe", "server.js"],
    r'npx -y @modelcontextprotocol/server-filesystem "D:\my pictures"': [
        "npx",
        "-y",
        "@modelcontextprotocol/server-filesystem",
        r"D:\my pictures",
    ],
    "uvx --from 'imagebridge[server]' imagebridge-server": [
        "uvx",
        "--from",
        "imagebridge[server]",
        "imagebridge-server",
    ],
    "uvx --from='imagebridge[server]' x": ["uvx", "--from=imagebridge[server]", "x"],
    r'server.exe --root \\nas\share --name "" --say "a \"quoted\" word"': [
        "server.exe",
        "--root",
        r"\\nas\share",
        "--name",
        "",
        "--say",
        'a "quoted" word',
    ],
    'server.exe --dir="C:\\a b" C:\\c\\ ': ["server.exe", r"--dir=C:\a b", "C:\\c\\"],
    "say it's fine": ["say", "it's", "fine"],
    "say 'a b'c": ["say", "'a", "b'c"],
    r'x "C:\dir\\" y': ["x", "C:\\dir\\", "y"],
    'x "say ""hi"" now"': ["x", 'say "hi" now'],
    "a\tb \t c": ["a", "b", "c"],
    "   ": [],
    "x \u00e9\u4e2d\U0001f600": ["x", "\u00e9\u4e2d\U0001f600"],
}


@pytest.mark.parametrize("line", WINDOWS)
def test_windows(line):
    assert split_command_line(line, windows=True) == WINDOWS[line]


def test_elsewhere_as_a_shell_does():
    assert split_command_line(r"a 'b c' d\ e", windows=False) == ["a", "b c", "d e"]


@pytest.mark.parametrize(("line", "windows"), [('a "b', True), (r'"C:\dir\" x', True), ("a 'b", False)])
def test_a_quote_that_is_not_closed_is_told(line, windows):
    with pytest.raises(ValueError, match=r"not closed|No closing"):
        split_command_line(line, windows=windows)


def written(word):
    """Quote a word as Python's own `subprocess` does on Windows."""
    from subprocess import list2cmdline

    return list2cmdline([word])


@settings(deadline=None)
@given(st.lists(st.text(st.characters(exclude_characters="'\0", exclude_categories=["Cs"]))))
def test_what_is_quoted_comes_back(wanted):
    assert split_command_line(shlex.join(wanted), windows=False) == wanted
    # Python quotes no blanks but these two.
    plain = [word for word in wanted if not any(letter.isspace() and letter not in " \t" for letter in word)]
    assert split_command_line(" ".join(map(written, plain)), windows=True) == plain


@settings(deadline=None)
@given(st.text())
def test_any_line_is_read_or_refused(line):
    try:
        found = split_command_line(line, windows=True)
    except ValueError:
        return
    assert all(isinstance(word, str) for word in found)
