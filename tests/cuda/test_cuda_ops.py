"""The tests of all devices, with the ops of the CUDA package: its kernels' code run on this processor."""

from __future__ import annotations

from test_arrays import (
    test_asarray_and_back,
    test_concat_joins_features,
    test_flip_reverses_time,
    test_gather_casts,
    test_gather_keeps_the_axes_of_samples_without_time,
    test_gather_keeps_the_dtype_if_none_is_asked_for,
    test_gather_makes_sequences_time_major,
    test_gather_of_any_strides,
)
from test_ops_ctc import test_ctc, test_losses_and_gradients_of_torch, test_nan_stays_in_its_sample
from test_ops_custom_activations import (
    test_a_branch_is_told_to_use_where,
    test_a_derivative_that_is_given_is_taken,
    test_a_number_is_compared_in_the_dtype_of_x,
    test_every_word,
    test_far_and_near_arguments,
    test_nan_is_kept,
    test_powers,
    test_slopes_at_kinks_are_the_left_ones,
    test_what_is_refused,
    test_what_other_python_comes_to,
)
from test_ops_embedding import test_embedding, test_no_tape_unless_asked_for, test_views_have_the_same_bits
from test_shapes import (
    test_an_lstm_takes_repeated_rows,
    test_indices_not_equal_to_a_value,
    test_masked_steps_become_zeros_even_of_nan,
    test_repeat_and_its_gradient,
    test_reshape_comes_back,
    test_reshape_keeps_the_order_within_a_sample,
    test_split_takes_apart_what_concat_joined,
    test_steps_as_rows_and_back,
    test_steps_as_samples_and_back,
    test_steps_not_equal_if_any_feature_is,
    test_sums_and_products,
    test_the_sum_over_one_step_is_that_step,
)
