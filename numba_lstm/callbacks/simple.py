"""TerminateOnNaN and LambdaCallback."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from ..objects.serialization import nearest
from .base import HOOKS, Callback, Logs, check_hook

Hook = Callable[..., Any] | None


class TerminateOnNaN(Callback):
    """Ends ``fit`` once the loss is not finite, as ``keras.callbacks.TerminateOnNaN``.

    Parameters
    ----------
    raise_error : bool
        Raise RuntimeError instead.
    """

    def __init__(self, raise_error: bool = False) -> None:
        self.raise_error = bool(raise_error)

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Check the loss."""
        loss = (logs or {}).get("loss")
        if loss is not None and not math.isfinite(loss):
            if self.raise_error:
                raise RuntimeError(f"the loss of batch {batch} is {loss}, and TerminateOnNaN has raise_error=True.")
            print(f"Batch {batch}: Invalid loss, terminating training")
            self.model.stop_training = True


class LambdaCallback(Callback):
    """A callback whose hooks are functions, as ``keras.callbacks.LambdaCallback``.

    Parameters
    ----------
    on_epoch_begin, on_epoch_end, on_train_begin, on_train_end, on_train_batch_begin, on_train_batch_end : function, optional
        Functions of the hooks of these names.
    **hooks : function
        Functions of any other hooks, by name: ``on_test_end=lambda logs: print(logs)``.

    Raises
    ------
    TypeError
        For the name of no hook, for anything but a function, and for a function of other arguments.
    """

    def __init__(
        self,
        on_epoch_begin: Hook = None,
        on_epoch_end: Hook = None,
        on_train_begin: Hook = None,
        on_train_end: Hook = None,
        on_train_batch_begin: Hook = None,
        on_train_batch_end: Hook = None,
        **hooks: Hook,
    ) -> None:
        functions = {"on_epoch_begin": on_epoch_begin, "on_epoch_end": on_epoch_end, "on_train_begin": on_train_begin}
        functions |= {"on_train_end": on_train_end, "on_train_batch_begin": on_train_batch_begin}
        for name, function in {**functions, "on_train_batch_end": on_train_batch_end, **hooks}.items():
            if name not in HOOKS:
                raise TypeError(f"LambdaCallback: unknown hook {name!r}{nearest(name, HOOKS)}")
            if function is None:
                continue
            if not callable(function):
                raise TypeError(f"LambdaCallback: {name} must be a function, got {function!r}.")
            check_hook(name, function, "LambdaCallback")
            setattr(self, name, function)
