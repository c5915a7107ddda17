"""Callbacks of other packages that are shaped like Keras's: their hooks are called, unmodified."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .base import HOOKS, Callback, Logs, Resumption

_INITIAL_EPOCH = "_initial_epoch"  #: attribute of a model that ``keras.callbacks.BackupAndRestore`` sets
_NEEDED = (*HOOKS, "set_model", "set_params")


def is_foreign(value: Any) -> bool:
    """Return whether an object has all methods of a callback, such as an instance of a class of ``keras.callbacks``."""
    return not isinstance(value, type) and all(callable(getattr(type(value), name, None)) for name in _NEEDED)


class ForeignCallback(Callback):
    """Calls the hooks of a callback of another package.

    Parameters
    ----------
    callback : object
        With all hooks, ``set_model`` and ``set_params``. Only hooks that its class or the object overrides are called, so that
        no logs of batches are computed for others.
    """

    def __init__(self, callback: Any) -> None:
        self.callback = callback
        for hook in HOOKS:
            if _overridden(callback, hook):
                setattr(self, hook, self._begin if hook == "on_train_begin" else getattr(callback, hook))

    def _begin(self, logs: Logs | None = None) -> None:
        """Call ``on_train_begin``, in which a backup sets Keras's name of the epoch to go on with."""
        self.callback.on_train_begin(logs)
        epoch = vars(self.model).pop(_INITIAL_EPOCH, None)
        if epoch is not None:
            self.resumption = Resumption(int(epoch))

    def set_model(self, model: Any) -> None:
        """Store the model in both callbacks."""
        super().set_model(model)
        self.callback.set_model(model)

    def set_params(self, params: Mapping[str, Any]) -> None:
        """Store the parameters in both callbacks."""
        super().set_params(params)
        self.callback.set_params(params)


def _overridden(callback: Any, hook: str) -> bool:
    """Return whether a hook is another one than that of the base class."""
    defined = [vars(base)[hook] for base in type(callback).__mro__ if hook in vars(base)]
    return hook in vars(callback) or len(defined) > 1
