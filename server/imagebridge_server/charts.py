"""The tool that draws charts."""

from mcp.server.mcpserver.tools import Tool
from mcp.types import CallToolResult

import imagebridge_tools

from . import arguments
from .settings import Settings
from .tool import answered, tool, writing


def generate_chart_tool(settings: Settings) -> Tool:
    """Offer `generate_chart`, with files read below the allowed folders."""

    async def generate_chart(
        kind: arguments.Kind = None,
        data: arguments.Data = None,
        columns: arguments.Columns = None,
        title: arguments.Title = None,
        width: arguments.Width = None,
        height: arguments.Height = None,
        spec: arguments.Spec = None,
        save_as: arguments.SaveAs = None,
        overwrite: arguments.Overwrite = False,
    ) -> CallToolResult:
        """Draw a chart as a PNG: from kind, data and columns, or from a Vega-Lite spec. Give exactly one of both."""
        return await answered(
            imagebridge_tools.generate_chart(
                spec=spec,
                kind=kind,
                data=data,
                columns=columns,
                title=title,
                width=width,
                height=height,
                allow=settings.allow,
            ),
            save_as,
            overwrite=overwrite,
        )

    return tool(generate_chart, "Draw a chart", writing(settings))
