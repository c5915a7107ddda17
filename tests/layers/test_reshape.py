"""Reshape, Flatten and RepeatVector: shapes, and shapes that do not fit. Their numbers are in test_keras_layers."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from numba_lstm import Sequential
from numba_lstm.layers import LSTM, Dense, Flatten, Input, Masking, RepeatVector, Reshape

N, T, D = 3, 5, 7
X = np.random.default_rng(5).normal(size=(N, T, D))


@pytest.mark.parametrize(
    ("target", "sample", "answer"),
    [
        ((35,), (5, 7), (35,)),
        ((-1,), (5, 7), (35,)),
        ((7, -1), (5, 7), (7, 5)),
        ((-1, 7), (None, 7), (None, 7)),
        ((-1,), (None, 7), (None,)),
        ((5, 7), (None, 7), (5, 7)),
        ((2, 3), (6,), (2, 3)),
        ((-1, 1), (6,), (6, 1)),
    ],
)
def test_the_shape_of_a_sample(target, sample, answer):
    assert Reshape(target).compute_output_shape((None, *sample)) == (None, *answer)


@pytest.mark.parametrize(
    ("make", "error", "sentence"),
    [
        (
            lambda: Reshape((1, 2, 3, 4, 5)),
            ValueError,
            r"tuple of 1 to 4 sizes, .* got \(1, 2, 3, 4, 5\)",
        ),
        (lambda: Reshape(35), ValueError, "without the batch axis, got 35"),
        (lambda: Reshape((-1, -1)), ValueError, "one -1"),
        (lambda: Reshape((0, 3)), ValueError, "size of target_shape must be at least 1"),
        (lambda: Reshape((2.0, 3)), TypeError, "whole number"),
        (lambda: Reshape((4, 9))(X), ValueError, r"samples of shape \(5, 7\), 35 elements, into \(4, 9\)"),
        (lambda: Reshape((4, -1))(X), ValueError, r"into \(4, -1\)"),
        (lambda: Reshape((5,))(X), ValueError, r"into \(5,\)"),
        (lambda: Flatten("channels_first"), ValueError, "'channels_last', got 'channels_first'"),
        (lambda: RepeatVector(0), ValueError, "at least 1"),
        (lambda: RepeatVector(2, name="repeat")(X), ValueError, r"repeat expects an input of rank 2, got shape \(3, 5, 7\)"),
        (lambda: Sequential([Input((None, D)), Flatten(), Dense(2, name="top")]), ValueError, "top: the last axis .* be known"),
    ],
)
def test_bad_use_is_answered_with_a_sentence(make, error, sentence):
    with pytest.raises(error, match=sentence):
        make()


def test_flatten_goes_step_after_step():
    np.testing.assert_array_equal(Flatten(dtype="float64")(X), X.reshape(N, T * D))
    np.testing.assert_array_equal(Flatten(dtype="float64")(X[:, 0]), X[:, 0])


def test_an_autoencoder_of_sequences_learns():
    model = Sequential([Input((T, D)), LSTM(6), RepeatVector(T), LSTM(6, return_sequences=True), Reshape((T * 6,)), Dense(35)])
    model.add(Reshape((T, D)))
    model.compile("adam", "mse")
    losses = model.fit(X, X, epochs=5, verbose=0).history["loss"]
    assert model.output_shape == (None, T, D)
    assert losses[-1] < losses[0]


#: target_shape; first outputs and loss of Keras 3.15 behind Masking and below an LSTM
MASKED = [
    ((3, 2), [0.04936, 0.13023, -0.0129, 0.02521, 0, 0], 0.924548),
    ((-1, 2), [0.04936, 0.13023, -0.0129, 0.02521, 0, 0], 0.924548),
    ((3, -1), [0.04936, 0.13023, -0.0129, 0.02521, 0, 0], 0.924548),
    ((2, 3), [-0.03311, -0.00564, 0.12554, 0.18854, 0.0236, 0.06874], 0.843775),
]


@pytest.mark.parametrize(("target", "outputs", "loss"), MASKED)
def test_a_mask_goes_on_where_the_shape_stays(target, outputs, loss, recwarn):
    x = np.cos(np.arange(12.0)).reshape(2, 3, 2)
    x[0, -1] = x[1, 0] = 0
    last = LSTM(2, return_sequences=True, zero_output_for_mask=True)
    model = Sequential([Input((3, 2)), Masking(0.0), Reshape(target), last], device="reference")
    model.set_weights([np.linspace(-0.5, 0.7, w.size).reshape(w.shape) for w in model.get_weights()])
    model.compile("sgd", "mse")
    warnings.simplefilter("always")
    y = model.predict(x, verbose=0)
    np.testing.assert_allclose(y.ravel()[:6], outputs, atol=1e-5)
    assert model.evaluate(x, np.ones(y.shape), verbose=0) == pytest.approx(loss, abs=1e-6)
    assert any("takes no mask" in str(warning.message) for warning in recwarn) == (target == (2, 3))
