"""The fixtures of the conformance suite behind `create_app`: callers, admission, logs and a store, as in our server.

The arguments are a port and an empty folder. The suite cannot send a token, so a wrapper of the application adds it.
"""

import runpy
import sys
from pathlib import Path

import uvicorn

from imagebridge_server import Settings, create_app
from imagebridge_server.http import application
from imagebridge_server.http.token_file import add_token

port, folder = int(sys.argv[1]), Path(sys.argv[2])
FIXTURES = str(Path(__file__).with_name("conformance.py"))
application.build_server = lambda *_, **__: runpy.run_path(FIXTURES)["server"]

token = add_token(folder / "tokens.toml", "suite")
settings = Settings(
    tokens=folder / "tokens.toml", store=folder / "store", public_url=f"http://127.0.0.1:{port}/mcp"
)
served = create_app(settings)


async def with_token(scope, receive, send):
    """Handle a request as that of a caller."""
    if scope["type"] == "http":
        scope["headers"] = [*scope["headers"], (b"authorization", f"Bearer {token}".encode())]
    await served(scope, receive, send)


uvicorn.run(with_token, host="127.0.0.1", port=port, log_level="warning")
