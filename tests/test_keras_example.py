"""A Keras user's program, only its import root changed."""

import numpy as np
import pytest

from numba_lstm.layers import LSTM, Dense
from numba_lstm.models import Sequential
from numba_lstm.utils import clear_session


@pytest.fixture
def model() -> Sequential:
    clear_session()
    model = Sequential()
    model.add(LSTM(50, activation="relu", input_shape=(100, 1)))
    model.add(Dense(1))
    model.compile(optimizer="adam", loss="mean_squared_error")
    return model


def test_summary(model, capsys):
    model.summary()
    out = capsys.readouterr().out
    for words in (
        "Layer (type)",
        "Output Shape",
        "Param #",
        "lstm (LSTM)",
        "(None, 50)",
        "10,400",
        "dense (Dense)",
        "(None, 1)",
    ):
        assert words in out
    assert " Total params: 10,451 (40.82 KB)\n" in out
    assert " Trainable params: 10,451 (40.82 KB)\n" in out
    assert " Non-trainable params: 0 (0.00 B)\n" in out


def test_it_learns(model):
    wave = 0.1 * np.sin(np.arange(400) / 8)
    x, y = np.lib.stride_tricks.sliding_window_view(wave, 100)[:-1, :, None], wave[100:, None]
    before = model.evaluate(x, y, verbose=0)
    history = model.fit(x, y, epochs=3, verbose=0)
    assert history.history["loss"][-1] < history.history["loss"][0]
    assert model.evaluate(x, y, verbose=0) < before / 2
    assert model.predict(x, verbose=0).shape == (300, 1)
