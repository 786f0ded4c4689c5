"""One entry put into a configuration text or taken out, in JSON, TOML and YAML; all else stays as it is.

Whatever the edit, its result is read again and compared: a text is returned only if exactly the one
entry has changed.
"""

import copy
from collections.abc import Sequence
from io import StringIO
from typing import Any, cast

from imagebridge.errors import BridgeError

from . import jsonc
from .hosts import Form

_LACKING = 'editing it needs an extra: pip install "imagebridge[server]"'


class FormatError(BridgeError):
    """A configuration text that is not touched, because it cannot be read or safely changed."""


def edited(text: str, form: Form, keys: Sequence[str], value: dict[str, Any] | None) -> str:
    """Return `text` with `value` at `keys`; with None, without what stands there.

    Raises:
        FormatError: the text cannot be read in its form, holds something else than a table on the way, or
            cannot be changed without changing more.
    """
    before = _read(text, form)
    wanted = _changed(before, keys, value)
    if wanted == before:
        return text
    try:
        made = _EDITS[form](text, keys, value)
    except FormatError:
        raise
    except ImportError as error:
        raise FormatError(_LACKING) from error
    except Exception as error:  # whatever an editor stumbles over, the file is not touched
        raise FormatError(f"it cannot be changed safely ({type(error).__name__}: {error})") from error
    if _without_empty(_read(made, form), keys[:-1]) != _without_empty(wanted, keys[:-1]):
        raise FormatError("it cannot be changed without changing more of it")
    return made


def found(text: str, form: Form, keys: Sequence[str]) -> object:
    """Return what stands at `keys`, or None.

    Raises:
        FormatError: the text cannot be read in its form.
    """
    value = _read(text, form)
    for key in keys:
        value = cast("dict[str, object]", value).get(key) if isinstance(value, dict) else None
    return value


def _read(text: str, form: Form) -> object:
    """Return the value of a text as plain Python values."""
    try:
        match form:
            case "json":
                return jsonc.parsed(text)
            case "toml":
                import tomllib

                return tomllib.loads(text)
            case "yaml":
                from ruamel.yaml import YAML

                reader: Any = YAML(typ="safe", pure=True)
                value: object = reader.load(text)
                return {} if value is None else value
    except ImportError as error:
        raise FormatError(_LACKING) from error
    except Exception as error:  # each reader raises its own
        reason = " ".join(str(error).split())[:200]
        raise FormatError(f"it is no valid {form.upper()}: {reason}") from error


def _changed(before: object, keys: Sequence[str], value: dict[str, Any] | None) -> object:
    """Return the values as they shall be afterwards."""
    if not isinstance(before, dict):
        raise FormatError(f"it holds {type(before).__name__} where a table of settings belongs")
    after = copy.deepcopy(cast("dict[str, object]", before))
    table = after
    for depth, key in enumerate(keys[:-1]):
        if value is None and key not in table:
            return after
        inner = table.setdefault(key, {})
        if inner is None and value is not None:  # `extensions:` with nothing behind it
            inner = table[key] = {}
        if not isinstance(inner, dict):
            if value is None:
                return after
            raise FormatError(f"{'.'.join(keys[: depth + 1])} in it is no table")
        table = cast("dict[str, object]", inner)
    if value is None:
        table.pop(keys[-1], None)
    else:
        table[keys[-1]] = value
    return after


def _without_empty(value: object, keys: Sequence[str]) -> object:
    """Return a value without the table at `keys` where that is empty: with its last entry it may go itself."""
    if not keys or not isinstance(value, dict):
        return value
    table = dict(cast("dict[str, object]", value))
    if keys[0] in table:
        table[keys[0]] = _without_empty(table[keys[0]], keys[1:])
        if table[keys[0]] in ({}, None):
            del table[keys[0]]
    return table


def _json(text: str, keys: Sequence[str], value: dict[str, Any] | None) -> str:
    return jsonc.without_member(text, keys) if value is None else jsonc.with_member(text, keys, value)


def _toml(text: str, keys: Sequence[str], value: dict[str, Any] | None) -> str:
    import tomlkit

    document = tomlkit.parse(text)
    table: Any = document
    for key in keys[:-1]:
        if key not in table:
            table[key] = tomlkit.table(is_super_table=True)
        table = table[key]
    if value is None:
        del table[keys[-1]]
    else:
        table[keys[-1]] = value
    return tomlkit.dumps(document)


def _yaml(text: str, keys: Sequence[str], value: dict[str, Any] | None) -> str:
    from ruamel.yaml import YAML

    yaml: Any = YAML()
    yaml.preserve_quotes = True
    yaml.width = 10_000
    document: Any = yaml.load(text)
    if document is None:
        document = {}
    table = document
    for key in keys[:-1]:
        if table.get(key) is None:
            table[key] = {}
        table = table[key]
    if value is None:
        del table[keys[-1]]
    else:
        table[keys[-1]] = value
    out = StringIO()
    yaml.dump(document, out)
    comments = text if not text.strip() or _read(text, "yaml") == {} else ""
    return comments + out.getvalue()


_EDITS = {"json": _json, "toml": _toml, "yaml": _yaml}
