"""The demo runs for real, its figures are recomputed, and a picture must really be read."""

import json
import os
import re
import secrets
import shlex
import subprocess
import sys
from functools import cache
from html.parser import HTMLParser
from io import BytesIO
from random import Random

import pytest
from click.testing import CliRunner
from mcp.types import CallToolResult
from PIL import Image, ImageChops, ImageDraw, ImageStat

from imagebridge.cli import imagebridge
from imagebridge.cli.demo import before_after, cases, naive
from imagebridge.cli.demo import journey as chart
from imagebridge.cli.demo.live import ALPHABET, LENGTH
from imagebridge.cli.demo.outcome import APPLIED, STRICTER, Outcome
from imagebridge.rules import RULES
from imagebridge.testing import Endpoint
from imagebridge.translate.vision import seen
from imagebridge_tools import get_image

MAIN = [sys.executable, "-W", "error", "-c", "from imagebridge.cli import main; main()"]

# By hand, with imagebridge. A row that is not yet shown may become seen, and never anything else.
VERDICTS = {
    "a PNG, the result dumped as JSON": ("blind", "seen"),
    "a JPEG of 30 megapixels": ("seen", "seen"),
    "a BMP": ("refused", "seen"),
    "an animated GIF": ("refused", "seen"),
    "a PNG cut off by a bad download": ("refused", "told"),
    "a PNG labelled image/jpeg": ("seen", "seen"),
    "a picture as str() writes its bytes": ("refused", "seen"),
    "a picture embedded as a resource": ("blind", "seen"),
    "a link to a picture": ("blind", "not yet"),
    "a PNG as base64 inside JSON text": ("blind", "seen"),
    "a picture and structured content": ("seen", "seen"),
    "an error with a picture": ("seen", "seen"),
    "a sound": ("blind", "told"),
    "a tool with dots in its name": ("refused", "seen"),
    "an empty result": ("lost", "told"),
}


class Page(HTMLParser):
    """What the tests look at in demo.html."""

    def __init__(self, text):
        super().__init__()
        self.rows, self.loaded, self.tags, self._open = [], [], set(), []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.tags.add(tag)
        self.loaded += [found[name] for name in ("src", "href", "srcset", "action", "data") if name in found]
        match found.get("class", "").split():
            case ["row"]:
                self.rows.append(["", "", ""])
            case ["name"]:
                self._open = [0]
            case ["side"]:
                self._open = [1 if found["data-side"] == "by hand" else 2]

    def handle_data(self, text):
        if self.rows and self._open:
            self.rows[-1][self._open[0]] += text.strip() + "|"

    def handle_endtag(self, tag):
        if tag == "main" or (tag == "code" and self._open == [0]):
            self._open = []


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """The demo as a user runs it: its report, its page, its pictures."""
    folder = tmp_path_factory.mktemp("demo")
    variables = {k: v for k, v in os.environ.items() if not k.startswith(("OPENAI_", "IMAGEBRIDGE_"))}
    done = subprocess.run(
        [*MAIN, "demo", "--save", "pictures"],
        cwd=folder,
        # A proxy that nobody serves: nothing of the demo may go through it.
        env=variables | {"COLUMNS": "200", "HTTP_PROXY": "http://127.0.0.1:9"},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert all(line.startswith("saved pictures") for line in done.stderr.splitlines()), done.stderr
    return folder, done.stdout, (folder / "demo.html").read_text("utf-8")


@pytest.fixture(scope="module")
def rows(demo):
    """Each row of the page: the two cells by the name of the case."""
    found = [[cell.strip("|") for cell in row] for row in Page(demo[2]).rows]
    return {name.partition("|")[0]: (hand, ours) for name, hand, ours in found if hand}


@pytest.mark.long
def test_the_report_says_first_that_no_model_is_involved_and_which_rules_apply(demo):
    opening = " ".join(demo[1].partition("1. A chart")[0].split())
    assert "No model is involved." in opening
    documented = sum(rule.source == "documented" and "responses" in rule.apis for rule in RULES)
    reported = sum(rule.source == "reported" and "responses" in rule.apis for rule in RULES)
    ours = sum(rule.source == "ours" and "responses" in rule.apis for rule in RULES)
    assert f"{documented} documented by OpenAI, {reported} reported from live requests." in opening
    assert f"{ours} stricter rules are our own" in opening
    assert str(RULES[0].date) in opening


@pytest.mark.long
def test_the_chart_of_the_shipped_table_travels_the_whole_way(demo):
    folder, report, page = demo
    assert "get_image, load_image, " in report
    assert "create_image" not in report
    assert "I see a PNG of 800x500 pixels" in report
    with Image.open(folder / "pictures" / "generate_chart.png") as chart:
        assert chart.size == (800, 500)
        assert len(chart.convert("RGB").getcolors(1 << 20)) > 10
    assert 'src="data:image/png;base64,' in page


@pytest.mark.long
@pytest.mark.parametrize("name", VERDICTS)
def test_each_case_fares_as_known(rows, name):
    hand, ours = (cell.partition("|")[0] for cell in rows[name])
    assert hand == VERDICTS[name][0]
    assert ours == VERDICTS[name][1] or (VERDICTS[name][1], ours) == ("not yet", "seen")


@pytest.mark.long
def test_every_case_is_in_the_report_and_in_this_table(demo, rows):
    assert list(VERDICTS) == [case.name for case in cases.CASES] == list(rows)
    # Long names go over two lines there.
    assert all(name[:24].rpartition(" ")[0] in demo[1] for name in VERDICTS)


@pytest.mark.long
@pytest.mark.parametrize(
    ("name", "side", "said"),
    [
        ("a BMP", 0, "these bytes are image/bmp"),
        ("an animated GIF", 0, "4 frames"),
        ("a picture and structured content", 0, "lost: structured content"),
        ("an error with a picture", 0, "lost: that it failed"),
        ("a PNG labelled image/jpeg", 0, "flagged by our own rule mislabelled-picture"),
        ("an empty result", 1, "returned nothing"),
    ],
)
def test_rows_say_what_was_lost_and_why(rows, name, side, said):
    assert said in rows[name][side]


@pytest.mark.long
def test_nothing_of_ours_is_lost_or_flagged(rows):
    assert [ours for _, ours in rows.values() if "lost:" in ours or "flagged" in ours] == []


@pytest.mark.long
def test_figures_are_those_of_the_bodies(demo, rows):
    dump = next(case for case in cases.CASES if case.dumped)
    text = naive.dumped(CallToolResult.model_validate(dump.result()))
    figure = int(re.search(r"([\d,]+) text tokens", rows[dump.name][0])[1].replace(",", ""))
    # The SDK adds the server's name to a result on its way.
    assert len(text) / 4 <= figure < len(text) / 4 + 50
    assert (
        f"6720x4480, {seen(6720, 4480, 'gpt-5.6-luna', 'auto').tokens:,} tokens"
        in rows["a JPEG of 30 megapixels"][0]
    )
    for case in cases.CASES:
        for file in (demo[0] / "pictures").glob(f"{case.tool.replace('.', '_')}.*"):
            with Image.open(file) as picture:
                tokens = seen(*picture.size, "gpt-5.6-luna").tokens
                assert f"{picture.width}x{picture.height}, {tokens:,} tokens" in rows[case.name][1]


@pytest.mark.long
def test_the_sums_count_the_rows(demo, rows):
    for name, cells in (
        ("by hand", [row[0] for row in rows.values()]),
        ("with imagebridge", [row[1] for row in rows.values()]),
    ):
        kinds = [cell.partition("|")[0] for cell in cells]
        whole = sum(k in ("seen", "told") and "lost:" not in c for k, c in zip(kinds, cells, strict=True))
        (told,) = re.findall(rf"{name}: nothing lost in {whole} of {len(rows)} \((.*)\)", demo[1])
        accepted = [cell for cell, kind in zip(cells, kinds, strict=True) if kind != "refused"]
        partly = sum("lost:" in cell for cell in accepted)
        assert (f"; {partly} of these only partly" in told) == bool(partly)
        assert f'<span class="quiet">{told}</span>' in demo[2]


@pytest.mark.long
def test_the_last_line_is_a_command_that_works(demo, tmp_path):
    command = demo[1].splitlines()[-1].partition(": ")[2].removeprefix("uv run ")
    program, *words = shlex.split(command)
    assert program == "imagebridge"
    done = subprocess.run([*MAIN, *words], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    with Image.open(tmp_path / "pictures" / "call_1-1.png") as picture:
        assert picture.format == "PNG"


@pytest.mark.long
def test_the_page_needs_nothing_but_itself(demo):
    page = Page(demo[2])
    assert page.loaded
    assert all(url.startswith("data:image/") for url in page.loaded)
    assert not page.tags & {"script", "link", "iframe", "object", "form"}
    assert not re.search(r"url\(|@import", demo[2])
    assert "default-src 'none'" in demo[2]
    assert len(demo[2]) < 1_000_000


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(one, id=one.name, marks=[pytest.mark.long] if "megapixels" in one.name else [])
        for one in cases.CASES
    ],
)
def test_a_case_is_the_same_every_time(case):
    assert case.result() == case.result()


def test_the_rules_that_only_flag_are_ours_alone():
    assert {rule.source for rule in STRICTER} == {"ours"}
    assert {rule.source for rule in APPLIED} == {"documented", "reported"}


@pytest.mark.parametrize(
    ("kind", "lost", "whole", "accepted"),
    [
        ("seen", (), True, True),
        ("seen", ("that it failed",), False, True),
        ("told", (), True, True),
        ("not yet", (), False, True),
        ("blind", (), False, True),
        ("refused", (), False, False),
        ("failed", (), False, False),
    ],
)
def test_what_counts_as_arrived(kind, lost, whole, accepted):
    outcome = Outcome(kind, "words", lost)
    assert (outcome.whole, outcome.accepted) == (whole, accepted)


@pytest.mark.long
def test_a_chart_that_does_not_arrive_is_code_1_and_a_page_that_cannot_be_written_is_said(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(chart, "ARGUMENTS", {"kind": "bar", "data": "missing.csv"})
    monkeypatch.setattr(before_after, "CASES", cases.CASES[-1:])
    monkeypatch.chdir(tmp_path)
    (tmp_path / "demo.html").mkdir()
    result = CliRunner().invoke(imagebridge, ["demo"])
    assert result.exit_code == 1
    assert "Tool error:" in result.stdout
    assert "I see no picture." in result.stdout
    assert "with imagebridge: nothing lost in 1 of 1 (1 told)" in result.stdout
    assert "demo.html cannot be written" in result.stderr


# The picture is read


def glyphs(picture):
    """Cut the large characters out of a card, from left to right."""
    ink = picture.convert("L").crop((80, 72, 944, 472)).point(lambda grey: 255 if grey < 128 else 0)
    found = []
    while box := ink.getbbox():
        top = ink.crop((box[0], 0, box[0] + 1, ink.height)).getbbox()[1]
        ImageDraw.floodfill(ink, (box[0], top), 100)
        glyph = ink.point(lambda grey: 255 if grey == 100 else 0)
        found.append(glyph.crop(glyph.getbbox()).resize((40, 60)))
        ink = ink.point(lambda grey: 255 if grey == 255 else 0)
    return found


@cache
def alphabet():
    return {one: glyphs(drawn(one))[0] for one in ALPHABET}


def drawn(text):
    return Image.open(BytesIO(get_image(text).pictures[0].data))


def read(picture):
    """Read a card by its pixels: each character is the one that looks most like it."""

    def unlike(one, glyph):
        return ImageStat.Stat(ImageChops.difference(alphabet()[one], glyph)).sum[0]

    return "".join(min(ALPHABET, key=lambda one: unlike(one, glyph)) for glyph in glyphs(picture))


def live(reader):
    """Run `demo --live` against an endpoint whose model has `reader` for eyes."""
    steps = [[("show_code", {})], lambda _: reader(endpoint.seen[-1].image)]
    with Endpoint(steps) as endpoint:
        environment = {
            "OPENAI_API_KEY": "test",
            "OPENAI_BASE_URL": endpoint.base_url,
            "IMAGEBRIDGE_MODEL": None,
        }
        result = CliRunner().invoke(imagebridge, ["demo", "--live"], env=environment)
    return result, endpoint


def test_the_reader_reads_pictures_and_nothing_else():
    random = Random(2)
    for _ in range(3):
        code = "".join(random.choices(ALPHABET, k=LENGTH))
        assert read(drawn(code)) == code
    assert read(Image.new("RGB", (1024, 576), "white")) == ""


@pytest.mark.long
def test_live_is_a_match_when_the_picture_is_read():
    result, endpoint = live(read)
    assert result.exit_code == 0, result.output
    told = dict(line.split(maxsplit=1) for line in result.stdout.splitlines()[:-1])
    assert result.stdout.endswith("\nmatch\n")
    assert (told["code"], told["model"]) == (told["answer"], "gpt-6-luna")
    assert len(told["code"]) == LENGTH
    assert re.fullmatch(r"[\d,]+ in, [\d,]+ out", told["tokens"])
    # The code travelled in the picture alone: no text of any request holds it.
    assert told["code"] not in json.dumps(endpoint.requests[0])
    text = re.sub(r"data:image/[^\"]*", "", json.dumps(endpoint.requests[1]))
    assert told["code"] not in text


@pytest.mark.parametrize("answer", ["AAAAAA", "I see no picture.", ""])
@pytest.mark.long
def test_live_is_no_match_when_it_is_not(answer):
    result, _ = live(lambda picture: answer)
    assert result.exit_code == 1
    assert result.stdout.endswith("\nno match\n")


@pytest.mark.long
def test_live_draws_its_code_at_random(monkeypatch):
    asked = []
    choice = secrets.choice
    monkeypatch.setattr(secrets, "choice", lambda letters: asked.append(letters) or choice(letters))
    live(read)
    assert asked == [ALPHABET] * LENGTH
