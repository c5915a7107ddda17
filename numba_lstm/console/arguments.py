"""Types of command line arguments: a device, whole numbers, seeds, files to write. Wrong ones are one sentence."""

from __future__ import annotations

import argparse
import importlib.util
import os
from collections.abc import Callable
from pathlib import Path

from .. import device, philox
from ..system.writable import check_file


def device_name(text: str) -> str:
    """Return the device that ``text`` stands for."""
    try:
        return device.resolve(text)
    except (RuntimeError, ValueError) as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def whole_number(least: int) -> Callable[[str], int]:
    """Return the type of whole numbers from ``least`` on."""

    def number(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = least - 1
        if value < least:
            raise argparse.ArgumentTypeError(f"expected a whole number of at least {least}, got {text!r}.")
        return value

    return number


def seed(text: str) -> int:
    """Return a seed of random numbers."""
    try:
        return philox.check_seed(whole_number(0)(text))
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def file(extension: str) -> Callable[[str], Path]:
    """Return the type of files that can be written and end in ``extension``, which is appended to names without one."""

    def path(text: str) -> Path:
        found = Path(text)
        if not found.name or text.endswith(os.sep):
            raise argparse.ArgumentTypeError(f"expected a file name, got {text!r}.")
        found = found if found.suffix else found.with_name(found.name + extension)
        if found.suffix.lower() != extension:
            raise argparse.ArgumentTypeError(f"expected a file name that ends in {extension}, got {text!r}.")
        try:
            check_file(str(found))
        except OSError as error:
            raise argparse.ArgumentTypeError(str(error)) from error
        return found

    return path


def plot(text: str) -> Path:
    """Return a PNG to draw into; refuse it where matplotlib is missing."""
    if importlib.util.find_spec("matplotlib") is None:
        raise argparse.ArgumentTypeError("drawing needs matplotlib. Install it: pip install 'numba_lstm[plot]'.")
    return file(".png")(text)
