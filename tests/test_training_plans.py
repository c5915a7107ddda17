"""Plans of training steps: taken where they should be, with the bits of single ops."""

from __future__ import annotations

import numpy as np
import pytest

from numba_lstm import Sequential, set_num_threads
from numba_lstm.callbacks import LambdaCallback
from numba_lstm.layers import (
    LSTM,
    RNN,
    BatchNormalization,
    Bidirectional,
    Dense,
    Dropout,
    GaussianNoise,
    Input,
    LayerNormalization,
    LSTMCell,
    Masking,
    RepeatVector,
    SpatialDropout1D,
    TimeDistributed,
)
from numba_lstm.metrics import MeanSquaredError
from numba_lstm.models.plans.training import MAX_STEPS
from numba_lstm.optimizers import SGD
from numba_lstm.random import Stream

D = 3
MSE, LABELS = "mean_squared_error", "sparse_categorical_crossentropy"

STACKS = {
    "keras example": (lambda: [LSTM(50, activation="relu"), Dense(1)], MSE),
    "deep": (lambda: [LSTM(17, return_sequences=True), LSTM(8), Dense(5, activation="softmax")], LABELS),
    "each step": (lambda: [LSTM(8, return_sequences=True), Dense(2, activation="gelu"), Dense(3)], "huber"),
    "each step's class": (lambda: [LSTM(9, return_sequences=True), Dense(4, activation="softmax")], LABELS),
    "dense first": (lambda: [Dense(4, activation="tanh"), LSTM(11, coupled=True), Dense(2)], "log_cosh"),
    "no dense": (lambda: [LSTM(16, use_bias=False, cell_clip=0.3)], MSE),
    "all outputs": (lambda: [LSTM(5, return_sequences=True)], "mean_absolute_error"),
    "a cell": (lambda: [RNN(LSTMCell(7)), Dense(1, use_bias=False)], MSE),
    "dropout": (lambda: [LSTM(4, dropout=0.5, return_sequences=True), SpatialDropout1D(0.5), LSTM(3), Dropout(0.2)], MSE),
    "recurrent dropout": (lambda: [LSTM(4, dropout=0.3, recurrent_dropout=0.5, return_sequences=True), Dense(2)], MSE),
    "zoneout": (lambda: [LSTM(4, zoneout=0.5, cell_zoneout=0.1), Dense(2)], MSE),
    "noise": (lambda: [GaussianNoise(0.1), LSTM(4, peephole=True), Dense(2)], MSE),
    "projection": (lambda: [LSTM(4, projection=2, recurrent_dropout=0.3, dropout=0.2)], MSE),
    "layer norm": (lambda: [LSTM(4, layer_norm=True, peephole=True, return_sequences=True), LayerNormalization()], MSE),
    "batch norm": (lambda: [LSTM(4, return_sequences=True), BatchNormalization(), LSTM(3)], MSE),
    "backwards": (lambda: [LSTM(4, go_backwards=True), Dense(2)], MSE),
    "two directions": (lambda: [Bidirectional(LSTM(4, return_sequences=True), "ave"), Bidirectional(LSTM(3), "mul")], MSE),
    "a wrapped layer": (lambda: [TimeDistributed(Dense(3)), LSTM(2)], MSE),
    "autoencoder": (lambda: [LSTM(5), RepeatVector(7), LSTM(4, return_sequences=True), TimeDistributed(Dense(3))], MSE),
    "a mask": (lambda: [Masking(), LSTM(4, return_sequences=True), LSTM(3), Dense(2)], MSE),
    "a mask of the output": (lambda: [Masking(), LSTM(4, return_sequences=True), Dense(2)], MSE),
    "a penalty of weights": (lambda: [LSTM(4, recurrent_regularizer="l1"), Dense(2, kernel_regularizer="l2")], MSE),
}

WITHOUT_PLANS = {
    "stateful": lambda: [LSTM(4, stateful=True), Dense(2)],
    "a penalty of outputs": lambda: [LSTM(4), Dense(2, activity_regularizer="l2")],
}


OPTIONS = [
    {"clipnorm": 0.1},
    {"use_ema": True, "ema_overwrite_frequency": 3},
    {"gradient_accumulation_steps": 3},
    {"gradient_accumulation_steps": 2, "use_ema": True, "clipvalue": 0.01, "weight_decay": 0.1},
]


class Twice(Dense):
    """A Dense whose gradient is its own."""

    def backward(self, ops, tape, dy, dstates=None, *, need_dx=True):
        back = super().backward(ops, tape, dy, dstates, need_dx=need_dx)
        return back._replace(gradients=tuple(ops.scale(gradient, 2.0) for gradient in back.gradients))


class Doubled(SGD):
    """A rule that takes every gradient twice."""

    def apply(self, ops, gradients, variables):
        super().apply(ops, [ops.scale(gradient, 2.0) for gradient in gradients], variables)


class Watched(Sequential):
    """A model that counts its own backward calls."""

    count = 0

    def backward(self, *args, **kwargs):
        self.count += 1
        return super().backward(*args, **kwargs)


def made(layers, loss=MSE, optimizer="adam", dtype="float32", cls=Sequential):
    model = cls([Input((7, D)), *layers()], dtype=dtype)
    rng = np.random.default_rng(3)
    for variable in model.weights:
        value = rng.normal(size=variable.shape) * 0.4
        variable.assign(np.abs(value) if variable.name == "moving_variance" else value)
    model.compile(optimizer, loss)
    model.random = Stream(7)
    return model


def samples(model, N, seed=5):
    rng = np.random.default_rng(seed)
    shape = (N, *model.compute_output_shape((N, 7, D))[1:])
    y = rng.integers(0, shape[-1], shape[:-1]) if model.loss.spec.name == LABELS else rng.random(shape)
    return rng.normal(size=(N, 7, D)) * (rng.random((N, 7, 1)) > 0.2), y


def run_ops(model):
    """The model, without plans."""
    model.run_eagerly = True
    return model


def planned(model):
    """How many steps have plans."""
    return len(model.training_plans._steps)


def assert_equal_weights(a, b):
    for one, other in zip(a.get_weights(), b.get_weights(), strict=True):
        assert one.tobytes() == other.tobytes()


on_the_cpu = pytest.mark.on_the_cpu(reason="other devices have no plans")


@on_the_cpu
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("layers", "loss"), STACKS.values(), ids=STACKS)
def test_it_is_taken_and_has_the_bits_of_ops_one_by_one(layers, loss, dtype):
    model, other = (made(layers, loss, dtype=dtype) for _ in range(2))
    for seed in range(4):
        x, y = samples(model, 13, seed)
        assert model.train_on_batch(x, y) == run_ops(other).train_on_batch(x, y)
        assert_equal_weights(model, other)
    assert planned(model) == 1
    assert model.predict(x, verbose=0).tobytes() == other.predict(x, verbose=0).tobytes()


@on_the_cpu
@pytest.mark.parametrize(
    "optimizer",
    [
        *("sgd", "rmsprop", "nadam", "adadelta", "adamax", "lion", "ftrl"),
        *({"class_name": "Adam", "config": options} for options in OPTIONS),
    ],
    ids=str,
)
def test_every_optimizer(optimizer):
    model, other = (made(STACKS["deep"][0], LABELS, optimizer) for _ in range(2))
    x, y = samples(model, 6)
    for _ in range(7):
        assert model.train_on_batch(x, y) == run_ops(other).train_on_batch(x, y)
    assert_equal_weights(model, other)
    assert planned(model) == 1


@on_the_cpu
def test_an_optimizer_with_an_apply_of_its_own_is_asked_at_each_step():
    model, other = made(lambda: [Dense(2)], optimizer=Doubled(0.25)), made(lambda: [Dense(2)], optimizer=SGD(0.5))
    x, y = samples(model, 4)
    for _ in range(4):
        assert model.train_on_batch(x, y) == other.train_on_batch(x, y)  # powers of two lose no bit
    assert planned(model) == 1
    assert_equal_weights(model, other)


@on_the_cpu
def test_threads_change_no_bit():
    layers = [LSTM(96, return_sequences=True), LSTM(160), Dense(8)]
    models = []
    for threads in (1, 2, 3):
        set_num_threads(threads)
        model = made(lambda: [type(layer).from_config(layer.get_config()) for layer in layers])
        x, y = samples(model, 40)
        for _ in range(3):
            model.train_on_batch(x, y)
        assert planned(model) == 1
        models.append(model)
    assert_equal_weights(models[0], models[1])
    assert_equal_weights(models[0], models[2])


@pytest.mark.parametrize("layers", WITHOUT_PLANS.values(), ids=WITHOUT_PLANS)
def test_models_without_plans_are_trained(layers):
    model = made(layers)
    x, y = samples(model, 4)
    before = model.get_weights()
    for _ in range(3):
        model.train_on_batch(x, y)
    assert not planned(model)
    assert any(np.any(a != b) for a, b in zip(before, model.get_weights(), strict=True))


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


@on_the_cpu
def test_masks_and_sample_weights_have_plans_of_their_own():
    model, other = (made(STACKS["each step"][0], "huber") for _ in range(2))
    x, y = samples(model, 5)
    options = [{}, {}, {"sample_weight": np.arange(5.0)}, {}, {"lengths": [1, 7, 3, 2, 5]}, {}]
    for option in options:
        assert model.train_on_batch(x, y, **option) == run_ops(other).train_on_batch(x, y, **option)
        assert planned(model) >= 1
    assert_equal_weights(model, other)


@on_the_cpu
def test_fit_binds_a_batch_and_the_last_smaller_one_and_lets_go_at_its_end():
    model, other = (made(STACKS["deep"][0], LABELS) for _ in range(2))
    (x, y), seen = samples(model, 10), []
    options = {"batch_size": 4, "epochs": 3, "shuffle": False, "verbose": 0}
    history = model.fit(x, y, callbacks=[LambdaCallback(on_epoch_end=lambda *_: seen.append(planned(model)))], **options)
    expected = run_ops(other).fit(x, y, **options)
    assert seen == [1, 2, 2]
    assert planned(model) == 0
    assert history.history["loss"] == expected.history["loss"]
    assert_equal_weights(model, other)


def test_windows_of_a_sequence_hand_on_their_states():
    model, other = (made(lambda: [LSTM(4, return_sequences=True)]) for _ in range(2))
    x, y = samples(model, 4)
    for one in (model, run_ops(other)):
        one.fit(np.tile(x, (3, 1, 1)), np.tile(y, (3, 1, 1)), batch_size=4, epochs=2, tbptt=2, shuffle=False, verbose=0)
    assert_equal_weights(model, other)


def test_only_so_many_shapes_are_kept():
    model = made(lambda: [LSTM(4)])
    for N in range(1, MAX_STEPS + 4):
        for _ in range(2):
            model.train_on_batch(*samples(model, N))
    assert planned(model) == MAX_STEPS


@on_the_cpu
def test_an_output_that_a_metric_saw_is_not_written_again():
    kept = []

    class Collecting(MeanSquaredError):
        def update(self, ops, y, target, weight=None):
            kept.append((y, y.copy()))
            super().update(ops, y, target, weight)

    model = made(lambda: [LSTM(4)])
    model.compile("adam", MSE, metrics=[Collecting()])
    for seed in range(4):
        model.train_on_batch(*samples(model, 3, seed))
    assert planned(model) == 1
    for y, as_it_was in kept:
        assert y.tobytes() == as_it_was.tobytes()
