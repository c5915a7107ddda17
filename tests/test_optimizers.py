"""Optimizers: names, rates, slots and state. The arithmetic is the update op's; Keras's numbers: ``test_keras_training``."""

from __future__ import annotations

import copy
import inspect
import json

import numpy as np
import pytest

from numba_lstm import optimizers
from numba_lstm.device import get_ops
from numba_lstm.optimizers.schedules import ExponentialDecay
from numba_lstm.variables import Variable

DRAW = np.random.default_rng(31)
SHAPES = {"lstm/kernel": (7, 44), "lstm/bias": (44,), "dense/kernel": (11, 1)}


def weights():
    return [Variable(DRAW.normal(size=shape).astype(np.float32), path) for path, shape in SHAPES.items()]


def gradients(ops):
    return [ops.asarray(DRAW.normal(size=shape), np.float32) for shape in SHAPES.values()]


@pytest.mark.parametrize(
    ("name", "defaults"),
    [
        ("sgd", {"learning_rate": 0.01, "momentum": 0.0, "nesterov": False}),
        ("rmsprop", {"learning_rate": 0.001, "rho": 0.9, "momentum": 0.0, "epsilon": 1e-7, "centered": False}),
        ("adagrad", {"learning_rate": 0.001, "initial_accumulator_value": 0.1, "epsilon": 1e-7}),
        (
            "adam",
            {"learning_rate": 0.001, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7, "amsgrad": False, "weight_decay": None},
        ),
        ("adamw", {"learning_rate": 0.001, "weight_decay": 0.004, "beta_1": 0.9, "beta_2": 0.999}),
        ("nadam", {"learning_rate": 0.001, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7}),
        ("adadelta", {"learning_rate": 0.001, "rho": 0.95, "epsilon": 1e-7}),
        ("adamax", {"learning_rate": 0.001, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7}),
        ("lion", {"learning_rate": 0.001, "beta_1": 0.9, "beta_2": 0.99}),
        ("ftrl", {"learning_rate": 0.001, "learning_rate_power": -0.5, "initial_accumulator_value": 0.1, "beta": 0.0}),
    ],
)
def test_a_name_gives_keras_defaults(name, defaults):
    config = optimizers.get(name).get_config()
    assert {key: config[key] for key in defaults} == defaults
    assert (config["name"], config["clipnorm"], config["clipvalue"], config["global_clipnorm"]) == (name, None, None, None)


@pytest.mark.parametrize(
    "optimizer",
    [
        optimizers.SGD(0.5, momentum=0.25, nesterov=True, clipnorm=2.0),
        optimizers.RMSprop(0.5, rho=0.75, momentum=0.5, centered=True, global_clipnorm=3.0),
        optimizers.Adagrad(initial_accumulator_value=0.5, weight_decay=0.125),
        optimizers.Adam(ExponentialDecay(0.1, 5, 0.5), amsgrad=True, clipvalue=0.5),
        optimizers.AdamW(weight_decay=0.25, beta_1=0.5),
        optimizers.Nadam(beta_2=0.75, name="mine"),
        optimizers.Adadelta(rho=0.5, epsilon=0.25, use_ema=True, ema_momentum=0.5, ema_overwrite_frequency=3),
        optimizers.Adamax(beta_1=0.5, gradient_accumulation_steps=4, loss_scale_factor=8.0),
        optimizers.Lion(beta_1=1.0, beta_2=0.5),
        optimizers.Ftrl(0.5, -0.75, 0.25, 0.5, 0.125, 0.375, 2.0, weight_decay=0.5),
    ],
    ids=lambda optimizer: type(optimizer).__name__,
)
def test_a_config_of_json_makes_an_equal_optimizer(optimizer):
    again = optimizers.deserialize(json.loads(json.dumps(optimizers.serialize(optimizer))))
    assert (type(again), again.spec, again.clipping) == (type(optimizer), optimizer.spec, optimizer.clipping)
    assert again.get_config() == optimizer.get_config()


@pytest.mark.parametrize(
    ("optimizer", "names"),
    [
        (optimizers.SGD(), []),
        (optimizers.SGD(momentum=0.5), ["momentum"]),
        (optimizers.RMSprop(momentum=0.5, centered=True), ["velocity", "momentum", "average_gradient"]),
        (optimizers.RMSprop(centered=True), ["velocity", "average_gradient"]),
        (optimizers.Adagrad(), ["accumulator"]),
        (optimizers.Adam(amsgrad=True), ["momentum", "velocity", "velocity_hat"]),
        (optimizers.Nadam(), ["momentum", "velocity"]),
        (optimizers.Adadelta(), ["accumulated_grad", "accumulated_delta_var"]),
        (optimizers.Adamax(), ["momentum", "norm"]),
        (optimizers.Lion(), ["momentum"]),
        (optimizers.Ftrl(), ["accumulator", "linear"]),
    ],
)
def test_a_rule_has_its_slots_in_the_contracts_order(optimizer, names):
    optimizer.build(weights())
    assert [slot.path for slot in optimizer.slots[0]] == [f"lstm/kernel/{name}" for name in names]


def test_slots_have_the_shape_and_dtype_of_their_weight():
    optimizer = optimizers.Adagrad(initial_accumulator_value=0.5)
    optimizer.build([Variable(np.zeros((3, 5)), "a"), Variable(np.zeros(7, np.float32), "b")])
    (a,), (b,) = optimizer.slots
    assert (a.shape, a.dtype, b.shape, b.dtype) == ((3, 5), np.float64, (7,), np.float32)
    assert np.all(b.value == 0.5)


def test_a_step_counts_and_changes_weights_and_slots():
    ops, optimizer, variables = get_ops(), optimizers.Adam(), weights()
    before = [v.numpy() for v in variables]
    optimizer.build(variables)
    optimizer.apply(ops, gradients(ops), variables)
    assert optimizer.iterations == 1
    assert all(np.all(v.value != w) for v, w in zip(variables, before, strict=True))
    assert all(np.all(slot.value != 0) for own in optimizer.slots for slot in own)


def test_gradients_are_clipped_before_the_step():
    ops, optimizer, variables = get_ops(), optimizers.SGD(1.0, global_clipnorm=0.5), weights()
    before = [v.numpy() for v in variables]
    optimizer.build(variables)
    optimizer.apply(ops, gradients(ops), variables)
    moved = np.sqrt(sum(np.sum((v.value - w) ** 2) for v, w in zip(variables, before, strict=True)))
    assert moved == pytest.approx(0.5, rel=1e-5)  # float32 weights of size 1 lose some digits of each small difference


def test_a_schedule_sees_the_steps_already_taken():
    ops, variables = get_ops(), weights()
    optimizer = optimizers.SGD(ExponentialDecay(0.5, 1, 0.5))
    optimizer.build(variables)
    rates = []
    for _ in range(3):
        rates.append(optimizer.learning_rate)
        optimizer.apply(ops, gradients(ops), variables)
    assert rates == [0.5, 0.25, 0.125]


@pytest.mark.parametrize("steps", [None, 4])
def test_iterations_are_updates_and_can_be_set(steps):
    ops, variables = get_ops(), weights()
    optimizer = optimizers.SGD(ExponentialDecay(0.5, 1, 0.5), gradient_accumulation_steps=steps)
    optimizer.build(variables)
    optimizer.iterations = 3
    assert optimizer.learning_rate == 0.5 ** (1 + 3 * (steps or 1))
    for _ in range(steps or 1):
        optimizer.apply(ops, gradients(ops), variables)
    assert optimizer.iterations == 4
    with pytest.raises(ValueError, match="iterations must be at least 0, got -1."):
        optimizer.iterations = -1


def test_the_rate_can_be_set():
    optimizer = optimizers.Adam()
    optimizer.learning_rate = 0.5
    assert optimizer.get_config()["learning_rate"] == 0.5


def test_a_scheduled_rate_cannot_be_set():
    optimizer = optimizers.Adam(ExponentialDecay(0.5, 1, 0.5))
    with pytest.raises(TypeError, match="follows ExponentialDecay and cannot be set to 0.1"):
        optimizer.learning_rate = 0.1


def test_building_twice_for_the_same_weights_keeps_the_slots():
    ops, optimizer, variables = get_ops(), optimizers.Adam(), weights()
    optimizer.build(variables)
    optimizer.apply(ops, gradients(ops), variables)
    kept = optimizer.slots
    optimizer.build(variables)
    assert optimizer.slots is kept


def test_an_optimizer_belongs_to_its_weights():
    optimizer = optimizers.Adam()
    optimizer.build(weights())
    with pytest.raises(ValueError, match="already keeps the state of other weights"):
        optimizer.build(weights()[:2])


@pytest.mark.parametrize("name", ["sgd", "rmsprop", "adagrad", "adam", "adamw", "nadam", "adadelta", "adamax", "lion", "ftrl"])
def test_state_goes_on_bit_for_bit(name):
    ops, optimizer, variables = get_ops(), optimizers.get(name), weights()
    optimizer.build(variables)
    steps = [gradients(ops) for _ in range(4)]
    for step in steps[:2]:
        optimizer.apply(ops, step, variables)
    twins = copy.deepcopy(variables)
    again = optimizers.deserialize(optimizers.serialize(optimizer))
    again.build(twins)
    again.load_state(optimizer.state())
    for step in steps[2:]:
        optimizer.apply(ops, step, variables)
        again.apply(ops, step, twins)
    assert again.iterations == 4
    assert all(np.array_equal(v.value, w.value) for v, w in zip(variables, twins, strict=True))


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda state: state.pop("lstm/bias/velocity"), "only one side has lstm/bias/velocity"),
        (lambda state: state.update({"lstm/extra": np.zeros(3)}), "only one side has lstm/extra"),
        (
            lambda state: state.update({"lstm/bias/velocity": np.zeros(43)}),
            r"lstm/bias/velocity has shape \(44,\), got \(43,\)",
        ),
    ],
)
def test_a_state_that_does_not_fit_changes_nothing(spoil, sentence):
    ops, optimizer, variables = get_ops(), optimizers.Adam(), weights()
    optimizer.build(variables)
    state = optimizer.state()
    optimizer.apply(ops, gradients(ops), variables)
    before = optimizer.state()
    spoil(state)
    with pytest.raises(ValueError, match=sentence):
        optimizer.load_state(state)
    after = optimizer.state()
    assert all(np.array_equal(after[key], before[key]) for key in before)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: optimizers.get("adagrd"), "unknown optimizer 'adagrd', did you mean 'adagrad'"),
        (lambda: optimizers.get(3), "optimizer must be a name"),
        (lambda: optimizers.Adam("0.1"), r"learning_rate must be a number in \[0, inf\), got '0.1'"),
        (lambda: optimizers.Adam(-0.1), r"learning_rate must be a number in \[0, inf\), got -0.1"),
        (lambda: optimizers.Adam(float("nan")), "learning_rate must be a number"),
        (lambda: optimizers.Adam(beta_1=1.0), r"beta_1 must be a number in \[0, 1\), got 1.0"),
        (lambda: optimizers.SGD(momentum=True), "momentum must be a number"),
        (lambda: optimizers.SGD(clipnorm=1.0, clipvalue=1.0), "only one of clipnorm, clipvalue and global_clipnorm"),
        (lambda: optimizers.SGD(clipvalue=0), r"clipvalue must be a number in \(0, inf\), got 0"),
        (lambda: optimizers.AdamW(weight_decay=None), "AdamW needs a weight_decay"),
        (lambda: optimizers.Adam(lr=0.1), "Adam has no argument 'lr'. Write learning_rate=0.1."),
        (lambda: optimizers.Adam(betta_1=0.1), "Adam has no argument 'betta_1', did you mean 'beta_1'?"),
        (
            lambda: optimizers.SGD(0.5, decay=0.25),
            "SGD takes no decay, got 0.25. Write learning_rate="
            r"numba_lstm.optimizers.schedules.InverseTimeDecay\(0.5, decay_steps=1, decay_rate=0.25\)\.",
        ),
        (
            lambda: optimizers.SGD(ExponentialDecay(0.1, 5, 0.5), decay=0.25),
            "SGD takes no decay, got 0.25. Let the schedule of the learning rate decay it.",
        ),
        (lambda: optimizers.Adam(use_ema=True, ema_momentum=1.5), r"ema_momentum must be a number in \[0, 1\], got 1.5"),
        (lambda: optimizers.Adam(ema_overwrite_frequency=-1), "ema_overwrite_frequency must be at least 1, got -1."),
        (lambda: optimizers.Adam(ema_overwrite_frequency=2.0), "ema_overwrite_frequency must be a whole number"),
        (lambda: optimizers.Adam(gradient_accumulation_steps=1), "gradient_accumulation_steps must be at least 2, got 1."),
        (
            lambda: optimizers.Adam(loss_scale_factor=1000.0),
            "loss_scale_factor must be a power of two, which changes no gradient, got 1000.0. Leave it out: "
            "it keeps gradients in float16 from becoming 0, and they are float32 or float64 here.",
        ),
        (lambda: optimizers.Lion(beta_1=0.0), r"beta_1 must be a number in \(0, 1\], got 0.0"),
        (lambda: optimizers.Ftrl(learning_rate_power=0.5), r"learning_rate_power must be a number in \(-inf, 0\], got 0.5"),
        (lambda: optimizers.Ftrl(0.0), r"learning_rate must be a number in \(0, inf\), got 0.0"),
    ],
)
def test_a_wrong_argument_is_a_sentence(make, sentence):
    with pytest.raises((TypeError, ValueError), match=sentence):
        make()


@pytest.mark.parametrize("name", ["Adam", "ADAM", "RMSProp", "adaDelta"])
def test_a_name_is_taken_in_any_case(name):
    assert optimizers.get(name).name == name.lower()


def test_the_schedule_in_place_of_decay_is_what_decay_was():
    rate = optimizers.schedules.InverseTimeDecay(0.5, decay_steps=1, decay_rate=0.25)
    assert [rate(step) for step in range(5)] == pytest.approx([0.5 / (1 + 0.25 * step) for step in range(5)], rel=1e-15)


@pytest.mark.parametrize("decay", [0.0, None])
def test_a_decay_that_does_nothing_is_taken(decay):
    assert optimizers.Adam(0.5, decay=decay).learning_rate == 0.5


CLASSES = sorted({type(optimizers.get(name)) for name in optimizers.OPTIMIZERS}, key=str)


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_arguments_stand_in_keras_order(cls):
    shared = ["clipnorm", "clipvalue", "global_clipnorm", "use_ema", "ema_momentum", "ema_overwrite_frequency"]
    names = list(inspect.signature(cls).parameters)
    assert names[0] == "learning_rate"
    assert names[-10:] == [*shared, "loss_scale_factor", "gradient_accumulation_steps", "name", "unknown"]
    assert (names[1] == "weight_decay") if cls is optimizers.AdamW else (names[-11] == "weight_decay")


def test_a_loss_scale_changes_no_bit():
    ops, results = get_ops(), []
    gradient = gradients(ops)
    for factor in (None, 1024.0):
        variables = [Variable(np.ones(shape, np.float32), path) for path, shape in SHAPES.items()]
        optimizer = optimizers.Adam(loss_scale_factor=factor)
        optimizer.build(variables)
        optimizer.apply(ops, gradient, variables)
        results.append([v.numpy().tobytes() for v in variables])
    assert results[0] == results[1]


def test_a_rate_of_zero_that_ftrl_cannot_divide_by_changes_nothing():
    ops, variables = get_ops(), weights()
    optimizer = optimizers.Ftrl(optimizers.schedules.PolynomialDecay(0.5, 1, 0.0))
    optimizer.build(variables)
    optimizer.apply(ops, gradients(ops), variables)
    before = [v.numpy() for v in variables]
    with pytest.raises(ValueError, match="the learning rate of ftrl is 0 at step 1, and Ftrl divides by it"):
        optimizer.apply(ops, gradients(ops), variables)
    assert all(np.array_equal(v.value, w) for v, w in zip(variables, before, strict=True))
