"""The layers of ``golden/keras_windows.py`` against what Keras 3.15 made of them."""

from __future__ import annotations

import json

import pytest
from golden import keras_windows
from golden.keras_windows import CASES
from test_keras_layers import assert_equal, run

from numba_lstm.device import get_ops

GOLDEN = json.loads(keras_windows.FILE.read_text())


@pytest.mark.parametrize("device", ["cpu", "reference"])
@pytest.mark.parametrize("name", CASES)
def test_keras_answers_the_same(name, device):
    assert_equal(run(get_ops(device), CASES[name]), GOLDEN[name])
