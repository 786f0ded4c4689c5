"""Checks the arguments of a call against its tool's schema, so that a model learns which ones are wrong.

Servers are more lenient than the schemas that their frameworks generate: many schemas require arguments that have a
default (zod's and Playwright's, 2026-11), or close objects in which the server ignores unknown fields. Such
calls are left for the server to judge.

So are all calls to a tool if its `_meta`, or that of its tool list, requests this: its server accepts more than the
schema (a number as text, another name for an argument), and reports more mistakes than a schema can. MCP leaves
checking to servers ("Servers MUST validate all tool inputs", 2025-11-25, server/tools), and the model reads their
errors like any result. Without that declaration the schema decides, because many servers check nothing and fail or do
something else. A call with a picture that cannot be passed never reaches a server, so the schema's findings about its
other arguments are reported with it.
"""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, cast

from imagebridge.errors import ArgumentError, beginning, together
from imagebridge.schemas.parameters import has_handle, pointed
from imagebridge.wire import JSON, is_json, is_list

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError
    from jsonschema.protocols import Validator

JUDGED = "imagebridge/judgesArguments"
"""The `_meta` key of a tool or a tool list that is true if the server itself checks arguments that the schema
refuses."""

_TOLD = 20
"""The maximum number of mistakes that are reported."""

_LONGEST = 300
"""The maximum length of an error: values in it may be whole pictures."""
_NAME = 60
"""The maximum length of a field's name in an error."""

_STEPS = 8
"""The maximum number of references in a chain."""
_CLOSED = ("additionalProperties", "unevaluatedProperties")
"""Keywords that close an object."""


class Schema:
    """A tool's `inputSchema` (JSON Schema 2020-12 unless it says otherwise), parsed when first needed.

    meta: the tool's `_meta`, which may declare that its server checks all calls.
    """

    def __init__(self, schema: JSON, meta: JSON | None = None) -> None:
        self._schema = schema
        self._judged = (meta or {}).get(JUDGED) is True
        self._validator: Validator | None = None
        self._read = False

    def check(self, arguments: JSON) -> list[str]:
        """Return remarks on arguments that may be sent: fields that the schema does not define, if there are any.

        All arguments may be sent if the schema is unusable or the server checks calls itself.

        Raises:
            ArgumentError: the arguments do not match the schema; the error names each wrong argument, its value and
            what
                is allowed.
        """
        if self._judged:
            return []
        errors = self._errors(arguments)
        mistakes = [_mistake(one) for one, _ in errors]
        if not all(forgiven for _, forgiven in errors):
            raise together(mistakes[:_TOLD])
        return list(map(str, mistakes))

    def refusal(self, arguments: JSON, wrong: Sequence[ArgumentError]) -> ArgumentError:
        """Return all mistakes in a call that is not sent: in picture names, which it still contains, and in the rest.

        The schema is used even if the server checks calls itself, because this call never reaches it.

        Args:
            arguments: the arguments of the call.
            wrong: the mistakes in picture names; the schema is not used for those.
        """
        named = {one.argument.partition(".")[0] for one in wrong}
        others = [
            _mistake(error)
            for error, _ in self._errors(arguments)
            if not (isinstance(error.instance, str) and has_handle(error.instance) and _top(error) in named)
        ]
        return together([*wrong, *others][:_TOLD])

    def _errors(self, arguments: JSON) -> "list[tuple[ValidationError, bool]]":
        """Return the schema's errors about arguments; for each, also whether the arguments may be sent anyway."""
        if not arguments and not self._schema.get("required"):
            return []  # No arguments, and none required: the common case, for a twentieth of a small call's time.
        if not self._read:
            self._validator, self._read = _validator(self._schema), True
        if self._validator is None:
            return []
        from referencing.exceptions import Unresolvable

        try:
            errors = list(self._validator.iter_errors(cast("Any", arguments)))
        except (Unresolvable, RecursionError):
            return []  # A fault of the schema: the server knows better what it accepts.
        forgiven = [self._forgiven(one) for one in errors]
        # What would be ignored is reported too if the call is refused: it may be a missing field, misspelt.
        return [
            (_best(one), let)
            for one, let in zip(errors, forgiven, strict=True)
            if not let or one.validator in _CLOSED
        ]

    def _forgiven(self, error: "ValidationError") -> bool:
        """Return whether a server can handle an error: an extra field, or a missing field that has a default."""
        if error.validator in _CLOSED:
            return error.validator_value is False
        if error.validator == "required":
            rules = cast("object", error.schema)
            properties = rules.get("properties") if is_json(rules) else None
            return is_json(properties) and any(
                error.message.startswith(f"{name!r} is a required")
                and self._has_default(properties.get(name))
                for name in _names(error.validator_value)
            )
        branches: dict[object, bool] = {}
        for one in error.context or () if error.validator in ("anyOf", "oneOf") else ():
            branch = one.relative_schema_path[0]
            branches[branch] = branches.get(branch, True) and self._forgiven(one)
        return any(branches.values())

    def _has_default(self, rules: object) -> bool:
        for _ in range(_STEPS):
            if not is_json(rules) or "default" in rules:
                break
            rules = pointed(self._schema, str(rules.get("$ref", "")))
        return is_json(rules) and "default" in rules


def _names(required: object) -> Iterable[str]:
    return [one for one in required if isinstance(one, str)] if is_list(required) else ()


def _best(error: "ValidationError") -> "ValidationError":
    """Return the most informative error: the error itself, or the nested error that best matches the value."""
    import jsonschema.exceptions

    best = cast("Any", jsonschema.exceptions.best_match)  # pyright: ignore[reportUnknownMemberType]  # it has no type
    return best([error])


def _validator(schema: JSON) -> "Validator | None":
    """Return a validator for arguments, or None if the schema is invalid."""
    from jsonschema import Draft202012Validator, SchemaError
    from jsonschema.validators import validator_for
    from referencing import Registry

    validator_class: Any = validator_for(schema, default=Draft202012Validator)
    try:
        validator_class.check_schema(schema)
    except (SchemaError, RecursionError):
        return None
    # An empty registry: references stay within the schema, and never lead to the web.
    return validator_class(schema, registry=Registry[Any]())


def _mistake(error: "ValidationError") -> ArgumentError:
    return ArgumentError(_argument_path(error), _error_message(error))


def _top(error: "ValidationError") -> str:
    """Return the name of the argument that contains an error."""
    return str(next(iter(error.absolute_path), ""))


def _argument_path(error: "ValidationError") -> str:
    """Return the path of the wrong argument, such as `size` or `points[3].x`; or "the arguments" for all of them."""
    path = ""
    for step in error.absolute_path:
        path += f"[{step}]" if isinstance(step, int) else f".{step}" if path else str(step)
    return path or "the arguments"


def _error_message(error: "ValidationError") -> str:
    if unknown := _unknown_argument(error):
        return unknown
    if len(error.message) <= _LONGEST:
        return error.message
    came = repr(error.instance)
    requirement = f"{error.validator}: {error.validator_value!r}"
    return f"{beginning(came, 100)} does not match the schema, {beginning(requirement, _LONGEST)}"


def _unknown_argument(error: "ValidationError") -> str:
    """Return a message that lists unknown and known fields; empty if unknown fields are not the problem."""
    rules = cast("object", error.schema)
    if error.validator != "additionalProperties" or not is_json(rules) or "patternProperties" in rules:
        return ""
    known, came = rules.get("properties"), cast("object", error.instance)
    if not is_json(known) or not is_json(came):
        return ""
    extra = ", ".join(repr(name)[:_NAME] for name in came if name not in known)
    return f"{extra} is not a known field; the fields are: {', '.join(known) or 'none'}"[:_LONGEST]
