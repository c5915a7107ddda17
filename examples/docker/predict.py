"""Load the model of the image, predict once, and say how long this took, with all imports."""

import time

started = time.perf_counter()

import numpy as np  # noqa: E402 - the imports are part of what is measured

import numba_lstm  # noqa: E402

model = numba_lstm.load_model("model.nlstm")
window = np.sin(np.arange(40, dtype="float32") / 10).reshape(1, 40, 1)
value = float(model.predict(window, verbose=0)[0, 0])
print(f"next value {value:.3f}, truth {np.sin(4.0):.3f}, {time.perf_counter() - started:.2f} s with imports")
