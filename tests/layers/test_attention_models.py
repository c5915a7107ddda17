"""Functional models with merging and attention layers: plans, masks, gradients, and files."""

from __future__ import annotations

import numpy as np
import pytest

import numba_lstm
from numba_lstm import layers


def encoder_decoder(*, eager=False):
    """Return an encoder-decoder with attention over a padded input, and heads over its own output."""
    source, target = layers.Input((6,)), layers.Input((4, 3))
    encoded = layers.LSTM(5, return_sequences=True)(layers.Embedding(7, 4, mask_zero=True)(source))
    decoded = layers.LSTM(5, return_sequences=True)(target)
    context = layers.Attention(use_scale=True)([decoded, encoded])
    heads = layers.MultiHeadAttention(2, 3)(decoded, decoded, use_causal_mask=True)
    joined = layers.Concatenate()([layers.Add()([decoded, heads]), context])
    y = layers.Dense(2)(layers.AdditiveAttention(dropout=0.2)([joined, joined]))
    model = numba_lstm.Model([source, target], y)
    rng = np.random.default_rng(1)
    model.set_weights([0.4 * rng.standard_normal(w.shape) for w in model.get_weights()])
    model.compile("sgd", "mse", run_eagerly=eager)
    return model


def data():
    rng = np.random.default_rng(2)
    source = rng.integers(1, 7, (8, 6))
    source[::2, 4:] = 0
    return [source, rng.standard_normal((8, 4, 3)).astype("float32")], rng.standard_normal((8, 4, 2)).astype("float32")


@pytest.mark.on_the_cpu(reason="plans are the CPU's")
def test_an_encoder_decoder_trains_by_plans():
    x, y = data()
    models, found = [encoder_decoder(eager=eager) for eager in (False, True)], []
    for model in models:
        numba_lstm.utils.set_random_seed(3)
        found.append(model.fit(x, y, batch_size=4, epochs=2, shuffle=False, verbose=0).history["loss"])
    assert models[0].path() == "plan"
    assert found[0] == found[1]
    assert found[0][1] < found[0][0]
    assert models[0].predict(x, verbose=0).tobytes() == models[1].predict(x, verbose=0).tobytes()


def test_masked_steps_have_no_weight():
    (source, target), _ = data()
    model = encoder_decoder()
    changed = source.copy()
    before = model.predict([source, target], verbose=0)
    changed[1, 0] = 7 - changed[1, 0]
    after = model.predict([changed, target], verbose=0)
    assert np.array_equal(before[0], after[0])
    assert not np.allclose(before[1], after[1])


def test_files(tmp_path):
    x, _ = data()
    model = encoder_decoder()
    model.save(tmp_path / "model.nlstm")
    loaded = numba_lstm.load_model(tmp_path / "model.nlstm")
    assert loaded.predict(x, verbose=0).tobytes() == model.predict(x, verbose=0).tobytes()


def test_symbolic_calls():
    a, b = layers.Input((4, 3)), layers.Input((4, 3))
    for name in ("add", "subtract", "multiply", "average", "maximum", "minimum"):
        assert getattr(layers, name)([a, b]).shape == (None, 4, 3)
    assert layers.concatenate([a, b], axis=1).shape == (None, 8, 3)
    assert layers.dot([a, b], axes=2).shape == (None, 4, 4)
    y, shares = layers.Attention()([a, b], return_attention_scores=True)
    assert (y.shape, shares.shape) == ((None, 4, 3), (None, 4, 4))
