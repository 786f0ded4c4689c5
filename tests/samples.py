"""Small real files of every kind, created on the spot and always identical."""

import base64
import io
import random
import struct
import wave
import zipfile
import zlib

import resvg_py
from PIL import Image, ImageDraw

from imagebridge.pictures import fonts

WIDTH, HEIGHT = 64, 48


def drawing(width=WIDTH, height=HEIGHT):
    """A flat picture: navy on white, with a red corner that reveals rotation and flipping."""
    image = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(image)
    draw.rectangle((width // 4, height // 4, width // 2, height // 2), fill="navy")
    draw.rectangle((0, 0, width // 8, height // 8), fill="red")
    return image


def photo(width=WIDTH, height=HEIGHT):
    """A picture in which hardly any two neighbouring pixels are equal."""
    red = Image.radial_gradient("L").resize((width, height))
    green = Image.linear_gradient("L").resize((width, height))
    return Image.merge("RGB", (red, green, red.transpose(Image.Transpose.FLIP_LEFT_RIGHT)))


def noise(width, height, seed=1):
    """A grey picture that no format compresses well."""
    return Image.frombytes("L", (width, height), random.Random(seed).randbytes(width * height))


def coloured_noise(seed, side=200):
    """A PNG that is unique to its seed, with three bytes per pixel."""
    return file(Image.frombytes("RGB", (side, side), random.Random(seed).randbytes(3 * side * side)), "PNG")


SCRIPTS = ("\u05d0", "\u0639", "\u0939", "\u0e01", "a\u0e34")
"""A letter each of Hebrew, Arabic, Hindi and Thai, and a Thai vowel on a Latin letter."""


def lacked_here(letters):
    """Return whether no font of this system has these letters: their last one looks like a missing character."""

    def picture(text):
        return resvg_py.svg_to_bytes(
            svg_string=f'<svg xmlns="http://www.w3.org/2000/svg" width="99" height="40"><text y="30">{text}</text></svg>',
            # The system's settings may name none that is installed.
            serif_family=fonts.text_family() or None,
        )

    return picture(letters) == picture(f"{letters[:-1]}\U0010fffd")


def file(image, form, **options):
    """The bytes of `image` in a format."""
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def frames(count=4):
    """Pictures that differ, for animations."""
    step = 200 // count
    return [Image.new("RGB", (WIDTH, HEIGHT), (step * at, 80, 200 - step * at)) for at in range(count)]


def animation(form, count=4, **options):
    """An animation of `count` frames of 250 ms."""
    first, *rest = frames(count)
    return file(first, form, save_all=True, append_images=rest, duration=250, **options)


def oriented(form="JPEG", orientation=6):
    """A picture stored rotated by 90 degrees, with the EXIF tag that turns it upright."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    return file(drawing(), form, exif=exif)


def wav():
    """A tenth of a second of silence."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(b"\0\0" * 800)
    return buffer.getvalue()


def pdf(pages=1):
    """A PDF whose pages are pictures."""
    first, *rest = [drawing() for _ in range(pages)]
    return file(first, "PDF", save_all=True, append_images=rest)


def pdf_of(*streams, size=(200, 100)):
    """A PDF with a page for each content stream; its font is `/F1`."""
    bodies = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    pages = []
    for stream in streams:
        fonts = "/Resources << /Font << /F1 3 0 R >> >>"
        box, contents = f"/MediaBox [0 0 {size[0]} {size[1]}]", f"/Contents {len(bodies) + 2} 0 R"
        bodies += [
            f"<< /Type /Page /Parent 2 0 R {box} {contents} {fonts} >>",
            f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream",
        ]
        pages.append(f"{len(bodies) - 1} 0 R")
    bodies[1] = f"<< /Type /Pages /Count {len(pages)} /Kids [{' '.join(pages)}] >>"
    data, places = "%PDF-1.4\n", []
    for number, body in enumerate(bodies, 1):
        places.append(len(data))
        data += f"{number} 0 obj\n{body}\nendobj\n"
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    end = f"trailer\n<< /Size {len(bodies) + 1} /Root 1 0 R >>\nstartxref\n{len(data)}\n%%EOF\n"
    return f"{data}xref\n0 {len(bodies) + 1}\n0000000000 65535 f \n{table}{end}".encode()


def docx():
    """The minimum of a Word document that identifies its format."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", "<w:document/>")
    return buffer.getvalue()


SVG = (
    b'<svg xmlns="http://www.w3.org/2000/svg" width="64" height="48">'
    b'<rect width="64" height="48" fill="#fff"/><rect width="8" height="6" fill="#f00"/></svg>'
)


def bad_checksum(png=None):
    """A PNG with a damaged optional chunk, as a widely used test server sends it."""
    png = png or file(drawing(), "PNG")
    chunk = struct.pack(">I4s", 4, b"tEXt") + b"a\0bc" + b"\0\0\0\0"
    return png[:33] + chunk + png[33:]


def b64(data):
    """Standard base64."""
    return base64.b64encode(data).decode()


def data_url(data, media_type):
    """A `data:` URL."""
    return f"data:{media_type};base64,{b64(data)}"


def pixels(data_url_or_bytes):
    """The decoded picture, as RGB."""
    data = data_url_or_bytes
    if isinstance(data, str):
        data = base64.b64decode(data.split(",", 1)[1], validate=True)
    return Image.open(io.BytesIO(data)).convert("RGB")


def chunk(name, data):
    """A chunk of a PNG."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def claiming(width, height, packed=None, depth=1, color=0):
    """A PNG that claims to have this size, whatever its `packed` pixels contain."""
    header = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", packed or zlib.compress(bytes(9)))
        + chunk(b"IEND", b"")
    )
