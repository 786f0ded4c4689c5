"""What OpenAI's API takes at most, each limit once, with its unit, source and date."""

from collections.abc import Mapping

SENDABLE = frozenset({"image/png", "image/jpeg", "image/webp", "image/gif"})
"""The formats the API takes (OpenAI's guide "Images and vision", 2026-09): a GIF only with one frame."""

MAX_NAME = 64
"""Characters of a function's name, of a-z A-Z 0-9 _ - (`FunctionDefinition` in openai 3.54, 2026-11-17)."""

MAX_TOOLS = 128
"""Tools of a request at most (400 `array_above_max_length`, reported live, 2026-11)."""

MAX_DATA_URL = 20_971_520
"""Characters of an `image_url` at most (`maxLength` in OpenAI's OpenAPI document, 2026-08-21)."""

MAX_FILE = 50_000_000
"""Bytes of a file at most (OpenAI's guide "File inputs", 2026-09)."""

MAX_IMAGES = 1_500
"""Pictures of a request at most (OpenAI's guide "Images and vision", 2026-09)."""

MAX_BODY = 512 * 2**20
"""Bytes of the pictures of a request together at most (the same guide)."""


LENGTHS: Mapping[str, int] = {
    "text": 10_485_760,
    "image_url": MAX_DATA_URL,
    "file_data": 73_400_320,
    "file_id": 64,
}
"""Characters of the fields of a content part at most (`maxLength` in OpenAI's OpenAPI document, 2026-08-21).

`file_id`: a live 400 `string_above_max_length` (BerriAI/litellm#24797, read 2026-11-22).
"""

OUTPUT_LENGTHS: Mapping[str, int] = {"output": 10_485_760, "call_id": 64, "name": 128, "namespace": 64}
"""Characters of the fields of a `function_call_output` at most (the same document)."""

MAX_EDIT_IMAGES = 16
"""Pictures that the image API edits in one request at most (types/image_edit_params.py in openai 3.54, 2026-11-22)."""

MAX_EDIT_IMAGE = 50_000_000
"""Bytes of each of them at most (the same source)."""

MAX_EDIT_MASK = 4_000_000
"""Bytes of the mask of an edit at most (the same source)."""
