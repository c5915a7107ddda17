"""What Keras 3.15 reports for the programs in ``golden/keras_options.py``, and the weights that training leads to."""

from __future__ import annotations

import json

import pytest
from golden import keras_options
from test_keras_training import NUMBA_LSTM, leaves
from tolerances import ANCHORS, KERAS_MEANS

GOLDEN = json.loads(keras_options.FILE.read_text())


@pytest.mark.parametrize("program", keras_options.PROGRAMS, ids=lambda program: program.__name__)
def test_keras_numbers(program):
    expected = leaves(GOLDEN[program.__name__])
    actual = leaves(keras_options.rounded(program(NUMBA_LSTM)))
    assert actual == {path: close(path, leaf) for path, leaf in expected.items()}


def close(path, leaf):
    """A number of a history, whose sums Keras keeps in float32, or of a weight in float64."""
    if "/weights/" in path:
        return pytest.approx(leaf, rel=ANCHORS, abs=ANCHORS)
    return pytest.approx(leaf, rel=KERAS_MEANS, abs=KERAS_MEANS / 10)
