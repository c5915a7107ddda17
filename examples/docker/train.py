"""Train the model of the image: a sine wave, one step ahead."""

import numpy as np

from numba_lstm.layers import LSTM, Dense, Input
from numba_lstm.models import Sequential

wave = np.sin(np.arange(1000, dtype="float32") / 10)
windows = np.lib.stride_tricks.sliding_window_view(wave, 41)

model = Sequential([Input((40, 1)), LSTM(32), Dense(1)])
model.compile("adam", "mse")
model.fit(windows[:, :-1, None], windows[:, -1], epochs=3, verbose=2)
model.save("model.nlstm")
