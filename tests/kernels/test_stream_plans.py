"""Plans of streams: what functions of any ops compute, step by step, with states that ops keep and states that are copied."""

from __future__ import annotations

import numpy as np
import pytest
from kernel_cases import lstm_case, put
from lstm_streams import stream_of

from numba_lstm.kernels.specs import Activation
from numba_lstm.variables import Variable

N, D, T = 2, 3, 5
X = np.random.default_rng(0).normal(size=(T, N, D)).astype(np.float32)


def running_sum(ops, halved):
    """The sum of all inputs so far, in a state that no op keeps; halved by a function of NumPy."""

    def step(x, states):
        total = ops.add(ops.merge_steps(x), states[0])
        return ops.scale(total, 0.5) if halved else total, [total]

    return stream_of(ops, step, N, D, np.dtype("float32"), [(N, D)])


@pytest.mark.parametrize("halved", [False, True])
def test_states_that_no_op_keeps_are_copied(every_ops, halved):
    stream = running_sum(every_ops, halved)
    sums = np.add.accumulate(X)
    found = [*stream.run(X[:2]), stream(X[2]), stream.run_last(X[3:])]
    np.testing.assert_array_equal(found, sums[[0, 1, 2, 4]] * np.float32(0.5 if halved else 1))
    np.testing.assert_array_equal(stream.states[0], sums[-1])
    stream.set_states([X[1]])
    assert stream(X[0]).tobytes() == found[1].tobytes()


def test_an_input_with_two_readers_is_read_at_each_step(ops):
    """The product of W with a large input is hoisted, and another layer reads the input."""
    case = lstm_case(3, 1, 140, 130)
    kernel = Variable(np.random.default_rng(1).normal(size=(140, 130)))

    def step(x, states):
        out = ops.lstm_forward(x, case.weights, *states, case.spec)
        beside, _ = ops.dense_forward(ops.merge_steps(x), kernel, None, Activation("linear"))
        return ops.add(out.h, beside), (out.h, out.c)

    x = np.random.default_rng(2).normal(size=(40, 1, 140))
    one, other = (stream_of(ops, step, 1, 140, x.dtype, [(1, 130), (1, 130)]) for _ in range(2))
    np.testing.assert_array_equal(one.run(x), [other(row) for row in x])
    whole = ops.lstm_forward(put(ops, x), case.weights, None, None, case.spec)
    np.testing.assert_array_equal(one.states[0], ops.to_host(whole.h))
