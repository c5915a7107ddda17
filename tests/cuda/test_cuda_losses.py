"""The tests of losses and metrics on all devices, with the CUDA kernels run on this processor.

Each loss compiles some kernels of its own for each dtype. float64 is left to slow runs, and to those on a GPU: these kernels
have one source for both dtypes, and the emulation computes float64 for the ops of test_cuda_layer_ops.py.
"""

from __future__ import annotations

import pytest
from test_ops_losses import (
    test_a_label_that_is_no_class_is_not_among_the_largest,
    test_a_threshold_is_a_number_of_the_outputs_dtype,
    test_an_index_that_is_no_class,
    test_certain_predictions,
    test_integer_kinds_of_labels,
    test_loss,
    test_metric,
    test_nan_in_a_prediction,
    test_the_first_of_equals_is_the_answer,
    test_value_alone,
    test_views,
)

pytestmark = pytest.mark.parametrize("dtype", ["float32", pytest.param("float64", marks=pytest.mark.slow)])
