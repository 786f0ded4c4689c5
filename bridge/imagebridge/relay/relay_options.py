"""The options of a relay, and the relay made from them: the same over stdio and HTTP."""

import logging
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import anyio

from imagebridge.client.host_log import StderrRecords, keep_stderr_writable
from imagebridge.facts.hosts import Host

from .child_server import child
from .peers import Peers
from .relay import Relay
from .transports import Connect, HostStream

_LOOK = 0.2
"""The time in seconds between checks for a signal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayOptions:
    """The options that the user chose.

    command: starts the server; url: its address instead of a command, and headers: sent to it. host: who
    reads the results; None: the host that the client reports. explain: whether each change is reported.
    names: whether tools get names and schemas that OpenAI's API accepts.
    """

    command: Sequence[str] = ()
    url: str = ""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    host: Host | None = None
    explain: bool = False
    names: bool = False

    def relay(self, output: HostStream) -> Relay:
        """Return a relay with its own server."""
        names = None
        if self.names:
            from .tool_names import Names

            names = Names()
        return Relay(Peers(self.host), self._connect(), output, explain=self.explain, names=names)

    def _connect(self) -> Connect:
        if not self.url:
            return partial(child, self.command)
        from .remote_server import remote

        return partial(remote, self.url, self.headers)

    def tell(self) -> None:
        """Write the relay's messages to stderr; nothing blocks if the host does not read them."""
        keep_stderr_writable()
        logging.basicConfig(format="imagebridge proxy: %(message)s", handlers=[StderrRecords()])
        if self.explain:
            logging.getLogger("imagebridge.proxy").setLevel(logging.INFO)


async def until_signal() -> None:
    """Return once the process is told to stop."""
    if sys.platform == "win32":
        # On that system, no event loop reports signals.
        came: list[int] = []
        for number in (signal.SIGINT, signal.SIGBREAK):
            signal.signal(number, lambda one, _: came.append(one))
        while not came:  # noqa: ASYNC110
            await anyio.sleep(_LOOK)
        return
    ending = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as under `nohup`
        ending.append(signal.SIGHUP)
    with anyio.open_signal_receiver(*ending) as signals:
        async for _ in signals:
            return
