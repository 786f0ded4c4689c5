"""Terminal codes are removed from a tool's text; words about them stay."""

import pytest
import samples
from hypothesis import given, settings
from hypothesis import strategies as st
from long_rows import one_in

from imagebridge import function_call_output, output_parts
from imagebridge.translate.terminal_codes import pictured, plain

CODES = {
    "colours": ("\x1b[31mError:\x1b[0m page.click: \x1b[2mTimeout\x1b[22m", "Error: page.click: Timeout"),
    "256 colours": ("\x1b[38;5;196mred\x1b[m", "red"),
    "true colour with colons": ("\x1b[38:2::255:0:0mred\x1b[39m", "red"),
    "the cursor": ("\x1b[2J\x1b[H\x1b[?25lbusy\x1b[1;1H\x1b[K\x1b[?25h", "busy"),
    "an intermediate byte": ("\x1b[2 qa", "a"),
    "a link": ("see \x1b]8;;https://e.org\x1b\\the page\x1b]8;;\x1b\\ first", "see the page first"),
    "a link with a bell": ("\x1b]8;id=1;file:///a\x07a\x1b]8;;\x07", "a"),
    "a title": ("\x1b]0;make: all\x07built", "built"),
    "a character set": ("\x1b(Ba\x1b)0b", "ab"),
    "save and restore": ("\x1b7a\x1b8\x1b=b\x1b>\x1bc", "ab"),
    "a device's string": ("a\x1bP1$r0m\x1b\\b\x1b_Ga=T\x1b\\c\x1b^x\x1b\\d", "abcd"),
    "C1 colours": ("\x9b31mred\x9b0m", "red"),
    "C1 link": ("\x9d8;;https://e.org\x9chere\x9d8;;\x9c", "here"),
    "C1 device's string": ("a\x90q#0\x9cb", "ab"),
    "several in a row": ("\x1b[1m\x1b[4m\x1b[31ma\x1b[0m\x1b[0m", "a"),
    "cut short": ("red\x1b[3", "red"),
    "a lone escape": ("a\x1b", "a"),
    "a title that does not end": ("\x1b]0;make\nbuilt", "]0;make\nbuilt"),
    "lines and tabs stay": ("\x1b[1ma\x1b[0m\tb\r\n\fc", "a\tb\r\n\fc"),
}


@pytest.mark.parametrize("case", CODES)
def test_codes_are_taken_out(case):
    given_, left = CODES[case]
    assert plain(given_) == left
    assert (
        function_call_output({"content": [{"type": "text", "text": f"1{given_}"}]}, "c")["output"]
        == f"1{left}"
    )


PNG = samples.file(samples.drawing(), "PNG")
WHOLE = samples.b64(PNG)
BELOW = "[picture 1 below]"
UNSEEN = "[not shown: a picture for a terminal; only terminals can draw it; ask the tool for a PNG]"


def kitty(*pieces):
    return "".join(f"\x1b_G{keys};{data}\x1b\\" for keys, data in pieces)


PICTURES = {
    "iTerm2": (f"a\x1b]1337;File=name=eA==;inline=1:{WHOLE}\x07b", f"a{BELOW}b"),
    "iTerm2, ended otherwise": (f"a\x1b]1337;File=:{WHOLE}\x1b\\b", f"a{BELOW}b"),
    "kitty": (f"a{kitty(('a=T,f=100', WHOLE))}b", f"a{BELOW}b"),
    "kitty, in pieces": (
        f"a{kitty(('a=T,f=100,m=1', WHOLE[:40]), ('m=1', WHOLE[40:80]), ('m=0', WHOLE[80:]))}b",
        f"a{BELOW}b",
    ),
    "kitty, two": (
        kitty(("f=100", WHOLE), ("f=24,s=1,v=1", "AAAA")),
        f"{BELOW}\n{UNSEEN}",
    ),
    "kitty, a file's name": (kitty(("f=100,t=f", "L3RtcC9hLnBuZw==")), UNSEEN),
    "sixels": ('a\x1bP0;1q"1;1;6;6#0;2;100;0;0#0~~~~~~\x1b\\b', f"a{UNSEEN}b"),
}


@pytest.mark.parametrize("case", PICTURES)
def test_pictures_for_a_terminal_are_shown_or_told(case):
    came, left = PICTURES[case]
    words, *shown = output_parts({"content": [{"type": "text", "text": came}]})
    assert words == {"type": "input_text", "text": left}
    assert [part["image_url"] for part in shown] == [samples.data_url(PNG, "image/png")] * (BELOW in left)


WORDS = [
    "",
    "[31m is red and [0m ends it",
    r"print('\x1b[31mred\x1b[0m')",
    r"\033[1m, \e[1m, \u001b[1m, ^[[1m and ESC[1m",
    '{"log": "\\u001b[31mred"}',
    "a list [1;2m] of [8;;x]",
    "\N{SYMBOL FOR ESCAPE}[31m",
    # UTF-8 that was read as Latin-1 or Windows-1252 is full of C1 controls.
    "it\xe2\x80\x99s \xe2\x80\x9cquoted\xe2\x80\x9d 5\xe2\x80\x90fold",
    "\xe2\x80\x9b5 and \xe2\x80\x9d8;x\x07",
    "a\x90 b\x9d c\x9b d",
    "caf\xe9 \x85 next",
]


@pytest.mark.parametrize("words", WORDS)
def test_words_that_are_no_codes_stay(words):
    assert plain(words) == words


@settings(deadline=None)
@given(st.text(alphabet=st.characters(exclude_characters="\x1b\x90\x98\x9b\x9d\x9e\x9f")))
def test_a_text_without_escapes_is_the_very_same(words):
    assert plain(words) == words


@settings(deadline=None)
@given(st.text(alphabet="\x1b\x9b\x9d\x90\x9c\x07[]P;013mHaé\n\\ ", max_size=60))
def test_no_escape_is_left_and_nothing_is_added(words):
    left = plain(words)
    assert "\x1b" not in left
    rest = iter(words)
    assert all(letter in rest for letter in left)


@pytest.mark.parametrize(
    "code", one_in(3, ["\x1b", "\x1b[", "\x1b[1;", "\x1b]", "\x1bP", "a\x90", "a\x9d8;", "a\x9b"])
)
def test_many_broken_codes_take_no_time(code):
    """Each character is looked at a bounded number of times: a square of these would take hours."""
    assert len(plain(code * 500_000)) <= 500_000 * len(code)


@pytest.mark.parametrize(
    "code",
    one_in(3, ["\x1b]1337;File=", "\x1b]1337;File=:a", "\x1bPq", "\x1b_G", "\x1b_G;a", "\x1b_Gm=1;a\x1b\\"]),
)
def test_many_broken_pictures_take_no_time(code):
    words = code * 200_000
    assert len(pictured(words, lambda data: data)) <= len(words)
