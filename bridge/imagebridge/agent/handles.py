"""Picture handles: `picture:3` names a picture that was shown, and as an argument of a tool stands for that picture.

The files are kept as the tools returned them, at full size, up to `MAX_BYTES`; beyond that the oldest are dropped.
`imagebridge.schemas.parameters` finds the form that a tool's schema requires.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from tempfile import TemporaryDirectory, mkstemp
from threading import Lock
from typing import TYPE_CHECKING, Literal, NamedTuple, cast
from urllib.parse import urlsplit

import anyio
import anyio.to_thread

from imagebridge.client.config import HttpServer
from imagebridge.client.threads import in_thread
from imagebridge.errors import ArgumentError, BridgeError, PictureError, nearest
from imagebridge.pictures import kinds
from imagebridge.pictures.base64 import base64_bytes, to_base64
from imagebridge.pictures.convert import converted, retyped
from imagebridge.pictures.picture import Picture
from imagebridge.providers.provider import Translation
from imagebridge.providers.registry import receiver
from imagebridge.providers.responses import translate, translation_of
from imagebridge.schemas.hints import FORMS, PictureForm
from imagebridge.schemas.parameters import PictureArgument, Wish, has_handle, picture_parameters, replaced
from imagebridge.translate.picture_lines import handle
from imagebridge.translate.policy import Policy
from imagebridge.translate.result import ReadResult, read_result
from imagebridge.translate.sentences import amount
from imagebridge.wire import JSON, is_json

from .kept_names import coming_handles, named_once

if TYPE_CHECKING:
    from openai.types.responses import FunctionToolParam

    from imagebridge.client.connection import Connection

MAX_BYTES = 256_000_000
"""The maximum bytes of pictures, as base64, that a bridge keeps for its handles."""

_GZIP = b"\x1f\x8b"
"""The first bytes of a compressed SVG, which only a few tools can read."""

HandlesChoice = Literal["auto"] | bool | Mapping[str, PictureForm | None]
Share = Literal["local"] | bool | Collection[str]


_HINT = 'To pass a picture that was shown earlier, use its name, such as "picture:3".'


class _KeptFile(NamedTuple):
    """The file of a picture, as base64 or a `data:` URL, the server that it came from, and that server's name for it.

    origin: None for a picture from the user.
    """

    encoded_file: str
    origin: "Connection | None"
    uri: str = ""


class Handles:
    """The pictures that a bridge has shown, by number.

    choice: "auto" names pictures if any tool's schema accepts one; True always, False never. A mapping
        implies "auto" and specifies the form in which parameters accept pictures, or None if they accept none, as in
        `{"crop.source": "path", "ocr.pages": "base64", "run.image": None}`.
    share: which servers may receive pictures that came from another server or from the user. "local": those that run in this process,
        were started by a command line, or are at a loopback address. True: all, False: none, or
        a list of them: names in the configuration file, command lines or URLs.
    """

    def __init__(self, choice: HandlesChoice = "auto", share: Share = "local") -> None:
        self._chosen_forms = _checked_choice(choice)
        self._always = choice is True
        self._never = choice is False
        self._share = _checked_share(share)
        self.on = False
        self._schemas: dict[str, JSON] = {}
        self._names: dict[int, str] = {}
        self._kept: dict[int, _KeptFile] = {}
        self._held = 0
        self._next = 1
        self._order: anyio.Lock | None = None
        self._writing = Lock()
        self._folder: TemporaryDirectory[str] | None = None
        self._files: dict[tuple[int, str], Path] = {}

    def open(self, connections: "Iterable[Connection]") -> None:
        """Start with these servers, under the names that the user knows, not those that the servers give themselves.

        Raises:
            BridgeError: `share` names a server that is not among them.
        """
        self._order = anyio.Lock()
        self._names = {id(connection): connection.name for connection in connections}
        if isinstance(self._share, frozenset):
            for name in sorted(self._share - set(self._names.values())):
                raise BridgeError(
                    f"share names an unknown server, {name!r}{_nearest(name, self._names.values())}"
                )

    def close(self) -> None:
        """Forget all pictures and delete the files made from them. A number is never used twice."""
        self._kept.clear()
        self._files.clear()
        self._held = 0
        folder, self._folder = self._folder, None
        if folder:
            folder.cleanup()

    def learn(self, tools: "Sequence[FunctionToolParam]") -> "list[FunctionToolParam]":
        """Find the tools that accept pictures, and return all definitions, in which these tools explain handles."""
        self._schemas = {
            tool["name"]: parameters for tool in tools if is_json(parameters := tool["parameters"])
        }
        takers = {name for name, schema in self._schemas.items() if self._takes(name, schema)}
        self.on = not self._never and (self._always or bool(takers))
        if not self.on:
            return list(tools)
        return [_hinted(tool) if tool["name"] in takers else tool for tool in tools]

    def _takes(self, name: str, schema: JSON) -> bool:
        chosen_forms = self._chosen_forms.get(name, {})
        forms = {**picture_parameters(name, schema), **chosen_forms}
        return any(form is not None for form in forms.values())

    def check(self) -> None:
        """Check the chosen parameters against the existing tools.

        Raises:
            BridgeError: a tool or a parameter does not exist.
        """
        for tool, chosen in self._chosen_forms.items():
            if tool not in self._schemas:
                raise BridgeError(f"handles names an unknown tool, {tool!r}{_nearest(tool, self._schemas)}")
            properties = self._schemas[tool].get("properties")
            for path in chosen:
                name = path.partition(".")[0]
                if is_json(properties) and properties and name not in properties:
                    raise BridgeError(
                        f"handles names an unknown parameter, {tool}.{path}{_nearest(name, properties)}"
                    )

    async def filled(
        self, tool: str, arguments: JSON, connection: "Connection"
    ) -> tuple[JSON, list[ArgumentError]]:
        """Return the arguments for `connection`'s tool with handles replaced by pictures, and the mistakes found.

        A handle is wrong if it does not exist, or if this server may not or cannot receive the picture; it is left in place.
        """
        if not self.on or not has_handle(arguments):
            return arguments, []
        chosen = self._chosen_forms.get(tool, {})
        give = partial(
            replaced, tool, self._schemas.get(tool, {}), arguments, chosen, partial(self._hand, connection)
        )
        return await anyio.to_thread.run_sync(give)

    def numberings(self, calls: int) -> "list[Numbering]":
        """Return the positions of the calls of one response, which determine the order of their pictures' numbers."""
        events = [anyio.Event() for _ in range(calls)]
        return [Numbering(self, events[at - 1] if at else None, event) for at, event in enumerate(events)]

    async def read(self, result: JSON, policy: Policy, origin: "Connection | None") -> ReadResult:
        """Read a result and give its pictures the next numbers."""
        assert self._order is not None, "the bridge is open"
        known = self._handles_of(origin)
        # Others wait only until the number of pictures is known: fitting takes longer than reading.
        async with self._order:
            # The text before a picture may already name it when it is shown for the first time.
            coming = coming_handles(result, self._next)
            read = await self._read(named_once(result, {**coming, **known}), policy)
            if any(coming.get(uri, handle(number)) != handle(number) for number, uri in read.uris.items()):
                read = await self._read(named_once(result, known), policy)
            self._keep(read.encoded_files, read.uris, origin)
        return read

    async def _read(self, result: JSON, policy: Policy) -> ReadResult:
        return await in_thread(partial(read_result, result, policy, self._next, receiver(policy)))

    def _handles_of(self, origin: "Connection | None") -> dict[str, str]:
        """Return the handles of the pictures that came from a server, by the server's names for them."""
        kept = self._kept.items()
        return {file.uri: handle(number) for number, file in kept if file.uri and file.origin is origin}

    def _keep(
        self, encoded_files: Mapping[int, str], uris: Mapping[int, str], origin: "Connection | None"
    ) -> None:
        """Keep the files of pictures; the oldest are dropped when their total size exceeds the limit."""
        for number, encoded_file in encoded_files.items():
            self._kept[number] = _KeptFile(encoded_file, origin, uris.get(number, ""))
            self._held += len(encoded_file)
            self._next = number + 1
        while self._held > MAX_BYTES:
            self._held -= len(self._kept.pop(next(iter(self._kept))).encoded_file)

    def _hand(self, connection: "Connection", argument: str, number: int, wish: Wish) -> PictureArgument:
        """Pass picture `number` to an argument of `connection`'s tool."""
        file = self._kept.get(number)
        if file is None:
            raise ArgumentError(argument, self._missing(number))
        name = handle(number)
        if not self._may_receive(connection, file.origin):
            whose = f"came from the server {file.origin.name}" if file.origin else "belongs to the user"
            raise ArgumentError(
                argument,
                f"{name} {whose}, and {connection.name} may not receive pictures from elsewhere; to allow "
                "this, use Bridge(share=...) or --share",
            )
        if wish.form == "path" and not _is_local(connection.setup.server):
            raise ArgumentError(
                argument,
                f"{name} cannot be passed as a file path, because {connection.name} runs on another machine",
            )
        try:
            media_type, encoded = _encoded(file.encoded_file, wish.media_types)
        except PictureError as error:
            raise ArgumentError(argument, f"{name} cannot be passed: {error.reason}") from None
        match wish.form:
            case "data_url" if file.uri and connection is file.origin and not wish.media_types:
                # Its own server already has it: nothing is sent twice.
                text = file.uri
            case "data_url":
                text = f"data:{media_type};base64,{encoded}"
            case "base64":
                text = encoded
            case "path":
                text = str(self._file_holding(number, media_type, base64_bytes(encoded)[0]))
        return PictureArgument(text, media_type)

    def _missing(self, number: int) -> str:
        """State that the picture does not exist, and which pictures do."""
        # A list, because pictures may arrive while this thread looks.
        match list(self._kept):
            case [only]:
                there = f"the only picture available is {handle(only)}"
            case [first, *_, last]:
                there = f"the pictures available are {handle(first)} to {handle(last)}"
            case _:
                there = "no picture has been shown yet"
        if number < self._next:
            why = f"{handle(number)} is no longer kept (only the newest pictures are, up to {amount(MAX_BYTES)})"
        else:
            why = f"there is no {handle(number)}"
        return f"{why}; {there}"

    def _may_receive(self, connection: "Connection", origin: "Connection | None") -> bool:
        """Return whether a server may receive a picture; it may always receive its own."""
        if connection is origin:
            return True
        if isinstance(self._share, frozenset):
            return self._names.get(id(connection)) in self._share
        return self._share is True or (self._share == "local" and _is_local(connection.setup.server))

    def _file_holding(self, number: int, media_type: str, data: bytes) -> Path:
        """Return a file that contains `data`; a file that a tool has changed is not reused."""
        with self._writing:
            known = self._files.get((number, media_type))
            if known and known.is_file() and known.read_bytes() == data:
                return known
            self._folder = self._folder or TemporaryDirectory(
                prefix="imagebridge-", ignore_cleanup_errors=True
            )
            # A run of hours leaves no more files than there are pictures.
            for key in [key for key in self._files if key[0] not in self._kept]:
                with suppress(OSError):  # Windows: a program is still reading it
                    self._files.pop(key).unlink(missing_ok=True)
            file_type = kinds.kind(data)
            suffix = file_type.suffix if file_type else ""
            file, path = mkstemp(prefix=f"picture-{number}-", suffix=suffix, dir=self._folder.name)
            with open(file, "wb") as stream:
                stream.write(data)
            self._files[number, media_type] = Path(path)
            return Path(path)


class Numbering:
    """The position of a call in its response: its pictures are numbered after those of the calls before it.

    See docs/architecture.md, "The order of picture names".
    """

    def __init__(self, handles: Handles, before: anyio.Event | None, done: anyio.Event) -> None:
        self._handles = handles
        self._before = before
        self._done = done

    async def translated(self, result: JSON, policy: Policy, origin: "Connection | None") -> Translation:
        """Translate the result of the call, off the event loop; its pictures get handles if handles are on."""
        if not self._handles.on:
            # Recorded here too: handles may be switched on before the next call is read, which waits for this one.
            self._done.set()
            return await in_thread(partial(translate, result, policy))
        try:
            if self._before:
                await self._before.wait()
            read = await self._handles.read(result, policy, origin)
        finally:
            self._done.set()
        return await in_thread(partial(translation_of, read))


def _encoded(encoded_file: str, media_types: tuple[str, ...]) -> tuple[str, str]:
    """Return the media type and base64 of a file: unchanged, repaired, or converted to a requested type."""
    try:
        media_type, encoded = _typed(Picture.from_base64(encoded_file))
    except PictureError:
        data, _ = base64_bytes(encoded_file)
        file_type = kinds.kind(data)
        if file_type is None or data.startswith(_GZIP):
            return _typed(converted(encoded_file, "structure").pictures[0])
        media_type, encoded = file_type.media_type, to_base64(data)
    if media_types and media_type not in media_types:
        return _typed(retyped(encoded_file, media_types))
    return media_type, encoded


def _typed(picture: Picture) -> tuple[str, str]:
    return picture.media_type, picture.base64


def _is_local(spec: object) -> bool:
    """Return whether a server is on this machine: in this process, started by a command line, or at a loopback address."""
    url = spec.url if isinstance(spec, HttpServer) else spec if isinstance(spec, str) else ""
    if not isinstance(spec, HttpServer) and not url.startswith(("http://", "https://")):
        return True
    try:
        host = urlsplit(url).hostname or ""
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _hinted(tool: "FunctionToolParam") -> "FunctionToolParam":
    return {**tool, "description": f"{tool.get('description') or ''}\n{_HINT}".lstrip()}


def _checked_choice(choice: object) -> dict[str, dict[str, PictureForm | None]]:
    """Return the parameters for which a form was chosen, by tool."""
    if choice == "auto" or isinstance(choice, bool):
        return {}
    if not is_json(choice):
        raise TypeError(f'handles must be "auto", True, False or a mapping, not {choice!r}')
    chosen: dict[str, dict[str, PictureForm | None]] = {}
    for key, form in choice.items():
        tool, _, path = key.partition(".")
        if not path:
            raise ValueError(f"handles: {key!r} does not name a parameter; write it as 'tool.parameter'")
        known: PictureForm | None = next((one for one in FORMS if one == form), None)
        if known is None and form is not None:
            raise ValueError(f"handles: {key!r} is set to {form!r}; it must be {', '.join(FORMS)} or None")
        chosen.setdefault(tool, {})[path] = known
    return chosen


def _checked_share(share: object) -> Literal["local"] | bool | frozenset[str]:
    if share == "local" or isinstance(share, bool):
        return cast("Literal['local'] | bool", share)
    if isinstance(share, str) or not isinstance(share, Collection):
        raise TypeError(f'share must be "local", True, False or a list of server names, not {share!r}')
    return frozenset(cast("Collection[str]", share))


def _nearest(name: str, names: Iterable[object]) -> str:
    near = nearest(name, map(str, names))
    return f"; did you mean {near!r}?" if near else f"; available: {', '.join(map(str, names)) or 'none'}"
