"""The limits of OpenAI's API, each in one place with its unit, source and date."""

from collections.abc import Mapping

SENDABLE = frozenset({"image/png", "image/jpeg", "image/webp", "image/gif"})
"""The formats that the API accepts (OpenAI's guide "Images and vision", 2026-09): a GIF only with a single frame."""

MAX_NAME = 64
"""The most characters of a function's name, from a-z A-Z 0-9 _ - (`FunctionDefinition` in openai 3.54, 2026-11-17)."""

MAX_TOOLS = 128
"""The most tools in a request (400 `array_above_max_length`, reported live, 2026-11)."""

MAX_DATA_URL = 20_971_520
"""The most characters of a picture's URL (`maxLength` in OpenAI's OpenAPI document, 2026-08-21)."""

MAX_FILE = 50_000_000
"""A file, and all files of a request together, must have fewer bytes than this (OpenAI's guide "File inputs", 2026-09).

The guide says "50 MB": this uses SI megabytes, which are smaller, so that requests are accepted whichever was meant.
"""

MAX_IMAGES = 1_500
"""The most pictures in a request (OpenAI's guide "Images and vision", 2026-09)."""

MAX_BODY = 512 * 2**20
"""The most bytes of all pictures in a request (the same guide)."""

MAX_TEXT = 10_485_760
"""The most characters of a text in a request (`maxLength` in OpenAI's OpenAPI document, 2026-08-21)."""

MAX_FILE_DATA = 73_400_320
"""The most characters of a file's data (the same document)."""

MAX_ID = 64
"""The most characters of a file's or call's id (a live 400 `string_above_max_length`, BerriAI/litellm#24797, read 2026-11-22)."""

OUTPUT_LENGTHS: Mapping[str, int] = {"output": MAX_TEXT, "call_id": MAX_ID, "name": 128, "namespace": 64}
"""The most characters in the fields of a `function_call_output` (OpenAI's OpenAPI document, 2026-08-21)."""

MAX_EDIT_IMAGES = 16
"""The most pictures that the image API edits in one request (types/image_edit_params.py in openai 3.54, 2026-11-22)."""

MAX_EDIT_IMAGE = 50_000_000
"""The most bytes of each of them (the same source)."""

MAX_EDIT_MASK = 4_000_000
"""The most bytes of the mask for an edit (the same source)."""

FILE_EXPIRY = (3_600, 2_592_000)
"""Seconds after which an uploaded file may expire, minimum and maximum (`FileCreateParams` in openai 3.54, 2026-11-22)."""

MAX_PROMPT = 32_000
"""The most characters of a prompt for the image API (types/image_generate_params.py in openai 3.54, 2026-11-22)."""

MAX_DRAWN = 3_840 * 2_160
"""The most pixels of a picture that the image API draws (the same source, for models that draw in any size)."""

DRAWN_STEP, DRAWN_RATIO = 16, 3
"""The number that must divide each side, in pixels, and the largest ratio of the sides (the same source)."""
