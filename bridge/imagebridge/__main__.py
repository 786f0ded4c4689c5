"""`python -m imagebridge`: the command line, for whom the script of that name is not found."""

from imagebridge.cli import main

if __name__ == "__main__":
    main()
