"""Random stacks of layers with sizes 1, 2 and 3 in every place, with the ops of the CUDA package."""

from __future__ import annotations

import numpy as np
import pytest
from check_driver import CheckDriver
from random_stacks import draw
from tolerances import assert_close, assert_each_close

from numba_lstm import device as devices

#: As the stacks of the CPU, which have the same norms of rows of one or two elements.
STACKS = 1e-8

#: Stacks of a usual run: their kernels take long to compile for the emulation.
USUAL = 4


@pytest.mark.filterwarnings("ignore:.*mask")
@pytest.mark.parametrize("seed", [pytest.param(k, marks=[pytest.mark.slow] if k >= USUAL else []) for k in range(200)])
def test_stacks(device: CheckDriver, monkeypatch: pytest.MonkeyPatch, seed):
    monkeypatch.setitem(devices._PACKAGES, "cuda-check", "cuda")
    stack = draw(seed)
    results = []
    for name in ("cuda-check", "reference"):
        model = stack.model("float64", name)
        y = model.predict(stack.x, verbose=0)
        alone = np.concatenate([model.predict(stack.x[i : i + 1], verbose=0) for i in range(len(stack.x))])
        model.fit(stack.x, stack.y, shuffle=False, verbose=0)
        results.append((y, alone, model.get_weights()))
    (y, alone, weights), (expected, _, expected_weights) = results
    assert alone.tobytes() == y.tobytes()
    assert_close(y, expected, STACKS, "y")
    for found, weight in zip(weights, expected_weights, strict=True):
        assert_each_close(found, weight, STACKS)
