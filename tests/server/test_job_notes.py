"""Jobs of another server that shares the store: collected there, or reported as running, failed or lost."""

from io import BytesIO

import anyio
import pytest
from PIL import Image

from imagebridge.errors import ArgumentError, BridgeError
from imagebridge.pictures.picture import Picture
from imagebridge_server import job_notes
from imagebridge_server.job_notes import JobNotes
from imagebridge_server.jobs import Jobs
from imagebridge_tools import ToolOutput
from imagebridge_tools.files.store import Store

pytestmark = pytest.mark.anyio


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store", 1_000_000, 3600)


def made(store):
    buffer = BytesIO()
    Image.new("RGB", (6, 4), "red").save(buffer, "PNG")
    picture = Picture.from_bytes(buffer.getvalue())
    return ToolOutput("A red bridge.", (picture,), uris=(store.keep(picture, "").short,))


async def begun(jobs, make):
    """Begin a job that outlives its call; return its handle."""

    async def on_progress(*_):
        pass

    answer = await jobs.run("The picture", make, on_progress, 0.01)
    return answer.sentence.partition('"')[2].partition('"')[0]


async def collected(jobs, handle, patience, wanted=lambda _: True):
    """Collect a job as soon as the other server has written of it, and again until it is as `wanted`."""
    with anyio.fail_after(60):
        while True:
            try:
                found = await jobs.collected(handle, patience)
            except ArgumentError:
                found = None
            if found and wanted(found):
                return found
            await anyio.sleep(0.01)


@pytest.mark.parametrize("patience", [0.0, 60.0])
async def test_another_server_collects_what_one_has_made(store, patience):
    ready, answer = anyio.Event(), made(store)

    async def make(_):
        await ready.wait()
        return answer

    async with Jobs(JobNotes(store)) as one, Jobs(JobNotes(store)) as other:
        handle = await begun(one, make)
        waiting = await collected(other, handle, 0.0)
        assert waiting.sentence.startswith("The picture is still in progress after 0 s. ")
        assert handle in waiting.sentence
        ready.set()
        found = await collected(other, handle, patience, lambda found: found.pictures)
    assert found == answer


async def test_a_failure_is_told_by_another_server_too(store):
    async def make(_):
        await anyio.sleep(0.05)
        raise BridgeError("the prompt was refused")

    async with Jobs(JobNotes(store)) as one, Jobs(JobNotes(store)) as other:
        handle = await begun(one, make)
        with pytest.raises(BridgeError, match="the prompt was refused"):
            await collected(other, handle, 0.1, lambda _: False)


LOST = "^The picture was lost because the server running it has stopped; call that tool again$"


async def test_a_job_of_a_server_that_ended_is_lost(store):
    async with Jobs(JobNotes(store)) as other:
        async with Jobs(JobNotes(store)) as one:
            handle = await begun(one, lambda _: anyio.sleep_forever())
        with pytest.raises(BridgeError, match=LOST):
            await other.collected(handle, 60.0)


async def test_a_job_of_a_server_that_was_killed_is_lost(store, monkeypatch):
    """It has no last word: its silence tells."""
    handle = "image://pending-" + "0" * 16
    JobNotes(store).write(handle, job_notes.JobNote("making", "The picture", 3.0))
    monkeypatch.setattr(job_notes, "SILENCE", -1.0)
    async with Jobs(JobNotes(store)) as other:
        with pytest.raises(BridgeError, match=LOST):
            await other.collected(handle, 60.0)


@pytest.mark.parametrize(
    "handle",
    ["image://pending-" + "0" * 16, "image://pending-../../etc/passwd", "image://pending-", "pending-x"],
)
@pytest.mark.parametrize("kept", [True, False])
async def test_what_was_never_made_is_not_known(store, handle, kept):
    async with Jobs(JobNotes(store) if kept else None) as jobs:
        with pytest.raises(ArgumentError, match="is not in progress here"):
            await jobs.collected(handle, 60.0)


@pytest.mark.parametrize(
    "text", [b"", b"{}", b"[]", b'{"state": "made"}', b'{"state": 3, "told": "x", "uris": 4}']
)
async def test_a_note_that_cannot_be_read_tells_nothing(store, text):
    handle = "pending-" + "0" * 16
    store.storage.put(handle, text)
    async with Jobs(JobNotes(store)) as jobs:
        with pytest.raises(ArgumentError, match="is not in progress here"):
            await jobs.collected(f"image://{handle}", 60.0)


def test_notes_of_long_ago_are_taken_away(store, monkeypatch):
    notes, handle = JobNotes(store), "image://pending-" + "0" * 16
    notes.write(handle, job_notes.JobNote("lost", "The picture", 3.0))
    notes.tidy()
    assert notes.read(handle) is not None
    monkeypatch.setattr(job_notes, "_KEPT", -1.0)
    notes.tidy()
    assert notes.read(handle) is None
    assert list(store.storage.listed()) == []
