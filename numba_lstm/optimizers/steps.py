"""Steps of an optimizer: clipping, accumulated gradients, the update of the weights, and their averages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from ..kernels.contract import Array, Ops
from ..variables import Variable
from .averaging import add, add_function, average, average_function, take_means
from .slots import Slots


class Steps(Slots):
    """Base class of :class:`Optimizer` that updates weights, by ops or by bound programs of a device."""

    clipping: dict[str, float]
    ema_momentum: float
    ema_overwrite_frequency: int | None

    @property
    def iterations(self) -> int:
        """Number of updates of the weights."""
        raise NotImplementedError

    def _next_rate(self) -> float:
        raise NotImplementedError

    def update_weights(self, ops: Ops, gradients: Sequence[Array], variables: Sequence[Variable]) -> None:
        """Take one step: clip the gradients, then update ``variables`` and their slots in place.

        With ``gradient_accumulation_steps`` most calls only add to the sums of gradients.
        """
        rate = self._next_rate()
        if self.gradient_accumulation_steps:
            add(ops, self.accumulated, gradients)
            self._update_by_means(ops, variables, rate)
        else:
            due = ops.clip_gradients(gradients, **self.clipping) if self.clipping else gradients
            ops.update(variables, due, self.slots, self.spec, step=self.iterations + 1, rate=rate)
        self._average(ops, variables, gradients)
        vars(self)["_steps"] += 1  # __setattr__ would take longer

    def _update_by_means(self, ops: Ops, variables: Sequence[Variable], rate: float) -> None:
        """Update the weights by the means of accumulated gradients, at each ``gradient_accumulation_steps``-th step."""
        every = self.gradient_accumulation_steps
        if every and (self._steps + 1) % every == 0:
            means = take_means(ops, self.accumulated, every)
            due = ops.clip_gradients(means, **self.clipping) if self.clipping else means
            ops.update(variables, due, self.slots, self.spec, step=self.iterations + 1, rate=rate)

    def _average(
        self, ops: Ops, variables: Sequence[Variable], gradients: Sequence[Array], bound: Callable[[], None] | None = None
    ) -> None:
        """Move the averages of ``use_ema``, from the second update on by ``bound``, and assign them to the weights if due."""
        if not self.use_ema:
            return
        if self.iterations and bound is not None:
            bound()
        else:
            average(ops, self.averages, variables, gradients, self.ema_momentum if self.iterations else 0.0)
        every = self.ema_overwrite_frequency
        if every is not None and (self.iterations + 1) % every == 0:
            average(ops, variables, self.averages, gradients, 0.0)

    def finalize_variable_values(self, variables: Sequence[Variable]) -> None:
        """Assign the averages to ``variables`` if ``use_ema`` and a step was taken, as ``fit`` does at its end."""
        if self.use_ema and self._steps:
            for variable, average in zip(variables, self.averages, strict=True):
                variable.assign(average.value)

    def recorded_gradients(self, ops: Ops, gradients: Sequence[Array]) -> Sequence[Array]:
        """Return the gradients that :meth:`step_function` takes: clipped, unless means or a subclass are to clip them."""
        if not self.clipping or self.gradient_accumulation_steps or type(self).update_weights is not Steps.update_weights:
            return gradients
        return ops.clip_gradients(gradients, **self.clipping)

    def step_function(self, ops: Ops, gradients: Sequence[Array], variables: Sequence[Variable]) -> Callable[[], None]:
        """Return a function that takes the step of :meth:`update_weights` with the arrays of :meth:`recorded_gradients`.

        They are overwritten before each call. Unless a subclass overrides :meth:`update_weights`, the updates are bound
        programs of the device.
        """
        if type(self).update_weights is not Steps.update_weights:
            return partial(self.update_weights, ops, gradients, variables)
        attributes = vars(self)  # a step is short, and __setattr__ would check the name each time
        averaging = None
        if self.use_ema:
            averaging = average_function(ops, self.averages, variables, gradients, self.ema_momentum)
        if self.gradient_accumulation_steps:
            adding = add_function(ops, self.accumulated, gradients)
        else:
            program = ops.update_program(variables, gradients, self.slots, self.spec)

        def step() -> None:
            rate = self._next_rate()
            if self.gradient_accumulation_steps:
                adding()
                self._update_by_means(ops, variables, rate)
            else:
                program(attributes["_steps"] + 1, rate)
            self._average(ops, variables, gradients, averaging)
            attributes["_steps"] += 1

        return step
