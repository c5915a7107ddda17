"""Lambda: functions as layers, their shapes, masks, gradients, files, and errors."""

from __future__ import annotations

import numpy as np
import pytest

import numba_lstm
from numba_lstm import layers, ops

X = np.random.default_rng(1).standard_normal((4, 5, 3)).astype("float32")


def centered(x, factor=1.0):
    return factor * (x - ops.mean(x, axis=1, keepdims=True))


def model_of(*stack, eager=False):
    model = numba_lstm.Sequential([layers.Input((5, 3)), *stack])
    rng = np.random.default_rng(3)
    model.set_weights([0.4 * rng.standard_normal(w.shape) for w in model.get_weights()])
    model.compile("sgd", "mse", run_eagerly=eager)
    return model


@pytest.mark.parametrize(
    ("function", "shape"),
    [
        (centered, (None, 5, 3)),
        (lambda x: x[:, -1], (None, 3)),
        (lambda x: ops.concatenate([x, x * x], axis=-1), (None, 5, 6)),
        (lambda x: ops.reshape(x, (x.shape[0], -1)), (None, 15)),
        (lambda x: np.tanh(x) + 1, (None, 5, 3)),
    ],
)
def test_values_and_shapes(function, shape):
    layer = layers.Lambda(function)
    np.testing.assert_allclose(layer(X), function(X), rtol=1e-5, atol=1e-6)
    assert layer.compute_output_shape((None, 5, 3)) == shape


def test_unknown_steps_stay_unknown():
    assert layers.Lambda(centered).compute_output_shape((None, None, 3)) == (None, None, 3)
    assert layers.Lambda(centered, output_shape=(9, 3)).compute_output_shape((None, None, 3)) == (None, 9, 3)
    assert layers.Lambda(centered, output_shape=lambda shape: shape[:2]).compute_output_shape((None, 5, 3)) == (None, 5)


def test_arguments_masks_and_training():
    layer = layers.Lambda(centered, arguments={"factor": 3.0})
    np.testing.assert_allclose(layer(X), centered(X, 3.0), rtol=1e-5, atol=1e-5)
    mask = np.array([[True] * 3 + [False] * 2] * 4)

    def total(x, mask=None, training=False):
        x = ops.sum(x if mask is None else ops.where(mask[..., None], x, 0.0), axis=1)
        return 2 * x if training else x

    np.testing.assert_allclose(layers.Lambda(total)(X, mask=mask), X[:, :3].sum(1), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(layers.Lambda(total)(X, training=True), 2 * X.sum(1), rtol=1e-5, atol=1e-6)
    padded, last = X * mask[..., None], layers.LSTM(2, return_sequences=True)
    model = model_of(layers.Masking(), layers.Lambda(lambda x: x * 1.0, mask=lambda x, mask: mask), last)
    assert len(np.unique(model.predict(padded, verbose=0)[0], axis=0)) == 3
    model = model_of(layers.Masking(), layers.Lambda(lambda x: x * 1.0), layers.LSTM(2, return_sequences=True))
    with pytest.warns(UserWarning, match="takes no mask"):
        assert len(np.unique(model.predict(padded, verbose=0)[0], axis=0)) == 5


def test_it_trains_by_plans_and_is_saved_by_name(tmp_path):
    t = np.random.default_rng(2).standard_normal((4, 2)).astype("float32")
    models = [
        model_of(layers.LSTM(4, return_sequences=True), layers.Lambda(centered), layers.LSTM(2), eager=e) for e in (False, True)
    ]
    history = [model.fit(X, t, epochs=3, shuffle=False, verbose=0).history["loss"] for model in models]
    assert history[0] == history[1]
    assert history[0][2] < history[0][0]
    models[0].save(tmp_path / "model.nlstm")
    loaded = numba_lstm.load_model(tmp_path / "model.nlstm", custom_objects={"centered": centered})
    assert loaded.predict(X, verbose=0).tobytes() == models[0].predict(X, verbose=0).tobytes()
    with pytest.raises(ValueError, match=r"function 'centered' of its author. Give custom_objects="):
        numba_lstm.load_model(tmp_path / "model.nlstm")
    with pytest.raises(ValueError, match="has no name"):
        model_of(layers.Lambda(lambda x: x)).save(tmp_path / "lambda.nlstm")


def test_what_cannot_be_traced_names_the_line():
    def branching(x):
        return x if x[0, 0, 0] > 0 else -x

    with pytest.raises(
        TypeError, match=r"the function of .*'branching' cannot be traced \(line \d+ of test_lambda.py: return x if"
    ):
        layers.Lambda(branching)(X)
    with pytest.raises(TypeError, match="takes a function of a tensor"):
        layers.Lambda(3)
    with pytest.raises(ValueError, match="batch axis first"):
        layers.Lambda(lambda x: ops.sum(x))(X)


def mixed(xs, mask=None, factor=1.0):
    a, b = xs
    assert mask[1] is None
    return a * factor + ops.reshape(ops.sum(b, -1), (-1, 1, 1)) * 0.5


def first_mask(xs, masks):
    return masks[0]


def test_several_inputs(tmp_path):
    """A list of inputs with masks, arguments, a mask that goes on and an output shape: by itself, in a graph and a file."""
    a, b, m = layers.Input((5, 3)), layers.Input((2,)), layers.Input((5,), dtype="bool")
    names = {"mixed": mixed, "first_mask": first_mask}
    layer = layers.Lambda(mixed, output_shape=(5, 3), mask=first_mask, arguments={"factor": 3.0}, name="mix")
    model = numba_lstm.Model([a, b, m], layers.GlobalAveragePooling1D()(layer([a, b], mask=[m, None]))).to("reference")
    xs, mask = [X, X[:, 0, :2]], np.array([[True, True, False, True, False]] * 4)
    y = 3 * X + 0.5 * xs[1].sum(-1)[:, None, None]
    np.testing.assert_allclose(layer(xs), y, rtol=1e-5, atol=1e-5)
    assert layer.compute_output_shape([(None, 5, 3), (None, 2)]) == (None, 5, 3)
    model.save(tmp_path / "model.nlstm")
    for one in (model, numba_lstm.load_model(tmp_path / "model.nlstm", custom_objects=names, device="reference")):
        np.testing.assert_allclose(one.predict([*xs, mask], verbose=0), y[:, mask[0]].mean(1), rtol=1e-5, atol=1e-5)
    trial = layers.Lambda(lambda xs: xs[0] * xs[1])
    assert trial([a, a]).shape == (None, 5, 3)
    for call, message in [
        (lambda: layer(a), "mix was first called on a list of shape .* got one input"),
        (lambda: layers.Lambda(mixed)([a]), "a list of at least two, got a list of 1"),
        (lambda: layers.Lambda(mixed)([a, X]), "on a symbolic tensor and on ndarray at once"),
    ]:
        with pytest.raises((ValueError, TypeError), match=message):
            call()


@pytest.mark.on_the_cpu(reason="plans are the CPU's")
def test_gradients_go_to_all_inputs():
    losses = []
    for where in ("cpu", "reference"):
        x = layers.Input((5, 3))
        left, right = (layers.LSTM(3, return_sequences=True)(x) for _ in range(2))
        model = numba_lstm.Model(x, layers.Lambda(lambda xs: xs[0] * ops.tanh(xs[1]))([left, right])).to(where)
        rng = np.random.default_rng(3)
        model.set_weights([rng.standard_normal(w.shape) for w in model.get_weights()])
        model.compile("sgd", "mse")
        losses.append(model.fit(X, X, epochs=3, shuffle=False, verbose=0).history["loss"])
    np.testing.assert_allclose(*losses, rtol=1e-5)
    assert losses[0][2] < losses[0][0]
