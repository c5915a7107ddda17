"""The tests of update rules on all devices, with the CUDA ops, and of weights in device memory."""

from __future__ import annotations

import numpy as np
import pytest
from kernel_cases import DTYPES, put
from test_ops_updates import (
    test_a_norm_that_is_not_finite,
    test_a_sum_of_squares_beyond_float32_is_no_overflow,
    test_clip,
    test_nan_in_a_gradient_reaches_its_weight_alone,
    test_update,
    test_update_drops_prepared_forms,
)
from tolerances import UPDATES, assert_each_close

from numba_lstm.device import get_ops
from numba_lstm.kernels.specs import UpdateSpec
from numba_lstm.optimizers import Adam
from numba_lstm.variables import Variable

pytestmark = pytest.mark.parametrize("dtype", DTYPES)


def test_a_program_does_what_the_op_does(ops, dtype):
    gradients = [put(ops, np.arange(12, dtype=dtype).reshape(3, 4))]
    weights = [Variable(np.ones((3, 4), dtype)) for _ in range(2)]
    slots = [[[Variable(np.zeros((3, 4), dtype)) for _ in range(2)]] for _ in range(2)]
    program = ops.update_program(weights[:1], gradients, slots[0], UpdateSpec("adam"))
    for step in (1, 2):
        program(step, 0.1)
        ops.update(weights[1:], gradients, slots[1], UpdateSpec("adam"), step=step, rate=0.1)
        np.testing.assert_array_equal(weights[0].value, weights[1].value)


@pytest.mark.parametrize(
    "options",
    [
        {"use_ema": True, "ema_momentum": 0.7, "ema_overwrite_frequency": 3},
        {"gradient_accumulation_steps": 3, "clipnorm": 1.0},
        {"gradient_accumulation_steps": 2, "use_ema": True, "weight_decay": 0.1},
    ],
    ids=str,
)
def test_means_over_steps_are_those_of_the_reference(ops, dtype, options):
    found = []
    for device in (ops, get_ops("reference")):
        draw = np.random.default_rng(3)
        weights = [Variable(draw.normal(size=shape).astype(dtype), f"{shape}") for shape in ((3, 4), (5,))]
        optimizer = Adam(0.05, **options)
        optimizer.build(weights)
        for _ in range(7):
            optimizer.update_weights(device, [put(device, draw.normal(size=w.shape).astype(dtype)) for w in weights], weights)
        found.append([*(w.value for w in weights), *optimizer.state().values()])
        optimizer.finalize_variable_values(weights)
        found[-1] += [w.value for w in weights]
    for one, other in zip(*found, strict=True):
        assert_each_close(one, other, UPDATES[dtype])
