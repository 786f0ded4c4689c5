"""The check itself: the shared rules, then the advice."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from imagebridge.rules import Body, broken, without
from imagebridge.wire import is_json, is_list, writable

from . import finding
from .advice import advice

if TYPE_CHECKING:
    from imagebridge.pictures.picture import Proof
    from imagebridge.rules import Api
    from imagebridge.wire import JSON

    from .finding import Finding

# The API downloads what the local endpoint does not, and the advice says more about pictures in texts.
_RULES = without("remote-picture", "picture-as-text")


def findings(body: Mapping[str, Any], proof: "Proof") -> "list[Finding]":
    """Return the problems in a body; see `imagebridge.check`."""
    return reviewed(reading(body, proof))


def reviewed(read: Body) -> "list[Finding]":
    """Return the problems in a body that has already been read."""
    broke = [finding.of(violation) for violation in broken(read, _RULES)]
    all_findings = [*broke, *advice(read, (one.path for one in broke))]
    return sorted(all_findings, key=lambda one: not one.refused)


def reading(body: Mapping[str, Any], proof: "Proof") -> Body:
    """Read a body for the rules, converting SDK objects among its items to the JSON that the SDK sends.

    Raises:
        TypeError: `body` is not a mapping.
    """
    if not is_json(cast("object", body)):
        raise TypeError(
            f"a request body must be a mapping with `input` or `messages`, not {type(body).__name__}; "
            'wrap bare items as {"input": [...]}'
        )
    api: Api = "chat" if "messages" in body and "input" not in body else "responses"
    name = "messages" if api == "chat" else "input"
    content: object = body.get(name)
    plain: JSON = {**body, name: [_as_json(item) for item in content]} if is_list(content) else body
    # A rule finds lone surrogates. What JSON cannot represent becomes words, which no rule objects to.
    return Body(cast("JSON", writable(plain, halves=True)), api, proof=proof)


def _as_json(item: object) -> object:
    """Convert an SDK object to its JSON; return anything else unchanged."""
    dump = getattr(item, "model_dump", None)
    return dump(mode="json", by_alias=True, exclude_unset=True) if dump is not None else item
