"""Decides whether a tool that may destroy something runs: a person is asked, if possible."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from imagebridge.display.fragments import shortened
from imagebridge.errors import beginning

from .terminal import Terminal

if TYPE_CHECKING:
    from imagebridge.events import ToolCall

ApprovalMode = Literal["ask", "all", "none"]


def approval(choice: ApprovalMode | None, terminal: Terminal) -> "Callable[[ToolCall], bool] | None":
    """Return the function that a bridge asks before each call; None if all calls run.

    Only calls to tools that set `destructiveHint` require approval or are refused. By default,
    a person is asked if stdin and stderr are a terminal; otherwise all calls run.
    """
    if choice == "all" or (choice is None and not terminal.answers):
        return None

    def approve(tool_call: "ToolCall") -> bool:
        if not tool_call.destructive:
            return True
        if choice == "none":
            return False
        if not terminal.answers:
            terminal.tell(
                f"{tool_call.name} may destroy something and there is nobody to ask, so the call is refused; "
                "--approve all allows it"
            )
            return False
        arguments = json.dumps(shortened(tool_call.arguments), ensure_ascii=False)
        return terminal.ask(
            f"{tool_call.name} on {tool_call.server} may destroy something. Arguments: "
            f"{beginning(arguments, 1_000)}\nRun it?"
        )

    return approve
