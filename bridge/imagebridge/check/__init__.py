"""What is wrong with a request body, and the body in which it is mended.

    for finding in check(body):
        print(finding)
    client.responses.create(**fixed(body))

What the API refuses is found by rules that the strict endpoint uses too. What a model would
misread or cost in vain is found besides.
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
        body: what `client.responses.create` (`input`) or `client.chat.completions.create` (`messages`) is given;
            items may be objects of the SDK.
        proof: "structure" walks through each picture; "decoded" decodes it, which costs a hundred times as much
            and also finds damage inside the compressed pixels.

    Raises:
        TypeError: `body` is not a mapping.
    """
    # Not loaded with the package: nobody should wait for a check that only translates.
    from .review import findings

    return findings(body, proof)


def fixed(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the body with everything mended that can be; the rest stays and `check` finds it still.

    Texts that hold parts or pictures become parts, pictures are translated as those of a tool are, calls get
    exactly one output, names become legal wherever they stand. `body` is not changed; what was right in it is
    shared with what is returned.

    Raises:
        TypeError: `body` is not a mapping.
    """
    from .mend import mended

    return mended(body)
