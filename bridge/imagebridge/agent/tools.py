"""One list of tools over all servers: which are offered, and under which valid and permanent names."""

import logging
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any

from imagebridge.client.config import Filter
from imagebridge.errors import ToolNameError
from imagebridge.schemas.arguments import Schema
from imagebridge.schemas.definitions import responses_tools, tool_names

if TYPE_CHECKING:
    from mcp.types import Tool
    from openai.types.responses import FunctionToolParam

    from imagebridge.client.connection import Connection

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class OfferedTool:
    """A tool under the name that models use, with the checker of its arguments and the connection that runs it."""

    name: str
    tool: "Tool"
    schema: Schema
    connection: "Connection"


class ToolRegistry:
    """The tools that are offered now. A tool keeps its name, whatever is added or removed."""

    def __init__(self, rules: Filter) -> None:
        self._rules = rules
        self._offers: dict[str, OfferedTool] = {}
        self._tools: list[FunctionToolParam] | None = []
        self._given: dict[tuple[int, str], str] = {}
        self._alike: set[int] = set()
        """Servers that share a tool name with another server."""

    def update(self, connections: Sequence["Connection"]) -> None:
        """Update to the tools that the servers list now."""
        listed = [
            (connection, tool)
            for connection in connections
            for tool in connection.tools
            if all(rules.lets(connection.name, tool.name) for rules in (self._rules, connection.setup.rules))
        ]
        self._name(listed, connections)
        self._offers = {}
        for connection, tool in listed:
            name = self._given[id(connection), tool.name]
            schema = Schema(tool.input_schema, tool.meta)
            self._offers.setdefault(name, OfferedTool(name, tool, schema, connection))
        self._tools = None

    def warn(self, connections: Sequence["Connection"]) -> None:
        """Log patterns that match no tool."""
        tools = {one: [(one.name, tool.name) for tool in one.tools] for one in connections}
        idle = self._rules.idle([tool for mine in tools.values() for tool in mine])
        for connection, mine in tools.items():
            idle += connection.setup.rules.idle(mine)
        for pattern in idle:
            _LOG.warning("the pattern %r in allow or deny matches no tool", pattern)

    def _name(
        self, listed: Sequence[tuple["Connection", "Tool"]], connections: Sequence["Connection"]
    ) -> None:
        """Give each new tool a valid, unique name; if two servers use the same name, the server's name is put in front.

        The same applies to later tools of such a server: the two servers may be the same program,
        and names must not depend on which one reports a new tool first.
        """
        servers = _unique([connection.name for connection in connections], ())
        prefixes = {id(one): name for one, name in zip(connections, servers, strict=True)}
        new = {(id(connection), tool.name): tool.name for connection, tool in listed}
        new = {key: name for key, name in new.items() if key not in self._given}
        given_names = list(self._given.values())
        used = Counter([*new.values(), *given_names])
        alike = frozenset(self._alike)
        self._alike |= {key[0] for key, name in new.items() if used[name] > 1}
        wanted = [
            f"{prefixes[key[0]]}_{name}" if used[name] > 1 or key[0] in alike else name
            for key, name in new.items()
        ]
        unique = _unique(wanted, given_names)
        # Names given before are valid: they come first and stay, and a new name that collides gets a mark.
        legal = list(tool_names({"name": name} for name in (*given_names, *unique)))[len(given_names) :]
        self._given |= zip(new, legal, strict=True)

    @property
    def tools(self) -> "list[FunctionToolParam]":
        """The definitions for the Responses API.

        Raises:
            ToolLimitError: more tools than the API accepts.
        """
        if self._tools is None:
            self._tools = responses_tools([_renamed(offered_tool) for offered_tool in self._offers.values()])
        return list(self._tools)

    @property
    def connections(self) -> "set[Connection]":
        """The servers with at least one offered tool."""
        return {offered_tool.connection for offered_tool in self._offers.values()}

    def find(self, name: str) -> OfferedTool:
        """Return the tool with a name.

        Raises:
            ToolNameError: there is none.
        """
        try:
            return self._offers[name]
        except KeyError:
            raise ToolNameError(name, list(self._offers)) from None


def _renamed(offered_tool: OfferedTool) -> dict[str, Any]:
    return {
        **offered_tool.tool.model_dump(mode="json", by_alias=True, exclude_none=True),
        "name": offered_tool.name,
    }


def _unique(names: Sequence[str], taken_names: Iterable[str]) -> list[str]:
    """Return the names, with a number appended to those that are taken or repeated: s, s_2, s_3."""
    used = set(taken_names)
    # A later entry that already has the name keeps it.
    originals = frozenset(names)
    numbers: defaultdict[str, Iterator[int]] = defaultdict(lambda: count(2))
    unique_names: list[str] = []
    for name in names:
        one = name
        while one in used or (one != name and one in originals):
            one = f"{name}_{next(numbers[name])}"
        used.add(one)
        unique_names.append(one)
    return unique_names
