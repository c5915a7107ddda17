"""The loop of predict, which computes the outputs of batches."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import inf
from typing import Any

import numpy as np
import numpy.typing as npt

from ...callbacks import CallbackList
from ...kernels.contract import Ops
from ...kernels.specs import Key
from ...philox import SampleKey
from ..batches import HostBatch, as_tuple, each
from ..data.data_adapters import BATCH_SIZE, input_batches
from ..data.epochs import Batches
from ..data.loading import load
from ..protocols import Trainable
from .custom_steps import overrides, step_data
from .preparation import as_verbose, ensure_built


def predict(
    model: Trainable,
    x: Any,
    batch_size: int | None = None,
    verbose: str | int = "auto",
    steps: int | None = None,
    callbacks: Any = None,
    *,
    lengths: Any = None,
) -> Any:
    """Compute the output for ``x``, batch by batch, as ``keras.Model.predict``.

    Nothing of a call stays on a model that is not stateful, so many threads may predict at the same time.

    Parameters
    ----------
    model : Sequential
        A model; it need not be compiled.
    x : array (N, T, D) or (N, D), list of arrays (T_i, D), dataset, or iterable
        Inputs, or an iterable or a dataset of batches, an iterator with ``steps``; of ``(x, y)`` the y is left out. Sequences
        of unequal lengths are computed in batches of near lengths.
    batch_size : int, optional
        Samples a batch, 32 by default. No sample's bits depend on it.
    verbose, callbacks, lengths
        As :func:`numba_lstm.training.fit`'s.
    steps : int, optional
        So many batches instead of all.

    Returns
    -------
    array (N, C) or (N, T, C), or list of arrays (T_i, C)
        In the model's dtype and the order of ``x``; a list if ``x`` is one of unequal lengths and each step has an output.
        For several outputs a list or a dict of such, as the model was made.

    Raises
    ------
    TypeError, ValueError
        For anything that does not fit the model.
    """
    shown = as_verbose(verbose)
    most, plain = BATCH_SIZE if batch_size is None else batch_size, callbacks is None and steps is None and lengths is None
    y = predict_repeated(model, x, most) if plain and not shown and type(most) is int else None
    return _in_batches(model, input_batches(model, x, batch_size, steps, lengths), callbacks, shown) if y is None else y


def predict_repeated(model: Trainable, x: Any, most: float = inf) -> Any:
    """Return the output for an array that is a batch of at most so many samples, whose shape came before; None for others."""
    if overrides(model, "predict_step"):
        return None
    y = model.prediction_plans.repeated(x, most)
    return y if y is None or model.has_one_output else model.in_output_form(y)


def _in_batches(model: Trainable, batches: Batches, callbacks: Any, verbose: int) -> Any:
    """Return the output for all batches, whose callbacks are called."""
    listeners = CallbackList(callbacks, model=model, verbose=verbose, epochs=1, steps=batches.steps)
    ensure_built(model, batches.input_shape)
    ops = model.ops
    begin = listeners.batch_begin("on_predict_batch_begin")
    end = listeners.batch_end("on_predict_batch_end", dict)
    listeners.call("on_predict_begin", {})
    output, keys = Predictions(batches.total, model.in_output_form), _Keys(model)
    custom: list[Any] | None = [] if overrides(model, "predict_step") else None
    for step, host_batch in enumerate(batches.epoch()):
        if begin is not None:
            begin(step)
        if custom is not None:
            custom.append(model.predict_step(step_data(model, host_batch)[:1]))
        else:
            output.add(predict_batch(model, ops, host_batch, keys.of(host_batch)), host_batch)
        if end is not None:
            end(step)
    listeners.call("on_predict_end", {})
    return output.whole() if custom is None else _concatenated(custom)


def _concatenated(batches: Sequence[Any]) -> Any:
    """Return the arrays of all batches behind each other, in the form of one: an array, or a list or dict of them."""
    first = batches[0]
    if isinstance(first, Mapping):
        return {key: _concatenated([batch[key] for batch in batches]) for key in first}
    if isinstance(first, (list, tuple)):
        return [_concatenated(entries) for entries in zip(*batches, strict=True)]
    return np.concatenate([np.asarray(batch) for batch in batches])


class _Keys:
    """Keys of the random numbers of batches, one for each sample, if a model draws any."""

    def __init__(self, model: Trainable) -> None:
        self._key = model.random.next_key() if model.draws_in_inference else None
        self._seen = 0

    def of(self, host_batch: HostBatch) -> SampleKey | None:
        """Return the key of the next batch."""
        if self._key is None:
            return None
        numbers: Any = host_batch.indices
        if isinstance(numbers, slice):
            numbers = np.arange(self._seen, self._seen + host_batch.size)
        self._seen += host_batch.size
        return SampleKey(self._key.seed, self._key.step, self._key.tag, numbers)


def predict_batch(model: Trainable, ops: Ops, host_batch: HostBatch, key: Key | None = None) -> Any:
    """Compute the output of a batch, samples first, or a tuple of several; it may share memory with the device's output.

    A model that draws random numbers draws them by ``key``, by default one of its stream.
    """
    samples, rows, *_ = host_batch
    if samples.mask is None and isinstance(rows, slice):
        model.check_shape(samples.shape)
        y = model.prediction_plans(each(lambda array: array[rows], samples.x))
        if y is not None:
            return y
    batch = load(model, ops, host_batch)
    output = model.prediction_plans.forward(batch.x, batch.mask)
    y = each(ops.to_host, model.forward(batch.x, False, key, batch.mask).y if output is None else output.y)
    return each(lambda array: array.swapaxes(0, 1) if array.ndim > 2 else array, y)


class Predictions:
    """Outputs of all batches, in the order of the samples; ``total`` is their number, or None while it is unknown.

    Those of several outputs are tuples, which ``form`` makes a list or a dict of.
    """

    def __init__(self, total: int | None, form: Callable[[Sequence[Any]], Any]) -> None:
        self.total, self.form = total, form
        self.others: list[Predictions] = []  #: of the second output and those after it
        self.blocks: list[npt.NDArray[Any]] = []
        self.sequences: dict[int, npt.NDArray[Any]] = {}

    def add(self, rows: Any, host_batch: HostBatch) -> None:
        rows, *others = as_tuple(rows)
        if not self.others:
            self.others = [Predictions(self.total, self.form) for _ in others]
        for predictions, output in zip(self.others, others, strict=True):
            predictions.add(output, host_batch)
        if host_batch.lengths is not None:
            assert not isinstance(host_batch.indices, slice)
            for index, row, length in zip(host_batch.indices, rows, host_batch.lengths, strict=True):
                self.sequences[index] = row[:length].copy()
        elif self.total is None:
            self.blocks.append(rows.copy())
        else:
            if not self.blocks:
                self.blocks.append(np.empty((self.total, *rows.shape[1:]), rows.dtype))
            self.blocks[0][host_batch.indices] = rows

    def whole(self) -> Any:
        return self.form([self._joined(), *(predictions._joined() for predictions in self.others)])

    def _joined(self) -> npt.NDArray[Any] | list[npt.NDArray[Any]]:
        if self.sequences:
            return [self.sequences[index] for index in range(len(self.sequences))]
        return self.blocks[0] if len(self.blocks) == 1 else np.concatenate(self.blocks)
