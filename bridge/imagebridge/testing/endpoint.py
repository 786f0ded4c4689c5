"""The strict local endpoint: the real SDK talks to it, it refuses what the API refuses, and it plays a script."""

import json
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from types import TracebackType
from typing import Self, cast

from imagebridge.errors import counted
from imagebridge.rules import RULES, Api, Body, Rule, Violation, broken
from imagebridge.rules.replay import REPLAY
from imagebridge.testing import chat, image_edits, images, model_list, responses, server
from imagebridge.testing.conversations import Memory
from imagebridge.testing.seen import SeenPicture, pictures
from imagebridge.testing.server import HttpResponse, LoopbackServer, json_answer, stream_answer
from imagebridge.testing.steps import Cut, Events, Fault, Ids, Late, Odd, Spoken, Step, script, spoken
from imagebridge.testing.uploaded import Files, Stored
from imagebridge.wire import JSON, JsonObject, as_list

_PLAYING = ("/v1/responses", "/v1/chat/completions")
"""Paths for requests to a model, each of which plays a step."""


@dataclass(slots=True)
class Exchange:
    """One POST request and its outcome. `violations` is empty if it was accepted."""

    path: str
    body: JsonObject
    violations: tuple[Violation, ...] = ()


class Endpoint:
    """A loopback stand-in for OpenAI's API that plays `steps`, one for each request to a model.

        with Endpoint([[("load_image", {"source": "cat.png"})], "It is a cat."]) as endpoint:
            client = OpenAI(base_url=endpoint.base_url, api_key="test")

    Requests that break a rule get the API's 400 and do not use up a step. Leaving the block raises
    AssertionError for a request beyond the last step and for steps that were not requested, unless another
    exception is being raised. If the last request to a model was refused, the steps after it could not be
    reached, which is not an error: assert on `refusals`. Requests may come from several threads.
    `images.generate` and `images.edit` get pictures without a step.

    Args:
        steps: one for each request to a model: a string, a list of calls `[(name, arguments), ...]`, or a function of
            the request body that returns one of them; `Fault`, `Cut`, `Late` and `Odd` say what
            goes wrong, `Events` is a raw stream.
        rules: what to refuse. None: all `RULES`; `without("detail")` is all but one.
        replay: whether to refuse an item of this endpoint that is sent back altered or without the rest of
            its reasoning.
        files: whether there is a Files API; many servers have none.
    """

    def __init__(
        self,
        steps: "Step | Sequence[Step]",
        *,
        rules: "Iterable[Rule] | None" = None,
        replay: bool = True,
        files: bool = True,
    ) -> None:
        self._steps = script(steps)
        self._rules = (*(RULES if rules is None else rules), *(REPLAY if replay else ()))
        self._guard = threading.Lock()
        self._server: LoopbackServer | None = None
        self._ids = Ids()
        self._played = 0
        self._problems: list[str] = []
        self._memory = Memory()
        self._stopping = threading.Event()
        self._earlier: list[list[object]] = []
        self._files = Files() if files else None
        self.exchanges: list[Exchange] = []
        """Every POST request in the order in which they came, with its path and the rules that it broke."""
        self.seen: list[SeenPicture] = []
        """The pictures that accepted requests showed the model, in order. Those that a request only
        repeats from the conversation so far do not count again."""

    @property
    def base_url(self) -> str:
        """The URL for `OpenAI(base_url=...)`, ending in /v1. Raises RuntimeError outside the `with` block."""
        if self._server is None:
            raise RuntimeError("the endpoint is not running; use it inside `with Endpoint(...) as endpoint:`")
        return f"http://127.0.0.1:{self._server.server_port}/v1"

    @property
    def requests(self) -> list[JsonObject]:
        """The bodies of all POST requests, in order, including refused ones."""
        return [exchange.body for exchange in list(self.exchanges)]

    @property
    def refusals(self) -> list[Violation]:
        """Why requests were refused, in order: the first violation of each, which the client received."""
        return [exchange.violations[0] for exchange in list(self.exchanges) if exchange.violations]

    @property
    def files(self) -> list[Stored]:
        """The uploaded files, in order, including deleted ones."""
        return self._files.stored if self._files else []

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        if error is None:
            self.verify()

    def start(self) -> Self:
        """Listen on a free port of 127.0.0.1. `with` does this; call it yourself if you cannot use a block."""
        self._server = LoopbackServer(self._answer)
        return self

    def stop(self) -> None:
        """Close connections and wait for the threads. This checks nothing; see `verify`."""
        if self._server is not None:
            self._stopping.set()
            self._server.stop()
            self._server = None

    def verify(self) -> None:
        """Raise AssertionError if a request was not expected, a step failed, or steps are left over.

        Steps after a refusal do not count as left over: a refused client may stop there, and a test may be
        about just that. `refusals` says what was refused.
        """
        left = len(self._steps) - self._played
        problems = list(self._problems)
        playing = [one for one in self.exchanges if one.path in _PLAYING]
        if left > 0 and not (playing and playing[-1].violations):
            problems.append(
                f"{left} of {counted(len(self._steps), 'step')} {'was' if left == 1 else 'were'} not requested: "
                f"{self._steps[-left:]!r:.300}"
            )
            problems += [f"refused: {violation}" for violation in self.refusals]
        if problems:
            raise AssertionError("\n".join(problems))

    # One request, from here on in the server's threads.

    def _answer(self, method: str, path: str, content: bytes) -> HttpResponse:
        if method == "GET" and path == "/v1/models":
            return json_answer(model_list.every())
        if method == "GET" and path.startswith("/v1/models/"):
            return json_answer(model_list.one(path.removeprefix("/v1/models/")))
        if path == "/v1/files" or path.startswith("/v1/files/"):
            identity = path.removeprefix("/v1/files").lstrip("/")
            return (
                self._files.answer(method, identity, content)
                if self._files
                else _error(f"Invalid URL ({method} {path})", status=404)
            )
        answers: Mapping[str, Callable[[str, JsonObject], HttpResponse]] = {
            "/v1/responses": self._respond,
            "/v1/responses/input_tokens": self._count,
            "/v1/chat/completions": self._complete,
            "/v1/images/generations": self._draw,
            "/v1/images/edits": self._edit,
            "/v1/conversations": self._converse,
        }
        if method != "POST" or path not in answers:
            self._problems.append(f"{method} {path} was not expected: this endpoint does not serve it")
            return _error(f"Invalid URL ({method} {path})", status=404)
        try:
            body = server.form_fields(content) if path == "/v1/images/edits" else json.loads(content)
        except ValueError:
            body = None
        if not isinstance(body, dict):
            return _error("We could not parse the JSON body of your request.")
        try:
            return answers[path](path, cast("JsonObject", body))
        except Exception as error:  # noqa: BLE001  # only with rules switched off: the client must not hang
            return self._fail(f"{path} could not be answered: {type(error).__name__}: {error}")

    def _respond(self, path: str, body: JsonObject) -> HttpResponse:
        exchange = self._note(path, body)
        earlier = self._memory.earlier(body)
        if isinstance(earlier, Violation):
            return self._refuse(exchange, earlier)
        body, wrong = self._resolved(body, "responses")
        read = Body(body, "responses", earlier, given=self._memory.given)
        played = self._turn(exchange, read, wrong)
        if isinstance(played, HttpResponse):
            return played
        entries, cut = played
        whole = responses.response(
            self._ids.new("resp"), body, entries, model_list.tokens(body, "responses", earlier)
        )
        if isinstance(cut, Fault):
            whole = responses.failed(whole, cut)
        if cut is None:
            items = [item.fields for item in read.items]
            self._memory.keep(body, whole["id"], earlier, items, whole["output"])
        if _is_streamed(body, cut):
            return _streamed(responses.events(whole, entries), cut)
        return _whole(whole, cut)

    def _complete(self, path: str, body: JsonObject) -> HttpResponse:
        exchange = self._note(path, body)
        body, wrong = self._resolved(body, "chat")
        played = self._turn(exchange, Body(body, "chat"), wrong)
        if isinstance(played, HttpResponse):
            return played
        entries, cut = played
        if isinstance(cut, Fault):
            return self._fail(
                "Fault(200) is a failed response, which Chat Completions does not have; use another status"
            )
        try:
            whole = chat.completion(self._ids.new("chatcmpl"), body, entries, model_list.tokens(body, "chat"))
        except TypeError as error:
            return self._fail(str(error))
        if not _is_streamed(body, cut):
            return _whole(whole, cut)
        options = cast("Mapping[str, object]", body.get("stream_options") or {})
        return _streamed(chat.chunks(whole, usage=bool(options.get("include_usage"))), cut, done=True)

    def _converse(self, path: str, body: JsonObject) -> HttpResponse:
        self._note(path, body)
        identity = self._ids.new("conv")
        self._memory.open(identity, body.get("items"))
        whole: JsonObject = {
            "id": identity,
            "object": "conversation",
            "created_at": int(time.time()),
            "metadata": {},
        }
        return json_answer(whole)

    def _draw(self, path: str, body: JsonObject) -> HttpResponse:
        return self._picture(self._note(path, body), images.ordered)

    def _edit(self, path: str, body: JsonObject) -> HttpResponse:
        return self._picture(self._note(path, body), image_edits.ordered)

    def _picture(
        self, exchange: Exchange, ordered: Callable[[JsonObject], images.ImageRequest]
    ) -> HttpResponse:
        body = exchange.body
        try:
            order = ordered(body)
        except ValueError as error:
            parameter, message = error.args
            return self._refuse(
                exchange, Violation("drawing", parameter, message, "", parameter, "invalid_value")
            )
        streamed = body.get("stream") in (True, "true")
        return stream_answer(images.events(order)) if streamed else json_answer(images.answer(order))

    def _count(self, path: str, body: JsonObject) -> HttpResponse:
        self._note(path, body)
        earlier = self._memory.earlier(body)
        body, _ = self._resolved(body, "responses")
        count = model_list.tokens(body, "responses", () if isinstance(earlier, Violation) else earlier)
        return json_answer({"object": "response.input_tokens", "input_tokens": count})

    def _note(self, path: str, body: JsonObject) -> Exchange:
        exchange = Exchange(path, body)
        with self._guard:
            self.exchanges.append(exchange)
        return exchange

    def _resolved(self, body: JsonObject, api: Api) -> tuple[JsonObject, list[Violation]]:
        """Return a body with file ids replaced by the files' bytes, and what is wrong with the ids."""
        return self._files.resolved(body, api) if self._files else (body, [])

    def _turn(
        self, exchange: Exchange, read: Body, wrong: Sequence[Violation]
    ) -> "tuple[list[Spoken], Cut | Fault | Odd | None] | HttpResponse":
        """Check the request, then play the next step: what the model says and where it is cut off, or the refusal."""
        violations = [*broken(read, self._rules), *wrong]
        if violations:
            return self._refuse(exchange, *violations)
        with self._guard:
            number = self._played
            if number >= len(self._steps):
                return self._fail(_unexpected(exchange, len(self._steps)))
            self._played += 1
            seen_pictures = self._show(read.fields, read.api)
        step = self._steps[number]
        try:
            played = step(exchange.body) if callable(step) else step
            if isinstance(played, (Fault, Cut)):
                self._unshow(seen_pictures)
            if isinstance(played, Fault):
                return ([], played) if played.status == 200 else _fault(played)
            if isinstance(played, Events):
                if not exchange.body.get("stream"):
                    raise TypeError("Events need a stream, but the request does not set stream=True")
                return stream_answer(played.events)
            if isinstance(played, Late):
                self._stopping.wait(played.seconds)
            reply = played.reply if isinstance(played, (Cut, Late, Odd)) else played
            return spoken(reply, self._ids), played if isinstance(played, (Cut, Odd)) else None
        except Exception as error:  # noqa: BLE001
            # The script is the caller's code: its error reaches the client at once and the caller at the end.
            return self._fail(f"step {number + 1} failed: {type(error).__name__}: {error}")

    def _show(self, body: JSON, api: Api) -> tuple[list[object], list[SeenPicture]]:
        content = body.get("input" if api == "responses" else "messages")
        items = cast("list[object]", content) if isinstance(content, list) else []
        # Of the earlier requests with the same beginning, the longest one that this one may continue.
        earlier_items: list[object] = []
        for earlier in self._earlier:
            if len(earlier_items) < len(earlier) < len(items) and earlier[0] == items[0]:
                earlier_items = earlier
        repeated = {index for index, item in enumerate(items) if item in earlier_items}
        new_pictures = [picture for picture in pictures(body, api) if _index(picture.path) not in repeated]
        self.seen += new_pictures
        self._earlier.append(items)
        return items, new_pictures

    def _unshow(self, items_and_pictures: tuple[list[object], list[SeenPicture]]) -> None:
        """Forget what a request showed if the model did not answer it."""
        items, new_pictures = items_and_pictures
        with self._guard:
            self._earlier = [one for one in self._earlier if one is not items]
            self.seen[:] = [one for one in self.seen if not any(one is mine for mine in new_pictures)]

    def _refuse(self, exchange: Exchange, *violations: Violation) -> HttpResponse:
        exchange.violations = violations
        return json_answer({"error": violations[0].error()}, 400)

    def _fail(self, problem: str) -> HttpResponse:
        self._problems.append(problem)
        return _error(f"imagebridge.testing: {problem}", code="unexpected_request")


def _error(message: str, *, status: int = 400, code: str | None = None) -> HttpResponse:
    error = {"message": message, "type": "invalid_request_error", "param": None, "code": code}
    return json_answer({"error": error}, status)


def _fault(fault: Fault) -> HttpResponse:
    """Return a scripted error. The SDK decides whether to retry."""
    kinds = {400: "invalid_request_error", 429: "rate_limit_error"}
    kind = kinds.get(fault.status, "server_error" if fault.status >= 500 else "invalid_request_error")
    error: object = {"message": fault.message, "type": kind, "param": fault.param, "code": fault.code}
    body = {"error": error} if fault.body is None else fault.body
    wait = fault.retry_after
    headers = {} if wait is None else {"retry-after": f"{wait:g}", "retry-after-ms": f"{wait * 1000:g}"}
    return replace(json_answer(body, fault.status), headers=headers)


def _is_streamed(body: JsonObject, cut: Cut | Fault | Odd | None) -> bool:
    if isinstance(cut, Odd) and cut.streamed is not None:
        return cut.streamed
    return bool(body.get("stream"))


def _streamed(
    events: Iterable[JsonObject], cut: Cut | Fault | Odd | None, *, done: bool = False
) -> HttpResponse:
    if isinstance(cut, Odd):
        return stream_answer(cut.change(list(events)), done=done)
    if not isinstance(cut, Cut):
        return stream_answer(events, done=done)
    begun = stream_answer(islice(events, cut.after))
    return begun if cut.clean else replace(begun, unsent=1)


def _whole(whole: JsonObject, cut: Cut | Fault | Odd | None) -> HttpResponse:
    if isinstance(cut, Odd):
        return json_answer(next(iter(cut.change([whole])), None))
    answer = json_answer(whole)
    half = len(answer.body) // 2
    return answer if not isinstance(cut, Cut) else replace(answer, body=answer.body[:half], unsent=half)


def _unexpected(exchange: Exchange, steps: int) -> str:
    content = exchange.body.get("input", exchange.body.get("messages"))
    last = as_list(content)[-1:] or content
    return f"unexpected request to {exchange.path} after {'all ' if steps > 1 else ''}{counted(steps, 'step')}; it ends with {last!r:.200}"


def _index(path: str) -> int:
    """The index of the item in `input[3].output[1].image_url`."""
    return int(path.partition("[")[2].partition("]")[0])
