"""Calls a bridge's tool from a framework with asynchronous tools, for both kinds of bridge."""

from collections.abc import Mapping
from inspect import iscoroutinefunction
from typing import TYPE_CHECKING, TypeGuard, cast

from anyio import to_thread

if TYPE_CHECKING:
    from imagebridge.agent.bridge import Bridge
    from imagebridge.agent.sync import SyncBridge
    from imagebridge.providers.provider import Translation

__all__ = ["answered", "is_blocking"]


def is_blocking(bridge: "Bridge | SyncBridge") -> "TypeGuard[SyncBridge]":
    """Return whether a bridge was opened with `with`, so that its methods block."""
    return not iscoroutinefunction(bridge.answer)


async def answered(
    bridge: "Bridge | SyncBridge",
    name: str,
    arguments: Mapping[str, object] | str | None,
    *,
    model: str | None = None,
) -> "Translation":
    """Return the result of `Bridge.answer` for an open bridge of either kind. A cancelled call is abandoned.

    Args:
        bridge: the open bridge, from `async with Bridge(...)` or `with Bridge(...)`.
        name: the tool, as in `tools`.
        arguments: JSON, as an object or as text.
        model: the model that will see the pictures.

    Raises:
        BridgeError: the bridge is not open.
    """
    if is_blocking(bridge):
        future = bridge.begin_answer(name, arguments, model=model)
        try:
            return await to_thread.run_sync(future.result, abandon_on_cancel=True)
        finally:
            future.cancel()
    return await cast("Bridge", bridge).answer(name, arguments, model=model)
