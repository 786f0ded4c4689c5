"""Messages passed on between a host and a server; the results of tools are repaired on the way."""

import logging
from collections.abc import AsyncIterable, AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from functools import partial
from typing import Any, Protocol

import anyio
import anyio.abc
import anyio.to_thread

from imagebridge.client.resources import ResourceContents, is_readable_link, with_linked, within_limit
from imagebridge.errors import ServerError
from imagebridge.translate.sentences import short
from imagebridge.wire import JSON, blocks_of, is_json, is_list, text_of

from . import resource_uris
from .explanation import changes
from .json_rpc import Message, Unreadable, answered_by, failure, messages, read_line, request, same, written
from .peers import HostRequest, Peers, inside, is_plain, payload, replaced
from .streams import LineTooLongError
from .tool_names import Names

_LOG = logging.getLogger("imagebridge.proxy")

_GRACE = 2.0
"""Seconds for the last answers to arrive once the host has closed its side."""

_START = 60.0
"""Seconds that a server that is started anew has to answer the handshake."""

_READ = 30.0
"""Seconds that a server has to send what a link leads to."""

_SMALL = 4_000
"""Bytes of a line without pictures that is repaired at once: a thread would take longer."""

_HEAVY = (b'"data"', b'"blob"', b"base64", b"<svg")

_BEGINNING = 1_000
"""Bytes of a broken line that are searched for the request that it answers."""

_MOST_TOLD = 10
"""Lines that are not messages of which is told: some servers print their whole log to stdout."""


class Server(Protocol):
    """A server that runs."""

    name: str

    @property
    def lines(self) -> AsyncIterator[bytes]:
        """What it says, line by line."""
        ...

    async def send(self, line: bytes, message: JSON | None = None) -> None:
        """Send a line; `message` is what it says, where that is one message."""
        ...

    async def finish(self) -> None:
        """Say that no more is coming."""
        ...

    async def end(self) -> str:
        """Return how it ended, once the last line has come."""
        ...


class HostStream(Protocol):
    """The way to the host."""

    async def send(self, line: bytes, said: Sequence[JSON]) -> None:
        """Send a line, with its end; `said` are the messages in it."""
        ...


Connect = Callable[[], AbstractAsyncContextManager[Server]]


class Relay:
    """One host and one server. A server that ends is started anew by the next request.

    connect: starts the server. output: takes what the host is to read. explain: each change is logged. names: tools
    get names and schemas that OpenAI's API takes.
    """

    def __init__(
        self,
        session: Peers,
        connect: Connect,
        output: HostStream,
        *,
        explain: bool = False,
        names: Names | None = None,
    ) -> None:
        self._session = session
        self._connect = connect
        self._output = output
        self._explain = explain
        self._names = names
        self._server: Server | None = None
        self._over = anyio.Event()
        self._over.set()
        self._waiting: dict[object, _Waiting] = {}
        self._garbage = 0

    async def run(self, host: AsyncIterable[bytes]) -> None:
        """Relay until the host closes its side or reads no more.

        Raises:
            ServerError: the server cannot be started at all.
        """
        failed: ServerError | None = None
        async with anyio.create_task_group() as tasks:
            self._tasks = tasks
            try:
                await tasks.start(self._hold)
            except ServerError as error:
                failed = error
            else:
                await self._follow(host)
                if self._server:
                    await self._server.finish()
                with anyio.move_on_after(_GRACE):
                    await self._over.wait()
            tasks.cancel_scope.cancel()
        if failed:
            raise failed

    async def _follow(self, host: AsyncIterable[bytes]) -> None:
        lines = aiter(host)
        while True:
            try:
                line = await anext(lines)
            except StopAsyncIteration:
                return
            except LineTooLongError as error:
                _LOG.warning("the host sent %s; it is left out", error)
                continue
            await self._heard(line)

    # From the host to the server.

    async def _heard(self, line: bytes) -> None:
        """Pass on a message of the host. Requests to a server that has ended start it anew, or are refused."""
        message, _ = read_line(line)
        parts = messages(message)
        pending = [one for part in parts if (one := self._session.heard(part, line))]
        if self._names and is_json(message):
            line = self._names.called(message, line)
        if is_json(message):
            message, line = resource_uris.asked(message, line)
        if self._server is None and pending:
            await self._start_anew(pending)
        if self._server is not None:
            await self._server.send(line + b"\n", message if is_json(message) else None)

    async def _start_anew(self, pending: list[HostRequest]) -> None:
        """Start the server again, and let it hear the handshake of before; refuse what was asked where that fails."""
        opening, opened = self._session.opening, self._session.opened
        try:
            await self._tasks.start(self._hold)
            if opening and pending[0].method != "initialize":
                first = {**opening[0], "id": self._session.own_id()}
                await self._own(first, _START)
                if opened and self._server:
                    await self._server.send(opened + b"\n")
        except ServerError as error:
            await self._refuse(f"{error.server}: {error.problem}")

    async def _refuse(self, why: str) -> None:
        """Answer all that waits for a server which cannot answer any more."""
        for waiting in self._waiting.values():
            waiting.set(failure(None, why))
        for pending in self._session.unanswered():
            refused = failure(pending.number, why)
            await self._send(written(refused), [refused])

    # The server.

    async def _hold(self, *, task_status: anyio.abc.TaskStatus[None]) -> None:
        """Run the server until it ends, and answer for it what it left open."""
        async with self._connect() as server:
            self._server, self._over = server, anyio.Event()
            task_status.started()
            # Answers are repaired beside each other; what comes behind them is not held up.
            async with anyio.create_task_group() as repairs:
                await self._listen(server, repairs)
            how = await server.end()
        self._server = None
        await self._refuse(
            f"the server {server.name} {how} before it answered. Its log says why; the next request starts it again."
        )
        self._over.set()

    async def _listen(self, server: Server, repairs: anyio.abc.TaskGroup) -> None:
        while True:
            try:
                line = await anext(server.lines)
            except StopAsyncIteration:
                return
            except LineTooLongError as error:
                _LOG.warning("the server sent %s; it is left out", error)
                await self._refuse_broken(error.start, f"the server answered with {error}")
                continue
            await self._came(line, repairs)

    async def _came(self, line: bytes, repairs: anyio.abc.TaskGroup) -> None:
        """Pass on a message of the server, or have it repaired first."""
        message, clean = read_line(line)
        if isinstance(message, Unreadable):
            if message.deep:
                await self._send(line + b"\n", [])
            else:
                self._tell_garbage(message)
                await self._refuse_broken(
                    line[:_BEGINNING], "the server's answer is not JSON that can be read"
                )
            return
        parts = messages(message)
        if is_json(message) and self._session.is_own(message.get("id")) and "method" not in message:
            if waiting := self._waiting.get(message["id"]):
                waiting.set(message)
            return
        pending = [self._session.answered(part) for part in parts]
        passes = (
            one is None or not _may_change(one) or is_plain(part, one)
            for part, one in zip(parts, pending, strict=True)
        )
        if all(passes) and not any(map(_is_of_task, parts)):
            await self._send(line + b"\n" if clean else written(message, len(line)), parts)
            return
        if len(line) < _SMALL and not any(mark in line for mark in _HEAVY) and not any(map(_links, parts)):
            await self._repair(message, pending, line, clean=clean)
        else:
            repairs.start_soon(partial(self._repair, message, pending, line, clean=clean))

    async def _refuse_broken(self, start: bytes, why: str) -> None:
        """Answer the request that a broken line was to answer, where its beginning says which."""
        if pending := self._session.taken(answered_by(start)):
            refused = failure(pending.number, why)
            await self._send(written(refused), [refused])

    def _tell_garbage(self, message: Unreadable) -> None:
        self._garbage += 1
        if self._garbage <= _MOST_TOLD:
            more = " Further ones are not told." if self._garbage == _MOST_TOLD else ""
            _LOG.warning(
                "the server wrote a line to stdout that is not a message, so it is left out: %s%s",
                message.text,
                more,
            )

    async def _send(self, line: bytes, said: Sequence[JSON]) -> None:
        # A host that reads no more closes its own side too, which ends all.
        with suppress(OSError):
            await self._output.send(line, said)

    # Repairs.

    async def _repair(
        self, message: Message, pending: list[HostRequest | None], line: bytes, *, clean: bool
    ) -> None:
        """Send a message on with its results repaired; where none needs it, as the bytes that came."""
        parts = messages(message)
        try:
            made = [
                await self._repaired(part, one, len(line)) for part, one in zip(parts, pending, strict=True)
            ]
        # A fault of ours must not cost the answer.
        except Exception:  # noqa: BLE001
            _LOG.exception("a result could not be repaired, so it is passed on as it came")
            made = list(parts)
        if all(new is old for new, old in zip(made, parts, strict=True)) and clean:
            await self._send(line + b"\n", parts)
        else:
            await self._send(written(made[0] if is_json(message) else made, len(line)), made)

    async def _repaired(self, message: JSON, pending: HostRequest | None, size: int) -> JSON:
        """Return a message with what it holds of a tool's result repaired; the very same where nothing is to be done."""
        if pending is None:
            params = message.get("params")
            if not (_is_of_task(message) and is_json(params)):
                return message
            found = inside(params)
            new = found and await self._result(found, self._session.nobody(), size)
            return message if new is found else {**message, "params": {**params, "result": new}}
        if "error" in message and "result" not in message:
            return message
        if "result" not in message:
            return failure(pending.number, "the server's answer holds neither a result nor an error")
        result = message["result"]
        if not is_json(result):
            if pending.method != "tools/call":
                return message
            result = {"content": result}
        if pending.method == "tools/list":
            listed = self._session.listed(result, pending.host)
            listed = self._names.listed(listed) if self._names else listed
            return message if listed is message["result"] else {**message, "result": listed}
        if pending.given:
            read_result = resource_uris.answered(result)
            return message if read_result is message["result"] else {**message, "result": read_result}
        found = payload(pending, result)
        if found is None:
            return message
        new = await self._result(found, pending, size)
        return message if new is message["result"] else {**message, "result": replaced(pending, result, new)}

    async def _result(self, result: JSON, pending: HostRequest, size: int) -> JSON:
        """Return a tool's result as the host copes with it; the very same where it does already."""
        host, promised = pending.host, self._session.promises(pending)
        whole: JSON = result
        if not host.reads_links and any(map(is_readable_link, blocks_of(result))):
            whole = await with_linked(result, partial(self._linked, pending.meta))
        # Only now: hosts wait for the start of a server, and what draws takes long to load.
        from imagebridge.repair.protocol import repaired_for

        work = partial(repaired_for, whole, host, promised=promised)
        made = work() if size < _SMALL and whole is result else await anyio.to_thread.run_sync(work)
        if same(made, result):
            return result
        if self._explain:
            for change in changes(result, made):
                _LOG.info("%s: %s", pending.tool or pending.method, change)
        return made

    # Requests of our own.

    async def _linked(self, meta: JSON, uri: str) -> ResourceContents:
        """Read what a link leads to."""
        params: Mapping[str, Any] = {"uri": uri, **({"_meta": meta} if meta else {})}
        try:
            answer = await self._own(request(self._session.own_id(), "resources/read", params), _READ)
        except ServerError as error:
            return error.problem
        result, error = answer.get("result"), answer.get("error")
        if is_json(error):
            return short(text_of(error, "message")) or "the server refused"
        from imagebridge.repair.protocol import reread

        contents = reread(result).get("contents") if is_json(result) else None
        return within_limit([dict(one) for one in contents if is_json(one)] if is_list(contents) else [])

    async def _own(self, message: JSON, seconds: float) -> JSON:
        """Return the server's answer to a request of our own, which the host never sees.

        Raises:
            ServerError: it does not come.
        """
        server = self._server
        if server is None:
            raise ServerError("the server", "it has ended")
        number = message["id"]
        waiting = self._waiting[number] = _Waiting()
        try:
            await server.send(written(message), message)
            with anyio.move_on_after(seconds):
                return await waiting.answer()
            raise ServerError(server.name, f"no answer within {seconds:g} seconds")
        finally:
            del self._waiting[number]


class _Waiting:
    """An answer that is waited for."""

    def __init__(self) -> None:
        self._event = anyio.Event()
        self._answer: JSON = {}

    def set(self, answer: JSON) -> None:
        self._answer = answer
        self._event.set()

    async def answer(self) -> JSON:
        await self._event.wait()
        return self._answer


def _may_change(pending: HostRequest) -> bool:
    return pending.given or pending.method in ("tools/list", "tools/call", "tasks/result", "tasks/get")


def _is_of_task(message: JSON) -> bool:
    """Tell whether a notification carries what a task came to."""
    params = message.get("params")
    return (
        text_of(message, "method").startswith("notifications/tasks")
        and is_json(params)
        and inside(params) is not None
    )


def _links(message: JSON) -> bool:
    result = message.get("result")
    return is_json(result) and any(map(is_readable_link, blocks_of(result)))
