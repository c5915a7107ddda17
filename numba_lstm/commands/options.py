"""Options of commands. A wrong one is one line on stderr and exit code 2."""

from __future__ import annotations

import argparse
import codecs
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from ..console import arguments as types
from .tables.dialect import Dialect

#: Delimiters that a shell writes with difficulty.
_DELIMITERS = {"tab": "\t", "\\t": "\t", "semicolon": ";", "comma": ","}


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        """Print the message and exit with code 2."""
        line = " ".join(message.split())
        print(f"{self.prog}: {line}{'' if line.endswith(('.', '?')) else '.'}", file=sys.stderr)
        sys.exit(2)


def parser(command: str, description: str) -> Parser:
    """Return a parser without options."""
    return Parser(prog=f"python -m numba_lstm {command}", description=description, allow_abbrev=False)


def share(text: str) -> float:
    """Return a number of at least 0 and below 1."""
    return _number(text, lambda value: 0 <= value < 1, "a number of at least 0 and below 1")


def level(text: str) -> float:
    """Return a number between 0 and 1, both excluded."""
    return _number(text, lambda value: 0 < value < 1, "a number between 0 and 1")


def positive(text: str) -> float:
    """Return a number above 0."""
    return _number(text, lambda value: 0 < value < float("inf"), "a number above 0")


def _number(text: str, fits: Callable[[float], bool], expected: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not fits(value):
        raise argparse.ArgumentTypeError(f"expected {expected}, got {text!r}.")
    return value


def _delimiter(text: str) -> str:
    found = _DELIMITERS.get(text, text)
    if len(found) != 1 or found in '"\r\n':
        raise argparse.ArgumentTypeError(f"expected one letter, such as ';' or tab, got {text!r}.")
    return found


def _encoding(text: str) -> str:
    try:
        codecs.lookup(text)
        "".encode(text)
    except (LookupError, ValueError) as error:
        raise argparse.ArgumentTypeError(f"expected an encoding, such as utf-8 or cp1252, got {text!r}.") from error
    return text


def add_dialect(command: argparse.ArgumentParser) -> None:
    """Add the options that say how a file is written."""
    group = command.add_argument_group("how the file is written")
    group.add_argument("--delimiter", type=_delimiter, default=",", metavar="C", help="between columns (default: a comma)")
    group.add_argument("--decimal", choices=[".", ","], default=".", help="decimal point (default: .)")
    group.add_argument("--encoding", type=_encoding, default="utf-8", metavar="E", help="default: utf-8, with or without a BOM")
    group.add_argument("--time-format", metavar="F", help="of Python's strptime, such as '%%d.%%m.%%Y' (default: a guess)")


def dialect(options: argparse.Namespace) -> Dialect:
    """Return what the options of :func:`add_dialect` say.

    Raises
    ------
    CommandError
        If delimiter and decimal point are the same.
    """
    return Dialect(options.delimiter, options.decimal, options.encoding, options.time_format)


def add_machine(command: argparse.ArgumentParser) -> None:
    """Add the options that say where to compute."""
    command.add_argument("--device", type=types.device_name, metavar="cpu|cuda|auto", help="where to compute (default: auto)")
    command.add_argument("--threads", type=types.whole_number(1), metavar="N", help="default: one for each core")


def add_plot(command: argparse.ArgumentParser, what: str) -> None:
    """Add the option of a picture."""
    command.add_argument("--plot", type=types.plot, metavar="FILE", help=f"draw {what} into FILE (.png)")


def csv_file(text: str) -> Path:
    """Return a CSV file that can be written."""
    return types.file(".csv")(text)
