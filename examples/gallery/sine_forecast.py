"""
A sine wave
===========

Learn a sine wave, and continue it for a hundred steps from the model's own forecasts.

This is a program for Keras with a changed import. Each window holds 100 values of the wave; the model forecasts the next one.
Training does not see the last hundred steps. There each forecast becomes the end of the next window, so errors could add up.

``activation="relu"``, often seen in such programs, works too. But it has no bound, and the states of an LSTM with it can grow
without limit over a hundred steps; on this wave its loss does. The default, tanh, learns the wave.
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
print(f"{len(truth)} steps from its own forecasts: the largest error is {error:.3f}, where the amplitude is 1.")

# %%
# The picture needs Matplotlib: ``pip install 'numba_lstm[plot]'``.
import matplotlib.pyplot as plt  # noqa: E402

plt.plot(range(-STEPS, 0), x[1100, :, 0], "0.5", label="last window")
plt.plot(truth, label="truth")
plt.plot(forecast, "--", label="forecast")
plt.legend()
plt.xlabel("step")
