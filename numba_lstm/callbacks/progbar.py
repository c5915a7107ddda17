"""ProgbarLogger: the progress bar of fit, evaluate and predict."""

from __future__ import annotations

from ..console.progress import Bar
from .base import Callback, Logs


class ProgbarLogger(Callback):
    """Draws a progress bar on stdout, as ``keras.callbacks.ProgbarLogger``. ``fit`` adds it unless ``verbose=0``."""

    def __init__(self) -> None:
        self._bar: Bar | None = None
        self._done = 0
        self._training = self._validating = False

    def wants_batch_end(self, batch: int) -> bool:
        """Return True ten times a second on a terminal, never elsewhere and never during a validation."""
        if self._validating:
            return False
        self._done = batch + 1
        return self._bar is not None and self._bar.due()

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Suppress the bars of validations from now on."""
        self._training = True

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Start a bar."""
        self._begin(f"Epoch {epoch + 1}/{self.params['epochs']}")

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Draw the bar."""
        self._draw(batch, logs)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Finish the bar."""
        self._finish(logs)

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Draw bars for evaluations again."""
        self._training = False

    def on_test_begin(self, logs: Logs | None = None) -> None:
        """Start a bar, except for a validation."""
        self._validating = self._training
        if not self._validating:
            self._begin("")

    def on_test_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Draw the bar."""
        self._draw(batch, logs)

    def on_test_end(self, logs: Logs | None = None) -> None:
        """Finish the bar."""
        if not self._validating:
            self._finish(logs)
        self._validating = False

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        """Start a bar."""
        self._begin("")

    def on_predict_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Draw the bar."""
        self._draw(batch, logs)

    def on_predict_end(self, logs: Logs | None = None) -> None:
        """Finish the bar."""
        self._finish(logs)

    def _begin(self, label: str) -> None:
        self._bar, self._done = Bar(label, self.params["steps"], lines=self.params["verbose"] == 2), 0

    def _draw(self, batch: int, logs: Logs | None) -> None:
        if self._bar is not None:
            self._bar.draw(batch + 1, logs or {})

    def _finish(self, logs: Logs | None) -> None:
        if self._bar is not None:
            self._bar.finish(self._done, logs or {})
        self._bar = None
