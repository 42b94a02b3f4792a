"""``python -m reconciler`` and the console script: hand over to the command line, under supervision of signals."""

import sys


def main() -> int:
    """Run the command line; returns the exit code, as README.md lists them."""
    from reconciler import interruption

    return interruption.end(interruption.supervised(_command_line, last=True))


def _command_line() -> int:
    from reconciler.cli.app import main as run

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
