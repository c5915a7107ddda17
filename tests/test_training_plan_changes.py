"""What changes between training steps, and what subclasses compute, has its effect on models with plans."""

from __future__ import annotations

import numpy as np
import pytest
from training_models import LABELS, STACKS, assert_equal_weights, made, planned, run_ops, samples

from numba_lstm import Sequential
from numba_lstm.layers import LSTM, Dense
from numba_lstm.optimizers import SGD

on_the_cpu = pytest.mark.on_the_cpu(reason="other devices have no plans")


class Twice(Dense):
    """A Dense whose gradient is its own."""

    def backward(self, ops, tape, dy, dstates=None, *, need_dx=True):
        back = super().backward(ops, tape, dy, dstates, need_dx=need_dx)
        return back._replace(gradients=tuple(ops.scale(gradient, 2.0) for gradient in back.gradients))


class Doubled(SGD):
    """A rule that takes every gradient twice."""

    def update_weights(self, ops, gradients, variables):
        super().update_weights(ops, [ops.scale(gradient, 2.0) for gradient in gradients], variables)


class Watched(Sequential):
    """A model that counts its own backward calls."""

    count = 0

    def backward(self, *args, **kwargs):
        self.count += 1
        return super().backward(*args, **kwargs)


@on_the_cpu
def test_an_optimizer_with_an_apply_of_its_own_is_asked_at_each_step():
    model, other = made(lambda: [Dense(2)], optimizer=Doubled(0.25)), made(lambda: [Dense(2)], optimizer=SGD(0.5))
    x, y = samples(model, 4)
    for _ in range(4):
        assert model.train_on_batch(x, y) == other.train_on_batch(x, y)  # powers of two lose no bit
    assert planned(model) == 1
    assert_equal_weights(model, other)


def test_a_layer_with_a_gradient_of_its_own_keeps_it():
    model, plain = made(lambda: [Twice(2)], optimizer="sgd"), made(lambda: [Dense(2)], optimizer="sgd")
    x, y = samples(model, 4)
    start = plain.get_weights()
    plain.train_on_batch(x, y)
    model.train_on_batch(x, y)
    moves = [[b - a for a, b in zip(start, m.get_weights(), strict=True)] for m in (plain, model)]
    for one, two in zip(*moves, strict=True):
        np.testing.assert_allclose(two, 2 * one, rtol=1e-4, atol=1e-7)
    for _ in range(3):
        model.train_on_batch(x, y)
    assert not planned(model)


def test_a_model_with_a_backward_of_its_own_is_asked_each_time():
    model = made(lambda: [LSTM(4)], cls=Watched)
    x, y = samples(model, 4)
    for _ in range(3):
        model.train_on_batch(x, y)
    assert model.count == 3


@on_the_cpu
def test_weights_that_are_set_between_steps_are_seen():
    model, other = (made(STACKS["deep"][0], LABELS) for _ in range(2))
    x, y = samples(model, 5)
    for step in range(4):
        for one in (model, run_ops(other)):
            if step == 3:
                one.layers[0].recurrent_kernel.assign(np.full((17, 68), 0.01))
            one.train_on_batch(x, y)
    assert planned(model) == 1
    assert_equal_weights(model, other)


@on_the_cpu
def test_what_is_frozen_between_steps_stays_as_it_is():
    model = made(STACKS["deep"][0], LABELS)
    x, y = samples(model, 5)
    for _ in range(3):
        model.train_on_batch(x, y)
    frozen = made(STACKS["deep"][0], LABELS)
    frozen.layers[0].trainable = False
    other = made(STACKS["deep"][0], LABELS)
    other.layers[0].trainable = False
    kept = frozen.layers[0].get_weights()
    for _ in range(3):
        assert frozen.train_on_batch(x, y) == run_ops(other).train_on_batch(x, y)
    assert planned(frozen) == 1
    assert_equal_weights(frozen, other)
    for one, before in zip(frozen.layers[0].get_weights(), kept, strict=True):
        assert one.tobytes() == before.tobytes()
