"""Callback: what a callback may override."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from functools import partial
from typing import Any

from ..spelling import meant
from ..subclassing import Named, overridden

Logs = dict[str, float]


class Callback(Named):
    """The base of all callbacks, as ``keras.callbacks.Callback``: a method for each moment of fit, evaluate and predict.

    Attributes
    ----------
    model : Sequential
        The model, from the first hook on. Set ``model.stop_training = True`` to end ``fit`` after the present batch.
    params : mapping
        ``verbose``, ``epochs`` and ``steps`` (batches of the present epoch, None while unknown).

    Notes
    -----
    ``logs`` holds the loss and metrics so far in this epoch; at the end of an epoch with those of validation, their names
    beginning with ``val_``. The loop makes them only for callbacks that override a hook of batches: such a callback costs
    time at each batch.
    """

    called = ("set_model", "set_params")

    open_to_attributes = True

    model: Any = None
    params: Mapping[str, Any] = {}

    #: Keys that this callback adds to the logs of an epoch.
    adds_keys: tuple[str, ...] = ()

    #: Keys that the logs of batches and of epochs will have, from ``on_train_begin`` on; an epoch may have none of those of
    #: validation. None where nobody knows, as behind a callback that may add keys of its own.
    batch_keys: tuple[str, ...] | None = None
    epoch_keys: tuple[str, ...] | None = None

    @classmethod
    def check_class(cls) -> None:
        """Raise TypeError also for misspelled hooks, and for hooks that do not take what a hook is called with."""
        super().check_class()
        for name, function in overridden(cls).items():
            if name in HOOKS and inspect.isfunction(function):
                check_hook(name, partial(function, None), cls.__name__)
            if name in HOOKS or not name.startswith("on_") or not callable(function):
                continue
            if (hook := meant(name, HOOKS)) is not None:
                raise TypeError(f"{cls.__name__} defines {name}, which is no hook and never called, did you mean {hook!r}?")

    def set_model(self, model: Any) -> None:
        """Keep the model."""
        self.model = model

    def set_params(self, params: Mapping[str, Any]) -> None:
        """Keep the parameters."""
        self.params = params

    def wants_batch_end(self, batch: int) -> bool:
        """Whether ``on_train_batch_end`` (or that of test or predict) is to be called after ``batch``, which needs logs."""
        return True

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """At the start of ``fit``, before anything is changed."""

    def on_train_end(self, logs: Logs | None = None) -> None:
        """At the end of ``fit``, with the logs of the last epoch."""

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """At the start of ``epoch``, counted from 0."""

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """At the end of ``epoch``, after validation."""

    def on_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """The same as ``on_train_batch_begin``."""

    def on_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """The same as ``on_train_batch_end``."""

    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Before a step of training; ``batch`` counts from 0 in each epoch."""
        self.on_batch_begin(batch, logs=logs)

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """After a step of training."""
        self.on_batch_end(batch, logs=logs)

    def on_test_begin(self, logs: Logs | None = None) -> None:
        """At the start of ``evaluate`` or of a validation."""

    def on_test_end(self, logs: Logs | None = None) -> None:
        """At the end of ``evaluate`` or of a validation."""

    def on_test_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Before a batch of ``evaluate``."""

    def on_test_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """After a batch of ``evaluate``."""

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        """At the start of ``predict``."""

    def on_predict_end(self, logs: Logs | None = None) -> None:
        """At the end of ``predict``."""

    def on_predict_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Before a batch of ``predict``."""

    def on_predict_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """After a batch of ``predict``."""


#: The names of all hooks.
HOOKS = tuple(name for name in vars(Callback) if name.startswith("on_"))


def overrides(callback: Callback, hook: str) -> bool:
    """Whether ``callback`` does anything at ``hook``, be it by its class or by an attribute of its own."""
    return getattr(getattr(callback, hook), "__func__", None) is not getattr(Callback, hook)


def check_hook(hook: str, function: Any, owner: str) -> None:
    """Raise TypeError unless ``function``, the ``hook`` of a class, takes the arguments that it is called with."""
    batches, epochs = "batch" in hook, "epoch" in hook
    arguments: tuple[Any, ...] = (0,) if batches else (0, {}) if epochs else ({},)
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # a builtin without one
        return
    try:
        signature.bind(*arguments, **({"logs": {}} if batches else {}))
    except TypeError as error:
        wanted = "(batch, logs)" if batches else "(epoch, logs)" if epochs else "(logs)"
        raise TypeError(f"{owner}.{hook} must take {wanted}, got {signature}. Write {hook}{wanted}.") from error
