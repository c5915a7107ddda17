"""Memory: the peak of training and of a long prediction, and its growth over many calls."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np

from .shared import new_process

OURS = f"""
{new_process.PEAK_RSS}
{new_process.FIRST_MODEL}
for _ in range(30):
    model.train_on_batch(x, x[:, 0])
print(peak_rss())
"""

PYTORCH = f"""
{new_process.PEAK_RSS}
import numpy as np
import torch
class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm, self.dense = torch.nn.LSTM(1, 50, batch_first=True), torch.nn.Linear(50, 1)
    def forward(self, x):
        return self.dense(self.lstm(x)[1][0][0])
model = Model()
optimizer = torch.optim.Adam(model.parameters())
x = torch.from_numpy(np.sin(np.arange(3200, dtype=np.float32)).reshape(32, 100, 1))
for _ in range(30):
    optimizer.zero_grad()
    torch.nn.functional.mse_loss(model(x), x[:, 0]).backward()
    optimizer.step()
print(peak_rss())
"""

#: Prints the bytes beyond input and output that predicting 100,000 samples takes, after a first prediction.
PREDICT = f"""
{new_process.PEAK_RSS}
{new_process.FIRST_MODEL}
many = np.ones((100_000, 100, 1), np.float32)
model.predict(many[:64], verbose=0)
forget_peak()
before = peak_rss()
answer = model.predict(many, verbose=0)
print(peak_rss() - before - answer.nbytes)
"""


def setup_cache() -> None:
    """Fill the kernel cache for the whole module, since compiling takes more memory than the measured calls."""
    for program in (OURS, PREDICT):
        new_process.run(program)


setup_cache.timeout = 300  # type: ignore[attr-defined]


def growth(call: str, count: int, setup: str = "") -> float:
    """Return by how many bytes a new process grows in ``count`` calls, after a tenth as many calls."""
    code = f"""
import os
{new_process.FIRST_MODEL}
def resident():
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
{setup}
for _ in range({count // 10}):
    {call}
before = resident()
for _ in range({count}):
    {call}
print(resident() - before)
"""
    return new_process.run(code)[0]


class Peak:
    """Peak memory of a process with LSTM(50) and Dense(1)."""

    timeout = 300

    def setup(self) -> None:
        from .peers.ours import NumbaLSTM
        from .peers.problem import Problem, Shape

        problem = Problem(Shape(32, 100, 1, 50), "relu")
        self.model, self.x, self.y = NumbaLSTM(1).model(problem), problem.x, problem.y

    def peakmem_train_on_batch(self) -> None:
        for _ in range(30):
            self.model.train_on_batch(self.x, self.y)

    def peakmem_predict_100_000_samples(self) -> None:
        self.model.predict(np.ones((100_000, 100, 1), np.float32), verbose=0)

    def track_beyond_input_and_output(self) -> float:
        return new_process.run(PREDICT)[0]

    track_beyond_input_and_output.unit = "bytes"  # type: ignore[attr-defined]


class BesidePyTorch:
    """Peak memory of a process that trains, with numba_lstm and with PyTorch."""

    timeout = 300

    def setup(self) -> None:
        if find_spec("torch") is None:
            raise NotImplementedError("torch is not installed")

    def track_over_pytorch(self) -> float:
        return new_process.run(OURS)[0] / new_process.run(PYTORCH)[0]

    track_over_pytorch.unit = "our bytes / PyTorch's"  # type: ignore[attr-defined]


class Growth:
    """Growth of a process over many calls."""

    timeout = 300

    def track_500_000_stream_steps(self) -> float:
        return growth("step(x[0, 0])", 500_000, setup="step = model.stream().step")

    track_500_000_stream_steps.unit = "bytes"  # type: ignore[attr-defined]

    def track_10_000_predictions(self) -> float:
        return growth("model.predict(x[:1], verbose=0)", 10_000)

    track_10_000_predictions.unit = "bytes"  # type: ignore[attr-defined]
