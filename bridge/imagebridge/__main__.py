"""The command line as `python -m imagebridge`, for use when its script is not on the PATH."""

from imagebridge.cli import main

if __name__ == "__main__":
    main()
