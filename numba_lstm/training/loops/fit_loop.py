"""The loop of fit: epochs of training steps, with validation and callbacks."""

from __future__ import annotations

import warnings
from collections.abc import Callable

from ...callbacks import CallbackList
from ...callbacks.base import Resumption
from ..data.epochs import Batches
from ..protocols import Trainable
from .custom_steps import StepLogs, overrides
from .evaluation import evaluation_tracker, run_evaluation
from .metric_tracker import MetricTracker
from .shards import batches_of_all
from .steps import train_host_batch, train_windows


class FitLoop:
    """Loop of one call of ``fit``, whose arguments are valid."""

    def __init__(
        self,
        model: Trainable,
        train: Batches,
        validation: Batches | None,
        validated: Callable[[int], bool],
        listeners: CallbackList,
        window: int | None,
    ) -> None:
        self.model, self.train, self.validation, self.validated, self.listeners = model, train, validation, validated, listeners
        self.window = window
        self.tracker: MetricTracker | StepLogs
        if overrides(model, "train_step"):
            self.tracker = StepLogs(model, "train_step", self._not_finite)
        else:
            self.tracker = MetricTracker(model, self._not_finite)
        self.evaluated = evaluation_tracker(model)
        self.epoch = 0
        self._warned = self._warned_of_trainable = False
        self._resumption = Resumption(0)

    def epochs(self, begin: int, end: int) -> None:
        model, listeners = self.model, self.listeners
        logs: dict[str, float] = {}
        ran = False
        names, validated = self.tracker.names, self.evaluated.names if self.validation is not None else []
        known = names is not None and validated is not None
        listeners.expect(names, [*(names or ()), *(f"val_{name}" for name in validated or ())] if known else None)
        listeners.call("on_train_begin", {})
        place = listeners.resumption(begin)
        if model.strategy is not None:
            place = model.strategy.share(model, place)
        self._resumption = place
        for self.epoch in range(place.epoch, end):
            listeners.expect_steps(self.train.steps)
            listeners.call("on_epoch_begin", self.epoch, {})
            self.tracker.reset()
            self._train_epoch()
            place, self._resumption = self._resumption, Resumption(end)
            if not self.tracker.steps:
                if place.random is not None:  # all batches of the epoch had been trained on
                    model.random.state = place.random
                    continue
                if self.train.ended:
                    break
                warnings.warn(f"x brought no batches in epoch {self.epoch + 1}, which is left out.", stacklevel=3)
                continue
            logs, ran = self.tracker.logs(), True
            if self.validation is not None and self.validated(self.epoch + 1):
                values = run_evaluation(model, self.validation, self.evaluated, listeners)
                logs.update({f"val_{name}": value for name, value in values.items()})
            listeners.call("on_epoch_end", self.epoch, logs)
            self._agree_to_stop()
            self._look_at_trainable()
            if model.stop_training or self.train.ended:
                break
        if ran:  # else the averages of an earlier fit would replace weights that were set since
            assert model.optimizer is not None
            model.optimizer.finalize_variable_values(model.trained().weights)
        listeners.call("on_train_end", logs)

    def _train_epoch(self) -> None:
        model, tracker, ops, trained = self.model, self.tracker, self.model.ops, self.model.trained()
        begin = self.listeners.batch_begin("on_train_batch_begin")
        end = self.listeners.batch_end("on_train_batch_end", tracker.logs)
        first, random = self._resumption.batch, self._resumption.random
        epoch = self.train.epoch() if model.strategy is None else batches_of_all(model.strategy, self.train)
        for step, host_batch in enumerate(epoch):
            if step < first:
                continue
            if step == first and random is not None:
                model.random.state = random
            if begin is not None:
                begin(step)
            if isinstance(tracker, StepLogs):
                tracker.run(host_batch)
                model.constrain()
            elif self.window is None:
                tracker.add(ops, train_host_batch(model, ops, trained, host_batch)[0])
            else:
                train_windows(model, ops, trained, host_batch, self.window, tracker)
            if end is not None:
                end(step)
            self._agree_to_stop()
            if model.stop_training:
                break

    def _agree_to_stop(self) -> None:
        """Stop training on all processes if one of them stops."""
        if self.model.strategy is not None:
            self.model.stop_training = self.model.strategy.agree(stop=self.model.stop_training)

    def _look_at_trainable(self) -> None:
        if self.model.outdated and not self._warned_of_trainable:
            self._warned_of_trainable = True
            warnings.warn(
                "trainable has changed while fit runs: fit goes on with the weights that it began with. Call fit anew after "
                "model.compile(...) for the change to take effect.",
                stacklevel=4,
            )

    def _not_finite(self, step: int, loss: float) -> None:
        if self._warned:
            return
        self._warned = True
        warnings.warn(
            f"the loss is {loss} at epoch {self.epoch + 1}, step {step + 1}; training goes on. What usually helps: "
            "clipnorm=1.0 in the optimizer, a lower learning rate, activation='tanh', and inputs of unit size without NaN.",
            RuntimeWarning,
            stacklevel=2,
        )
