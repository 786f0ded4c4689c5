"""Attaches the user's own pictures to a prompt, treated like a tool's pictures: verified, converted, fitted."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from imagebridge.translate.policy import Policy

from .failure import Failure

if TYPE_CHECKING:
    from imagebridge.providers.provider import Translation


def attached(files: Sequence[Path], policy: Policy) -> "Translation":
    """Read files and translate them: each picture is preceded by the name of its file.

    Raises:
        Failure: a file cannot be read, or contains no picture; the message says which and why.
    """
    from imagebridge.errors import PictureError
    from imagebridge.providers.responses import translate
    from imagebridge.repair.compose import tool_result
    from imagebridge.translate.translation import ShownPicture

    content: list[object] = []
    for file in files:
        try:
            content += tool_result(f"[attached: {file.name}]", file)["content"]
        except PictureError as error:
            raise Failure(f"--image: {error.reason}") from error
        except OSError as error:
            raise Failure(f"--image: {file} cannot be read: {error.strerror or error}") from error
    translation = translate({"content": content}, policy)
    shown_blocks = {one.block for one in translation.placed if isinstance(one.content, ShownPicture)}
    for at, file in enumerate(files):
        if (block := 2 * at + 1) not in shown_blocks:
            why = translation.notes[block].done.removeprefix("a sentence: ")
            raise Failure(f"--image: {file} cannot be shown: {why}")
    return translation


def message(prompt: str, pictures: "Translation | None", *, chat: bool) -> dict[str, Any]:
    """Return the user's message, for either API."""
    if pictures is None:
        return {"role": "user", "content": prompt}
    from imagebridge.providers.chat import chat_part
    from imagebridge.providers.responses import input_text

    parts = [input_text(prompt), *pictures.parts]
    return {"role": "user", "content": [chat_part(one) for one in parts] if chat else parts}
