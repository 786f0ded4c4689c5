"""The tools that look at pictures, mark and change them, and make pages and codes."""

from anyio import to_thread
from mcp.server.mcpserver.tools import Tool
from mcp.types import CallToolResult

import imagebridge_tools

from . import arguments, picture_arguments
from .registration import answered, compared, hints, tool
from .settings import Settings


def viewing_tools(settings: Settings) -> list[Tool]:
    """Offer the eight tools, with files read below the allowed folders and saved below the writable ones."""
    return [
        _view_image(settings),
        _annotate_image(settings),
        _compare_images(settings),
        _transform_image(settings),
        _contact_sheet(settings),
        _image_info(settings),
        _render_document(settings),
        _make_qr_code(settings),
    ]


def _view_image(settings: Settings) -> Tool:
    places = settings.places

    async def view_image(
        source: picture_arguments.Picture,
        region: picture_arguments.Region = None,
        units: picture_arguments.Units = "pixels",
        zoom: picture_arguments.Zoom = None,
        rotate: picture_arguments.Turn = 0,
        contrast: picture_arguments.Contrast = None,
        grid: picture_arguments.Grid = False,
    ) -> CallToolResult:
        """Look closely at a region; tells how its pixels map to the original."""
        return await answered(
            imagebridge_tools.view_image(
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
        source: picture_arguments.Picture,
        marks: picture_arguments.Marks,
        units: picture_arguments.Units = "pixels",
        save_as: arguments.SaveAs = None,
        overwrite: arguments.Overwrite = False,
    ) -> CallToolResult:
        """Draw marks on a picture, or black out parts of it for good."""
        making = imagebridge_tools.annotate_image(source, marks, places, units=units)
        return await answered(making, save_as, overwrite=overwrite)

    return tool(annotate_image, "Annotate a picture", hints(settings, saves=True))


def _compare_images(settings: Settings) -> Tool:
    places = settings.places

    async def compare_images(
        a: picture_arguments.Picture,
        b: picture_arguments.Picture,
        show: picture_arguments.Show = "all",
        tolerance: picture_arguments.Tolerance = 10,
    ) -> CallToolResult:
        """Tell whether two pictures are identical, or where and how much they differ."""
        making = imagebridge_tools.compare_images(a, b, places, show=show, tolerance=tolerance)
        return await compared(await answered(making), a, b)

    return tool(compare_images, "Compare pictures", hints(settings))


def _transform_image(settings: Settings) -> Tool:
    places = settings.places

    async def transform_image(
        source: picture_arguments.Picture,
        operations: picture_arguments.Operations,
        units: picture_arguments.Units = "pixels",
        save_as: arguments.SaveAs = None,
        overwrite: arguments.Overwrite = False,
    ) -> CallToolResult:
        """Change a picture."""
        making = imagebridge_tools.transform_image(source, operations, places, units=units)
        return await answered(making, save_as, overwrite=overwrite)

    return tool(transform_image, "Transform a picture", hints(settings, saves=True))


def _contact_sheet(settings: Settings) -> Tool:
    places = settings.places

    async def contact_sheet(
        sources: picture_arguments.Pictures,
        labels: picture_arguments.Labels = None,
    ) -> CallToolResult:
        """Lay out up to 48 pictures on one numbered sheet."""
        return await answered(imagebridge_tools.contact_sheet(sources, places, labels=labels))

    return tool(contact_sheet, "Contact sheet", hints(settings))


def _image_info(settings: Settings) -> Tool:
    places = settings.places

    async def image_info(
        source: picture_arguments.Picture, exif: picture_arguments.Exif = False
    ) -> CallToolResult:
        """Tell format, size, frames, colors, and what QR and bar codes say, without the picture."""
        return await answered(imagebridge_tools.image_info(source, places, exif=exif))

    return tool(image_info, "Picture facts", hints(settings))


def _render_document(settings: Settings) -> Tool:
    places = settings.places

    async def render_document(
        source: picture_arguments.Document,
        pages: picture_arguments.Pages = "",
        text: picture_arguments.PageText = False,
        size: picture_arguments.PageSize = 1536,
    ) -> CallToolResult:
        """Show pages of a PDF, or an SVG, as pictures."""
        making = imagebridge_tools.render_document(source, places, pages=pages, text=text, size=size)
        return await answered(making)

    return tool(render_document, "Show a document", hints(settings))


def _make_qr_code(settings: Settings) -> Tool:
    async def make_qr_code(
        text: picture_arguments.CodeText,
        size: picture_arguments.CodeSize = 512,
        error_correction: picture_arguments.Correction = "M",
        save_as: arguments.SaveAs = None,
        overwrite: arguments.Overwrite = False,
    ) -> CallToolResult:
        """Make a QR code as a PNG."""
        making = to_thread.run_sync(imagebridge_tools.make_qr_code, text, size, error_correction)
        return await answered(making, save_as, overwrite=overwrite)

    return tool(make_qr_code, "Make a QR code", hints(settings, fetches=False, saves=True))
