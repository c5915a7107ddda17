"""Layers that are functions of tensors, and losses of functions, with the CUDA kernels run on this processor."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.append(str(Path(__file__).parents[1] / "layers"))

from test_tensor_layers import assert_equals_reference

from numba_lstm import losses
from numba_lstm import ops as functions
from numba_lstm.device import get_ops


@pytest.mark.parametrize("name", ["attention_scaled", "heads_masked", "prelu", "permute"])
def test_layers(ops, name):
    assert_equals_reference(ops, name)


def test_a_loss_of_a_function(ops):
    loss = losses.get(lambda y_true, y_pred: functions.mean(functions.square(y_true - y_pred), axis=-1))
    y, t, w = (np.random.default_rng(k).standard_normal(shape) for k, shape in enumerate([(5, 3, 2), (5, 3, 2), (5, 3)]))
    found = []
    for device in (ops, get_ops("reference")):
        value, dy = loss.compute(device, *(device.asarray(x, "float64") for x in (y, t, w)), gradient=True)
        found.append((float(value), np.array(device.to_host(dy))))
    assert found[0][0] == pytest.approx(found[1][0])
    np.testing.assert_allclose(found[0][1], found[1][1], rtol=1e-12)
