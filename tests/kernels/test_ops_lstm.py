"""The LSTM of a device against the reference: sizes, activations, options."""

from __future__ import annotations

import pytest
from kernel_cases import CELLS, DTYPES, assert_lstm_equals_reference, lstm_case, lstm_forward, name_of
from tolerances import RECURRENT

pytestmark = pytest.mark.parametrize("dtype", DTYPES)

#: N, T, D, H: unequal ones, each one at 1, heights and widths on both sides of every tile and panel.
SIZES = [
    (3, 5, 7, 11),
    (3, 1, 7, 11),
    (1, 5, 7, 11),
    (3, 5, 1, 11),
    (3, 5, 7, 1),
    (1, 1, 1, 1),
    (2, 3, 5, 16),
    (6, 4, 3, 18),
    (7, 3, 2, 33),
    (13, 3, 1, 50),
    (32, 2, 3, 50),
    (33, 2, 70, 4),
]


@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_sizes(ops, dtype, sizes):
    assert_lstm_equals_reference(ops, lstm_case(*sizes, dtype=dtype), RECURRENT[dtype])


@pytest.mark.parametrize("sizes", [(3, 5, 7, 11), (1, 5, 1, 1), (13, 4, 2, 33)], ids=str)
def test_masks(ops, dtype, sizes):
    assert_lstm_equals_reference(ops, lstm_case(*sizes, dtype=dtype, masked=True), RECURRENT[dtype])


@pytest.mark.parametrize("spec", [CELLS[4], CELLS[11]], ids=name_of)  # a mask knows nothing of activations: two will do
def test_other_activations_under_a_mask(ops, dtype, spec):
    assert_lstm_equals_reference(ops, lstm_case(dtype=dtype, spec=spec, masked=True, seed=8), RECURRENT[dtype])


@pytest.mark.parametrize("absent", [("b",), ("h0",), ("c0",), ("b", "h0", "c0")], ids=" ".join)
def test_absent_bias_and_states(ops, dtype, absent):
    assert_lstm_equals_reference(ops, lstm_case(dtype=dtype, **dict.fromkeys(absent)), RECURRENT[dtype])


@pytest.mark.parametrize("absent", [("dy",), ("dh",), ("dc",), ("dy", "dc"), ("dh", "dc")], ids=" ".join)
def test_absent_gradients(ops, dtype, absent):
    assert_lstm_equals_reference(ops, lstm_case(dtype=dtype, **dict.fromkeys(absent)), RECURRENT[dtype])


def test_without_dx(ops, dtype):
    assert_lstm_equals_reference(ops, lstm_case(dtype=dtype), RECURRENT[dtype], need_dx=False)


@pytest.mark.parametrize("sequences", [False, True])
def test_prediction_has_the_bits_of_training(ops, dtype, sequences):
    case = lstm_case(dtype=dtype, masked=True)
    trained, predicted = (lstm_forward(ops, case, sequences=sequences, training=training) for training in (True, False))
    assert predicted.tape is None
    for a, b in zip(trained[:3], predicted[:3], strict=True):
        assert (a is None and b is None) or ops.to_host(a).tobytes() == ops.to_host(b).tobytes()


def test_path_is_a_name(ops, dtype):
    path = ops.lstm_path(3, 5, 7, 11, dtype, CELLS[0], training=True, rows=False, gatewise=False)
    assert isinstance(path, str)
    assert path
