"""Masks and scores of calls in graphs with the CUDA kernels run on this processor."""

from __future__ import annotations

import numpy as np
import pytest
from golden import keras_call_arguments as golden
from tolerances import RECURRENT, assert_close

import numba_lstm
from numba_lstm import device as devices


@pytest.mark.parametrize("name", golden.CASES)
def test_graphs_follow_the_reference(device, monkeypatch, name):
    monkeypatch.setitem(devices._PACKAGES, "cuda-check", "cuda")
    model, other = (golden.make(numba_lstm, name).to(where) for where in ("cuda-check", "reference"))
    targets = {key: np.full_like(value, 0.3) for key, value in other.predict(golden.X[name], verbose=0).items()}
    losses = [one.train_on_batch(golden.X[name], targets, return_dict=True)["loss"] for one in (model, other)]
    assert_close(*losses, RECURRENT["float32"], "loss")
    for one, expected in zip(model.get_weights(), other.get_weights(), strict=True):
        assert_close(one, expected, RECURRENT["float32"])
