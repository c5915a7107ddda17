"""
Gates over time
===============

Train an LSTM to remember the last value that a flag marked, and look at its gates. The input gate of a unit opens where the
flag is 1; the forget gate keeps its cell state in between.
"""

import numpy as np

from numba_lstm.layers import LSTM, Dense
from numba_lstm.models import Sequential
from numba_lstm.plotting import GatesDisplay, LearningCurveDisplay, MemoryDisplay
from numba_lstm.utils import set_random_seed

set_random_seed(0)
rng = np.random.default_rng(0)


def marked_values(samples: int, steps: int) -> tuple[np.ndarray, np.ndarray]:
    """Return values and flags, (samples, steps, 2), and the last marked value at each step, (samples, steps, 1)."""
    value, flag = rng.normal(size=(samples, steps)), rng.random((samples, steps)) < 0.15
    flag[:, 0] = True
    last = np.maximum.accumulate(np.where(flag, np.arange(steps), 0), axis=1)
    return np.stack([value, flag], axis=2), np.take_along_axis(value, last, axis=1)[..., None]


x, y = marked_values(1000, steps=40)
model = Sequential([LSTM(4, return_sequences=True, input_shape=(None, 2)), Dense(1)])
model.compile(optimizer="adam", loss="mse")
model.optimizer.learning_rate = 0.02
history = model.fit(x, y, epochs=15, validation_split=0.1, verbose=0)
print(f"Mean squared error: {history.history['val_loss'][-1]:.3f}, where the variance of the values is 1.")

# %%
# The loss of each epoch:
LearningCurveDisplay.from_history(history)

# %%
# The gates, the cell states and the outputs over one sequence, below the values and the flags:
GatesDisplay.from_estimator(model, x[0])

# %%
# The share of each cell state that is left after some steps, along the path of the forget gates:
MemoryDisplay.from_estimator(model, x[0])
