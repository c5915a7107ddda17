"""warmup of models with several inputs and outputs."""

from __future__ import annotations

import numpy as np
import pytest

from numba_lstm import Input, Model, warmup
from numba_lstm.layers import LSTM, Dense, Embedding


@pytest.mark.parametrize("named", [False, True])
def test_warmup_computes_and_trains_every_output_of_a_copy(named, monkeypatch):
    words, steps = Input((None,)), Input((4, 2))
    y, h, c = LSTM(3, return_sequences=True, return_state=True)(Embedding(7, 2)(words))
    labels, numbers = Dense(5, "softmax", name="labels")(y), Dense(1, name="numbers")(LSTM(3)(steps, initial_state=[h, c]))
    model = Model([words, steps], {"labels": labels, "numbers": numbers} if named else [labels, numbers])
    model.compile(
        "adam",
        ["sparse_categorical_crossentropy", "mse"]
        if not named
        else {"labels": "sparse_categorical_crossentropy", "numbers": "mse"},
    )
    before, batches = model.get_weights(), []
    train = Model.train_on_batch
    monkeypatch.setattr(Model, "train_on_batch", lambda self, x, y: batches.append(len(x[0])) or train(self, x, y))
    warmup(model, verbose=False)
    assert set(batches) == {1, 32}
    assert all(map(np.array_equal, before, model.get_weights()))
    assert model.optimizer.iterations == 0
