"""The errors that end a command: a message on stderr and an exit code."""

from collections.abc import Generator
from contextlib import contextmanager

import click

from imagebridge.errors import (
    BridgeError,
    DeadlineError,
    RunError,
    TokenLimitError,
    ToolNameError,
    TurnLimitError,
    counted,
)
from imagebridge.requirements import CHARTS, DOCUMENTS, QR_CODES, lacking

ERROR = 1
"""The exit code when a tool, the model or the API answered with an error."""


class Failure(click.ClickException):
    """No request could be made: incorrect usage, a missing key, or a server that does not start."""

    exit_code = 2


class BadAnswer(Failure):
    """The request was answered with an error."""

    exit_code = ERROR


@contextmanager
def failures() -> Generator[None]:
    """Turn imagebridge's own exceptions into a `Failure`."""
    try:
        yield
    except ToolNameError as error:
        raise Failure(unknown_tool(error.name, error.names)) from error
    except TurnLimitError as error:
        raise BadAnswer(
            f"the model is still calling tools after {counted(error.turns, 'turn')}; allow more with --max-turns"
        ) from error
    except TokenLimitError as error:
        raise BadAnswer(
            f"the model is still calling tools after {counted(error.spent, 'token')}; allow more than "
            f"{error.budget:,} with --budget"
        ) from error
    except DeadlineError as error:
        raise BadAnswer(
            f"no answer within {counted(error.deadline, 'second')}; allow more with --deadline"
        ) from error
    except RunError as error:
        raise BadAnswer(str(error)) from error
    except BridgeError as error:
        raise Failure(str(error)) from error


def unknown_tool(name: str, names: list[str]) -> str:
    """State that no server offers `name`, which tool is most similar, and what our own server would need for it."""
    missing = next((lacking(tool) for tool in (CHARTS, DOCUMENTS, QR_CODES) if tool.name == name), "")
    own = f"; in imagebridge-server, {missing}" if missing else ""
    return f"{ToolNameError(name, names)}{own}"
