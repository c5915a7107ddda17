"""Fails on one process of a job of MPI in the way that its argument names; ``backup`` trains with a backup in a folder."""

from __future__ import annotations

import hashlib
import os
import resource
import signal
import sys
from typing import Any

import numpy as np

import numba_lstm
from numba_lstm import Sequential
from numba_lstm.callbacks import BackupAndRestore, LambdaCallback, ModelCheckpoint
from numba_lstm.distributed import DataParallel, data_parallel
from numba_lstm.layers import LSTM, Dense

failure, folder = sys.argv[1], sys.argv[2]
numba_lstm.utils.set_random_seed(0)
strategy = DataParallel(shards=4)
last = strategy.rank == strategy.ranks - 1
rng = np.random.default_rng(0)
x = rng.standard_normal((32, 5, 2)).astype("float32")
y = x[:, -1, :1].copy()


def at_epoch(epoch: int, logs: Any) -> None:
    if epoch != 1:
        return
    if failure == "raise" and last:
        raise RuntimeError("the disk of the data is gone")
    if failure == "kill" and last:
        os.kill(os.getpid(), signal.SIGKILL)
    if failure == "interrupt" and last:
        os.kill(os.getpid(), signal.SIGINT)
    if failure == "exit" and last:
        sys.exit()


if last:
    if failure == "shapes":
        x, y = x[:30], y[:30]
    if failure == "values":
        x = x + 1
    if failure == "version":
        data_parallel.__version__ = "0.0.1"
    if failure == "seed":
        numba_lstm.utils.set_random_seed(1)


class Batches(numba_lstm.utils.PyDataset):
    """Batches, of which the last process has one less."""

    def __len__(self) -> int:
        return 1 if last else 2

    def __getitem__(self, index: int) -> Any:
        return x[16 * index : 16 * index + 16], y[16 * index : 16 * index + 16]


model = Sequential([LSTM(4, dropout=0.2), Dense(1)])
callbacks: list[Any] = [LambdaCallback(on_epoch_end=at_epoch)]
if failure in ("backup", "kill", "whole"):
    callbacks.append(BackupAndRestore(os.path.join(folder, "backup")))
if failure == "full":  # the file system takes no more: writes fail with an error of the operating system
    callbacks.append(ModelCheckpoint(os.path.join(folder, "model.nlstm")))
    if strategy.rank == 0:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
if failure == "batches":
    strategy = DataParallel(shards=4, local_batches=True)
model.compile("adam", "mse", strategy=strategy)
if failure == "batches":
    model.fit(Batches(), epochs=2, verbose=0)
else:
    model.fit(x, y, batch_size=16, epochs=4, verbose=0, callbacks=callbacks)
if strategy.rank == 0:
    print(hashlib.sha1(b"".join(array.tobytes() for array in model.get_weights())).hexdigest())
