"""The tools that look, load, draw charts, mark and change pictures: their arguments, and the functions behind them."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.tools import Tool
from mcp.types import CallToolResult

import imagebridge_tools
from imagebridge.errors import ArgumentError
from imagebridge.requirements import DOCUMENTS, QR_CODES, lacking
from imagebridge_tools import ToolOutput, document
from imagebridge_tools.drawing import pixels
from imagebridge_tools.mistakes import Mistakes
from imagebridge_tools.tool_output import counted

from . import arguments
from .jobs import PENDING, Jobs
from .registration import answered, compared, hints, threaded, tool
from .results import connected_host
from .settings import Settings


def generate_chart_tool(settings: Settings) -> Tool:
    """Offer `generate_chart`, with files read below the allowed folders."""

    places = settings.places

    async def generate_chart(
        kind: arguments.ChartKinds = None,
        data: arguments.Data = None,
        sheet: arguments.SheetName = None,
        columns: arguments.Columns = None,
        stack: arguments.Stack = None,
        aggregate: arguments.Aggregate = None,
        sort: arguments.Sort = None,
        scales: arguments.Scales = None,
        ranges: arguments.Ranges = None,
        labels: arguments.Labels = False,
        title: arguments.Title = None,
        subtitle: arguments.Subtitle = None,
        titles: arguments.Titles = None,
        formats: arguments.Formats = None,
        theme: arguments.ThemeName = "light",
        width: arguments.Width = None,
        height: arguments.Height = None,
        scale: arguments.Scale = 1,
        spec: arguments.Spec = None,
        return_spec: arguments.ReturnSpec = False,
        save_as: arguments.SaveAs = None,
        overwrite: arguments.Overwrite = False,
    ) -> CallToolResult:
        """Draw a chart as a PNG: from kind and data, or from a Vega-Lite spec."""
        return await answered(
            partial(
                imagebridge_tools.generate_chart,
                spec=spec,
                kind=kind,
                data=data,
                sheet=sheet,
                columns=columns,
                stack=stack,
                aggregate=aggregate,
                sort=sort,
                scales=scales,
                ranges=ranges,
                labels=labels,
                title=title,
                subtitle=subtitle,
                titles=titles,
                formats=formats,
                theme=theme,
                width=width,
                height=height,
                scale=scale,
                return_spec=return_spec,
                places=places,
            ),
            save_as,
            overwrite=overwrite,
        )

    return tool(generate_chart, "Draw a chart", hints(settings, saves=True))


_FOLDERS = 160
"""Bytes of the folders' names that are listed: models pay for them in every conversation."""


def get_image_tool(settings: Settings) -> Tool:
    """Offer `get_image`."""

    async def get_image(text: arguments.Text) -> CallToolResult:
        """Draw a text large on a card of 1024x576 pixels. Good for trying out whether pictures arrive."""
        return await answered(threaded(imagebridge_tools.get_image, text))

    return tool(get_image, "Sample picture of a text", hints(settings, fetches=False))


def load_image_tool(settings: Settings) -> Tool:
    """Offer `load_image`; its description names the allowed folders."""
    places = settings.places

    async def load_image(
        source: arguments.ImageSource,
        context: Context[Jobs, Any],
        page: arguments.PageNumber = None,
        frame: arguments.FrameNumber = None,
        max_size: arguments.MaxSize = None,
        save_as: arguments.SaveAs = None,
        overwrite: arguments.Overwrite = False,
    ) -> CallToolResult:
        if source.strip().lower().startswith(PENDING):
            jobs = context.request_context.lifespan_context
            return await answered(partial(_collected, jobs, source, settings), save_as, overwrite=overwrite)
        make = partial(
            imagebridge_tools.load_image, source, places, page=page, frame=frame, max_size=max_size
        )
        return await answered(make, save_as, overwrite=overwrite)

    description = (
        f"Show a picture: {pixels.SHOWN}. It comes upright, without metadata, and smaller where it is too large "
        f"for a result; an animation as a sheet of frames, a TIFF as a picture a page. {_where(settings)}"
    )
    return tool(load_image, "Load a picture", hints(settings, saves=True), description)


async def _collected(
    jobs: Jobs, handle: str, settings: Settings, *, noted: Sequence[ArgumentError]
) -> ToolOutput:
    Mistakes(noted).tell()
    return await jobs.collected(handle, settings.patience)


def load_file_tool(settings: Settings) -> Tool:
    """Offer `load_file`."""
    places = settings.places

    async def load_file(
        source: arguments.AnySource,
        context: Context[Jobs, Any],
        pages: arguments.PageRange = "",
        part: arguments.Part = None,
        start: arguments.Start = None,
        sheet: arguments.SheetName = None,
        rows: arguments.Rows = None,
    ) -> CallToolResult:
        make = partial(
            imagebridge_tools.load_file,
            source,
            places,
            start=start,
            sheet=sheet,
            rows=rows,
            pages=pages,
            part=part,
            attach=document.MAX_DOCUMENT_BYTES if connected_host(context, settings.host).files else 0,
        )
        return await answered(make)

    description = (
        f"Read a file, from where load_image does: {document.READ}. Documents come as Markdown where the host does "
        "not take them, long ones by part; long tables as a summary and rows."
    )
    return tool(load_file, "Read a file", hints(settings), description)


def _where(settings: Settings) -> str:
    web = " and https:" if settings.allow_https else ""
    if not settings.allow:
        return f"No folder is allowed: only data:{web} URLs are read."
    named = [str(folder) for folder in settings.allow]
    while len(", ".join(named).encode()) > _FOLDERS:
        named.pop()
    if left := len(settings.allow) - len(named):
        named.append(f"{counted(left, 'more folder' if named else 'folder')} that errors name")
    return f"Files are read below {', '.join(named)}{'; https: URLs too' if web else ''}."


def viewing_tools(settings: Settings) -> list[Tool]:
    """Offer the eight tools, less those whose packages are missing, with files read and saved below the allowed folders."""
    return [
        _view_image(settings),
        _annotate_image(settings),
        _compare_images(settings),
        _transform_image(settings),
        _contact_sheet(settings),
        _image_info(settings),
        *([] if lacking(DOCUMENTS) else [_render_document(settings)]),
        *([] if lacking(QR_CODES) else [_make_qr_code(settings)]),
    ]


def _view_image(settings: Settings) -> Tool:
    places = settings.places

    async def view_image(
        source: arguments.SourceImage,
        region: arguments.Region = None,
        units: arguments.Units = "pixels",
        zoom: arguments.Zoom = None,
        rotate: arguments.Rotation = 0,
        contrast: arguments.Contrast = None,
        grid: arguments.Grid = False,
    ) -> CallToolResult:
        """Look closely at a region; tells how its pixels map to the original."""
        return await answered(
            partial(
                imagebridge_tools.view_image,
                source,
                places,
                region=region,
                units=units,
                zoom=zoom,
                rotate=rotate,
                contrast=contrast,
                grid=grid,
            )
        )

    return tool(view_image, "View a region", hints(settings))


def _annotate_image(settings: Settings) -> Tool:
    places = settings.places

    async def annotate_image(
        source: arguments.SourceImage,
        marks: arguments.Marks,
        units: arguments.Units = "pixels",
        save_as: arguments.SaveAs = None,
        overwrite: arguments.Overwrite = False,
    ) -> CallToolResult:
        """Draw marks on a picture, or black out parts of it for good."""
        make = partial(imagebridge_tools.annotate_image, source, marks, places, units=units)
        return await answered(make, save_as, overwrite=overwrite)

    return tool(annotate_image, "Annotate a picture", hints(settings, saves=True))


def _compare_images(settings: Settings) -> Tool:
    places = settings.places

    async def compare_images(
        a: arguments.SourceImage,
        b: arguments.SourceImage,
        show: arguments.Show = "all",
        tolerance: arguments.Tolerance = 10,
    ) -> CallToolResult:
        """Tell whether two pictures are identical, or where and how much they differ."""
        make = partial(imagebridge_tools.compare_images, a, b, places, show=show, tolerance=tolerance)
        return await compared(await answered(make), a, b)

    return tool(compare_images, "Compare pictures", hints(settings))


def _transform_image(settings: Settings) -> Tool:
    places = settings.places

    async def transform_image(
        source: arguments.SourceImage,
        operations: arguments.Operations,
        units: arguments.Units = "pixels",
        save_as: arguments.SaveAs = None,
        overwrite: arguments.Overwrite = False,
    ) -> CallToolResult:
        """Change a picture."""
        make = partial(imagebridge_tools.transform_image, source, operations, places, units=units)
        return await answered(make, save_as, overwrite=overwrite)

    return tool(transform_image, "Transform a picture", hints(settings, saves=True))


def _contact_sheet(settings: Settings) -> Tool:
    places = settings.places

    async def contact_sheet(
        sources: arguments.SourceImages,
        labels: arguments.CellLabels = None,
    ) -> CallToolResult:
        """Lay out up to 48 pictures on one numbered sheet."""
        return await answered(partial(imagebridge_tools.contact_sheet, sources, places, labels=labels))

    return tool(contact_sheet, "Contact sheet", hints(settings))


def _image_info(settings: Settings) -> Tool:
    places = settings.places

    async def image_info(source: arguments.SourceImage, exif: arguments.Exif = False) -> CallToolResult:
        """Tell format, size, frames, colors, and what QR and bar codes say, without the picture."""
        return await answered(partial(imagebridge_tools.image_info, source, places, exif=exif))

    return tool(image_info, "Picture facts", hints(settings))


def _render_document(settings: Settings) -> Tool:
    places = settings.places

    async def render_document(
        source: arguments.Document,
        pages: arguments.PageRange = "",
        text: arguments.PageText = False,
        size: arguments.PageSize = 1536,
    ) -> CallToolResult:
        """Show pages of a PDF, or an SVG, as pictures."""
        make = partial(imagebridge_tools.render_document, source, places, pages=pages, text=text, size=size)
        return await answered(make)

    return tool(render_document, "Show a document", hints(settings))


def _make_qr_code(settings: Settings) -> Tool:
    async def make_qr_code(
        text: arguments.CodeText,
        size: arguments.CodeSize = 512,
        error_correction: arguments.Correction = "M",
        save_as: arguments.SaveAs = None,
        overwrite: arguments.Overwrite = False,
    ) -> CallToolResult:
        """Make a QR code as a PNG."""
        make = threaded(imagebridge_tools.make_qr_code, text, size, error_correction)
        return await answered(make, save_as, overwrite=overwrite)

    return tool(make_qr_code, "Make a QR code", hints(settings, fetches=False, saves=True))
