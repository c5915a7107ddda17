"""Streams on the CUDA device: the bits of the other ops, states that stay, weights of the moment."""

from __future__ import annotations

import numpy as np
import pytest
from kernel_cases import DTYPES, lstm_case, put
from tolerances import RECURRENT, assert_close

from numba_lstm.device import get_ops
from numba_lstm.kernels.specs import Activation, LSTMSpec
from numba_lstm.kernels.values import DensePart, LSTMPart
from numba_lstm.variables import Variable

pytestmark = pytest.mark.parametrize("dtype", DTYPES)


def model(dtype):
    """Two LSTMs, one of them projected, a Dense layer and an activation; and inputs for six steps of three rows."""
    rng = np.random.default_rng(5)
    first = lstm_case(3, 6, 4, 7, dtype=dtype, peephole=True)
    second = lstm_case(3, 6, 7, 5, P=2, dtype=dtype, normed=True, seed=2)
    kernel, bias = (Variable(rng.standard_normal(shape).astype(dtype)) for shape in ((2, 3), (3,)))
    parts = [
        LSTMPart(first.weights, LSTMSpec(zoneout=(0.2, 0.1))),
        LSTMPart(second.weights, LSTMSpec()),
        DensePart(kernel, bias, Activation("linear")),
        DensePart(None, None, Activation("tanh")),
    ]
    return parts, first.x


def test_steps_equal_those_of_the_witness(ops, dtype):
    parts, x = model(dtype)
    mine, witness = ops.stream(parts, 4, 3, dtype), get_ops("reference").stream(parts, 4, 3, dtype)
    for step in x:
        assert_close(mine(step), witness(step), RECURRENT[dtype])
    for found, expected in zip(mine.states, witness.states, strict=True):
        for a, b in zip(found, expected, strict=True):
            assert_close(a, b, RECURRENT[dtype])


def test_many_steps_at_once_have_the_bits_of_steps(ops, dtype):
    parts, x = model(dtype)
    alone, together = ops.stream(parts, 4, 3, dtype), ops.stream(parts, 4, 3, dtype)
    last = [alone(step) for step in x][-1]
    assert together.through(x).tobytes() == last.tobytes()
    for a, b in zip(alone.states, together.states, strict=True):
        assert [s.tobytes() for s in a] == [s.tobytes() for s in b]


def test_a_step_has_the_bits_of_the_op(ops, dtype):
    (part, *_), x = model(dtype)
    out = ops.lstm_forward(put(ops, x[:1]), part.weights, None, None, part.spec)
    assert ops.stream([part], 4, 3, dtype)(x[0]).tobytes() == ops.to_host(out.h).tobytes()


def test_a_stream_keeps_the_weights_of_its_beginning(ops, dtype):
    parts, x = model(dtype)
    stepper = ops.stream(parts, 4, 3, dtype)
    expected = ops.stream(parts, 4, 3, dtype)(x[0])
    parts[0].weights.kernel.assign(parts[0].weights.kernel.value * 2)
    assert stepper(x[0]).tobytes() == expected.tobytes()


def test_states_can_be_set_and_reset(ops, dtype):
    parts, x = model(dtype)
    stepper = ops.stream(parts, 4, 3, dtype)
    first = stepper(x[0])
    kept = stepper.states
    second = stepper(x[1])
    stepper.set_states(kept)
    assert stepper(x[1]).tobytes() == second.tobytes()
    stepper.set_states(None)
    assert stepper(x[0]).tobytes() == first.tobytes()


def test_one_row_may_be_a_vector(ops, dtype):
    parts, x = model(dtype)
    rows, vector = ops.stream(parts, 4, 1, dtype), ops.stream(parts, 4, 1, dtype)
    assert vector(x[0, 0]).tobytes() == rows(x[0, :1])[0].tobytes()
