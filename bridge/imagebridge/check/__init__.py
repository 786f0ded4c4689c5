"""Finds the problems in a request body, and repairs them.

    for finding in check(body):
        print(finding)
    client.responses.create(**fixed(body))

The strict endpoint uses the same rules to find what the API refuses. The check also finds what a model would misread,
or what costs tokens without benefit.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from imagebridge.pictures.picture import Proof

    from .finding import Finding

__all__ = ["check", "fixed"]


def check(body: Mapping[str, Any], *, proof: "Proof" = "structure") -> "list[Finding]":
    """Return the problems in a request body: first those that the API refuses, in its order of reporting, then advice.

    The contents of the mapping never cause an exception.

    Args:
        body: the arguments of `client.responses.create` (`input`) or `client.chat.completions.create` (`messages`);
            items may be SDK objects.
        proof: "structure" walks through each picture; "decoded" decodes it, which costs a hundred times as much
            and also finds damage inside the compressed pixels.

    Raises:
        TypeError: `body` is not a mapping.
    """
    # Not loaded with the package: programs that only translate should not wait for it.
    from .review import findings

    return findings(body, proof)


def fixed(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the body with all possible repairs; `check` finds the problems that remain.

    Texts that contain parts or pictures become parts, pictures are translated like those of a tool, each call gets
    exactly one output, and names become valid wherever they occur. `body` is not changed; its valid parts are
    shared with the returned body.

    Raises:
        TypeError: `body` is not a mapping.
    """
    from .mend import mended

    return mended(body)
