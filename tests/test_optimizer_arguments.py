"""Arguments of optimizers: names, defaults, configs, their order as in Keras, and errors."""

from __future__ import annotations

import inspect
import json

import numpy as np
import pytest
from optimizer_cases import SHAPES, gradients, weights

from numba_lstm import optimizers
from numba_lstm.device import get_ops
from numba_lstm.optimizers.schedules import ExponentialDecay
from numba_lstm.variables import Variable


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
    duplicate = optimizers.deserialize(json.loads(json.dumps(optimizers.serialize(optimizer))))
    assert (type(duplicate), duplicate.spec, duplicate.clipping) == (type(optimizer), optimizer.spec, optimizer.clipping)
    assert duplicate.get_config() == optimizer.get_config()


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
        optimizer.update_weights(ops, gradient, variables)
        results.append([v.numpy().tobytes() for v in variables])
    assert results[0] == results[1]


def test_a_rate_of_zero_that_ftrl_cannot_divide_by_changes_nothing():
    ops, variables = get_ops(), weights()
    optimizer = optimizers.Ftrl(optimizers.schedules.PolynomialDecay(0.5, 1, 0.0))
    optimizer.build(variables)
    optimizer.update_weights(ops, gradients(ops), variables)
    before = [v.numpy() for v in variables]
    with pytest.raises(ValueError, match="the learning rate of ftrl is 0 at step 1, and Ftrl divides by it"):
        optimizer.update_weights(ops, gradients(ops), variables)
    assert all(np.array_equal(v.value, w) for v, w in zip(variables, before, strict=True))
