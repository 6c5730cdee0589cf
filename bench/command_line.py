"""What the commands of the bench have in common at the terminal."""

import argparse
import signal
import sys
from pathlib import Path


def fail(message):
    raise SystemExit(f"{Path(sys.argv[0]).name}: {message}")


def positive(text):
    """For argparse: a whole number from 1."""
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number from 1, not {text}")
    return number


def run(main):
    """Ends the process with main()'s result; at TERM and Ctrl-C in order, without a traceback."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
