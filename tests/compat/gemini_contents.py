"""A strict local stand-in for Gemini's generateContent: it plays a scripted model and rejects what the API rejects.

The rules are those of ai.google.dev/gemini-api/docs (function calling, image understanding), as of 2026-11-29: which
parts exist, which pictures are accepted, and that each function call is answered in the next content.
"""

import json

from compat.scripted_api import ScriptedApi
from compat.shown import Refused, picture

from imagebridge.testing.server import json_answer, stream_answer

TYPES = ("image/png", "image/jpeg", "image/webp", "image/heic", "image/heif")
KINDS = {"text", "inlineData", "fileData", "functionCall", "functionResponse", "thought"}
BESIDE = {"thought", "thoughtSignature", "mediaResolution"}
"""What stands in a part beside the one field that says what it is."""
INLINE_BYTES, PICTURES = 20_000_000, 3_600


class GeminiContents(ScriptedApi):
    """Answers a request as the API does."""

    def answer(self, method, path, content):
        name, _, action = path.rpartition(":")
        if method != "POST" or not name.startswith("/v1beta/models/"):
            return _error(404, "NOT_FOUND", f"{method} {path}")
        if action == "countTokens":
            return json_answer({"totalTokens": len(content) // 4})
        body = json.loads(content)
        try:
            if len(content) > INLINE_BYTES:
                raise Refused(f"a request of {len(content):,} bytes")
            results = judged(body["contents"])
        except Refused as error:
            self.refusals.append(str(error))
            return _error(400, "INVALID_ARGUMENT", str(error))
        whole = {
            "candidates": [
                {
                    "content": {"role": "model", "parts": self._said(body, results)},
                    "finishReason": "STOP",
                    "index": 0,
                }
            ],
            "usageMetadata": {"promptTokenCount": 1, "candidatesTokenCount": 1, "totalTokenCount": 2},
            "modelVersion": name.rpartition("/")[2],
        }
        return stream_answer([whole]) if action == "streamGenerateContent" else json_answer(whole)

    def _said(self, body, results):
        names = [
            function["name"]
            for tool in body.get("tools", ())
            for function in tool.get("functionDeclarations", ())
        ]
        said = self.model.turn(names, results) if names else "Done."
        if isinstance(said, str):
            return [{"text": said}]
        name, arguments = said
        return [{"functionCall": {"id": f"call_{next(self.numbers)}", "name": name, "args": arguments}}]


def judged(contents):
    """Return the content of each function result, in order; raise Refused if the API would reject the request."""
    shown, count_of_pictures, calls = [], 0, []
    for content in contents:
        if content.get("role") not in ("user", "model"):
            raise Refused(f"role {content.get('role')!r}: user or model")
        if not content.get("parts"):
            raise Refused("contents.parts must not be empty")
        kinds = [kind_of(part) for part in content["parts"]]
        answers = [part["functionResponse"] for part in content["parts"] if "functionResponse" in part]
        if [answer["name"] for answer in answers] != calls:
            raise Refused(
                f"function responses {[one['name'] for one in answers]} after the function calls {calls}"
            )
        calls = [part["functionCall"]["name"] for part in content["parts"] if "functionCall" in part]
        beside = [media(part["inlineData"]) for part in content["parts"] if "inlineData" in part]
        count_of_pictures += kinds.count("inlineData")
        for answer in answers:
            if not isinstance(answer.get("response"), dict):
                raise Refused("functionResponse.response must be an object")
            inside = [media(part["inlineData"]) for part in answer.get("parts", ())]
            count_of_pictures += len(inside)
            shown.append([json.dumps(answer["response"], ensure_ascii=False), *inside])
        if answers:
            # A model before Gemini 3 takes no pictures inside a result: they stand beside it, and are the last one's.
            shown[-1] += beside
    if count_of_pictures > PICTURES:
        raise Refused(f"{count_of_pictures} pictures")
    return shown


def kind_of(part):
    """Return the one field that determines the type of a part."""
    kinds = [name for name in part if name not in BESIDE] or [name for name in part if name in KINDS]
    if len(kinds) != 1 or kinds[0] not in KINDS:
        raise Refused(f"a part has exactly one of {sorted(KINDS)}, not {sorted(part)}")
    return kinds[0]


def media(data):
    """Return the picture of inline data."""
    if data["mimeType"] not in TYPES:
        raise Refused(f"mimeType {data['mimeType']}")
    return picture(data["data"], data["mimeType"])


def _error(status, kind, message):
    return json_answer({"error": {"code": status, "message": message, "status": kind}}, status)
