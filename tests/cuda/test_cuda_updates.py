"""The tests of optimizers' twins, with the ops of the CUDA package, and where the device keeps weights."""

from __future__ import annotations

import pytest
from kernel_cases import DTYPES
from test_twins_updates import (
    test_a_norm_that_is_not_finite,
    test_a_sum_of_squares_beyond_float32_is_no_overflow,
    test_clip,
    test_nan_in_a_gradient_reaches_its_weight_alone,
    test_update,
    test_update_drops_prepared_forms,
)

pytestmark = pytest.mark.parametrize("dtype", DTYPES)
