"""Content blocks in the form in which servers write them."""

from samples import b64


def text(words):
    return {"type": "text", "text": words}


def image(data, media_type="image/png", **fields):
    return {"type": "image", "data": b64(data), "mimeType": media_type, **fields}
