"""Strings: validation, standardization, and their division into tokens."""

from __future__ import annotations

import re
import string
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ...inputs.array_like import SEQUENCES, is_array

Host = npt.NDArray[Any]

_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
_STRIP = str.maketrans("", "", string.punctuation)
#: Standardization -> translation of characters. As in Keras, letters beyond ASCII keep their case.
STANDARDIZATIONS: dict[str, dict[int, Any]] = {
    "lower": _LOWER,
    "strip_punctuation": _STRIP,
    "lower_and_strip_punctuation": {**_LOWER, **_STRIP},
}
SPLITS = ("whitespace", "character")
_WHITESPACE = re.compile(r"[ \t\n\v\f\r]+")


def as_strings(x: Any, what: str) -> Host:
    """Return strings as an array of str objects; bytes are decoded as UTF-8.

    Raises
    ------
    TypeError
        For anything but strings.
    ValueError
        For nested sequences of unequal lengths.
    """
    if not (is_array(x) or isinstance(x, (str, bytes, *SEQUENCES))):
        raise TypeError(f"{what} must be strings, got {type(x).__name__}. Give a list or an array of str.")
    try:
        array = np.array(x if is_array(x) else list(x) if isinstance(x, SEQUENCES) else x, object)
    except ValueError as error:
        raise ValueError(f"{what} must be a rectangular array of strings, got sequences of unequal lengths.") from error
    flat = array.reshape(-1).tolist()
    kinds = set(map(type, flat))
    if not kinds <= {str}:
        wrong = next((entry for entry in flat if not isinstance(entry, (str, bytes))), None)
        if any(not issubclass(kind, (str, bytes)) for kind in kinds):
            raise TypeError(f"{what} must be strings, got {wrong!r:.60}. Fill missing ones with '', or write str(entry).")
        decoded = [entry.decode() if isinstance(entry, bytes) else str(entry) for entry in flat]
        array = np.array([*decoded, None], object)[:-1].reshape(array.shape)
    return array


def standardized(texts: Host, standardize: Any) -> Sequence[str]:
    """Return texts (N,) by a standardization: None, a name, or a function of the array."""
    if standardize is None:
        return list(texts)
    if callable(standardize):
        return list(as_strings(standardize(texts.astype(str)), "the result of standardize").reshape(-1))
    table = STANDARDIZATIONS[standardize]
    return [text.translate(table) for text in texts.tolist()]


def tokenized(texts: Sequence[str], split: Any) -> list[list[str]]:
    """Return the tokens of each text by a split: None, a name, or a function of the array of texts."""
    if split is None:
        return [[text] for text in texts]
    if callable(split):
        return [as_strings(list(tokens), "the result of split").tolist() for tokens in split(np.array(texts, str))]
    if split == "character":
        return [list(text) for text in texts]
    return [[token for token in _WHITESPACE.split(text) if token] for text in texts]


def joined(tokens: list[str], widths: Iterable[int]) -> list[str]:
    """Return all runs of as many tokens as each of ``widths``, each joined by spaces."""
    return [" ".join(tokens[at : at + width]) for width in widths for at in range(len(tokens) - width + 1)]
