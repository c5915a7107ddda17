"""Memory: what training takes at most beside PyTorch, what a long prediction takes, and that nothing grows."""

from __future__ import annotations

from importlib.util import find_spec

from . import fresh

OURS = f"""
{fresh.PEAK_RSS}
{fresh.FIRST_MODEL}
for _ in range(30):
    model.train_on_batch(x, x[:, 0])
print(peak_rss())
"""

PYTORCH = f"""
{fresh.PEAK_RSS}
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

#: Bytes beyond input and output that predicting 100,000 samples takes, after a first prediction.
PREDICT = f"""
{fresh.PEAK_RSS}
{fresh.FIRST_MODEL}
many = np.zeros((100_000, 100, 1), np.float32)
model.predict(many[:64], verbose=0)
before = peak_rss()
answer = model.predict(many, verbose=0)
print(peak_rss() - before - answer.nbytes)
"""

#: Bytes that the process has grown by, after a warm-up.
GROWTH = f"""
import os
{fresh.FIRST_MODEL}
def resident():
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
{{setup}}
for _ in range({{count}} // 10):
    {{call}}
before = resident()
for _ in range({{count}}):
    {{call}}
print(resident() - before)
"""


class Peak:
    """LSTM(50, relu) and Dense(1), in batches of 32."""

    timeout = 300

    def track_training(self) -> float:
        return fresh.run(OURS)[0]

    track_training.unit = "bytes"  # type: ignore[attr-defined]

    def track_predicting_100_000_samples(self) -> float:
        return fresh.run(PREDICT)[0]

    track_predicting_100_000_samples.unit = "bytes beyond input and output"  # type: ignore[attr-defined]


class BesidePyTorch:
    """The same training in PyTorch."""

    timeout = 300

    def setup(self) -> None:
        if find_spec("torch") is None:
            raise NotImplementedError("torch is not installed")

    def track_times_pytorch(self) -> float:
        return fresh.run(PYTORCH)[0] / fresh.run(OURS)[0]

    track_times_pytorch.unit = "PyTorch's bytes / ours"  # type: ignore[attr-defined]


class Growth:
    """What a long life costs."""

    timeout = 300

    def track_500_000_stream_steps(self) -> float:
        return fresh.run(GROWTH.format(setup="step = model.stream().step", count=500_000, call="step(x[0, 0])"))[0]

    track_500_000_stream_steps.unit = "bytes"  # type: ignore[attr-defined]

    def track_10_000_predictions(self) -> float:
        return fresh.run(GROWTH.format(setup="", count=10_000, call="model.predict(x[:1], verbose=0)"))[0]

    track_10_000_predictions.unit = "bytes"  # type: ignore[attr-defined]
