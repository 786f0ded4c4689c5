"""create_image and edit_image: create pictures from words, and from other pictures, with the OpenAI Images API."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Annotated

from imagebridge.errors import ArgumentError, PictureError, counted
from imagebridge.facts.limits import MAX_EDIT_IMAGE, MAX_EDIT_IMAGES, MAX_EDIT_MASK, MAX_PROMPT
from imagebridge.pictures.picture import Picture
from imagebridge.requirements import IMAGES
from imagebridge.translate.sentences import amount

from . import lenient_values
from .apart import apart
from .arguments import PICTURE, PICTURES, SEVERAL
from .declaration import Argument, tool
from .drawing.pixels import frame_count
from .files.source import NOWHERE, Places, opened
from .image_api import CreatedPictures, ImageRequest
from .image_options import (
    FRAME_TIMES,
    BehindIt,
    Care,
    Change,
    Compression,
    Count,
    FileFormat,
    FrameCount,
    FrameDuration,
    Planning,
    Prompt,
    Size,
    Unfinished,
)
from .image_progress import OnProgress, quoted, watched
from .load import decoded, known
from .mistakes import Mistakes, Noted
from .tool_output import File, ToolOutput, described

SECONDS = 300.0
"""The time limit, in seconds; a large picture of high quality takes up to two minutes."""

TICK = 3.0
"""The interval between two progress reports, in seconds; hosts cancel calls that report nothing for too long."""


Images = Annotated[
    Sequence[str],
    Argument(
        "Pictures, as in load_image.",
        reading=lenient_values.listed,
        json_type=list[str],
        entries=(1, 16),
        form=PICTURES,
        names=SEVERAL,
    ),
]

Mask = Annotated[
    str | None,
    Argument(
        "A picture of the same size as the first, transparent where it should change.",
        reading=lenient_values.alone,
        form=PICTURE,
    ),
]


Markup = Annotated[
    str | None,
    Argument(
        "Notes to lay over the first picture; transparent elsewhere.",
        reading=lenient_values.alone,
        form=PICTURE,
    ),
]

_COST = "It costs money and may take minutes; after {patience:g} s it returns a handle for collecting the picture."


@tool(
    "Create a picture",
    f"Create pictures from a description with the OpenAI Images API. {_COST}",
    saves=True,
    paid=True,
    requirement=IMAGES,
)
async def create_image(
    prompt: Prompt,
    *,
    size: Size = "auto",
    format: FileFormat = "png",  # noqa: A002  # the argument's name in the API
    quality: Care = None,
    background: BehindIt = None,
    compression: Compression = None,
    n: Count = 1,
    partial_images: Unfinished = 0,
    complexity: Planning = None,
    frame_count: FrameCount = None,
    frame_duration_ms: FrameDuration = None,
    places: Places = NOWHERE,
    on_progress: OnProgress | None = None,
    seconds: float = SECONDS,
    tick: float = TICK,
    noted: Noted = (),
) -> ToolOutput:
    """Create pictures that show `prompt`. The key, the base URL and other settings come from the SDK's environment
    variables.

    Size, format and the other options are those of the API: `size` is "auto" or "WIDTHxHEIGHT" in pixels, `compression`
    a percentage, `n` the number of pictures, and `partial_images` the number of unfinished ones to keep and report
    before the result, at most 3. `complexity` is the amount of planning; `frame_count` and `frame_duration_ms` apply to
    GIF. If the account may choose the model that writes an SVG, IMAGEBRIDGE_SVG_MODEL specifies it.

    `on_progress` is called at once and then every `tick` seconds; unfinished pictures are kept in `places.store`.
    `noted` contains the mistakes found so far; they are reported together with those found here, and no request is
    sent.

    Raises:
        ArgumentError: some arguments are wrong (the error reports all of them), or the API rejects one.
        CreationError: there is no key, credit or connection, or no answer arrived within `seconds`.
    """
    order = ImageRequest(
        prompt=prompt,
        size=size,
        format=format,
        quality=quality,
        background=background,
        compression=compression,
        n=n,
        partial_images=partial_images,
        complexity=complexity,
        frame_count=frame_count,
        frame_duration_ms=frame_duration_ms,
    )
    mistakes = Mistakes(noted)
    _check(mistakes, order, places)
    mistakes.tell()
    done = await watched(order, places, on_progress, seconds, tick)
    return _output(order, "", done)


@tool(
    "Edit pictures",
    "Change or combine pictures; arguments, time and cost are as in create_image.",
    saves=True,
    paid=True,
    requirement=IMAGES,
    as_in=create_image,
)
async def edit_image(
    prompt: Change,
    images: Images,
    mask: Mask = None,
    markup: Markup = None,
    *,
    size: Size = "auto",
    format: FileFormat = "png",  # noqa: A002  # the argument's name in the API
    quality: Care = None,
    background: BehindIt = None,
    compression: Compression = None,
    n: Count = 1,
    partial_images: Unfinished = 0,
    complexity: Planning = None,
    frame_count: FrameCount = None,
    frame_duration_ms: FrameDuration = None,
    places: Places = NOWHERE,
    on_progress: OnProgress | None = None,
    seconds: float = SECONDS,
    tick: float = TICK,
    noted: Noted = (),
) -> ToolOutput:
    """Create pictures that show `prompt` from up to 16 `images`, each named in a form that `source.opened` accepts.

    `mask` and `markup` are as large as the first picture. The transparent parts of `mask` mark the areas to change;
    notes drawn on `markup`, which is otherwise transparent, describe the changes. Pictures are sent upright and without
    metadata. Everything else is as in `create_image`.

    Raises:
        ArgumentError: a picture, the mask or other arguments are wrong (the error reports all), or the API rejects one.
        ApartError: decoding a picture took too long or too much memory.
        CreationError: there is no key, credit or connection, or no answer arrived within `seconds`.
    """
    order = ImageRequest(
        prompt=prompt,
        size=size,
        format=format,
        quality=quality,
        background=background,
        compression=compression,
        n=n,
        partial_images=partial_images,
        complexity=complexity,
        frame_count=frame_count,
        frame_duration_ms=frame_duration_ms,
    )
    mistakes = Mistakes(noted)
    _check(mistakes, order, places)
    if mask is not None and format == "gif":
        mistakes.add(
            ArgumentError("mask", "cannot be combined with gif; leave it out, or give another format")
        )
    if not 1 <= len(images) <= MAX_EDIT_IMAGES:
        problem = f"has {len(images)} pictures; give 1 to {MAX_EDIT_IMAGES}"
        mistakes.add(ArgumentError("images", problem))
    read: list[tuple[str, Picture]] = []
    for number, one in enumerate(images[:MAX_EDIT_IMAGES]):
        argument = "images" if len(images) == 1 else f"images[{number}]"
        if found := await mistakes.met(_opened_picture(one, places, argument, _still)):
            read.append(found)
    pictures = tuple(picture for _, picture in read)
    if mask is not None and markup is not None:
        mistakes.add(ArgumentError("markup", "cannot be combined with mask; leave one of them out"))
    overlays: dict[str, Picture] = {}
    for argument, overlay in (("mask", mask), ("markup", markup)):
        if overlay is not None and (
            found := await mistakes.met(_opened_picture(overlay, places, argument, _mask))
        ):
            overlays[argument] = found[1]
            if len(read) == len(images):
                _check_size(mistakes, argument, found[1], pictures[0])
    mistakes.tell()
    order = replace(order, images=pictures, **overlays)
    done = await watched(order, places, on_progress, seconds, tick)
    names = ", ".join(name for name, _ in read)
    return _output(order, f" from {names}{''.join(f' with a {name}' for name in overlays)}", done)


def _check_size(mistakes: Mistakes, argument: str, overlay: Picture, first: Picture) -> None:
    if (overlay.width, overlay.height) != (first.width, first.height):
        problem = (
            f"has {overlay.width}x{overlay.height} px, but the first picture has {first.width}x{first.height}"
        )
        mistakes.add(ArgumentError(argument, f"{problem}; give one of the same size"))


def _output(order: ImageRequest, origin: str, done: CreatedPictures) -> ToolOutput:
    kind = f" ({done.quality} quality)" if done.quality else ""
    count = len(done.pictures)
    what = "A picture" if count == 1 else f"{count} pictures"
    descriptions = "; ".join(described(one) for one in done.pictures)
    more = _left_out(done.left_out, "picture") + _left_out(done.unfinished_left_out, "unfinished picture")
    if done.spent:
        more += f" It took {done.spent.in_words(done.model)}."
    files: tuple[File, ...] = ()
    if done.svg:
        # In a fence, as text: alone it would be taken for the picture, which is already here.
        files = (
            File("file:///picture.svg", "picture.svg", "text/markdown", f"```svg\n{done.svg.strip()}\n```"),
        )
        more += f" Drawn from the SVG below, {counted(len(done.svg), 'character')}."
    elif order.format == "svg":
        more += " It is not an SVG, although one was requested."
    return ToolOutput(
        f"{what} of {quoted(order.prompt)}{origin} by {done.model}{kind}. {descriptions}.{more}",
        done.pictures,
        files,
        svg=done.svg,
    )


def _left_out(count: int, what: str) -> str:
    """Return a remark if the API sent more pictures than were requested."""
    if count < 2:
        return f" The API sent 1 more {what} than requested; it was left out." if count else ""
    return f" The API sent {count:,} more {what}s than requested; they were left out."


def _check(mistakes: Mistakes, order: ImageRequest, places: Places) -> None:
    """Record mistakes in the arguments other than the pictures."""
    prompt = len(order.prompt)
    kept = places.store is not None
    for argument, wrong, problem in (
        ("prompt", not order.prompt.strip(), "is empty; describe the picture"),
        ("prompt", prompt > MAX_PROMPT, f"has {prompt:,} characters; the API accepts up to {MAX_PROMPT:,}"),
        (
            "size",
            not re.fullmatch(r"auto|[1-9]\d{1,4}x[1-9]\d{1,4}", order.size),
            f'is {order.size!r}; give "auto" or pixels such as "1536x1024"',
        ),
        (
            "compression",
            order.compression is not None and order.format not in ("jpeg", "webp"),
            'applies to jpeg and webp; give format="webp", or leave it out',
        ),
        (
            "background",
            order.background == "transparent" and order.format == "jpeg",
            "cannot be transparent in a jpeg; give format png or webp",
        ),
        ("partial_images", order.partial_images and order.n > 1, "needs n=1; leave one of them out"),
        (
            "partial_images",
            order.partial_images and order.format in ("gif", "svg"),
            f"cannot be combined with {order.format}; leave it out",
        ),
        (
            "n",
            order.n > 1 and order.format == "svg",
            "cannot be more than 1 for svg; leave it out",
        ),
        (
            "frame_count",
            order.frame_count is not None and order.format != "gif",
            'applies to gif; give format="gif", or leave it out',
        ),
        (
            "frame_duration_ms",
            order.frame_duration_ms is not None and order.format != "gif",
            'applies to gif; give format="gif", or leave it out',
        ),
        (
            "frame_duration_ms",
            not FRAME_TIMES[0] <= (order.frame_duration_ms or FRAME_TIMES[0]) <= FRAME_TIMES[1],
            f"is {order.frame_duration_ms}; give {FRAME_TIMES[0]} to {FRAME_TIMES[1]:,} milliseconds",
        ),
        (
            "frame_count",
            not 2 <= (order.frame_count or 2) <= 16,
            f"is {order.frame_count}; give 2 to 16 frames",
        ),
        (
            "partial_images",
            order.partial_images and not kept,
            "needs a store of pictures, which this server does not have; leave it out",
        ),
    ):
        if wrong:
            mistakes.add(ArgumentError(argument, problem))


async def _opened_picture(
    source: str, places: Places, argument: str, prepare: Callable[[bytes], Picture]
) -> tuple[str, Picture]:
    """Return the name of a picture, and the picture in a form that the API accepts."""
    name, data, _ = await opened(source, places, argument)
    known(name, data, argument)
    try:
        return name, await apart(prepare, data)
    except PictureError as error:
        raise ArgumentError(argument, f"{name} cannot be sent: {error.reason}") from error


def _still(data: bytes) -> Picture:
    """Return a single picture upright and without metadata, in a format that the API accepts."""
    if frame_count(data) > 1:
        raise PictureError(
            "it contains several pictures; load one of them with load_image and frame or page, and use its uri"
        )
    (picture,) = decoded(data).pictures
    if picture.media_type == "image/gif":
        picture = _png(picture)
    if picture.size > MAX_EDIT_IMAGE:
        raise PictureError(f"it has {amount(picture.size)}; the API accepts up to {amount(MAX_EDIT_IMAGE)}")
    return picture


def _mask(data: bytes) -> Picture:
    """Return a mask or a markup as a PNG."""
    picture = _png(_still(data), clear=True)
    if picture.size > MAX_EDIT_MASK:
        raise PictureError(f"it has {amount(picture.size)}; the API accepts up to {amount(MAX_EDIT_MASK)}")
    return picture


def _png(picture: Picture, *, clear: bool = False) -> Picture:
    from io import BytesIO

    from imagebridge.pictures import decode

    image = decode.opened(picture.data).convert("RGBA")
    if clear and image.getchannel("A").getextrema()[0] == 255:
        raise PictureError(
            "it has no transparent part; a mask is transparent where the picture should change, and a markup "
            "is transparent everywhere except where the notes are"
        )
    image.info = {}
    buffer = BytesIO()
    image.save(buffer, "PNG", compress_level=6)
    return Picture.from_bytes(buffer.getvalue())
