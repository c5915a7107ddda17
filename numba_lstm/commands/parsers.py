"""Parsers of the commands. They import neither pandas nor a forecaster, so that ``--help`` needs no extra."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ..console import arguments as types
from . import options as shared
from .errors import check_pandas

GAPS = ("raise", "interpolate", "mask")  #: those of forecasters


def parser(command: str) -> shared.Parser:
    """Return the parser of a command."""
    return _PARSERS[command]()


def _train() -> shared.Parser:
    command = shared.parser(
        "train", "Trains a forecaster on a CSV or Parquet file, and prints its errors on the last rows, which it has not seen."
    )
    command.add_argument("file", type=Path, metavar="FILE", help="a CSV file with a header, or a .parquet file")
    command.add_argument("--target", required=True, metavar="COLUMN", help="what to forecast")
    command.add_argument("--time", required=True, metavar="COLUMN", help="the times, in order")
    command.add_argument("--series", metavar="COLUMN", help="names of series, if the file has several")
    command.add_argument("--horizon", required=True, type=types.whole_number(1), metavar="N", help="steps to forecast")
    command.add_argument(
        "--covariates", nargs="+", default=[], metavar="COLUMN", help="known of the future too: rows without target follow"
    )
    command.add_argument("--past-covariates", nargs="+", default=[], metavar="COLUMN", help="known up to the present")
    command.add_argument("--quantiles", nargs="+", type=shared.level, metavar="Q", help="such as 0.1 0.5 0.9")
    command.add_argument(
        "--validation", type=shared.share, default=0.1, metavar="SHARE", help="of the rows, which only judge (default: 0.1)"
    )
    command.add_argument("--window", type=types.whole_number(1), metavar="N", help="steps it reads (default: twice --horizon)")
    command.add_argument(
        "--units", nargs="+", type=types.whole_number(1), default=[32], metavar="N", help="of LSTMs (default: 32)"
    )
    command.add_argument("--epochs", type=types.whole_number(1), default=50, metavar="N", help="default: 50")
    command.add_argument("--learning-rate", type=shared.positive, default=0.01, metavar="R", help="default: 0.01")
    command.add_argument("--seed", type=types.seed, default=0, metavar="N", help="default: 0")
    command.add_argument(
        "--season", type=types.whole_number(1), metavar="N", help="steps, of the naive forecast (default: a guess)"
    )
    command.add_argument("--frequency", metavar="F", help="of pandas, such as h, D or ME (default: that of the times)")
    command.add_argument(
        "--gaps", choices=GAPS, default="raise", help="what to do about missing values and times (default: raise)"
    )
    command.add_argument("--save", type=types.file(".nlstm"), metavar="FILE", help="write the forecaster to FILE (.nlstm)")
    shared.add_plot(command, "the last forecast of the validation over what came")
    command.add_argument("--verbose", action="store_true", help="print the loss of every epoch")
    shared.add_machine(command)
    shared.add_dialect(command)
    return command


def _forecast() -> shared.Parser:
    command = shared.parser("forecast", "Forecasts what follows the rows of FILE, or those of the training, as CSV.")
    command.add_argument("model", type=Path, metavar="MODEL", help="a forecaster that train has saved")
    command.add_argument("file", type=Path, nargs="?", metavar="FILE", help="rows that follow those of the training")
    command.add_argument("--alone", action="store_true", help="read the rows of FILE alone, such as those of another series")
    command.add_argument("--out", type=shared.csv_file, metavar="FILE", help="where to write (.csv; default: stdout)")
    shared.add_plot(command, "the forecast of the first series")
    shared.add_machine(command)
    shared.add_dialect(command)
    return command


def _evaluate() -> shared.Parser:
    command = shared.parser("evaluate", "Prints the errors of forecasts in the past, on rows that the training has not seen.")
    command.add_argument("model", type=Path, metavar="MODEL", help="a forecaster that train has saved")
    command.add_argument("file", type=Path, metavar="FILE", help="rows that follow those of the training, or all rows")
    command.add_argument("--alone", action="store_true", help="read the rows of FILE alone, such as those of another series")
    command.add_argument(
        "--start", type=_time, metavar="TIME", help="last time before the first forecast (default: the last of the training)"
    )
    command.add_argument(
        "--stride", type=types.whole_number(1), metavar="N", help="rows between forecasts (default: the horizon)"
    )
    command.add_argument(
        "--season", type=types.whole_number(1), metavar="N", help="steps, of the naive forecast (default: a guess)"
    )
    command.add_argument("--out", type=shared.csv_file, metavar="FILE", help="write every forecast beside what came (.csv)")
    shared.add_machine(command)
    shared.add_dialect(command)
    return command


def _benchmark() -> shared.Parser:
    command = shared.parser(
        "benchmark",
        "Times a batch and a training step of an LSTM and a dense layer on one thread, beside the table in README.md. "
        "It takes a minute at most, and longer if kernels are compiled.",
    )
    command.add_argument("--shape", metavar="'N T D H'", help="one of the table (default: all)")
    command.set_defaults(device=None, threads=None)
    return command


def _time(text: str) -> Any:
    check_pandas()
    import pandas as pd

    try:
        return pd.Timestamp(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"expected a time, such as 2024-01-31, got {text!r}.") from error


_PARSERS = {"train": _train, "forecast": _forecast, "evaluate": _evaluate, "benchmark": _benchmark}
