"""The loops of training: fit and train_on_batch; beside them those of :mod:`.evaluation`, under the names that models call."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING, Any

from .batches import Batch, Batches, load, settle_all
from .callbacks import CallbackList, History
from .evaluation import as_verbose, evaluate, predict, predict_on_batch, ready, require_loss, run_evaluation, test_on_batch
from .inputs import as_count
from .kernels.contract import Array, Ops
from .sources import fit_batches
from .tracking import Tracker
from .variables import Variable

if TYPE_CHECKING:
    from .models import Sequential

__all__ = ["evaluate", "fit", "predict", "predict_on_batch", "test_on_batch", "train_on_batch"]


def fit(
    model: Sequential,
    x: Any = None,
    y: Any = None,
    batch_size: int | None = None,
    epochs: int = 1,
    verbose: str | int = "auto",
    callbacks: Any = None,
    validation_split: float = 0.0,
    validation_data: Any = None,
    shuffle: bool = True,
    class_weight: Any = None,
    sample_weight: Any = None,
    initial_epoch: int = 0,
    steps_per_epoch: int | None = None,
    validation_steps: int | None = None,
    validation_batch_size: int | None = None,
    validation_freq: int | Collection[int] = 1,
) -> History:
    """Train for ``epochs`` epochs, as ``keras.Model.fit``.

    Parameters
    ----------
    model : Sequential
        A compiled model; it is built for ``x`` if it is not built yet.
    x : array (N, T, D) or (N, D), or iterable
        Inputs; or an iterable of batches ``(x, y)`` or ``(x, y, sample_weight)``, an iterator with ``steps_per_epoch``.
    y : array
        Targets in the shape of the model's output, or labels for a sparse loss.
    batch_size : int, optional
        Samples a step, 32 by default; the last batch of an epoch may be smaller.
    epochs, initial_epoch : int
        Epochs ``initial_epoch`` (from 0) to ``epochs - 1`` are run.
    verbose : "auto", 0, 1 or 2
        1 and "auto" show a bar, or one line an epoch where stdout is no terminal; 2 one line an epoch; 0 nothing.
    callbacks : Callback or list of Callback, optional
        See :mod:`numba_lstm.callbacks`.
    validation_split : float
        The share of samples, in [0, 1), to validate with: the last ones, before any shuffling.
    validation_data : tuple or iterable, optional
        ``(x, y)`` or ``(x, y, sample_weight)``, or an iterable of such batches; instead of ``validation_split``.
    shuffle : bool
        Take the samples in a new order in each epoch.
    class_weight : dict, optional
        Weights of the loss by class.
    sample_weight : array (N,) or (N, T), optional
        Weights of the loss by sample or step.
    steps_per_epoch, validation_steps : int, optional
        Batches an epoch and a validation, instead of all. Training goes on where the last epoch stopped.
    validation_batch_size : int, optional
        Samples a batch of validation, by default ``batch_size``.
    validation_freq : int or collection of int
        Validate every so many epochs, or after these (counted from 1).

    Returns
    -------
    History
        ``.history`` has a list with one number an epoch for ``loss``, each metric, and with validation ``val_loss`` and so on.

    Raises
    ------
    TypeError, ValueError
        Before ``compile``, and for anything that fits neither the model nor each other; before a weight is changed.

    Warns
    -----
    RuntimeWarning
        Once, when a loss is no longer finite.
    """
    require_loss(model, "fit")
    epochs = as_count(epochs, "epochs")
    initial_epoch = as_count(initial_epoch, "initial_epoch", at_least=0)
    validated = _validated_epochs(validation_freq)
    params = {"verbose": as_verbose(verbose), "epochs": epochs}
    train, validation = fit_batches(
        model,
        x,
        y,
        batch_size=batch_size,
        validation_split=validation_split,
        validation_data=validation_data,
        shuffle=shuffle,
        class_weight=class_weight,
        sample_weight=sample_weight,
        steps_per_epoch=steps_per_epoch,
        validation_steps=validation_steps,
        validation_batch_size=validation_batch_size,
    )
    listeners = CallbackList(callbacks, model, {**params, "steps": train.steps}, add_history=True)
    ready(model, train.input_shape)
    assert model.optimizer is not None
    model.optimizer.build(model.trainable_weights)
    model.history = listeners.history
    model.stop_training = False
    _Run(model, train, validation, validated, listeners).epochs(initial_epoch, epochs)
    return listeners.history


class _Run:
    """One call of fit, everything settled."""

    def __init__(
        self,
        model: Sequential,
        train: Batches,
        validation: Batches | None,
        validated: Callable[[int], bool],
        listeners: CallbackList,
    ) -> None:
        self.model, self.train, self.validation, self.validated, self.listeners = model, train, validation, validated, listeners
        self.tracker = Tracker(model, self._not_finite)
        self.evaluated = Tracker(model)
        self.epoch = 0
        self._warned = False

    def epochs(self, begin: int, end: int) -> None:
        model, listeners = self.model, self.listeners
        logs: dict[str, float] = {}
        listeners.call("on_train_begin", {})
        for self.epoch in range(begin, end):
            listeners.call("on_epoch_begin", self.epoch, {})
            self.tracker.reset()
            self._train_epoch()
            if not self.tracker.steps:
                break
            logs = self.tracker.logs()
            if self.validation is not None and self.validated(self.epoch + 1):
                values = run_evaluation(model, self.validation, self.evaluated, listeners)
                logs.update({f"val_{name}": value for name, value in values.items()})
            listeners.call("on_epoch_end", self.epoch, logs)
            if model.stop_training or self.train.ended:
                break
        listeners.call("on_train_end", logs)

    def _train_epoch(self) -> None:
        model, tracker, ops, weights = self.model, self.tracker, self.model.ops, self.model.trainable_weights
        begin = self.listeners.batch_begin("on_train_batch_begin")
        end = self.listeners.batch_end("on_train_batch_end", tracker.logs)
        for step, batch in enumerate(self.train.epoch()):
            if begin is not None:
                begin(step)
            value, y = train_step(model, ops, weights, batch)
            tracker.add(ops, value, y, batch)
            if end is not None:
                end(step)
            if model.stop_training:
                break

    def _not_finite(self, step: int, loss: float) -> None:
        if self._warned:
            return
        self._warned = True
        warnings.warn(
            f"the loss is {loss} at epoch {self.epoch + 1}, step {step + 1}; training goes on. What usually helps: "
            "clipnorm=1.0 in the optimizer, a lower learning rate, activation='tanh', and inputs of unit size without NaN.",
            RuntimeWarning,
            stacklevel=2,
        )


def train_step(model: Sequential, ops: Ops, weights: Sequence[Variable], batch: Batch) -> tuple[Any, Array]:
    """One step of the optimizer on the model's trainable ``weights``: the batch's loss and output, from before the step."""
    assert model.loss is not None
    assert model.optimizer is not None
    y, _, tapes = model.forward(batch.x, True, model.random.next_key())
    value, dy = ops.loss(y, batch.target, model.loss.spec, weight=batch.weight, gradient=True)
    model.optimizer.apply(ops, model.backward(tapes, dy), weights)
    return value, y


def train_on_batch(
    model: Sequential,
    x: Any,
    y: Any = None,
    sample_weight: Any = None,
    class_weight: Any = None,
    return_dict: bool = False,
) -> Any:
    """One step of the optimizer on one batch.

    Parameters
    ----------
    model : Sequential
        A compiled model; it is built for ``x`` if it is not built yet.
    x, y, sample_weight, class_weight
        As :func:`fit`'s arrays, taken as one batch.
    return_dict : bool
        Answer a dict.

    Returns
    -------
    float, list or dict
        The loss of this batch from before the step; with metrics a list ``[loss, *metrics]``; or a dict of them.
        (Keras 3 answers means over all calls so far.)

    Raises
    ------
    TypeError, ValueError
        As :func:`fit`.
    """
    require_loss(model, "train_on_batch")
    samples = settle_all(model, x, y, sample_weight, class_weight)
    ready(model, samples.x.shape)
    assert model.optimizer is not None
    weights = model.trainable_weights
    model.optimizer.build(weights)
    ops, tracker = model.ops, Tracker(model)
    batch = load(ops, samples, slice(None), len(samples.x), model.dtype)
    tracker.add(ops, *train_step(model, ops, weights, batch), batch)
    return tracker.answer(return_dict)


def _validated_epochs(validation_freq: Any) -> Callable[[int], bool]:
    """A function that says whether to validate after an epoch, counted from 1."""
    if isinstance(validation_freq, Collection) and not isinstance(validation_freq, (str, bytes)):
        epochs = {as_count(epoch, "an epoch of validation_freq") for epoch in validation_freq}
        return lambda epoch: epoch in epochs
    every = as_count(validation_freq, "validation_freq")
    return lambda epoch: epoch % every == 0
