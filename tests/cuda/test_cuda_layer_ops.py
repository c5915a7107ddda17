"""The tests of the ops on all devices, with the CUDA kernels run on this processor."""

from __future__ import annotations

import pytest
from kernel_cases import DTYPES
from test_ops_activations import (
    test_activation,
    test_default_parameters,
    test_far_and_tiny_arguments,
    test_nan_through_an_activation,
)
from test_ops_dense import (
    test_a_dense_row_in_a_batch_has_the_bits_of_the_row_alone,
    test_dense_activations,
    test_dense_sizes,
    test_dense_takes_views,
    test_dense_without_dx,
    test_nan_goes_through_dense,
)
from test_ops_dropout import test_dropout, test_nan_that_stays_is_nan
from test_ops_lstm_pointwise import test_step_from_preactivations
from test_ops_noise import (
    test_a_part_of_a_batch_has_the_numbers_and_factors_of_the_batch,
    test_noise_is_that_of_the_random_module,
    test_noise_of_a_view_and_of_nan,
)
from test_ops_norms import (
    test_a_row_in_a_batch_has_the_bits_of_the_row_alone,
    test_batch_norm,
    test_batch_norm_of_rows_with_a_mask,
    test_batch_norm_with_a_mask,
    test_inputs_are_left_alone,
    test_layer_norm,
    test_nan_stays_in_its_row_or_its_feature,
    test_views_have_the_same_bits,
    test_without_dx,
)
from test_ops_windows import (
    test_a_convolved_sample_in_a_batch_has_the_bits_of_the_sample_alone,
    test_convolution,
    test_convolution_of_groups_and_volumes,
    test_convolution_without_bias_and_dx,
    test_convolutions_take_views,
    test_masked_average,
    test_nan_is_the_largest_of_a_window,
    test_pooling,
    test_resizing,
    test_transposed_convolution,
)

pytestmark = pytest.mark.parametrize("dtype", DTYPES)
