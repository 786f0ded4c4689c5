"""The file of a card: used only by starts like the one that wrote it, and only if nobody else can have written it."""

import json
import os
import sys
import time
import zlib
from pathlib import Path

import pytest

import imagebridge_server.cli  # a module of ours that a card depends on
from imagebridge_server.startup import card as cards
from imagebridge_server.startup.card import Card
from imagebridge_server.startup.launch import Launch

ANSWERS = Card(
    {"2024-11-05": {"ping": "{}", "initialize": '{"é":1}'}, "2025-11-25": {"ping": "{}"}},
    {"2026-07-28": {"server/discover": "{}"}},
)
posix = pytest.mark.skipif(os.name == "nt", reason="Windows keeps the user's folders to the user")


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Return the folder of cards, while a folder of modules is on the path and another one is worked in."""
    for name in ("cards", "modules", "work", "pictures"):
        (tmp_path / name).mkdir(mode=0o700)
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.syspath_prepend(str(tmp_path / "modules"))
    return tmp_path / "cards"


def launched(place, *arguments, **variables):
    return Launch.current(arguments, {"IMAGEBRIDGE_CARD": str(place), "HOME": "/home/me", **variables})


def kept(place, *arguments, folders=(), **variables):
    """Keep a card, and return its file."""
    before = set(place.glob("*"))
    assert ANSWERS.keep(launched(place, *arguments, **variables), folders)
    (file,) = set(place.glob("*")) - before
    return file


def told(card):
    return card and card._replace(file="")


def test_a_start_like_the_one_that_kept_it_finds_it(place):
    file = kept(place, "--allow", "/pictures", IMAGEBRIDGE_STORE="off")
    found = Card.of(launched(place, "--allow", "/pictures", IMAGEBRIDGE_STORE="off", LANG="de"))
    assert found == ANSWERS._replace(file=str(file))
    found.drop()
    assert Card.of(launched(place, "--allow", "/pictures", IMAGEBRIDGE_STORE="off")) is None


@pytest.mark.parametrize(
    ("arguments", "variables"),
    [
        (["--allow", "/b"], {}),
        (["--allow", "/a", "--allow-https"], {}),
        ([], {}),
        (["--allow", "/a"], {"IMAGEBRIDGE_ALLOW": "/b"}),
        (["--allow", "/a"], {"IMAGEBRIDGE_OF_LATER": "1"}),
        (["--allow", "/a"], {"OPENAI_API_KEY": "sk-1"}),
        (["--allow", "/a"], {"OPENAI_BASE_URL": "http://localhost"}),
        (["--allow", "/a"], {"IMAGEBRIDGE_CARD": "off"}),
    ],
)
def test_another_start_does_not(place, arguments, variables):
    kept(place, "--allow", "/a")
    launch = launched(place, *arguments, **variables)
    assert launch is None or Card.of(launch) is None


def test_the_value_of_a_key_is_neither_kept_nor_compared(place):
    file = kept(place, OPENAI_API_KEY="sk-secret")
    assert b"sk-secret" not in file.read_bytes()
    assert told(Card.of(launched(place, OPENAI_API_KEY="sk-other"))) == ANSWERS


@pytest.mark.parametrize("name", ["executable", "prefix", "version"])
def test_another_interpreter_does_not(place, monkeypatch, name):
    kept(place)
    monkeypatch.setattr(sys, name, "another")
    assert Card.of(launched(place)) is None


def test_nothing_that_was_installed_since_passes(place):
    modules = place.parent / "modules"
    kept(place)
    assert Card.of(launched(place))
    time.sleep(0.01)  # two changes of a folder within one tick of its clock are one
    (modules / "mcp-9.9.dist-info").mkdir()
    assert Card.of(launched(place)) is None
    kept_again = ANSWERS.keep(launched(place), ())
    assert kept_again
    assert Card.of(launched(place))


def test_another_path_of_modules_does_not(place, monkeypatch):
    kept(place)
    monkeypatch.syspath_prepend(str(place.parent / "more"))
    assert Card.of(launched(place)) is None


@pytest.mark.parametrize("change", ["later", "longer", "gone"])
def test_a_changed_module_of_ours_is_noticed(place, tmp_path, monkeypatch, change):
    module = tmp_path / "module.py"
    module.write_text("1")
    os.utime(module, (1, 1))
    monkeypatch.setattr(imagebridge_server.cli, "__file__", str(module))
    kept(place)
    assert Card.of(launched(place))
    if change == "gone":
        module.unlink()
    else:
        module.write_text("1" if change == "later" else "12")
        if change == "longer":
            os.utime(module, (1, 1))
    assert Card.of(launched(place)) is None


def test_what_was_changed_since_the_start_is_not_what_has_answered(place, tmp_path, monkeypatch):
    launch = launched(place)
    module = tmp_path / "module.py"
    module.write_text("")
    os.utime(module, (time.time() + 9, time.time() + 9))
    monkeypatch.setattr(imagebridge_server.cli, "__file__", str(module))
    assert not ANSWERS.keep(launch, ())
    assert not list(place.iterdir())


def test_a_folder_that_is_gone_is_an_error_that_the_server_tells(place, tmp_path):
    pictures = tmp_path / "pictures"
    kept(place, "--allow", str(pictures), folders=[str(pictures)])
    assert Card.of(launched(place, "--allow", str(pictures)))
    pictures.rmdir()
    assert Card.of(launched(place, "--allow", str(pictures))) is None


def test_a_relative_folder_is_another_one_elsewhere(place, tmp_path, monkeypatch):
    kept(place, "--allow", ".", folders=[str(tmp_path / "work")])
    monkeypatch.chdir(tmp_path / "pictures")
    assert Card.of(launched(place, "--allow", ".")) is None
    kept(place, "--allow", ".", folders=[str(tmp_path / "pictures")])
    for folder in ("work", "pictures"):
        monkeypatch.chdir(tmp_path / folder)
        assert Card.of(launched(place, "--allow", "."))


def test_an_absolute_folder_is_the_same_everywhere(place, tmp_path, monkeypatch):
    pictures = str(tmp_path / "pictures")
    kept(place, "--allow", pictures, folders=[pictures])
    monkeypatch.chdir(tmp_path)
    assert Card.of(launched(place, "--allow", pictures))


def rewritten(change):
    """Change what a card says, its checksum right."""

    def change_file(file):
        body = json.loads(file.read_bytes().partition(b"\n")[2])
        change(body)
        raw = json.dumps(body).encode()
        file.write_bytes(b"%08x\n%b" % (zlib.crc32(raw), raw))

    return change_file


def cut(file):
    file.write_bytes(file.read_bytes()[:-20])


def flipped(file):
    file.write_bytes(file.read_bytes().replace(b"2024-11-05", b"2024-11-06"))


BROKEN = {
    "half written": cut,
    "a bit turned": flipped,
    "empty": lambda file: file.write_bytes(b""),
    "no text": lambda file: file.write_bytes(bytes(range(256))),
    "huge": lambda file: file.write_bytes(b"0\n" + b" " * 5_000_000),
    "a folder": lambda file: (file.unlink(), file.mkdir()),
    "no object": lambda file: file.write_bytes(b"%08x\n[]" % zlib.crc32(b"[]")),
    "deep": lambda file: file.write_bytes(b"%08x\n%b" % (zlib.crc32(b"[" * 90_000), b"[" * 90_000)),
    "of another format": rewritten(lambda body: body.update(format=0)),
    "of another form": rewritten(lambda body: body.update(texts=None)),
    "without an answer": rewritten(lambda body: body.update(texts=[])),
    "without a part": rewritten(lambda body: body.pop("stateless")),
}


@pytest.mark.parametrize("break_it", BROKEN.values(), ids=BROKEN)
def test_a_broken_card_is_passed_over_and_written_anew(place, break_it):
    file = kept(place)
    break_it(file)
    assert Card.of(launched(place)) is None
    assert ANSWERS.keep(launched(place), ()) == (not file.is_dir())
    assert file.is_dir() or told(Card.of(launched(place))) == ANSWERS


def linked(path):
    """Put a link in a file's or folder's place."""
    moved = path.with_name("moved")
    path.rename(moved)
    path.symlink_to(moved)


def piped(file):
    file.unlink()
    os.mkfifo(file)


UNTRUSTED = {
    "the folder is for its group": (lambda file: file.parent.chmod(0o770), False),
    "the folder is for all": (lambda file: file.parent.chmod(0o707), False),
    "the folder is a link": (lambda file: linked(file.parent), False),
    "the file is for its group": (lambda file: file.chmod(0o660), True),
    "the file is for all": (lambda file: file.chmod(0o602), True),
    "the file is a link": (linked, True),
    "the file is a pipe": (piped, True),
}


@posix
@pytest.mark.parametrize(("change", "mended"), UNTRUSTED.values(), ids=UNTRUSTED)
def test_what_others_may_have_written_is_not_believed(place, change, mended):
    change(kept(place))
    assert Card.of(launched(place)) is None
    assert ANSWERS.keep(launched(place), ()) == mended
    assert bool(Card.of(launched(place))) == mended


@posix
def test_what_belongs_to_another_user_is_not_believed(place, monkeypatch):
    kept(place)
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    assert Card.of(launched(place)) is None
    assert not cards.writable(str(place))
    assert not ANSWERS.keep(launched(place), ())


@posix
def test_only_its_user_can_read_it(place, tmp_path):
    made = tmp_path / "cache" / "imagebridge" / "cards"
    file = kept(place)
    assert cards.writable(str(made))
    assert made.stat().st_mode & 0o777 == 0o700
    assert file.stat().st_mode & 0o777 == 0o600


def test_where_nothing_can_be_written_nothing_is_kept(place, tmp_path):
    (tmp_path / "file").write_text("")
    assert not cards.writable(str(tmp_path / "file" / "cards"))
    assert not ANSWERS.keep(launched(tmp_path / "file" / "cards"), ())


def test_the_cards_that_are_used_stay(place, monkeypatch):
    monkeypatch.setattr(cards, "_KEPT", 3)
    old, *others = [kept(place, str(number)) for number in range(3)]
    for age, file in enumerate([old, *others]):
        os.utime(file, (age + 1, age + 1))
    assert Card.of(launched(place, "0"))  # Which is using it.
    new = kept(place, "3")
    assert set(place.iterdir()) == {old, others[1], new}


def test_the_folder_is_the_users_cache(monkeypatch, tmp_path):
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda name, appauthor: str(tmp_path / name))
    assert Launch.current([], {}).folder == str(tmp_path / "imagebridge" / "cards")
    assert Path(Launch.current([], {"IMAGEBRIDGE_CARD": ""}).folder) == tmp_path / "imagebridge" / "cards"


def test_a_user_without_a_home_has_no_cards(monkeypatch):
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda name, appauthor: f"~/.cache/{name}")
    assert Launch.current([], {}) is None


def test_a_working_folder_that_is_gone_is_none(place, monkeypatch):
    def gone():
        raise FileNotFoundError

    monkeypatch.setattr(os, "getcwd", gone)
    assert launched(place) is None
