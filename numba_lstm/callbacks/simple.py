"""TerminateOnNaN, LambdaCallback and SwapEMAWeights."""

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


class SwapEMAWeights(Callback):
    """Evaluates and predicts with the averages of weights, as ``keras.callbacks.SwapEMAWeights``.

    The optimizer has ``use_ema=True``. The weights are back when an evaluation, a validation or a prediction ends.

    Parameters
    ----------
    swap_on_epoch : bool
        The averages are in the model also from the end of an epoch to the beginning of the next, so that callbacks after this
        one save them.

    Raises
    ------
    ValueError
        At the start of ``fit``, ``evaluate`` or ``predict``, for an optimizer without averages.
    """

    def __init__(self, swap_on_epoch: bool = False) -> None:
        self.swap_on_epoch = bool(swap_on_epoch)
        self._weights: list[Any] | None = None  #: the values of weights that averages stand for

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Check that the optimizer has averages."""
        if self.model.optimizer is None or not self.model.optimizer.use_ema:
            raise ValueError("SwapEMAWeights needs averages of weights. Compile with an optimizer of use_ema=True.")

    def _put_averages(self) -> None:
        self.on_train_begin()
        optimizer = self.model.optimizer
        if self._weights is None and optimizer.iterations:
            self._weights = [variable.numpy() for variable in self.model.trainable_weights]
            for variable, average in zip(self.model.trainable_weights, optimizer.averages, strict=True):
                variable.assign(average.value)

    def _put_weights(self) -> None:
        if self._weights is not None:
            for variable, value in zip(self.model.trainable_weights, self._weights, strict=True):
                variable.assign(value)
            self._weights = None

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Put the weights back."""
        self._put_weights()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Put the averages into the model if ``swap_on_epoch``."""
        if self.swap_on_epoch:
            self._put_averages()

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Forget the weights: ``fit`` ends with the averages."""
        self._weights = None

    def on_test_begin(self, logs: Logs | None = None) -> None:
        """Put the averages into the model."""
        self._put_averages()

    def on_test_end(self, logs: Logs | None = None) -> None:
        """Put the weights back."""
        self._put_weights()

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        """Put the averages into the model."""
        self._put_averages()

    def on_predict_end(self, logs: Logs | None = None) -> None:
        """Put the weights back."""
        self._put_weights()
