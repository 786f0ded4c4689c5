"""Letters in pictures: the bundled font has what most texts need, other fonts are used for the rest."""

import shutil
import string
import sys

import pytest

from imagebridge.pictures import fonts
from imagebridge.requirements import install_command
from imagebridge_tools.charts import engine
from imagebridge_tools.drawing import text as lettering


@pytest.mark.parametrize("text", ["Hello", "Größe: “naïve” – 5 €…", "Привет", "γειά σου", "a → b × ½", ""])
def test_the_shipped_font_has_these(text):
    font = lettering.face(text)
    assert font.getname()[0] == "Inter"
    assert not lettering.missing(text, font)


@pytest.mark.parametrize(
    ("letters", "installed", "said"),
    [
        ("北京", [], f"{install_command('cjk')} adds Chinese, Japanese and Korean characters"),
        ("aさ", [], f"{install_command('cjk')} adds Chinese, Japanese and Korean characters"),
        ("서", [], f"{install_command('cjk')} adds Chinese, Japanese and Korean characters"),
        ("北", ["/fonts"], ""),
        ("\U0010fffc\u0700", [], ""),
        ("", [], ""),
    ],
)
def test_the_fonts_that_would_help_are_named(monkeypatch, letters, installed, said):
    monkeypatch.setattr(fonts, "packed", lambda: installed)
    assert fonts.remedy(letters) == said


def test_what_no_font_has_is_told(monkeypatch):
    monkeypatch.setattr(lettering, "_FONTS", ())
    font = lettering.face("a \U0010fffe")
    assert font.getname()[0] == "Inter"
    assert lettering.missing("a \U0010fffe", font) == " (no glyphs, shown as boxes: \U0010fffe)"


def test_a_font_of_a_package_is_asked_too(tmp_path, monkeypatch):
    package = tmp_path / "package_of_fonts"
    package.mkdir()
    (package / "__init__.py").touch()
    shutil.copy(engine.FONTS / "Inter-SemiBold.ttf", package)
    (package / "broken.ttf").write_bytes(b"no font")
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
    monkeypatch.setattr(fonts, "PACKAGES", ("package_of_fonts", "not_installed"))
    monkeypatch.setattr(fonts, "_SYSTEM", {sys.platform: (), "linux": ()})
    assert fonts.packed() == [str(package)]
    assert list(fonts.files()) == [str(package / "Inter-SemiBold.ttf"), str(package / "broken.ttf")]
    assert fonts.holding("Ab") == (str(package / "Inter-SemiBold.ttf"), "")
    assert fonts.holding("A\u5317") == (str(package / "Inter-SemiBold.ttf"), "\u5317")


def test_a_font_of_the_system_is_found_by_what_it_holds(tmp_path, monkeypatch):
    (tmp_path / "deep").mkdir()
    shutil.copy(engine.FONTS / "Inter-SemiBold.ttf", tmp_path / "deep" / "Nobody knows this name.TTF")
    monkeypatch.setattr(fonts, "PACKAGES", ())
    monkeypatch.setattr(fonts, "_SYSTEM", {"linux": (), sys.platform: (str(tmp_path),)})
    monkeypatch.setattr(lettering, "_FONTS", ())
    monkeypatch.setattr(
        lettering, "lacking", lambda text, font: [*text] if font.getname()[1] == "Regular" else []
    )
    lettering._file_holding.cache_clear()
    assert lettering.face("xyz").getname() == ("Inter", "SemiBold")
    lettering._file_holding.cache_clear()


def test_the_font_for_text_is_the_same_in_every_process(tmp_path, monkeypatch):
    # Names of one length are in a set in another order in each process: none of them may be the first by chance.
    inter = (engine.FONTS / "Inter-Regular.ttf").read_bytes()
    for letter in string.ascii_uppercase:
        named = inter.replace("Inter".encode("utf-16-be"), f"Font{letter}".encode("utf-16-be"))
        (tmp_path / f"{letter}.ttf").write_bytes(named)
    monkeypatch.setattr(fonts, "_SYSTEM", {"linux": (), sys.platform: (str(tmp_path),)})
    assert fonts.text_family.__wrapped__() == "FontA"


def test_no_font_is_no_error(monkeypatch):
    monkeypatch.setattr(fonts, "PACKAGES", ())
    monkeypatch.setattr(fonts, "_SYSTEM", {"linux": (), sys.platform: ("/nowhere",)})
    assert fonts.holding("A") == ("", "A")


@pytest.mark.parametrize("text", ["2x4", "a -> b", "=>", "fi", "0x1F"])
def test_every_letter_stays_what_it_is(text):
    font = lettering.bundled(64)
    assert font.getlength(text) == pytest.approx(sum(font.getlength(c) for c in text), abs=1)
