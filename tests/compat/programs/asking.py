"""Shared code of the programs: each calls a framework's agent for one kind of result after another."""

import json
import os
import traceback


def command():
    """Return the command that starts the server."""
    return json.loads(os.environ["COMPAT_COMMAND"])


async def ask_of_each(ask):
    """Run the agent once for each kind; a failure does not stop the others, and its error is written to stderr."""
    for kind in os.environ["COMPAT_KINDS"].split():
        try:
            await ask(f"Call the tool {kind}.")
        except Exception:  # noqa: BLE001  # the next kind is asked all the same
            traceback.print_exc()
