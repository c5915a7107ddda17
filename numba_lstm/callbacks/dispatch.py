"""CallbackList: calls the hooks of all callbacks of a run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from .base import HOOKS, Callback, Logs, Resumption, check_hook, overrides
from .epoch_logs import History
from .foreign import ForeignCallback, is_foreign
from .progbar import ProgbarLogger


class CallbackList:
    """The callbacks of a run in the user's order, followed by a History and a ProgbarLogger unless the user has one.

    Parameters
    ----------
    callbacks : Callback or iterable of Callback, optional
        The user's callbacks. Those of other packages, such as Keras's, are called through a ForeignCallback.
    add_history : bool
        Add a History.
    add_progbar : bool
        Add a ProgbarLogger, as ``verbose`` in ``params`` does.
    model : Sequential, optional
        Passed to each callback.
    **params
        Passed to each callback: ``verbose``, ``epochs``, ``steps``.

    Raises
    ------
    TypeError
        For anything but callbacks, and for hooks that take other arguments.
    """

    def __init__(
        self,
        callbacks: Any = None,
        add_history: bool = False,
        add_progbar: bool = False,
        model: Any = None,
        **params: Any,
    ) -> None:
        strategy = getattr(model, "strategy", None)
        first = strategy is None or strategy.rank == 0
        self.callbacks = [callback for callback in _as_list(callbacks) if first or not callback.writes_files]
        if add_history and not any(isinstance(callback, History) for callback in self.callbacks):
            self.callbacks.append(History())
        params["verbose"] = params.get("verbose") if first else 0
        progbar = first and (add_progbar or params["verbose"])
        if progbar and not any(isinstance(callback, ProgbarLogger) for callback in self.callbacks):
            self.callbacks.append(ProgbarLogger())
        for callback in self.callbacks:
            for hook in HOOKS:
                if overrides(callback, hook):
                    check_hook(hook, getattr(callback, hook), type(callback).__name__)
        self.params = params
        for callback in self.callbacks:
            callback.set_params(params)
            callback.set_model(model)

    def expect(self, batch: Sequence[str] | None, epoch: Sequence[str] | None) -> None:
        """Set the keys of the logs of batches and of epochs that the callbacks will receive, None where they are unknown.

        A custom callback may add keys, so for callbacks after it the keys are unknown.
        """
        keys: list[str] | None = None if epoch is None else [*epoch]
        for callback in self.callbacks:
            callback.batch_keys = None if keys is None or batch is None else tuple(batch)
            callback.epoch_keys = None if keys is None else tuple(keys)
            if keys is not None:
                keys = None if _adds_any(callback) else [*keys, *callback.adds_keys]

    def resumption(self, epoch: int) -> Resumption:
        """Return where training goes on that begins with ``epoch``, as callbacks say since ``on_train_begin``."""
        found = [callback.resumption for callback in self.callbacks if callback.resumption is not None]
        return max(found, key=lambda place: place[:2], default=Resumption(epoch))

    def expect_steps(self, steps: int | None) -> None:
        """Set the number of batches of the next epoch for the callbacks, None if it is unknown."""
        self.params["steps"] = steps

    @property
    def history(self) -> History:
        """The last History."""
        return next(callback for callback in reversed(self.callbacks) if isinstance(callback, History))

    def call(self, hook: str, *arguments: Any) -> None:
        """Call ``hook`` of each callback."""
        for callback in self.callbacks:
            getattr(callback, hook)(*arguments)

    def batch_begin(self, hook: str) -> Callable[[int], None] | None:
        """Return a function that calls ``hook`` of each callback that overrides it, or None if none does."""
        hooks = [getattr(callback, hook) for callback in self._listening(hook, "on_batch_begin")]
        if not hooks:
            return None

        def begin(batch: int) -> None:
            for function in hooks:
                function(batch, logs={})

        return begin

    def batch_end(self, hook: str, logs: Callable[[], Logs]) -> Callable[[int], None] | None:
        """Return a function that calls ``hook`` of each callback that overrides and wants it, or None if none overrides it.

        ``logs`` is called only if a callback wants them, since it may have to wait for the device.
        """
        hooks = [(callback.wants_batch_end, getattr(callback, hook)) for callback in self._listening(hook, "on_batch_end")]
        if not hooks:
            return None

        def end(batch: int) -> None:
            functions = [function for wants, function in hooks if wants(batch)]
            if functions:
                current = logs()
                for function in functions:
                    function(batch, logs=current)

        return end

    def _listening(self, hook: str, alias: str) -> list[Callback]:
        hooks = (hook, alias) if hook.startswith("on_train") else (hook,)
        return [callback for callback in self.callbacks if any(overrides(callback, name) for name in hooks)]


def _adds_any(callback: Callback) -> bool:
    """Return whether a callback may add unknown keys to the logs: a custom one, or one of functions."""
    of_package = type(callback).__module__.rpartition(".")[0] == __package__
    hooks = ("on_epoch_end", "on_train_batch_end", "on_batch_end")
    return any(overrides(callback, hook) and (not of_package or hook in vars(callback)) for hook in hooks)


def _as_list(callbacks: Any) -> list[Callback]:
    if callbacks is None:
        return []
    found = list(callbacks) if isinstance(callbacks, Iterable) else [callbacks]
    return [_checked(callback) for callback in found]


def _checked(callback: Any) -> Callback:
    if isinstance(callback, Callback):
        return callback
    if is_foreign(callback):
        return ForeignCallback(callback)
    raise TypeError(f"callbacks must be Callback objects, got {callback!r}. Derive it from Callback.")
