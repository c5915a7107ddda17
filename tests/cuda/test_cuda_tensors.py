"""The tests of ops on arrays of any rank, with the CUDA kernels run on this processor."""

from __future__ import annotations

import pytest
from kernel_cases import DTYPES
from test_ops_tensors import (
    test_a_formula_of_floats_booleans_and_labels,
    test_elementary_functions_are_within_some_units_in_the_last_place,
    test_joins_slices_and_softmax,
    test_nan_is_an_extreme,
    test_products_of_views,
    test_products_that_start_with_an_array,
    test_reductions,
    test_softmax_and_its_gradient,
    test_the_order_of_rows_and_elements_at_indices,
)

pytestmark = pytest.mark.parametrize("dtype", DTYPES)
