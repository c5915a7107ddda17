"""Advice in errors as code: what a sentence says to write is taken from it word for word, and run."""

from __future__ import annotations

import re

import numpy as np
import pytest

from numba_lstm import pad_sequences

QUIET = {"verbose": 0}
NAMES = {"np": np, "pad_sequences": pad_sequences}


def error_of(call, *arguments, **given):
    """The sentence with which ``call`` refuses its arguments."""
    with pytest.raises((TypeError, ValueError)) as caught:
        call(*arguments, **given)
    return str(caught.value)


def value_of(sentence, pattern, **names):
    """What the code that ``pattern`` finds in a sentence computes from ``names``."""
    actual = re.search(pattern, sentence)
    assert actual, sentence
    return eval(actual[1], {**NAMES, **names})  # noqa: S307 - it is the advice that is tested


def names_after(sentence, pattern, **names):
    """``names`` after the statements that ``pattern`` finds in a sentence."""
    actual = re.search(pattern, sentence)
    assert actual, sentence
    space = {**NAMES, **names}
    exec(actual[1], space)  # noqa: S102 - it is the advice that is tested
    return space
