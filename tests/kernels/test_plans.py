"""Plans and update programs: the bits of the ops that they record, for any inputs and threads."""

from __future__ import annotations

import ast
from pathlib import Path

import numpy as np
import pytest
from kernel_cases import DTYPES

from numba_lstm import set_num_threads
from numba_lstm.device import get_ops
from numba_lstm.kernels import cpu
from numba_lstm.kernels.contract import LSTMNoise, LSTMWeights
from numba_lstm.kernels.cpu.runtime import recording
from numba_lstm.kernels.cpu.runtime.task import HostCall
from numba_lstm.kernels.specs import Activation, Key, LossSpec, LSTMSpec, UpdateSpec
from numba_lstm.variables import Variable

T, D, H, C = 5, 7, 11, 4
LOSS = LossSpec("mean_squared_error")

each_dtype = pytest.mark.parametrize("dtype", DTYPES)


@pytest.fixture(params=[1, 2])
def threads(request):
    set_num_threads(request.param)


def weight(rng, dtype, *shape):
    return Variable((rng.standard_normal(shape) * 0.5).astype(dtype))


def both_passes(dtype):
    """A function of x, a target and a mask that calls most ops in training; the weights, which change between calls."""
    rng, ops = np.random.default_rng(4), cpu
    lstm = LSTMWeights(*(weight(rng, dtype, *shape) for shape in ((D, 4 * H), (H, 4 * H), (4 * H,), (3, H))))
    W, b, gamma, beta = (weight(rng, dtype, *shape) for shape in ((2 * H, C), (C,), (2 * H,), (2 * H,)))
    mean, variance = Variable(np.zeros(2 * H, dtype)), Variable(np.ones(2 * H, dtype))

    def function(x, target, mask, key):
        masked = ops.zero_masked(ops.noise_forward(x, 0.1, key), mask)
        factors = ops.dropout_forward(ops.asarray(np.ones((4, x.shape[1], H), dtype), dtype), 0.4, Key(key.seed, key.step, 5))
        noise = LSTMNoise(None, factors[0], None, None)
        out = ops.lstm_forward(masked, lstm, None, None, LSTMSpec(), mask=mask, noise=noise, sequences=True, training=True)
        y = ops.concat([out.y, ops.flip(out.y)])
        y, norm = ops.batch_norm_forward(y, gamma, beta, mean, variance, 1e-3, momentum=0.9, mask=mask, training=True)
        y, rows = ops.layer_norm_forward(y, gamma, None, 1e-3, training=True)
        y, dense = ops.dense_forward(y, W, b, Activation("gelu"), training=True)
        value, dy = ops.loss(y, target, LOSS, gradient=True)
        dy, dW, db = ops.dense_backward(dense, dy, need_dx=True)
        dy, dgamma, _ = ops.layer_norm_backward(rows, dy, need_dx=True)
        dy, *dnorm = ops.batch_norm_backward(norm, dy, need_dx=True)
        one, two = ops.split(dy, [H, H])
        dx, dh0, dc0, dlstm = ops.lstm_backward(out.tape, ops.add(one, ops.flip(two)), None, None, need_dx=True)
        gradients = [dW, db, dgamma, *dnorm, dx, dh0, dc0, *(d for d in dlstm if d is not None), ops.sum_steps(dx)]
        return value, y, [ops.scale(gradient, 0.5) for gradient in gradients]

    return function, [*lstm[:4], W, b, gamma, beta], [mean, variance]


def batch(seed, dtype, N):
    """Samples first, so that a time-major x is a view; targets and a mask."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((N, T, D)).astype(dtype).transpose(1, 0, 2)
    return x, rng.standard_normal((T, N, C)).astype(dtype), rng.random((T, N)) > 0.3


def leaves(value):
    if isinstance(value, (list, tuple)):
        return [leaf for part in value for leaf in leaves(part)]
    return [np.ascontiguousarray(value).tobytes()]


@each_dtype
@pytest.mark.parametrize("N", [3, 27])  # the second has two groups of rows on the tape
def test_a_plan_of_training_has_the_bits_of_the_function_at_each_call(N, dtype, threads):
    (function, weights, moving), (other, others, other_moving) = both_passes(dtype), both_passes(dtype)
    plan = cpu.plan(function, batch(0, dtype, N), key=Key(3, 0, 1), training=True)
    for step in range(3):
        x, target, mask = batch(step, dtype, N)
        x = x.copy() if step == 1 else x  # with other strides
        key = Key(3, step, 1)
        assert leaves(plan(x, target, mask, key=key)) == leaves(other(x, target, mask, key))
        for one, two in zip([*weights, *moving], [*others, *other_moving], strict=True):
            assert one.value.tobytes() == two.value.tobytes()
        for one, two in zip(weights, others, strict=True):  # as an update would
            one.assign(one.value * 0.9)
            two.assign(two.value * 0.9)


@each_dtype
def test_rows_of_an_inference_are_shared_by_threads(dtype):
    rng = np.random.default_rng(1)
    W, U, V = (weight(rng, dtype, *shape) for shape in ((D, 240), (60, 240), (60, C)))

    def function(x, mask, key):
        out = cpu.lstm_forward(x, LSTMWeights(W, U), None, None, LSTMSpec(), mask=mask, sequences=True)
        return cpu.dense_forward(out.y, V, None, Activation("softmax"))[0], cpu.flip(mask)

    x, _, mask = batch(2, dtype, 151)
    expected = function(x, mask, None)
    for threads in (1, 2, 3):
        set_num_threads(threads)
        for _ in range(2):
            assert leaves(cpu.plan(function, [x, mask], work=5e7)(x, mask)) == leaves(expected)


def test_batch_norm_is_kernels_alone_and_a_plan_renews_the_forms_of_the_moving_statistics():
    gamma, beta, mean, variance = (Variable(np.full(4, value, np.float32)) for value in (1, 0, 0, 1))

    def passes(x, dy, key):
        y, tape = cpu.batch_norm_forward(x, gamma, beta, mean, variance, 1e-3, momentum=0.9, training=True)
        return y, cpu.batch_norm_backward(tape, dy, need_dx=True)

    x = np.random.default_rng(3).standard_normal((2, 5, 3, 4)).astype(np.float32)
    recorded = recording.Recording(packs=True)
    with recording.recording_to(recorded):
        passes(*x, None)
    assert not any(isinstance(task, HostCall) for task in recorded.tasks)
    plan = cpu.plan(passes, list(x), training=True)
    for weight in (mean, variance):
        before = weight.prepared("sum", np.sum)
        plan(*x)
        assert weight.prepared("sum", np.sum) != before


def test_values_cannot_be_read_while_a_plan_is_recorded():
    with pytest.raises(RuntimeError, match="a plan is being recorded"):
        cpu.plan(lambda x, key: (cpu.to_host(x), None), [np.zeros((2, 3, 4))])
    assert recording.active() is None


def test_an_input_that_is_handed_on_is_the_output():
    x = np.arange(24.0).reshape(2, 3, 4)
    plan = cpu.plan(lambda x, key: (x, None), [np.zeros((2, 3, 4))])
    for value in (x, -x):
        assert np.array_equal(plan(value)[0], value)


#: NumPy's functions that read or write elements. Ops may call them in tasks alone.
COMPUTING = {
    *(
        "add",
        "subtract",
        "multiply",
        "divide",
        "sum",
        "mean",
        "dot",
        "matmul",
        "sqrt",
        "exp",
        "abs",
        "clip",
        "maximum",
        "where",
    ),
    *("take", "concatenate", "stack", "copyto", "any", "all", "count_nonzero", "ascontiguousarray", "not_equal", "repeat"),
}

#: Modules that no plan records, and functions that make a constant once.
OUTSIDE = {"plan.py", "stream.py", "step_loop.py", "update.py", "metrics.py"}
ONCE = {"int_panels", "_gate_order", "_tables"}


def computing_calls(path):
    """The calls of such functions in the Python of a module, outside of functions that are tasks and of kernels."""
    tree = ast.parse(path.read_text())
    tasks = {
        call.args[0].id
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in ("HostCall", "kernel", "inlined")
        if call.args and isinstance(call.args[0], ast.Name)
    }
    found = []

    def visit(node):
        if isinstance(node, (ast.FunctionDef, ast.Lambda)) and getattr(node, "name", "") in tasks | ONCE:
            return
        if isinstance(node, ast.FunctionDef) and node.decorator_list and "inlined" in ast.dump(node.decorator_list[0]):
            return
        function = node.func if isinstance(node, ast.Call) else None
        if isinstance(function, ast.Attribute) and function.attr in COMPUTING and ast.unparse(function.value) == "np":
            found.append(f"{path.name}:{node.lineno} np.{function.attr}")
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "HostCall":
            node = ast.Tuple(node.args[1:], ast.Load())
        for child in ast.iter_child_nodes(node):
            visit(child)

    visit(tree)
    return found


def test_ops_compute_in_tasks_alone():
    root = Path(cpu.__file__).parent
    folders = ("arrays", "gemm", "lstm", "ops", "plans", "training")
    paths = [path for folder in folders for path in (root / folder).rglob("*.py") if path.name not in OUTSIDE]
    assert len(paths) > 30
    assert [call for path in paths for call in computing_calls(path)] == []


def test_such_a_call_would_be_found(tmp_path):
    path = tmp_path / "op.py"
    path.write_text("def op(x):\n    return np.add(x, 1)\n")
    assert computing_calls(path) == ["op.py:2 np.add"]


@each_dtype
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

    (ours, our_slots), (theirs, their_slots) = variables(), variables()
    gradients = [np.zeros((3, 16), dtype)[:, :8], np.zeros(5, dtype)]  # the first one's rows do not follow on
    program = ops.update_program(ours, gradients, our_slots, spec)
    for step in (1, 2, 3):
        for gradient in gradients:
            gradient[...] = rng.standard_normal(gradient.shape)
        program(step, 0.1 / step)
        ops.update(theirs, [gradient.copy() for gradient in gradients], their_slots, spec, step=step, rate=0.1 / step)
        before = ours[0].prepared("sum", np.sum)
        for one, other in zip([*ours, *sum(our_slots, [])], [*theirs, *sum(their_slots, [])], strict=True):
            assert one.value.tobytes() == other.value.tobytes()
    program(4, 0.1)
    assert ours[0].prepared("sum", np.sum) != before
