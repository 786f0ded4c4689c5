"""`python -m imagebridge_server`, and the entry point of `imagebridge-server`."""

# By its whole name: worker processes read this file again, as a script of no package.
from imagebridge_server.cli import command


def main() -> None:
    """Run the command line."""
    command(prog_name="imagebridge-server")


if __name__ == "__main__":
    main()
