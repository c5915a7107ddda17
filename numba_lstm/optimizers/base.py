"""Optimizer: the base class, with hyperparameters, learning rate and steps. The update op does the arithmetic."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Self

from ..device import get_ops
from ..inputs import as_count, as_number
from ..kernels.specs import UpdateSpec
from ..objects.serialization import serialize
from ..variables import Variable
from .arguments import as_accumulation, as_clipping, as_frequency, as_loss_scale, as_rate, checked_gradients, refuse
from .rate import LearningRate
from .schedules import LearningRateSchedule
from .steps import Steps

#: Arguments that :meth:`Optimizer.get_config` saves unchanged.
_OPTIONS = ("use_ema", "ema_momentum", "ema_overwrite_frequency", "loss_scale_factor", "gradient_accumulation_steps")


#: Methods that Keras's optimizers override and these do not -> what to override instead.
_NEVER_CALLED = dict.fromkeys(
    ("update_step", "apply", "apply_gradients", "compute_gradients", "minimize", "get_updates", "stateless_apply"),
    "Override update_weights(self, ops, gradients, variables), which may change both before and after super().update_weights.",
)


class Optimizer(Steps):
    """Base class of all optimizers, as ``keras.optimizers.Optimizer``.

    Parameters
    ----------
    rule : UpdateSpec
        The rule's name, constants and slots.
    learning_rate : float or LearningRateSchedule
        The learning rate, or a function from the number of steps taken to the rate.
    weight_decay : float, optional
        Decoupled weight decay: each step first subtracts ``weight * weight_decay * rate`` (Loshchilov & Hutter 2019).
    clipnorm, clipvalue, global_clipnorm : float, optional
        Gradient clipping, by at most one of three limits: of the norm of each gradient, of the absolute value of each element,
        or of the norm of all gradients.
    use_ema : bool
        Average each weight over the steps; the average replaces the weight at the end of ``fit`` (Polyak & Juditsky 1992).
    ema_momentum : float
        Decay rate of the averages at each step, in [0, 1].
    ema_overwrite_frequency : int, optional
        Number of steps after which the averages replace the weights during training, too.
    loss_scale_factor : float, optional
        A power of two. It has no effect: it is meant for gradients in float16, and these are float32 or float64.
    gradient_accumulation_steps : int, optional
        At least 2: number of steps whose mean gradient makes one update of the weights. Schedules count each step.
    name : str
        The optimizer's name. Default: the class's in lower case.
    **unknown
        Any other argument raises TypeError, with what to write instead.

    Raises
    ------
    TypeError, ValueError
        For an argument of the wrong type or outside of its interval, two kinds of clipping, and an unknown argument.
    """

    unsupported_methods = _NEVER_CALLED
    checked_methods = ("update_weights", "build", "initial_value")
    settable = frozenset({"iterations"})
    not_settable = {"lr": "Set learning_rate."}
    removed_attributes = {
        "lr": "Read learning_rate.",
        "decay": "Give a schedule as the learning_rate.",
        "get_weights": "Call state().",
    }
    replacement = "Compile the model with a new optimizer: {cls}({name}=...)."

    #: Fields of the rule that :meth:`get_config` saves.
    hyperparameters: ClassVar[tuple[str, ...]] = ()
    #: Interval of the rates that the rule can take.
    rate_interval: ClassVar[str] = "[0, inf)"

    def __init__(
        self,
        rule: UpdateSpec,
        learning_rate: float | LearningRateSchedule | Mapping[str, Any],
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None,
        name: str | None = None,
        **unknown: Any,
    ) -> None:
        self.check_assigned_methods()
        super().__init__()
        refuse(type(self), unknown, learning_rate)
        self.name = type(self).__name__.lower() if name is None else name
        self.weight_decay = None if weight_decay is None else as_number(weight_decay, "weight_decay", "[0, inf)")
        self.spec = replace(rule, weight_decay=self.weight_decay or 0.0)
        self.clipping = as_clipping(clipnorm=clipnorm, clipvalue=clipvalue, global_clipnorm=global_clipnorm)
        self.use_ema = bool(use_ema)
        self.ema_momentum = as_number(ema_momentum, "ema_momentum", "[0, 1]")
        self.ema_overwrite_frequency = as_frequency(ema_overwrite_frequency)
        self.loss_scale_factor = as_loss_scale(loss_scale_factor)
        self.gradient_accumulation_steps = as_accumulation(gradient_accumulation_steps)
        self._rate = as_rate(learning_rate, self.rate_interval)

    @property
    def iterations(self) -> int:
        """Number of updates of the weights. May be set: schedules and bias corrections continue from it."""
        return self._steps // (self.gradient_accumulation_steps or 1)

    @iterations.setter
    def iterations(self, value: int) -> None:
        self._steps = as_count(value, "iterations", at_least=0) * (self.gradient_accumulation_steps or 1)

    # -- the rate -----------------------------------------------------------------------------------------------------

    @property
    def learning_rate(self) -> LearningRate:
        """Learning rate of the next step. May be set to a number, also by its method ``assign``, or to a schedule."""
        return LearningRate.of(self, self._current_rate())

    @learning_rate.setter
    def learning_rate(self, value: float | LearningRateSchedule) -> None:
        rate = as_rate(value, self.rate_interval)
        if isinstance(self._rate, LearningRateSchedule) and not isinstance(rate, LearningRateSchedule):
            raise TypeError(
                f"the learning rate of {self.name} follows {type(self._rate).__name__} and cannot be set to {rate}. "
                "Make the optimizer with a number to set it by hand or by a callback."
            )
        self._rate = rate

    def _current_rate(self) -> float:
        return self._rate(self._steps) if isinstance(self._rate, LearningRateSchedule) else self._rate

    # -- steps --------------------------------------------------------------------------------------------------------

    def apply(self, gradients: Sequence[Any], trainable_variables: Sequence[Variable]) -> None:
        """Take one step with gradients of a user, as those of :meth:`numba_lstm.Model.value_and_gradients`.

        Parameters
        ----------
        gradients : sequence of array
            One for each variable, in its shape.
        trainable_variables : sequence of Variable
            ``model.trainable_weights``, the same ones at each call. Call ``model.constrain()`` afterwards if any has a
            constraint.

        Raises
        ------
        TypeError, ValueError
            For another number of gradients, other shapes, and variables other than those of the first step; nothing changes.
        """
        arrays = checked_gradients(gradients, trainable_variables)
        self.build(trainable_variables)
        ops = get_ops()
        self.update_weights(ops, [ops.asarray(array, array.dtype) for array in arrays], trainable_variables)

    def apply_gradients(self, grads_and_vars: Iterable[tuple[Any, Variable]]) -> None:
        """Call :meth:`apply` with pairs of a gradient and its variable, as in Keras."""
        pairs = list(grads_and_vars)
        self.apply([gradient for gradient, _ in pairs], [variable for _, variable in pairs])

    def _next_rate(self) -> float:
        overridden = type(self).learning_rate is not Optimizer.learning_rate
        rate = float(self.learning_rate) if overridden else self._current_rate()
        if not rate and self.rate_interval.startswith("("):
            raise ValueError(
                f"the learning rate of {self.name} is 0 at step {self._steps}, and {type(self).__name__} divides by it. "
                "Let the schedule end at a small rate instead, as end_learning_rate=1e-9."
            )
        return rate

    # -- config -------------------------------------------------------------------------------------------------------

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal optimizer, as JSON values, with the current rate."""
        rate = serialize(self._rate) if isinstance(self._rate, LearningRateSchedule) else self._rate
        config: dict[str, Any] = {"name": self.name, "learning_rate": rate, "weight_decay": self.weight_decay}
        config.update({"clipnorm": None, "clipvalue": None, "global_clipnorm": None}, **self.clipping)
        config.update({option: getattr(self, option) for option in _OPTIONS})
        config.update({field: getattr(self.spec, field) for field in self.hyperparameters})
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Make an optimizer of the arguments that :meth:`get_config` returned."""
        return cls(**config)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} learning_rate={float(self.learning_rate)}, iterations={self.iterations}>"
