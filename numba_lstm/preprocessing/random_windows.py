"""RandomWindows: windows of one length from sequences of many lengths, others in each epoch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ..inputs import as_count
from ..philox import check_seed, next_key, words
from ..utils.datasets import PyDataset

Array = npt.NDArray[Any]
Transform = Callable[[Array, np.random.Generator], npt.ArrayLike]


class RandomWindows(PyDataset):
    """Windows of ``length`` steps from sequences of many lengths, which begin at random and are others in each epoch.

    A window takes ``length`` steps of computing where a whole sequence would take all of them and padding, and a model that
    learns from windows learns to begin anywhere in a sequence.

    Parameters
    ----------
    sequences : list of arrays, (T_i, ...)
        Of ``length`` steps at least.
    targets : list of arrays (T_i, ...), or array (N, ...)
        Targets of each step, of which the window is taken too, or one target for each sequence.
    length : int
        Steps of a window.
    batch_size : int
        Windows of a batch. The last batch of an epoch has what remains.
    windows : int
        Windows of each sequence in an epoch.
    transform : callable, optional
        ``transform(window, generator)`` returns the window that the model reads: shifted, rotated or noisy data.
    seed : int, optional
        Of the windows, their order and the generators of ``transform``. By default it follows ``set_random_seed``.

    Raises
    ------
    ValueError
        For no sequences, another number of targets, targets of other lengths, or a sequence that is too short.

    Examples
    --------
    >>> recordings = [np.random.rand(steps, 6) for steps in (300, 500, 421)]
    >>> data = RandomWindows(recordings, [2, 0, 1], length=100, batch_size=2, windows=4)
    >>> len(data), data[0][0].shape, data[0][1].shape
    (6, (2, 100, 6), (2,))
    """

    def __init__(
        self,
        sequences: Sequence[npt.ArrayLike],
        targets: Any,
        length: int,
        batch_size: int = 32,
        *,
        windows: int = 1,
        transform: Transform | None = None,
        seed: int | None = None,
    ) -> None:
        super().__init__()
        self.length, self.batch_size = as_count(length, "length"), as_count(batch_size, "batch_size")
        self.windows, self.transform = as_count(windows, "windows"), transform
        self.sequences: list[Array] = [np.asarray(sequence) for sequence in sequences]
        self._check_lengths(targets)
        self._has_steps = len(np.shape(targets[0])) > 0 and not isinstance(targets, np.ndarray)
        self.targets: Any = [np.asarray(target) for target in targets] if self._has_steps else np.asarray(targets)
        if self._has_steps:
            self._check_target_lengths()
        self._seed, self._epoch = int(words(next_key(), 1)[0]) if seed is None else check_seed(seed), -1
        self.on_epoch_end()

    def __len__(self) -> int:
        return -(-len(self._rows) // self.batch_size)

    def __getitem__(self, index: int) -> tuple[Array, Array]:
        """Return the batch ``index`` of the epoch: windows (B, length, ...) and their targets."""
        if not 0 <= index < len(self):
            raise IndexError(f"batch {index} is none of the {len(self)} batches.")
        places = range(index * self.batch_size, min((index + 1) * self.batch_size, len(self._rows)))
        x = np.stack([self._window(place) for place in places])
        rows = self._rows[places.start : places.stop]
        if not self._has_steps:
            return x, self.targets[rows]
        starts = self._starts[places.start : places.stop]
        return x, np.stack([self.targets[row][start : start + self.length] for row, start in zip(rows, starts, strict=True)])

    def _window(self, place: int) -> Array:
        start = self._starts[place]
        window: Array = self.sequences[self._rows[place]][start : start + self.length]
        if self.transform is None:
            return window
        return np.asarray(self.transform(window, np.random.default_rng([self._seed, self._epoch, place + 1])))

    def on_epoch_end(self) -> None:
        """Draw the windows of the next epoch."""
        self._epoch += 1
        generator = np.random.default_rng([self._seed, self._epoch])
        self._rows = generator.permutation(np.repeat(np.arange(len(self.sequences)), self.windows))
        free = np.array([len(sequence) - self.length + 1 for sequence in self.sequences])
        self._starts = generator.integers(0, free[self._rows])

    def _check_lengths(self, targets: Any) -> None:
        if not self.sequences or len(self.sequences) != len(targets):
            raise ValueError(
                f"RandomWindows expects targets for each of at least one sequence, got {len(self.sequences)} sequences and "
                f"{len(targets)} targets."
            )
        for n, sequence in enumerate(self.sequences):
            if sequence.ndim == 0 or len(sequence) < self.length:
                raise ValueError(
                    f"sequences[{n}] has shape {sequence.shape}, but a window has {self.length} steps. "
                    "Leave it out, or give a smaller length."
                )

    def _check_target_lengths(self) -> None:
        for n, (sequence, target) in enumerate(zip(self.sequences, self.targets, strict=True)):
            if not target.ndim or len(target) != len(sequence):
                raise ValueError(f"targets[{n}] has shape {target.shape}, but sequences[{n}] has {len(sequence)} steps.")
