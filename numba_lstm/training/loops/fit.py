"""The method fit: checks its arguments, prepares the model and the data, and runs the loop."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from ...callbacks import CallbackList, History
from ...inputs import as_count
from ..data.data_adapters import ValidationArguments, fit_batches
from ..protocols import Trainable
from .fit_loop import FitLoop
from .preparation import as_verbose, build_with_loss, require_loss
from .shards import compare_processes
from .steps import as_window


def fit(
    model: Trainable,
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
    *,
    lengths: Any = None,
    validation_lengths: Any = None,
    tbptt: int | None = None,
) -> History:
    """Train for ``epochs`` epochs, as ``keras.Model.fit``.

    Parameters
    ----------
    model : Sequential
        A compiled model; it is built for ``x`` if it is not built yet.
    x : array (N, T, D) or (N, D), list of arrays (T_i, D), dataset, or iterable
        Inputs; or an iterable of batches ``(x, y)`` or ``(x, y, sample_weight)``, of which an iterator has one epoch without
        ``steps_per_epoch``; or a dataset of such batches, or of single samples, with ``__getitem__`` and ``__len__``, as
        :class:`numba_lstm.utils.PyDataset`. An epoch has all batches that there are in it, which may be more or fewer than in
        the last one. Sequences of unequal lengths are put into batches of near lengths, each padded to its longest and masked.
    y : array, or list of arrays (T_i, C), optional
        Targets in the shape of the model's output, or labels for a sparse loss; a list where ``x`` is one of unequal lengths
        and the model has an output for each step. Left out where ``add_loss`` alone is trained.
    batch_size : int, optional
        Samples a step, 32 by default; the last batch of an epoch may be smaller.
    epochs, initial_epoch : int
        Epochs ``initial_epoch`` (from 0) to ``epochs - 1`` are run; with ``epochs=0`` the model is built and not trained.
    verbose : "auto", 0, 1 or 2
        1 and "auto" show a bar on a terminal and in a notebook, else one line an epoch; 2 one line an epoch; 0 nothing.
    callbacks : Callback or list of Callback, optional
        See :mod:`numba_lstm.callbacks`. Instances of classes of ``keras.callbacks`` are called too.
    validation_split : float
        The share of samples, in [0, 1), to validate with: the last ones, before any shuffling.
    validation_data : tuple or iterable, optional
        ``(x, y)`` or ``(x, y, sample_weight)``, or an iterable of such batches; instead of ``validation_split``.
    shuffle : bool
        Take the samples in a new order in each epoch; those of unequal lengths among samples of near lengths, and their
        batches in a new order too. The batches of a dataset come in a new order, those of an iterable as they come.
    class_weight : dict, optional
        Weights of the loss by class.
    sample_weight : array (N,) or (N, T), or list of arrays (T_i,), optional
        Weights of the loss by sample or step.
    steps_per_epoch, validation_steps : int, optional
        Batches an epoch and a validation, instead of all. Training goes on where the last epoch stopped.
    validation_batch_size : int, optional
        Samples a batch of validation, by default ``batch_size``.
    validation_freq : int or collection of int
        Validate every so many epochs, or after these (counted from 1).
    lengths, validation_lengths : array of int (N,), optional
        How many steps of each sample are real, where ``x`` or the x of ``validation_data`` is one array, padded at its end:
        the others are masked, in the layers, the loss and the metrics.
    tbptt : int, optional
        Train by truncated backpropagation through time (Williams & Peng 1990): cut each batch into windows of so many steps,
        with a step of the optimizer for each. States go on from window to window, gradients do not. A batch begins with
        states of zero, or in a stateful layer with its own. The model must have an output for each step.

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
    UserWarning
        Where ``x`` brings fewer batches than ``steps_per_epoch`` asks for, and once where ``trainable`` of a layer changes
        meanwhile: that takes effect after the next ``compile``.
    """
    require_loss(model, "fit")
    epochs = as_count(epochs, "epochs", at_least=0)
    initial_epoch = as_count(initial_epoch, "initial_epoch", at_least=0)
    validated = _is_validation_epoch(validation_freq)
    params: dict[str, Any] = {"verbose": as_verbose(verbose), "epochs": epochs}
    train, validation = fit_batches(
        model,
        x,
        y,
        batch_size=batch_size,
        shuffle=shuffle,
        class_weight=class_weight,
        sample_weight=sample_weight,
        steps_per_epoch=steps_per_epoch,
        lengths=lengths,
        validation=ValidationArguments(
            validation_split, validation_data, validation_steps, validation_batch_size, validation_lengths
        ),
    )
    window = None if tbptt is None else as_window(model, tbptt, train.input_shape)
    listeners = CallbackList(callbacks, add_history=True, model=model, **params, steps=train.steps)
    build_with_loss(model, train.input_shape, "fit")
    if window is not None:
        model.check_windows()
    assert model.optimizer is not None
    model.optimizer.build(model.trainable_weights)
    if model.strategy is not None:
        data = {"x": train, "validation_data": validation}
        compare_processes(model, model.strategy, data, epochs=epochs, batch_size=batch_size, tbptt=tbptt)
    model.history = listeners.history
    model.stop_training = False
    try:
        with model.hold_trained_weights():
            FitLoop(model, train, validation, validated, listeners, window).epochs(initial_epoch, epochs)
    finally:
        model.training_plans.forget()
    return listeners.history


def _is_validation_epoch(validation_freq: Any) -> Callable[[int], bool]:
    """Return a function that returns whether to validate after an epoch, counted from 1."""
    if isinstance(validation_freq, Collection) and not isinstance(validation_freq, (str, bytes)):
        epochs = {as_count(epoch, "an epoch of validation_freq") for epoch in validation_freq}
        return lambda epoch: epoch in epochs
    every = as_count(validation_freq, "validation_freq")
    return lambda epoch: epoch % every == 0
