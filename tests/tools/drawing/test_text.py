"""Letters in pictures: the shipped font has what most texts need, others are asked for the rest."""

import shutil
import sys

import pytest

from imagebridge_tools.charts import engine
from imagebridge_tools.drawing import text as lettering


@pytest.mark.parametrize("text", ["Hello", "Größe: “naïve” – 5 €…", "Привет", "γειά σου", "a → b × ½", ""])
def test_the_shipped_font_has_these(text):
    font = lettering.face(text)
    assert font.getname()[0] == "Inter"
    assert not lettering.missing(text, font)


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
    monkeypatch.setattr(engine, "_MORE_FONTS", ("package_of_fonts", "not_installed"))
    monkeypatch.setattr(lettering, "_FONTS", ())
    monkeypatch.setattr(
        lettering, "lacking", lambda _, font: "日本" if font.getname()[1] == "Regular" else ""
    )
    assert lettering.face("日本").getname() == ("Inter", "SemiBold")


@pytest.mark.parametrize("text", ["2x4", "a -> b", "=>", "fi", "0x1F"])
def test_every_letter_stays_what_it_is(text):
    font = lettering.bundled(64)
    assert font.getlength(text) == pytest.approx(sum(font.getlength(c) for c in text), abs=1)
