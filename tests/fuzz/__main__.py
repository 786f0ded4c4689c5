"""Results and messages that chance has made odd go through translation, repair and the reading of JSON-RPC: none may raise.

    uv run python -m tests.fuzz --minutes 10 --seed 3

Case NUMBER of a seed is always the same, and `--first NUMBER` goes on there. Exit code 1 where something raised, cannot
be written as JSON, or took over 5 seconds of CPU; each is printed with its number. Pictures have a command of their own
(tests/collection/mutated.py).
"""

import argparse
import base64
import gzip
import json
import random
import sys
import time
import traceback

from imagebridge import chat_messages, function_call_output, repair
from imagebridge.client.json_rpc import messages

SECONDS = 5.0
"""CPU seconds of one case at most."""

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"><rect width="8" height="8"/></svg>'
DOT = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="

HOSTS = (None, "unknown", "claude-desktop", "cursor", "text-only")


def result(chance):
    """A result as a server might send it, with odd values anywhere."""
    blocks = [
        {"type": "text", "text": chance.choice(["fine", '{"a": [1, 2]}', SVG.decode(), "[" * 500])},
        {"type": "image", "data": DOT, "mimeType": "image/png"},
        {"type": "image", "data": encoded(chance, gzip.compress(SVG)), "mimeType": "image/svg+xml"},
        {"type": "resource", "resource": {"uri": "file:///a", "blob": encoded(chance, SVG)}},
        {"type": "resource_link", "uri": "https://e.org/a.png", "name": "a", "size": 3},
        {"type": "audio", "data": "UklGRg==", "mimeType": "audio/wav"},
    ]
    chance.shuffle(blocks)
    whole = {
        "content": blocks[: chance.randrange(7)],
        "structuredContent": {"a": [DOT, 1]},
        "_meta": {"b": 1},
    }
    for _ in range(chance.randrange(5)):
        disturb(chance, whole)
    return whole


def encoded(chance, data):
    """Base64 of bytes of which some are lost or changed."""
    damaged = bytearray(data)
    for _ in range(chance.randrange(3)):
        damaged[chance.randrange(len(damaged))] = chance.randrange(256)
    return base64.b64encode(damaged[: chance.choice([None, chance.randrange(1, len(damaged))])]).decode()


def odd(chance):
    """A value that nobody expects."""
    value = chance.choice(
        [
            None,
            True,
            0,
            -1,
            10**400,
            10**5_000,
            1.5,
            float("nan"),
            float("inf"),
            "",
            "\ud83d",
            "\0\x9b",
            [],
            {},
            DOT,
        ]
    )
    for _ in range(chance.choice([0, 0, 1, 3, 300, 3_000])):
        value = {"a": value} if chance.random() < 0.5 else [value]
    return value


def disturb(chance, whole):
    """Put an odd value, or an odd name, at some place of a JSON value."""
    at = whole
    for _ in range(chance.randrange(1, 5)):
        inner = [
            one
            for one in (at.values() if isinstance(at, dict) else at)
            if isinstance(one, dict | list) and one
        ]
        if not inner:
            break
        at = chance.choice(inner)
    if isinstance(at, list):
        at[chance.randrange(len(at))] = odd(chance)
    elif chance.random() < 0.2:
        at[chance.choice(["\udfff", "", "type", "9" * 5_000])] = odd(chance)
    else:
        at[chance.choice(list(at))] = odd(chance)


def line(chance):
    """A line that a server writes in answer to request 7."""
    start = json.dumps({"jsonrpc": "2.0", "id": 7, "result": {"content": [{"type": "text", "text": "fine"}]}})
    deep = chance.choice([10, 300, 20_000])
    written = chance.choice(
        [start, f"[{start}]", start * 2, f"log: {start}", start.replace("fine", "\\ud83d"), start.replace('"fine"', "[" * deep + "]" * deep), start.replace('"fine"', "9" * 6_000)]
    ).encode()  # fmt: skip
    damaged = bytearray(written)
    for _ in range(chance.randrange(3)):
        damaged[chance.randrange(len(damaged))] = chance.randrange(256)
    return bytes(damaged)


def run(seed, number):
    """Run one case; raises what is wrong."""
    chance = random.Random(f"{seed} {number}")
    assert messages(line(chance))
    came = result(chance)
    made = [function_call_output(came, "c"), chat_messages([("c", came)]), repair(came, chance.choice(HOSTS))]
    json.dumps(made, ensure_ascii=False, allow_nan=False).encode()


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0)
    asked = parser.parse_args()
    end, number, wrong = time.monotonic() + 60 * asked.minutes, asked.first, 0
    while time.monotonic() < end:
        began = time.process_time()
        try:
            run(asked.seed, number)
            took = time.process_time() - began
            if took > SECONDS:
                raise TimeoutError(f"{took:.1f} seconds of CPU")
        except Exception as error:  # noqa: BLE001  # whatever it is, it is what is looked for
            wrong += 1
            place = traceback.extract_tb(error.__traceback__)[-1]
            print(
                f"{asked.seed} {number}: {type(error).__name__} {str(error)[:200]} ({place.filename}:{place.lineno})"
            )
        number += 1
    print(f"seed {asked.seed}: cases {asked.first} to {number - 1}, {wrong} wrong")
    sys.exit(wrong > 0)


if __name__ == "__main__":
    main()
