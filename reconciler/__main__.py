"""``python -m reconciler`` and the console script: hand over to the command line, under supervision of signals."""

import gc
import sys

NEW_OBJECTS = 150_000
"""New objects that start a garbage collection. Python's 700 would start a hundred of them while modules are imported,
and none would find anything. A command over fifty tables makes 70,000. With 15,000 the daemon needs as much memory."""


def main() -> int:
    """Run the command line; returns the exit code, as docs/reference/exit-codes.md lists them."""
    gc.set_threshold(NEW_OBJECTS)
    if None in (sys.stdin, sys.stdout, sys.stderr):
        from reconciler.cli.streams import open_missing

        open_missing()
    from reconciler import interruption

    return interruption.end(interruption.supervised(_command_line, last=True))


def _command_line() -> int:
    from reconciler.cli.app import main as run

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
