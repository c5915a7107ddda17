"""The tests of optimizers' twins, with the ops of the CUDA package, and where the device keeps weights."""

from __future__ import annotations

import numpy as np
import pytest
from kernel_cases import DTYPES, put
from test_twins_updates import (
    test_a_norm_that_is_not_finite,
    test_a_sum_of_squares_beyond_float32_is_no_overflow,
    test_clip,
    test_nan_in_a_gradient_reaches_its_weight_alone,
    test_update,
    test_update_drops_prepared_forms,
)

from numba_lstm.kernels.specs import UpdateSpec
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
