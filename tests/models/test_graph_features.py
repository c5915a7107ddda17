"""What a Sequential can, a graph can: quantization, other devices, windows of truncated backpropagation, threads."""

from __future__ import annotations

import copy

import numpy as np
import pytest

import numba_lstm
from numba_lstm import Input, Model, Sequential, load_model
from numba_lstm.layers import LSTM, Add, Attention, Concatenate, Conv1D, Dense, Dropout

RNG = np.random.default_rng(5)
X = [RNG.standard_normal((6, 8, 3)).astype("float32"), RNG.standard_normal((6, 8, 2)).astype("float32")]
Y = {"steps": RNG.standard_normal((6, 8, 1)).astype("float32"), "last": RNG.standard_normal((6, 2)).astype("float32")}


def graph() -> Model:
    """Two inputs, a residual join, attention, states handed over, two outputs."""
    numba_lstm.set_random_seed(3)
    one, two = Input((8, 3), name="one"), Input((8, 2), name="two")
    windows = Conv1D(4, 3, padding="causal", activation="relu")(one)
    codes, h, c = LSTM(4, return_sequences=True, return_state=True)(windows)
    steps = LSTM(4, return_sequences=True)(Dropout(0.2, seed=1)(Concatenate()([codes, two])), initial_state=[h, c])
    joined = Add()([steps, codes])
    last = LSTM(5)(Concatenate()([joined, Attention()([steps, codes])]))
    model = Model({"one": one, "two": two}, {"steps": Dense(1)(joined), "last": Dense(2)(last)})
    model.compile("adam", {"steps": "mse", "last": "mae"}, metrics={"last": ["mse"]})
    return model


def given(rows=slice(None)):
    return {"one": X[0][rows], "two": X[1][rows]}


def outputs(model, data=None):
    return model.predict(given() if data is None else data, verbose=0)


def same(one, two):
    return all(np.array_equal(one[name], two[name]) for name in Y)


def test_a_quantized_graph_is_near_and_stays_so(tmp_path):
    model = graph()
    before = outputs(model)
    model.quantize("int8")
    after = outputs(model)
    for name, y in before.items():
        assert 0 < np.abs(after[name] - y).max() < 0.05 * np.abs(y).max()
    model.save(tmp_path / "small.nlstm")
    for other in (load_model(tmp_path / "small.nlstm"), copy.deepcopy(model)):
        assert same(outputs(other), after)
    with pytest.raises(RuntimeError, match="is quantized and cannot be trained"):
        model.fit(given(), Y, verbose=0)


@pytest.mark.on_the_cpu(reason="it goes from the CPU to the reference")
def test_a_graph_changes_its_device():
    model = graph()
    model.fit(given(), Y, batch_size=3, verbose=0)
    before = outputs(model)
    other = copy.deepcopy(model).to("reference")
    for name, y in before.items():
        np.testing.assert_allclose(outputs(other)[name], y, rtol=1e-4, atol=1e-5)
    losses = [one.train_on_batch(given(), Y, return_dict=True)["last_loss"] for one in (model, other)]
    assert np.isclose(*losses, rtol=1e-4)


def test_windows_of_a_graph_are_those_of_a_sequential():
    def stack(functional):
        numba_lstm.set_random_seed(4)
        layers = [LSTM(4, return_sequences=True), LSTM(3, return_sequences=True), Dense(1)]
        if not functional:
            return Sequential([Input((None, 3)), *layers])
        y = x = Input((None, 3))
        for layer in layers:
            y = layer(y)
        return Model(x, y)

    histories, weights = [], []
    for functional in (True, False):
        model = stack(functional)
        model.compile("sgd", "mse")
        histories.append(model.fit(X[0], Y["steps"], batch_size=3, epochs=2, shuffle=False, tbptt=3, verbose=0).history)
        weights.append(model.get_weights())
    assert histories[0] == histories[1]
    assert all(map(np.array_equal, *weights))


def test_windows_of_several_inputs_and_outputs():
    def made(split):
        numba_lstm.set_random_seed(4)
        inputs = [Input((None, 3)), Input((None, 2))] if split else [Input((None, 5))]
        codes = LSTM(4, return_sequences=True)(Concatenate()(inputs) if split else inputs[0])
        model = Model(inputs if split else inputs[0], [Dense(1, name="one")(codes), Dense(1, name="two")(codes)])
        model.compile("sgd", "mse")
        return model

    split, whole, y = made(True), made(False), [Y["steps"], 2 * Y["steps"]]
    options = {"batch_size": 3, "epochs": 2, "shuffle": False, "tbptt": 3, "verbose": 0}
    expected = whole.fit(np.concatenate(X, axis=-1), y, **options).history
    assert split.fit(X, y, **options).history == expected
    assert split.optimizer.iterations == 2 * 2 * 3


def handed() -> Model:
    x = Input((None, 3))
    codes, h, c = LSTM(4, return_sequences=True, return_state=True)(x)
    return Model(x, LSTM(4, return_sequences=True, name="taker")(codes, initial_state=[h, c]))


def beside() -> Model:
    x, row = Input((None, 3)), Input((4,), name="row")
    return Model([x, row], [LSTM(4, return_sequences=True)(x), Dense(1)(row)])


@pytest.mark.parametrize(
    ("make", "x", "y", "sentence"),
    [
        (handed, X[0], [np.ones((6, 8, 4))], "taker takes its initial_state from the graph"),
        (beside, [X[0], np.ones((6, 4))], [np.ones((6, 8, 4)), np.ones((6, 1))], "the input 'row' has no steps"),
    ],
)
def test_windows_that_a_graph_cannot_have(make, x, y, sentence):
    model = make()
    model.compile("sgd", "mse")
    before = model.get_weights()
    with pytest.raises(ValueError, match=sentence):
        model.fit(x, y if len(y) > 1 else y[0], tbptt=3, verbose=0)
    assert all(map(np.array_equal, before, model.get_weights()))


@pytest.mark.on_the_cpu(reason="NumPy's products depend on the number of rows")
def test_bits_depend_neither_on_threads_nor_on_other_rows():
    model = graph()
    with numba_lstm.num_threads(1):
        expected = outputs(model)
    with numba_lstm.num_threads(2):
        assert same(outputs(model), expected)
    alone = outputs(model, given(slice(2, 3)))
    assert all(np.array_equal(alone[name][0], expected[name][2]) for name in Y)
