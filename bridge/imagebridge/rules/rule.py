"""The definition of a rule, and of the violations that it finds."""

import datetime
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, TypedDict

from imagebridge.rules.body import Body
from imagebridge.translate.policy import Api

Evidence = Literal["documented", "reported", "ours"]
"""Where a rule comes from: OpenAI's pages or types, a reported 400 of the live API, or our own strictness."""

READ = datetime.date(2026, 11, 22)
"""The date on which the pages, types and reports behind the rules were read."""


class ErrorFields(TypedDict):
    """The content of the API's `{"error": ...}`; the last three fields are ours and add details that the API omits."""

    message: str
    type: str
    param: str | None
    code: str | None
    rule: str
    path: str
    why: str


@dataclass(frozen=True, slots=True)
class Breach:
    """One violation, found by a rule's check.

    `path` is the location in the body, `message` has the API's words if they are known. `param` None means
    the same as `path`. `why` adds, in our words, details that the API's message omits.
    """

    path: str
    message: str
    why: str = ""
    param: str | None = None
    code: str | None = "invalid_value"


@dataclass(frozen=True, slots=True)
class Violation:
    """A violation of one rule: the API's answer (`message`, `type`, `param`, `code`) and the location.

    `rule` is the id of the rule, `path` is a location in the body (`input[3].output[1].image_url`).
    """

    rule: str
    path: str
    message: str
    why: str
    param: str | None
    code: str | None
    type: str = "invalid_request_error"

    def error(self) -> ErrorFields:
        """Return the value of `"error"` in the body of the 400."""
        return {
            "message": self.message,
            "type": self.type,
            "param": self.param,
            "code": self.code,
            "rule": self.rule,
            "path": self.path,
            "why": self.why,
        }

    def __str__(self) -> str:
        why = f" ({self.why})" if self.why else ""
        return f"{self.path}: {self.message}{why} [{self.rule}]"


@dataclass(frozen=True, slots=True)
class Rule:
    """Something that the API, or only our strict endpoint, refuses.

    `source` says how the rule is known, `link` where it is stated, `date` when that was read. `check` is pure.
    """

    id: str
    statement: str
    source: Evidence
    link: str
    check: Callable[[Body], Iterator[Breach]]
    apis: tuple[Api, ...] = ("responses", "chat")
    date: datetime.date = READ

    def violations(self, body: Body) -> Iterator[Violation]:
        """Yield each violation of this rule in `body`, in order."""
        if body.api not in self.apis:
            return
        for fault in self.check(body):
            yield Violation(
                self.id,
                fault.path,
                fault.message,
                fault.why,
                fault.path if fault.param is None else fault.param,
                fault.code,
            )
