"""Which arguments of a tool are pictures, by its schema, and the form in which each wants them.

| a parameter that takes strings            | is                                                        |
|-------------------------------------------|-----------------------------------------------------------|
| `contentMediaType: image/*`               | a picture                                                 |
| named image, pictures, imageUrl, mask_image, screenshot_path ... | a picture                          |
| named url, path, data, source, mask ...   | a picture where its description, the tool's name or the   |
|                                           | object around it speaks of pictures; else able to carry one |
| of another media type, an enum, a date, something to write to, a container's image | neither          |
| any other name (text, query, prompt ...)  | neither                                                   |

Only the first kind makes a tool one that takes pictures. A picture's name given to either of the first two
is replaced; given to any other it stays the text it is.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple, cast, get_args

from .wire import JSON, is_json, is_list, text_of

Form = Literal["data_url", "base64", "path"]
"""How a tool takes a picture: a `data:` URL, bare base64, or the path of a file."""

FORMS: tuple[Form, ...] = get_args(Form)


class Wish(NamedTuple):
    """What a parameter asks for: the form, and the media types it names, none where any will do.

    certain: by its schema a picture, and not only able to carry one.
    """

    form: Form
    certain: bool
    media_types: tuple[str, ...] = ()


class Handed(NamedTuple):
    """What is given to a tool in place of a picture's name, and the media type of its bytes."""

    text: str
    media_type: str


Hand = Callable[[str, int, Wish], Handed]
"""Gives picture N to the argument of that name, in the form it wishes."""

Chosen = Mapping[str, Form | None]
"""Forms that a caller chose, by the path of a parameter (`crop.images`); None for one that is no picture."""

_HANDLE = re.compile(r"\s*picture(:\s*|\s+)([1-9][0-9]{0,8})\s*", re.IGNORECASE)

_DEPTH = 16
"""Levels of objects and arrays that are looked into for pictures."""


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_NOUNS = _set(
    "image images img imgs picture pictures pic pics photo photos photograph photographs screenshot screenshots "
    "bitmap bitmaps png jpeg jpg webp"
)
_CARRIERS = _set(
    "url urls uri uris path paths file files filename filepath data encoded bytes blob blobs source sources src "
    "input inputs content contents string str href link attachment attachments list array"
)
_VISIBLE = _set("mask masks frame frames thumbnail avatar logo icon sketch drawing media")
"""Names of pictures, but of other things too."""
_NOT_ALONE = _set("content contents string str list array input inputs")
"""Carriers that, without the word picture beside them, are texts more often than not."""
_WRITTEN = _set("output outputs out save saved dest destination export result")
_MAKING = _set(
    "take capture create generate make draw render save export write download fetch get search find list"
)
_FORMS: dict[str, Form] = {
    **dict.fromkeys(("path", "paths", "file", "files", "filename", "filepath"), "path"),
    **dict.fromkeys(("url", "urls", "uri", "uris", "href", "link", "src"), "data_url"),
    **dict.fromkeys(("encoded", "bytes", "blob", "blobs", "data"), "base64"),
}
_FORMATS: dict[str, Form] = {
    **dict.fromkeys(("byte", "binary", "base64"), "base64"),
    **dict.fromkeys(("path", "file-path", "filepath", "file"), "path"),
    **dict.fromkeys(("uri", "url", "iri", "uri-reference", "iri-reference"), "data_url"),
    **dict.fromkeys(("data-url", "data-uri", "data_url", "data_uri", "dataurl", "image"), "data_url"),
}

_TYPES = frozenset((("mime", "type"), ("media", "type"), ("content", "type")))

_ENCODED = re.compile(r"base[-_ ]?64|b64", re.IGNORECASE)
_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[0-9]+")
_JOINED = re.compile("|".join(sorted(_NOUNS | _CARRIERS, key=len, reverse=True)))
_SPOKEN_OF = re.compile(r"\b(?:images?|pictures?|photos?|photographs?)\b", re.IGNORECASE)
_OTHERWISE = re.compile(
    r"\b(?:docker|containers?|oci|kubernetes|disk|virtual machine|iso|ami|identifiers?|ids?|uuid|tag"
    r"|sav(?:e|es|ed|ing)|writ(?:e|es|ten|ing)|output|destination)\b",
    re.IGNORECASE,
)
"""What a description says of images that are no pictures, of names of pictures, and of files still to be made."""
_DATA_URL = re.compile(r"\bdata:|\bdata[- ]?ur[il]", re.IGNORECASE)
_PATH = re.compile(r"\bpaths?\b|\bfile ?names?\b|\blocal file", re.IGNORECASE)


def picture_parameters(name: str, schema: JSON) -> dict[str, Form]:
    """Return the parameters of tool `name` that are pictures by its `schema`: their paths (`images`, `edit.mask`) and forms."""
    found: dict[str, Form] = {}
    looked: set[tuple[int, bool, tuple[str, ...]]] = set()

    def look(node: "_Node", depth: int) -> None:
        mark = (id(node.alternatives[0]) if node.alternatives else 0, node.about, node.words)
        if mark in looked or depth > _DEPTH:
            return
        looked.add(mark)
        wish = node.wish()
        if wish and wish.certain:
            found.setdefault(node.path, wish.form)
        for child in node.children():
            look(child, depth + 1)

    look(_root(name, schema), 0)
    return found


def has_handle(value: object) -> bool:
    """Tell whether some string in JSON looks like a picture's name."""
    if isinstance(value, str):
        return _HANDLE.fullmatch(value) is not None
    if is_json(value):
        return any(map(has_handle, value.values()))
    return is_list(value) and any(map(has_handle, value))


def replaced(name: str, schema: JSON, arguments: JSON, chosen: Chosen, hand: Hand) -> dict[str, object]:
    """Return `arguments` of tool `name` with each picture's name replaced by what `hand` gives for it.

    Only whole strings are names: `picture:3`, in any case and with space around it. What `hand` raises passes.
    """
    return cast("dict[str, object]", _Filling(chosen, hand).filled(arguments, _root(name, schema)))


@dataclass(frozen=True, slots=True)
class _Node:
    """A place in a schema: the schemas that may hold there, its path, its words, and whether all around is about pictures."""

    alternatives: tuple[JSON, ...]
    root: JSON
    path: str
    words: tuple[str, ...]
    about: bool

    def child(self, key: str) -> "_Node":
        """Return the node of a property."""
        found: list[object] = []
        for one in self.alternatives:
            properties = one.get("properties")
            known = properties.get(key) if is_json(properties) else None
            found.append(known if known is not None else one.get("additionalProperties"))
        path = f"{self.path}.{key}" if self.path else key
        return _Node(_alternatives(found, self.root), self.root, path, _words(key), self._inside())

    def item(self, at: int | None) -> "_Node":
        """Return the node of an item of an array, None for one after those that stand alone; it is named as the array is."""
        found: list[object] = []
        for one in self.alternatives:
            first = one.get("prefixItems")
            alone = first[at : at + 1] if is_list(first) and at is not None else ()
            found += alone or [one.get("items")]
        return _Node(_alternatives(found, self.root), self.root, self.path, self.words, self._inside())

    def children(self) -> "Iterator[_Node]":
        """Yield the nodes of all properties and items that the schema names."""
        for one in self.alternatives:
            properties = one.get("properties")
            for key in properties if is_json(properties) else ():
                yield self.child(str(key))
            first = one.get("prefixItems")
            for at in range(len(first) if is_list(first) else 0):
                yield self.item(at)
            if is_json(one.get("items")):
                yield self.item(None)
            if is_json(inner := one.get("additionalProperties")):
                found = _alternatives([inner], self.root)
                yield _Node(found, self.root, f"{self.path}.*".lstrip("."), (), self._inside())

    def _inside(self) -> bool:
        titles = (_words(text_of(one, "title")) for one in self.alternatives)
        return (
            self.about or _named(self.words) == "picture" or any(_named(one) == "picture" for one in titles)
        )

    def wish(self) -> Wish | None:
        """Return what a string here asks for, None where it is no picture."""
        texts = [one for one in self.alternatives if _takes_text(one)]
        if not texts and self.alternatives:
            return None
        merged = {key: value for one in reversed(texts) for key, value in one.items()}
        media_types = tuple(filter(None, (text_of(one, "contentMediaType").lower() for one in texts)))
        pictures = tuple(one for one in media_types if one.startswith("image/"))
        encoding, format_ = text_of(merged, "contentEncoding").lower(), text_of(merged, "format").lower()
        longest = merged.get("maxLength")
        if (
            (media_types and not pictures)
            or encoding not in ("", "base64")
            or (format_ and format_ not in _FORMATS)
            or (isinstance(longest, int) and longest < 200)
        ):
            return None
        said = _said(self.alternatives)
        named = _named(self.words)
        if not pictures and (not named or _OTHERWISE.search(said)):
            return None
        certain = bool(pictures) or named == "picture" or self.about or bool(_SPOKEN_OF.search(said))
        form: Form = "base64" if encoding else _FORMATS.get(format_) or _form(self.words, said, merged)
        return Wish(form, certain, tuple(one for one in pictures if one != "image/*"))


def _root(name: str, schema: JSON) -> _Node:
    """Return the node of a tool's arguments. `describe_image(url)` is about a picture, `get_image(url)` is not yet."""
    words = _words(name)
    about = bool(set(words) & _NOUNS - {"screenshot", "screenshots"}) and not set(words) & _MAKING
    return _Node(_alternatives([schema], schema), schema, "", (), about)


def _alternatives(schemas: Iterable[object], root: JSON) -> tuple[JSON, ...]:
    """Return `schemas` with all that they refer to or are made of, each once."""
    found: dict[int, JSON] = {}
    waiting = list(schemas)
    while waiting:
        one = waiting.pop(0)
        if not is_json(one) or id(one) in found:
            continue
        found[id(one)] = one
        if (reference := text_of(one, "$ref")).startswith("#"):
            waiting.append(_at(root, reference))
        for key in ("allOf", "anyOf", "oneOf"):
            inner = one.get(key)
            waiting += inner if is_list(inner) else ()
    return tuple(found.values())


def _at(root: JSON, pointer: str) -> object:
    """Return what a JSON pointer such as `#/$defs/Image` leads to, None where it leads nowhere."""
    value: object = root
    for step in pointer.split("/")[1:]:
        value = value.get(step.replace("~1", "/").replace("~0", "~")) if is_json(value) else None
    return value


def _takes_text(schema: JSON) -> bool:
    """Tell whether a schema by itself lets any string pass."""
    types = schema.get("type")
    if "enum" in schema or "const" in schema:
        return False
    if types is None:
        return not schema.keys() & {"$ref", "allOf", "anyOf", "oneOf", "properties", "items"}
    return types == "string" or (is_list(types) and "string" in types)


def _words(name: str) -> tuple[str, ...]:
    """Return the words of a name: image_url, imageUrl and imageurl are alike. `base64` becomes `encoded`."""
    found: list[str] = []
    for word in _WORD.findall(_ENCODED.sub(" encoded ", name)):
        joined = _JOINED.findall(word.lower())
        found += joined if "".join(joined) == word.lower() else [word.lower()]
    return tuple(found)


def _named(words: tuple[str, ...]) -> Literal["picture", "carrier", ""]:
    """Tell whether a name says that its value is a picture, or could be one."""
    plain = [word for word in words if not word.isdigit() and len(word) > 1]
    if not plain or set(plain) & _WRITTEN:
        return ""
    last = max((at for at, word in enumerate(plain) if word in _NOUNS), default=None)
    if last is not None:
        return "picture" if all(word in _CARRIERS for word in plain[last + 1 :]) else ""
    alone = plain[-1] in _NOT_ALONE
    return "carrier" if plain[-1] in _CARRIERS | _VISIBLE and not alone else ""


def _said(alternatives: Iterable[JSON]) -> str:
    """Return what the schemas say of a value in words and by example."""
    told: list[str] = []
    for one in alternatives:
        told.append(text_of(one, "description")[:2_000])
        examples = one.get("examples")
        told += [str(example)[:100] for example in (examples[:4] if is_list(examples) else ())]
    return " ".join(told)


def _form(words: tuple[str, ...], said: str, schema: JSON) -> Form:
    """Return the form that the pattern, the description or the name asks for; a `data:` URL tells its type itself."""
    if _DATA_URL.search(said) or text_of(schema, "pattern").startswith("^data:"):
        return "data_url"
    for word in reversed(words):
        if word in _FORMS:
            return _FORMS[word]
    if _ENCODED.search(said):
        return "base64"
    return "path" if _PATH.search(said) else "data_url"


@dataclass(frozen=True, slots=True)
class _Filling:
    """One call's arguments on their way to the tool."""

    chosen: Chosen
    hand: Hand

    def filled(self, value: object, node: _Node) -> object:
        """Return a value with the names of pictures in it replaced."""
        if is_json(value):
            return self._object(value, node)
        if is_list(value):
            return [self.filled(one, node.item(at)) for at, one in enumerate(value)]
        given = self._given(value, node)
        return given.text if given else value

    def _object(self, value: JSON, node: _Node) -> dict[str, object]:
        """Fill an object; where one picture and its media type stand in it, the type is that of the bytes."""
        given = {key: self._given(one, node.child(key)) for key, one in value.items()}
        types = [one.media_type for one in given.values() if one]
        made: dict[str, object] = {}
        for key, one in value.items():
            handed = given[key]
            typed = isinstance(one, str) and one.startswith("image/") and _words(key)[-2:] in _TYPES
            if handed:
                made[key] = handed.text
            else:
                made[key] = types[0] if typed and len(types) == 1 else self.filled(one, node.child(key))
        return made

    def _given(self, value: object, node: _Node) -> Handed | None:
        """Return what is given for a value that is a picture's name, where one can be meant."""
        handle = _HANDLE.fullmatch(value) if isinstance(value, str) else None
        if handle is None:
            return None
        if node.path in self.chosen:
            form = self.chosen[node.path]
            wish = Wish(form, certain=True) if form else None
        else:
            wish = node.wish()
        # `picture 3` is what our lines call it; only a parameter that is surely a picture can mean that.
        if wish is None or (":" not in handle[1] and not wish.certain):
            return None
        return self.hand(node.path, int(handle[2]), wish)
