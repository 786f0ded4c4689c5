"""The rules for what OpenAI's API refuses in a request body, each with its date and source.

`refusals(body)` is a pure function of the body. The strict endpoint responds with the first of the refusals.
"""

from collections.abc import Iterable, Sequence

from imagebridge.rules.blindness import BLINDNESS
from imagebridge.rules.body import Body
from imagebridge.rules.form import FORM
from imagebridge.rules.matching import MATCHING
from imagebridge.rules.pictures import PICTURES
from imagebridge.rules.rule import ErrorFields, Evidence, Rule, Violation
from imagebridge.rules.tool_definitions import DEFINITIONS
from imagebridge.rules.whole import WHOLE
from imagebridge.translate.policy import Api
from imagebridge.wire import JSON

__all__ = [
    "RULES",
    "Api",
    "Body",
    "ErrorFields",
    "Evidence",
    "Rule",
    "Violation",
    "broken",
    "refusals",
    "without",
]

# The order in which the API checks: the form first, then tools, then how calls and outputs match, pictures last.
RULES: tuple[Rule, ...] = (*FORM, *WHOLE, *DEFINITIONS, *MATCHING, *BLINDNESS, *PICTURES)


def refusals(
    body: JSON,
    api: Api = "responses",
    rules: Iterable[Rule] = RULES,
    earlier: Sequence[JSON] | None = None,
) -> list[Violation]:
    """Return the violations of `rules` in `body`, first the one that the API would report; empty if accepted.

    `earlier` contains the items that the server keeps for `previous_response_id`. Without them, outputs whose call may be
    among them are not checked. The body may have any form: everything malformed is a violation.
    """
    return broken(Body(body, api, earlier), rules)


def broken(body: Body, rules: Iterable[Rule] = RULES) -> list[Violation]:
    """Return the violations of `rules` in a body that has already been read; see `refusals`."""
    return [violation for rule in rules for violation in rule.violations(body)]


def without(*ids: str, rules: Iterable[Rule] = RULES) -> tuple[Rule, ...]:
    """Return the rules except those with these ids.

    Args:
        ids: the ids of the rules to leave out.
        rules: the rules to choose from.

    Raises:
        ValueError: no rule has this id.
    """
    all_rules = tuple(rules)
    unknown = set(ids) - {rule.id for rule in all_rules}
    if unknown:
        raise ValueError(f"unknown rules: {', '.join(sorted(unknown))}; see imagebridge.testing.RULES")
    return tuple(rule for rule in all_rules if rule.id not in ids)
