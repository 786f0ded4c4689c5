"""Maps a number to an input: an entry of the corpus, randomly changed."""

import random
from functools import cache
from pathlib import Path

from .kinds import KINDS

CORPUS = Path(__file__).with_name("corpus")

WHEEL = [
    kind
    for kind, share in {
        "results": 5,
        "pictures": 5,
        "documents": 2,
        "svgs": 2,
        "specs": 2,
        "tools": 2,
        "streams": 1,
        "answers": 3,
        "requests": 2,
        "relayed": 2,
        "bodies": 2,
        "calls": 1,
    }.items()
    for _ in range(share)
]
"""The kind of each input in turn, where all are asked for: by what one costs."""


@cache
def corpus(kind):
    """Return the files of a kind: valid ones to start from, and earlier findings."""
    return sorted(one for one in (CORPUS / kind).iterdir() if one.is_file())


@cache
def content(file):
    return KINDS[file.parent.name].read(file.read_bytes())


def kind_of(only, number):
    """Return the kind of input `number`."""
    return only or WHEEL[number % len(WHEEL)]


def odd_input(kind, seed, number):
    """Return input `number` of a kind, always the same."""
    chance = random.Random(f"{kind} {seed} {number}")
    files = corpus(kind)
    first, other = chance.choice(files), chance.choice(files)
    return KINDS[kind].change(chance, content(first), content(other))


def kept(kind, seed, number):
    """Write an input to the corpus and return its path."""
    file = CORPUS / kind / f"found-{seed}-{number}"
    file.write_bytes(KINDS[kind].written(odd_input(kind, seed, number)))
    return file
