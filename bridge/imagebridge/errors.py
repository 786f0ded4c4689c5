"""Every exception that imagebridge raises on purpose.

    BridgeError                 the base class: catch this one
    ├── PictureError            bytes that cannot be shown as a picture
    ├── DocumentError           bytes that cannot be read as a document
    ├── ArgumentError           a tool's argument that a model or user can correct
    ├── ServerError             an MCP server that did not start, answer or keep running
    ├── ApprovalError           a call that was not approved
    ├── ToolNameError           a tool name that no connected server offers
    ├── ToolLimitError          more tools than the API accepts
    ├── RequirementError        a package that a feature needs is missing or too old
    └── RunError                a run that ended before the model answered; continue from `.items`
        ├── TurnLimitError      the model is still calling tools after the last allowed turn
        ├── TokenLimitError     the model is still calling tools, but the run's token budget is spent
        ├── DeadlineError       the run took longer than its deadline
        ├── OpenCallError       the model requests something that only the caller's own code can answer
        └── ResponseError       a response that failed, was cut off or does not have the requested format

Content from a server never makes a translation raise: a `PictureError` inside it
becomes a sentence for the model. `TypeError` reports a mistake in the caller's own code.
"""

from collections.abc import Iterable, Mapping, Sequence


class BridgeError(Exception):
    """The base class of imagebridge's errors. `str(error)` is a message for a person: what is wrong, where, and what to do."""


class PictureError(BridgeError):
    """Bytes that cannot be shown as a picture. `.reason` and `.instead` tell a model why, and what to request."""

    def __init__(self, reason: str, instead: str = "a whole PNG or JPEG of it") -> None:
        super().__init__(reason)
        self.reason = reason
        self.instead = instead

    def __reduce__(self) -> "tuple[type[PictureError], tuple[str, str]]":
        """Make the error picklable, for passing between processes."""
        return type(self), (self.reason, self.instead)


class DocumentError(BridgeError):
    """Bytes that cannot be read as a document. The message states the reason and follows the file's name."""


class ArgumentError(BridgeError):
    """A tool argument that its caller can correct. `.argument` names it; the message says how to correct it.

    `.others` contains the other mistakes in the same call; the message has a line for each.
    """

    def __init__(self, argument: str, problem: str, others: "Sequence[ArgumentError]" = ()) -> None:
        super().__init__("\n".join([f"{argument}: {problem}", *map(str, others)]))
        self.argument = argument
        self.problem = problem
        self.others = tuple(others)

    def __reduce__(self) -> "tuple[type[ArgumentError], tuple[str, str, tuple[ArgumentError, ...]]]":
        """Make the error picklable, for passing between processes."""
        return type(self), (self.argument, self.problem, self.others)


def together(mistakes: "Sequence[ArgumentError]") -> ArgumentError:
    """Return the mistakes in a call (at least one) as a single error that names the first argument."""
    first, *others = mistakes
    return ArgumentError(first.argument, first.problem, [*first.others, *others])


class ServerError(BridgeError):
    """An MCP server that failed to start, answer or keep running. `.server` is its name, `.stderr` its last output there."""

    def __init__(self, server: str, problem: str, stderr: str = "") -> None:
        stderr_note = f"\nIt wrote to stderr:\n{stderr.rstrip()}" if stderr.strip() else ""
        super().__init__(f"{server}: {problem}{stderr_note}")
        self.server = server
        self.problem = problem
        self.stderr = stderr


class ApprovalError(BridgeError):
    """A call that was not approved and did not run. `.name` is the tool's name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"the user did not approve this call to {name}; it did not run")
        self.name = name


class ToolNameError(BridgeError):
    """A tool name that no connected server offers. `.names` lists the names that exist."""

    def __init__(self, name: str, names: list[str]) -> None:
        # Servers and models write the same name as list_files, list.files and listFiles.
        near = nearest(name, names, 0.5)
        available = f"did you mean {near!r}? Available" if near else "available"
        super().__init__(f"unknown tool {name!r}; {available}: {', '.join(names) or 'none'}")
        self.name = name
        self.names = names


class ToolLimitError(BridgeError):
    """More tools than the API accepts. `.count` is the number of tools, `.limit` the API's limit."""

    def __init__(self, count: int, limit: int) -> None:
        super().__init__(
            f"{count} tools, but the API accepts {limit}: pass fewer (filter the list, or connect fewer "
            "servers), "
            'or group them with responses_tools(tools, namespace="...")'
        )
        self.count = count
        self.limit = limit


class RequirementError(BridgeError):
    """A package that a feature needs is missing or too old. The message names it and the command to install it."""


class RunError(BridgeError):
    """A run that ended before the model answered.

    Pass `.items` as `input` to continue: every call in it has its output. If the server keeps
    the conversation, `.items` contains only what the server does not have yet, and `.response_id` is the
    `previous_response_id` to pass with it (None if nothing was answered, or with `conversation=`).
    Exceptions of the OpenAI SDK that end a run have the same two attributes.
    """

    def __init__(self, problem: str, items: Sequence[object] = (), response_id: str | None = None) -> None:
        super().__init__(problem)
        self.items = list(items)
        self.response_id = response_id


class TurnLimitError(RunError):
    """The model is still calling tools after the last allowed turn. `.turns` is the number of turns."""

    def __init__(self, turns: int, items: Sequence[object] = (), response_id: str | None = None) -> None:
        super().__init__(
            f"the model is still calling tools after {counted(turns, 'turn')}; raise max_turns to continue",
            items,
            response_id,
        )
        self.turns = turns


class TokenLimitError(RunError):
    """The model is still calling tools, but the run's token budget is spent: `.spent` of `.budget`."""

    def __init__(
        self, spent: int, budget: int, items: Sequence[object] = (), response_id: str | None = None
    ) -> None:
        super().__init__(
            f"the model is still calling tools after {counted(spent, 'token')}; raise budget (now {budget:,}) to continue",
            items,
            response_id,
        )
        self.spent = spent
        self.budget = budget


class DeadlineError(RunError):
    """The run took longer than its `deadline`, in seconds. Calls in progress were cancelled."""

    def __init__(self, deadline: float, items: Sequence[object] = (), response_id: str | None = None) -> None:
        super().__init__(
            f"no answer within {counted(deadline, 'second')}; raise deadline to continue", items, response_id
        )
        self.deadline = deadline


class OpenCallError(RunError):
    """The model requests something that only the caller's own code can answer, such as an action on a computer.

    `.calls` contains these requests; append the answers to `.items` and continue.
    """

    def __init__(
        self,
        calls: Sequence[Mapping[str, object]],
        items: Sequence[object] = (),
        response_id: str | None = None,
    ) -> None:
        kinds = ", ".join(dict.fromkeys(str(call.get("type")) for call in calls))
        super().__init__(
            f"the model called {kinds}, which only your own code can answer: append the answer to .items "
            "and continue, or leave that tool out",
            items,
            response_id,
        )
        self.calls = list(calls)


class ResponseError(RunError):
    """A response that failed, was cut off or lacks the requested format. `.code` is the API's error code, if any."""

    def __init__(self, problem: str, code: str | None = None) -> None:
        super().__init__(problem)
        self.code = code


# Words of errors.


def beginning(text: str, most: int) -> str:
    """Return the first `most` characters of a text, with an ellipsis if it is longer."""
    return text if len(text) <= most else f"{text[:most]}…"


def short(text: object, most: int = 300) -> str:
    """Return an error or text on one line, shortened to its `beginning`."""
    return beginning(" ".join(str(text).split()), most)


def counted(number: float, noun: str, plural: str = "") -> str:
    """Return a number with its noun in the right form: `1 row`, `1,200 rows`, `0.5 seconds`; `plural` if it is irregular."""
    written = f"{number:,}" if isinstance(number, int) else f"{number:g}"
    return f"{written} {noun if number == 1 else plural or noun + 's'}"


def nearest(name: str, names: Iterable[str], alike: float = 0.6) -> str | None:
    """Return the most similar name, ignoring case, or None if no name is similar enough.

    alike: the minimum similarity, from 0 to 1 (difflib's ratio).
    """
    from difflib import get_close_matches

    folded = {other.casefold(): other for other in names}
    close = get_close_matches(name.casefold(), folded, n=1, cutoff=alike)
    return folded[close[0]] if close else None
