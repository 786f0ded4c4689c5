"""Draws one SVG in a separate process: a script that `raster.py` runs and nothing imports.

Arguments: the folder of resvg_py, width and height in pixels, the limits in bytes and seconds, the parent's process id,
and the font family for text whose own families are not installed; if it is empty, the system's settings name one.
stdin: the SVG in UTF-8. stdout: a PNG, or a reason if the exit code is 3. stderr: the rasteriser's log.
"""

import os
import sys


def main() -> int:
    """Draw the SVG on stdin, and return the exit code."""
    folder, width, height, memory, seconds, parent = sys.argv[1], *map(int, sys.argv[2:7])
    family = sys.argv[7] or None
    _end_with(parent)
    _limit(memory, seconds)
    # After the standard library, which a package of the same name must not replace.
    sys.path.append(folder)
    import resvg_py

    answer = os.dup(1)
    # The rasteriser logs to stdout.
    os.dup2(2, 1)
    code = 0
    try:
        drawn = resvg_py.svg_to_bytes(
            svg_string=sys.stdin.buffer.read().decode(),
            width=width,
            height=height,
            dpi=96,  # Zero, the default, makes physical units zero as well.
            log_information=True,
            # The last choice for all text: where the other generic families are installed, they stay as they are.
            serif_family=family,
        )
    except ValueError as error:
        drawn, code = str(error).encode(), 3
    with os.fdopen(answer, "wb") as stdout:
        stdout.write(drawn)
    return code


def _end_with(parent: int) -> None:
    """End when the parent process ends, even if it is killed; outside Linux, only the limits end this process."""
    if sys.platform != "linux":
        return
    import ctypes
    import signal

    # Its number is 1 in `linux/prctl.h`.
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)
    if os.getppid() != parent:  # It was gone before.
        os._exit(1)


def _limit(memory: int, seconds: int) -> None:
    """Limit this process to `memory` bytes, and to `seconds` in case its parent is gone; write no core file."""
    if sys.platform == "win32":
        import msvcrt

        msvcrt.SetErrorMode(msvcrt.SEM_FAILCRITICALERRORS | msvcrt.SEM_NOGPFAULTERRORBOX)
        return
    import resource

    for limit, value in (
        # Not RLIMIT_AS: fonts are mapped, and may be larger than any picture.
        (resource.RLIMIT_DATA, memory),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_CORE, 0),
    ):
        _, most = resource.getrlimit(limit)
        value = value if most == resource.RLIM_INFINITY else min(value, most)
        resource.setrlimit(limit, (value, value))


if __name__ == "__main__":
    sys.exit(main())
