"""Serves the kept pictures as MCP resources: `image://HASH`, at full size, listed page by page."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from anyio import to_thread
from mcp.server import MCPServer
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.server.lowlevel.helper_types import ReadResourceContents
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ResourceNotFoundError
from mcp.shared.exceptions import MCPError
from mcp.types import (
    INTERNAL_ERROR,
    INVALID_PARAMS,
    InputRequiredResult,
    Resource,
    ResourceTemplate,
)
from pydantic.networks import AnyUrl

from imagebridge.errors import ArgumentError
from imagebridge.translate.picture_lines import KEPT_SCHEME
from imagebridge_tools.files.store import Store, StoredPicture

PAGE = 50
"""How many pictures are on one page of the list."""

_TEMPLATE = ResourceTemplate(
    uri_template=KEPT_SCHEME + "{hash}",
    name="picture",
    title="A kept picture",
    description=(
        "A picture that a tool returned, at full size, identified by the SHA-256 of its bytes (at least the "
        "first 8 digits)."
    ),
)


@dataclass(frozen=True, slots=True)
class Listing:
    """Middleware that adds the pictures in `store` to the list of resources, after the fixed ones, page by page."""

    store: Store

    async def __call__(self, ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
        """Pass a message on, and add the kept pictures if the answer is a list of resources."""
        result = await call_next(ctx)
        if ctx.method != "resources/list" or not isinstance(result, dict):
            return result
        after = (ctx.params or {}).get("cursor") or ""
        if after.strip("0123456789abcdef"):
            raise MCPError(INVALID_PARAMS, "unknown cursor; use the one from the previous page")
        try:
            notes, following = await to_thread.run_sync(self.store.listed, after, PAGE)
        except OSError as error:
            raise MCPError(
                INTERNAL_ERROR, "the store is not responding at the moment; try again later"
            ) from error
        kept = [
            _listed_resource(note).model_dump(mode="json", by_alias=True, exclude_none=True) for note in notes
        ]
        # The SDK has one page of fixed resources, and returns it whatever is requested.
        result["resources"] = [*([] if after else result["resources"]), *kept]
        if following:
            result["nextCursor"] = following
        return result


class KeepingServer(MCPServer[Any]):
    """An MCP server that serves the pictures in `store` as resources.

    The SDK's server assumes one media type for all resources of a template, so its reader is extended here.
    """

    def __init__(self, *arguments: Any, store: Store, middleware: Sequence[Any], **choices: Any) -> None:
        self._store = store
        super().__init__(*arguments, middleware=[*middleware, Listing(store)], **choices)

    async def list_resource_templates(self) -> list[ResourceTemplate]:
        """Return the SDK's templates and the template for kept pictures."""
        return [*await super().list_resource_templates(), _TEMPLATE]

    async def read_resource(
        self, uri: AnyUrl | str, context: Context[Any, Any] | None = None
    ) -> Iterable[ReadResourceContents] | InputRequiredResult:
        """Read a kept picture at full size, or another resource of this server.

        Raises:
            ResourceNotFoundError: the resource does not exist.
        """
        if not str(uri).lower().startswith(KEPT_SCHEME):
            return await super().read_resource(uri, context)
        try:
            note, data = await to_thread.run_sync(self._store.read, str(uri), "uri")
        except ArgumentError as error:
            raise ResourceNotFoundError(error.problem) from error
        return [ReadResourceContents(content=data, mime_type=note.media_type)]


def _listed_resource(note: StoredPicture) -> Resource:
    suffix = note.media_type.removeprefix("image/")
    return Resource(
        uri=note.uri,
        name=f"{note.hash[:12]}.{suffix}",
        description=f"{note.width}x{note.height} px, by {note.origin}",
        mime_type=note.media_type,
        size=note.size,
    )
