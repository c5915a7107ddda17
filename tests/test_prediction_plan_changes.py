"""What changes between predictions, and what subclasses compute, has its effect on models with plans."""

from __future__ import annotations

import numpy as np
import pytest
from prediction_models import STACKS, D, built, run_ops, sequences

from numba_lstm import Sequential
from numba_lstm.layers import LSTM, Dense, Embedding, Input


def test_a_subclass_that_computes_something_else_is_asked():
    class Doubled(LSTM):
        def forward(self, ops, x, *args, **kwargs):
            result = super().forward(ops, x, *args, **kwargs)
            return result._replace(y=ops.scale(result.y, 2.0))

    model, plain = built(lambda: [Doubled(4)]), built(lambda: [LSTM(4)])
    model.set_weights(plain.get_weights())
    assert np.array_equal(model(sequences(1)), 2 * plain(sequences(1)))


def test_a_model_that_computes_something_else_is_asked():
    class Doubled(Sequential):
        def forward(self, *args, **kwargs):
            passed = super().forward(*args, **kwargs)
            return passed._replace(y=2 * np.asarray(passed.y))

    model, plain = Doubled([Input((7, D)), LSTM(4)]), built(lambda: [LSTM(4)])
    model.set_weights(plain.get_weights())
    assert np.array_equal(model(sequences(2)), 2 * plain(sequences(2)))


def test_what_a_layer_is_told_later_is_seen():
    model, x = built(lambda: [LSTM(4), Dense(2)]), sequences(2)
    plain = model(x)
    lstm, dense = model.layers
    lstm.go_backwards = True
    assert np.array_equal(model(x), run_ops(model, x))
    assert not np.array_equal(model(x), plain)
    lstm.go_backwards, dense.activation = False, "sigmoid"
    assert np.array_equal(model(x), run_ops(model, x))
    dense.activation = "linear"
    assert np.array_equal(model(x), plain)
    lstm.stateful = True
    model(x)
    assert lstm.states is not None
    lstm.stateful = False
    assert np.array_equal(model(x), plain)


def test_new_weights_are_seen():
    model, x = built(STACKS["keras example"]), sequences(1)
    before = model(x)
    model.set_weights([w + 0.1 for w in model.get_weights()])
    after = model(x)
    assert (before != after).all()
    assert after.tobytes() == run_ops(model, x).tobytes()


def test_another_layer_is_seen():
    model, x = Sequential([Input((7, D)), LSTM(4)]), sequences(1)
    assert model(x).shape == (1, 4)
    model.add(Dense(2))
    assert model(x).shape == (1, 2)


def test_repeated_batches_of_any_numbers_have_the_same_outputs():
    model, x = built(STACKS["keras example"]), np.random.default_rng(2).integers(0, 2, (3, 7, D)).astype(np.float32)
    expected = run_ops(model, x)
    numbers = [x.astype(dtype) for dtype in (np.float32, np.float64, ">f4", np.int32, bool)]
    for given in [given for given in (*numbers, np.asfortranarray(x), np.repeat(x, 2, axis=2)[:, :, ::2]) for _ in range(3)]:
        for y in (model(given), model.predict(given, verbose=0), model.predict_on_batch(given)):
            assert y.tobytes() == expected.tobytes()
            assert y.flags.owndata
            assert y.flags.writeable


def test_repeated_batches_are_validated():
    model, x = built(STACKS["keras example"]), sequences(3)
    words = Sequential([Input((7,)), Embedding(5, 2), LSTM(2)])
    for _ in range(3):
        model.predict(x, verbose=0)
        words.predict(np.zeros((2, 7), int), verbose=0)
    for batch_size in (0, -1, 3.5, "3", True):
        with pytest.raises((TypeError, ValueError), match="batch_size"):
            model.predict(x, batch_size, verbose=0)
    with pytest.raises(ValueError, match="expects whole numbers from 0 to 4, got 5"):
        words.predict(np.full((2, 7), 5), verbose=0)
    with pytest.raises(TypeError, match="real numbers"):
        model.predict(x.astype(complex), verbose=0)
    assert model.predict(x, 2, verbose=0).tobytes() == model.predict(x, verbose=0).tobytes()
