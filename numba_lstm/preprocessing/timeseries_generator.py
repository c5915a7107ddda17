"""TimeseriesGenerator: batches of windows of a series by index, each with the target after it."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import numpy.typing as npt

from .. import philox
from ..inputs import as_count
from ..inputs.array_like import as_array
from ..utils.datasets import PyDataset


class TimeseriesGenerator(PyDataset):
    """Batches of windows of a series, as ``keras.preprocessing.sequence.TimeseriesGenerator`` of Keras 2.

    Window ``i`` has ``length`` steps of ``data`` and ends before step ``i``; its target is ``targets[i]``.

    Parameters
    ----------
    data : array (T, ...)
        The series.
    targets : array (T, ...)
        Target of the window before each step.
    length : int
        Steps of the series that a window spans.
    sampling_rate : int
        Steps between two entries of a window: it has ``length / sampling_rate`` entries, rounded up.
    stride : int
        Steps between two windows.
    start_index, end_index : int, optional
        First and last step of the windows and targets. Default: all.
    shuffle : bool
        Draw ``batch_size`` windows at random for each batch.
    reverse : bool
        Reverse the steps of each window.
    batch_size : int
        Windows of a batch; the last one may be smaller.
    **kwargs
        Those of :class:`~numba_lstm.utils.PyDataset`.

    Raises
    ------
    TypeError, ValueError
        For a ``data`` and ``targets`` of unequal lengths, and if there is no window.
    """

    def __init__(
        self,
        data: npt.ArrayLike,
        targets: npt.ArrayLike,
        length: int,
        sampling_rate: int = 1,
        stride: int = 1,
        start_index: int = 0,
        end_index: int | None = None,
        shuffle: bool = False,
        reverse: bool = False,
        batch_size: int = 128,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.data, self.targets = as_array(data, "data"), as_array(targets, "targets")
        if len(self.data) != len(self.targets):
            raise ValueError(f"data has {len(self.data)} steps, targets {len(self.targets)}. Give one target a step.")
        self.length, self.stride = as_count(length, "length"), as_count(stride, "stride")
        self.sampling_rate, self.batch_size = as_count(sampling_rate, "sampling_rate"), as_count(batch_size, "batch_size")
        self.start_index = as_count(start_index, "start_index", at_least=0) + self.length
        self.end_index = len(self.data) - 1 if end_index is None else as_count(end_index, "end_index", at_least=0)
        self.shuffle, self.reverse = shuffle, reverse
        if not self.start_index <= self.end_index < len(self.data):
            raise ValueError(
                f"no window of {self.length} steps from step {start_index} has its target at step {self.end_index} or before, "
                f"of {len(self.data)} steps. Give a longer series, a smaller length, or other indices."
            )

    def __len__(self) -> int:
        """Return the number of batches."""
        span = self.batch_size * self.stride
        return (self.end_index - self.start_index + span) // span

    def __getitem__(self, index: int) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        """Return the windows (N, steps, ...) and the targets (N, ...) of a batch."""
        if self.shuffle:
            drawn = philox.uniform(philox.next_key(), (self.batch_size,))
            rows = self.start_index + (drawn * (self.end_index + 1 - self.start_index)).astype(np.intp)
        else:
            start = self.start_index + self.batch_size * self.stride * index
            rows = np.arange(start, min(start + self.batch_size * self.stride, self.end_index + 1), self.stride)
        offsets = np.arange(-self.length, 0, self.sampling_rate)
        samples = self.data[rows[:, None] + (offsets[::-1] if self.reverse else offsets)]
        return samples, self.targets[rows]

    def get_config(self) -> dict[str, Any]:
        """Return the arguments, with ``data`` and ``targets`` as JSON texts, as Keras does."""
        names = ("length", "sampling_rate", "stride", "start_index", "end_index", "shuffle", "reverse", "batch_size")
        arrays = {"data": json.dumps(self.data.tolist()), "targets": json.dumps(self.targets.tolist())}
        return arrays | {name: getattr(self, name) for name in names}

    def to_json(self, **kwargs: Any) -> str:
        """Return :meth:`get_config` as a JSON text; ``kwargs`` go to ``json.dumps``."""
        return json.dumps({"class_name": "TimeseriesGenerator", "config": self.get_config()}, **kwargs)
