"""A fictitious vendor with its own wire format: the one file for a new vendor, besides a line in the registry."""

from imagebridge.providers.provider import Source
from imagebridge.translate.pieces import FilePiece, LinkPiece
from imagebridge.translate.receiver import Receiver
from imagebridge.translate.translation import ShownPicture, Text
from imagebridge.translate.vision import Seen, bounded

SIDE = 600
"""Pixels of a picture's longer side at most."""

PRICE = 77
"""Tokens of a picture, whatever its size."""


def view(width, height, model, detail):
    """What its models see."""
    return Seen(*bounded(width, height, SIDE, None), 1, PRICE)


class Vendor:
    """Pieces that say, show, attach or fetch; answers that have `failed`."""

    name = "made-up"
    items_field = "talk"
    stores = False

    def receiver(self, model):
        """No GIF, 600 pixels, one price, no detail, an error flag."""
        return Receiver(
            model=model,
            formats=frozenset({"image/png", "image/jpeg"}),
            view=view,
            choose=lambda model, detail: "high",
            assumes=lambda model: False,
            flags_errors=True,
        )

    def part(self, part):
        """A piece."""
        match part:
            case Text(text):
                return {"say": text}
            case ShownPicture():
                return {"show": {"media": part.picture.media_type, "bytes": part.picture.base64}}
            case FilePiece(data_url, filename):
                return {"attach": {"title": filename, "content": data_url}}
            case LinkPiece(url, sort):
                return {"fetch": url, "as": sort}

    shown = part

    def answers(self, answers, server):
        """One answer a call."""
        return [
            {
                "from": "tool",
                "reply_to": reference.id,
                "failed": translation.is_error,
                "pieces": translation.parts,
            }
            for reference, translation in answers
        ]

    def uploaded(self, part, file_id):
        """It keeps no files."""

    def speaker(self, item):
        """Who said it."""
        return item.get("from") if isinstance(item, dict) else None

    def calls(self, item):
        """What the model asks."""
        return [(ask["ref"], ask["tool"]) for ask in item.get("asks", ())]

    def waits(self, item):
        """Whether it asks."""
        return bool(item.get("asks"))

    def answered(self, item):
        """What is answered."""
        return item.get("reply_to", "")

    def holder(self, item):
        """Where its pieces are."""
        return "pieces"

    def kind(self, part):
        """What a piece shows or attaches."""
        if "fetch" in part:
            return "picture" if part["as"] == "picture" else "file"
        return "picture" if "show" in part else "file" if "attach" in part else None

    def source(self, part):
        """Where that is from."""
        if "show" in part:
            return Source("data:{media};base64,{bytes}".format_map(part["show"]))
        if "attach" in part:
            return Source(part["attach"]["content"], filename=part["attach"]["title"])
        return Source(part["fetch"])

    def text(self, part):
        """What it says."""
        return part.get("say")


PROVIDER = Vendor()
