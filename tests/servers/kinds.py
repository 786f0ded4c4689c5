"""A stdio server with a tool for each kind of result, in bare JSON-RPC so that nothing repairs them."""

import io
import json
import sys

import samples
from PIL import Image
from samples import b64, file

PNG = file(samples.drawing(), "PNG")
OTHER = file(Image.new("RGB", (32, 32), "blue"), "PNG")


def saved(form, image=None, **options):
    buffer = io.BytesIO()
    (image or samples.photo()).save(buffer, form, **options)
    return buffer.getvalue()


def text(words):
    return {"type": "text", "text": words}


def image(data, label="image/png"):
    return {"type": "image", "data": data if isinstance(data, str) else b64(data), "mimeType": label}


def resource(**inner):
    return {"type": "resource", "resource": inner}


def link(uri, label="image/png"):
    return {"type": "resource_link", "uri": uri, "name": "linked.png", "mimeType": label}


LARGE = {}


def large():
    """A JPEG of 30 million pixels, made once."""
    if not LARGE:
        LARGE[0] = saved("JPEG", Image.radial_gradient("L").resize((6000, 5000)).convert("RGB"))
    return LARGE[0]


KINDS = {
    "text_only": lambda: {"content": [text("ONLY")]},
    "png_one": lambda: {"content": [image(PNG)]},
    "jpeg_one": lambda: {"content": [image(saved("JPEG"), "image/jpeg")]},
    "text_png_text": lambda: {"content": [text("BEFORE"), image(PNG), text("AFTER")]},
    "png_two": lambda: {"content": [image(PNG), image(OTHER)]},
    "webp": lambda: {"content": [image(saved("WEBP"), "image/webp")]},
    "gif_static": lambda: {"content": [image(saved("GIF"), "image/gif")]},
    "gif_animated": lambda: {"content": [image(samples.animation("GIF"), "image/gif")]},
    "bmp": lambda: {"content": [image(saved("BMP"), "image/bmp")]},
    "tiff": lambda: {"content": [image(saved("TIFF"), "image/tiff")]},
    "avif": lambda: {"content": [image(saved("AVIF"), "image/avif")]},
    "svg": lambda: {"content": [image(samples.SVG, "image/svg+xml")]},
    "png_as_jpeg": lambda: {"content": [image(PNG, "image/jpeg")]},
    "mime_jpg": lambda: {"content": [image(saved("JPEG"), "image/jpg")]},
    "bad_base64": lambda: {"content": [text("CAPTION"), image("!!! not base64 !!!")]},
    "png_truncated": lambda: {"content": [text("CAPTION"), image(PNG[: len(PNG) // 2])]},
    "jpeg_30mp": lambda: {"content": [image(large(), "image/jpeg")]},
    "audio_wav": lambda: {
        "content": [
            text("CAPTION"),
            {"type": "audio", "data": b64(samples.wav()), "mimeType": "audio/wav"},
        ]
    },
    "res_text": lambda: {"content": [resource(uri="case://text", text="RES-TEXT", mimeType="text/plain")]},
    "res_pdf": lambda: {
        "content": [resource(uri="case://plan.pdf", blob=b64(samples.pdf()), mimeType="application/pdf")]
    },
    "res_png": lambda: {"content": [resource(uri="case://red.png", blob=b64(PNG), mimeType="image/png")]},
    "link_png": lambda: {"content": [link("case://red.png")]},
    "link_https": lambda: {"content": [link("https://example.org/red.png")]},
    "struct_only": lambda: {"content": [], "structuredContent": {"answer": 42}},
    "struct_text": lambda: {"content": [text('{"answer": 42}')], "structuredContent": {"answer": 42}},
    "struct_image": lambda: {"content": [image(PNG)], "structuredContent": {"answer": 42}},
    "error_text": lambda: {"content": [text("BOOM-TEXT")], "isError": True},
    "error_image": lambda: {"content": [text("BOOM-TEXT"), image(PNG)], "isError": True},
    "audience_user": lambda: {
        "content": [one | {"annotations": {"audience": ["user"]}} for one in (text("FOR-USER"), image(PNG))]
    },
    "empty": lambda: {"content": []},
    "empty_text": lambda: {"content": [text("")]},
}
"""By their names in the order of a survey of what frameworks do with them."""

PROMISING = ("struct_only", "struct_text", "struct_image")
SCHEMA = {"type": "object", "properties": {"answer": {"type": "integer"}}, "required": ["answer"]}


def tools():
    """Return the definitions; those with structured content promise it."""
    return [
        {"name": name, "description": name, "inputSchema": {"type": "object", "properties": {}}}
        | ({"outputSchema": SCHEMA} if name in PROMISING else {})
        for name in KINDS
    ]


def answer(method, params):
    """Return the result of a request, or None for an unknown method."""
    match method:
        case "initialize":
            return {
                "protocolVersion": "2025-11-25",
                "capabilities": {"tools": {}, "resources": {}},
                "serverInfo": {"name": "kinds", "version": "1"},
            }
        case "tools/list":
            return {"tools": tools()}
        case "tools/call":
            return KINDS[params["name"]]()
        case "resources/read" if params["uri"] == "case://red.png":
            return {"contents": [{"uri": "case://red.png", "blob": b64(PNG), "mimeType": "image/png"}]}
        case _:
            return None


if __name__ == "__main__":
    for line in sys.stdin:
        asked = json.loads(line)
        if "id" not in asked:
            continue
        reply = {"jsonrpc": "2.0", "id": asked["id"]}
        if (result := answer(asked["method"], asked.get("params") or {})) is None:
            reply["error"] = {"code": -32601, "message": f"there is no {asked['method']}"}
        else:
            reply["result"] = result
        print(json.dumps(reply), flush=True)
