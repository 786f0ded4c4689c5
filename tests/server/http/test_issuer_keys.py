"""The times at which an issuer's keys are requested, and how long they are valid."""

from contextlib import nullcontext
from types import SimpleNamespace

import anyio
import pytest
from anyio import wait_all_tasks_blocked

from imagebridge_server.http import issuer_keys

pytestmark = pytest.mark.anyio


@pytest.fixture
def times(monkeypatch):
    """Let the time be told; seconds since the first question."""
    told = SimpleNamespace(now=1_000.0)
    monkeypatch.setattr(issuer_keys.anyio, "current_time", lambda: told.now)
    return told


@pytest.fixture
def keys(monkeypatch):
    """An issuer's keys, what the issuer tells, how often it was asked, and what its answers wait for."""
    made = issuer_keys.IssuerKeys("https://issuer.example")
    made.told, made.asked, made.answers = {("a", "RS256"): "key a"}, 0, anyio.Event()
    made.answers.set()

    async def fetch():
        made.asked += 1
        await made.answers.wait()
        if made.told is None:
            raise ValueError("it has no metadata")
        return dict(made.told)

    monkeypatch.setattr(made, "_fetch", fetch)
    monkeypatch.setattr(issuer_keys.anyio, "fail_after", lambda _: nullcontext())
    return made


async def test_a_new_key_is_found_and_one_taken_back_counts_no_more(keys, times):
    assert await keys.key("a", "RS256") == "key a"
    keys.told = {("b", "RS256"): "key b"}
    # Whatever tokens name: the issuer has just told all of its keys.
    assert [await keys.key(name, "RS256") for name in ("b", "c", "d")] == [None] * 3
    assert keys.asked == 1
    times.now += issuer_keys._PAUSE
    assert [await keys.key(name, "RS256") for name in ("b", "a", "c")] == ["key b", None, None]
    assert keys.asked == 2


async def test_a_key_is_fetched_anew_after_some_time_though_nobody_names_another(keys, times):
    await keys.key("a", "RS256")
    keys.told = {("b", "RS256"): "key b"}
    times.now += issuer_keys._FRESH - 1
    assert await keys.key("a", "RS256") == "key a"
    times.now += 1
    assert await keys.key("a", "RS256") is None


async def test_keys_count_for_some_time_where_the_issuer_is_silent(keys, times):
    await keys.key("a", "RS256")
    keys.told = None
    times.now += issuer_keys._FRESH
    for _ in range(3):
        assert await keys.key("a", "RS256") == "key a"
    assert keys.asked == 2
    with pytest.raises(issuer_keys.SilentIssuerError, match="it has no metadata"):
        await keys.key("b", "RS256")
    times.now += issuer_keys._STALE
    with pytest.raises(issuer_keys.SilentIssuerError):
        await keys.key("a", "RS256")


@pytest.mark.parametrize("told", [{("a", "RS256"): "key a"}, None])
async def test_all_who_wait_share_one_answer(keys, times, told):
    keys.told, keys.answers, found = told, anyio.Event(), []

    async def ask(name):
        try:
            found.append(await keys.key(name, "RS256"))
        except issuer_keys.SilentIssuerError:
            found.append("silent")

    async with anyio.create_task_group() as tasks:
        for name in "abababab":
            tasks.start_soon(ask, name)
        await wait_all_tasks_blocked()
        assert (keys.asked, found) == (1, [])
        keys.answers.set()
    assert keys.asked == 1
    assert sorted(map(str, found)) == (["None"] * 4 + ["key a"] * 4 if told else ["silent"] * 8)


async def test_nobody_waits_for_a_silent_issuer_whose_key_is_known(keys, times):
    await keys.key("a", "RS256")
    times.now += issuer_keys._FRESH
    keys.answers = anyio.Event()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(keys.key, "a", "RS256")
        await wait_all_tasks_blocked()
        assert [await keys.key("a", "RS256") for _ in range(50)] == ["key a"] * 50
        keys.answers.set()
    assert keys.asked == 2
