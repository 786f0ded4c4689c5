"""Which tools of a server are offered, by patterns of their names."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from imagebridge.schemas.definitions import tool_names


@dataclass(frozen=True, slots=True)
class Filter:
    """Which tools are offered: those that a pattern of `allow` names (None: all) and none of `deny` does.

    A pattern has the wildcards of a shell (`*`, `?`, `[abc]`). It is compared with the name that the server
    knows and with the legal one that models see; as `server:tool`, with the tools of that server alone.
    """

    allow: tuple[str, ...] | None = None
    deny: tuple[str, ...] = ()

    @classmethod
    def of(cls, allow: Iterable[str] | None, deny: Iterable[str] | None) -> "Filter":
        """Return the filter of two lists of patterns.

        Raises:
            TypeError: one of them is a single string, or holds something else than strings.
        """
        return cls(
            None if allow is None else _checked_patterns("allow", allow),
            _checked_patterns("deny", deny or ()),
        )

    def lets(self, server: str, tool: str) -> bool:
        """Tell whether the tool of a server is offered."""
        allowed = self.allow is None or any(_names(pattern, server, tool) for pattern in self.allow)
        return allowed and not any(_names(pattern, server, tool) for pattern in self.deny)

    def idle(self, tools: Sequence[tuple[str, str]]) -> list[str]:
        """Return the patterns that name none of `tools`, pairs of server and tool: probably misspelt."""
        return [
            pattern
            for pattern in (*(self.allow or ()), *self.deny)
            if not any(_names(pattern, server, tool) for server, tool in tools)
        ]


def _checked_patterns(argument: str, values: Iterable[object]) -> tuple[str, ...]:
    if isinstance(values, str):
        raise TypeError(f"{argument} is a list of patterns, such as [{values!r}], not a string")
    found = tuple(values)
    for value in found:
        if not isinstance(value, str):
            raise TypeError(f"{argument} holds patterns, which are strings, not {type(value).__name__}")
    return tuple(str(value) for value in found)


def _names(pattern: str, server: str, tool: str) -> bool:
    """Tell whether a pattern names a tool, by its original or its legal name, with its server's or without."""
    names = {tool, *tool_names([{"name": tool}])}
    if ":" in pattern:
        names |= {f"{server}:{name}" for name in names}
    return any(fnmatchcase(name, pattern) for name in names)
