"""Programs of a device, whose arrays lie ready: the bits of its own ops, and near the witness."""

from __future__ import annotations

import numpy as np
import pytest
from kernel_cases import DTYPES, in_float64, put
from tolerances import RECURRENT, assert_close

from numba_lstm.device import get_ops
from numba_lstm.kernels.contract import DenseLayerSpec, LSTMLayerSpec, LSTMWeights
from numba_lstm.kernels.specs import Activation, LossSpec, LSTMSpec, UpdateSpec
from numba_lstm.variables import Variable

T, D, H, C = 5, 7, 11, 4
N, GROUPED = 3, 27  #: the second has two groups of rows on the CPU's tape
LOSS = LossSpec("mean_squared_error")

pytestmark = pytest.mark.parametrize("dtype", DTYPES)


def case(dtype, cast=lambda a: a, N=N):
    """An LSTM at all steps, one at the last, and two Dense layers; inputs, and targets of one batch and the next."""
    rng = np.random.default_rng(4)

    def weight(*shape):
        return Variable(cast((rng.standard_normal(shape) * 0.5).astype(dtype)))

    parts = [
        LSTMLayerSpec(LSTMWeights(weight(D, 4 * H), weight(H, 4 * H), weight(4 * H)), LSTMSpec(), sequences=True),
        DenseLayerSpec(weight(H, 9), weight(9), Activation("silu")),
        LSTMLayerSpec(LSTMWeights(weight(9, 4 * H), weight(H, 4 * H)), LSTMSpec(coupled=True)),
        DenseLayerSpec(weight(H, C), None, Activation("softmax")),
    ]
    batches = [[cast(rng.standard_normal(shape).astype(dtype)) for shape in ((T, N, D), (N, C))] for _ in range(2)]
    return parts, batches


def run_ops(ops, parts, x, target, first):
    """What the contract says that a program answers."""
    tapes = []
    for part in parts:
        if isinstance(part, LSTMLayerSpec):
            out = ops.lstm_forward(x, part.weights, None, None, part.spec, sequences=part.sequences, training=True)
            x, tape = (out.y if part.sequences else out.h), out.tape
        else:
            x, tape = ops.dense_forward(x, part.kernel, part.bias, part.activation, training=True)
        tapes.append(tape)
    value, dy = ops.loss(x, target, LOSS, gradient=True)
    gradients = []
    for index in reversed(range(first, len(parts))):
        part, need_dx = parts[index], index > first
        if isinstance(part, LSTMLayerSpec):
            dys, dh = (dy, None) if part.sequences else (None, dy)
            dy, _, _, own = ops.lstm_backward(tapes[index], dys, dh, None, need_dx=need_dx)
        else:
            dy, *own = ops.dense_backward(tapes[index], dy, need_dx=need_dx)
        gradients.insert(0, [np.array(gradient) for gradient in own if gradient is not None])
    return float(value), np.array(x), gradients


@pytest.mark.parametrize("first", [0, 2])
@pytest.mark.parametrize(("device", "N"), [("reference", N), ("cpu", N), ("cpu", GROUPED)])
def test_a_program_has_the_bits_of_the_ops_at_each_call(device, N, dtype, first):
    ops = get_ops(device)
    parts, batches = case(dtype, N=N)
    program = ops.gradient_program(parts, *batches[0], LOSS, first=first)
    samples = np.ascontiguousarray(batches[1][0].transpose(1, 0, 2)).transpose(1, 0, 2)  # lies otherwise than what was bound
    for x, target in (*batches, batches[0], (samples, batches[1][1])):
        value, y = program(x, target)
        expected, expected_y, gradients = run_ops(ops, parts, x, target, first)
        assert value == expected
        assert y.tobytes() == expected_y.tobytes()
        for own, others in zip(program.gradients[first:], gradients, strict=True):
            for one, other in zip(own, others, strict=True):
                assert np.ascontiguousarray(one).tobytes() == np.ascontiguousarray(other).tobytes()
        parts[2].weights.recurrent_kernel.assign(parts[2].weights.recurrent_kernel.value * 0.5)  # as an update would


def test_a_program_is_near_the_witness(ops, dtype):
    parts, batches = case(dtype)
    exact, exact_batches = case(dtype, in_float64)
    program = ops.gradient_program(parts, *(put(ops, a) for a in batches[0]), LOSS, first=0)
    witness = get_ops("reference").gradient_program(exact, *exact_batches[0], LOSS, first=0)
    value, y = program(*(put(ops, a) for a in batches[0]))
    expected, expected_y = witness(*exact_batches[0])
    assert_close(value, expected, RECURRENT[dtype])
    assert_close(y, expected_y, RECURRENT[dtype])
    for own, others in zip(program.gradients, witness.gradients, strict=True):
        for one, other in zip(own, others, strict=True):
            assert_close(one, other, RECURRENT[dtype])


@pytest.mark.parametrize("device", ["reference", "cpu"])
@pytest.mark.parametrize(
    "spec", [UpdateSpec("sgd"), UpdateSpec("adam", weight_decay=0.1), UpdateSpec("nadam")], ids=lambda s: s.name
)
def test_an_update_program_has_the_bits_of_the_op_at_each_step(device, dtype, spec):
    ops, rng = get_ops(device), np.random.default_rng(2)
    shapes = ((3, 8), (5,))
    slots = 0 if spec.name == "sgd" else 2

    def variables():
        return [Variable(np.ones(shape, dtype)) for shape in shapes], [
            [Variable(np.zeros(shape, dtype)) for _ in range(slots)] for shape in shapes
        ]

    (ours, own), (theirs, others) = variables(), variables()
    gradients = [np.zeros((3, 16), dtype)[:, :8], np.zeros(5, dtype)]  # the first one's rows do not follow on
    program = ops.update_program(ours, gradients, own, spec)
    for step in (1, 2, 3):
        for gradient in gradients:
            gradient[...] = rng.standard_normal(gradient.shape)
        program(step, 0.1 / step)
        ops.update(theirs, [gradient.copy() for gradient in gradients], others, spec, step=step, rate=0.1 / step)
        before = ours[0].prepared("sum", np.sum)
        for one, other in zip([*ours, *sum(own, [])], [*theirs, *sum(others, [])], strict=True):
            assert one.value.tobytes() == other.value.tobytes()
    program(4, 0.1)
    assert ours[0].prepared("sum", np.sum) != before
