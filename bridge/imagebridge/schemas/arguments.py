"""The arguments of a call are checked against its tool's schema, so that a model is told which one is wrong.

Servers are more lenient than the schemas that their frameworks write for them: many require what they have a
default for (zod's and Playwright's, 2026-11), or close objects in which they pass over what they do not know. Such
calls are for the server to judge.

So are all calls of a tool that says so in its `_meta`, or whose list of tools does: its server takes more than the schema teaches (a number as
text, another name of an argument), and tells more of what is wrong than a schema can. MCP leaves checking to servers
("Servers MUST validate all tool inputs", 2025-11-25, server/tools), whose errors the model reads as any result.
Without that word the schema counts, as many servers check nothing and fail, or worse do something else. A call that names a
picture that cannot be given never reaches a server: what the schema says of its other arguments is told with that.
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
"""The `_meta` key of a tool, or of a list of tools, that is true if the server itself checks what the schema refuses."""

_TOLD = 20
"""The most mistakes that are reported."""

_LONGEST = 300
"""Characters of an error: values in it may be whole pictures."""
_NAME = 60
"""Characters of a field's name in an error."""

_STEPS = 8
"""References that lead from one to the next, at most."""
_CLOSED = ("additionalProperties", "unevaluatedProperties")
"""What closes an object."""


class Schema:
    """A tool's `inputSchema` (JSON Schema 2020-12 where it does not say), read when it is first needed.

    meta: the tool's `_meta`, in which it may say that its server judges all calls.
    """

    def __init__(self, schema: JSON, meta: JSON | None = None) -> None:
        self._schema = schema
        self._judged = (meta or {}).get(JUDGED) is True
        self._validator: Validator | None = None
        self._read = False

    def check(self, arguments: JSON) -> list[str]:
        """Return what to say of arguments that may be sent: the fields that the schema does not know, if there are any.

        All may be sent where the schema cannot be used, or the server judges calls itself.

        Raises:
            ArgumentError: they are not what the schema asks for; it names all such arguments, what came and what is
                allowed.
        """
        if self._judged:
            return []
        errors = self._errors(arguments)
        mistakes = [_mistake(one) for one, _ in errors]
        if not all(forgiven for _, forgiven in errors):
            raise together(mistakes[:_TOLD])
        return list(map(str, mistakes))

    def refusal(self, arguments: JSON, wrong: Sequence[ArgumentError]) -> ArgumentError:
        """Return all that is wrong with a call that is not sent: names of pictures, which still stand in it, and the rest.

        The schema of a server that judges calls itself is asked too, for this call never reaches it.

        Args:
            arguments: those of the call.
            wrong: what is wrong with names of pictures; the schema is not asked of those.
        """
        named = {one.argument.partition(".")[0] for one in wrong}
        others = [
            _mistake(error)
            for error, _ in self._errors(arguments)
            if not (isinstance(error.instance, str) and has_handle(error.instance) and _top(error) in named)
        ]
        return together([*wrong, *others][:_TOLD])

    def _errors(self, arguments: JSON) -> "list[tuple[ValidationError, bool]]":
        """Return what is told of arguments by the schema, and of each whether they may be sent all the same."""
        if not arguments and not self._schema.get("required"):
            return []  # Nothing came and nothing has to: the common case, at a twentieth of a small call's time.
        if not self._read:
            self._validator, self._read = _validator(self._schema), True
        if self._validator is None:
            return []
        from referencing.exceptions import Unresolvable

        try:
            errors = list(self._validator.iter_errors(cast("Any", arguments)))
        except (Unresolvable, RecursionError):
            return []  # A fault of the schema: the server knows better what it takes.
        forgiven = [self._forgiven(one) for one in errors]
        # What would be passed over is told too where the call is refused: it may be what is missing, misspelt.
        return [
            (_best(one), let)
            for one, let in zip(errors, forgiven, strict=True)
            if not let or one.validator in _CLOSED
        ]

    def _forgiven(self, error: "ValidationError") -> bool:
        """Tell whether a server can do with what a schema calls an error: a field more, or one with a default less."""
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
    """Return what says most of an error: it, or the one in it that is nearest to what came."""
    import jsonschema.exceptions

    best = cast("Any", jsonschema.exceptions.best_match)  # pyright: ignore[reportUnknownMemberType]  # it has no type
    return best([error])


def _validator(schema: JSON) -> "Validator | None":
    """Return what checks arguments, None for a schema that is none."""
    from jsonschema import Draft202012Validator, SchemaError
    from jsonschema.validators import validator_for
    from referencing import Registry

    validator_class: Any = validator_for(schema, default=Draft202012Validator)
    try:
        validator_class.check_schema(schema)
    except (SchemaError, RecursionError):
        return None
    # An empty registry: references lead within the schema, never to the web.
    return validator_class(schema, registry=Registry[Any]())


def _mistake(error: "ValidationError") -> ArgumentError:
    return ArgumentError(_argument_path(error), _error_message(error))


def _top(error: "ValidationError") -> str:
    """Return the name of the argument that an error is in."""
    return str(next(iter(error.absolute_path), ""))


def _argument_path(error: "ValidationError") -> str:
    """Name the argument: `size`, `points[3].x`; the arguments as a whole where none is at fault."""
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
    """Name the fields that the schema does not know and those it does; empty where that is not the fault."""
    rules = cast("object", error.schema)
    if error.validator != "additionalProperties" or not is_json(rules) or "patternProperties" in rules:
        return ""
    known, came = rules.get("properties"), cast("object", error.instance)
    if not is_json(known) or not is_json(came):
        return ""
    extra = ", ".join(repr(name)[:_NAME] for name in came if name not in known)
    return f"{extra} is not a known field; the fields are: {', '.join(known) or 'none'}"[:_LONGEST]
