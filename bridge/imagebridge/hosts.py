"""What each MCP host and framework does with a tool's result. Dated data, and the search in it.

`verified` rows were run or read in the host's own source; the others are told by their users in the named
issues, and the host may have moved on. A name in `clients` is what the host calls itself in `clientInfo.name`
of `initialize`, or of each request's `_meta` (2026-07-28).
"""

from dataclasses import dataclass
from fnmatch import fnmatchcase

from imagebridge.translate.kinds import GIF, JPEG, PNG, SENDABLE, WEBP

_NONE: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """What one host copes with.

    clients: patterns of `clientInfo.name`, in small letters. characters: of the whole result's JSON, with what
    surrounds it. side: pixels of a picture's longer side, None for any. formats: media types of pictures that
    reach the model; none where no picture does. structured: structured content costs neither pictures nor
    text. links, resources, audio: such a block reaches the model as more than raw JSON, and breaks nothing;
    `resources` are embedded texts and documents. hides: a block whose audience leaves the assistant out is
    kept from the model. text_first: the text is what the model surely sees, so it leads. source, read on `date`.
    """

    name: str
    clients: tuple[str, ...] = ()
    characters: int = 900_000
    side: int | None = 2_000
    formats: frozenset[str] = SENDABLE
    structured: bool = False
    links: bool = False
    resources: bool = True
    audio: bool = False
    hides: bool = False
    text_first: bool = True
    source: str
    date: str = "2026-11-22"
    verified: bool = False


UNKNOWN = Host(
    name="unknown",
    side=2_048,
    source="1 MiB an SSE event in the SDKs for Python (python-sdk#3332) and Go (go-sdk#726); 2,048 px is what "
    "every vision model of OpenAI sees (see `vision`)",
)
"""What no host that is known refuses; those that mostly talk to Claude have 2,000 pixels a side, which is what its API
takes where a conversation holds more than 20 pictures (platform.claude.com, vision)."""

_PEERS = "one agent run a case, seen on the wire"

HOSTS: tuple[Host, ...] = (
    Host(
        name="imagebridge",
        clients=("imagebridge",),
        characters=40_000_000,
        side=None,
        structured=True,
        links=True,
        audio=True,
        text_first=False,
        source="this package: the translation fits pictures to the model",
        verified=True,
    ),
    # Hosts that people use.
    Host(
        name="claude-desktop",
        clients=("claude-ai*", "claude-desktop*", "local-agent-mode-*", "claude.ai*"),
        characters=1_048_576,
        resources=False,
        source="claude-code#66519, fastmcp#1036, Windows-MCP#155; resource blobs vanish: claude-ai-mcp#238",
    ),
    Host(
        name="claude-code",
        clients=("claude-code*", "claude code*"),
        links=True,
        source="claude-code#28279 #9152 #31208; code.claude.com/docs/en/mcp, 2026-10",
    ),
    Host(
        name="cursor",
        clients=("cursor*",),
        resources=False,
        source="cursor.com/changelog/0-49; what becomes of links and resources is not documented",
    ),
    Host(
        name="vscode",
        clients=("visual studio code*", "visual-studio-code*", "code - oss*", "vscode*"),
        hides=True,
        source="vscode, mcpLanguageModelToolContribution.ts; a link to a picture shows it twice",
        verified=True,
    ),
    Host(
        name="codex",
        clients=("codex*",),
        side=2_048,
        resources=False,
        source="codex, models.rs, as_function_call_output_payload; codex#38287, PR#5600",
        verified=True,
    ),
    Host(
        name="gemini-cli",
        clients=("gemini-cli*",),
        links=True,
        audio=True,
        source="gemini-cli, packages/core/src/tools/mcp-tool.ts",
        verified=True,
    ),
    Host(
        name="goose",
        clients=("goose*",),
        source="goose, formats/openai.rs: a picture comes in a message of its own",
        verified=True,
    ),
    Host(
        name="librechat",
        clients=("@librechat/*", "librechat*"),
        resources=False,
        source="LibreChat, packages/api/src/mcp/parsers.ts: 10 MiB a picture",
        verified=True,
    ),
    Host(
        name="cline",
        clients=("cline*",),
        source="cline#5208 (links fail), #1033, #1865",
    ),
    Host(
        name="kiro",
        clients=("kiro*", "q-dev-cli*"),
        source="kiro#7983 #8960: a link loses the whole result",
    ),
    Host(
        name="opencode",
        clients=("opencode*",),
        source="opencode PR#32868: structured content takes the place of all else",
    ),
    Host(
        name="copilot-cli",
        clients=("copilot-cli*", "github-copilot*"),
        formats=_NONE,
        resources=False,
        source="copilot-cli#4536, github/app#1706: pictures are stripped",
    ),
    Host(name="windsurf", clients=("windsurf*",), source="none found: as an unknown host"),
    Host(name="zed", clients=("zed*",), source="none found: as an unknown host"),
    Host(
        name="chatgpt",
        clients=("chatgpt*", "openai-mcp*"),
        source="none found: as an unknown host",
    ),
    Host(
        name="inspector",
        clients=("mcp-inspector*", "inspector-client*"),
        characters=8_000_000,
        side=None,
        structured=True,
        links=True,
        audio=True,
        text_first=False,
        source="run with @modelcontextprotocol/inspector 0.15 and 2.12; 10 MiB a message (TypeScript SDK)",
        verified=True,
    ),
    # Frameworks name themselves as their SDK does ("mcp"): they are chosen by name alone. All were run.
    Host(
        name="openai-agents",
        clients=("openai-agents*",),
        side=2_048,
        resources=False,
        source=f"openai-agents 0.24.0, {_PEERS}: all but text and pictures becomes JSON text, base64 included",
        verified=True,
    ),
    Host(
        name="langchain",
        side=2_048,
        source=f"langchain-mcp-adapters 0.3.2, {_PEERS}: audio ends the run, a link to a picture breaks the request",
        verified=True,
    ),
    Host(
        name="pydantic-ai",
        clients=("pydantic-ai*",),
        side=2_048,
        links=True,
        audio=True,
        source=f"pydantic-ai 2.68.0, {_PEERS}: structured content beside pictures is lost",
        verified=True,
    ),
    Host(
        name="ai-sdk",
        clients=("ai-sdk-mcp-client*",),
        side=2_048,
        resources=False,
        source=f"ai 7.0.173 with @ai-sdk/mcp 2.0.99, {_PEERS}: all but text and pictures becomes JSON text",
        verified=True,
    ),
    Host(
        name="agent-framework",
        side=2_048,
        source=f"agent-framework-core 1.23.0, {_PEERS}: structured content replaces pictures; audio and links to "
        "pictures break the request",
        verified=True,
    ),
    Host(
        name="fast-agent",
        clients=("fast-agent*",),
        side=2_048,
        formats=frozenset({PNG.media_type, JPEG.media_type, WEBP.media_type}),
        source=f"fast-agent-mcp 0.10.46, {_PEERS}: a GIF is replaced by a sentence",
        verified=True,
    ),
    Host(
        name="strands",
        side=2_048,
        formats=frozenset({PNG.media_type, JPEG.media_type, GIF.media_type}),
        resources=False,
        source=f"strands-agents 1.62.0, {_PEERS}: WebP is mislabelled; audio, links and documents are dropped",
        verified=True,
    ),
    Host(
        name="mcp-use",
        clients=("mcp-use*",),
        side=2_048,
        source=f"mcp-use 1.7.1, {_PEERS}: structured content is dropped",
        verified=True,
    ),
    Host(
        name="agno",
        side=2_048,
        resources=False,
        source=f"agno 3.1.10, {_PEERS}: resources become JSON text, base64 included",
        verified=True,
    ),
    *(
        Host(
            name=name,
            formats=_NONE,
            resources=False,
            source=f"{version}, {_PEERS}: a picture arrives as base64 text, or not at all",
            verified=True,
        )
        for name, version in (
            ("llama-index", "llama-index-tools-mcp 0.6.0"),
            ("google-adk", "google-adk 2.13.0 over litellm"),
            ("litellm", "litellm 1.106.2"),
        )
    ),
)

NAMES: tuple[str, ...] = tuple(host.name for host in HOSTS)
"""The names that `--host` takes."""


def host(name: str) -> Host:
    """Return the host of this name, or the one whose client calls itself so; `UNKNOWN` where there is none."""
    # mcp-remote stands between: "claude-ai (via mcp-remote 0.1.37)".
    asked = name.lower().partition(" (via ")[0].strip()
    named = (one for one in HOSTS if one.name == asked)
    called = (one for one in HOSTS if any(fnmatchcase(asked, pattern) for pattern in one.clients))
    return next(named, None) or next(called, UNKNOWN)
