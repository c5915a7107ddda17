"""Plans of training steps: taken where they should be, with the bits of single ops."""

from __future__ import annotations

import numpy as np
import pytest
from dtypes_in_turn import dtypes_in_turn
from training_models import LABELS, MSE, STACKS, assert_equal_weights, made, planned, run_ops, samples

from numba_lstm import set_num_threads
from numba_lstm.callbacks import LambdaCallback
from numba_lstm.layers import LSTM, Dense
from numba_lstm.metrics import MeanSquaredError
from numba_lstm.models.plans.training import MAX_STEPS

on_the_cpu = pytest.mark.on_the_cpu(reason="other devices have no plans")

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


@on_the_cpu
@pytest.mark.parametrize(("layers", "loss", "dtype"), dtypes_in_turn(STACKS))
def test_train_on_batch_by_plans_has_the_bits_of_single_ops(layers, loss, dtype):
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
def test_training_plans_of_every_optimizer(optimizer):
    model, other = (made(STACKS["deep"][0], LABELS, optimizer) for _ in range(2))
    x, y = samples(model, 6)
    for _ in range(7):
        assert model.train_on_batch(x, y) == run_ops(other).train_on_batch(x, y)
    assert_equal_weights(model, other)
    assert planned(model) == 1


@on_the_cpu
def test_threads_change_no_bit_of_training_plans():
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
def test_fit_has_plans_of_full_and_last_batches_and_forgets_them_at_its_end():
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


@on_the_cpu
def test_training_plans_are_of_the_last_few_shapes():
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
