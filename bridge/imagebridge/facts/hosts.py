"""How each MCP host and framework handles a tool's result: dated facts, and functions to look them up.

`verified` rows come from running the host or reading its source; the others come from user reports in the named
issues, and the host may have changed since. A name in `clients` is the name that the host gives itself in
`clientInfo.name` of `initialize`, or of each request's `_meta` (2026-07-28).
"""

from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Literal

from imagebridge.errors import nearest

from .limits import SENDABLE

_NONE: frozenset[str] = frozenset()
_LINKS, _AUDIO = frozenset({"resource_link"}), frozenset({"audio"})
_PNG, _JPEG, _WEBP, _GIF = "image/png", "image/jpeg", "image/webp", "image/gif"


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """The capabilities and limits of one host.

    clients: patterns of `clientInfo.name`, in lower case. characters: the limit for the whole result's JSON,
    including the message around it. side: the limit for a picture's longer side in pixels, None for no limit.
    patches: the limit for a picture in 32-pixel squares, None for no limit: if the host itself scales a picture down,
    nobody is told, and coordinates are wrong. formats: media types of pictures that reach the model, including PNG
    and JPEG; empty if no picture does. structured: whether structured content is shown beside everything else, is
    dropped, or replaces other blocks. errors: whether the model is told that a result is an error, is not told, or
    loses everything in an error after its first text. empties: whether a result without content is reported. blocks:
    the types of blocks, besides text, pictures and embedded resources, that reach the model as more than raw JSON
    without breaking anything. resources: whether embedded texts reach the model, and with `files` documents too,
    which are otherwise shown as pictures of their pages. reads_links: whether the host reads the target of a link.
    hides: whether a block whose audience excludes the assistant is kept from the model. text_first: whether the text
    comes first because the model is certain to see it. start: seconds after which the host stops waiting for a server
    to start, None if unknown. source: where these facts were read, on `date`.
    """

    name: str
    clients: tuple[str, ...] = ()
    characters: int = 900_000
    side: int | None = 2_000
    patches: int | None = None
    formats: frozenset[str] = SENDABLE
    structured: Literal["shown", "dropped", "replaces"] = "replaces"
    errors: Literal["told", "untold", "lost"] = "untold"
    empties: bool = False
    blocks: frozenset[str] = _NONE
    resources: bool = True
    files: bool = False
    reads_links: bool = False
    hides: bool = False
    text_first: bool = True
    start: float | None = None
    source: str
    date: str = "2026-11-22"
    verified: bool = False


UNKNOWN = Host(
    name="unknown",
    side=2_048,
    resources=False,
    source="1 MiB per SSE event in the SDKs for Python (python-sdk#3332) and Go (go-sdk#726); 2,048 px is what "
    "every OpenAI vision model sees (see `models`)",
)
"""Limits that every known host accepts; hosts that mostly use Claude allow 2,000 pixels per side, the limit of its API
for conversations with more than 20 pictures (platform.claude.com, vision)."""

_PEERS = "one agent run per case, its requests recorded"

HOSTS: tuple[Host, ...] = (
    Host(
        name="imagebridge",
        clients=("imagebridge",),
        characters=40_000_000,
        side=None,
        structured="shown",
        errors="told",
        empties=True,
        blocks=_LINKS | _AUDIO,
        files=True,
        reads_links=True,
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
        blocks=_LINKS,
        start=30,
        source="Claude Code 2.1.332, run against a local endpoint: a picture of 2,000 px arrives; claude-code#28279 #9152 "
        "#31208; `claude mcp list` gives up after 30 s",
        date="2026-11-29",
        verified=True,
    ),
    Host(
        name="cursor",
        clients=("cursor*",),
        resources=False,
        source="cursor.com/changelog/0-49; the handling of links and resources is not documented",
    ),
    Host(
        name="vscode",
        clients=("visual studio code*", "visual-studio-code*", "code - oss*", "vscode*"),
        hides=True,
        source="vscode, mcpLanguageModelToolContribution.ts; a picture that is linked to appears twice",
        verified=True,
    ),
    Host(
        name="codex",
        clients=("codex*",),
        side=2_048,
        patches=2_500,
        resources=False,
        start=30,
        source="Codex 0.171.0, run against a local endpoint: pictures arrive with at most 2,048 px and 2,500 patches; models.rs, "
        "as_function_call_output_payload; codex#38287, PR#5600",
        date="2026-11-29",
        verified=True,
    ),
    Host(
        name="gemini-cli",
        clients=("gemini-cli*",),
        blocks=_LINKS | _AUDIO,
        files=True,
        source="Gemini CLI 0.61.0, run against a local endpoint: inlineData of 2,000 px; packages/core/src/tools/mcp-tool.ts",
        date="2026-11-29",
        verified=True,
    ),
    Host(
        name="qwen-code",
        clients=("qwen-cli-mcp-client*", "qwen-code*"),
        side=2_048,
        blocks=_LINKS,
        source="Qwen Code 0.24.4, run against a local Chat Completions endpoint: a user message with 2,048 px",
        date="2026-11-29",
        verified=True,
    ),
    Host(
        name="goose",
        clients=("goose*",),
        source="goose, formats/openai.rs: a picture arrives in a separate message",
        verified=True,
    ),
    Host(
        name="librechat",
        clients=("@librechat/*", "librechat*"),
        structured="dropped",
        resources=False,
        source="LibreChat, packages/api/src/mcp/parsers.ts: 10 MiB per picture",
        verified=True,
    ),
    Host(
        name="cline",
        clients=("cline*", "@cline/*"),
        characters=8_000,
        formats=_NONE,
        resources=False,
        source="Cline CLI 3.0.65, run against a local endpoint: JSON text cut to 8,000 characters, no picture; cline#5208",
        date="2026-11-29",
        verified=True,
    ),
    Host(
        name="kiro",
        clients=("kiro*", "q-dev-cli*"),
        source="kiro#7983 #8960: a link causes the whole result to be lost",
    ),
    Host(
        name="opencode",
        clients=("opencode*",),
        source="opencode 1.18.33, run against local endpoints for both APIs: a picture of 2,000 px arrives; PR#32868: "
        "structured content replaces everything else",
        date="2026-11-29",
        verified=True,
    ),
    Host(
        name="copilot-cli",
        clients=("copilot-cli*", "github-copilot*"),
        formats=_NONE,
        resources=False,
        source="Copilot CLI 1.0.102 with a custom provider, run against a local endpoint: no picture arrives; "
        "copilot-cli#4536, github/app#1706",
        date="2026-11-29",
        verified=True,
    ),
    Host(name="windsurf", clients=("windsurf*",), source="none found: treated as an unknown host"),
    Host(name="zed", clients=("zed*",), source="none found: treated as an unknown host"),
    Host(
        name="chatgpt",
        clients=("chatgpt*", "openai-mcp*"),
        source="none found: treated as an unknown host",
    ),
    Host(
        name="mcporter",
        clients=("mcporter*",),
        source="its output depends on the caller, so it is treated as an unknown host",
    ),
    *(
        Host(
            name=name,
            clients=clients,
            characters=8_000_000,
            side=None,
            structured="shown",
            errors="told",
            empties=True,
            blocks=_LINKS | _AUDIO,
            files=True,
            reads_links=True,
            text_first=False,
            source=source,
            verified=True,
        )
        for name, clients, source in (
            (
                "inspector",
                ("mcp-inspector*", "inspector-client*", "inspector-cli*"),
                "run with @modelcontextprotocol/inspector 0.15 and 2.12; 10 MiB per message (TypeScript SDK)",
            ),
            (
                "conformance",
                ("mcp-test-client*", "conformance-test-client*"),
                "run with @modelcontextprotocol/conformance 0.1.16 and 0.2.0-alpha.12, which check every kind of block",
            ),
        )
    ),
    Host(
        name="text-only",
        formats=_NONE,
        structured="dropped",
        resources=False,
        source="llm 0.36 with llm-tools-mcp 0.4, run: every result becomes text, base64 included; for any host of that kind",
        date="2026-11-29",
        verified=True,
    ),
    # Frameworks give the name of their SDK ("mcp"), so they are chosen only by `--host`. All were run.
    Host(
        name="openai-agents",
        clients=("openai-agents*",),
        side=2_048,
        resources=False,
        structured="dropped",
        source=f"openai-agents 0.24.0, {_PEERS}: everything except text and pictures becomes JSON text, base64 included",
        verified=True,
    ),
    Host(
        name="langchain",
        side=2_048,
        structured="dropped",
        files=True,
        source=f"langchain-mcp-adapters 0.3.2, {_PEERS}: audio ends the run; a link to a picture breaks the request",
        verified=True,
    ),
    Host(
        name="pydantic-ai",
        clients=("pydantic-ai*",),
        side=2_048,
        blocks=_LINKS | _AUDIO,
        structured="dropped",
        errors="lost",
        files=True,
        source=f"pydantic-ai 2.68.0, {_PEERS}: structured content next to pictures is lost",
        verified=True,
    ),
    Host(
        name="ai-sdk",
        clients=("ai-sdk-mcp-client*",),
        side=2_048,
        resources=False,
        structured="dropped",
        source=f"ai 7.0.173 with @ai-sdk/mcp 2.0.99, {_PEERS}: everything except text and pictures becomes JSON text",
        verified=True,
    ),
    Host(
        name="agent-framework",
        side=2_048,
        errors="lost",
        source=f"agent-framework-core 1.23.0, {_PEERS}: structured content replaces pictures; audio and links to "
        "pictures break the request",
        verified=True,
    ),
    Host(
        name="fast-agent",
        clients=("fast-agent*",),
        side=2_048,
        formats=frozenset({_PNG, _JPEG, _WEBP}),
        resources=False,
        files=True,
        source=f"fast-agent-mcp 0.10.48, {_PEERS}: a GIF is replaced by a sentence; embedded text is wrapped in an XML tag",
        date="2026-11-30",
        verified=True,
    ),
    Host(
        name="strands",
        side=2_048,
        formats=frozenset({_PNG, _JPEG, _GIF}),
        resources=False,
        structured="dropped",
        source=f"strands-agents 1.62.0, {_PEERS}: WebP is mislabelled; audio, links and documents are dropped",
        verified=True,
    ),
    Host(
        name="mcp-use",
        clients=("mcp-use*",),
        side=2_048,
        structured="dropped",
        errors="lost",
        files=True,
        source=f"mcp-use 1.7.1, {_PEERS}: structured content is dropped",
        verified=True,
    ),
    Host(
        name="agno",
        side=2_048,
        resources=False,
        structured="dropped",
        errors="lost",
        source=f"agno 3.1.10, {_PEERS}: resources become JSON text, base64 included",
        verified=True,
    ),
    *(
        Host(
            name=name,
            formats=_NONE,
            structured="dropped",
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
"""The names that `--host` accepts."""


def host(name: str) -> Host:
    """Return the host that has this name or whose client uses it; `UNKNOWN` if there is none."""
    # Names come from clients: long ones are not remembered.
    return _found(name) if len(name) <= 200 else _found.__wrapped__(name)


@lru_cache(maxsize=256)
def _found(name: str) -> Host:
    # With mcp-remote in between: "claude-ai (via mcp-remote 0.1.37)".
    client = name.lower().partition(" (via ")[0].strip()
    known = (one for one in HOSTS if one.name == client)
    called = (one for one in HOSTS if any(fnmatchcase(client, pattern) for pattern in one.clients))
    return next(known, None) or next(called, UNKNOWN)


def named(name: str) -> Host:
    """Return the host that a user means by `name`: one of `NAMES`, the name that its client uses, or "unknown".

    Raises:
        ValueError: the host is unknown; the message suggests the most similar name.
    """
    known_host = host(name)
    if known_host is not UNKNOWN or name.strip().lower() == UNKNOWN.name:
        return known_host
    near = nearest(name.strip(), (*NAMES, UNKNOWN.name))
    hint = f"; did you mean {near!r}?" if near else "."
    raise ValueError(f"unknown host {name!r}{hint} Available: {', '.join((*NAMES, UNKNOWN.name))}")
