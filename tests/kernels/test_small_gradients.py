"""Updates by gradients far below one in float32: a moment is lost only where it is denormal itself."""

from __future__ import annotations

import numpy as np
import pytest
from kernel_cases import put

from numba_lstm.device import get_ops
from numba_lstm.kernels.specs import UpdateSpec
from numba_lstm.variables import Variable

#: Spec and number of slots. Each epsilon is far below the roots of the second moments.
RULES = [
    (UpdateSpec("sgd", momentum=0.9), 1),
    (UpdateSpec("rmsprop", epsilon=1e-36), 1),
    (UpdateSpec("rmsprop", epsilon=1e-36, centered=True, momentum=0.5), 3),
    (UpdateSpec("adagrad", epsilon=1e-36), 1),
    (UpdateSpec("adam", epsilon=0.0), 2),
    (UpdateSpec("adam", epsilon=1e-18, amsgrad=True), 3),
    (UpdateSpec("adam", epsilon=1e-18, weight_decay=0.01), 2),
    (UpdateSpec("nadam", epsilon=1e-18), 2),
    (UpdateSpec("nadam"), 2),
]

#: A float32 weight moves by sums of steps, each of some roundings of 6e-8; a centered second moment cancels to 0.6 of itself.
STEPS = 2e-6


def move(ops, spec, slots, gradient, dtype, *, steps=3, rate=1e-3):
    """How far a weight of zero moves in some steps of one gradient."""
    weight, variables = Variable(np.zeros(19, dtype)), [Variable(np.zeros(19, dtype)) for _ in range(slots)]
    for step in range(1, steps + 1):
        ops.update([weight], [put(ops, np.full(19, gradient, dtype))], [variables], spec, step=step, rate=rate)
    return weight.value


@pytest.mark.parametrize("gradient", [5e-9, 1e-12, 1e-15, -3e-17])
@pytest.mark.parametrize(("spec", "slots"), RULES, ids=[f"{s.name} {k}" for k, (s, _) in enumerate(RULES)])
def test_steps_of_a_small_gradient(every_ops, spec, slots, gradient):
    found = move(every_ops, spec, slots, gradient, np.float32)
    np.testing.assert_allclose(found, move(get_ops("reference"), spec, slots, gradient, np.float64), rtol=STEPS)


@pytest.mark.parametrize("epsilon", [1e-12, 0.0])
def test_three_steps_of_adam(every_ops, epsilon):
    """With epsilon 1e-12 what PyTorch and Keras move a weight by, too."""
    found = move(every_ops, UpdateSpec("adam", epsilon=epsilon), 2, 5e-9, np.float32)
    np.testing.assert_allclose(found, {1e-12: -0.0029856, 0.0: -0.003}[epsilon], rtol=3e-5)


def test_three_steps_of_nadam(every_ops):
    """With the default epsilon, what Keras moves a weight by."""
    np.testing.assert_allclose(move(every_ops, UpdateSpec("nadam"), 2, 5e-9, np.float32), -1.2131970e-4, rtol=STEPS)


def test_a_second_moment_keeps_what_is_not_denormal(every_ops):
    weight, m, v = (Variable(np.zeros(19, np.float32)) for _ in range(3))
    gradient = put(every_ops, np.full(19, 4e-18, np.float32))
    every_ops.update([weight], [gradient], [[m, v]], UpdateSpec("adam"), step=1, rate=1e-3)
    np.testing.assert_allclose(m.value, 4e-19, rtol=STEPS)
    np.testing.assert_allclose(v.value, 1.6e-38, rtol=STEPS)
