"""A program as Keras users write it, only its import root changed: it learns a sine and then goes on with it by itself.

Each window holds 100 values of the wave; the model forecasts the one that follows. The last hundred steps are not seen in
training: there every forecast is put at the end of the next window, so an error would grow.

``activation="relu"``, often seen in such programs, works too; but it has no bound, and over a hundred steps the states of an
LSTM with it can grow without one: on this wave its loss does. The default, tanh, learns the wave.
"""

import numpy as np

from numba_lstm.layers import LSTM, Dense
from numba_lstm.models import Sequential
from numba_lstm.utils import set_random_seed

STEPS = 100

set_random_seed(1)
wave = np.sin(0.1 * np.arange(1300)).astype("float32")
x = np.lib.stride_tricks.sliding_window_view(wave, STEPS)[:-1, :, None]
y = wave[STEPS:, None]
x_train, y_train, truth = x[:1100], y[:1100], wave[STEPS + 1100 :]

model = Sequential()
model.add(LSTM(50, input_shape=(STEPS, 1)))
model.add(Dense(1))
model.compile(optimizer="adam", loss="mean_squared_error")
model.summary()
model.fit(x_train, y_train, epochs=10, batch_size=32)

window, forecast = x[1100].copy(), []
for _ in truth:
    step = model.predict(window[None], verbose=0)[0]
    forecast.append(step[0])
    window = np.concatenate([window[1:], step[None]])

error = np.abs(np.array(forecast) - truth).max()
print(f"{len(truth)} steps forecast by itself: the largest error is {error:.3f}, where the amplitude is 1.")
