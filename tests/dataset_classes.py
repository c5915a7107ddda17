"""Datasets of several kinds: by index, as iterables, of samples and of batches."""

from __future__ import annotations

from training_cases import N, X, Y

from numba_lstm.utils import PyDataset

QUIET = {"verbose": 0}
CHUNKS = [(X[start : start + 4], Y[start : start + 4]) for start in range(0, N, 4)]


class Windows:
    """Batches by index, which never end for who iterates: as subclasses of Keras's Sequence are written."""

    def __len__(self):
        return len(CHUNKS)

    def __getitem__(self, index):
        return CHUNKS[index % len(CHUNKS)]


class Samples:
    """Samples by index, as PyTorch's datasets are."""

    def __init__(self, x=X, y=Y):
        self.x, self.y = x, y

    def __len__(self):
        return len(self.x)

    def __getitem__(self, index):
        return self.x[index], self.y[index]


class Changing:
    """Batches by index, and another number of them in each epoch."""

    def __init__(self, lengths):
        self.lengths, self.epoch, self.calls = lengths, 0, []

    def __len__(self):
        return self.lengths[self.epoch]

    def __getitem__(self, index):
        return CHUNKS[index % len(CHUNKS)]

    def on_epoch_begin(self):
        self.calls.append("begin")

    def on_epoch_end(self):
        self.calls.append("end")
        self.epoch += 1


class PyBatches(PyDataset):
    def __len__(self):
        return len(CHUNKS)

    def __getitem__(self, index):
        return CHUNKS[index]
