"""
Depths of brackets
==================

Label every step of a sequence with the nesting depth of a bracket in ``(()(()))()``.

A network that sees only the current step cannot know the depth. An LSTM learns to count (Gers and Schmidhuber 2001). The model
returns one class per step, so its target is one integer per step.
"""

import numpy as np

from numba_lstm.layers import LSTM, Dense
from numba_lstm.models import Sequential
from numba_lstm.utils import set_random_seed

DEPTHS = 6  # brackets nest from 0 to 5 deep
rng = np.random.default_rng(7)


def brackets(samples: int, steps: int) -> tuple[np.ndarray, np.ndarray]:
    """Return random strings, one-hot (samples, steps, 2), and the depth after each bracket (samples, steps)."""
    depth = np.zeros((samples, steps), dtype=int)
    now = np.zeros(samples, dtype=int)
    for step in range(steps):
        opens = (now == 0) | ((now < DEPTHS - 1) & (rng.random(samples) < 0.5))
        now = now + np.where(opens, 1, -1)
        depth[:, step] = now
    opened = np.diff(depth, axis=1, prepend=0) == 1
    return np.stack([opened, ~opened], axis=2).astype("float32"), depth


set_random_seed(1)
x, y = brackets(2000, steps=40)

model = Sequential([LSTM(16, return_sequences=True, input_shape=(None, 2)), Dense(DEPTHS, activation="softmax")])
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
model.optimizer.learning_rate = 0.01
model.summary()
model.fit(x, y, epochs=8, validation_split=0.1)

x_long, y_long = brackets(200, steps=120)
_, accuracy = model.evaluate(x_long, y_long, verbose=0)
print(f"\nOn strings three times as long as in training, {accuracy:.1%} of all brackets get their right depth. One of them:")
text, labels = x_long[0, :40], model.predict(x_long[:1], verbose=0)[0, :40].argmax(axis=-1)
print("".join("(" if opened else ")" for opened in text[:, 0]))
print("".join(map(str, labels)))

# %%
# The picture needs Matplotlib: ``pip install 'numba_lstm[plot]'``.
import matplotlib.pyplot as plt  # noqa: E402

plt.imshow(model.predict(x_long[:1], verbose=0)[0].T, aspect="auto", origin="lower", cmap="Blues")
plt.plot(y_long[0], "C1", linewidth=1, label="depth")
plt.legend()
plt.xlabel("bracket")
plt.ylabel("probability of each depth")
