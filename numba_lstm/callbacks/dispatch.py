"""CallbackList: all callbacks of a run behind one door."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from .base import HOOKS, Callback, Logs, check_hook, overrides
from .history import History
from .progbar import ProgbarLogger


class CallbackList:
    """The callbacks of a run, in the user's order, then a History and a ProgbarLogger where there is none.

    Parameters
    ----------
    callbacks : Callback or iterable of Callback, optional
        The user's.
    add_history : bool
        Add a History.
    add_progbar : bool
        Add a ProgbarLogger, as ``verbose`` does.
    model : Sequential, optional
        Handed to each.
    **params
        Handed to each: ``verbose``, ``epochs``, ``steps``.

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
        self.callbacks = _as_list(callbacks)
        if add_history and not any(isinstance(callback, History) for callback in self.callbacks):
            self.callbacks.append(History())
        shown = add_progbar or params.get("verbose")
        if shown and not any(isinstance(callback, ProgbarLogger) for callback in self.callbacks):
            self.callbacks.append(ProgbarLogger())
        for callback in self.callbacks:
            for hook in HOOKS:
                if overrides(callback, hook):
                    check_hook(hook, getattr(callback, hook), type(callback).__name__)
        self.params = params
        for callback in self.callbacks:
            callback.set_params(params)
            callback.set_model(model)

    def expect(self, batch: Sequence[str], epoch: Sequence[str]) -> None:
        """Tell the callbacks which keys the logs of batches and of epochs will have.

        A callback that is not of this package may add keys: then those behind it are told nothing.
        """
        keys: list[str] | None = [*epoch]
        for callback in self.callbacks:
            callback.batch_keys = None if keys is None else tuple(batch)
            callback.epoch_keys = None if keys is None else tuple(keys)
            if keys is not None:
                keys = None if _adds_any(callback) else [*keys, *callback.adds_keys]

    def expect_steps(self, steps: int | None) -> None:
        """Tell the callbacks how many batches the next epoch will have, None where nobody knows."""
        self.params["steps"] = steps

    @property
    def history(self) -> History:
        """The (last) History."""
        return next(callback for callback in reversed(self.callbacks) if isinstance(callback, History))

    def call(self, hook: str, *arguments: Any) -> None:
        """Call ``hook`` of each."""
        for callback in self.callbacks:
            getattr(callback, hook)(*arguments)

    def batch_begin(self, hook: str) -> Callable[[int], None] | None:
        """A function that calls ``hook`` of each callback that has it; None where none has."""
        hooks = [getattr(callback, hook) for callback in self._listening(hook, "on_batch_begin")]
        if not hooks:
            return None

        def begin(batch: int) -> None:
            for function in hooks:
                function(batch, logs={})

        return begin

    def batch_end(self, hook: str, logs: Callable[[], Logs]) -> Callable[[int], None] | None:
        """A function that calls ``hook`` of each callback that has it and wants it now; None where none has.

        ``logs`` is called only where a callback wants them, for it may have to wait for the device.
        """
        hooks = [(callback.wants_batch_end, getattr(callback, hook)) for callback in self._listening(hook, "on_batch_end")]
        if not hooks:
            return None

        def end(batch: int) -> None:
            wanted = [function for wants, function in hooks if wants(batch)]
            if wanted:
                present = logs()
                for function in wanted:
                    function(batch, logs=present)

        return end

    def _listening(self, hook: str, alias: str) -> list[Callback]:
        hooks = (hook, alias) if hook.startswith("on_train") else (hook,)
        return [callback for callback in self.callbacks if any(overrides(callback, name) for name in hooks)]


def _adds_any(callback: Callback) -> bool:
    """Whether a callback may add keys to the logs that nobody knows of: one of a user's own, or of functions."""
    ours = type(callback).__module__.rpartition(".")[0] == __package__
    hooks = ("on_epoch_end", "on_train_batch_end", "on_batch_end")
    return any(overrides(callback, hook) and (not ours or hook in vars(callback)) for hook in hooks)


def _as_list(callbacks: Any) -> list[Callback]:
    if callbacks is None:
        return []
    given = list(callbacks) if isinstance(callbacks, Iterable) else [callbacks]
    for callback in given:
        if not isinstance(callback, Callback):
            raise TypeError(f"callbacks must be Callback objects, got {callback!r}. Derive it from Callback.")
    return given
