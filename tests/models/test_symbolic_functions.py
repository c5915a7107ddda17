"""Operators, indexing and numba_lstm.ops on symbolic tensors, each of which is a layer of the graph."""

from __future__ import annotations

import copy

import numpy as np
import pytest

from numba_lstm import Input, KerasTensor, Model, load_model, ops
from numba_lstm.layers import LSTM, Dense
from numba_lstm.utils import is_keras_tensor

RNG = np.random.default_rng(0)
X, Z = RNG.standard_normal((6, 5, 3)).astype("float32"), RNG.standard_normal((6, 3)).astype("float32")


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (lambda x, z: x * 2 + 1, X * 2 + 1),
        (lambda x, z: 1 - z, 1 - Z),
        (lambda x, z: x[:, -1] * z, X[:, -1] * Z),
        (lambda x, z: x[:, 1:3, ::2], X[:, 1:3, ::2]),
        (lambda x, z: ops.mean(x, axis=1) - z, X.mean(axis=1) - Z),
        (lambda x, z: ops.concatenate([x[:, 0], z], axis=-1), np.concatenate([X[:, 0], Z], axis=-1)),
        (lambda x, z: ops.sum(ops.square(x), axis=-1), (X**2).sum(axis=-1)),
        (lambda x, z: ops.where(z > 0, z, 0.0), np.maximum(Z, 0)),
        (lambda x, z: ops.reshape(x, (-1, ops.shape(x)[1] * ops.shape(x)[2])), X.reshape(6, -1)),
        (lambda x, z: np.exp(-z), np.exp(-Z)),
        (lambda x, z: z @ np.eye(3)[:, :2], Z[:, :2]),
    ],
)
def test_functions_of_symbolic_tensors(function, expected):
    inputs = [Input((5, 3)), Input((3,))]
    y = function(*inputs)
    assert y.shape == (None, *expected.shape[1:])
    used = [tensor for tensor in inputs if _reaches(y, tensor)]
    model = Model(used, y)
    data = [array for array, tensor in zip((X, Z), inputs, strict=True) if tensor in used]
    np.testing.assert_allclose(model.predict(data, verbose=0), expected, rtol=1e-5, atol=1e-6)


def test_pieces_of_symbolic_tensors():
    x = Input((5, 3))
    first, second = ops.split(x, [2], axis=1)
    steps = ops.unstack(x, axis=1)
    outputs = [second, ops.split(x, 3, axis=-1)[1], steps[4]]
    for y, expected in zip(Model(x, outputs).predict(X, verbose=0), (X[:, 2:], X[:, :, 1:2], X[:, 4]), strict=True):
        np.testing.assert_array_equal(y, expected)
    assert first.shape == (None, 2, 3)
    assert is_keras_tensor(x)
    assert isinstance(x, KerasTensor)


def _reaches(y, tensor) -> bool:
    return y is tensor or any(_reaches(source, tensor) for source in y.node.sources)


def residual() -> Model:
    inputs = Input((5, 3))
    y = LSTM(3, return_sequences=True)(inputs)
    return Model(inputs, Dense(1)((y + inputs)[:, -1]))


@pytest.mark.on_the_cpu(reason="plans are the CPU's")
def test_gradients_flow_through_operators_in_a_plan():
    models = [residual(), residual()]
    models[1].set_weights(models[0].get_weights())
    for model, eagerly in zip(models, (False, True), strict=True):
        model.compile("adam", "mse", run_eagerly=eagerly)
        model.fit(X, Z[:, :1], epochs=3, batch_size=3, shuffle=False, verbose=0)
    assert models[0].path() == "plan"
    assert all(map(np.array_equal, *(model.get_weights() for model in models)))


def test_files_and_copies_keep_operators(tmp_path):
    model = residual()
    model.save(tmp_path / "model.nlstm")
    for other in (load_model(tmp_path / "model.nlstm"), copy.deepcopy(model)):
        assert np.array_equal(other.predict(X, verbose=0), model.predict(X, verbose=0))


@pytest.mark.parametrize(
    ("function", "sentence"),
    [
        (lambda x, z: x + z[:, :2], "does not take inputs of shapes [(None, 5, 3), (None, 2)]"),
        (lambda x, z: ops.sum(x, axis=0), "must keep the batch axis first"),
        (lambda x, z: ops.sum(x), "must keep the batch axis first"),
        (lambda x, z: ops.split(x, 2, axis=1), "split takes an axis of a multiple of 2 elements, got 5."),
        (lambda x, z: ops.unstack(x), "a graph is cut along an axis of known size, got axis 0 of shape (None, 5, 3)."),
        (lambda x, z: z * object(), "a graph computes with tensors, arrays and numbers, got object."),
    ],
)
def test_what_does_not_fit(function, sentence):
    with pytest.raises((TypeError, ValueError)) as raised:
        function(Input((5, 3)), Input((3,)))
    assert sentence in str(raised.value)
