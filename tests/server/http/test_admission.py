"""Too many requests: which are rejected, and in which order waiting requests are served."""

from contextlib import ExitStack

import anyio
import anyio.lowlevel
import pytest
from anyio import wait_all_tasks_blocked
from anyio.lowlevel import RunVar
from http_callers import HERE, called, in_memory, request, result
from hypothesis import given
from hypothesis import strategies as st

from imagebridge_server import Settings, create_app
from imagebridge_server.http import admission, application
from imagebridge_server.http.admission import FullError, RequestPlaces, WorkTurns, cores
from imagebridge_server.http.token_file import add_token
from imagebridge_tools import apart

pytestmark = pytest.mark.anyio


class TestPlaces:
    def test_a_caller_has_its_own_number(self):
        places = RequestPlaces()
        with places.taken("alice", 2, 1), places.taken("alice", 2, 1):
            with pytest.raises(
                FullError,
                match=r"^this caller has 2 requests in progress, which is the limit; try again when one of them has finished$",
            ):
                with places.taken("alice", 2, 1):
                    pass
            with places.taken("bob", 2, 1):
                pass
        with places.taken("alice", 1, 1):
            pass

    @pytest.mark.parametrize("caller", ["", "alice{}"])
    def test_all_callers_together_have_one(self, monkeypatch, caller):
        monkeypatch.setattr(admission, "ALL_CALLS", 3)
        places = RequestPlaces()
        with (
            places.taken(caller.format(1), 2, 1),
            places.taken(caller.format(2), 2, 1),
            places.taken(caller.format(3), 2, 1),
        ):
            with pytest.raises(FullError, match=r"^3 requests are in progress"):
                with places.taken(caller.format(4), 2, 1):
                    pass

    def test_bodies_are_bounded_of_each_caller_and_of_all(self, monkeypatch):
        monkeypatch.setattr(admission, "ALL_BODIES", 40)
        places = RequestPlaces()
        with places.taken("alice", 9, 50):
            with pytest.raises(FullError, match=r"^this caller's requests in progress total 50 bytes"):
                with places.taken("alice", 9, 1):
                    pass
            with pytest.raises(FullError, match=r"^the requests in progress total 50 bytes"):
                with places.taken("bob", 9, 1):
                    pass
        with places.taken("alice", 9, 5), places.taken("alice", 9, 5), places.taken("bob", 9, 5):
            with pytest.raises(FullError, match=r"^this caller's requests in progress total 10 bytes"):
                with places.taken("alice", 9, 1):
                    pass
        with places.taken("", 9, 20), places.taken("", 9, 20):
            with pytest.raises(FullError, match=r"^the requests in progress total 40 bytes"):
                with places.taken("", 9, 1):
                    pass
        assert (places._taken, places._bodies) == ({}, {})

    def test_a_caller_that_may_hold_more_than_all_does_not_keep_the_others_out(self, monkeypatch):
        monkeypatch.setattr(admission, "ALL_CALLS", 4)
        places = RequestPlaces()
        with ExitStack() as held:
            for caller in ["alice"] * 9 + ["bob", "carol", "alice"]:
                held.enter_context(places.taken(caller, 10, 1))
            for caller in ("bob", "dave"):
                with pytest.raises(FullError, match=r"^4 requests are in progress"):
                    held.enter_context(places.taken(caller, 10, 1))
        assert (places._taken, places._bodies) == ({}, {})

    def test_a_body_of_unknown_size_counts_as_it_arrives(self, monkeypatch):
        monkeypatch.setattr(admission, "ALL_BODIES", 40)
        places = RequestPlaces()
        with places.taken("alice", 9, None) as first, places.taken("alice", 9, None) as second:
            for _ in range(4):
                first.received(1)
                second.received(1)
            with pytest.raises(FullError, match=r"^this caller's requests in progress total 4 bytes"):
                second.received(3)
            second.received(2)
            with places.taken("bob", 9, None) as third:
                third.received(30)
                with pytest.raises(FullError, match=r"^the requests in progress total 10 bytes"):
                    third.received(1)
        with places.taken("alice", 9, None) as alone:
            alone.received(50)
        # One whose size was announced has its room already.
        with places.taken("alice", 9, 10) as announced, places.taken("bob", 9, 30):
            announced.received(10)
        assert (places._taken, places._bodies) == ({}, {})


async def worked(count, arrivals):
    """Let calls arrive together, one finish after the other in the order in which they began; return that order."""
    turns, order, working = WorkTurns(count), [], []

    async def work(caller):
        async with turns.turn(caller):
            order.append(caller)
            done = anyio.Event()
            working.append((caller, done))
            await done.wait()

    most = 0
    async with anyio.create_task_group() as tasks:
        for caller in arrivals:
            tasks.start_soon(work, caller)
            await wait_all_tasks_blocked()
        while working:
            most = max(most, len(working))
            assert len(working) <= count
            busy = [caller for caller, _ in working]
            assert all(busy.count(caller) <= max(1, count // 2) for caller in set(busy) if caller)
            working.pop(0)[1].set()
            await wait_all_tasks_blocked()
    return order


class TestTurns:
    @pytest.mark.parametrize(
        ("count", "arrivals", "order"),
        [
            (1, "aaab", "aaba"),
            (1, "aaabbc", "aabcab"),
            (2, "aaaab", "abaaa"),
            (4, "aaaaaab", "aabaaaa"),
            (2, ["", "", "", ""], ["", "", "", ""]),
        ],
    )
    async def test_callers_take_turns(self, count, arrivals, order):
        assert await worked(count, arrivals) == list(order)

    @given(count=st.integers(1, 5), arrivals=st.lists(st.sampled_from("abcd"), max_size=12))
    def test_everybody_works_once(self, count, arrivals):
        assert sorted(anyio.run(worked, count, arrivals)) == sorted(arrivals)

    async def test_whoever_gives_up_takes_no_turn(self):
        turns, began = WorkTurns(1), []

        async def work(caller):
            async with turns.turn(caller):
                began.append(caller)
                await anyio.sleep_forever()

        async with anyio.create_task_group() as tasks:
            scopes = {}
            for caller in "abc":
                scopes[caller] = anyio.CancelScope()

                async def scoped(caller=caller):
                    with scopes[caller]:
                        await work(caller)

                tasks.start_soon(scoped)
                await wait_all_tasks_blocked()
            scopes["b"].cancel()
            await wait_all_tasks_blocked()
            assert began == ["a"]
            scopes["a"].cancel()
            await wait_all_tasks_blocked()
            assert began == ["a", "c"]
            scopes["c"].cancel()
        async with turns.turn("d"):
            pass
        assert (turns._free, dict(turns._working), dict(turns._waiting)) == (1, {}, {})


async def test_a_caller_that_asks_too_much_is_refused_at_once_and_others_are_served(tmp_path, monkeypatch):
    """The refusal says when to come again, and is sent before the body is read."""
    file = tmp_path / "tokens.toml"
    tokens = {name: add_token(file, name) for name in ("alice", "bob")}
    reached, go = [], anyio.Event()

    async def waiting(self, arguments, context, convert_result=False):
        reached.append(arguments)
        await go.wait()
        return await run(self, arguments, context, convert_result)

    from imagebridge_server import registration

    run = registration._ExplainingTool.run
    monkeypatch.setattr(registration._ExplainingTool, "run", waiting)
    monkeypatch.setattr(admission, "TURNS", 1)
    message = called("get_image", {"text": "x"})

    async def ask(name, sent=message):
        headers = sent["headers"] | {"authorization": f"Bearer {tokens[name]}"}
        return await http.post(HERE, content=sent["content"], headers=headers)

    async with in_memory(create_app(Settings(tokens=file, calls=3))) as http:
        answers = []

        async def kept(name):
            answers.append((name, await ask(name)))

        async with anyio.create_task_group() as tasks:
            for _ in range(3):
                tasks.start_soon(kept, "alice")
            while not reached:
                await anyio.lowlevel.checkpoint()
            refused = await ask("alice")
            assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
            assert refused.json() == {
                "error": "this caller has 3 requests in progress, which is the limit; try again when one of them has finished"
            }
            assert (await ask("alice", request("tools/list"))).status_code == 429
            assert (await ask("bob", request("tools/list"))).status_code == 200
            tasks.start_soon(kept, "bob")
            await wait_all_tasks_blocked()
            go.set()
        assert sorted(name for name, _ in answers) == ["alice"] * 3 + ["bob"]
        assert not any(result(answer).get("isError") for _, answer in answers)
        assert (await ask("alice")).status_code == 200


async def asked_in_chunks(http, token, parts):
    """Send a request in chunks, which does not announce its size."""

    async def body():
        for part in parts:
            yield part
            await anyio.lowlevel.checkpoint()

    headers = request("tools/list")["headers"] | {"authorization": f"Bearer {token}"}
    return await http.post(HERE, content=body(), headers=headers)


async def test_requests_in_chunks_have_room_beside_each_other(tmp_path):
    file = tmp_path / "tokens.toml"
    token, statuses = add_token(file, "alice"), []
    whole = request("tools/list")["content"].encode()

    async def ask():
        answer = await asked_in_chunks(http, token, [whole[:9], whole[9:]])
        statuses.append(answer.status_code)

    async with in_memory(create_app(Settings(tokens=file))) as http, anyio.create_task_group() as tasks:
        for _ in range(8):
            tasks.start_soon(ask)
    assert statuses == [200] * 8


async def test_a_request_in_chunks_that_finds_no_more_room_is_refused(tmp_path, monkeypatch):
    file = tmp_path / "tokens.toml"
    token, statuses = add_token(file, "alice"), []
    monkeypatch.setattr(admission, "ALL_BODIES", 4_000)

    async def ask():
        answer = await asked_in_chunks(http, token, [b" " * 100] * 20)
        statuses.append((answer.status_code, answer.headers.get("retry-after")))

    async with in_memory(create_app(Settings(tokens=file))) as http, anyio.create_task_group() as tasks:
        for _ in range(2):
            tasks.start_soon(ask)
    # The first goes on alone, and what came is not a message.
    assert sorted(statuses, key=str) == [(400, None), (429, "1")]


async def test_no_caller_takes_all_processes(tmp_path, monkeypatch):
    """Alice's calls hold the share of one caller, and Bob's finds what is left."""
    file = tmp_path / "tokens.toml"
    tokens = {name: add_token(file, name) for name in ("alice", "bob")}
    limiter, kind = anyio.CapacityLimiter(3), RunVar("test")
    reached, go = [], anyio.Event()

    async def working(self, arguments, context, convert_result=False):
        async with apart.shared_place(kind), limiter:
            reached.append(arguments["text"])
            await go.wait()
        return await run(self, arguments, context, convert_result)

    from imagebridge_server import registration

    run = registration._ExplainingTool.run
    monkeypatch.setattr(registration._ExplainingTool, "run", working)
    monkeypatch.setattr(application, "share", lambda: 2)

    async def ask(name):
        sent = called("get_image", {"text": name})
        headers = sent["headers"] | {"authorization": f"Bearer {tokens[name]}"}
        statuses.append((await http.post(HERE, content=sent["content"], headers=headers)).status_code)

    statuses = []
    async with in_memory(create_app(Settings(tokens=file))) as http, anyio.create_task_group() as tasks:
        for _ in range(4):
            tasks.start_soon(ask, "alice")
        while len(reached) < 2:
            await anyio.lowlevel.checkpoint()
        await wait_all_tasks_blocked()
        tasks.start_soon(ask, "bob")
        while len(reached) < 3:
            await anyio.lowlevel.checkpoint()
        await wait_all_tasks_blocked()
        assert reached == ["alice", "alice", "bob"]
        go.set()
    assert statuses == [200] * 5
    assert apart.SHARE.get() is None


def test_cores_are_counted():
    assert cores() >= 1
