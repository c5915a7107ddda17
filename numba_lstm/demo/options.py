"""Command line options of the demo."""

from __future__ import annotations

import argparse
import importlib.util
from collections.abc import Callable, Sequence
from pathlib import Path

from .. import device, random
from ..system.writable import check_file
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
    parser.add_argument("--device", type=_device, metavar="cpu|cuda|auto", help="where to compute (default: auto)")
    parser.add_argument("--epochs", type=_whole_number(1), default=Recipe.epochs, metavar="N", help="default: %(default)s")
    parser.add_argument(
        "--units", type=_whole_number(1), default=Recipe.units, metavar="N", help="of the LSTM (default: %(default)s)"
    )
    parser.add_argument("--seed", type=_seed, default=0, metavar="N", help="default: %(default)s")
    parser.add_argument("--save", type=_file(".nlstm"), metavar="FILE", help="keep the model in FILE (.nlstm)")
    parser.add_argument("--plot", type=_plot, metavar="FILE", help="draw forecast, truth and learning curve into FILE (.png)")
    options = parser.parse_args(arguments, Options())
    if options.device is None:
        try:
            options.device = device.get_device()
        except (RuntimeError, ValueError) as error:
            parser.error(str(error))
    return options


def _device(text: str) -> str:
    try:
        return device.resolve(text)
    except (RuntimeError, ValueError) as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _whole_number(least: int) -> Callable[[str], int]:
    def whole_number(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = least - 1
        if number < least:
            raise argparse.ArgumentTypeError(f"expected a whole number of at least {least}, got {text!r}.")
        return number

    return whole_number


def _seed(text: str) -> int:
    try:
        return random.check_seed(_whole_number(0)(text))
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _file(extension: str) -> Callable[[str], Path]:
    def file(text: str) -> Path:
        path = Path(text)
        path = path if path.suffix else path.with_name(path.name + extension)
        if path.suffix.lower() != extension:
            raise argparse.ArgumentTypeError(f"expected a file name that ends in {extension}, got {text!r}.")
        try:
            check_file(str(path))
        except OSError as error:
            raise argparse.ArgumentTypeError(str(error)) from error
        return path

    return file


def _plot(text: str) -> Path:
    if importlib.util.find_spec("matplotlib") is None:
        raise argparse.ArgumentTypeError("drawing needs matplotlib. Install it: pip install 'numba_lstm[plot]'.")
    return _file(".png")(text)
