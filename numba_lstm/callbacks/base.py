"""Callback: the base class, with all hooks."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from functools import partial
from typing import Any, NamedTuple

from ..naming.spelling import correction
from ..objects.subclassing import Named, overridden

Logs = dict[str, float]


class Resumption(NamedTuple):
    """Where training goes on."""

    epoch: int  #: counted from 0
    batch: int = 0  #: batches of the epoch that are left out, since they have been trained on
    random: dict[str, int] | None = None  #: the state of the model's stream before that batch


class Callback(Named):
    """Base class of all callbacks, as ``keras.callbacks.Callback``: a method for each event of fit, evaluate and predict.

    Attributes
    ----------
    model : Sequential
        The model, from the first hook on. Set ``model.stop_training = True`` to end ``fit`` after the current batch.
    params : mapping
        ``verbose``, ``epochs`` and ``steps`` (batches of the current epoch, None if unknown).

    Notes
    -----
    ``logs`` has the loss and metrics so far in this epoch. At the end of an epoch it has those of validation too, whose names
    begin with ``val_``. The loop computes logs of batches only for callbacks that override a hook of batches, which takes time
    at each batch.
    """

    checked_methods = ("set_model", "set_params")

    open_to_attributes = True

    model: Any = None
    params: Mapping[str, Any] = {}

    #: Whether it writes files. Among several processes that train one model, only that of rank 0 calls it then.
    writes_files: bool = False

    #: Keys that this callback adds to the logs of an epoch.
    adds_keys: tuple[str, ...] = ()

    #: Where ``fit`` goes on instead of at the first epoch; set in ``on_train_begin``.
    resumption: Resumption | None = None

    #: Keys of the logs of batches and of epochs, from ``on_train_begin`` on. Those of validation may be missing in an epoch.
    #: None if they are unknown, as they are after a callback that may add keys.
    batch_keys: tuple[str, ...] | None = None
    epoch_keys: tuple[str, ...] | None = None

    @classmethod
    def check_class(cls) -> None:
        """Raise TypeError also for misspelled hooks, and for hooks that do not take a hook's arguments."""
        super().check_class()
        for name, function in overridden(cls).items():
            if name in HOOKS and inspect.isfunction(function):
                check_hook(name, partial(function, None), cls.__name__)
            if name in HOOKS or not name.startswith("on_") or not callable(function):
                continue
            if (hook := correction(name, HOOKS)) is not None:
                raise TypeError(f"{cls.__name__} defines {name}, which is no hook and never called, did you mean {hook!r}?")

    def set_model(self, model: Any) -> None:
        """Store the model."""
        self.model = model

    def set_params(self, params: Mapping[str, Any]) -> None:
        """Store the parameters."""
        self.params = params

    def wants_batch_end(self, batch: int) -> bool:
        """Return whether to call ``on_train_batch_end`` (or that of test or predict) after ``batch``, which needs logs."""
        return True

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Called at the start of ``fit``, before anything is changed."""

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Called at the end of ``fit``, with the logs of the last epoch."""

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Called at the start of ``epoch``, counted from 0."""

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Called at the end of ``epoch``, after validation."""

    def on_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Alias of ``on_train_batch_begin``."""

    def on_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Alias of ``on_train_batch_end``."""

    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Called before a training step. ``batch`` counts from 0 in each epoch."""
        self.on_batch_begin(batch, logs=logs)

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Called after a training step."""
        self.on_batch_end(batch, logs=logs)

    def on_test_begin(self, logs: Logs | None = None) -> None:
        """Called at the start of ``evaluate`` or of a validation."""

    def on_test_end(self, logs: Logs | None = None) -> None:
        """Called at the end of ``evaluate`` or of a validation."""

    def on_test_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Called before a batch of ``evaluate``."""

    def on_test_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Called after a batch of ``evaluate``."""

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        """Called at the start of ``predict``."""

    def on_predict_end(self, logs: Logs | None = None) -> None:
        """Called at the end of ``predict``."""

    def on_predict_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Called before a batch of ``predict``."""

    def on_predict_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Called after a batch of ``predict``."""


#: Names of all hooks.
HOOKS = tuple(name for name in vars(Callback) if name.startswith("on_"))


def overrides(callback: Callback, hook: str) -> bool:
    """Return whether ``callback`` overrides ``hook``, by its class or by an attribute."""
    return getattr(getattr(callback, hook), "__func__", None) is not getattr(Callback, hook)


def check_hook(hook: str, function: Any, owner: str) -> None:
    """Raise TypeError unless ``function``, the ``hook`` of class ``owner``, takes the arguments of the hook."""
    batches, epochs = "batch" in hook, "epoch" in hook
    arguments: tuple[Any, ...] = (0,) if batches else (0, {}) if epochs else ({},)
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # a builtin without one
        return
    try:
        signature.bind(*arguments, **({"logs": {}} if batches else {}))
    except TypeError as error:
        expected = "(batch, logs)" if batches else "(epoch, logs)" if epochs else "(logs)"
        raise TypeError(f"{owner}.{hook} must take {expected}, got {signature}. Write {hook}{expected}.") from error
