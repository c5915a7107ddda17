"""CTC in models: a toy task is learned, masks are input lengths, plans have the bits of ops, and wrong labels are sentences."""

from __future__ import annotations

import numpy as np
import pytest
from tolerances import ELEMENTWISE, SUMS, assert_close

from numba_lstm import Sequential, decoding, losses
from numba_lstm.layers import LSTM, Bidirectional, Dense, Input, Masking
from numba_lstm.optimizers import Adam
from numba_lstm.utils import set_random_seed

T, C = 9, 4


def task(samples, seed=0):
    """Pulses of two classes, each of one to three steps with pauses between, and their order as labels."""
    rng = np.random.default_rng(seed)
    x, labels = np.zeros((samples, T, 2)), np.zeros((samples, 3), np.int64)
    for n in range(samples):
        at = 0
        for k in range(rng.integers(1, 4)):
            length, label = rng.integers(1, 3), rng.integers(1, 3)
            x[n, at : at + length, label - 1], labels[n, k] = 1, label
            at += length + 1
    return x, labels


def made(loss="ctc", *layers, **given):
    set_random_seed(1)
    layers = layers or (Bidirectional(LSTM(8, return_sequences=True)),)
    model = Sequential([Input((T, 2)), *layers, Dense(C)], dtype="float64", device="cpu")
    model.compile(Adam(0.05), loss, **given)
    return model


def test_a_bidirectional_lstm_learns_the_order_of_pulses():
    x, labels = task(64)
    model = made()
    history = model.fit(x, labels, batch_size=32, epochs=30, verbose=0).history["loss"]
    assert history[-1] < 0.2 < 3 < history[0]
    x, labels = task(20, seed=1)
    decoded, _ = decoding.ctc_greedy_decode(model.predict(x, verbose=0))
    right = [np.array_equal(found[found >= 0], line[line > 0]) for found, line in zip(decoded, labels, strict=True)]
    assert np.mean(right) > 0.8


def test_a_mask_leaves_steps_out():
    x, labels = task(6)
    x[:, -2:] = 7.0
    masked = made("ctc", Masking(7.0), LSTM(4, return_sequences=True))
    lengths = [T - 2] * 6
    loss = losses.ctc_loss(labels, masked.predict(x, verbose=0), (labels > 0).sum(axis=1), lengths)
    assert_close(masked.evaluate(x, labels, verbose=0), loss.mean(), SUMS["float64"])
    weight = np.array([1, 0, 2, 1, 0, 3.0])
    weighted = masked.evaluate(x, labels, sample_weight=weight, verbose=0)
    assert_close(weighted, np.mean(weight * loss), SUMS["float64"])
    ragged = made("ctc", LSTM(4, return_sequences=True))
    assert_close(ragged.evaluate(list(x[:, : T - 2]), labels, verbose=0), loss.mean(), SUMS["float64"])


@pytest.mark.parametrize("mask", [False, True])
def test_plans_have_the_bits_of_ops(mask):
    x, labels = task(6)
    planned, eager = (
        made("ctc", *[Masking(0.0)] * mask, LSTM(4, return_sequences=True), run_eagerly=run_eagerly)
        for run_eagerly in (False, True)
    )
    found = [[model.train_on_batch(x, labels, np.arange(1.0, 7)) for _ in range(3)] for model in (planned, eager)]
    assert (len(planned.training_plans), len(eager.training_plans)) == (1, 0)
    assert found[0] == found[1]
    for one, other in zip(planned.get_weights(), eager.get_weights(), strict=True):
        assert one.tobytes() == other.tobytes()


def test_a_loss_of_several_samples_is_their_mean():
    logits, labels = np.sin(np.arange(2 * T * C)).reshape(2, T, C), np.array([[1, 2, 0], [3, 0, 0]])
    loss = losses.CTC()
    alone = [loss(labels[n : n + 1], logits[n : n + 1]) for n in range(2)]
    assert_close(loss(labels, logits), np.mean(alone), ELEMENTWISE["float64"])
    assert_close(losses.ctc(labels, logits), alone, ELEMENTWISE["float64"])
    last = losses.CTC(blank=-1)([[0, 1, -1]], np.roll(logits[:1], -1, axis=-1))
    assert_close(last, alone[0], ELEMENTWISE["float64"])
    assert losses.ctc_loss([[1, 1]], logits[:1], [2], [2])[0] == np.inf
    assert losses.ctc_loss([[1, 1]], logits[:1], [2], [2], zero_infinity=True)[0] == 0


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (
            lambda m, x: m.fit(x, np.ones((4, T + 1)), verbose=0),
            r"y of shape \(4, 10\) has 10 labels in a sample, more than the 9",
        ),
        (
            lambda m, x: m.fit(x, np.ones(4), verbose=0),
            r"ctc expects labels \(batch, length\) for outputs .*got the shape \(4,\)",
        ),
        (
            lambda m, x: m.fit(x, np.full((4, 1), 4), verbose=0),
            "takes labels from 0 to 3, .*got the label 4. End the model with 5",
        ),
        (lambda m, x: m.fit(x, [[0, 1]] * 4, verbose=0), "takes labels that are padded at the end"),
        (lambda m, x: m.fit(x, [[0.5, 0]] * 4, verbose=0), "takes whole numbers as labels, got 0.5"),
        (lambda m, x: m.fit(x, [[1]] * 4, tbptt=2, verbose=0), "aligns whole sequences. Leave tbptt out."),
        (
            lambda m, x: m.fit(x, [[1]] * 4, class_weight={1: 2.0}, verbose=0),
            "ctc takes sequences. Give sample_weight instead.",
        ),
        (lambda m, x: made(metrics=["accuracy"]).fit(x, [[1]] * 4, verbose=0), "but the loss ctc takes a sequence of labels"),
        (lambda m, x: losses.ctc([[1]], x[:1, 0]), r"ctc expects outputs \(batch, time, classes\), got the shape \(1, 2\)"),
        (lambda m, x: losses.CTC(blank=2)([[1]], x[:1]), "ctc has blank=2, but outputs have the classes 0 to 1"),
        (
            lambda m, x: losses.ctc_loss([[1, 1]], x[:1], [3], [9]),
            r"label_lengths must be from 0 to 2 for labels of shape \(1, 2\)",
        ),
        (lambda m, x: losses.ctc_loss([[1, 1]], x[:1], [2], [10]), r"input_lengths must be from 0 to 9 for logits of shape"),
        (lambda m, x: losses.ctc_loss([[1, 0]], x[:1], [2], [9]), "labels hold the blank class 0"),
    ],
)
def test_wrong_labels_are_sentences(call, sentence):
    with pytest.raises((TypeError, ValueError), match=sentence):
        call(made("ctc", LSTM(3, return_sequences=True)), np.zeros((4, T, 2)))
