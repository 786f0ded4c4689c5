"""The tool that draws charts."""

from mcp.server.mcpserver.tools import Tool
from mcp.types import CallToolResult

import imagebridge_tools

from . import arguments
from .registration import answered, hints, tool
from .settings import Settings


def generate_chart_tool(settings: Settings) -> Tool:
    """Offer `generate_chart`, with files read below the allowed folders."""

    places = settings.places

    async def generate_chart(
        kind: arguments.Kind = None,
        data: arguments.Data = None,
        sheet: arguments.Sheet = None,
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
        theme: arguments.Theme = "light",
        width: arguments.Width = None,
        height: arguments.Height = None,
        scale: arguments.Scale = 1,
        spec: arguments.Spec = None,
        return_spec: arguments.ReturnSpec = False,
        save_as: arguments.SaveAs = None,
        overwrite: arguments.Overwrite = False,
    ) -> CallToolResult:
        """Draw a chart as a PNG: from kind, data and columns, or from a Vega-Lite spec. Give exactly one of both."""
        return await answered(
            imagebridge_tools.generate_chart(
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
