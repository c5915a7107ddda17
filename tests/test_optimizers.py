"""Optimizers: names, rates, slots and state. The arithmetic is the update op's; Keras's numbers: ``test_keras_training``."""

from __future__ import annotations

import copy

import numpy as np
import pytest
from optimizer_cases import gradients, weights

from numba_lstm import optimizers
from numba_lstm.device import get_ops
from numba_lstm.optimizers.schedules import ExponentialDecay
from numba_lstm.variables import Variable


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
    optimizer.update_weights(ops, gradients(ops), variables)
    assert optimizer.iterations == 1
    assert all(np.all(v.value != w) for v, w in zip(variables, before, strict=True))
    assert all(np.all(slot.value != 0) for slots in optimizer.slots for slot in slots)


def test_gradients_are_clipped_before_the_step():
    ops, optimizer, variables = get_ops(), optimizers.SGD(1.0, global_clipnorm=0.5), weights()
    before = [v.numpy() for v in variables]
    optimizer.build(variables)
    optimizer.update_weights(ops, gradients(ops), variables)
    moved = np.sqrt(sum(np.sum((v.value - w) ** 2) for v, w in zip(variables, before, strict=True)))
    assert moved == pytest.approx(0.5, rel=1e-5)  # float32 weights of size 1 lose some digits of each small difference


def test_a_schedule_sees_the_steps_already_taken():
    ops, variables = get_ops(), weights()
    optimizer = optimizers.SGD(ExponentialDecay(0.5, 1, 0.5))
    optimizer.build(variables)
    rates = []
    for _ in range(3):
        rates.append(optimizer.learning_rate)
        optimizer.update_weights(ops, gradients(ops), variables)
    assert rates == [0.5, 0.25, 0.125]


@pytest.mark.parametrize("steps", [None, 4])
def test_iterations_are_updates_and_can_be_set(steps):
    ops, variables = get_ops(), weights()
    optimizer = optimizers.SGD(ExponentialDecay(0.5, 1, 0.5), gradient_accumulation_steps=steps)
    optimizer.build(variables)
    optimizer.iterations = 3
    assert optimizer.learning_rate == 0.5 ** (1 + 3 * (steps or 1))
    for _ in range(steps or 1):
        optimizer.update_weights(ops, gradients(ops), variables)
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
    optimizer.update_weights(ops, gradients(ops), variables)
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
        optimizer.update_weights(ops, step, variables)
    duplicates = copy.deepcopy(variables)
    duplicate = optimizers.deserialize(optimizers.serialize(optimizer))
    duplicate.build(duplicates)
    duplicate.load_state(optimizer.state())
    for step in steps[2:]:
        optimizer.update_weights(ops, step, variables)
        duplicate.update_weights(ops, step, duplicates)
    assert duplicate.iterations == 4
    assert all(np.array_equal(v.value, w.value) for v, w in zip(variables, duplicates, strict=True))


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
    optimizer.update_weights(ops, gradients(ops), variables)
    before = optimizer.state()
    spoil(state)
    with pytest.raises(ValueError, match=sentence):
        optimizer.load_state(state)
    after = optimizer.state()
    assert all(np.array_equal(after[key], before[key]) for key in before)
