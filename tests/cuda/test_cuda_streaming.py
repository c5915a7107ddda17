"""Streams on the CUDA device, whose steps run ops: they have the bits of the ops, and keep their states on the device."""

from __future__ import annotations

import numpy as np
import pytest
from kernel_cases import DTYPES, lstm_case, put
from lstm_streams import lstm_stream, stream_of
from tolerances import RECURRENT, assert_close

from numba_lstm.device import get_ops
from numba_lstm.kernels.cuda.arrays.arrays import device_value
from numba_lstm.kernels.cuda.lstm import call
from numba_lstm.kernels.specs import Activation, LSTMSpec, UpdateSpec
from numba_lstm.variables import Variable

pytestmark = pytest.mark.parametrize("dtype", DTYPES)


def model(dtype, ops, N=3):
    """A stream through two LSTMs, one of them projected, a Dense layer and an activation; and inputs for six steps."""
    rng = np.random.default_rng(5)
    first = lstm_case(3, 6, 4, 7, dtype=dtype, peephole=True)
    second = lstm_case(3, 6, 7, 5, P=2, dtype=dtype, normed=True, seed=2)
    kernel, bias = (Variable(rng.standard_normal(shape).astype(dtype)) for shape in ((2, 3), (3,)))

    def step(x, states):
        below = ops.lstm_forward(x, first.weights, *states[:2], LSTMSpec(zoneout=(0.2, 0.1)), sequences=True)
        above = ops.lstm_forward(below.y, second.weights, *states[2:], LSTMSpec())
        y, _ = ops.dense_forward(above.h, kernel, bias, Activation("linear"))
        return ops.activation_forward(y, Activation("tanh"))[0], (below.h, below.c, above.h, above.c)

    return stream_of(ops, step, N, 4, np.dtype(dtype), [(N, 7), (N, 7), (N, 2), (N, 5)]), first.x


def test_steps_equal_those_of_the_reference(ops, dtype):
    (stream, x), (reference, _) = model(dtype, ops), model(dtype, get_ops("reference"))
    for step in x:
        assert_close(stream(step), reference(step), RECURRENT[dtype])
    for found, expected in zip(stream.states, reference.states, strict=True):
        assert_close(found, expected, RECURRENT[dtype])


def test_many_steps_in_one_call_have_the_bits_of_single_steps(ops, dtype):
    (alone, x), (whole, _) = model(dtype, ops), model(dtype, ops)
    last = [alone(step) for step in x][-1]
    assert whole.run_last(x).tobytes() == last.tobytes()
    assert [state.tobytes() for state in alone.states] == [state.tobytes() for state in whole.states]


def test_a_step_has_the_bits_of_the_op(ops, dtype):
    case = lstm_case(3, 6, 4, 7, dtype=dtype).but(h0=None, c0=None)
    out = ops.lstm_forward(put(ops, case.x[:1]), case.weights, None, None, case.spec)
    assert lstm_stream(ops, case, 3)(case.x[0]).tobytes() == ops.to_host(out.h).tobytes()


def test_states_can_be_set_and_reset(ops, dtype):
    stream, x = model(dtype, ops)
    first = stream(x[0])
    states = stream.states
    second = stream(x[1])
    stream.set_states(states)
    assert stream(x[1]).tobytes() == second.tobytes()
    stream.set_states(None)
    assert stream(x[0]).tobytes() == first.tobytes()


def test_one_row_may_be_a_vector(ops, dtype):
    (rows, x), (vector, _) = model(dtype, ops, 1), model(dtype, ops, 1)
    assert vector(x[0, 0]).tobytes() == rows(x[0, :1])[0].tobytes()
