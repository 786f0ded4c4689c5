"""Opens a connection: a thread answers requests from the card until the SDK's server has loaded and takes over.

Every line also goes to the SDK, so that its session is the same as if it had answered itself. A request that the card has
answered goes to the SDK under an internal id, and the SDK's answer is compared with the card's and discarded.
"""

import json
import os
import threading
from collections import deque
from collections.abc import Callable
from typing import Any, BinaryIO

from .card import Card
from .handshake import Early, Handshake
from .host_lines import HostLines

_CHANGED = '{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}\n'


class Opening:
    """One connection over `stdin` and `stdout`; the SDK reads and writes it like a file of lines.

    settled: set once the card has no further requests to answer for now. differs: whether the server's answers differ
    from the card's, which is then deleted. on_tools_changed: called, in the writing thread, if the server lists other
    tools and the protocol's generation is the one in which subscribers are notified.
    """

    def __init__(self, card: Card, stdin: HostLines, stdout: BinaryIO) -> None:
        self._card = card
        self._stdin = stdin
        self._stdout = stdout
        self._handshake = Handshake(card)
        self._prefix = f"card-{os.urandom(8).hex()}-"
        self._replayed: dict[str, Early] = {}
        self._lines: deque[str] = deque()
        self._lock = threading.Lock()
        self._taken = False
        self._over = threading.Event()
        self.settled = threading.Event()
        self.differs = False
        self.on_tools_changed: Callable[[], object] = lambda: None

    def begin(self) -> None:
        """Start a thread that answers requests."""
        threading.Thread(target=self._run, name="opening", daemon=True).start()

    def readline(self) -> str:
        """Return the next line for the SDK, empty at the end. After the first call, the card is no longer used."""
        with self._lock:
            self._taken = True
            if self._lines:
                return self._lines.popleft()
        # The thread is waiting for a line, and nobody can interrupt it; that line is the next one.
        self._over.wait()
        return self._lines.popleft() if self._lines else self._stdin.readline()

    def write(self, text: str) -> int:
        """Write a line from the SDK, unless it answers a request that was already answered."""
        if not (self._replayed and self._prefix in text[:200]):
            self._stdout.write(text.encode())
            return len(text)
        message = json.loads(text)
        early = self._replayed.pop(message["id"])
        if canonical(message.get("result")) != early.result:
            self._drop(early)
        return len(text)

    def flush(self) -> None:
        """Flush stdout."""
        self._stdout.flush()

    def _drop(self, early: Early) -> None:
        self.differs = True
        self._card.drop()
        if early.request["method"] != "tools/list":
            return
        if self._handshake.stateless:
            self.on_tools_changed()
        else:
            self._stdout.write(_CHANGED.encode())

    def _run(self) -> None:
        try:
            while self._took(self._stdin.readline()):
                pass
        finally:
            self._over.set()
            self.settled.set()

    def _took(self, line: str) -> bool:
        """Answer a line, or keep it for the SDK; return False if it is the last line for this thread."""
        with self._lock:
            if not (line or self._taken or self._handshake.waiting):
                os._exit(0)  # The host has disconnected, and nobody waits for what is loading.
            early = self._handshake.early(line) if line and not self._taken else None
            if early:
                self._answer(early)
                number = f"{self._prefix}{len(self._replayed)}"
                self._replayed[number] = early
                line = json.dumps({**early.request, "id": number}) + "\n"
            self._lines.append(line)
            listed = early is not None and early.request["method"] == "tools/list"
            if listed or self._handshake.waiting:
                self.settled.set()
            return bool(line) and not self._taken

    def _answer(self, early: Early) -> None:
        try:
            self._stdout.write(early.line.encode())
            self._stdout.flush()
        except OSError:
            os._exit(0)  # The host is gone.


def canonical(result: Any) -> str:
    """Return a result as JSON in the form in which cards store it."""
    return json.dumps(result, ensure_ascii=False, separators=(",", ":"))
