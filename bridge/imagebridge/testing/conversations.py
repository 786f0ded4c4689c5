"""What the endpoint remembers between requests: responses, conversations, and every item that it returned."""

from collections.abc import Sequence
from typing import Any

from imagebridge.rules import Violation
from imagebridge.wire import JSON, as_list, as_object, as_string


class Memory:
    """The server's state, as `previous_response_id`, `conversation` and replayed items refer to it."""

    def __init__(self) -> None:
        self._responses: dict[str, list[JSON]] = {}
        self._conversations: dict[str, list[JSON]] = {}
        self.given: list[Sequence[JSON]] = []
        """The output of each response, in order."""

    def open(self, identity: str, items: object) -> None:
        """Start a conversation with these items."""
        self._conversations[identity] = [item for one in as_list(items) if (item := as_object(one))]

    def earlier(self, body: JSON) -> "list[JSON] | Violation":
        """Return the items that a request continues from, or why it cannot."""
        previous, conversation = as_string(body.get("previous_response_id")), _conversation(body)
        if previous and conversation:
            message = "Mutually exclusive parameters: 'previous_response_id' and 'conversation'."
            return Violation("two-histories", "conversation", message, "", "conversation", None)
        if previous and previous not in self._responses:
            return _unknown("previous_response_id", "Previous response", previous)
        if conversation and conversation not in self._conversations:
            return _unknown("conversation", "Conversation", conversation)
        if conversation:
            return list(self._conversations[conversation])
        return list(self._responses.get(previous, ()))

    def keep(
        self, body: JSON, identity: str, earlier: list[JSON], items: Sequence[JSON], output: list[Any]
    ) -> None:
        """Remember a response and what led to it."""
        self.given.append(output)
        whole = [*earlier, *items, *output]
        if body.get("store") is not False:
            self._responses[identity] = whole
        if conversation := _conversation(body):
            self._conversations[conversation] = whole


def _conversation(body: JSON) -> str:
    value = body.get("conversation")
    named = as_object(value)
    return as_string(named.get("id") if named else value)


def _unknown(name: str, what: str, identity: str) -> Violation:
    message = f"{what} with id '{identity}' not found."
    return Violation(
        "unknown-history", name, message, "", name, f"{what.lower().replace(' ', '_')}_not_found"
    )
