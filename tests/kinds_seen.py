"""The expected view of a model for each result of servers/kinds.py, in a body that the API accepts."""

from imagebridge import check
from imagebridge.pictures.picture import Picture


def by_hand(result):
    """Return the parts from a typical hand-written loop: texts and pictures, nothing else."""
    parts = []
    for block in result.content:
        if block.type == "text":
            parts.append({"type": "input_text", "text": block.text})
        elif block.type == "image":
            url = f"data:{block.mime_type};base64,{block.data}"
            parts.append({"type": "input_image", "image_url": url, "detail": "high"})
    return parts


def is_right(name, parts):
    """Return whether a model sees the content of this kind of result, in a body that the API accepts."""
    output = {"type": "function_call_output", "call_id": "call_1", "output": parts}
    call = {"type": "function_call", "call_id": "call_1", "name": "x", "arguments": "{}"}
    body = {"model": "gpt-5.4", "input": [{"role": "user", "content": "go"}, call, output]}
    if not parts or any(finding.refused for finding in check(body)):
        return False
    words = "\n".join(part["text"] for part in parts if part["type"] == "input_text")
    shown = [part for part in parts if part["type"] == "input_image"]
    pictures = [Picture.from_base64(part["image_url"], "decoded") for part in shown]
    if any(max(one.width, one.height) > 2_048 for one in pictures) or "base64" in words.replace(
        "not base64", ""
    ):
        return False
    match name:
        case "text_only":
            return words == "ONLY"
        case "text_png_text":
            order = [part.get("text", "picture") for part in parts]
            return order == ["BEFORE", "picture", "AFTER"]
        case "png_two":
            return len(pictures) == 2
        case "bad_base64" | "png_truncated":
            return "CAPTION" in words and "not shown" in words and not pictures
        case "audio_wav":
            return "CAPTION" in words and "audio" in words
        case "res_text":
            return words == "RES-TEXT"
        case "res_pdf":
            # As a file, or as pictures of its pages where a host carries no files.
            files = [part.get("filename") for part in parts if part["type"] == "input_file"]
            return files == ["plan.pdf"] or (len(pictures) == 1 and "plan.pdf" in words)
        case "link_https":
            return "https://example.org/red.png" in words
        case "struct_only" | "struct_text":
            return words.replace(" ", "") == '{"answer":42}'
        case "struct_image":
            return len(pictures) == 1 and '{"answer":42}' in words.replace(" ", "")
        case "error_text" | "error_image":
            told = "error" in words.lower() and "BOOM-TEXT" in words
            return told and len(pictures) == (name == "error_image")
        case "audience_user":
            return "FOR-USER" in words and len(pictures) == 1
        case "empty" | "empty_text":
            return "returned nothing" in words
        case _:
            return len(pictures) == 1
