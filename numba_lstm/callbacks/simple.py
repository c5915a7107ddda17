"""Callbacks of a few lines."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from ..serialization import nearest
from .base import HOOKS, Callback, Logs


class TerminateOnNaN(Callback):
    """Ends ``fit`` once the loss is not finite, as ``keras.callbacks.TerminateOnNaN``."""

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Look at the loss."""
        loss = (logs or {}).get("loss")
        if loss is not None and not math.isfinite(loss):
            print(f"Batch {batch}: Invalid loss, terminating training")
            self.model.stop_training = True


class LambdaCallback(Callback):
    """A callback of functions, as ``keras.callbacks.LambdaCallback``.

    Parameters
    ----------
    hooks : function
        By the name of a hook: ``on_epoch_end=lambda epoch, logs: print(epoch)``.

    Raises
    ------
    TypeError
        For a name that is no hook, or what is no function.
    """

    def __init__(self, **hooks: Callable[..., Any] | None) -> None:
        for name, function in hooks.items():
            if name not in HOOKS:
                raise TypeError(f"LambdaCallback: unknown hook {name!r}{nearest(name, HOOKS)}")
            if function is None:
                continue
            if not callable(function):
                raise TypeError(f"LambdaCallback: {name} must be a function, got {function!r}.")
            setattr(self, name, function)
