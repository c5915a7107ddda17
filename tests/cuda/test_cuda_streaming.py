"""Streams on the CUDA device: they have the bits of the ops, keep their states, and copy the weights."""

from __future__ import annotations

import numpy as np
import pytest
from kernel_cases import DTYPES, lstm_case, put
from tolerances import RECURRENT, assert_close

from numba_lstm.device import get_ops
from numba_lstm.kernels.op_types import DenseLayerSpec, LSTMLayerSpec
from numba_lstm.kernels.specs import Activation, LSTMSpec
from numba_lstm.variables import Variable

pytestmark = pytest.mark.parametrize("dtype", DTYPES)


def model(dtype):
    """Two LSTMs, one of them projected, a Dense layer and an activation; and inputs for six steps of three rows."""
    rng = np.random.default_rng(5)
    first = lstm_case(3, 6, 4, 7, dtype=dtype, peephole=True)
    second = lstm_case(3, 6, 7, 5, P=2, dtype=dtype, normed=True, seed=2)
    kernel, bias = (Variable(rng.standard_normal(shape).astype(dtype)) for shape in ((2, 3), (3,)))
    layers = [
        LSTMLayerSpec(first.weights, LSTMSpec(zoneout=(0.2, 0.1))),
        LSTMLayerSpec(second.weights, LSTMSpec()),
        DenseLayerSpec(kernel, bias, Activation("linear")),
        DenseLayerSpec(None, None, Activation("tanh")),
    ]
    return layers, first.x


def test_steps_equal_those_of_the_reference(ops, dtype):
    layers, x = model(dtype)
    stream, reference = ops.stream(layers, 4, 3, dtype), get_ops("reference").stream(layers, 4, 3, dtype)
    for step in x:
        assert_close(stream(step), reference(step), RECURRENT[dtype])
    for found, expected in zip(stream.states, reference.states, strict=True):
        for a, b in zip(found, expected, strict=True):
            assert_close(a, b, RECURRENT[dtype])


def test_many_steps_in_one_call_have_the_bits_of_single_steps(ops, dtype):
    layers, x = model(dtype)
    alone, whole = ops.stream(layers, 4, 3, dtype), ops.stream(layers, 4, 3, dtype)
    last = [alone(step) for step in x][-1]
    assert whole.run_last(x).tobytes() == last.tobytes()
    for a, b in zip(alone.states, whole.states, strict=True):
        assert [s.tobytes() for s in a] == [s.tobytes() for s in b]


def test_a_step_has_the_bits_of_the_op(ops, dtype):
    (layer, *_), x = model(dtype)
    out = ops.lstm_forward(put(ops, x[:1]), layer.weights, None, None, layer.spec)
    assert ops.stream([layer], 4, 3, dtype)(x[0]).tobytes() == ops.to_host(out.h).tobytes()


def test_a_stream_keeps_the_weights_of_its_beginning(ops, dtype):
    layers, x = model(dtype)
    stepper = ops.stream(layers, 4, 3, dtype)
    expected = ops.stream(layers, 4, 3, dtype)(x[0])
    layers[0].weights.kernel.assign(layers[0].weights.kernel.value * 2)
    assert stepper(x[0]).tobytes() == expected.tobytes()


def test_states_can_be_set_and_reset(ops, dtype):
    layers, x = model(dtype)
    stepper = ops.stream(layers, 4, 3, dtype)
    first = stepper(x[0])
    states = stepper.states
    second = stepper(x[1])
    stepper.set_states(states)
    assert stepper(x[1]).tobytes() == second.tobytes()
    stepper.set_states(None)
    assert stepper(x[0]).tobytes() == first.tobytes()


def test_one_row_may_be_a_vector(ops, dtype):
    layers, x = model(dtype)
    rows, vector = ops.stream(layers, 4, 1, dtype), ops.stream(layers, 4, 1, dtype)
    assert vector(x[0, 0]).tobytes() == rows(x[0, :1])[0].tobytes()
