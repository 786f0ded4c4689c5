"""Page numbers as people write them: `1-3, 7`."""

import re
from collections.abc import Sequence

from imagebridge.errors import ArgumentError

_RANGE = re.compile(r"(\d{1,20})(?:\s*[-–]\s*(\d{1,20}))?$")


def ranges(pages: str) -> list[tuple[int, int]]:
    """Return the first and last page of each requested range.

    Raises:
        ArgumentError: the text is not a list of pages.
    """
    found: list[tuple[int, int]] = []
    for part in pages.split(",") if pages.strip() else ():
        match = _RANGE.match(part.strip())
        if not match:
            raise ArgumentError("pages", f"contains {part.strip()!r}; use numbers and ranges such as 1-3, 7")
        found.append((int(match[1]), int(match[2] or match[1])))
    return found


def chosen(pages: str, total: int, unit: str = "page", most: int = 0) -> list[int]:
    """Return the requested page numbers in the order requested; if none are, return all, or the first `most`.

    Raises:
        ArgumentError: the text is not a list of pages, a page does not exist, or there are more than `most`.
    """
    if not pages.strip():
        return list(range(1, (min(total, most) if most else total) + 1))
    numbers: list[int] = []
    for first, last in ranges(pages):
        for number in (first, last):
            if not 1 <= number <= total:
                count = f"{total:,} {unit}{'' if total == 1 else 's'}"
                problem = f"asks for {unit} {number}, but the document has only {count}"
                raise ArgumentError("pages", problem)
        step = 1 if first <= last else -1
        numbers += range(first, last + step, step)
    numbers = list(dict.fromkeys(numbers))
    if most and len(numbers) > most:
        first = in_words(numbers[:most]).removeprefix("pages ")
        raise ArgumentError(
            "pages",
            f"has {len(numbers)} entries, but at most {most} are drawn per call; ask for {first}, for "
            "example",
        )
    return numbers


def in_words(numbers: Sequence[int], unit: str = "page") -> str:
    """Return numbers in words, such as `page 2` or `pages 1-3, 7`."""
    if not numbers:
        return f"no {unit}s"
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    listed = ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)
    return f"{unit}{'' if len(numbers) == 1 else 's'} {listed}"
