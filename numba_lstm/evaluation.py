"""The loops without training: evaluate and predict, and their counterparts for one batch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from .batches import Batch, Batches, load, settle_all, settle_input
from .callbacks import CallbackList
from .callbacks.base import Logs
from .kernels.contract import Array, Ops
from .layers.base import to_samples
from .sources import evaluation_batches, input_batches
from .tracking import Tracker

if TYPE_CHECKING:
    from .models import Sequential


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
) -> Any:
    """Loss and metrics on data, as ``keras.Model.evaluate``.

    Parameters
    ----------
    model : Sequential
        A compiled model.
    x, y, sample_weight, batch_size, verbose, callbacks
        As :func:`numba_lstm.training.fit`'s.
    steps : int, optional
        So many batches instead of all.
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
    batches = evaluation_batches(model, x, y, sample_weight, batch_size=batch_size, steps=steps)
    listeners = CallbackList(callbacks, model, {"verbose": shown, "epochs": 1, "steps": batches.steps})
    ready(model, batches.input_shape)
    tracker = Tracker(model)
    run_evaluation(model, batches, tracker, listeners)
    return tracker.answer(return_dict)


def run_evaluation(model: Sequential, batches: Batches, tracker: Tracker, listeners: CallbackList) -> Logs:
    """One pass over ``batches``: the loss and the metrics."""
    ops = model.ops
    begin = listeners.batch_begin("on_test_batch_begin")
    end = listeners.batch_end("on_test_batch_end", tracker.logs)
    listeners.call("on_test_begin", {})
    tracker.reset()
    for step, batch in enumerate(batches.epoch()):
        if begin is not None:
            begin(step)
        tracker.add(ops, *test_step(model, ops, batch), batch)
        if end is not None:
            end(step)
    logs = tracker.logs()
    listeners.call("on_test_end", logs)
    return logs


def test_step(model: Sequential, ops: Ops, batch: Batch) -> tuple[Any, Array]:
    """The batch's loss and output."""
    assert model.loss is not None
    y = model.forward(batch.x, False, None)[0]
    return ops.loss(y, batch.target, model.loss.spec, weight=batch.weight, gradient=False)[0], y


def test_on_batch(  # noqa: PT028 - no test, but Keras's name
    model: Sequential,
    x: Any,
    y: Any = None,  # noqa: PT028
    sample_weight: Any = None,  # noqa: PT028
    return_dict: bool = False,  # noqa: PT028
) -> Any:
    """Loss and metrics of one batch.

    Parameters
    ----------
    model : Sequential
        A compiled model.
    x, y, sample_weight
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
    samples = settle_all(model, x, y, sample_weight)
    ready(model, samples.x.shape)
    ops, tracker = model.ops, Tracker(model)
    batch = load(ops, samples, slice(None), len(samples.x), model.dtype)
    tracker.add(ops, *test_step(model, ops, batch), batch)
    return tracker.answer(return_dict)


def predict(
    model: Sequential,
    x: Any,
    batch_size: int | None = None,
    verbose: str | int = "auto",
    steps: int | None = None,
    callbacks: Any = None,
) -> npt.NDArray[Any]:
    """The model's output for ``x``, batch by batch, as ``keras.Model.predict``.

    Nothing of a call stays on the model, so many threads may predict at once.

    Parameters
    ----------
    model : Sequential
        A model; it need not be compiled.
    x : array (N, T, D) or (N, D), or iterable
        Inputs, or an iterable of batches, an iterator with ``steps``.
    batch_size : int, optional
        Samples a batch, 32 by default. No sample's bits depend on it.
    verbose, callbacks
        As :func:`numba_lstm.training.fit`'s.
    steps : int, optional
        So many batches instead of all.

    Returns
    -------
    array (N, C) or (N, T, C)
        In the model's dtype.

    Raises
    ------
    TypeError, ValueError
        For anything that does not fit the model.
    """
    shown = as_verbose(verbose)
    batches = input_batches(model, x, batch_size, steps)
    listeners = CallbackList(callbacks, model, {"verbose": shown, "epochs": 1, "steps": batches.steps})
    ready(model, batches.input_shape)
    ops = model.ops
    begin = listeners.batch_begin("on_predict_batch_begin")
    end = listeners.batch_end("on_predict_batch_end", dict)
    listeners.call("on_predict_begin", {})
    output = _Output(batches.total)
    for step, batch in enumerate(batches.epoch()):
        if begin is not None:
            begin(step)
        output.add(ops.to_host(model.forward(batch.x, False, None)[0]))
        if end is not None:
            end(step)
    listeners.call("on_predict_end", {})
    return output.whole()


class _Output:
    """Predictions of ``total`` samples, collected in one array; where nobody knows how many, in a list."""

    def __init__(self, total: int | None) -> None:
        self.total, self.done = total, 0
        self.parts: list[npt.NDArray[Any]] = []

    def add(self, batch: npt.NDArray[Any]) -> None:
        rows = batch.transpose(1, 0, 2) if batch.ndim == 3 else batch
        if self.total is None:
            self.parts.append(rows.copy())
            return
        if not self.parts:
            self.parts.append(np.empty((self.total, *rows.shape[1:]), rows.dtype))
        self.parts[0][self.done : self.done + len(rows)] = rows
        self.done += len(rows)

    def whole(self) -> npt.NDArray[Any]:
        return self.parts[0] if len(self.parts) == 1 else np.concatenate(self.parts)


def predict_on_batch(model: Sequential, x: Any) -> npt.NDArray[Any]:
    """The model's output for ``x`` (N, T, D) or (N, D), taken as one batch.

    Raises
    ------
    TypeError, ValueError
        For anything that does not fit the model.
    """
    array, _ = settle_input(model, x)
    ready(model, array.shape)
    return to_samples(model.ops, model.forward(model.ops.gather(array, slice(None), model.dtype), False, None)[0])


def ready(model: Sequential, input_shape: tuple[int, ...]) -> None:
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
