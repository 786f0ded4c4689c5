"""multipart/form-data as the SDK sends it, read as a JSON object."""

from email import message_from_bytes
from typing import Any, TypeAlias

import pybase64

Json: TypeAlias = dict[str, Any]


def form_fields(content: bytes) -> Json | None:
    """Return the fields of a multipart body, files as `data:` URLs, or None where it is none.

    The body names its own boundary in its first line. A name that ends in `[]` holds a list.
    """
    start = content.partition(b"\r\n")[0]
    if not start.startswith(b"--") or not content.rstrip(b"\r\n").endswith(start + b"--"):
        return None
    head = b'Content-Type: multipart/form-data; boundary="' + start[2:] + b'"\r\n\r\n'
    fields: Json = {}
    for part in message_from_bytes(head + content).get_payload():
        if isinstance(part, str):
            return None
        name = str(part.get_param("name", header="content-disposition"))
        payload = part.get_payload(decode=True)
        data = payload if isinstance(payload, bytes) else b""
        if part.get_filename():
            value = f"data:{part.get_content_type()};base64,{pybase64.b64encode(data).decode()}"
        else:
            value = data.decode("utf-8", "replace")
        if name.endswith("[]"):
            fields.setdefault(name[:-2], []).append(value)
        else:
            fields[name] = value
    return fields
