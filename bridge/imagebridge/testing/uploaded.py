"""The endpoint's Files API: uploaded files, and requests that refer to them by id.

Expiry and purposes are OpenAI's (openai 3.54, `types/file_create_params.py` and `file_purpose.py`, 2026-11-22).
OpenAI's messages for an id that a request may not use are not known, so those messages are ours.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import cast

from imagebridge.conversation.attachments import Attachment, attachments, replaced
from imagebridge.facts.limits import FILE_EXPIRY, MAX_DATA_URL
from imagebridge.pictures.base64 import to_base64
from imagebridge.pictures.kinds import PNG, kind
from imagebridge.rules import Violation
from imagebridge.testing.server import HttpResponse, form, json_answer
from imagebridge.translate.policy import Api
from imagebridge.wire import JsonObject, text_of

PURPOSES = ("assistants", "batch", "fine-tune", "vision", "user_data", "evals")
USABLE: Mapping[str, tuple[str, ...]] = {
    "input_image": ("vision", "user_data", "assistants"),
    "input_file": ("user_data", "assistants"),
    "file": ("user_data", "assistants"),
}
"""The purposes that a file in a request may have, by the type of the part."""


@dataclass(slots=True)
class Stored:
    """An uploaded file. Times are seconds since 1970; `expires_at` is None for a file that is kept."""

    id: str
    filename: str
    purpose: str
    content: bytes
    created_at: int
    expires_at: int | None = None
    deleted: bool = False

    @property
    def gone(self) -> bool:
        """Whether it was deleted or has expired."""
        return self.deleted or (self.expires_at is not None and self.expires_at <= time.time())

    def json(self) -> JsonObject:
        """Return it as the API's `File` object."""
        return {
            "id": self.id,
            "object": "file",
            "bytes": len(self.content),
            "created_at": self.created_at,
            "expires_at": self.expires_at,
            "filename": self.filename,
            "purpose": self.purpose,
            "status": "processed",
            "status_details": None,
        }


class _Refused(Exception):
    """What the API refuses: message, parameter, code, status."""

    def __init__(self, message: str, param: str, code: str | None, status: int = 400) -> None:
        super().__init__(message)
        self.answer = json_answer(
            {"error": {"message": message, "type": "invalid_request_error", "param": param, "code": code}},
            status,
        )


@dataclass(slots=True)
class Files:
    """The files of an endpoint. Uploads may come from several threads."""

    stored: list[Stored] = field(default_factory=list[Stored])
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def answer(self, method: str, identity: str, content: bytes) -> HttpResponse:
        """Answer a request to `/v1/files`, or to the file `identity` if given."""
        try:
            match method, identity:
                case "POST", "":
                    return json_answer(
                        self._create(
                            {one.name: (one.filename, one.content) for one in form(content) or ()}
                        ).json()
                    )
                case "GET", "":
                    return json_answer(self._list())
                case "GET", _:
                    return json_answer(self._find(identity).json())
                case "DELETE", _:
                    self._find(identity).deleted = True
                    return json_answer({"id": identity, "object": "file", "deleted": True})
                case _:
                    raise _Refused(f"Invalid method for URL ({method} /v1/files)", "", None, 405)
        except _Refused as refused:
            return refused.answer

    def _create(self, fields: Mapping[str, tuple[str, bytes]]) -> Stored:
        for name in ("file", "purpose"):
            if name not in fields:
                raise _Refused(f"Missing required parameter: '{name}'.", name, "missing_required_parameter")
        purpose = fields["purpose"][1].decode(errors="replace")
        if purpose not in PURPOSES:
            listed = ", ".join(f"'{one}'" for one in PURPOSES)
            raise _Refused(
                f"Invalid value: '{purpose}'. Supported values are: {listed}.", "purpose", "invalid_value"
            )
        now = int(time.time())
        seconds = _seconds(fields)
        filename, content = fields["file"]
        stored_file = Stored(
            f"file-{next(self._numbers)}",
            filename,
            purpose,
            content,
            now,
            None if seconds is None else now + seconds,
        )
        self.stored.append(stored_file)
        return stored_file

    def _list(self) -> JsonObject:
        there = [one.json() for one in reversed(self.stored) if not one.gone]
        ends = (there[0]["id"], there[-1]["id"]) if there else (None, None)
        return {"object": "list", "data": there, "first_id": ends[0], "last_id": ends[1], "has_more": False}

    def _find(self, identity: str) -> Stored:
        for one in self.stored:
            if one.id == identity and not one.gone:
                return one
        raise _Refused(f"No such File object: {identity}", "id", None, 404)

    def resolved(self, body: JsonObject, api: Api) -> "tuple[JsonObject, list[Violation]]":
        """Return a request body with the ids replaced by bytes, and what is wrong with the ids."""
        name = "input" if api == "responses" else "messages"
        items = body.get(name)
        if not isinstance(items, list):
            return body, []
        changes: dict[tuple[int, int], dict[str, object]] = {}
        violations: list[Violation] = []
        for one in attachments(cast("Sequence[object]", items)):
            identity = one.source.file_id
            if not identity or one.url or text_of(one.fields, "type") not in USABLE:
                continue
            file = next((file for file in self.stored if file.id == identity), None)
            if problem := _problem(file, identity, one):
                item = cast("JsonObject", items[one.item])
                path = f"{name}[{one.item}].{'output' if 'output' in item else 'content'}[{one.part}]"
                path += ".file.file_id" if api == "chat" else ".file_id"
                violations.append(Violation("file-id", path, *problem, path, "invalid_value"))
            # A file may be larger than a data URL may be long: then only its id is checked.
            elif file is not None and len(file.content) < MAX_DATA_URL // 4 * 3 - 100:
                changes[one.item, one.part] = _part(one, file)
        return {**body, name: replaced(cast("Sequence[object]", items), changes)}, violations


def _problem(file: Stored | None, identity: str, one: Attachment) -> tuple[str, str] | None:
    """Return what the API would say and why, or None if the file may be used."""
    if file is None:
        return f"File '{identity}' was not found.", "no file with this id was uploaded here"
    if file.gone:
        return f"File '{identity}' was not found.", "it was deleted" if file.deleted else "it has expired"
    usable = USABLE[text_of(one.fields, "type")]
    if file.purpose not in usable:
        listed = ", ".join(f"'{purpose}'" for purpose in usable)
        return f"File '{identity}' has the purpose '{file.purpose}'. Supported purposes are: {listed}.", ""
    return None


def _part(one: Attachment, file: Stored) -> dict[str, object]:
    file_type = kind(file.content)
    url = f"data:{(file_type or PNG).media_type};base64,{to_base64(file.content)}"
    if one.kind == "picture":
        rest = {name: value for name, value in one.fields.items() if name != "file_id"}
        return {**rest, "image_url": url}
    data = {"filename": file.filename, "file_data": url}
    if text_of(one.fields, "type") == "file":
        return {**one.fields, "file": data}
    return {**{name: value for name, value in one.fields.items() if name != "file_id"}, **data}


def _seconds(fields: Mapping[str, tuple[str, bytes]]) -> int | None:
    """Return the seconds until the file expires, or None for never."""
    name = "expires_after[seconds]"
    if name not in fields:
        return None
    if fields.get("expires_after[anchor]", ("", b""))[1] != b"created_at":
        raise _Refused(
            "Missing required parameter: 'expires_after[anchor]'.",
            "expires_after[anchor]",
            "missing_required_parameter",
        )
    digits = fields[name][1].decode(errors="replace")
    least, most = FILE_EXPIRY
    seconds = int(digits) if digits.isdecimal() else -1
    if seconds < least:
        message = f"Invalid '{name}': integer below minimum value. Expected a value >= {least}, but got {digits} instead."
        raise _Refused(message, name, "integer_below_min_value")
    if seconds > most:
        message = f"Invalid '{name}': integer above maximum value. Expected a value <= {most}, but got {digits} instead."
        raise _Refused(message, name, "integer_above_max_value")
    return seconds
