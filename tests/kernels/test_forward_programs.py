"""Forward programs: the bits of the ops, for inputs that lie anywhere, and for any number of threads."""

from __future__ import annotations

import numpy as np
import pytest

from numba_lstm import set_num_threads
from numba_lstm.device import get_ops
from numba_lstm.kernels import cpu
from numba_lstm.kernels.contract import DenseLayerSpec, LSTMLayerSpec, LSTMWeights
from numba_lstm.kernels.cpu.runtime.task import Team
from numba_lstm.kernels.int8 import fake_quantize
from numba_lstm.kernels.specs import Activation, LSTMSpec
from numba_lstm.variables import Variable

LINEAR = Activation("linear")


def lstm(rng, D, H, dtype, spec=None, *, sequences=False, peephole=False):
    shapes = [(D, 4 * H), (H, 4 * H), (4 * H,), *([(3, H)] if peephole else [])]
    weights = [Variable((rng.normal(size=shape) / np.sqrt(H)).astype(dtype)) for shape in shapes]
    return LSTMLayerSpec(LSTMWeights(*weights), spec or LSTMSpec(), sequences)


def dense(rng, D, C, dtype, activation=LINEAR, *, biased=True):
    W, b = rng.normal(size=(D, C)).astype(dtype) / 4, rng.normal(size=C).astype(dtype)
    return DenseLayerSpec(Variable(W), Variable(b) if biased else None, activation)


def deep(dtype, D, sequences=False):
    rng = np.random.default_rng(1)
    return [
        dense(rng, D, 9, dtype, Activation("tanh")),
        lstm(rng, 9, 19, dtype, sequences=True, peephole=True),
        DenseLayerSpec(None, None, Activation("exponential")),
        lstm(rng, 19, 50, dtype, LSTMSpec(activation=Activation("relu")), sequences=sequences),
        dense(rng, 50, 3, dtype, Activation("softmax"), biased=False),
    ]


def large(units, D=70, dtype="float32"):
    rng = np.random.default_rng(2)
    return [lstm(rng, D, units, dtype), dense(rng, units, 2, dtype)]


def batch(T, N, D, dtype, seed=0):
    return np.random.default_rng(seed).normal(size=(N, T, D)).astype(dtype).transpose(1, 0, 2)


def run_ops(ops, parts, x):
    """What the contract says that a program answers."""
    for part in parts:
        if isinstance(part, LSTMLayerSpec):
            out = ops.lstm_forward(x, part.weights, None, None, part.spec, sequences=part.sequences)
            x = out.y if part.sequences else out.h
        elif part.kernel is None:
            x, _ = ops.activation_forward(x, part.activation)
        else:
            x, _ = ops.dense_forward(x, part.kernel, part.bias, part.activation)
    return np.array(x.transpose(1, 0, 2) if x.ndim == 3 else x, order="C")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("sequences", [False, True])
@pytest.mark.parametrize("N", [1, 2, 3, 13, 30])
@pytest.mark.parametrize("device", ["reference", "cpu"])
def test_a_program_has_the_bits_of_the_ops_at_each_call(device, N, sequences, dtype):
    ops, parts = get_ops(device), deep(dtype, 5, sequences)
    first, second = batch(7, N, 5, dtype), batch(7, N, 5, dtype, 1)
    program = ops.forward_program(parts, first)
    for x in (first, second, first):
        y = program(x)
        assert y.flags.c_contiguous
        assert y.tobytes() == run_ops(ops, parts, x).tobytes()


@pytest.mark.parametrize("threads", [1, 2, 3, 6, 8, 16])
@pytest.mark.parametrize(
    ("N", "T", "units"),
    [
        (1, 30, 420),
        (2, 90, 170),
        (5, 40, 170),
        (6, 40, 200),
        (8, 40, 200),
        (16, 40, 310),
        (37, 40, 100),
        (40, 1, 296),
        (41, 40, 300),
    ],
)
def test_threads_do_not_change_a_bit(N, T, units, threads):
    """Rows alone, rows that threads have for themselves, teams; with x W ahead in several chunks, and of features from afar.

    Of 8 and of 40 rows many threads have so few that these would be a team's, if each share had more than its own thread.
    """
    parts, x = large(units, 1000 if N == 6 else 70), batch(T, N, 1000 if N == 6 else 70, "float32")
    set_num_threads(1)
    expected = run_ops(cpu, parts, x)
    set_num_threads(threads)
    program = cpu.forward_program(parts, x)
    for others in (threads, 1, 3):
        set_num_threads(others)
        assert program(x).tobytes() == expected.tobytes()


def layouts(T, N, D):
    x = batch(T, N, D, "float32")
    yield x
    yield np.ascontiguousarray(x)
    yield np.repeat(x, 3, axis=1)[:, ::3]
    yield np.repeat(x, 3, axis=0)[::3]
    yield np.broadcast_to(x[:1], x.shape)
    frozen = np.ascontiguousarray(x)
    frozen.flags.writeable = False
    yield frozen


@pytest.mark.parametrize(("T", "N", "D"), [(6, 1, 5), (6, 8, 5), (4, 20, 64), (16, 9, 16), (33, 7, 257)])
def test_x_is_read_wherever_it_lies(T, N, D):
    """With 4 64 and 16 16 samples are 1,024 bytes apart, which tiles of rows do not read as they lie."""
    set_num_threads(2)
    for x in layouts(T, N, D):
        parts = large(40, D)
        program = cpu.forward_program(parts, x)
        for value in (x, x + 1):
            other = np.lib.stride_tricks.as_strided(np.zeros(x.size * 9, x.dtype), x.shape, x.strides)
            other[...] = value
            assert program(other).tobytes() == run_ops(cpu, parts, other).tobytes()


def test_a_program_keeps_its_weights():
    parts, x = large(40), batch(5, 4, 70, "float32")
    before, program = run_ops(cpu, parts, x), cpu.forward_program(parts, x)
    for weight in parts[0].variables:
        weight.assign(weight.value * 2)
    assert program(x).tobytes() == before.tobytes()


def test_an_answer_is_a_fresh_array():
    for sequences in (False, True):
        for threads in (1, 2):
            set_num_threads(threads)
            x = batch(20, 40, 5, "float32")
            program = cpu.forward_program(deep("float32", 5, sequences), x)
            first = program(x)
            before = first.copy()
            program(x + 1)
            assert first.tobytes() == before.tobytes()


def test_nan_stays_where_it_was():
    x = batch(6, 7, 5, "float32").copy()
    x[2, 3, 1] = np.nan
    program = cpu.forward_program(deep("float32", 5), x)
    assert np.isnan(program(x)).any(axis=1).tolist() == [row == 3 for row in range(7)]
    assert np.isfinite(program(np.nan_to_num(x))).all()


def stages(program):
    """The works of each graph of a program."""
    return [graph._references[0] for graph in program._scores]


def test_shares_of_the_rows_go_apart_to_their_end():
    """Of eleven rows five have their product ahead, in a stage before, and six have none: the steps of both are one stage."""
    set_num_threads(2)
    (tasks,) = stages(cpu.forward_program(large(66, 60), batch(60, 8, 60, "float32")))
    assert {len(work.calls) for work in tasks} == {2}
    parts, x = large(64, 310), batch(40, 11, 310, "float32")
    program = cpu.forward_program(parts, x)
    (tasks,) = stages(program)
    assert [len(work.calls) for work in tasks] == [1, 2, 2, 2, 2]  # six rows begin a stage later
    assert program(x).tobytes() == run_ops(cpu, parts, x).tobytes()


def test_a_team_is_a_score_of_its_own():
    set_num_threads(2)
    task_graphs = stages(cpu.forward_program(large(310), batch(40, 16, 70, "float32")))
    assert any(isinstance(work, Team) for tasks in task_graphs for work in tasks)
    assert all(len(tasks) == 1 for tasks in task_graphs if any(isinstance(work, Team) for work in tasks))


@pytest.mark.parametrize(("N", "expected"), [(1, 1), (2, 2), (3, 1), (4, 2), (10, 2)])
def test_few_rows_are_shared_but_three(N, expected):
    set_num_threads(2)
    (tasks,) = stages(cpu.forward_program(large(100, 10), batch(100, N, 10, "float32")))
    assert max(1, *(len(getattr(work, "calls", [0])) for work in tasks)) == expected


@pytest.mark.parametrize("sequences", [False, True])
@pytest.mark.parametrize("kind", ["projection", "int8"])
def test_what_goes_by_whole_rows_or_numbers(kind, sequences):
    """First, where x itself is read, and behind another; some 13 million multiplications, which threads share."""
    rng, x = np.random.default_rng(0), batch(40, 30, 32, "float32")
    parts = [lstm(rng, 32, 32, "float32", sequences=True), lstm(rng, 32, 32, "float32", sequences=sequences)]
    for k, part in enumerate(parts):
        if kind == "projection":
            U, R = (Variable(rng.normal(size=shape).astype(np.float32) / 5) for shape in ((32, 128), (32, 32)))
            parts[k] = part._replace(weights=part.weights._replace(recurrent_kernel=U, projection=R))
        else:
            whole = [Variable(fake_quantize(weight.value)) for weight in part.weights[:2]]
            weights = part.weights._replace(kernel=whole[0], recurrent_kernel=whole[1])
            parts[k] = part._replace(weights=weights, spec=LSTMSpec(int8=True))
    for threads in (1, 2, 8):
        set_num_threads(threads)
        program = cpu.forward_program(parts, x)
        for value in (x, x + 1):
            other = np.ascontiguousarray(value.transpose(1, 0, 2)).transpose(1, 0, 2)
            assert program(other).tobytes() == run_ops(cpu, parts, other).tobytes()
        most = max(len(getattr(work, "calls", [0])) for tasks in stages(program) for work in tasks)
        assert (most > 1) == (threads > 1)


def test_without_parts_there_is_no_program():
    assert cpu.forward_program([], batch(3, 4, 5, "float32")) is None
