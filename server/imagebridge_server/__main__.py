"""`python -m imagebridge_server`, and the entry point of `imagebridge-server`."""

import gc

# By full names: worker processes run this file again as a script outside a package.
from imagebridge_server.startup.start import begin


def main() -> None:
    """Run the command line. If an earlier start has kept a card, the host is answered before anything else is loaded."""
    gc.disable()  # Loading makes half a million objects that stay: looking for others among them is in vain.
    start = begin()
    from imagebridge_server.cli import command

    command(prog_name="imagebridge-server", obj=start)


if __name__ == "__main__":
    main()
