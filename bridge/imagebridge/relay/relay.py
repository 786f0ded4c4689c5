"""Passes messages between a host and a server, and repairs tool results on the way."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import partial
from typing import Any

import anyio
import anyio.abc

from imagebridge.client.json_bytes import paired_escapes
from imagebridge.client.lines import Line, LongLine
from imagebridge.client.resources import ResourceContents, is_readable_link, with_linked, within_limit
from imagebridge.client.threads import in_thread
from imagebridge.errors import ServerError, counted
from imagebridge.translate.sentences import short
from imagebridge.wire import JSON, blocks_of, is_json, is_list, text_of

from . import resource_uris
from .explanation import changes, changes_of_list
from .json_rpc import (
    Message,
    Unreadable,
    answered_by,
    broken_request,
    failure,
    messages,
    read_line,
    request,
    same,
    unread,
    written,
)
from .peers import HostRequest, Peers, holds_link, inside, is_light, is_of_task, passes, payload, replaced
from .streams import LineSource, Rest, done
from .tool_names import Names
from .transports import Connect, HostStream, PendingAnswer, Server

_LOG = logging.getLogger("imagebridge.proxy")

_GRACE = 2.0
"""The time allowed, in seconds, for the last answers to arrive once the host has closed its side."""

_START = 60.0
"""The time allowed, in seconds, for a server's first message, the answer to a handshake."""

_READ = 30.0
"""The time allowed, in seconds, for a server to send the target of a link."""

_BEGINNING = 1_000
"""The number of bytes of a broken line that are searched for the request that it answers."""

_MOST_TOLD = 10
"""The maximum number of lines to report that are not messages: some servers print their entire log to stdout."""

_ENDED = "the connection to the server has ended"


class Relay:
    """One host and one server. If the server exits, the next request restarts it.

    connect: starts the server. output: receives the messages to the host. explain: whether each change is
    logged. names: whether tools get names and schemas that OpenAI's API accepts.
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
        self._spoke = anyio.Event()
        self._silent = False
        self._waiting: dict[object, PendingAnswer] = {}
        self._garbage = 0

    async def run(self, host: LineSource) -> None:
        """Relay until the host closes its side or stops reading.

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
                await host.each(self._heard)
                await self._end()
            tasks.cancel_scope.cancel()
        if failed:
            raise failed

    def hurry(self) -> None:
        """Make the server stop at once if the relay is cancelled, because the host waits only briefly."""
        if self._server:
            self._server.hurry()

    async def _end(self) -> None:
        """Wait for the last answers once the host has closed its side, then refuse requests still unanswered."""
        if self._server is None:
            return
        name = self._server.name
        await self._server.finish()
        if self._session.is_waiting:
            with anyio.move_on_after(_START):
                await self._spoke.wait()
        with anyio.move_on_after(_GRACE):
            await self._over.wait()
            return
        with anyio.move_on_after(_GRACE):
            await self._refuse(
                f"{name} did not answer before the host closed its side or within {_GRACE:g} seconds after that"
            )

    # From the host to the server.

    def _heard(self, line: Line) -> Rest:
        """Pass on a message from the host, unchanged if our own code fails on it."""
        try:
            return self._to_server(line)
        except Exception as fault:  # noqa: BLE001
            said = _told_fault("the host", line, fault)
            if isinstance(line, LongLine) or self._server is None:
                return None
            return self._server.send(line + b"\n", said[0] if len(said) == 1 else None)

    def _to_server(self, line: Line) -> Rest:
        """Pass on a message from the host. A request to a server that has exited restarts it, or is refused."""
        if isinstance(line, LongLine):
            _LOG.warning("the host sent %s; ignoring it", line)
            refused = unread(line)
            return self._output.send(written(refused), [refused]) if refused else None
        line = paired_escapes(line)
        message, _ = read_line(line)
        if self._names and is_json(message):
            message, line = self._names.called(message, line)
        # A server may stop at an unreadable line, so the line's request is answered if its id can be read.
        parts = messages(message) or broken_request(line)
        heard = partial(self._session.heard, line=line, whole=is_json(message))
        pending = [one for part in parts if (one := heard(part))]
        if is_json(message):
            message, line = resource_uris.to_server(message, line)
        said = message.deep if isinstance(message, Unreadable) else message if is_json(message) else None
        if self._server is not None:
            return self._server.send(line + b"\n", said)
        return partial(self._ask_anew, pending, line, said) if pending else None

    async def _ask_anew(self, pending: list[HostRequest], line: bytes, said: JSON | None) -> None:
        """Restart the server and repeat the earlier handshake; refuse waiting requests if that fails."""
        opening, opened = self._session.opening, self._session.opened
        try:
            await self._tasks.start(self._hold)
            if opening and pending[0].method != "initialize":
                first = {**opening[0], "id": self._session.own_id()}
                await self._own(first, _START)
                if opened and self._server:
                    await done(self._server.send(opened + b"\n"))
        except ServerError as error:
            await self._refuse(f"{error.server}: {error.problem}")
        if self._server is not None:
            await done(self._server.send(line + b"\n", said))

    async def _refuse(self, why: str) -> None:
        """Answer all requests that are waiting for a server that can no longer answer."""
        for pending in self._session.unanswered():
            refused = failure(pending.number, why)
            await done(self._output.send(written(refused), [refused]))

    # The server.

    async def _hold(self, *, task_status: anyio.abc.TaskStatus[None]) -> None:
        """Run the server until it exits, and answer the requests that it left open."""
        async with self._connect() as server:
            self._server, self._over, self._silent = server, anyio.Event(), False
            self._spoke = anyio.Event()
            task_status.started()
            # Answers are repaired concurrently; messages after them are not delayed.
            async with anyio.create_task_group() as repairs:
                await server.lines.each(partial(self._came, repairs))
                self._give_up()
            how = await server.end()
        self._server = None
        self._spoke.set()
        await self._refuse(
            f"the server {server.name} {how} before it answered. See its log for the reason; the next request "
            "restarts it."
        )
        self._over.set()

    def _give_up(self) -> None:
        """Stop waiting for answers to our own requests: none will arrive, and repairs would wait for them."""
        self._silent = True
        for waiting in self._waiting.values():
            waiting.set(failure(None, _ENDED))

    def _came(self, repairs: anyio.abc.TaskGroup, line: Line) -> Rest:
        """Pass on a message from the server, unchanged if our own code fails on it."""
        self._spoke.set()
        try:
            return self._to_host(repairs, line)
        except Exception as fault:  # noqa: BLE001
            said = _told_fault("the server", line, fault)
            return None if isinstance(line, LongLine) else self._output.send(line + b"\n", said)

    def _to_host(self, repairs: anyio.abc.TaskGroup, line: Line) -> Rest:
        """Pass on a message from the server, after repairing it if necessary."""
        if isinstance(line, LongLine):
            _LOG.warning("the server sent %s; ignoring it", line)
            return self._refuse_broken(line.start, f"the server returned {line}")
        line = paired_escapes(line)
        message, clean = read_line(line)
        if isinstance(message, Unreadable):
            if message.deep:
                self._session.answered(message.deep)
                return self._output.send(line + b"\n", [message.deep])
            self._tell_garbage(message)
            return self._refuse_broken(line[:_BEGINNING], "the server's answer is not readable JSON")
        parts = messages(message)
        if is_json(message) and self._session.is_own(message.get("id")) and "method" not in message:
            if waiting := self._waiting.get(message["id"]):
                waiting.set(message)
            return None
        pending = [self._session.answered(part) for part in parts]
        light = is_light(line)
        if all(map(partial(passes, light=light), parts, pending)):
            return self._output.send(line + b"\n" if clean else written(message, len(line)), parts)
        repair = partial(self._repair, message, pending, line, clean=clean, at_once=light)
        if light and not any(map(holds_link, parts)):
            return repair

        async def beside_others() -> None:
            repairs.start_soon(repair)

        return beside_others

    def _refuse_broken(self, start: bytes, why: str) -> Rest:
        """Answer the request that a broken line was meant to answer, if the start of the line identifies it."""
        pending = self._session.taken(answered_by(start))
        if pending is None:
            return None
        refused = failure(pending.number, why)
        return self._output.send(written(refused), [refused])

    def _tell_garbage(self, message: Unreadable) -> None:
        self._garbage += 1
        if self._garbage <= _MOST_TOLD:
            more = " Later lines like this are not reported." if self._garbage == _MOST_TOLD else ""
            _LOG.warning(
                "the server wrote a line to stdout that is not a message; ignoring it: %s%s",
                message.text,
                more,
            )

    # Repairs.

    async def _repair(
        self,
        message: Message,
        pending: list[HostRequest | None],
        line: bytes,
        *,
        clean: bool,
        at_once: bool,
    ) -> None:
        """Pass on a message with its results repaired, or as the original bytes if none needs repair."""
        parts = messages(message)
        try:
            made = [
                await self._repaired(part, one, at_once=at_once)
                for part, one in zip(parts, pending, strict=True)
            ]
            unchanged = clean and all(new is old for new, old in zip(made, parts, strict=True))
            out = line + b"\n" if unchanged else written(made[0] if is_json(message) else made, len(line))
        # A bug of ours must not cost the answer.
        except Exception:  # noqa: BLE001
            _LOG.exception("a result could not be repaired, so it was passed on unchanged")
            made, out = parts, line + b"\n"
        await done(self._output.send(out, made))

    async def _repaired(self, message: JSON, pending: HostRequest | None, *, at_once: bool) -> JSON:
        """Return a message with its tool result repaired; the same object if no repair is needed."""
        if pending is None:
            params = message.get("params")
            if not (is_of_task(message) and is_json(params)):
                return message
            found = inside(params)
            new = found and await self._result(found, self._session.nobody(params), at_once=at_once)
            return message if new is found else {**message, "params": {**params, "result": new}}
        if "error" in message and "result" not in message:
            return message
        if "result" not in message:
            return failure(pending.number, "the server's answer contains neither a result nor an error")
        result = message["result"]
        if not is_json(result):
            if pending.method != "tools/call":
                return message
            result = {"content": result}
        if pending.method == "tools/list":
            listed = self._session.listed(result, pending.host)
            listed = self._names.listed(listed) if self._names else listed
            self._tell(pending, changes_of_list(result, listed, "tools", "name"))
            return message if listed is message["result"] else {**message, "result": listed}
        if pending.given:
            read_result = resource_uris.to_host(result)
            self._tell(pending, changes_of_list(result, read_result, "contents", "uri"))
            return message if read_result is message["result"] else {**message, "result": read_result}
        found = payload(pending, result)
        if found is None:
            self._session.begun(pending, result)
            return message
        new = await self._result(found, pending, at_once=at_once)
        return message if new is message["result"] else {**message, "result": replaced(pending, result, new)}

    async def _result(self, result: JSON, pending: HostRequest, *, at_once: bool) -> JSON:
        """Return a tool result in a form that the host can use; the same object if it already is."""
        host, promised = pending.host, self._session.promises(pending)
        whole: JSON = result
        if not host.reads_links and any(map(is_readable_link, blocks_of(result))):
            whole = await with_linked(result, partial(self._linked, pending.meta))
        # Only now, because hosts wait for a server to start, and drawing libraries take long to load.
        from imagebridge.repair.protocol import repaired_for

        work = partial(repaired_for, whole, host, promised=promised)
        made = work() if at_once and whole is result else await in_thread(work)
        if same(made, result):
            return result
        self._tell(pending, changes(result, made))
        return made

    def _tell(self, pending: HostRequest, told: Iterator[str]) -> None:
        if self._explain:
            for change in told:
                _LOG.info("%s: %s", pending.tool or pending.method, change)

    # Requests of our own.

    async def _linked(self, meta: JSON, uri: str) -> ResourceContents:
        """Read the target of a link."""
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
        """Return the server's answer to one of our own requests, which the host never sees.

        Raises:
            ServerError: the answer does not arrive.
        """
        server = self._server
        if server is None or self._silent:
            raise ServerError("the relay", _ENDED)
        number = message["id"]
        waiting = self._waiting[number] = PendingAnswer()
        try:
            await done(server.send(written(message), message))
            with anyio.move_on_after(seconds):
                return await waiting.answer()
            raise ServerError(server.name, f"no answer within {counted(seconds, 'second')}")
        finally:
            del self._waiting[number]


def _told_fault(sender: str, line: Line, fault: Exception) -> list[JSON]:
    """Log a failure of our own code, which must not end the relay; return the readable messages of the line that caused it."""
    why = f"{type(fault).__name__}: {short(str(fault))}"
    _LOG.error("a line from %s caused an internal error, so it was passed on unchanged (%s)", sender, why)
    with suppress(Exception):
        return [] if isinstance(line, LongLine) else messages(read_line(line)[0])
    return []
