"""SVG as pictures: its size, blocked resources, missing parts, and drawings that would never finish."""

import gzip
import io
import os
import struct
import sys
import threading
import time
import zlib
from urllib.parse import quote
from xml.sax.saxutils import quoteattr

import pytest
from long_rows import one_in
from PIL import Image
from samples import SCRIPTS, data_url, file, lacked_here

from imagebridge.errors import PictureError
from imagebridge.pictures import fonts
from imagebridge.pictures.kinds import kind
from imagebridge.pictures.svg import capped, drawn, raster

pytestmark = pytest.mark.pure

LIME, RED, BLACK, NONE = (0, 255, 0), (255, 0, 0), (0, 0, 0), None
FILLED = '<rect width="100%" height="100%" fill="lime"/>'


def svg(inside="", attributes='width="20" height="10"', before=""):
    return (
        f'{before}<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f"{attributes}>{inside}</svg>"
    ).encode()


def image(made):
    """The pixels of a drawing, transparency kept."""
    return Image.open(io.BytesIO(made.picture.data)).convert("RGBA")


def middle(made):
    """The colour in the middle of a drawing, None where it is transparent."""
    made = image(made)
    *colour, alpha = made.getpixel((made.width // 2, made.height // 2))
    return tuple(colour) if alpha else NONE


SIZES = {
    "none": ("20", 20, 10),
    "px": ("20px", 20, 10),
    "pt": ("15pt", 20, 10),
    "pc": ("2pc", 32, 16),
    "mm": ("25.4mm", 96, 48),
    "cm": ("2.54cm", 96, 48),
    "q": ("101.6Q", 96, 48),
    "in": ("1in", 96, 48),
    "em": ("2em", 32, 16),
    "ex": ("4ex", 32, 16),
    "upper case, sign and exponent": ("+2E1PX", 20, 10),
    "percent": ("100%", 40, 20),
    "negative": ("-3", 40, 20),
    "no number": ("wide", 40, 20),
}


@pytest.mark.parametrize("case", one_in(3, SIZES))
def test_the_size_it_asks_for(case):
    length, width, height = SIZES[case]
    made = drawn(svg(FILLED, f'width="{length}" viewBox="0 0 40 20"'))
    assert (made.width, made.height) == (made.picture.width, made.picture.height) == (width, height)
    assert image(made).getcolors() == [(width * height, (*LIME, 255))]


@pytest.mark.parametrize("unit", ["pt", "mm", "cm", "in", "pc"])
def test_lengths_inside_it_have_units_too(unit):
    made = drawn(svg(f'<rect width="1{unit}" height="1{unit}" fill="lime"/>', 'width="2" height="2"'))
    assert middle(made) == LIME


BOXES = {
    "height alone": ('height="30" viewBox="0,0,40,20"', 60, 30),
    "view box alone": ('viewBox="-5 -5 40 20"', 40, 20),
    "nothing": ("", 300, 150),
    "another shape than its view box": ('width="60" height="20" viewBox="0 0 20 20"', 60, 20),
    "a broken view box": ('viewBox="0 0 x"', 300, 150),
}


@pytest.mark.parametrize("case", BOXES)
def test_the_size_of_its_view_box(case):
    attributes, width, height = BOXES[case]
    made = drawn(svg('<circle cx="10" cy="10" r="3" fill="lime"/>', attributes))
    assert (made.picture.width, made.picture.height) == (width, height)


def test_the_drawing_is_not_stretched():
    made = drawn(
        svg('<circle cx="10" cy="10" r="9" fill="lime"/>', 'width="60" height="20" viewBox="0 0 20 20"')
    )
    assert image(made).getbbox() == (21, 1, 39, 19)


@pytest.mark.parametrize(
    ("asked", "size"),
    [
        ((4000, 1000), (4000, 1000)),
        ((1280, 9467), (1280, 9467)),
        ((10_000, 10_000), (5_000, 5_000)),
        ((1, 900_000_000), (1, 500_000)),
        ((300_000, 900), (91_287, 274)),
    ],
)
def test_tools_see_a_drawing_in_its_own_pixels_up_to_a_limit(asked, size):
    assert capped(*asked) == size


def test_it_is_drawn_in_the_size_the_caller_wants():
    made = drawn(svg(FILLED, 'width="4000" height="1000"'), lambda width, height: (width // 5, height // 5))
    assert (made.width, made.height, made.picture.width, made.picture.height) == (4000, 1000, 800, 200)


def styled(css, rest='<rect width="20" height="10"/>'):
    return svg(f"<style>{css}</style>{rest}")


ONE_OUT = "an SVG; 1 external reference left out"
CSS = {
    "string": styled('@import "x.css"; rect{fill:lime}'),
    "single quotes": styled("@import 'x;{}.css'; rect{fill:lime}"),
    "url": styled("@import url(x.css?a;b); rect{fill:lime}"),
    "quoted url": styled('@import url( "https://e.org/x(1).css" ); rect{fill:lime}'),
    "media query": styled("@import url(x.css) screen and (min-width: 1px), print; rect{fill:lime}"),
    "supports": styled('@import "x.css" supports(display: grid);rect{fill:lime}'),
    "upper case": styled("@IMPORT 'x.css';rect{fill:lime}"),
    "cdata": styled('<![CDATA[@import "x.css"; rect{fill:lime}]]>'),
    "comment inside": styled('@import /* ; */ "x.css" /* } */; rect{fill:lime}'),
    "only in a comment": styled('/* @import "y.css"; */ @import "x.css"; rect{fill:lime}'),
    "escaped quote": styled(r'@import "a\";b"; rect{fill:lime}'),
    "at the end": styled('rect{fill:lime} @import "x.css"'),
    "url in a rule": styled("rect{fill:lime;cursor:url(https://e.org/a.cur)}"),
}


@pytest.mark.parametrize("case", one_in(3, CSS))
def test_css_from_outside_takes_no_rule_with_it(case):
    made = drawn(CSS[case])
    assert (middle(made), made.sentence) == (LIME, ONE_OUT)


GRADIENT = '<linearGradient id="g"><stop stop-color="lime"/></linearGradient>'


@pytest.mark.parametrize("url", ["url(#g)", "url( '#g' )", 'url("#g") red'])
def test_its_own_parts_stay(url):
    gradient = '<linearGradient id="g"><stop stop-color="lime"/></linearGradient>'
    made = drawn(svg(f'{gradient}<rect width="20" height="10" fill={quoteattr(url)}/>'))
    assert (middle(made), made.sentence) == (LIME, "")


RED_PNG = file(Image.new("RGB", (4, 4), RED), "PNG")


def png(width, height):
    """A sound PNG of one bit a pixel, all black."""

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    rows = zlib.compress(bytes(height * (1 + (width + 7) // 8)), 1)
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def inlined(*urls):
    """A lime SVG with pictures laid over it."""
    return svg(
        FILLED
        + "".join(
            f'<image width="20" height="10" preserveAspectRatio="none" xlink:href="{url}"/>' for url in urls
        )
    )


def nested(times, inner=FILLED):
    """An SVG that is inside an SVG so many times."""
    data = svg(inner)
    for _ in range(times):
        data = svg(f'<image width="20" height="10" href="{data_url(data, "image/svg+xml")}"/>')
    return data


BROKEN = "an SVG; 1 picture inside it cannot be drawn"
TEXT_OUT = '<image href="/etc/passwd"/>'
INLINED = {
    "png": (inlined(data_url(RED_PNG, "image/png")), RED, ""),
    "labelled otherwise": (inlined(data_url(RED_PNG, "image/jpeg")), RED, ""),
    "not labelled": (inlined(data_url(RED_PNG, "")), RED, ""),
    "percent signs": (inlined("data:image/png," + quote(RED_PNG)), RED, ""),
    "jpeg": (inlined(data_url(file(Image.new("L", (8, 8)), "JPEG"), "image/jpeg")), BLACK, ""),
    "gif": (inlined(data_url(file(Image.new("L", (8, 8)), "GIF"), "image/gif")), BLACK, ""),
    "webp": (inlined(data_url(file(Image.new("L", (8, 8)), "WEBP", lossless=True), "image/webp")), BLACK, ""),
    "broken": (inlined(data_url(RED_PNG[:-20], "image/png")), LIME, BROKEN),
    "no picture": (inlined("data:text/html,<b>".replace("<", "%3C")), LIME, BROKEN),
    "too many pixels": (inlined(data_url(png(11_000, 11_000), "image/png")), LIME, BROKEN),
    "too many pixels in total": (
        inlined(data_url(png(10_000, 11_000), "image/png"), data_url(png(10_000, 1_100), "image/png")),
        BLACK,
        BROKEN,
    ),
    "an svg": (nested(1), LIME, ""),
    "an svg with percent signs": (
        inlined("data:image/svg+xml," + quote(svg('<rect width="20" height="10"/>'))),
        BLACK,
        "",
    ),
    "three svgs in one another": (nested(3), LIME, ""),
    "four": (nested(4), NONE, BROKEN),
    "a png in an svg": (
        nested(1, f'<image width="20" height="10" href="{data_url(png(8, 4), "image/png")}"/>'),
        BLACK,
        "",
    ),
    "an outside reference in an svg": (nested(2, FILLED + TEXT_OUT), LIME, ONE_OUT),
}


@pytest.mark.parametrize("case", one_in(3, INLINED))
def test_pictures_inside_it(case):
    data, colour, sentence = INLINED[case]
    made = drawn(data)
    assert (middle(made), made.sentence) == (colour, sentence)


OUTSIDE = ["{}", "file://{}", "https://e.org/a.png", "//e.org/a.png", "a.png", "#a.png", " {}"]


@pytest.mark.parametrize("address", OUTSIDE)
@pytest.mark.parametrize("attribute", ["href", "xlink:href"])
def test_no_file_is_read(address, attribute, tmp_path, monkeypatch):
    (tmp_path / "#a.png").write_bytes(RED_PNG)
    (tmp_path / "a.png").write_bytes(RED_PNG)
    monkeypatch.chdir(tmp_path)
    address = address.format(tmp_path / "a.png")
    made = drawn(svg(f'{FILLED}<image width="20" height="10" {attribute}="{address}"/>'))
    assert (middle(made), made.sentence) == (LIME, ONE_OUT)


LACKS = {
    "nothing": ("", ""),
    "html": (
        '<foreignObject><p xmlns="x">Start\n <b>here</b></p></foreignObject><g><foreignObject>End</foreignObject></g>',
        "an SVG; HTML inside it is not drawn (it says: Start here | End)",
    ),
    "much html": (
        f"<foreignObject>{'x' * 600}</foreignObject>",
        f"an SVG; HTML inside it is not drawn (it says: {'x' * 500}…)",
    ),
    "html without text": (
        "<foreignObject><canvas/></foreignObject>",
        "an SVG; HTML inside it is not drawn",
    ),
    "html that something stands for": (
        f"<switch><foreignObject>a</foreignObject>{FILLED}</switch>",
        "",
    ),
    "an empty foreignObject": ("<foreignObject/>", ""),
    "links": ('<a href="https://e.org"><rect width="1" height="1"/></a>', ""),
    "references": (
        '<use href="a.svg#x"/><image href="b.png"/><rect fill="url(c.svg#g)"/>',
        "an SVG; 3 external references left out",
    ),
    "scripts": ("<script>draw()</script>", "an SVG; its scripts did not run"),
    "an animation": (
        '<rect width="5" height="5"><animate attributeName="x" to="9"/></rect>',
        "an SVG; it is animated; its first frame is drawn",
    ),
    "an animation in css": (
        "<style>@keyframes a{from{x:1}}</style>",
        "an SVG; it is animated; its first frame is drawn",
    ),
    "fonts": (
        "<style>@font-face{font-family:x;src:url(data:font/woff2;base64,AA)}</style>",
        "an SVG; its embedded fonts are not used",
    ),
    "characters": (
        # Two for private use, which no ordinary font has.
        '<text y="9">a\U0010fffcb\U0010fffd\U0010fffc</text>',
        "an SVG; no installed font has U+10FFFC U+10FFFD",
    ),
    "several": (
        '<script>a</script><image href="b.png"/>',
        "an SVG; 1 external reference left out; its scripts did not run",
    ),
}


@pytest.mark.parametrize("case", one_in(3, LACKS))
def test_what_the_picture_lacks_is_told(case):
    inside, sentence = LACKS[case]
    assert drawn(svg(inside)).sentence == sentence


@pytest.mark.parametrize(
    "family", ["", "serif", "sans-serif", "monospace", "cursive", "No Such Font", "No Such Font, fantasy"]
)
def test_text_is_drawn_whichever_fonts_the_systems_settings_name(family):
    made = drawn(svg(f'<text y="9" font-family="{family}">HM</text>' if family else '<text y="9">HM</text>'))
    is_drawn = image(made).getbbox() is not None
    lacking = "an SVG; text is not drawn, because no font was found"
    assert (made.sentence, is_drawn) == (("", True) if fonts.text_family() else (lacking, False))


@pytest.fixture
def last_choices(monkeypatch):
    """The last choices for text in the drawings of a new process, on a system whose own choice is not installed."""
    tried = []
    command = raster._command

    def started(*arguments):
        *others, family = arguments
        tried.append(family)
        return command(*others, family or "No Such Font")

    monkeypatch.setattr(raster, "_command", started)
    monkeypatch.setattr(raster, "_HAS_MISSING_DEFAULT", threading.Event())
    return tried


def test_a_missing_font_of_the_systems_settings_is_replaced_from_then_on(last_choices):
    text = svg('<text y="9" font-family="serif">HM</text>')
    sentences = [drawn(svg(FILLED)).sentence]
    for _ in range(2):
        made = drawn(text)
        sentences.append(made.sentence)
        assert (image(made).getbbox() is not None) == bool(fonts.text_family())
    lacking = "" if fonts.text_family() else "an SVG; text is not drawn, because no font was found"
    assert sentences == ["", lacking, lacking]
    replaced = [fonts.text_family()] * 2 if fonts.text_family() else [""]
    assert last_choices == ["", "", *replaced]


def test_a_generic_family_that_is_installed_is_not_replaced(last_choices):
    text = svg('<text y="9" font-family="monospace">iW</text>')
    before = image(drawn(text))
    drawn(svg('<text y="9" font-family="serif">HM</text>'))
    assert image(drawn(text)) == before


@pytest.mark.parametrize("letters", SCRIPTS)
def test_letters_of_other_scripts_are_drawn_or_named(letters):
    sentence = f"an SVG; no installed font has {letters}" if lacked_here(letters) else ""
    assert drawn(svg(f'<text y="9">{letters}</text>')).sentence == sentence


@pytest.mark.parametrize(
    ("logged", "text", "named"),
    [
        (("ก/U+E01", "ก/U+E01"), "<text>ก กา</text>", ["ก"]),
        (("a/U+61",), "<text>banana a\u1ab0\u0301</text>", ["a\u1ab0\u0301"]),
        (("a/U+61", "b/U+62"), "a\u0e34b\u0e35a\u0e35", ["a\u0e34", "a\u0e35", "b\u0e35"]),
        (("\n/U+A", "//U+2F"), "", ["\n", "/"]),
        ((), "<text>ก</text>", []),
    ],
)
def test_the_log_names_a_letter_for_the_marks_on_it(logged, text, named):
    line = "Warning (in usvg::text::layout:1413): No fonts with a {} character were found.\n"
    assert raster.lacking("".join(map(line.format, logged)), text) == named


PLAIN = svg(FILLED)
DECLARED = '<?xml version="1.0" encoding="{}"?>\n'
DTD = '<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd"{}>\n'
ENTITIES = '<!DOCTYPE svg [<!ENTITY colour "lime"> <!ENTITY ns "http://www.w3.org/2000/svg">]>'
WRITTEN = {
    "plain": PLAIN,
    "space before the declaration": svg(FILLED, before="\n " + DECLARED.format("utf-8")),
    "byte order mark": b"\xef\xbb\xbf" + PLAIN,
    "latin-1": svg(FILLED + "<!-- \xe9 -->", before=DECLARED.format("iso-8859-1")).decode().encode("latin-1"),
    "utf-16": svg(FILLED, before=DECLARED.format("utf-16")).decode().encode("utf-16"),
    "utf-16 without a mark": svg(FILLED, before=DECLARED.format("utf-16")).decode().encode("utf-16-le"),
    "utf-16, big end first": PLAIN.decode().encode("utf-16-be"),
    "utf-8 that says utf-16": svg(FILLED, before=DECLARED.format("utf-16")),
    "gzip": gzip.compress(PLAIN),
    "gzip of utf-16": gzip.compress(PLAIN.decode().encode("utf-16")),
    "zeros after it": PLAIN + b"\0\0",
    "html after it": PLAIN + b"</div><p>",
    "another after it": PLAIN + b'<svg width="900"/>',
    "a document type": svg(FILLED, before=DTD.format("")),
    "a long comment first": svg(FILLED, before=f"<!-- {'<html> ' * 2000} -->"),
    "html inside": svg(FILLED + "<foreignObject><html/></foreignObject>"),
    "a prefix": PLAIN.replace(b"xmlns=", b"xmlns:s=")
    .replace(b"<svg", b"<s:svg")
    .replace(b"</svg", b"</s:svg")
    .replace(b"<rect", b"<s:rect"),
    "no namespace": PLAIN.replace(b'xmlns="http://www.w3.org/2000/svg"', b""),
    "a style sheet": svg(FILLED, before='<?xml-stylesheet href="x.css"?>'),
    "entities": ENTITIES.encode()
    + b'<svg xmlns="&ns;" width="20" height="10"><rect width="20" height="10" fill="&colour;"/></svg>',
    "entities in utf-16": (
        ENTITIES
        + '<svg xmlns="&ns;" width="20" height="10"><rect width="20" height="10" fill="&colour;"/></svg>'
    ).encode("utf-16"),
}


@pytest.mark.parametrize("case", one_in(3, WRITTEN))
def test_every_way_of_writing_it_is_known_and_drawn(case):
    assert kind(WRITTEN[case]).media_type == "image/svg+xml"
    assert middle(drawn(WRITTEN[case])) == LIME


OTHERS = {
    # Python before 3.11.5 lets go of part of a possessive repeat.
    "a declaration that does not end": b"<!DOCTYPE<svg/",
    "html": b"<html><body>" + PLAIN,
    "html with a document type": b"<!DOCTYPE html>" + PLAIN,
    "html with a comment": b"<!-- <svg> --><html><svg/></html>",
    "xml": b"<?xml version='1.0'?><feed><svg/></feed>",
    "a longer name": b"<svgs/>",
    "words": b"an <svg> element",
    "an unfinished comment": b"<!-- <svg/>",
}


@pytest.mark.parametrize("case", OTHERS)
def test_what_merely_holds_an_svg_is_none(case):
    assert kind(OTHERS[case]) is None


def test_other_gzip_is_an_archive():
    assert kind(gzip.compress(b"<html><svg/></html>")).media_type == "application/gzip"
    assert kind(b"\x1f\x8bx").media_type == "application/gzip"


def laughs(levels=9):
    """The billion laughs, as text and in an attribute."""
    more = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, levels))
    return f'<!DOCTYPE svg [<!ENTITY l0 "lol">{more}]><svg a="&l{levels - 1};">&l{levels - 1};</svg>'.encode()


def defaults(count):
    """A document type that gives every element a long attribute."""
    return f'<!DOCTYPE svg [<!ATTLIST g a CDATA "{"x" * 10_000}">]><svg>{"<g/>" * count}</svg>'.encode()


REFUSED = {
    "entities in entities": (laughs(), "nested entities"),
    "entities made of entities": (
        b'<!DOCTYPE svg [<!ENTITY a "b"><!ENTITY b "&#38;a;">]><svg>&b;</svg>',
        "nested entities",
    ),
    "a parameter entity": (b'<!DOCTYPE svg [<!ENTITY % a "b">]><svg/>', "nested entities"),
    "one long entity many times": (
        f'<!DOCTYPE svg [<!ENTITY a "{"x" * 10_000}">]><svg>{"&a;" * 2_000}</svg>'.encode(),
        "entities expand to over 10,000,000 characters",
    ),
    "an entity from a file": (
        b'<!DOCTYPE svg [<!ENTITY a SYSTEM "file:///etc/passwd">]><svg>&a;</svg>',
        "loads the external entity 'a'",
    ),
    "a document type without end": (
        b"<!DOCTYPE svg [<!ATTLIST g " + b"".join(b'a%d CDATA "" ' % n for n in range(20_000)) + b">]><svg/>",
        "document type declaration is longer than 65,536 bytes",
    ),
    "entities in entities behind a comment": (b"<!--" + b"x" * 70_000 + b"-->" + laughs(), "nested entities"),
    "a document type without end behind a comment": (
        b"<!--"
        + b"x" * 3_000_000
        + b"--><!DOCTYPE svg ["
        + b"".join(b"<!ATTLIST g a%d CDATA ''>" % n for n in range(9_000))
        + b"]><svg/>",
        "document type declaration is longer than 65,536 bytes",
    ),
    "default attributes": (defaults(3_000), "attributes expand to over 20,000,000 characters"),
    "nul bytes": (b"<svg \0/>", "not well-formed"),
    "no xml": (b"<svg", "not well-formed"),
    "an unknown encoding": (
        b"<?xml version='1.0' encoding='x'?><svg/>",
        "not in the encoding that it declares",
    ),
    "an encoding of no text": (
        b"<?xml version='1.0' encoding='zlib'?><svg/>",
        "or that encoding is not supported",
    ),
    "half a character": (b"\xff\xfe" + "<svg/>".encode("utf-16-le") + b"a", "not in the encoding"),
    "another root": (b"<html/>", "its root element is 'html', not svg"),
    "many elements": (svg("<g/>" * 50_001), "over 50,000 elements or 100 levels"),
    "many levels": (svg("<g>" * 101 + "</g>" * 101), "over 50,000 elements or 100 levels"),
    "many bytes": (svg(" " * 10_000_000), "larger than 10,000,000 bytes"),
    "many bytes packed": (gzip.compress(svg(" " * 10_000_000), 1), "larger than 10,000,000 bytes"),
    "packed and cut short": (gzip.compress(PLAIN)[:-9], "cut short"),
    "packed and broken": (b"\x1f\x8b\x08\0\0\0\0\0\0\0\xff\xff", "is damaged"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_read_is_refused_in_a_sentence(case):
    data, why = REFUSED[case]
    with pytest.raises(PictureError, match=why):
        drawn(data)


def filtered(inside):
    return svg(
        f'<filter id="f">{inside}</filter><rect width="900" height="900" filter="url(#f)"/>',
        'width="1000" height="1000"',
    )


ENDLESS = {
    "morphology": filtered('<feMorphology operator="dilate" radius="900"/>'),
    "turbulence": filtered('<feTurbulence baseFrequency="0.05" numOctaves="100000"/>'),
    "blurs": filtered('<feGaussianBlur stdDeviation="99"/>' * 300),
    "convolution": filtered(f'<feConvolveMatrix order="99" kernelMatrix="{"1 " * 9801}"/>'),
    "layers": svg('<rect width="2048" height="2048" opacity=".5"/>' * 10_000, 'width="2048" height="2048"'),
}


@pytest.mark.parametrize("case", one_in(3, ENDLESS))
def test_a_drawing_without_end_is_ended(case, monkeypatch):
    monkeypatch.setattr(raster, "SECONDS", 0.3)
    start = time.monotonic()
    with pytest.raises(PictureError, match=r"takes too long to draw: over 0\.3 seconds"):
        drawn(ENDLESS[case])
    assert time.monotonic() - start < 60


TILE = '<pattern id="p" width="100000" height="100000" patternUnits="userSpaceOnUse"><path d="M0 0h9v9"/></pattern>'


def test_a_drawing_without_measure_is_ended():
    with pytest.raises(PictureError, match="takes too much memory to draw"):
        drawn(svg(f'{TILE}<rect width="9" height="9" fill="url(#p)"/>'))


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not limit a process's data")
def test_memory_is_limited(monkeypatch):
    monkeypatch.setattr(raster, "MEMORY", 64 << 20)
    with pytest.raises(PictureError, match="takes too much memory to draw"):
        drawn(svg(FILLED, 'width="6000" height="6000"'), lambda width, height: (width, height))


def test_what_the_rasteriser_refuses_is_told():
    uses = "".join(f'<g id="a{n}">' + f'<use href="#a{n - 1}"/>' * 10 + "</g>" for n in range(1, 8))
    with pytest.raises(PictureError, match=r"cannot be drawn \(.*nodes limit"):
        drawn(svg(f'<g id="a0"><rect width="1" height="1"/></g>{uses}'))


def test_a_process_that_cannot_start_is_told(monkeypatch):
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(PictureError, match="cannot be started"):
        drawn(PLAIN)


def test_nothing_is_left_open_and_nothing_said(capfd):
    before = len(os.listdir("/dev/fd"))
    drawn(svg('<text y="9">\U0010fffd</text><rect width="no"/>'))
    assert len(os.listdir("/dev/fd")) == before
    assert capfd.readouterr() == ("", "")
