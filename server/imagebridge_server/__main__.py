"""`python -m imagebridge_server`, and the entry point of `imagebridge-server`."""

from .cli import command


def main() -> None:
    """Run the command line."""
    command(prog_name="imagebridge-server")


if __name__ == "__main__":
    main()
