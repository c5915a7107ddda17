"""Errors of commands: one sentence in terms of options and of the file, not of Python's arguments."""

from __future__ import annotations

import importlib.util
import re


class CommandError(Exception):
    """A command cannot do what it was called for. The message is one sentence for the terminal."""


def check_pandas() -> None:
    """Raise CommandError if pandas is not installed."""
    if importlib.util.find_spec("pandas") is None:
        raise CommandError("tables need pandas. Install it: pip install 'numba_lstm[forecast]'.")


#: Patterns in messages of the forecaster, and what a command calls the same thing.
_REPLACEMENTS = [
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (
            r"Fill them, or choose gaps='interpolate' or gaps='mask'\.",
            "Fill them, or give --gaps interpolate, which draws straight lines over them, or --gaps mask, which leaves them "
            "out of the training.",
        ),
        (r"gaps='(\w+)'", r"--gaps \1"),
        (r"Give freq, such as freq='h'\.", "Give it, such as --frequency h for hours or --frequency D for days."),
        (r"freq must be a frequency of pandas", "--frequency must be a frequency of pandas"),
        (r"Give another freq, or aggregate the rows: \S+\.", "Give another --frequency, or aggregate the rows."),
        (r"\bfreq='([^']*)'", r"--frequency \1"),
        (r"Give y with later rows than those of the fit, or start\.", "Give a file with later rows than those of train."),
        (r"context_length=(\d+), lags=\(\) and horizon=(\d+)", r"--window \1 and --horizon \2"),
        (r"context_length=(\d+), lags=\(\) need", r"--window \1 needs"),
        (r"\bcontext_length\b", "--window"),
        (r"horizon must be", "--horizon must be"),
        (r"Fit it with a longer horizon, or with strategy='recursive'\.", "Train it with a longer --horizon."),
        (r"cannot be inferred from its", "cannot be inferred from"),
        (r"\bthat fit saw\b", "that train saw"),
        (r"which fit did not see", "which train did not see"),
        (r"when the forecaster was fitted", "in the training"),
        (r"future_covariates", "the covariates"),
        (r"past_covariates", "the past covariates"),
        (r"series ('[^']*') of y\b", r"series \1"),
        (r" of y\b", ""),
        (r"\by has\b", "the file has"),
        (r"numba_lstm\.load_model reads it", "the command info says what it holds"),
    )
]


def sentence(error: BaseException) -> str:
    """Return the message of an error on one line, with options of commands in place of Python's arguments."""
    if isinstance(error, OSError) and error.strerror:
        text = f"{error.filename}: {error.strerror}." if error.filename else f"{error.strerror}."
    else:
        text = str(error) or type(error).__name__
    for pattern, replacement in _REPLACEMENTS:
        text = pattern.sub(replacement, text)
    line = " ".join(text.split())
    return line if line.isprintable() else "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in line)


def shown(value: object) -> str:
    """Return a value of a file in quotes, at most 40 letters of it."""
    text = str(value)
    return repr(text if len(text) <= 40 else f"{text[:40]}…")
