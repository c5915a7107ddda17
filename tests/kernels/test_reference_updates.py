"""The reference's optimizers against numbers of PyTorch's, and against one step worked out by hand where PyTorch differs."""

from __future__ import annotations

import math

import numpy as np
import pytest

from numba_lstm.device import get_ops
from numba_lstm.kernels.specs import UpdateSpec
from numba_lstm.variables import Variable

OPS = get_ops("reference")

START = [1.0, -2.0, 0.5]
GRADIENTS = [[0.3, -0.2, 1.0], [-0.1, 0.4, 0.25], [0.2, 0.05, -0.5]]
ZERO = (0.0,) * 3
TENTHS = (0.1,) * 3

#: Spec, first values of the slots, and the weights that torch.optim (2.13, float64, lr 0.1, eps 0) reaches after three steps.
#: Epsilon is 0 since Keras adds it elsewhere; its NAdam has Keras's schedule with momentum_decay=1.
AFTER_THREE_STEPS = [
    (UpdateSpec("sgd"), [], [0.96, -2.025, 0.425]),
    (UpdateSpec("sgd", momentum=0.9), [ZERO], [0.9177, -2.0268, 0.2315]),
    (UpdateSpec("sgd", momentum=0.9, nesterov=True), [ZERO], [0.88593, -2.04912, 0.18335]),
    (UpdateSpec("rmsprop", epsilon=0), [ZERO], [0.607454970291, -2.00686871775, 0.252844261185]),
    (UpdateSpec("rmsprop", epsilon=0, momentum=0.5), [ZERO] * 2, [0.422698387614, -1.91255503609, -0.0246177115293]),
    (UpdateSpec("rmsprop", epsilon=0, centered=True), [ZERO] * 2, [0.582019897685, -1.99401719462, 0.231514187069]),
    (UpdateSpec("rmsprop", epsilon=0, centered=True, momentum=0.5), [ZERO] * 3, [0.38528679536, -1.88867154, -0.061867413456]),
    (UpdateSpec("adagrad", epsilon=0), [TENTHS], [0.912711130567, -2.02866833504, 0.423537112479]),
    (UpdateSpec("adam", epsilon=0), [ZERO] * 2, [0.79966949366, -1.97183695769, 0.287085072189]),
    (UpdateSpec("adam", epsilon=0, beta_2=0.99, amsgrad=True), [ZERO] * 3, [0.799499495268, -1.97181733986, 0.286841366556]),
    (UpdateSpec("adam", epsilon=0, weight_decay=0.04), [ZERO] * 2, [0.788675917089, -1.94858478828, 0.282239679203]),
    (UpdateSpec("nadam", epsilon=0), [ZERO] * 2, [0.858149549387, -1.9979616769, 0.399993885645]),
]


@pytest.mark.parametrize(("spec", "slots", "expected"), AFTER_THREE_STEPS)
def test_three_steps(spec, slots, expected):
    weight, variables = Variable(np.array(START)), [Variable(np.array(slot)) for slot in slots]
    for step, gradient in enumerate(GRADIENTS, start=1):
        OPS.update([weight], [np.array(gradient)], [variables], spec, step=step, rate=0.1)
    np.testing.assert_allclose(weight.value, expected, rtol=1e-10)


#: Spec, number of slots, and the first step's size over the rate, for a gradient of 0.6 and an epsilon of 0.25 (Keras 3).
FIRST_STEP = [
    (UpdateSpec("rmsprop", epsilon=0.25), 1, 0.6 / math.sqrt(0.1 * 0.36 + 0.25)),
    (UpdateSpec("rmsprop", epsilon=0.25, centered=True), 2, 0.6 / math.sqrt(0.1 * 0.36 - 0.0036 + 0.25)),
    (UpdateSpec("adagrad", epsilon=0.25), 1, 0.6 / math.sqrt(0.36 + 0.25)),
    (UpdateSpec("adam", epsilon=0.25), 2, math.sqrt(0.001) * 0.6 / (math.sqrt(0.001) * 0.6 + 0.25)),
    (UpdateSpec("adam", epsilon=0.25, amsgrad=True), 3, math.sqrt(0.001) * 0.6 / (math.sqrt(0.001) * 0.6 + 0.25)),
]


@pytest.mark.parametrize(("spec", "slots", "size"), FIRST_STEP)
def test_epsilon_stands_where_keras_puts_it(spec, slots, size):
    weight = Variable(np.array([2.0]))
    OPS.update([weight], [np.array([0.6])], [[Variable(np.array([0.0])) for _ in range(slots)]], spec, step=1, rate=0.1)
    np.testing.assert_allclose(weight.value, 2 - 0.1 * size, rtol=1e-12)


def test_weight_decay_comes_before_the_rule():
    weight = Variable(np.array([2.0]))
    OPS.update([weight], [np.array([0.5])], [[]], UpdateSpec("sgd", weight_decay=0.1), step=1, rate=0.5)
    np.testing.assert_allclose(weight.value, 2 * (1 - 0.1 * 0.5) - 0.5 * 0.5, rtol=1e-15)


def test_clipping():
    gradients = [np.array([3.0, -4.0]), np.array([[0.6], [0.8]])]
    each = OPS.clip_gradients(gradients, clipnorm=2.0)
    np.testing.assert_allclose(each[0], [1.2, -1.6], rtol=1e-15)
    np.testing.assert_array_equal(each[1], gradients[1])
    all_clipped = OPS.clip_gradients(gradients, global_clipnorm=math.sqrt(26) / 2)
    np.testing.assert_allclose(all_clipped[0], [1.5, -2.0], rtol=1e-15)
    np.testing.assert_allclose(all_clipped[1], [[0.3], [0.4]], rtol=1e-15)
    np.testing.assert_array_equal(OPS.clip_gradients(gradients, clipvalue=0.7)[0], [0.7, -0.7])
    np.testing.assert_array_equal(OPS.clip_gradients(gradients)[0], gradients[0])


@pytest.mark.parametrize("bad", [np.inf, np.nan])
def test_a_norm_that_is_not_finite_clips_to_nan(bad):
    gradients = [np.array([bad, 1.0]), np.array([1.0])]
    first, second = OPS.clip_gradients(gradients, clipnorm=2.0)
    assert np.isnan(first).all()
    assert second == 1
    assert all(np.isnan(g).all() for g in OPS.clip_gradients(gradients, global_clipnorm=2.0))
