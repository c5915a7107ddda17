"""Command line options of the examples."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

from ..console import arguments as types
from ..device import get_device
from .catalog import Example


class Options(argparse.Namespace):
    """Options that :func:`parse` returns."""

    device: str
    epochs: int
    seed: int
    limit: int | None  #: number of samples at most, as the example counts them; None: all
    threads: int | None
    verbose: int | str  #: of ``fit``
    save: Path | None
    plot: Path | None
    folds: int  #: of exercises
    runs: int  #: of pendulum
    units: int  #: of pronunciation


def _up_to(most: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        value = most if text == "all" else types.whole_number(1)(text)
        if value > most:
            raise argparse.ArgumentTypeError(f"expected a whole number from 1 to {most}, or all, got {text!r}.")
        return value

    return number


def parse(example: Example, arguments: Sequence[str]) -> Options:
    """Return the options of a command line. Wrong options print an error and end the program with code 2."""
    parser = argparse.ArgumentParser(prog=f"python -m numba_lstm example {example.name}", description=example.summary)
    trains = f"default: {example.epochs}" if example.epochs else "without effect: nothing is trained"
    parser.add_argument("--device", type=types.device_name, metavar="cpu|cuda|auto", help="where to compute (default: auto)")
    parser.add_argument("--epochs", type=types.whole_number(1), default=example.epochs, metavar="N", help=trains)
    parser.add_argument(
        "--limit",
        type=types.whole_number(example.least_limit),
        default=example.limit,
        metavar="N",
        help=f"number of {example.samples} at most (default: {example.limit or 'all'})",
    )
    parser.add_argument("--seed", type=types.seed, default=0, metavar="N", help="default: %(default)s")
    parser.add_argument("--threads", type=types.whole_number(1), metavar="N", help="of the CPU (default: all cores)")
    parser.add_argument("--save", type=types.file(".nlstm"), metavar="FILE", help="write the model to FILE (.nlstm)")
    parser.add_argument("--plot", type=types.plot, metavar="FILE", help="draw a picture of the results into FILE (.png)")
    for extra in example.extras:
        count = types.whole_number(1) if extra.most is None else _up_to(extra.most)
        text = f"{extra.help} (default: %(default)s)" if extra.most is None else f"{extra.help}, or all (default: %(default)s)"
        parser.add_argument(f"--{extra.name}", type=count, default=extra.default, metavar="N", help=text)
    options = parser.parse_args(arguments, Options(verbose="auto"))
    if options.device is None:
        try:
            options.device = get_device()
        except (RuntimeError, ValueError) as error:
            parser.error(str(error))
    return options
