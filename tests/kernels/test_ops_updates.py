"""The optimizers of a device against the reference."""

from __future__ import annotations

import numpy as np
import pytest
from kernel_cases import DTYPES, in_float64, put
from tolerances import SUMS, UPDATES, assert_close, assert_each_close

from numba_lstm.device import get_ops
from numba_lstm.kernels.specs import UpdateSpec
from numba_lstm.variables import Variable

pytestmark = pytest.mark.parametrize("dtype", DTYPES)

#: Spec and number of slots.
RULES = [
    (UpdateSpec("sgd"), 0),
    (UpdateSpec("sgd", weight_decay=0.1), 0),
    (UpdateSpec("sgd", momentum=0.9), 1),
    (UpdateSpec("sgd", momentum=0.9, nesterov=True), 1),
    (UpdateSpec("rmsprop"), 1),
    (UpdateSpec("rmsprop", rho=0.8, momentum=0.5, epsilon=1e-3), 2),
    (UpdateSpec("rmsprop", centered=True), 2),
    (UpdateSpec("rmsprop", centered=True, momentum=0.5), 3),
    (UpdateSpec("adagrad", epsilon=1e-3), 1),
    (UpdateSpec("adam"), 2),
    (UpdateSpec("adam", beta_1=0.8, beta_2=0.95, epsilon=1e-3), 2),
    (UpdateSpec("adam", amsgrad=True), 3),
    (UpdateSpec("adam", weight_decay=0.02), 2),
    (UpdateSpec("nadam"), 2),
    (UpdateSpec("adadelta", rho=0.95), 2),
    (UpdateSpec("adadelta", rho=0.8, epsilon=1e-3, weight_decay=0.1), 2),
    (UpdateSpec("adamax"), 2),
    (UpdateSpec("adamax", beta_1=0.8, beta_2=0.7, epsilon=1e-3, weight_decay=0.1), 2),
    (UpdateSpec("lion", beta_2=0.99), 1),
    (UpdateSpec("lion", beta_1=0.7, beta_2=0.8, weight_decay=0.1), 1),
    (UpdateSpec("ftrl"), 2),
    (UpdateSpec("ftrl", power=-0.7, l1=0.6, l2=0.2, l2_shrinkage=0.1, beta=0.4, weight_decay=0.1), 2),
    (UpdateSpec("average"), 1),
    (UpdateSpec("average", momentum=0.8), 1),
]
SHAPES = [(7, 44), (11, 44), (44,), (1,), (3, 1)]


def arrays(seed, dtype, *, positive=False):
    rng = np.random.default_rng(seed)
    values = [rng.standard_normal(shape).astype(dtype) for shape in SHAPES]
    return [np.abs(v) + 0.5 for v in values] if positive else values


def name_of(value):
    defaults = vars(UpdateSpec("sgd")) | {"name": None}
    return " ".join(str(v) if k == "name" else f"{k}={v}" for k, v in vars(value).items() if v != defaults[k])


def run(ops, spec, slots, dtype, *, steps, cast=lambda a: a):
    """Weights and slots after some steps from one random state; second moments start positive and above squared means."""
    weights = [Variable(cast(w)) for w in arrays(1, dtype)]
    values = [[cast(a) for a in arrays(10 + k, dtype, positive=True)] for k in range(slots)]
    if spec.centered:
        values[-1] = [a / 4 for a in values[-1]]
    variables = [[Variable(slot[k]) for slot in values] for k in range(len(SHAPES))]
    for step in steps:
        gradients = [put(ops, cast(g)) for g in arrays(100 + step, dtype)]
        ops.update(weights, gradients, variables, spec, step=step, rate=0.05)
    return weights, variables


@pytest.mark.parametrize("steps", [(1, 2, 3), (5000,)], ids=str)
@pytest.mark.parametrize(("spec", "slots"), RULES, ids=[name_of(spec) for spec, _ in RULES])
def test_update(ops, dtype, spec, slots, steps):
    weights, variables = run(ops, spec, slots, dtype, steps=steps)
    expected_weights, expected_variables = run(get_ops("reference"), spec, slots, dtype, steps=steps, cast=in_float64)
    # ftrl's z is a sum of terms of both signs, some of them divided by the rate: its error is that of the largest.
    compare = assert_close if spec.name == "ftrl" else assert_each_close
    for weight, slots, expected, expected_slots in zip(weights, variables, expected_weights, expected_variables, strict=True):
        assert weight.dtype == dtype
        compare(weight.value, expected.value, UPDATES[dtype])
        for slot, expected_slot in zip(slots, expected_slots, strict=True):
            compare(slot.value, expected_slot.value, UPDATES[dtype])


def test_update_drops_prepared_forms(ops, dtype):
    weight = Variable(np.ones((3, 4), dtype))
    before = weight.prepared("sum", np.sum)
    ops.update([weight], [put(ops, np.ones((3, 4), dtype))], [[]], UpdateSpec("sgd"), step=1, rate=0.5)
    assert (before, weight.prepared("sum", np.sum)) == (12, 6)


@pytest.mark.parametrize(("rule", "count"), [("adam", 2), ("adadelta", 2), ("adamax", 2), ("lion", 1), ("ftrl", 2)])
def test_nan_in_a_gradient_reaches_its_weight_alone(ops, dtype, rule, count):
    weight, slots = Variable(np.ones(37, dtype)), [Variable(np.ones(37, dtype)) for _ in range(count)]
    gradient = np.ones(37, dtype)
    gradient[20] = np.nan
    ops.update([weight], [put(ops, gradient)], [slots], UpdateSpec(rule), step=1, rate=0.1)
    for variable in (weight, *slots):
        assert np.flatnonzero(np.isnan(variable.value)).tolist() == [20]


CLIPS = [
    {},
    {"clipnorm": 3.0},
    {"clipnorm": 1e3},
    {"global_clipnorm": 3.0},
    {"global_clipnorm": 1e3},
    {"clipvalue": 0.4},
]


def clip(ops, gradients, **options):
    clipped = ops.clip_gradients([put(ops, g) for g in gradients], **options)
    return [np.array(ops.to_host(g)) for g in clipped]


@pytest.mark.parametrize("options", CLIPS, ids=str)
def test_clip(ops, dtype, options):
    gradients = arrays(2, dtype)
    copies = [g.copy() for g in gradients]
    found = clip(ops, gradients, **options)
    for g, copy in zip(gradients, copies, strict=True):
        np.testing.assert_array_equal(g, copy)
    for value, expected in zip(found, clip(get_ops("reference"), map(in_float64, gradients), **options), strict=True):
        assert value.dtype == dtype
        assert_close(value, expected, SUMS[dtype])


def test_a_sum_of_squares_beyond_float32_is_no_overflow(ops, dtype):
    (found,) = clip(ops, [np.full(4, 1e30, dtype)], clipnorm=1.0)
    assert_close(found, np.full(4, 0.5), SUMS[dtype])


@pytest.mark.parametrize("bad", [np.inf, np.nan])
def test_a_norm_that_is_not_finite(ops, dtype, bad):
    gradients = arrays(3, dtype)
    gradients[1][2, 3] = bad
    each = clip(ops, gradients, clipnorm=1.0)
    assert [bool(np.isnan(g).all()) for g in each] == [False, True, False, False, False]
    assert all(np.isnan(g).all() for g in clip(ops, gradients, global_clipnorm=1.0))
    if np.isnan(bad):
        assert np.isnan(clip(ops, gradients, clipvalue=0.4)[1][2, 3])
