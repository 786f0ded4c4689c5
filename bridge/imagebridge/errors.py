"""Everything imagebridge raises on purpose.

    BridgeError                 root: catch this one
    ├── PictureError            bytes that cannot be shown as a picture
    ├── ArgumentError           a tool's argument that a model or user can correct
    ├── ServerError             an MCP server that did not start, answer or stay
    ├── ApprovalError           a call that was not approved
    ├── ToolNameError           a tool name that no connected server offers
    ├── ToolLimitError          more tools than the API takes
    └── TurnLimitError          the model still calls tools after the last allowed turn

Content that comes from a server never raises out of a translation: a `PictureError` inside it
becomes a sentence for the model. `TypeError` is for a caller's own mistake in the code.
"""


class BridgeError(Exception):
    """Root of the errors of imagebridge. `str(error)` is one message for a person: what, where, what to do."""


class PictureError(BridgeError):
    """Bytes that cannot be shown as a picture. `.reason` says why, in words a model can read."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class ArgumentError(BridgeError):
    """An argument of a tool that its caller can correct. `.argument` names it, the message says how."""

    def __init__(self, argument: str, problem: str) -> None:
        super().__init__(f"{argument}: {problem}")
        self.argument = argument
        self.problem = problem

    def __reduce__(self) -> "tuple[type[ArgumentError], tuple[str, str]]":
        """Let it travel between processes."""
        return type(self), (self.argument, self.problem)


class ServerError(BridgeError):
    """An MCP server that did not start, answer or stay. `.server` is how it was named, `.stderr` its last words."""

    def __init__(self, server: str, problem: str, stderr: str = "") -> None:
        said = f"\nIt wrote to stderr:\n{stderr.rstrip()}" if stderr.strip() else ""
        super().__init__(f"{server}: {problem}{said}")
        self.server = server
        self.problem = problem
        self.stderr = stderr


class ApprovalError(BridgeError):
    """A call that was not approved and did not run. `.name` is the tool's."""

    def __init__(self, name: str) -> None:
        super().__init__(f"the user did not approve this call of {name}; it did not run")
        self.name = name


class ToolNameError(BridgeError):
    """A tool name that no connected server offers. `.names` holds those that exist."""

    def __init__(self, name: str, names: list[str]) -> None:
        super().__init__(f"unknown tool {name!r}; there are: {', '.join(names) or 'none'}")
        self.name = name
        self.names = names


class ToolLimitError(BridgeError):
    """More tools than the API takes. `.count` says how many there are, `.limit` how many it takes."""

    def __init__(self, count: int, limit: int) -> None:
        super().__init__(
            f"{count} tools, and the API takes {limit}: pass fewer (filter the list, or connect fewer servers), "
            'or group them with responses_tools(tools, namespace="...")'
        )
        self.count = count
        self.limit = limit


class TurnLimitError(BridgeError):
    """The model still calls tools after the last allowed turn. `.items` is the conversation so far."""

    def __init__(self, turns: int, items: list[object]) -> None:
        super().__init__(f"the model still calls tools after {turns} turns; raise max_turns to go on")
        self.turns = turns
        self.items = items
