"""`python -m imagebridge_server`, and the entry point of `imagebridge-server`."""

import gc

# By full names: worker processes run this file again as a script outside a package.
from imagebridge_server.startup.start import begin


def main() -> None:
    """Run the command line. If an earlier start kept a card, the host is answered before anything else is loaded."""
    gc.disable()  # Loading creates half a million permanent objects: searching them for garbage is useless.
    start = begin()
    from imagebridge_server.cli import command

    command(prog_name="imagebridge-server", obj=start)


if __name__ == "__main__":
    main()
