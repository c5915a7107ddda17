"""Run a command: 0 if it did what it was called for, 2 and one sentence on stderr if it could not."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext

from .. import device
from .errors import CommandError, check_pandas, sentence
from .parsers import parser

#: Commands that need pandas.
ON_TABLES = ("train", "forecast", "evaluate")


def main(arguments: Sequence[str]) -> int:
    """Run the command of the first argument and return its exit code."""
    name = arguments[0]
    try:
        options = parser(name).parse_args(arguments[1:])
        if name in ON_TABLES:
            check_pandas()
        module = importlib.import_module(f".{name}", __package__)
        with _computing(options):
            module.run(options)
        sys.stdout.flush()
    except BrokenPipeError:  # of a reader such as head, which has all that it needs
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (CommandError, ImportError, OSError, ValueError, TypeError, ArithmeticError, MemoryError, RuntimeError) as error:
        print(f"python -m numba_lstm {name}: {sentence(error)}", file=sys.stderr)
        return 2
    return 0


def _computing(options: argparse.Namespace) -> AbstractContextManager[None]:
    """Set the device of the options, and return a context with their number of threads."""
    if options.device is not None:
        device.set_device(options.device)
    return nullcontext() if options.threads is None else device.num_threads(options.threads)
