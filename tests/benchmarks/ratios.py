"""Lists every figure that the benchmarks measure, with its bound; the tests check them and the page shows them.

Each section is measured by one file, test_NAME.py. A ratio without a bound is only for comparison, and is not a
promise.
"""

from typing import NamedTuple


class Ratio(NamedTuple):
    """A figure: its description on the page, and its bound.

    bound: the most it may be, or the least where `is_floor`; None where nothing is promised.
    """

    key: str
    what: str
    bound: float | None = None
    unit: str = "times"
    is_floor: bool = False

    def is_met(self, value):
        """Return whether a value is within the bound."""
        if self.bound is None:
            return True
        return value >= self.bound if self.is_floor else value <= self.bound

    def in_words(self, value):
        """Format a value with its unit."""
        number = f"{value:.0f}" if value >= 100 or value == int(value) else f"{value:.2f}"
        return f"{number} {self.unit}"

    def bound_in_words(self):
        """Format the bound with its unit, or return an empty text if there is none."""
        if self.bound is None:
            return ""
        return f"{'at least' if self.is_floor else 'at most'} {self.bound:g} {self.unit}"


class Section(NamedTuple):
    """The figures that one file measures."""

    name: str
    title: str
    words: str
    ratios: tuple[Ratio, ...]


TOOLS = (
    "get_image",
    "load_image",
    "load_file",
    "generate_chart",
    "view_image",
    "annotate_image",
    "compare_images",
    "transform_image",
    "contact_sheet",
    "image_info",
    "render_document",
    "make_qr_code",
    "create_image",
    "edit_image",
)
"""The tools of the server, each of which is called."""

SERVERS = {
    "mcp-echarts": "mcp-echarts, `generate_bar_chart`",
    "@modelcontextprotocol/server-everything": "server-everything, `get-tiny-image`",
}
"""Servers of others, as npm has them, and what is called there."""

PEERS = ("langchain-mcp-adapters==0.3.2", "pydantic-ai-slim==2.68.0", "strands-agents==1.62.0")
"""Libraries that translate results, with the versions that are measured."""

SECTIONS = (
    Section(
        "kinds",
        "Kinds of results that a model sees",
        "Each kind of result once, judged as for [compatibility](compatibility.md).",
        (
            Ratio("kinds ours", "imagebridge", 31, "of 31", is_floor=True),
            Ratio("kinds by hand", "a loop written by hand", None, "of 31"),
        ),
    ),
    Section(
        "loop",
        "From a prompt to its answer",
        "Two requests and a call that returns a PNG of 1 MB, compared with the same loop written with `mcp` and `openai`. "
        "imagebridge decodes every picture before it is sent; the hand-written loop checks nothing.",
        (
            Ratio("loop create", "`Bridge.run`", 0.85),
            Ratio("loop direct", "`Bridge.run(direct=True)`", 0.6),
        ),
    ),
    Section(
        "stream",
        "A streamed run",
        "Three calls and an answer in 400 pieces, compared with a hand-written loop that uses the SDK's `responses.stream`.",
        (Ratio("stream", "`Bridge.stream`", 0.8),),
    ),
    Section(
        "history",
        "A long conversation",
        "A new screenshot of 1 MB in each of 50 stateless turns: the bytes of all requests, including uploads, compared with a loop "
        "that sends the whole conversation each time.",
        (
            Ratio("history uploads", "with `uploads=True`", 5, "%"),
            Ratio("history data urls", "with data URLs and the default budget", 25, "%"),
            Ratio("history flat", "turns 29 to 48 compared with turns 9 to 28", 1.02),
        ),
    ),
    Section(
        "bridge",
        "Calls over stdio",
        "`Bridge.call`, which repairs results and verifies their pictures, compared with the client of the MCP SDK.",
        (
            Ratio("call small", "a picture of 1 kB", 1.1),
            Ratio("call 1 MB", "a picture of 1 MB", 0.65),
            Ratio("call 8 MB", "a picture of 8.25 MB, a line of 11 MB", 0.2),
            Ratio("stall", "the longest stall of the event loop, for each megabyte", 5, "ms"),
            Ratio("twelve servers", "twelve servers that start in 1 s each, compared with one", 2.5),
        ),
    ),
    Section(
        "translation",
        "Translation alone",
        "`function_call_output`, which verifies every picture again, compared with a bare `data:` string of the same picture of about 1 MB.",
        (
            Ratio("PNG", "a PNG", 8),
            Ratio("JPEG", "a JPEG", 13),
            Ratio("WEBP", "a WebP", 5),
            Ratio("GIF", "a GIF", 5),
            Ratio("ten PNGs", "ten PNGs", 8),
            Ratio("again", "a PNG that was verified before, as a new string", 2.4),
            Ratio("translation memory", "extra memory at its peak, compared with the string", 1.3),
            Ratio(
                "fitted",
                "a JPEG of 30 megapixels fitted, compared with Pillow's draft, thumbnail and save",
                1.15,
            ),
            Ratio("fitted beside work", "the same while another process works on a core", 1.15),
            Ratio(
                "import", "`import imagebridge` compared with an interpreter that imports `json` and `typing`"
            ),
        ),
    ),
    Section(
        "peers",
        "Translation by other libraries",
        "The same PNG of 1 MB through each library's own functions, each in its own environment, compared with the bare `data:` string.",
        tuple(Ratio(peer, peer.replace("==", " ")) for peer in PEERS),
    ),
    Section(
        "check",
        "Check of a request",
        "`check` of ten different bodies of 30 MB each, compared with `json.loads` of the same; the worst of the ten.",
        (
            Ratio("check", "time", 4),
            Ratio("check memory", "peak memory including the body, compared with the body", 3),
        ),
    ),
    Section(
        "bounds",
        "Ten times as many blocks",
        "20,000 blocks in one result compared with 2,000, for the worst of ten kinds of results. Quadratic growth would mean 100 times.",
        (
            Ratio("function_call_output", "`function_call_output`", 20),
            Ratio("chat_messages", "`chat_messages`", 20),
            Ratio("repair", "`repair`", 20),
            Ratio("repair for cursor", "`repair` for Cursor", 20),
            Ratio("repair for claude-code", "`repair` for Claude Code", 20),
        ),
    ),
    Section(
        "names",
        "100,000 tools",
        "Naming the tools of servers compared with parsing their JSON, for 10,000 or 100,000 tools, whichever is worse.",
        (
            Ratio("tool_names", "`tool_names`", 20),
            Ratio("one server", "the tools of one server", 20),
            Ratio("two servers that share all names", "two servers that share all names", 20),
        ),
    ),
    Section(
        "relay",
        "Calls through the relay",
        "`imagebridge proxy` in front of a server, compared with the same calls without it, with the SDK's client as host.",
        (
            Ratio("100 small calls", "100 small calls", 1.6),
            Ratio("1 MB PNG", "a PNG of 1 MB", 2),
            Ratio("the same 1 MB PNG", "the same PNG again", 2),
            Ratio("11 MB result", "a result of 11 MB", 1),
        ),
    ),
    Section(
        "startup",
        "The start of the server",
        "From the start of `imagebridge-server` to its answer to `tools/list`, compared with an empty server of the MCP SDK.",
        (
            Ratio("card cpu", "with the card of an earlier start, CPU", 0.35),
            Ratio("card wall", "with the card of an earlier start, elapsed time", 0.35),
            Ratio("no card cpu", "without a card, CPU", 1.15),
            Ratio("no card wall", "without a card, elapsed time", 1.15),
        ),
    ),
    Section(
        "http_load",
        "The server over HTTP",
        "`imagebridge-server --http` with tokens, compared with a bare server of the MCP SDK that returns the same bytes. `get_image` "
        "is called with the same text each time, so its answer is remembered. Higher is better, except for slow answers and refusals.",
        (
            Ratio(
                "get_image 2026-07-28",
                "requests per second of `get_image`, protocol 2026-07-28",
                0.85,
                is_floor=True,
            ),
            Ratio(
                "get_image 2025-11-25",
                "requests per second of `get_image`, protocol 2025-11-25",
                0.85,
                is_floor=True,
            ),
            Ratio(
                "slowest answers",
                "the 99th percentile of answer times at half load, compared with the median",
                3,
            ),
            Ratio(
                "charts at overload",
                "charts per second for a caller that exceeds its limit, compared with one that does not",
            ),
            Ratio("refusals", "median time until an excess request is refused", unit="ms"),
            Ratio(
                "two replicas",
                "charts per second of two replicas with one core each, compared with one replica",
                1.4,
                is_floor=True,
            ),
        ),
    ),
    Section(
        "chart",
        "Charts",
        "`generate_chart`, warm; twelve bars compared with the drawing engine's own conversion of the same chart.",
        (
            Ratio("bars", "twelve bars", 1.3),
            Ratio("points as rows", "100,000 points as rows, compared with twelve bars", 6),
            Ratio("points as columns", "100,000 points as columns, compared with twelve bars", 6),
        ),
    ),
    Section(
        "tables",
        "Charts of workbooks",
        "A workbook of 50,000 rows, compared with the CSV of the same rows; CPU time or elapsed time, whichever is worse.",
        (
            Ratio("rows.xlsx", "a workbook", 3),
            Ratio("euros.xlsx", "a workbook with currency formats", 3),
        ),
    ),
    Section(
        "encoding",
        "Encoding",
        "The lossless test images in Pillow's sources, and screens, charts, icons and photographs made for this test: "
        "the difference between a picture and what is sent, as the mean over the channels of its pixels.",
        (
            Ratio(
                "encoding",
                "the largest for any drawing, and any picture of at most 160,000 pixels",
                3,
                "of 255",
            ),
        ),
    ),
    Section(
        "load",
        "Photographs",
        "`load_image` of a JPEG of 2000 x 1500 pixels, compared with Pillow's own load, resize and save.",
        (Ratio("load", "`load_image`", 1.25),),
    ),
    Section(
        "documents",
        "Documents",
        "`load_file` of a PDF of 200 pages, compared with extracting its text with `pypdfium2` alone.",
        (
            Ratio("pdf", "until the first answer", 2),
            Ratio("pdf memory", "memory of the process that reads it", 500, "MB"),
        ),
    ),
    Section(
        "tools",
        "Each tool over stdio",
        "Medians of warm calls, in milliseconds. `create_image` and `edit_image` use a local endpoint that answers at once. Other "
        "servers follow below.",
        (
            *(Ratio(tool, f"`{tool}`", None, "ms") for tool in TOOLS),
            *(Ratio(server, words, None, "ms") for server, words in SERVERS.items()),
        ),
    ),
    Section(
        "sizes",
        "Pictures of 10 kB to 15 MB",
        "",
        (),
    ),
)

RATIOS = {ratio.key: ratio for section in SECTIONS for ratio in section.ratios}
"""Each figure by its key."""
