"""Send random inputs to every entry point for untrusted data; none may raise an error or return anything invalid.

    uv run python -m tests.fuzz --minutes 10 --seed 3

Input NUMBER of a kind and a seed is always the same. The exit code is 1 if an input raised an error, returned anything
invalid, took more than 5 seconds of CPU time, terminated the process, or exceeded its memory limit; each such input is
printed with the command that replays it. From then on, test_fuzz.py replays the files that --keep writes to corpus/.
"""

import argparse
import multiprocessing
import sys
import time

from tests.groups import bring

bring("tests")

from .cases import kept, kind_of
from .kinds import KINDS
from .working import MEMORY, work

SILENT = 120.0
"""Seconds after which an input that does not end ends its process."""

TELL = 10.0
"""Seconds between two lines that say how far it is."""


class Run:
    """Runs inputs one after another, in a process that is restarted if an input terminates it."""

    def __init__(self, asked):
        self.asked = asked
        self.number = asked.first
        self.findings = 0
        self.done = dict.fromkeys(KINDS, 0)
        self.peak = self.cpu = 0.0
        self.began = self.told = time.monotonic()

    @property
    def seconds(self):
        return time.monotonic() - self.began

    def is_over(self):
        if self.asked.count is not None:
            return self.number >= self.asked.first + self.asked.count
        return self.seconds >= 60 * self.asked.minutes

    def go(self):
        context = multiprocessing.get_context("spawn")
        while not self.is_over():
            here, there = context.Pipe()
            child = context.Process(
                target=work, args=(there, self.asked.kind, self.asked.seed, self.number), daemon=True
            )
            child.start()
            there.close()
            self.follow(here)
            child.kill()
            child.join()

    def follow(self, child):
        """Receive the process's report on each input, until the process must be replaced."""
        begun = False
        while not self.is_over():
            if not child.poll(SILENT):
                self.found(f"did not end in {SILENT:g} seconds" if begun else "the process does not start")
                return
            try:
                problem, cpu, peak = child.recv()
            except EOFError:
                self.found("ended its process")
                return
            begun = True
            self.peak, self.cpu = max(self.peak, peak), max(self.cpu, cpu)
            self.done[kind_of(self.asked.kind, self.number)] += 1
            if problem:
                self.found(problem)
            else:
                self.number += 1
            self.tell()
            if peak > MEMORY:
                return

    def found(self, problem):
        kind = kind_of(self.asked.kind, self.number)
        self.findings += 1
        place = f"--kind {kind} --seed {self.asked.seed} --first {self.number} --count 1"
        print(f"{kind} {self.number}: {problem}\n    uv run python -m tests.fuzz {place}", flush=True)
        if self.asked.keep:
            print(f"    kept as {kept(kind, self.asked.seed, self.number)}", flush=True)
        self.number += 1

    def tell(self):
        if time.monotonic() - self.told > TELL:
            self.told = time.monotonic()
            print(f"{self.seconds:.0f} s: {self.summary()}", file=sys.stderr, flush=True)

    def summary(self):
        kinds = ", ".join(f"{count:,} {kind}" for kind, count in self.done.items() if count)
        return (
            f"{sum(self.done.values()):,} inputs ({kinds}), {self.findings} findings; at most {self.cpu:.1f} s of CPU "
            f"for one, {self.peak:.0f} MB of memory"
        )


def main():
    parser = argparse.ArgumentParser(prog="tests.fuzz", description=__doc__.partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=1, help="how long (1)")
    parser.add_argument("--count", type=int, help="how many inputs, in place of --minutes")
    parser.add_argument("--seed", type=int, default=1, help="which inputs (1)")
    parser.add_argument("--first", type=int, default=0, help="the number of the first input (0)")
    parser.add_argument("--kind", choices=KINDS, help=f"one kind of input alone; they are {', '.join(KINDS)}")
    parser.add_argument("--keep", action="store_true", help="write what is found into tests/fuzz/corpus/")
    run = Run(parser.parse_args())
    run.go()
    print(f"seed {run.asked.seed}, inputs {run.asked.first} to {run.number - 1}: {run.summary()}")
    sys.exit(run.findings > 0)


if __name__ == "__main__":
    main()
