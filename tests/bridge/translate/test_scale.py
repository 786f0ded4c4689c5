"""A picture already shrunk by another layer: its line states one factor, the product, to the original's pixels."""

import re

import pytest
from long_rows import one_in
from PIL import Image
from samples import file

from imagebridge import Policy, repair, tool_result, translate
from imagebridge.providers.responses import translation_of
from imagebridge.translate.result import read_result
from imagebridge.translate.scale import SCALE

LOW = Policy(model="gpt-5.4", detail="low")
FULL = Policy(model="gpt-5.4", detail="high")
RED = file(Image.new("RGB", (400, 300), "red"), "PNG")
FACTOR = "Multiply coordinates by 2.5 to get full-size coordinates."


def came(text, scale=2.5, picture=RED, after=()):
    """Return a result whose picture came smaller by a factor, behind a text and before others."""
    result = tool_result(text, picture)
    result["content"][1]["_meta"] = {SCALE: scale}
    result["content"] += [{"type": "text", "text": one} for one in after]
    return result


def lines(result, policy=FULL):
    return [part.get("text", "picture") for part in translate(result, policy).parts]


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (came("A."), ["A.", "picture", "picture 1: shown 400x300 of 1000x750; multiply coordinates by 2.5"]),
        (came(f"A. {FACTOR}"), ["A.", "picture", "picture 1: shown 400x300 of 1000x750; multiply coordinates by 2.5"]),
        (came(f"A. {FACTOR} B."), ["A. B.", "picture", "picture 1: shown 400x300 of 1000x750; multiply coordinates by 2.5"]),
        (came(FACTOR), ["picture", "picture 1: shown 400x300 of 1000x750; multiply coordinates by 2.5"]),
        (came("A.", after=[FACTOR]), ["A.", "picture", "picture 1: shown 400x300 of 1000x750; multiply coordinates by 2.5"]),
        (came("Multiply coordinates by 2.5 across and 2 down to get full-size coordinates."), ["picture", "picture 1: shown 400x300 of 1000x600; multiply x by 2.5 and y by 2"]),
        # Another's words, and those on another factor, stay.
        (came("Multiply coordinates by 2.6 to get full-size coordinates."), ["Multiply coordinates by 2.6 to get full-size coordinates.", "picture", "picture 1: shown 400x300 of 1000x750; multiply coordinates by 2.5"]),
        (came("A.", scale=1), ["A.", "picture"]),
        *((came(f"A. {FACTOR}", scale=wrong), [f"A. {FACTOR}", "picture"]) for wrong in (0, -1, 1e7, float("nan"), True, "2.5", None, [2.5])),
    ],
)  # fmt: skip
def test_the_sentence_moves_to_the_line_beside_the_picture(result, expected):
    assert lines(result) == expected


@pytest.mark.parametrize("meta", [None, "x", [1], 3])
def test_meta_that_is_not_an_object_names_no_factor(meta):
    result = tool_result("A.", RED)
    result["content"][1]["_meta"] = meta
    assert lines(result) == ["A.", "picture"]


@pytest.mark.parametrize("host", one_in(3, ["qwen-code", "codex", "claude-desktop"]))
@pytest.mark.parametrize("policy", [LOW, FULL], ids=["low", "high"])
@pytest.mark.parametrize(
    "size",
    [
        (3001, 1100),
        *(pytest.param(size, marks=pytest.mark.long) for size in ((3000, 4001), (4000, 3000), (2100, 701))),
    ],
)
def test_two_layers_tell_the_factor_from_what_is_seen_to_the_original(host, policy, size):
    picture = file(Image.radial_gradient("L").resize(size).convert("RGB"), "JPEG")
    made = translate(repair(tool_result("A photo.", picture), host), policy)
    (shown,) = made.pictures
    words = " ".join(part.get("text", "") for part in made.parts)
    (factors,) = re.findall(
        r"[Mm]ultiply (?:\w+ )?coordinates by ([\d.]+)|[Mm]ultiply x by (\S+) and y by (\S+)", words
    )
    across, down = (float(one) for one in (factors[1:] if factors[1] else factors[:1] * 2))
    # A pixel of what is seen, or two of what came: the sides of both are whole.
    assert across * shown.picture.width == pytest.approx(size[0], abs=across + 2)
    assert down * shown.picture.height == pytest.approx(size[1], abs=max(2 * down, 2))


@pytest.mark.long
def test_each_of_several_pictures_gets_its_own():
    large = file(Image.radial_gradient("L").resize((4000, 3000)), "JPEG")
    made = translate(repair(tool_result("Three.", RED, large, large), "qwen-code"), FULL)
    assert [one.full_size for one in made.pictures] == [(400, 300), (4000, 3000), (4000, 3000)]
    words = "\n".join(part.get("text", "") for part in made.parts)
    assert "to get full-size coordinates" not in words
    assert re.findall(r"shown \S+ of (\S+); multiply coordinates by (\S+)", words) == [
        ("4000x3000", "2.193"),
        ("4000x3000", "2.193"),
    ]


def test_the_parts_of_a_long_picture_lie_in_the_original():
    picture = file(Image.linear_gradient("L").resize((900, 6000)).convert("RGB"), "PNG")
    told = [line for line in lines(came("A.", picture=picture, scale=2)) if line.startswith("part")]
    assert told == [
        "part 1 of 4 of picture 1: y 0 to 3148 of 1800x12000, shown 900x1574; multiply coordinates by 2",
        *(
            f"part {number} of 4 of picture 1: y {top} to {top + 3148} of 1800x12000, shown 900x1574; "
            f"multiply coordinates by 2, then add {top} to y"
            for number, top in ((2, 2950), (3, 5902), (4, 8852))
        ),
    ]


def test_a_handle_names_the_file_as_it_came():
    result = came(f"A. {FACTOR}")
    result["content"][1]["_meta"]["imagebridge/uri"] = "image://0123"
    read = read_result(result, FULL, 3)
    assert read.uris == {}
    assert [part.get("text", "picture") for part in translation_of(read).parts] == [
        "A.",
        "picture",
        "picture:3\npicture 3: shown 400x300 of 1000x750; multiply coordinates by 2.5\n"
        + "a tool that is passed picture:3 receives it at 400x300 pixels",
    ]


def test_the_account_says_where_a_sentence_went():
    notes = translate(came(FACTOR), FULL).notes
    assert [note.done.partition(",")[0] for note in notes] == ["a factor", "image/png"]
    assert "shrunk from 1000x750" in notes[1].done
