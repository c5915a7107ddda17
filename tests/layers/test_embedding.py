"""Embedding: indices that are checked, a mask of zeros, the first layer of a model. Its numbers are in test_keras_layers."""

from __future__ import annotations

import numpy as np
import pytest

from numba_lstm import Sequential, layers, load_model
from numba_lstm.device import get_ops
from numba_lstm.layers import LSTM, Dense, Embedding, Input

RNG = np.random.default_rng(3)
X = RNG.integers(0, 9, (6, 5))
Y = RNG.normal(size=(6, 1))


def model(*first, **embedding):
    made = Sequential([*first, Embedding(9, 4, **embedding), LSTM(3), Dense(1)])
    made.compile("adam", "mse")
    return made


@pytest.mark.parametrize("dtype", ["int8", "uint16", "int64", "float32", "float64"])
@pytest.mark.parametrize("shape", [(6, 5), (1, 1), (6,)], ids=str)
def test_rows_are_looked_up_for_whole_numbers_of_any_dtype(shape, dtype):
    layer, x = Embedding(9, 4), X.ravel()[: np.prod(shape)].reshape(shape)
    y = layer(x.astype(dtype))
    np.testing.assert_array_equal(y, layer.embeddings.value[x])
    assert y.shape == layer.compute_output_shape(shape)


def test_fractions_count_as_whole_numbers_with_a_warning():
    layer, x = Embedding(9, 4, name="embedding"), X.astype(np.float64)
    with pytest.warns(
        UserWarning, match=r"expects whole numbers from 0 to 8, got \d\.5, which counts as \d, as in Keras. Number"
    ):
        y = layer(x + 0.5)
    np.testing.assert_array_equal(y, layer(X))


@pytest.mark.parametrize("wrong", [-1, 9, 9.5, np.nan, np.inf, 2.0**40])
def test_numbers_that_are_no_index_are_refused(wrong):
    x = X.astype(np.float64)
    x[2, 3] = wrong
    made = model(Input((None,)))
    before = made.get_weights()
    for call in (Embedding(9, 4, name="embedding"), made, lambda x: made.fit(x, Y, verbose=0)):
        with pytest.raises(ValueError, match="whole numbers from 0 to 8, got"):
            call(x)
    assert all(np.array_equal(a, b) for a, b in zip(before, made.get_weights(), strict=True))


@pytest.mark.parametrize(
    ("make", "error", "sentence"),
    [
        (lambda: Embedding(0, 4), ValueError, "input_dim must be at least 1"),
        (lambda: Embedding(9, 4.0), TypeError, "output_dim must be a whole number"),
        (lambda: Embedding(9, 4, weights=np.ones((4, 9))), ValueError, r"weights of shape \(9, 4\), got \(4, 9\)"),
        (
            lambda: Embedding(9, 4)(np.ones((2, 3, 1))),
            ValueError,
            r"indices, \(batch, time\) or \(batch,\), got shape \(2, 3, 1\)",
        ),
        (lambda: Sequential([Dense(9), Embedding(9, 4)])(X), ValueError, "Add it first"),
    ],
)
def test_bad_use_is_answered_with_a_sentence(make, error, sentence):
    with pytest.raises(error, match=sentence):
        make()


@pytest.mark.parametrize("zero", [True, False])
def test_index_zero_is_masked_if_asked_for(zero):
    ops, layer = get_ops(), Embedding(9, 4, mask_zero=zero)
    layer(X)
    mask = layer.forward(ops, layer.gather(ops, X, slice(None))).mask
    if zero:
        np.testing.assert_array_equal(ops.to_host(mask), X.T != 0)
    else:
        assert mask is None


@pytest.mark.parametrize("given", [lambda table: table, lambda table: [table]], ids=["array", "list"])
def test_weights_are_the_first_table(given):
    table = RNG.normal(size=(9, 4))
    layer = Embedding(9, 4, weights=given(table), dtype="float64")
    np.testing.assert_array_equal(layer(X), table[X])


def test_what_is_asked_of_the_table():
    layer = Embedding(9, 4, embeddings_regularizer="l2", embeddings_constraint="unit_norm", dtype="float64")
    layer(X)
    np.testing.assert_allclose(layer.losses, [0.01 * np.sum(layer.embeddings.value**2)])
    layer.constrain()
    np.testing.assert_allclose(
        np.linalg.norm(layer.embeddings.value, axis=0), np.ones(4), rtol=1e-5
    )  # norms are divided by 1e-7 more


@pytest.mark.parametrize("first", [[], [Input((None,))], [Input((5,), dtype="int32")], [Input((None,), batch_size=6)]])
def test_a_model_takes_indices_of_any_number_of_steps(first):
    made = model(*first)
    made.fit(X, Y, epochs=2, batch_size=4, verbose=0)
    assert made.predict(X[:, :3], verbose=0).shape == (6, 1)
    with pytest.raises(ValueError, match=r"got shape \(6, 5, 1\)"):
        made.predict(X[..., None], verbose=0)


def test_a_model_of_one_index_a_sample():
    made = Sequential([Input(()), Embedding(9, 4), Dense(2)])
    assert made.output_shape == (None, 2)
    assert made.predict(X[:, 0], verbose=0).shape == (6, 2)


def test_the_masked_steps_change_nothing():
    made = model(mask_zero=True)
    x = np.where(X == 0, 1, X)
    padded = np.concatenate([x, np.zeros((6, 2), np.int64)], axis=1)
    np.testing.assert_allclose(made.predict(padded, verbose=0), made.predict(x, verbose=0), rtol=1e-6)


def test_only_rows_that_occur_are_trained():
    made = model()
    made(X)
    before = made.layers[0].get_weights()[0]
    made.fit(np.where(X == 7, 6, X), Y, verbose=0)
    changed = np.any(made.layers[0].get_weights()[0] != before, axis=1)
    occurs = np.isin(np.arange(9), np.where(X == 7, 6, X))
    assert changed.tolist() == occurs.tolist()
    assert 1 < occurs.sum() < 9


def test_a_saved_model_and_a_config_make_an_equal_one(tmp_path):
    made = model(mask_zero=True, embeddings_regularizer="l1")
    made.fit(X, Y, verbose=0)
    made.save(tmp_path / "model.nlstm")
    duplicate = load_model(tmp_path / "model.nlstm")
    np.testing.assert_array_equal(duplicate.predict(X, verbose=0), made.predict(X, verbose=0))
    assert layers.deserialize(layers.serialize(made.layers[0])).get_config() == made.layers[0].get_config()
