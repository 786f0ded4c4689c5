"""Store: pictures by the hash of their bytes, on disk, for several processes."""

import json
import os
import stat
import subprocess
import sys
import time
from hashlib import sha256

import pytest
from PIL import Image
from samples import file

from imagebridge.errors import ArgumentError
from imagebridge.pictures.picture import Picture
from imagebridge_tools.files.store import Store, StoredPicture


def picture(number=0):
    return Picture.from_bytes(file(Image.new("RGB", (6, 4), (number, 0, 0)), "PNG"))


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "deep" / "store", 1_000_000, 3600)


def aged(tmp_path, note, seconds):
    os.utime(tmp_path / "deep" / "store" / note.hash, (time.time() - seconds,) * 2)


def test_a_picture_is_kept_with_its_origin_and_read_by_any_of_its_names(store):
    made = picture()
    note = store.keep(made, 'load_image(source="a.png")')
    digits = sha256(made.data).hexdigest()
    assert note == StoredPicture(digits, "image/png", 6, 4, made.size, 'load_image(source="a.png")')
    assert note.uri == f"image://{digits}"
    assert note.short == f"image://{digits[:12]}"
    for name in (note.uri, note.short, f"image://{digits[:8]}", digits, f" IMAGE://{digits.upper()} "):
        assert store.read(name) == (note, made.data)


@pytest.mark.parametrize(
    ("uri", "words"),
    [
        ("image://1234567", "is not the name of a kept picture; names consist of image:// and 8 to 64 digits"),
        ("image://../../etc/passwd", "is not the name of a kept picture"),
        ("image://" + "0" * 65, "is not the name of a kept picture"),
        ("image://", "is not the name of a kept picture"),
        ("image://00000000", "is not kept here, or is no longer kept"),
    ],
)  # fmt: skip
def test_what_is_not_there(store, uri, words):
    store.keep(picture(), "")
    with pytest.raises(ArgumentError) as caught:
        store.read(uri, "images")
    assert caught.value.argument == "images"
    assert words in caught.value.problem


def test_digits_that_begin_two_pictures(store, tmp_path):
    note = store.keep(picture(), "")
    folder = tmp_path / "deep" / "store"
    (folder / (note.hash[:63] + ("0" if note.hash[63] != "0" else "1"))).write_bytes(b"")
    with pytest.raises(ArgumentError, match="matches 2 kept pictures; give more digits"):
        store.read(note.short)
    assert store.read(note.uri)[0] == note


def test_what_is_not_a_picture_of_the_type_that_it_says_is_not_given(store, tmp_path):
    """Whoever can write into a store can name anything a picture, with the right hash."""
    data = b"<script>not a picture</script>"
    name = sha256(data).hexdigest()
    note = {"hash": name, "media_type": "image/png", "width": 1, "height": 1, "size": len(data), "origin": ""}
    store.keep(picture(), "")  # Its folder is there then.
    store.storage.put(name, json.dumps(note).encode() + b"\n" + data)
    with pytest.raises(ArgumentError, match="is not kept here, or is no longer kept"):
        store.read(f"image://{name}")


def test_a_file_that_was_changed_is_not_given(store, tmp_path):
    note = store.keep(picture(), "")
    file = tmp_path / "deep" / "store" / note.hash
    file.write_bytes(file.read_bytes() + b"x")
    with pytest.raises(ArgumentError, match="not kept here"):
        store.read(note.uri)


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps a user's folders by other means")
def test_only_the_owner_reads_it(store, tmp_path):
    note = store.keep(picture(), "")
    folder = tmp_path / "deep" / "store"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / note.hash).stat().st_mode) == 0o600


def test_the_list_has_pages(store):
    notes = sorted(
        (store.keep(picture(number), str(number)) for number in range(5)), key=lambda one: one.hash
    )
    first, after = store.listed(count=2)
    second, later = store.listed(after, count=2)
    third, end = store.listed(later, count=2)
    assert [*first, *second, *third] == notes
    assert (len(first), len(second), len(third), end) == (2, 2, 1, "")


def test_the_list_of_nothing(store):
    assert store.listed() == ([], "")


def test_the_oldest_make_room(tmp_path):
    size = (
        (Store(tmp_path / "one", 1_000_000, 3600).keep(picture(), ""), next((tmp_path / "one").iterdir()))[1]
        .stat()
        .st_size
    )
    store = Store(tmp_path / "deep" / "store", 3 * size + 50, 3600)
    notes = []
    for number in range(3):
        notes.append(store.keep(picture(number), ""))
        aged(tmp_path, notes[-1], 100 - number)
    store.keep(picture(0), "")  # given again: it is the newest now
    new = store.keep(picture(9), "")
    assert {note.hash for note in store.listed()[0]} == {notes[0].hash, notes[2].hash, new.hash}


def test_a_picture_over_the_limit_is_kept_alone(tmp_path):
    store = Store(tmp_path, 1, 3600)
    store.keep(picture(1), "")
    note = store.keep(picture(2), "")
    assert store.listed() == ([note], "")


def test_what_is_too_old_is_neither_listed_nor_read_and_goes_with_the_next(store, tmp_path):
    old = store.keep(picture(1), "")
    aged(tmp_path, old, 3601)
    assert store.listed() == ([], "")
    with pytest.raises(ArgumentError, match="no longer"):
        store.read(old.uri)
    store.keep(picture(2), "")
    assert not (tmp_path / "deep" / "store" / old.hash).exists()


def test_other_files_in_the_folder_are_left_alone_but_the_remains_of_killed_writers(store, tmp_path):
    folder = tmp_path / "deep" / "store"
    folder.mkdir(parents=True)
    for name in ("notes.txt", "new-fresh", "new-stale"):
        (folder / name).write_text("x")
    os.utime(folder / "new-stale", (1, 1))
    note = store.keep(picture(), "")
    assert sorted(os.listdir(folder)) == sorted([note.hash, "notes.txt", "new-fresh"])


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(OSError):
        Store(tmp_path / "file" / "store", 1000, 3600).keep(picture(), "")


@pytest.mark.long
def test_several_processes_share_it(store, tmp_path):
    program = (
        "import sys; from pathlib import Path; from io import BytesIO; from PIL import Image\n"
        "from imagebridge.pictures.picture import Picture; from imagebridge_tools.files.store import Store\n"
        "store = Store(Path(sys.argv[1]), 20_000, 3600)\n"
        "for number in range(200):\n"
        "    buffer = BytesIO(); Image.new('RGB', (6, 4), (number, 0, 0)).save(buffer, 'PNG')\n"
        "    note = store.keep(Picture.from_bytes(buffer.getvalue()), '')\n"
        "    assert store.listed()\n"
    )
    folder = tmp_path / "shared"
    runs = [
        subprocess.Popen([sys.executable, "-c", program, str(folder)], stderr=subprocess.PIPE)
        for _ in range(3)
    ]
    assert [run.communicate()[1] for run in runs] == [b""] * 3
    shared = Store(folder, 20_000, 3600)
    notes, _ = shared.listed(count=1000)
    assert notes
    assert all(shared.read(note.uri)[0] == note for note in notes)


SOUND = {"media_type": "image/png", "width": 1, "height": 1, "size": 1, "origin": "a call"}


@pytest.mark.parametrize(
    "line",
    [
        "[" * 100_000,
        '{"a":' * 100_000,
        "null",
        *(
            json.dumps({**SOUND, **change})
            for change in (
                {"width": "1"},
                {"height": [1]},
                {"width": True},
                {"size": 10**400},
                {"size": -1},
                {"size": float("nan")},
                {"size": None},
                {"media_type": "text/html"},
                {"media_type": ["image/png"]},
                {"origin": {}},
                {"origin": "\ud83d"},
            )
        ),
    ],
)
def test_a_line_that_was_changed_costs_its_own_picture_alone(store, tmp_path, line):
    kept = [store.keep(picture(number), "a call") for number in (1, 2)]
    file = tmp_path / "deep" / "store" / kept[0].hash
    data = file.read_bytes().partition(b"\n")[2]
    head = line.replace('{"media_type"', f'{{"hash": "{kept[0].hash}", "media_type"', 1)
    file.write_bytes(head.encode() + b"\n" + data)
    assert store.listed() == ([kept[1]], "")
    with pytest.raises(ArgumentError, match="is not kept here, or is no longer kept"):
        store.read(kept[0].uri)
