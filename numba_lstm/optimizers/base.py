"""Optimizer: a rule's hyperparameters, its slots and its step count. The arithmetic is the update op's."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from ..inputs import as_count, as_number
from ..kernels.contract import Array, Ops
from ..kernels.specs import UpdateSpec
from ..serialization import serialize
from ..subclassing import Settable
from ..variables import Variable
from .arguments import as_accumulation, as_clipping, as_frequency, as_loss_scale, as_rate, refuse
from .averaging import accumulated, average
from .rate import LearningRate
from .schedules import LearningRateSchedule

AVERAGE, SUM = "average", "gradient_accumulator"  #: what options keep of a weight, by Keras's names

#: Arguments that are saved as they are.
_OPTIONS = ("use_ema", "ema_momentum", "ema_overwrite_frequency", "loss_scale_factor", "gradient_accumulation_steps")


#: What Keras's optimizers override and these do not.
_NEVER_CALLED = dict.fromkeys(
    ("update_step", "apply_gradients", "compute_gradients", "minimize", "get_updates", "stateless_apply"),
    "Override apply(self, ops, gradients, variables), which may change gradients and variables before and after super().apply.",
)


class Optimizer(Settable):
    """The base of all optimizers, as ``keras.optimizers.Optimizer``.

    Parameters
    ----------
    rule : UpdateSpec
        The rule's name, constants and slots.
    learning_rate : float or LearningRateSchedule
        The rate, or a function from the number of steps taken to the rate.
    weight_decay : float, optional
        Each step first takes off ``weight * weight_decay * rate`` (decoupled, Loshchilov & Hutter 2019).
    clipnorm, clipvalue, global_clipnorm : float, optional
        Scale each gradient to a norm of at most ``clipnorm``; or clip each element to ``[-clipvalue, clipvalue]``; or scale
        all together to ``global_clipnorm``. At most one of them.
    use_ema : bool
        Keep a running mean of each weight, which replaces the weight at the end of ``fit`` (Polyak & Juditsky 1992).
    ema_momentum : float
        Share of the old mean that is kept at each step, in [0, 1].
    ema_overwrite_frequency : int, optional
        Replace the weights by their means after every so many steps, too.
    loss_scale_factor : float, optional
        A power of two, taken without effect: gradients are float32 or float64, and it is for those in float16.
    gradient_accumulation_steps : int, optional
        At least 2: change the weights at every so many steps only, by the mean of their gradients. Schedules go on at each.
    name : str
        A name.
    **unknown
        Refused, with what to write instead.

    Raises
    ------
    TypeError, ValueError
        For an argument of the wrong type or outside its interval, two ways of clipping, or an argument that is not known.
    """

    never_called = _NEVER_CALLED
    called = ("apply", "build", "initial_value")
    settable = frozenset({"iterations"})
    not_settable = {"lr": "Set learning_rate."}
    gone = {"lr": "Read learning_rate.", "decay": "Give a schedule as the learning_rate.", "get_weights": "Call state()."}
    remake = "Compile the model with a new optimizer: {cls}({name}=...)."

    #: Fields of the rule that :meth:`get_config` saves.
    hyperparameters: ClassVar[tuple[str, ...]] = ()
    #: Rates that the rule can take.
    smallest_rate: ClassVar[str] = "[0, inf)"

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
        self.check_assigned()
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
        self._rate = as_rate(learning_rate, self.smallest_rate)
        self._steps = 0  # with gradients; those that are accumulated count too
        self.slots: list[list[Variable]] = []  #: of the rule
        self.averages: list[Variable] = []  #: of the weights, with ``use_ema``
        self.accumulated: list[Variable] = []  #: sums of gradients, with ``gradient_accumulation_steps``
        self._weights: tuple[tuple[str, tuple[int, ...]], ...] | None = None

    @property
    def iterations(self) -> int:
        """How often the weights were changed. It may be set, for schedules and bias corrections to go on from there."""
        return self._steps // (self.gradient_accumulation_steps or 1)

    @iterations.setter
    def iterations(self, value: int) -> None:
        self._steps = as_count(value, "iterations", at_least=0) * (self.gradient_accumulation_steps or 1)

    # -- the rate -----------------------------------------------------------------------------------------------------

    @property
    def learning_rate(self) -> LearningRate:
        """The rate of the next step. A number may be set, also by its method ``assign``, or a schedule."""
        return LearningRate.of(self, self._present_rate())

    @learning_rate.setter
    def learning_rate(self, value: float | LearningRateSchedule) -> None:
        rate = as_rate(value, self.smallest_rate)
        if isinstance(self._rate, LearningRateSchedule) and not isinstance(rate, LearningRateSchedule):
            raise TypeError(
                f"the learning rate of {self.name} follows {type(self._rate).__name__} and cannot be set to {rate}. "
                "Make the optimizer with a number to set it by hand or by a callback."
            )
        self._rate = rate

    def _present_rate(self) -> float:
        return self._rate(self._steps) if isinstance(self._rate, LearningRateSchedule) else self._rate

    # -- slots --------------------------------------------------------------------------------------------------------

    @property
    def built(self) -> bool:
        """Whether the slots exist."""
        return self._weights is not None

    def build(self, variables: Sequence[Variable]) -> None:
        """Make the slots for ``variables``, once.

        Raises
        ------
        ValueError
            Where the optimizer already belongs to other variables.
        """
        weights = tuple((v.path, v.shape) for v in variables)
        if self._weights == weights:
            return
        if self._weights is not None:
            raise ValueError(
                f"{self.name} already keeps the state of other weights ({_paths(self._weights)}; these are {_paths(weights)}). "
                "Compile the model with a new optimizer."
            )
        self.slots = [[self._slot(variable, name) for name in self.spec.slots] for variable in variables]
        self.averages = [self._slot(variable, AVERAGE) for variable in variables if self.use_ema]
        self.accumulated = [self._slot(variable, SUM) for variable in variables if self.gradient_accumulation_steps]
        self._weights = weights

    def _slot(self, variable: Variable, name: str) -> Variable:
        first = 0.0 if name in (AVERAGE, SUM) else self.initial_value(name)
        return Variable(np.full(variable.shape, first, variable.dtype), f"{variable.path}/{name}", trainable=False)

    def initial_value(self, slot: str) -> float:
        """What ``slot`` of the rule is filled with at first."""
        return 0.0

    @property
    def slot_names(self) -> tuple[str, ...]:
        """What is kept of each weight: its average, the sum of its gradients, and the rule's slots."""
        return (AVERAGE,) * self.use_ema + (SUM,) * bool(self.gradient_accumulation_steps) + self.spec.slots

    def kept(self) -> list[list[Variable]]:
        """:attr:`slot_names` of each weight."""
        extra = [list(own) for own in (self.averages, self.accumulated) if own]
        return [[*(own[index] for own in extra), *slots] for index, slots in enumerate(self.slots)]

    # -- steps --------------------------------------------------------------------------------------------------------

    def apply(self, ops: Ops, gradients: Sequence[Array], variables: Sequence[Variable]) -> None:
        """Take one step: clip the gradients, then update ``variables`` and all that is kept of them in place.

        With ``gradient_accumulation_steps`` most calls only add to the sums of gradients.
        """
        rate = self._next_rate()
        due: Sequence[Array] | None = gradients
        if self.gradient_accumulation_steps:
            due = accumulated(ops, self.accumulated, gradients, self._steps + 1, self.gradient_accumulation_steps)
        if due is not None:
            if self.clipping:
                due = ops.clip_gradients(due, **self.clipping)
            ops.update(variables, due, self.slots, self.spec, step=self.iterations + 1, rate=rate)
        if self.use_ema:
            momentum, every = self.ema_momentum if self.iterations else 0.0, self.ema_overwrite_frequency
            overwrite = every is not None and (self.iterations + 1) % every == 0
            average(ops, self.averages, variables, gradients, momentum, overwrite)
        vars(self)["_steps"] += 1  # __setattr__ would take longer

    def _next_rate(self) -> float:
        overridden = type(self).learning_rate is not Optimizer.learning_rate
        rate = float(self.learning_rate) if overridden else self._present_rate()
        if not rate and self.smallest_rate.startswith("("):
            raise ValueError(
                f"the learning rate of {self.name} is 0 at step {self._steps}, and {type(self).__name__} divides by it. "
                "Let the schedule end at a small rate instead, as end_learning_rate=1e-9."
            )
        return rate

    def finalize_variable_values(self, variables: Sequence[Variable]) -> None:
        """Give ``variables`` their averages, with ``use_ema``, as ``fit`` does at its end; before the first step nothing."""
        if self.use_ema and self._steps:
            for variable, average in zip(variables, self.averages, strict=True):
                variable.assign(average.value)

    def bound(self, ops: Ops, gradients: Sequence[Array], variables: Sequence[Variable]) -> Callable[[], None]:
        """:meth:`apply`, a subclass's too, for many steps: ``gradients`` are written into the same arrays before each."""
        plain = not (self.clipping or self.use_ema or self.gradient_accumulation_steps)
        if not plain or type(self).apply is not Optimizer.apply:
            return partial(self.apply, ops, gradients, variables)
        program = ops.update_program(variables, gradients, self.slots, self.spec)
        own = vars(self)  # a step is short, and __setattr__ would check the name each time

        def step() -> None:
            rate = self._next_rate()
            own["_steps"] += 1
            program(own["_steps"], rate)

        return step

    # -- saving -------------------------------------------------------------------------------------------------------

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """Copies of all that changes while training: ``iterations``, steps with gradients, and ``weight/slot`` of each slot."""
        slots = {slot.path: slot.numpy() for own in self.kept() for slot in own}
        return {"iterations": np.array(self._steps, np.int64), **slots}

    def load_state(self, state: Mapping[str, npt.NDArray[Any]]) -> None:
        """Go back to what :meth:`state` answered; the optimizer must be built.

        Raises
        ------
        ValueError
            On missing or unknown names or another shape; nothing is changed then.
        """
        own = {slot.path: slot for slots in self.kept() for slot in slots}
        expected = {"iterations": (), **{path: slot.shape for path, slot in own.items()}}
        if state.keys() != expected.keys():
            different = sorted(state.keys() ^ expected.keys())
            raise ValueError(f"this is no state of {self.name} for these weights: only one side has {', '.join(different)}.")
        for path, shape in expected.items():
            if np.shape(state[path]) != shape:
                raise ValueError(f"{path} has shape {shape}, got {np.shape(state[path])}. Nothing was changed.")
        self._steps = int(state["iterations"])
        for path, slot in own.items():
            slot.assign(state[path])

    def get_config(self) -> dict[str, Any]:
        """Arguments that make an equal optimizer, as JSON values; the rate is the present one."""
        rate = serialize(self._rate) if isinstance(self._rate, LearningRateSchedule) else self._rate
        config: dict[str, Any] = {"name": self.name, "learning_rate": rate, "weight_decay": self.weight_decay}
        config.update({"clipnorm": None, "clipvalue": None, "global_clipnorm": None}, **self.clipping)
        config.update({option: getattr(self, option) for option in _OPTIONS})
        config.update({field: getattr(self.spec, field) for field in self.hyperparameters})
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """An optimizer of :meth:`get_config`'s arguments."""
        return cls(**config)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} learning_rate={float(self.learning_rate)}, iterations={self.iterations}>"


def _paths(weights: Sequence[tuple[str, tuple[int, ...]]]) -> str:
    return ", ".join(f"{path} {shape}" for path, shape in weights) or "none"
