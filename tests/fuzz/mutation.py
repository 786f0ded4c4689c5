"""Random changes of an input: bytes that are lost, repeated or replaced, and unexpected JSON values."""

import base64
import copy
import io
import struct
import zipfile
import zlib

DOT = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
EDGES = (0, 1, 0x7F, 0x80, 0xFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
VALUES = (
    *(None, True, False, 0, -1, 1.5, 1e308, 10**18, 2**63, float("nan"), float("inf"), "", [], {}),
    *(
        "\ud83d",
        "\0\x9b\x1b[2J",
        "\u202ea",
        "a" * 70,
        "a" * 10_000,
        "$&/../..",
        "{",
        "data:,",
        DOT,
        "[" * 500,
    ),
    *(10**400, 10**5_000),
)
NUMBERS = (b"-1", b"0", b"199", b"1000", b"99999", b"2147483648", b"9" * 5_000, b"x", b"")
NAMES = ("\udfff", "", "type", "__proto__", "$ref", "constructor", "9" * 500, "url", "\0")


def damaged(chance, data, other=b""):
    """Return bytes of which some are changed, removed, repeated, cut off, or taken from another file."""
    made = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        if not made:
            break
        at = chance.randrange(len(made))
        size = chance.choice((1, 2, 4, 8, 12, 60, 300))
        match chance.randrange(10):
            case 0 | 1:
                made[at] = chance.randrange(256)
            case 2:
                made[at] ^= 1 << chance.randrange(8)
            case 3:
                del made[at : at + size]
            case 4:
                made[at:at] = chance.randbytes(min(size, 12))
            case 5:
                made[at:at] = made[at : at + size] * chance.choice((1, 1, 2, 50))
            case 6:
                made[at : at + 4] = struct.pack(chance.choice("<>") + "I", chance.choice(EDGES))
            case 7:
                del made[at:]
            case 8 if other:
                start = chance.randrange(len(other))
                made[at : at + size] = other[start : start + size]
            case _:
                made[at : at + 1] = chance.choice(
                    (b"\0", b"\r", b"\n", b"\r\n", b'"', b"\\", b"<", b"&", b"\xff")
                )
    return bytes(made)


def with_checksums(data):
    """Return a PNG with correct checksums where possible, so that the data behind them is tested too."""
    made, at = bytearray(data), 8
    while at + 12 <= len(made):
        stop = at + 12 + int.from_bytes(made[at : at + 4], "big")
        if stop <= len(made):
            made[stop - 4 : stop] = struct.pack(">I", zlib.crc32(made[at + 4 : stop - 4]))
        at = stop
    return bytes(made)


def unpacked(data):
    """Return the parts of a package by name, or nothing if it is not a valid package."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return {info.filename: archive.read(info) for info in archive.infolist()}
    except (zipfile.BadZipFile, zlib.error, ValueError, EOFError, OSError, RuntimeError, struct.error):
        return {}


def packed(parts):
    """Return a package of these parts, always the same."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, data in parts.items():
            archive.writestr(zipfile.ZipInfo(name, (2026, 11, 30, 0, 0, 0)), data)
    return made.getvalue()


def disturbed(chance, value, other):
    """Return a JSON value with unusual values, names and parts of another value in some positions."""
    whole = [copy.deepcopy(value)]
    for _ in range(chance.choice((1, 1, 2, 3, 6))):
        holder, key = _place(chance, whole)
        inner = holder[key]
        match chance.randrange(9):
            case 0 if holder is not whole:
                del holder[key]
            case 1 if isinstance(holder, dict):
                holder[chance.choice(NAMES)] = holder.pop(key)
            case 2 if isinstance(inner, list) and inner:
                inner.extend(inner[: chance.choice((1, 3))] * chance.choice((1, 2, 20)))
            case 3:
                part = [copy.deepcopy(other)]
                there, name = _place(chance, part)
                holder[key] = there[name]
            case 4:
                holder[key] = _deep(chance, inner)
            case 5 | 6 if isinstance(inner, str):
                holder[key] = _changed_text(chance, inner)
            case _:
                holder[key] = _odd(chance)
    return whole[0]


def _place(chance, whole):
    """Return a container, and the key or index of one value in it; whole[0] itself may be chosen."""
    places = []
    waiting = [whole]
    while waiting and len(places) < 2_000:
        holder = waiting.pop()
        for key in range(len(holder)) if isinstance(holder, list) else list(holder):
            places.append((holder, key))
            if isinstance(holder[key], list | dict):
                waiting.append(holder[key])
    return chance.choice(places)


def _odd(chance):
    value = chance.choice(VALUES)
    if chance.random() < 0.1:
        value = {chance.choice(NAMES): value}
    return _deep(chance, value) if chance.random() < 0.1 else copy.deepcopy(value)


def _deep(chance, value):
    for _ in range(chance.choice((1, 3, 90, 300, 3_000))):
        value = {"a": value} if chance.random() < 0.5 else [value]
    return value


def _changed_text(chance, text):
    """Return a text with unusual characters; base64 of a file becomes base64 of a damaged file."""
    head, comma, encoded = text.rpartition(",") if text.startswith("data:") else ("", "", text)
    if len(encoded) > 60 and chance.random() < 0.7:
        try:
            data = base64.b64decode(encoded, validate=True)
        except ValueError:
            data = b""
        if data:
            return head + comma + base64.b64encode(damaged(chance, data)).decode()
    at = chance.randrange(len(text) + 1)
    odd = chance.choice(
        ("\ud83d", "\0", "\u202e", "\r\n", "\\", '"', "<", "=", " ", "%", "\x1b]0;", text[:200] * 40)
    )
    return text[:at] + odd + text[at + chance.choice((0, 1, 5)) :]
