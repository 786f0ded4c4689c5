"""Determines from a tool's schema which arguments are pictures, and in which form.

| a parameter that takes strings                         | is                                            |
|--------------------------------------------------------|-----------------------------------------------|
| of `contentMediaType: image/*`                         | a picture                                     |
| named image, pictures, imageUrl, mask_image, photo1    | a picture                                     |
| named url, path, data, source, mask, if description, tool or object mention pictures | a picture   |
| named so otherwise                             | able to contain one                           |
| of another media type or format, an enum, an id, a file to be written, a container image | neither   |
| with any other name: text, query, prompt       | neither                                       |

A tool accepts pictures if it has a parameter of the first kind. A picture's name in such a parameter, or in
one that can contain a picture, is replaced; in any other parameter it stays text. See `hints` for the names.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, cast

from imagebridge.errors import ArgumentError
from imagebridge.translate.picture_lines import handle, read_asked
from imagebridge.wire import JSON, is_json, is_list, text_of

from . import hints
from .hints import PictureForm


class Wish(NamedTuple):
    """The form that a parameter requires, and the media types that it names, if any.

    certain: whether the schema says that the parameter is a picture, not just that it can contain one.
    """

    form: PictureForm
    certain: bool
    media_types: tuple[str, ...] = ()


class PictureArgument(NamedTuple):
    """The text that a tool receives in place of a picture's name, and the media type of the picture."""

    text: str
    media_type: str


Hand = Callable[[str, int, Wish], PictureArgument]
"""A function that passes picture N to the argument at a path, in the requested form."""

Chosen = Mapping[str, PictureForm | None]
"""Forms chosen by the caller, by the path of a parameter (`pages.image`); None for a parameter that is not a
picture."""

_DEPTH = 16
"""The maximum depth of objects and arrays that are searched for pictures."""

_NODES = 5_000
"""The maximum number of parameters of a tool, at all levels, that are examined."""

_SHORTEST = 200
"""The length that a schema must allow for a string, because a path may need it."""

_FORM_OF_FORMAT: dict[str, PictureForm] = {
    **dict.fromkeys(("byte", "binary", "base64"), "base64"),
    **dict.fromkeys(("path", "file-path", "filepath", "file"), "path"),
    **dict.fromkeys(("uri", "url", "iri", "uri-reference", "iri-reference"), "data_url"),
    **dict.fromkeys(("data-url", "data-uri", "data_url", "data_uri", "dataurl", "image"), "data_url"),
}
"""Formats from JSON Schema, OpenAPI and Pydantic, and formats that servers invented. A string with any other format
is not a picture."""

_MEDIA_TYPE = frozenset((("mime", "type"), ("media", "type"), ("content", "type")))
"""The last words in the names of parameters for the media type of a picture next to them."""


def picture_parameters(tool: str, schema: JSON) -> dict[str, PictureForm]:
    """Return the parameters of `tool` that are pictures according to its `schema`: their paths (`pages.image`) and forms."""
    if hints.is_about_machines(tool):
        return {}
    forms: dict[str, PictureForm] = {}
    looked: set[tuple[int, bool, str]] = set()
    waiting = [(_root(tool, schema), 0)]
    for node, depth in waiting:
        if not node.alternatives or depth > _DEPTH or len(looked) > _NODES:
            continue
        # A circular reference in a schema is reported once.
        mark = (id(node.alternatives[0]), node.about, node.path.rpartition(".")[2])
        if mark in looked:
            continue
        looked.add(mark)
        wish = node.wish()
        if wish and wish.certain:
            forms.setdefault(node.path, wish.form)
        waiting += ((child, depth + 1) for child in node.children())
    return forms


def has_handle(value: object) -> bool:
    """Return whether any string in JSON looks like a picture's name."""
    if isinstance(value, str):
        return read_asked(value) is not None
    if is_json(value):
        return any(map(has_handle, value.values()))
    return is_list(value) and any(map(has_handle, value))


def replaced(
    tool: str, schema: JSON, arguments: JSON, chosen: Chosen, hand: Hand
) -> tuple[dict[str, object], list[ArgumentError]]:
    """Return `arguments` of `tool` with each picture's name replaced by the result of `hand`, and the mistakes.

    Only whole strings are names: `picture:3`, in upper or lower case, with or without surrounding spaces. If `hand`
    raises an `ArgumentError`, or the name refers to a part of a long picture, the name stays and the mistake is
    reported once.
    """
    filling = _Filling(chosen, hand)
    fields = cast("dict[str, object]", filling.filled(arguments, _root(tool, schema)))
    return fields, list({str(one): one for one in filling.wrong}.values())


@dataclass(frozen=True, slots=True)
class _Node:
    """A position in the arguments: the schemas that apply there, its path and words.

    about: whether the tool or the object around it is about pictures. around: the description of the array that
    contains it.
    """

    alternatives: tuple[JSON, ...]
    root: JSON
    path: str
    words: tuple[str, ...]
    about: bool
    around: str = ""

    def child(self, key: str) -> "_Node":
        """Return the node of a property. Properties that the schema does not name share one node, such as `images.*`."""
        named = [one.get("properties") for one in self.alternatives]
        schemas = [properties[key] for properties in named if is_json(properties) and key in properties]
        if schemas:
            return self._inner(schemas, key, hints.words_of(key))
        rest = [one.get("additionalProperties") for one in self.alternatives]
        # A value inside an object of pictures is named like the object.
        words = self.words if any(map(is_json, rest)) and hints.sort_of(self.words) else hints.words_of(key)
        return self._inner(rest, "*" if any(map(is_json, rest)) else key, words, self._description())

    def item(self, at: int | None) -> "_Node":
        """Return the node of an array item, named like the array; None stands for items outside `prefixItems`."""
        schemas: list[object] = []
        for one in self.alternatives:
            first = one.get("prefixItems")
            own = first[at : at + 1] if is_list(first) and at is not None else ()
            schemas += own or [one.get("items")]
        return self._inner(schemas, "", self.words, self._description())

    def children(self) -> "Iterator[_Node]":
        """Yield the nodes of all properties and items that the schemas mention."""
        for one in self.alternatives:
            properties, first = one.get("properties"), one.get("prefixItems")
            for key in properties if is_json(properties) else ():
                yield self.child(str(key))
            for at in range(len(first) if is_list(first) else 0):
                yield self.item(at)
            if is_json(one.get("items")):
                yield self.item(None)
            if is_json(one.get("additionalProperties")):
                yield self.child("*")

    def _inner(
        self, schemas: Iterable[object], step: str, words: tuple[str, ...], around: str = ""
    ) -> "_Node":
        names = (self.words, *(hints.words_of(text_of(one, "title")) for one in self.alternatives))
        about = self.about or any(hints.sort_of(one) == "picture" for one in names)
        path = ".".join(filter(None, (self.path, step)))
        return _Node(_alternatives(schemas, self.root), self.root, path, words, about, around)

    def _description(self) -> str:
        """Return the descriptions and examples that the schemas contain for a value here."""
        texts = [self.around]
        for one in self.alternatives:
            examples = one.get("examples")
            texts.append(text_of(one, "description")[:2_000])
            texts += [str(example)[:100] for example in (examples[:4] if is_list(examples) else ())]
        return " ".join(filter(None, texts))

    def wish(self) -> Wish | None:
        """Return the form that a string here requires, or None if it is not a picture."""
        texts = [one for one in self.alternatives if _takes_text(one)]
        if self.alternatives and not texts:
            return None
        description, sort = self._description(), hints.sort_of(self.words)
        named = [text_of(one, "contentMediaType").lower() for one in texts if "contentMediaType" in one]
        media_types = ["image/jpeg" if one == "image/jpg" else one for one in named]
        pictures = [one for one in media_types if one.startswith("image/")]
        if not pictures and (media_types or not sort or hints.means_otherwise(self.words, description)):
            return None
        certain = bool(pictures) or sort == "picture" or self.about or hints.speaks_of_pictures(description)
        form = self._form(texts, description)
        return Wish(form, certain, tuple(one for one in pictures if one != "image/*")) if form else None

    def _form(self, texts: list[JSON], description: str) -> PictureForm | None:
        """Return the form that the schemas require or else the hints suggest; None if this is not a picture."""
        fields = {key: value for one in reversed(texts) for key, value in one.items()}
        encoding, shape = text_of(fields, "contentEncoding").lower(), text_of(fields, "format").lower()
        longest = fields.get("maxLength")
        if isinstance(longest, int) and longest < _SHORTEST:
            return None
        if encoding:
            return "base64" if encoding == "base64" else None
        if shape:
            return _FORM_OF_FORMAT.get(shape)
        if text_of(fields, "pattern").startswith("^data:"):
            return "data_url"
        return hints.form_of(self.words, description)


def _root(tool: str, schema: JSON) -> _Node:
    """Return the node of a tool's arguments."""
    return _Node(_alternatives([schema], schema), schema, "", (), hints.is_about_pictures(tool))


def _alternatives(schemas: Iterable[object], root: JSON) -> tuple[JSON, ...]:
    """Return `schemas`, and all schemas that they refer to or combine, each once."""
    schemas_by_id: dict[int, JSON] = {}
    waiting = list(schemas)
    for one in waiting:
        if not is_json(one) or id(one) in schemas_by_id:
            continue
        schemas_by_id[id(one)] = one
        if (reference := text_of(one, "$ref")).startswith("#"):
            waiting.append(pointed(root, reference))
        for key in ("allOf", "anyOf", "oneOf"):
            inner = one.get(key)
            waiting += inner if is_list(inner) else ()
    return tuple(schemas_by_id.values())


def pointed(root: JSON, pointer: str) -> object:
    """Return the value that a JSON pointer such as `#/$defs/Image` refers to, or None if there is none."""
    if not pointer.startswith("#/"):
        return root if pointer == "#" else None
    value: object = root
    for step in pointer.split("/")[1:]:
        value = value.get(step.replace("~1", "/").replace("~0", "~")) if is_json(value) else None
    return value


def _takes_text(schema: JSON) -> bool:
    """Return whether a schema by itself accepts any string."""
    types = schema.get("type")
    if "enum" in schema or "const" in schema:
        return False
    if types is None:
        return not schema.keys() & {"$ref", "allOf", "anyOf", "oneOf", "properties", "items", "prefixItems"}
    return types == "string" or (is_list(types) and "string" in types)


@dataclass(frozen=True, slots=True)
class _Filling:
    """Replaces the picture names in the arguments of one call."""

    chosen: Chosen
    hand: Hand
    wrong: list[ArgumentError] = field(default_factory=list["ArgumentError"])

    def filled(self, value: object, node: _Node) -> object:
        """Return a value with picture names in it replaced."""
        if is_json(value):
            return self._object(value, node)
        if is_list(value):
            return [self.filled(one, node.item(at)) for at, one in enumerate(value)]
        picture_argument = self._picture_argument(value, node)
        return picture_argument.text if picture_argument else value

    def _object(self, value: JSON, node: _Node) -> dict[str, object]:
        """Replace names in an object; if it contains one picture and its media type, set the type to the actual one."""
        picture_arguments = {key: self._picture_argument(one, node.child(key)) for key, one in value.items()}
        types = [one.media_type for one in picture_arguments.values() if one]
        fields: dict[str, object] = {}
        for key, one in value.items():
            typed = (
                isinstance(one, str) and one.startswith("image/") and hints.words_of(key)[-2:] in _MEDIA_TYPE
            )
            if handed := picture_arguments[key]:
                fields[key] = handed.text
            elif isinstance(one, str):
                fields[key] = types[0] if typed and len(types) == 1 else one
            else:
                fields[key] = self.filled(one, node.child(key))
        return fields

    def _picture_argument(self, value: object, node: _Node) -> PictureArgument | None:
        """Return the replacement for a value that is a picture's name, if the parameter can be a picture."""
        asked = read_asked(value) if isinstance(value, str) else None
        if asked is None:
            return None
        if node.path in self.chosen:
            form = self.chosen[node.path]
            wish = Wish(form, certain=True) if form else None
        else:
            wish = node.wish()
        # `picture 3` is what the accompanying lines call it; only a parameter that is certainly a picture can mean that.
        if wish is None or not (asked.certain or wish.certain):
            return None
        if asked.part:
            problem = (
                f"{asked.text!r} is part of a picture, but tools receive whole pictures; pass "
                f"{handle(asked.number)!r}, with coordinates of the whole, as the line beside the part "
                "explains"
            )
            self.wrong.append(ArgumentError(node.path, problem))
            return None
        try:
            return self.hand(node.path, asked.number, wish)
        except ArgumentError as error:
            self.wrong.append(error)
            return None
