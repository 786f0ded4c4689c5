"""The arguments of a call are checked against its tool's schema, so that a model is told which one is wrong."""

from typing import TYPE_CHECKING, Any, cast

from imagebridge.errors import ArgumentError
from imagebridge.translate.wire import JSON

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError
    from jsonschema.protocols import Validator

_LONGEST = 300
"""Characters of an error: values in it may be whole pictures."""


class Schema:
    """A tool's `inputSchema` (JSON Schema 2020-12 where it does not say), read when it is first needed."""

    def __init__(self, schema: JSON) -> None:
        self._schema = schema
        self._validator: Validator | None = None
        self._read = False

    def check(self, arguments: JSON) -> None:
        """Return where the arguments are what the schema asks for, or the schema cannot be used.

        Raises:
            ArgumentError: they are not; it names the argument, what came and what is allowed.
        """
        if not arguments and not self._schema.get("required"):
            return  # Nothing came and nothing has to: the common case, at a twentieth of a small call's time.
        if not self._read:
            self._validator, self._read = _validator(self._schema), True
        if self._validator is None:
            return
        from referencing.exceptions import Unresolvable

        try:
            error = _best(list(self._validator.iter_errors(cast("Any", arguments))))
        except (Unresolvable, RecursionError):
            return  # A fault of the schema: the server knows better what it takes.
        if error is not None:
            raise ArgumentError(_place(error), _said(error))


def _best(errors: "list[ValidationError]") -> "ValidationError | None":
    """Return the error that says most, None where there is none."""
    if not errors:
        return None
    import jsonschema.exceptions

    best = cast("Any", jsonschema.exceptions.best_match)  # pyright: ignore[reportUnknownMemberType]  # it has no type
    return best(errors)


def _validator(schema: JSON) -> "Validator | None":
    """Return what checks arguments, None for a schema that is none."""
    from jsonschema import Draft202012Validator, SchemaError
    from jsonschema.validators import validator_for
    from referencing import Registry

    made: Any = validator_for(schema, default=Draft202012Validator)
    try:
        made.check_schema(schema)
    except (SchemaError, RecursionError):
        return None
    # An empty registry: references lead within the schema, never to the web.
    return made(schema, registry=Registry[Any]())


def _place(error: "ValidationError") -> str:
    """Name the argument: `size`, `points[3].x`; the arguments as a whole where none is at fault."""
    made = ""
    for step in error.absolute_path:
        made += f"[{step}]" if isinstance(step, int) else f".{step}" if made else str(step)
    return made or "the arguments"


def _said(error: "ValidationError") -> str:
    if len(error.message) <= _LONGEST:
        return error.message
    came = repr(error.instance)
    asked = f"{error.validator}: {error.validator_value!r}"
    return f"{came[:100]}... is not what the schema asks for, {asked[:_LONGEST]}"
