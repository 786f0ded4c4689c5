"""A local API that answers from a scripted model, and counts the requests that it rejects."""

from itertools import count

from imagebridge.testing.server import LoopbackServer


class ScriptedApi:
    """Calls `model.turn(names of tools, results so far)` for each request that offers tools.

    refusals: why requests were refused. numbers: of what the model says, from 1.
    """

    def __init__(self, model):
        self.model = model
        self.refusals = []
        self.numbers = count(1)

    def __enter__(self):
        self._server = LoopbackServer(self.answer)
        self.base_url = f"http://127.0.0.1:{self._server.server_port}"
        return self

    def __exit__(self, *_):
        self._server.stop()

    def answer(self, method, path, content):
        """Return the answer to a request."""
        raise NotImplementedError
