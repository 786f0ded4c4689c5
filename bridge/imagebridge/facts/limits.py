"""What OpenAI's API takes at most, each limit once, with its unit, source and date."""

from collections.abc import Mapping

SENDABLE = frozenset({"image/png", "image/jpeg", "image/webp", "image/gif"})
"""The formats the API takes (OpenAI's guide "Images and vision", 2026-09): a GIF only with one frame."""

MAX_NAME = 64
"""Characters of a function's name, of a-z A-Z 0-9 _ - (`FunctionDefinition` in openai 3.54, 2026-11-17)."""

MAX_TOOLS = 128
"""Tools of a request at most (400 `array_above_max_length`, reported live, 2026-11)."""

MAX_DATA_URL = 20_971_520
"""Characters of a picture's URL at most (`maxLength` in OpenAI's OpenAPI document, 2026-08-21)."""

MAX_FILE = 50_000_000
"""Bytes below which a file, and all files of a request together, have to stay (OpenAI's guide "File inputs", 2026-09).

The guide says "50 MB": in bytes of the SI, which are the fewer, so that what is sent is taken however it was meant.
"""

MAX_IMAGES = 1_500
"""Pictures of a request at most (OpenAI's guide "Images and vision", 2026-09)."""

MAX_BODY = 512 * 2**20
"""Bytes of the pictures of a request together at most (the same guide)."""

MAX_TEXT = 10_485_760
"""Characters of a text in a request at most (`maxLength` in OpenAI's OpenAPI document, 2026-08-21)."""

MAX_FILE_DATA = 73_400_320
"""Characters of a file's data at most (the same document)."""

MAX_ID = 64
"""Characters of a file's or a call's id at most (a live 400 `string_above_max_length`, BerriAI/litellm#24797, read 2026-11-22)."""

OUTPUT_LENGTHS: Mapping[str, int] = {"output": MAX_TEXT, "call_id": MAX_ID, "name": 128, "namespace": 64}
"""Characters of the fields of a `function_call_output` at most (OpenAI's OpenAPI document, 2026-08-21)."""

MAX_EDIT_IMAGES = 16
"""Pictures that the image API edits in one request at most (types/image_edit_params.py in openai 3.54, 2026-11-22)."""

MAX_EDIT_IMAGE = 50_000_000
"""Bytes of each of them at most (the same source)."""

MAX_EDIT_MASK = 4_000_000
"""Bytes of the mask of an edit at most (the same source)."""

FILE_EXPIRY = (3_600, 2_592_000)
"""Seconds after which an uploaded file may expire, at least and at most (`FileCreateParams` in openai 3.54, 2026-11-22)."""

MAX_PROMPT = 32_000
"""Characters that tell the image API what to draw, at most (types/image_generate_params.py in openai 3.54, 2026-11-22)."""

MAX_DRAWN = 3_840 * 2_160
"""Pixels of a picture that the image API draws, at most (the same source: of models that draw in any size)."""

DRAWN_STEP, DRAWN_RATIO = 16, 3
"""What divides each of its sides, in pixels, and the most that one of them may be of the other (the same source)."""
