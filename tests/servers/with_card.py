"""imagebridge-server with a card of an earlier start: one start keeps it in the folder IMAGEBRIDGE_TESTED_CARDS, the next takes this process's place."""

import json
import os
import subprocess
import sys
import time
import zlib
from pathlib import Path

HELLO = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}},
}


def main():
    os.environ["IMAGEBRIDGE_CARD"] = folder = os.environ["IMAGEBRIDGE_TESTED_CARDS"]
    flags = ["-P"] if sys.flags.safe_path else []
    command = [sys.executable, *flags, "-m", "imagebridge_server", *sys.argv[1:]]
    ours = {name: value for name, value in os.environ.items() if name.startswith(("IMAGEBRIDGE_", "OPENAI_"))}
    started = json.dumps([command, os.getcwd(), ours]).encode()
    prepared = Path(folder) / f"{zlib.crc32(started):08x}.prepared"
    if not prepared.exists():
        prepare(Path(folder), command)
        prepared.touch()
    os.execv(sys.executable, command)


def prepare(cards, command):
    """Let a start keep a card, and give it the oldest date there is: one that is used gets another."""
    pipe = subprocess.PIPE
    had = set(cards.glob("*.card"))
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL) as process:
        process.stdin.write(json.dumps(HELLO).encode() + b"\n")
        process.stdin.flush()
        process.stdout.readline()
        until = time.monotonic() + 60  # Another test may be preparing the same.
        while set(cards.glob("*.card")) <= had and time.monotonic() < until:
            time.sleep(0.05)
        process.stdin.close()
    for card in set(cards.glob("*.card")) - had:
        os.utime(card, (1, 1))


main()
