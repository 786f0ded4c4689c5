"""load_file: documents and texts as they are."""

import pytest
from PIL import Image

from imagebridge.errors import ArgumentError
from imagebridge_tools import document, load_file
from imagebridge_tools.answer import File
from imagebridge_tools.files.source import Places

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("one_loop")]

PDF = b"%PDF-1.7\n" + b"x" * 100


@pytest.fixture
def folder(tmp_path):
    return tmp_path.resolve()


async def read(folder, name, data, **choices):
    (folder / name).write_bytes(data)
    return await load_file(name, Places(allow=(folder,)), **choices)


@pytest.mark.parametrize(
    ("name", "data", "media_type", "text", "words"),
    [
        ("a.csv", b"x,y\n1,2\n", "text/csv", "x,y\n1,2\n", "8 characters in 2 lines"),
        ("a.json", b'{"a": 1}', "application/json", '{"a": 1}', "8 characters in 1 line"),
        ("a.py", b"x = 1\r\ny = 2", "text/plain", "x = 1\ny = 2", "11 characters in 2 lines"),
        ("utf8.txt", "\ufeffé".encode(), "text/plain", "é", "1 character in 1 line"),
        ("utf16.txt", "é€".encode("utf-16"), "text/plain", "é€", "2 characters in 1 line"),
        ("utf32.txt", "é€".encode("utf-32"), "text/plain", "é€", "2 characters in 1 line"),
        ("west.txt", "é€".encode("cp1252"), "text/plain", "é€", "2 characters in 1 line, read as cp1252"),
        ("empty.md", b"", "text/markdown", "", "0 characters in 0 lines"),
        ("a.svg", b"<svg xmlns='x'/>", "image/svg+xml", "<svg xmlns='x'/>", "16 characters in 1 line"),
    ],
)
async def test_texts(folder, name, data, media_type, text, words):
    answer = await read(folder, name, data)
    assert answer.files == (File((folder / name).as_uri(), name, media_type, text),)
    assert answer.sentence == f"{name}: {media_type}, {words}."
    assert answer.pictures == ()


async def test_a_long_text_comes_in_pieces(folder, monkeypatch):
    monkeypatch.setattr(document, "CHARACTERS", 4)
    pieces = [await read(folder, "a.txt", b"abcdefghij", start=start) for start in (1, 5, 9)]
    assert [piece.files[0].content for piece in pieces] == ["abcd", "efgh", "ij"]
    assert [piece.sentence.partition("these are ")[2] for piece in pieces] == [
        "1 to 4, call again with start=5 for more.",
        "5 to 8, call again with start=9 for more.",
        "9 to 10, the last ones.",
    ]


async def test_documents_come_as_bytes(folder):
    answer = await read(folder, "a.bin", PDF)
    assert answer.files == (File((folder / "a.bin").as_uri(), "a.bin", "application/pdf", PDF),)
    assert answer.sentence == "a.bin: PDF, 109 bytes, attached."


async def test_a_data_url(folder):
    answer = await load_file("data:text/csv,a%2Cb")
    assert answer.files[0].content == "a,b"


@pytest.mark.parametrize(
    ("name", "data", "choices", "argument", "words"),
    [
        ("a.png", None, {}, "source", "is a picture of type image/png; load_image shows it"),
        ("a.mp3", b"ID3" + bytes(20), {}, "source", "is a file of type audio/mpeg; what is read: PDF"),
        ("a.exe", b"MZ\0\1" * 9, {}, "source", "is in no known format; what is read: PDF"),
        ("a.pdf", PDF + bytes(700_000), {}, "source", "has 700 kB; a result holds 600 kB"),
        ("a.pdf", PDF, {"start": 2}, "start", "goes with texts"),
        ("a.txt", b"abc", {"start": 4}, "start", "is 4; a.txt has 3 characters"),
        ("a.txt", b"abc", {"start": 0}, "start", "characters count from 1"),
    ],
)
async def test_bad_input(folder, name, data, choices, argument, words):
    if data is None:
        Image.new("RGB", (2, 2)).save(folder / name)
        data = (folder / name).read_bytes()
    with pytest.raises(ArgumentError) as caught:
        await read(folder, name, data, **choices)
    assert caught.value.argument == argument
    assert words in caught.value.problem
