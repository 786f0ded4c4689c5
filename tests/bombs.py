"""Small files of every format that unpack to a huge size, built from their bytes."""

import io
import struct
import zlib

from PIL import Image
from samples import chunk, claiming, file


def zeros(size):
    """Return this many zeros, compressed."""
    packer = zlib.compressobj(9)
    parts = [packer.compress(bytes(1 << 20)) for _ in range(size >> 20)]
    return b"".join([*parts, packer.compress(bytes(size % (1 << 20))), packer.flush()])


def png(width, height, depth=8, color=2):
    """A black PNG that contains all of its pixels."""
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[color]
    return claiming(width, height, zeros((1 + (width * depth * channels + 7) // 8) * height), depth, color)


def png_with(name, head):
    """A small PNG with a chunk that unpacks to 200 MB."""
    sound = file(Image.new("RGB", (40, 30), "red"), "PNG")
    return sound[:33] + chunk(name, head + zeros(200 << 20)) + sound[33:]


def png_ending_wrongly(width, height):
    """A PNG with 16 bits per channel, whose stream ends with a wrong checksum."""
    packed = zeros((1 + 8 * width) * height)
    return claiming(width, height, packed[:-4] + b"wrng", 16, 6)


def apng(width, height, frames):
    """An animation whose first frame is complete and whose other frames are one pixel."""
    control = struct.Struct(">IIIIIHHBB")
    pixel = zlib.compress(bytes(4))
    whole = png(width, height)
    parts = [whole[:33], chunk(b"acTL", struct.pack(">II", frames, 0))]
    parts += [chunk(b"fcTL", control.pack(0, width, height, 0, 0, 1, 10, 0, 0)), whole[33:-12]]
    for at in range(1, frames):
        parts.append(chunk(b"fcTL", control.pack(2 * at - 1, 1, 1, 0, 0, 1, 10, 0, 0)))
        parts.append(chunk(b"fdAT", struct.pack(">I", 2 * at) + pixel))
    return b"".join([*parts, chunk(b"IEND", b"")])


def gif(width, height, frames):
    """An animation of this size, with frames of one pixel."""
    one = file(Image.new("P", (1, 1)), "GIF")
    start = 13 + (3 << (one[10] & 7) + 1)
    frame = one[one.index(b",", start) : -1]
    return one[:6] + struct.pack("<HH", width, height) + one[10:start] + frame * frames + b";"


def jpeg_of_scans(width, height, scans):
    """A progressive JPEG that claims to be large, and repeats its last scan."""
    made = bytearray(file(Image.new("RGB", (64, 64)), "JPEG", progressive=True, quality=1))
    header = made.index(b"\xff\xc2")
    made[header + 5 : header + 9] = struct.pack(">HH", height, width)
    last = made.rindex(b"\xff\xda")
    return bytes(made[:-2] + made[last:-2] * scans + made[-2:])


def webp(width, height):
    """A WebP that claims this size, and contains only as many bytes as a black picture of one pixel."""
    return file(Image.new("RGB", (width, height)), "WEBP", lossless=True, method=0)


def tiff(width, height, *, tile=None, bits=8, pages=1):
    """Black pages that all share one strip, or one tile."""
    body = zlib.compress(bytes(1000), 9) if tile else zeros(width * height * bits // 8)
    tags = {256: (4, width), 257: (4, height), 258: (3, bits), 259: (3, 8), 262: (3, 1), 277: (3, 1)}
    if tile:
        tags |= {322: (4, tile), 323: (4, tile), 324: (4, 8), 325: (4, len(body))}
    else:
        tags |= {273: (4, 8), 278: (4, height), 279: (4, len(body))}
    body += bytes(len(body) % 2)
    entries = b"".join(
        struct.pack("<HHI", tag, kind, 1) + struct.pack("<I", value)
        for tag, (kind, value) in sorted(tags.items())
    )
    length, made = 6 + len(entries), b"II*\0" + struct.pack("<I", 8 + len(body)) + body
    for at in range(1, pages + 1):
        after = 8 + len(body) + at * length if at < pages else 0
        made += struct.pack("<H", len(tags)) + entries + struct.pack("<I", after)
    return made


def bmp(width, height, bits=24, packed=0):
    """A bitmap that claims this size and ends after its header."""
    head = struct.pack("<IiiHHIIiiII", 40, width, height, 1, bits, packed, 0, 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", 154, 0, 0, 54) + head + bytes(100)


def ico(inner):
    """An icon with one picture."""
    return struct.pack("<HHHBBBBHHII", 0, 1, 1, 0, 0, 0, 0, 1, 32, len(inner), 22) + inner


def jp2(width, height, data=None):
    """A JPEG 2000 file that claims this size in its header and in its code stream."""
    made = bytearray(data or file(Image.new("RGB", (64, 64)), "JPEG2000"))
    box = made.index(b"ihdr") + 4
    made[box : box + 8] = struct.pack(">II", height, width)
    size = made.index(b"\xff\x51") + 6
    made[size : size + 8] = struct.pack(">II", width, height)
    made[size + 16 : size + 24] = struct.pack(">II", width, height)
    return bytes(made)


def avif(width, height):
    """An AVIF file that claims this size, while its code stream has another."""
    made = bytearray(file(Image.new("RGB", (64, 64)), "AVIF", speed=10))
    box = made.index(b"ispe") + 8
    made[box : box + 8] = struct.pack(">II", width, height)
    return bytes(made)


def photograph(width, height, **options):
    """A large JPEG such as a phone takes, with soft shapes and a little grain."""
    grain = Image.effect_noise((width // 16, height // 16), 60).convert("RGB")
    return file(grain.resize((width, height)), "JPEG", quality=60, **options)


def pnm(width, height):
    """An X bitmap that claims this size and ends after its header."""
    return b"P6 %d %d 255\n" % (width, height) + bytes(100)


def loaded(data):
    """The picture as Pillow reads it."""
    return Image.open(io.BytesIO(data))
