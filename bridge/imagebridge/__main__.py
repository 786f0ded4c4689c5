"""`python -m imagebridge`: the command line, if its script is not on the PATH."""

from imagebridge.cli import main

if __name__ == "__main__":
    main()
