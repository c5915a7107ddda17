"""Preprocessing layers of numbers and categories: Keras's results, and models that begin with them."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from golden import keras_preprocessing

from numba_lstm import Input, Sequential, layers, load_model
from numba_lstm.utils import timeseries_dataset_from_array

KERAS = json.loads(keras_preprocessing.FILE.read_text())
X = keras_preprocessing.X


@pytest.mark.parametrize("name", KERAS)
def test_results_are_those_of_keras(name):
    actual = keras_preprocessing.CASES[name](layers)
    if isinstance(actual, list):
        np.testing.assert_allclose(actual[0], KERAS[name][0], rtol=1e-6)
        assert actual[1] == KERAS[name][1]
        return
    assert actual.dtype == (np.int64 if name == "Discretization" else np.float32)
    np.testing.assert_allclose(actual, KERAS[name], rtol=2e-6, atol=2e-6)


def stacks():
    """Layers at the start of a model, and inputs."""
    adapted, inverse, found = layers.Normalization(), layers.Normalization(invert=True), layers.Discretization(num_bins=3)
    adapted.adapt(X)
    inverse.adapt(X)
    found.adapt(X[..., 0])
    return {
        "numbers": ([adapted, layers.Rescaling(0.5, 1.0), layers.LSTM(2)], X),
        "inverse": ([inverse, layers.LSTM(2)], X),
        "steps": ([layers.Normalization(axis=(1, 2), mean=0.5, variance=2.0), layers.LSTM(2)], X),
        "intervals": ([found, layers.Embedding(3, 2), layers.LSTM(2)], X[..., 0]),
        "counts": ([layers.CategoryEncoding(4, output_mode="count"), layers.Dense(2)], keras_preprocessing.CATEGORIES),
        "steps of rows": ([layers.CategoryEncoding(4, "one_hot"), layers.LSTM(2)], keras_preprocessing.CATEGORIES),
        "categories": (
            [layers.IntegerLookup(vocabulary=[3, 1]), layers.CategoryEncoding(3), layers.Dense(2)],
            keras_preprocessing.CATEGORIES,
        ),
    }


@pytest.mark.parametrize("known_shape", [True, False])
@pytest.mark.parametrize("name", stacks())
def test_a_model_begins_with_them_and_is_saved_with_them(name, known_shape, tmp_path):
    stack, x = stacks()[name]
    y = np.arange(8.0).reshape(4, 2)
    model = Sequential([*([Input(x.shape[1:])] if known_shape else []), *stack], device="reference")
    model.compile("sgd", "mse")
    first = next(place for place, layer in enumerate(stack) if isinstance(layer, (layers.LSTM, layers.Dense, layers.Embedding)))
    converted = x
    for layer in stack[:first]:
        converted = layer(converted)
    rest = Sequential(stack[first:], device="reference")
    np.testing.assert_allclose(model(x), rest(converted), rtol=1e-5, atol=1e-6)
    model.fit(x, y, batch_size=3, epochs=2, verbose=0)
    model.save(tmp_path / "model.nlstm")
    for restored in (load_model(tmp_path / "model.nlstm", device="reference"), Sequential.from_config(model.get_config())):
        restored.set_weights(model.get_weights())
        # NumPy's products differ in the last bits with the places of arrays, which shows where terms cancel.
        np.testing.assert_allclose(restored.predict(x, verbose=0), model.predict(x, verbose=0), rtol=1e-5, atol=1e-6)
        assert restored.get_config()["layers"] == model.get_config()["layers"]


@pytest.mark.on_the_cpu(reason="other devices have no plans")
def test_plans_follow_an_adapted_layer():
    layer = layers.Normalization(invert=True)
    layer.adapt(X)
    model = Sequential([layer, layers.Dense(2)])
    model.compile("sgd", "mse")
    for data in (X, X * 3 + 1):
        layer.adapt(data)
        expected = model.layers[1](np.asarray(layer.mean + X * np.sqrt(layer.variance)))
        np.testing.assert_allclose(model.predict(X, verbose=0), expected, rtol=1e-5, atol=1e-5)
        model.fit(X, expected, epochs=1, verbose=0)
        np.testing.assert_allclose(model.predict(X, verbose=0), expected, rtol=1e-4, atol=1e-4)
    assert model.path() == "plan"


def test_gradients_pass_through_layers_of_numbers():
    stack = [layers.Dense(2, input_shape=(3, 2)), layers.Normalization(axis=(1, 2), mean=1.0, variance=4.0)]
    model = Sequential([*stack, layers.Rescaling([2.0, 3.0])], device="reference")
    model.compile("sgd", "mse")
    kernel = model.get_weights()[0]
    y = model(X)
    model.fit(X, np.zeros_like(y), batch_size=4, epochs=1, verbose=0, shuffle=False)
    slope = 2 * y / y.size * [2.0, 3.0] / 2  # of the loss with respect to the output of Dense
    expected = kernel - 0.01 * np.einsum("ntd,ntc->dc", X, slope)
    np.testing.assert_allclose(model.get_weights()[0], expected, rtol=1e-5, atol=1e-7)


def test_adapt_takes_datasets():
    dataset = timeseries_dataset_from_array(X[:, 0], np.arange(4), 2, batch_size=2)
    layer, whole = layers.Normalization(), layers.Normalization()
    layer.adapt(dataset)
    whole.adapt(np.concatenate([x for x, _ in dataset]))
    np.testing.assert_allclose(layer.mean, whole.mean, rtol=1e-6)
    np.testing.assert_allclose(layer.variance, whole.variance, rtol=1e-6)
    lookup = layers.IntegerLookup()
    lookup.adapt((np.array([3, 5, 5]) for _ in range(9)), steps=2)
    assert lookup.get_vocabulary() == [-1, 5, 3]


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: layers.Normalization(mean=1.0), "mean and variance belong to each other"),
        (lambda: layers.Normalization(mean=1.0, variance=-1.0), "variances must be at least 0, got -1.0"),
        (lambda: layers.Normalization(0)(X), "axis must be among 1 to 2 of"),
        (lambda: layers.Normalization(mean=1.0, variance=1.0).adapt(X), "has its mean and variance as arguments"),
        (lambda: layers.Rescaling([1.0, 2, 3])(X), "has 3 numbers of scale, got 2 features"),
        (lambda: layers.Rescaling(float("nan")), "Rescaling's scale must be a finite number"),
        (lambda: layers.CategoryEncoding(), "CategoryEncoding needs num_tokens"),
        (lambda: layers.CategoryEncoding(3)([[3]]), "expects whole numbers from 0 to 2, got 3"),
        (lambda: layers.CategoryEncoding(3)([1], count_weights=[2.0]), "takes count_weights with output_mode='count'"),
        (lambda: layers.Discretization(), "Discretization takes either bin_boundaries or num_bins"),
        (lambda: layers.Discretization([2.0, 1.0]), "bin_boundaries must be finite numbers, ascending"),
        (lambda: layers.Discretization(num_bins=3)([1.0]), "has no boundaries yet. Call adapt"),
        (lambda: layers.Discretization([1.0]).adapt(X), "Give num_bins instead to adapt it"),
    ],
)
def test_what_cannot_be_is_refused(make, sentence):
    with pytest.raises(ValueError, match=re.escape(sentence)):
        make()


def test_whole_numbers_need_an_embedding():
    lookup = layers.IntegerLookup(vocabulary=[3, 1])
    with pytest.raises(ValueError, match="makes whole numbers, which lstm.* does not take. Put Embedding"):
        Sequential([Input((3,)), lookup, layers.LSTM(2)])
    with pytest.raises(ValueError, match="takes whole numbers, not what dense.* before it returns. Add it first"):
        Sequential([Input((3,)), layers.Dense(2), lookup])
    model = Sequential([lookup, layers.Embedding(2, 2)], device="reference")
    with pytest.raises(ValueError, match="expects whole numbers from 0 to 1, got 2. Give an input_dim of at least 3"):
        model.predict([[3, 1, 9]], verbose=0)
    with pytest.raises(ValueError, match="x goes only into layers that convert inputs. Call them"):
        Sequential([lookup], device="reference").predict([[3, 1, 9]], verbose=0)
