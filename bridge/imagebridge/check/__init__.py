"""Finds what is wrong with a request body, and repairs it.

    for finding in check(body):
        print(finding)
    client.responses.create(**fixed(body))

What the API refuses is found by the same rules that the strict endpoint uses. What a model would
misread, or pay for without benefit, is found as well.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from imagebridge.pictures.picture import Proof

    from .finding import Finding

__all__ = ["check", "fixed"]


def check(body: Mapping[str, Any], *, proof: "Proof" = "structure") -> "list[Finding]":
    """Return what is wrong with a request body: first what the API refuses, in the order of its answers, then advice.

    Content never raises.

    Args:
        body: what `client.responses.create` (`input`) or `client.chat.completions.create` (`messages`) receives;
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
    """Return the body with all possible repairs; `check` still finds what is left.

    Texts that contain parts or pictures become parts, pictures are translated like those of a tool, calls get
    exactly one output, and names become valid wherever they occur. `body` is not changed; its valid parts are
    shared with the returned body.

    Raises:
        TypeError: `body` is not a mapping.
    """
    from .mend import mended

    return mended(body)
