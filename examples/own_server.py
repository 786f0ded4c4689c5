"""An MCP server of your own with a tool that returns a picture, over stdio.

Try it without a model: `imagebridge call --server "python examples/own_server.py" thermometer '{"celsius": 21}' --save .`
"""

from mcp.server import MCPServer
from mcp.types import CallToolResult
from PIL import Image, ImageDraw

from imagebridge import repair, tool_result

server = MCPServer("thermometer")


@server.tool()
def thermometer(celsius: float) -> CallToolResult:
    """Draw a thermometer that shows a temperature from -20 to 50 degrees Celsius."""
    if not -20 <= celsius <= 50:
        return CallToolResult.model_validate(
            tool_result(f"celsius must be from -20 to 50; {celsius:g} is not.", is_error=True)
        )
    picture = Image.new("RGB", (120, 400), "white")
    draw = ImageDraw.Draw(picture)
    top = 340 - (celsius + 20) / 70 * 300
    draw.rounded_rectangle((50, 30, 70, 360), 10, outline="black", width=2)
    draw.rectangle((54, top, 66, 350), fill="firebrick")
    draw.ellipse((42, 335, 78, 371), fill="firebrick", outline="black", width=2)
    draw.text((60, 14), f"{celsius:g} °C", "black", font_size=16, anchor="mm")
    # The text comes first, because some hosts show a model only the text. `repair` makes any result valid for every
    # host.
    return CallToolResult.model_validate(repair(tool_result(f"{celsius:g} °C.", picture)))


if __name__ == "__main__":
    server.run()
