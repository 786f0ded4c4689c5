"""apart: a call that is cancelled, at whatever moment, leaves no process behind."""

import time

import anyio
import psutil
from hypothesis import given, settings
from hypothesis import strategies as st

from imagebridge_tools.apart import PROCESSES, apart


@settings(deadline=None, max_examples=4)
@given(st.lists(st.floats(0, 0.4), min_size=4, max_size=8))
def test_a_call_that_is_cancelled_at_any_moment_leaves_no_process(moments):
    here = psutil.Process()
    before = here.children()

    def since():
        return [one for one in here.children() if one not in before]

    async def cancelled(after):
        with anyio.move_on_after(after):
            await apart(time.sleep, 0.05)

    async def run():
        async with anyio.create_task_group() as calls:
            for after in moments:
                calls.start_soon(cancelled, after)
        await apart(time.sleep, 0)
        assert len([one for one in since() if one.status() != psutil.STATUS_ZOMBIE]) <= PROCESSES

    anyio.run(run)
    _, alive = psutil.wait_procs(since(), timeout=60)
    assert alive == []
