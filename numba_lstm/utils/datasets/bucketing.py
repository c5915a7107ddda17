"""BucketDataset: batches of sequences of similar lengths."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from ... import philox
from ...inputs import as_count, as_numbers
from ...inputs.array_like import as_array
from ...inputs.sequences import batches_by_length, pad_sequences
from ...kernels.specs import Key
from .py_dataset import PyDataset

Host = npt.NDArray[Any]


class BucketDataset(PyDataset):
    """Batches of sequences of similar lengths, each padded only as far as the longest of its own batch.

    ``fit`` does the same with a list of sequences, for models of one input and one output. This class is for several inputs,
    and for targets and weights that are sequences as well. TensorFlow's ``bucket_by_sequence_length`` and torchtext's
    ``BucketIterator`` are for the same purpose.

    Parameters
    ----------
    x : array (N, ...), list of N sequences (T_i, ...), or a tuple or dict of such
        The inputs. A tuple or a dict has one entry for each of several inputs. Samples are ordered by the lengths of the first
        entry that is a list of sequences.
    y : the same, optional
        The targets.
    sample_weight : the same, optional
        The weights. The padding of a list of sequences has weight 0.
    batch_size : int
        Samples of a batch. The last batch may be smaller.
    pad_to_multiple_of : int
        The steps of a batch are a multiple of this number. A model has a plan for each shape of a batch, so fewer shapes are
        faster to prepare; more padding takes longer to compute.
    value : number
        The value of the padding of x and y.
    shuffle : bool
        Shuffle samples among those of similar lengths, and batches, anew in each epoch.
    seed : int, optional
        Of the shuffling. Default: drawn from the seed of :func:`~numba_lstm.utils.set_random_seed`.

    Raises
    ------
    TypeError, ValueError
        For unequal numbers of samples, an x without a list of sequences, elements of unequal shapes, sequences of anything but
        numbers, and a ``value`` that whole numbers cannot hold.

    Examples
    --------
    >>> from numba_lstm.utils import BucketDataset
    >>> source, target = [[1, 2, 3], [4], [5, 6]], [[7, 8], [9], [7, 7]]
    >>> data = BucketDataset((source, target), y=target, batch_size=2, shuffle=False)
    >>> [(inputs[0].shape, y.tolist()) for inputs, y in data]
    [((2, 2), [[9, 0], [7, 7]]), ((1, 3), [[7, 8]])]
    """

    def __init__(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        *,
        batch_size: int = 32,
        pad_to_multiple_of: int = 1,
        value: float = 0,
        shuffle: bool = True,
        seed: int | None = None,
    ) -> None:
        super().__init__()
        self.batch_size = as_count(batch_size, "batch_size")
        self._multiple = as_count(pad_to_multiple_of, "pad_to_multiple_of")
        self._columns = [
            None if part is None else _mapped(part, partial(_read, name=name, value=value))
            for name, part, value in (("x", x, value), ("y", y, value), ("sample_weight", sample_weight, 0))
        ]
        entries = [entry for part in self._columns if part is not None for entry in _entries(part)]
        sizes = {len(entry) for entry in entries}
        if len(sizes) != 1:
            raise ValueError(
                f"x, y and sample_weight must have the same number of samples, got {sorted(sizes)}. Give one each."
            )
        sequences = next((entry for entry in _entries(self._columns[0]) if isinstance(entry, list)), None)
        if sequences is None:
            raise ValueError("x must have a list of sequences, got arrays alone. Give fit the arrays: it needs no buckets.")
        self._lengths = np.array([len(sequence) for sequence in sequences], np.intp)
        self._value = value
        self._stream = None if not shuffle else philox.Stream(seed) if seed is not None else philox.default_stream().spawn()
        self._batches = self._order()

    def _order(self) -> list[npt.NDArray[np.intp]]:
        key: Key | None = None if self._stream is None else self._stream.next_key()
        return batches_by_length(self._lengths, self.batch_size, key)

    def __len__(self) -> int:
        """Return the number of batches of an epoch."""
        return len(self._batches)

    def __getitem__(self, index: int) -> Any:
        """Return the batch ``index``: x, ``(x, y)`` or ``(x, y, sample_weight)``."""
        rows = self._batches[index]
        x, y, weight = (
            None if part is None else _mapped(part, partial(self._batch, rows=rows, value=value))
            for part, value in zip(self._columns, (self._value, self._value, 0), strict=True)
        )
        return (x,) if y is None else (x, y) if weight is None else (x, y, weight)

    def on_epoch_end(self) -> None:
        """Shuffle anew."""
        if self._stream is not None:
            self._batches = self._order()

    def _batch(self, entry: Any, rows: npt.NDArray[np.intp], value: float) -> Host:
        if not isinstance(entry, list):
            return np.asarray(entry[rows])
        chosen = [entry[row] for row in rows]
        steps = -(-max(map(len, chosen)) // self._multiple) * self._multiple
        return pad_sequences(chosen, max(steps, 1), chosen[0].dtype, "post", value=value)


def _mapped(part: Any, function: Callable[[Any], Any]) -> Any:
    """Return a part with ``function`` applied to its one entry, or to each of the entries of a tuple or a dict."""
    if isinstance(part, Mapping):
        return {name: function(entry) for name, entry in part.items()}
    return tuple(map(function, part)) if isinstance(part, tuple) else function(part)


def _entries(part: Any) -> list[Any]:
    return list(part.values()) if isinstance(part, Mapping) else list(part) if isinstance(part, tuple) else [part]


def _read(entry: Any, name: str, value: float) -> Any:
    """Return an array of all samples, or a list with the array of each, which ``value`` can pad."""
    if not isinstance(entry, list):
        return as_array(entry, name)
    if not entry:
        raise ValueError(f"{name} must have at least one sample, got an empty list.")
    arrays = [as_numbers(sequence, f"{name}[{row}]") for row, sequence in enumerate(entry)]
    if all(array.ndim == 0 for array in arrays):
        return np.asarray(arrays)
    filled = [array for array in arrays if len(array)] or arrays
    for row, array in enumerate(arrays):
        if len(array) and array.shape[1:] != filled[0].shape[1:]:
            shapes = f"{array.shape[1:]}, others of {filled[0].shape[1:]}"
            raise ValueError(f"{name}[{row}] has elements of shape {shapes}. Make them equal.")
    dtype = np.result_type(*{array.dtype for array in filled})
    if dtype.kind in "iu" and np.array(value).astype(dtype) != value:
        raise ValueError(f"value must be a whole number, as those of {name}, got {value}. Give {name} as float32.")
    return [array.astype(dtype, copy=False) for array in arrays]
