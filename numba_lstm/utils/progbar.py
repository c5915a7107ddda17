"""Progbar: the progress of a loop of a program, with averages of its values."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..console.progress import Bar


class Progbar:
    """The progress of a loop, as ``keras.utils.Progbar``.

    Parameters
    ----------
    target : int or None
        Number of steps, None if it is unknown.
    width, interval
        In Keras's places, without effect.
    verbose : 0, 1 or 2
        Nothing, a bar, or one line at the end.
    stateful_metrics : iterable of str, optional
        Names of values that are shown as they are. Others are averaged over steps.
    stateless_metrics : iterable of str, optional
        Names of the values that are averaged; all others are shown as they are.
    unit_name : str
        What a step is called.

    Raises
    ------
    ValueError
        For both kinds of names.
    """

    def __init__(
        self,
        target: int | None,
        width: int = 20,
        verbose: int = 1,
        interval: float = 0.05,
        stateful_metrics: Iterable[str] | None = None,
        stateless_metrics: Iterable[str] | None = None,
        unit_name: str = "step",
    ) -> None:
        if stateful_metrics is not None and stateless_metrics is not None:
            raise ValueError("stateful_metrics and stateless_metrics exclude each other. Give one of them.")
        self.target, self.verbose = target, verbose
        self.stateful_metrics = frozenset(stateful_metrics or ())
        self.stateless_metrics = None if stateless_metrics is None else frozenset(stateless_metrics)
        self._bar = None if verbose == 0 else Bar("", target, lines=verbose == 2, unit=unit_name)
        self._seen, self._sums = 0, dict[str, tuple[float, int]]()

    @property
    def values(self) -> dict[str, float]:
        """The values that are shown, by name."""
        return {name: total / count for name, (total, count) in self._sums.items()}

    def update(self, current: int, values: Iterable[tuple[str, Any]] | None = None, finalize: bool | None = None) -> None:
        """Show that ``current`` steps are done.

        Parameters
        ----------
        current : int
            Steps that are done.
        values : iterable of (str, float), optional
            Names, and values of the last step.
        finalize : bool, optional
            Whether the loop has ended. Default: if all steps are done.
        """
        ended = self.target is not None and current >= self.target if finalize is None else finalize
        steps = max(current - self._seen, 1)
        for name, value in values or ():
            averaged = name not in self.stateful_metrics if self.stateless_metrics is None else name in self.stateless_metrics
            total, count = self._sums.get(name, (0.0, 0)) if averaged and not ended else (0.0, 0)
            weight = steps if averaged and not ended else 1
            self._sums[name] = total + float(value) * weight, count + weight
        self._seen = current
        if self._bar is not None and ended:
            self._bar.finish(current, self.values)
        elif self._bar is not None and self._bar.due():
            self._bar.draw(current, self.values)

    def add(self, n: int, values: Iterable[tuple[str, Any]] | None = None) -> None:
        """Show that ``n`` more steps are done."""
        self.update(self._seen + n, values)
