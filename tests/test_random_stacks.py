"""Random stacks of all layers with sizes 1, 2 and 3 in every place: the CPU against the reference, on memory full of NaN."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from other_memory import full_of_nan, replaced
from random_stacks import Drawn, draw
from tolerances import assert_close, assert_each_close

from numba_lstm.kernels.cpu.runtime import memory

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*mask"),
    pytest.mark.parametrize("dtype", ["float64", pytest.param("float32", marks=pytest.mark.slow)]),
]

#: Stacks of a test, and first seeds of tests: 300 stacks in a usual run, and 3,000 more of each dtype in a slow one.
EACH = 20
FIRST = [pytest.param(k * EACH, marks=[pytest.mark.slow] if k >= 15 else []) for k in range(165)]

#: Each norm of rows of one or two elements multiplies errors by up to 1 / sqrt(1e-3), and a stack may have four in a row.
#: What is read from another place is wrong in the second digit.
STACKS = {"float64": 1e-8, "float32": 5e-2}


@pytest.fixture(autouse=True)
def nan_in_all_buffers() -> Iterator[None]:
    with replaced(empty=full_of_nan):
        yield


def check_predictions(drawn: Drawn, dtype: str) -> None:
    """Op by op and by what is bound, in a batch and alone."""
    model = drawn.model(dtype, "cpu")
    y = model.predict(drawn.x, verbose=0)
    assert_close(y, drawn.model("float64", "reference").predict(drawn.x, verbose=0), STACKS[dtype], "y")
    alone = np.concatenate([model.predict(drawn.x[i : i + 1], verbose=0) for i in range(len(drawn.x))])
    assert alone.tobytes() == y.tobytes()
    assert model.predict(drawn.x, verbose=0).tobytes() == y.tobytes()


def check_training(drawn: Drawn, dtype: str) -> None:
    """Three steps: with one shape the first two go op by op, then by what is bound."""
    losses, weights = [], []
    for device, model_dtype in ("cpu", dtype), ("reference", "float64"):
        model = drawn.model(model_dtype, device)
        history = model.fit(drawn.x, drawn.y, epochs=3, shuffle=False, verbose=0)
        losses.append(history.history["loss"])
        weights.append(model.get_weights())
    assert_close(losses[0], losses[1], STACKS[dtype], "loss")
    for actual, expected in zip(*weights, strict=True):
        assert_each_close(actual, expected, STACKS[dtype])  # weights have a scale of one; a gradient may cancel


@pytest.mark.parametrize("first", FIRST)
def test_stacks(dtype, first):
    for seed in range(first, first + EACH):
        sample = draw(seed)
        try:
            check_predictions(sample, dtype)
            check_training(sample, dtype)
        except Exception as error:
            error.add_note(str(sample))
            raise


def test_the_buffers_are_full_of_nan(dtype):
    assert np.isnan(memory.aligned((3, 5), np.dtype(dtype))).all()
    for array in memory.allocate_slab(np.dtype(dtype), (3,), (2, 2)):
        assert np.isnan(array).all()
    assert np.isnan(memory.empty_like_strided(np.zeros((4, 3), dtype).T)).all()
