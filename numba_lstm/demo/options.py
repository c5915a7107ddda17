"""Command line options of the demo."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from .. import device
from ..console import arguments as types
from .recipe import Recipe


class Options(argparse.Namespace):
    """Options that :func:`parse` returns."""

    device: str
    epochs: int
    units: int
    seed: int
    save: Path | None
    plot: Path | None


def parse(arguments: Sequence[str] | None = None, commands: str = "") -> Options:
    """Return the options of a command line. Wrong options print an error and end the program with code 2."""
    parser = argparse.ArgumentParser(
        prog="python -m numba_lstm",
        usage="%(prog)s [command] [options]",
        description=f"Learns four years of Seattle's weather and forecasts tomorrow's maximum temperature.\n\n{commands}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--device", type=types.device_name, metavar="cpu|cuda|auto", help="where to compute (default: auto)")
    parser.add_argument("--epochs", type=types.whole_number(1), default=Recipe.epochs, metavar="N", help="default: %(default)s")
    parser.add_argument(
        "--units", type=types.whole_number(1), default=Recipe.units, metavar="N", help="of the LSTM (default: %(default)s)"
    )
    parser.add_argument("--seed", type=types.seed, default=0, metavar="N", help="default: %(default)s")
    parser.add_argument("--save", type=types.file(".nlstm"), metavar="FILE", help="keep the model in FILE (.nlstm)")
    parser.add_argument(
        "--plot", type=types.plot, metavar="FILE", help="draw forecast, truth and learning curve into FILE (.png)"
    )
    options = parser.parse_args(arguments, Options())
    if options.device is None:
        try:
            options.device = device.get_device()
        except (RuntimeError, ValueError) as error:
            parser.error(str(error))
    return options
