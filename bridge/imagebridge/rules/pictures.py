"""Rules about pictures: the form in which they are sent, the content of their bytes, their size and their number."""

from collections.abc import Callable, Iterator, Mapping

from imagebridge.facts import models
from imagebridge.facts.limits import MAX_BODY, MAX_FILE, MAX_IMAGES
from imagebridge.rules import sources
from imagebridge.rules.body import Body, Part, PictureUrl, kind, scheme
from imagebridge.rules.rule import Breach, Rule
from imagebridge.rules.verdict import PIXELS, SUPPORTED
from imagebridge.translate import vision
from imagebridge.wire import as_object, as_string

DETAILS: Mapping[str, tuple[str, ...]] = {
    "input_image": ("low", "high", "auto", "original"),
    "input_file": ("auto", "low", "high"),
    "image_url": ("auto", "low", "high", "original"),
}

INVALID = (
    "The image data you provided does not represent a valid image. Please check your input and try again with one "
    f"of the supported image formats: {list(SUPPORTED)}."
)
_EXAMPLE = "(e.g. 'data:image/png;base64,aW1nIGJ5dGVzIGhlcmU=')"


def _holders(body: Body) -> Iterator[tuple[Part, Mapping[str, object], str]]:
    """Yield each part with the fields that contain a picture's detail, and the path of these fields."""
    for part in body.parts:
        inner = as_object(part.fields.get("image_url")) if part.type == "image_url" else None
        yield (part, inner, f"{part.path}.image_url") if inner else (part, part.fields, part.path)


def _forms(body: Body) -> Iterator[Breach]:
    for part in body.parts:
        path, value = f"{part.path}.image_url", part.fields.get("image_url")
        if part.type == "input_image" and value is not None and not isinstance(value, str):
            expected = f"expected an image URL, but got {kind(value)} instead"
        elif part.type == "image_url" and not isinstance(value, dict):
            expected = f"expected an object, but got {kind(value)} instead"
        else:
            continue
        yield Breach(path, f"Invalid type for '{path}': {expected}.", code="invalid_type")


def _sources(body: Body) -> Iterator[Breach]:
    for part in body.parts:
        inner = as_object(part.fields.get("image_url"))
        if part.type == "input_image" and not part.fields.get("image_url") and not part.fields.get("file_id"):
            path = f"{part.path}.image_url"
        elif part.type == "image_url" and inner is not None and not isinstance(inner.get("url"), str):
            path = f"{part.path}.image_url.url"
        else:
            continue
        yield Breach(path, f"Missing required parameter: '{path}'.", code="missing_required_parameter")


def _details(body: Body) -> Iterator[Breach]:
    for part, holder, at in _holders(body):
        detail, allowed = holder.get("detail"), DETAILS.get(part.type, ())
        if allowed and detail is not None and detail not in allowed:
            listed = ", ".join(f"'{name}'" for name in allowed[:-1]) + f", and '{allowed[-1]}'"
            yield Breach(f"{at}.detail", f"Invalid value: '{detail}'. Supported values are: {listed}.")


def _original(body: Body) -> Iterator[Breach]:
    family = models.family(body.model)
    if family.original is not None or family.assumed:
        return  # supported, or not known
    for part, holder, at in _holders(body):
        if part.type in ("input_image", "image_url") and holder.get("detail") == "original":
            message = f"Unsupported value: 'original' is not supported with the '{body.model}' model."
            yield Breach(f"{at}.detail", message, code="unsupported_value")


def _remote(picture: PictureUrl) -> bool:
    return picture.url[:8].lower().startswith(("http://", "https://"))


def _schemes(body: Body) -> Iterator[Breach]:
    for picture in body.pictures:
        url_scheme = scheme(picture.url)
        if url_scheme not in ("", "data") and not _remote(picture):
            yield Breach(
                picture.path,
                f"Invalid '{picture.path}'. Expected a valid URL, but got a value with an invalid format.",
                f"{url_scheme}: is not a scheme that the API downloads",
            )


def _downloads(body: Body) -> Iterator[Breach]:
    for picture in body.pictures:
        if _remote(picture):
            yield Breach(
                picture.path,
                f"Error while downloading {picture.url}.",
                "the local endpoint downloads nothing; send a data URL",
                param="url",
                code="failed_to_download_image",
            )


def _data_urls(body: Body) -> Iterator[Breach]:
    for picture, verdict in body.judged:
        if verdict.rule == "data-url":
            named = "Invalid image URL:" if body.api == "chat" else "Invalid"
            yield Breach(
                picture.path,
                f"{named} '{picture.path}'. Expected a base64-encoded data URL with an image MIME type {_EXAMPLE}, "
                f"but got {verdict.said}",
                verdict.why,
            )


def _invalid(rule: str) -> Callable[[Body], Iterator[Breach]]:
    """Return a check for pictures whose verdict is `rule`: the API has one message for all of these rules."""

    def check(body: Body) -> Iterator[Breach]:
        for picture, verdict in body.judged:
            if verdict.rule == rule:
                yield Breach(picture.path, INVALID, verdict.why, param="input")

    return check


def _patches(body: Body) -> Iterator[Breach]:
    for picture, verdict in body.judged:
        if not verdict.width:
            continue
        detail = picture.detail if picture.detail in ("low", "high", "original") else "auto"
        match vision.sizing(body.model, detail):
            case models.Patches(side, budget) if budget == models.REJECTED_PATCHES:
                # This budget rejects; smaller ones scale down.
                scale = min(1.0, side / max(verdict.width, verdict.height))
                count = vision.patches(
                    max(1, round(verdict.width * scale)), max(1, round(verdict.height * scale))
                )
                if count > budget:
                    yield Breach(
                        picture.path,
                        f"The image you provided requires {count} patches after processing, exceeding the limit of "
                        f"{budget}. Please resize the image and try again.",
                        f"{verdict.width}x{verdict.height} pixels",
                        param="input",
                    )
            case _:
                pass


def _many(body: Body) -> Iterator[Breach]:
    count = sum(part.type in ("input_image", "image_url") for part in body.parts)
    if count > MAX_IMAGES:
        message = f"Too many images: a request may contain {MAX_IMAGES}, but this one contains {count}."
        yield Breach(body.list_name, message, param="input")


def _payload(body: Body) -> Iterator[Breach]:
    size = sum(len(picture.url) for picture in body.pictures if not _remote(picture))
    if size > MAX_BODY:
        message = f"The images in a request must total at most {MAX_BODY} bytes, but got {size}."
        yield Breach(body.list_name, message, param="input", code="image_file_too_large")


def _file_fields(part: Part) -> tuple[str, Mapping[str, object]]:
    """Return the path and fields of a file, which Chat Completions wraps in an object."""
    inner = as_object(part.fields.get("file")) if part.type == "file" else None
    return (f"{part.path}.file", inner) if inner is not None else (part.path, part.fields)


def _files(body: Body) -> Iterator[Breach]:
    for part in body.parts:
        if part.type not in ("input_file", "file"):
            continue
        path, holder = _file_fields(part)
        data = as_string(holder.get("file_data"))
        if data and not as_string(holder.get("filename")):
            missing = f"{path}.filename"
            yield Breach(
                missing, f"Missing required parameter: '{missing}'.", code="missing_required_parameter"
            )
        if data and not _is_data_url(data):
            yield Breach(
                f"{path}.file_data",
                f"Invalid '{path}.file_data'. Expected a base64-encoded data URL with a MIME type "
                "(e.g. 'data:application/pdf;base64,...').",
            )
        if not data and not any(holder.get(name) for name in ("file_id", "file_url")):
            missing = f"{path}.file_data"
            yield Breach(
                missing, f"Missing required parameter: '{missing}'.", code="missing_required_parameter"
            )


def _is_data_url(data: str) -> bool:
    head, comma, encoded = data.partition(",")
    typed = head.startswith("data:") and head.endswith(";base64") and "/" in head
    # Checking the alphabet is enough here; nobody but the model reads the file.
    return (
        bool(comma and typed and encoded)
        and len(encoded) % 4 == 0
        and encoded.isascii()
        and not _spaced(encoded)
    )


def _spaced(encoded: str) -> bool:
    return any(blank in encoded for blank in (" ", "\n", "\r", "\t"))


def _file_sizes(body: Body) -> Iterator[Breach]:
    sizes = [len(as_string(_file_fields(part)[1].get("file_data"))) * 3 // 4 for part in body.parts]
    if sum(sizes) >= MAX_FILE:
        message = f"The files in a request must total less than {MAX_FILE} bytes, but got {sum(sizes)}."
        yield Breach(body.list_name, message, param="input")


_CODEX = sources.issue("openai/codex", 4946)

PICTURES: tuple[Rule, ...] = (
    Rule(
        "image-url-form",
        "image_url must be a string in Responses and an object in Chat.",
        "documented",
        sources.TYPES,
        _forms,
    ),
    Rule(
        "image-source",
        "A picture must have an image_url or a file_id.",
        "documented",
        sources.VISION,
        _sources,
    ),
    Rule(
        "detail",
        "detail must be one of the documented values.",
        "documented",
        sources.SPECIFICATION,
        _details,
    ),
    Rule(
        "detail-original",
        "The model must support detail 'original' if it is requested.",
        "documented",
        sources.VISION,
        _original,
    ),
    Rule(
        "file-data",
        "A file must be a data URL with a filename, an id or a URL.",
        "documented",
        sources.FILES,
        _files,
    ),
    Rule(
        "file-bytes",
        f"The files in a request must total less than {MAX_FILE:,} bytes.",
        "documented",
        sources.FILES,
        _file_sizes,
    ),
    Rule(
        "too-many-pictures",
        f"A request must have at most {MAX_IMAGES:,} pictures.",
        "documented",
        sources.VISION,
        _many,
    ),
    Rule(
        "payload",
        f"The pictures in a request must total at most {MAX_BODY:,} bytes.",
        "documented",
        sources.VISION,
        _payload,
    ),
    Rule(
        "url-scheme", "A picture's URL must use http, https or data.", "documented", sources.VISION, _schemes
    ),
    Rule("remote-picture", "The local endpoint downloads nothing.", "ours", sources.OURS, _downloads),
    Rule(
        "data-url",
        "A data URL must name an image type and contain strict base64.",
        "reported",
        sources.issue("openai/codex", 5346),
        _data_urls,
    ),
    Rule(
        "unsupported-format",
        "A picture must be PNG, JPEG, WebP or GIF.",
        "documented",
        sources.VISION,
        _invalid("unsupported-format"),
    ),
    Rule(
        "broken-picture",
        "Every pixel of a picture must be decodable.",
        "reported",
        _CODEX,
        _invalid("broken-picture"),
    ),
    Rule(
        "picture-bomb",
        f"A picture must have at most {PIXELS:,} pixels.",
        "ours",
        sources.OURS,
        _invalid("picture-bomb"),
    ),
    Rule(
        "animated-gif",
        "A GIF must have only one frame.",
        "documented",
        sources.VISION,
        _invalid("animated-gif"),
    ),
    Rule(
        "animated-picture",
        "A WebP or PNG must have only one frame: how the model sees other frames is unknown.",
        "ours",
        sources.OURS,
        _invalid("animated-picture"),
    ),
    Rule(
        "mislabelled-picture",
        "The media type in a data URL must match the bytes.",
        "ours",
        sources.OURS,
        _invalid("mislabelled-picture"),
    ),
    Rule(
        "too-many-patches",
        f"A picture that the model sees at its original size must not exceed {models.REJECTED_PATCHES:,} patches.",
        "reported",
        sources.VISION,
        _patches,
    ),
)
