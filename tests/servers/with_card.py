"""imagebridge-server with a card: one start writes it below IMAGEBRIDGE_TESTED_CARDS, the next replaces this process."""

import json
import os
import subprocess
import sys
import time
import zlib
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1]))

from first_messages import initialize


def main():
    flags = ["-P"] if sys.flags.safe_path else []
    command = [sys.executable, *flags, "-m", "imagebridge_server", *sys.argv[1:]]
    variables = sorted(one for one in os.environ.items() if not one[0].startswith("PYTEST"))
    started = json.dumps([command, os.getcwd(), variables]).encode()
    cards = Path(os.environ["IMAGEBRIDGE_TESTED_CARDS"], f"{zlib.crc32(started):08x}")
    os.environ["IMAGEBRIDGE_CARD"] = str(cards)
    if not list(cards.glob("*.card")):
        prepare(cards, command)
    os.execv(sys.executable, command)


def prepare(cards, command):
    """Let a start write its card, and give it the oldest possible date, which changes when the card is used."""
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL) as process:
        process.stdin.write(json.dumps(initialize()).encode() + b"\n")
        process.stdin.flush()
        process.stdout.readline()
        until = time.monotonic() + 120
        while not list(cards.glob("*.card")) and time.monotonic() < until:
            time.sleep(0.05)
        process.stdin.close()
    for card in cards.glob("*.card"):
        os.utime(card, (1, 1))


main()
