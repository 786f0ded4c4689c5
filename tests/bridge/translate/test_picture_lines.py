"""The lines next to pictures and files can be parsed again, and nothing else is parsed as such a line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebridge.translate.picture_lines import (
    AskedPicture,
    HandleLine,
    PartLine,
    StandInLine,
    again,
    caption,
    gone,
    handle,
    kept,
    multiplied,
    multiply,
    named,
    numbered,
    part_of,
    read_asked,
    read_caption,
    read_named,
    read_part,
    read_stand_in,
    renamed_kept,
    scaled,
    strip_place,
)
from imagebridge.translate.strips import Strip
from imagebridge.translate.vision import Seen

pytestmark = pytest.mark.pure

NUMBERS = st.integers(1, 999_999_999)
PARTS = st.just("") | st.builds("part {} of {}".format, st.integers(1, 5), st.integers(1, 5))
TYPES = st.sampled_from(["", "image/png", "image/svg+xml", "image/vnd.microsoft.icon"])
CALLS = st.text(st.characters(blacklist_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1)
BEHIND = st.just("") | st.text().map("\n{}".format)
FACTORS = st.floats(1e-3, 1e6)


@given(NUMBERS, PARTS, TYPES, BEHIND)
def test_the_line_with_a_handle(number, part, source, behind):
    line = named(handle(number), source, part) + behind
    assert read_named(line) == HandleLine(part_of(handle(number), part), number)
    expected = PartLine(f"{part} of ", int(part.split()[1])) if part else None
    assert read_part(line) == expected
    assert read_asked(handle(number)) == AskedPicture(handle(number), number, part=False, certain=True)


@given(NUMBERS, PARTS, st.text())
def test_the_line_of_a_part_without_a_handle(number, part, place):
    line = f"{part_of(numbered(number, number), part)}: {place}"
    assert read_part(line) == (PartLine(f"{part} of ", int(part.split()[1])) if part else None)
    assert read_named(line) is None


@given(NUMBERS, PARTS, st.sampled_from(["{}", " {}\n", "\t{} "]), st.booleans())
def test_what_a_model_asks_for(number, part, around, upper):
    text = part_of(handle(number), part)
    asked = around.format(text.upper() if upper else text)
    assert read_asked(asked) == AskedPicture(asked.strip(), number, part=bool(part), certain=True)
    words = read_asked(numbered(number, number))
    assert words == AskedPicture(f"picture {number}", number, part=False, certain=False)


@given(
    st.builds(part_of, NUMBERS.map(lambda number: numbered(number, number)), PARTS)
    | CALLS.map("the file {}".format)
    | st.sampled_from(["the address of a file", "the address of a picture"]),
    CALLS,
)
def test_the_caption(what, call):
    assert read_caption(caption(what, call)) == f"{what} of {call}"


@given(NUMBERS, PARTS, st.sampled_from(["picture", "file"]), CALLS)
def test_the_stand_ins(number, part, kind, where):
    label = f"{part_of(f'{kind} {number}', part)} of {where}"
    facts = f"{handle(number)}, {label}" if kind == "picture" else label
    assert read_stand_in(gone(f"{facts}, 1 kB")) == StandInLine(kind)
    assert read_stand_in(gone(f"the file {where}, 1 kB")) == StandInLine("file")
    assert read_stand_in(again(StandInLine(kind, label))) == StandInLine(kind, label)


@given(FACTORS, FACTORS, st.sampled_from(["", "its "]), st.text(), st.text())
def test_the_factor(across, down, its, before, after):
    found = multiplied(its, across).search(before + multiply(its, across, down) + after)
    assert found
    told = float(found["down"]) if found["down"] else across
    assert told == pytest.approx(down, rel=1e-3)


@given(
    st.integers(1, 5), st.integers(0, 9_000), st.integers(1, 9_000), st.integers(1, 9_000), st.integers(1, 4)
)
def test_a_place_maps_back_to_the_whole(number, top, width, height, smaller):
    view = Seen(max(1, width // smaller), max(1, height // smaller), 1, 1)
    strip = Strip(number, 5, 0, top, width, height, view)
    place, back = strip_place(strip, width, top + height)
    assert place.startswith(f"y {top} to {top + height} of {width}x{top + height}")
    assert (f"{top} to y" in back) is (top > 0)
    assert ("multiply" in back) is ((view.width, view.height) != (width, height))


@pytest.mark.parametrize(
    "line",
    [
        "",
        "picture:",
        "picture:12 is nice",
        "a picture:1",
        "picture 1",
        "picture 1:",
        "the file",
        "the address of a house of c:",
        "no longer shown: picture 1",
        "[no longer shown: a dog]",
        "[the same dog as picture 1, above]",
        scaled(1, Seen(10, 10, 1, 1), 20, 20),
    ],
)
def test_other_lines_are_none(line):
    read = (read_named(line), read_part(line), read_caption(line), read_stand_in(line))
    assert read == (None, None, None, None)


KEPT = st.lists(st.text("0123456789abcdef", min_size=8, max_size=64).map("image://{}".format), min_size=1)


@given(st.text("Drawn. 3"), KEPT)
def test_the_sentence_with_names_of_kept_pictures(sentence, names):
    text = sentence + kept(names)
    assert renamed_kept(text, {}, {}) == text
    assert renamed_kept(text, set(names), {}) == sentence
    # One that is not known elsewhere stays, with handles in the places of those that have one.
    handles = {name: handle(number) for number, name in enumerate(dict.fromkeys(names), 1)}
    assert renamed_kept(text, (), handles) == sentence + kept(handles[name] for name in names)
