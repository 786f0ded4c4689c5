"""The limits of OpenAI's API, each in one place with its unit, source and date."""

from collections.abc import Mapping

SENDABLE = frozenset({"image/png", "image/jpeg", "image/webp", "image/gif"})
"""The formats that the API accepts (OpenAI's guide "Images and vision", 2026-09); a GIF may have only one frame."""

MAX_NAME = 64
"""The maximum length of a function's name, from a-z A-Z 0-9 _ - (`FunctionDefinition` in openai 3.54, 2026-11-17)."""

MAX_TOOLS = 128
"""The maximum number of tools in a request (400 `array_above_max_length`, reported live, 2026-11)."""

MAX_DATA_URL = 20_971_520
"""The maximum length of a picture's URL (`maxLength` in OpenAI's OpenAPI document, 2026-08-21)."""

MAX_FILE = 50_000_000
"""A file, and all files of a request together, must have fewer bytes than this (OpenAI's guide "File inputs", 2026-09).

The guide says "50 MB": this uses SI megabytes, which are smaller, so that requests are accepted in either case.
"""

MAX_IMAGES = 1_500
"""The maximum number of pictures in a request (OpenAI's guide "Images and vision", 2026-09)."""

MAX_BODY = 512 * 2**20
"""The maximum size of all pictures in a request, in bytes (the same guide)."""

MAX_TEXT = 10_485_760
"""The maximum length of a text in a request (`maxLength` in OpenAI's OpenAPI document, 2026-08-21)."""

MAX_FILE_DATA = 73_400_320
"""The maximum length of a file's data (the same document)."""

MAX_ID = 64
"""The maximum length of a file's or call's id (a live 400 `string_above_max_length`, BerriAI/litellm#24797, read
2026-11-22)."""

OUTPUT_LENGTHS: Mapping[str, int] = {"output": MAX_TEXT, "call_id": MAX_ID, "name": 128, "namespace": 64}
"""The maximum lengths of the fields of a `function_call_output` (OpenAI's OpenAPI document, 2026-08-21)."""

MAX_EDIT_IMAGES = 16
"""The maximum number of pictures that the image API edits in one request (types/image_edit_params.py in openai 3.54,
2026-11-22)."""

MAX_EDIT_IMAGE = 50_000_000
"""The maximum size of each picture to edit, in bytes (the same source)."""

MAX_EDIT_MASK = 4_000_000
"""The maximum size of the mask for an edit, in bytes (the same source)."""

FILE_EXPIRY = (3_600, 2_592_000)
"""The minimum and maximum lifetime of an uploaded file, in seconds (`FileCreateParams` in openai 3.54, 2026-11-22)."""

MAX_PROMPT = 32_000
"""The maximum length of a prompt for the image API (types/image_generate_params.py in openai 3.54, 2026-11-22)."""

MAX_DRAWN = 3_840 * 2_160
"""The maximum number of pixels that the image API draws (the same source, for models that draw in any size)."""

DRAWN_STEP, DRAWN_RATIO = 16, 3
"""The number of pixels that each side must be a multiple of, and the maximum ratio of the sides (the same source)."""
