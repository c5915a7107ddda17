"""The loops without training: evaluate and predict, and their counterparts for one batch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ..callbacks import CallbackList
from ..callbacks.base import Logs
from ..kernels.contract import Ops
from .array_validation import validate_arrays, validate_input
from .batches import HostBatch, Samples, Shape, load
from .data_adapters import evaluation_batches, input_batches
from .epochs import Batches
from .metric_tracker import MetricTracker
from .steps import test_step

if TYPE_CHECKING:
    from ..models.sequential import Sequential


def evaluate(
    model: Sequential,
    x: Any = None,
    y: Any = None,
    batch_size: int | None = None,
    verbose: str | int = "auto",
    sample_weight: Any = None,
    steps: int | None = None,
    callbacks: Any = None,
    return_dict: bool = False,
    *,
    lengths: Any = None,
) -> Any:
    """Loss and metrics on data, as ``keras.Model.evaluate``.

    Parameters
    ----------
    model : Sequential
        A compiled model.
    x, y, sample_weight, batch_size, verbose, callbacks, lengths
        As :func:`numba_lstm.training.fit`'s.
    steps : int, optional
        So many batches instead of all; not for sequences of unequal lengths, which do not come in their order.
    return_dict : bool
        Answer a dict.

    Returns
    -------
    float, list or dict
        The loss; with metrics a list ``[loss, *metrics]``; or a dict of them.

    Raises
    ------
    TypeError, ValueError
        Before ``compile``, and for anything that fits neither the model nor each other.
    """
    require_loss(model, "evaluate")
    shown = as_verbose(verbose)
    batches = evaluation_batches(model, x, y, sample_weight, batch_size=batch_size, steps=steps, lengths=lengths)
    listeners = CallbackList(callbacks, model=model, verbose=shown, epochs=1, steps=batches.steps)
    ensure_built(model, batches.input_shape)
    tracker = MetricTracker(model)
    run_evaluation(model, batches, tracker, listeners)
    return tracker.result(return_dict)


def run_evaluation(model: Sequential, batches: Batches, tracker: MetricTracker, listeners: CallbackList) -> Logs:
    """One pass over ``batches``: the loss and the metrics."""
    ops, trained = model.ops, model.trained()
    begin = listeners.batch_begin("on_test_batch_begin")
    end = listeners.batch_end("on_test_batch_end", tracker.logs)
    listeners.call("on_test_begin", {})
    tracker.reset()
    for step, host_batch in enumerate(batches.epoch()):
        if begin is not None:
            begin(step)
        tracker.add(ops, test_step(model, ops, trained, load(model, ops, host_batch)))
        if end is not None:
            end(step)
    logs = tracker.logs()
    listeners.call("on_test_end", logs)
    return logs


def test_on_batch(  # noqa: PT028 - no test, but Keras's name
    model: Sequential,
    x: Any,
    y: Any = None,  # noqa: PT028
    sample_weight: Any = None,  # noqa: PT028
    return_dict: bool = False,  # noqa: PT028
    *,
    lengths: Any = None,  # noqa: PT028
) -> Any:
    """Loss and metrics of one batch.

    Parameters
    ----------
    model : Sequential
        A compiled model.
    x, y, sample_weight, lengths
        As :func:`evaluate`'s arrays, taken as one batch.
    return_dict : bool
        Answer a dict.

    Returns
    -------
    float, list or dict
        As :func:`evaluate`, of this batch alone.

    Raises
    ------
    TypeError, ValueError
        As :func:`evaluate`.
    """
    require_loss(model, "test_on_batch")
    samples = validate_arrays(model, x, y, sample_weight, lengths=lengths)
    ensure_built(model, samples.shape)
    ops, tracker = model.ops, MetricTracker(model)
    tracker.add(ops, test_step(model, ops, model.trained(), load(model, ops, samples.batch(slice(None)))))
    return tracker.result(return_dict)


def predict(
    model: Sequential,
    x: Any,
    batch_size: int | None = None,
    verbose: str | int = "auto",
    steps: int | None = None,
    callbacks: Any = None,
    *,
    lengths: Any = None,
) -> Any:
    """The model's output for ``x``, batch by batch, as ``keras.Model.predict``.

    Nothing of a call stays on a model that is not stateful, so many threads may predict at once.

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
        In the model's dtype and the order of ``x``; a list where ``x`` is one of unequal lengths and each step is answered.

    Raises
    ------
    TypeError, ValueError
        For anything that does not fit the model.
    """
    shown = as_verbose(verbose)
    batches = input_batches(model, x, batch_size, steps, lengths)
    listeners = CallbackList(callbacks, model=model, verbose=shown, epochs=1, steps=batches.steps)
    ensure_built(model, batches.input_shape)
    ops = model.ops
    begin = listeners.batch_begin("on_predict_batch_begin")
    end = listeners.batch_end("on_predict_batch_end", dict)
    listeners.call("on_predict_begin", {})
    output = _Output(batches.total)
    for step, host_batch in enumerate(batches.epoch()):
        if begin is not None:
            begin(step)
        output.add(_predict_batch(model, ops, host_batch), host_batch)
        if end is not None:
            end(step)
    listeners.call("on_predict_end", {})
    return output.whole()


def _predict_batch(model: Sequential, ops: Ops, host_batch: HostBatch) -> npt.NDArray[Any]:
    """The output of a batch, samples first; it may share memory with the device's."""
    samples, rows, *_ = host_batch
    if samples.mask is None and isinstance(rows, slice):
        model.check_shape(samples.x.shape)
        answer = model.prediction_plans(samples.x[rows])
        if answer is not None:
            return answer
    batch = load(model, ops, host_batch)
    output = model.prediction_plans.forward(batch.x, batch.mask)
    y = ops.to_host(model.forward(batch.x, False, None, batch.mask).y) if output is None else output.y
    return y.transpose(1, 0, 2) if y.ndim == 3 else y


class _Output:
    """Predictions of ``total`` samples, each in its place; where nobody knows how many, in parts as they come."""

    def __init__(self, total: int | None) -> None:
        self.total = total
        self.blocks: list[npt.NDArray[Any]] = []
        self.sequences: dict[int, npt.NDArray[Any]] = {}

    def add(self, rows: npt.NDArray[Any], host_batch: HostBatch) -> None:
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

    def whole(self) -> npt.NDArray[Any] | list[npt.NDArray[Any]]:
        if self.sequences:
            return [self.sequences[index] for index in range(len(self.sequences))]
        return self.blocks[0] if len(self.blocks) == 1 else np.concatenate(self.blocks)


def predict_on_batch(model: Sequential, x: Any, *, lengths: Any = None) -> Any:
    """The model's output for ``x``, as :func:`predict`'s, in one batch.

    Raises
    ------
    TypeError, ValueError
        For anything that does not fit the model.
    """
    samples = validate_input(model, x, lengths)
    ensure_built(model, samples.shape)
    y = model.prediction_plans(samples.x) if isinstance(samples, Samples) and samples.mask is None else None
    if y is not None:
        return y
    host_batch, output = samples.batch(slice(None)), _Output(len(samples.x))
    output.add(_predict_batch(model, model.ops, host_batch), host_batch)
    return output.whole()


def ensure_built(model: Sequential, input_shape: Shape) -> None:
    """Build the model for inputs like these, if it is not built."""
    if not model.built:
        model.build((None, *input_shape[1:]))


def require_loss(model: Sequential, method: str) -> None:
    """ValueError unless the model is compiled, with a loss."""
    if not model.compiled:
        raise ValueError(f"{model.name} is not compiled. Call model.compile(optimizer='adam', loss='mse') before {method}.")
    if model.loss is None:
        raise ValueError(f"{model.name} was compiled without a loss. Call model.compile(loss='mse') before {method}.")


def as_verbose(verbose: Any) -> int:
    """0, 1 or 2; ``"auto"`` is 1."""
    if isinstance(verbose, str) and verbose == "auto":
        return 1
    if verbose in (0, 1, 2):
        return int(verbose)
    raise ValueError(f"verbose must be 'auto', 0, 1 or 2, got {verbose!r}.")
