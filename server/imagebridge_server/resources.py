"""The kept pictures as MCP resources: `image://HASH`, in full size, listed page by page."""

from collections.abc import Iterable
from typing import Any

from anyio import to_thread
from mcp.server import MCPServer
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel.helper_types import ReadResourceContents
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ResourceNotFoundError
from mcp.shared.exceptions import MCPError
from mcp.types import (
    INTERNAL_ERROR,
    INVALID_PARAMS,
    InputRequiredResult,
    ListResourcesResult,
    PaginatedRequestParams,
    Resource,
    ResourceTemplate,
)
from pydantic.networks import AnyUrl

from imagebridge.errors import ArgumentError
from imagebridge_tools.files.store import SCHEME, Store, StoredPicture

PAGE = 50
"""Pictures on one page of the list."""

_TEMPLATE = ResourceTemplate(
    uri_template=SCHEME + "{hash}",
    name="picture",
    title="A kept picture",
    description="A picture that a tool gave, in full size, by the SHA-256 of its bytes or the first 8 digits or more.",
)


class KeepingServer(MCPServer[Any]):
    """An MCP server with the pictures in `store` among its resources.

    The SDK's server knows one page of fixed resources and one type for all that a template names: what lists and
    reads them is added to here.
    """

    def __init__(self, *arguments: Any, store: Store, **choices: Any) -> None:
        self._store = store
        super().__init__(*arguments, **choices)

    async def list_resource_templates(self) -> list[ResourceTemplate]:
        """Name the template of kept pictures beside the others."""
        return [*await super().list_resource_templates(), _TEMPLATE]

    async def _handle_list_resources(
        self, ctx: ServerRequestContext[Any], params: PaginatedRequestParams | None
    ) -> ListResourcesResult:
        after = (params.cursor if params else None) or ""
        if after.strip("0123456789abcdef"):
            raise MCPError(INVALID_PARAMS, "the cursor is none that this server gave")
        fixed = [] if after else await self.list_resources()
        try:
            notes, following = await to_thread.run_sync(self._store.listed, after, PAGE)
        except OSError as error:
            raise MCPError(
                INTERNAL_ERROR, "the store does not answer at the moment; ask again later"
            ) from error
        resources = [*fixed, *(_listed_resource(note) for note in notes)]
        return ListResourcesResult(resources=resources, next_cursor=following or None)

    async def read_resource(
        self, uri: AnyUrl | str, context: Context[Any, Any] | None = None
    ) -> Iterable[ReadResourceContents] | InputRequiredResult:
        """Read a kept picture in full size, or another resource of this server.

        Raises:
            ResourceNotFoundError: there is no such resource.
        """
        if not str(uri).lower().startswith(SCHEME):
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
