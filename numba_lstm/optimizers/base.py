"""Optimizer: a rule's hyperparameters, its slots and its step count. The arithmetic is the update op's."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from ..inputs import as_number
from ..kernels.contract import Array, Ops
from ..kernels.specs import UpdateSpec
from ..serialization import serialize
from ..subclassing import Settable
from ..variables import Variable
from .rate import LearningRate
from .schedules import LearningRateSchedule
from .schedules import get as get_schedule

#: What Keras's optimizers take besides, at the only values that are taken here.
_KERAS_OPTIONS: dict[str, Any] = {
    "use_ema": False,
    "ema_momentum": 0.99,
    "ema_overwrite_frequency": None,
    "loss_scale_factor": None,
    "gradient_accumulation_steps": None,
}


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
    clipnorm, global_clipnorm, clipvalue : float, optional
        Scale each gradient to a norm of at most ``clipnorm``; or all together to ``global_clipnorm``; or clip each element
        to ``[-clipvalue, clipvalue]``. At most one of them.
    name : str
        A name.
    options : mapping
        Keras's further arguments, taken at their defaults only.

    Raises
    ------
    TypeError, ValueError
        For an argument of the wrong type or outside its interval, two ways of clipping, or an option that is not taken.
    """

    never_called = _NEVER_CALLED
    called = ("apply", "build", "initial_value")
    settable = frozenset({"iterations"})
    not_settable = {"lr": "Set learning_rate."}
    remake = "Compile the model with a new optimizer: {cls}({name}=...)."

    #: Fields of the rule that :meth:`get_config` saves.
    hyperparameters: ClassVar[tuple[str, ...]] = ()

    def __init__(
        self,
        rule: UpdateSpec,
        learning_rate: float | LearningRateSchedule | Mapping[str, Any],
        weight_decay: float | None,
        clipnorm: float | None,
        clipvalue: float | None,
        global_clipnorm: float | None,
        name: str | None,
        options: Mapping[str, Any],
    ) -> None:
        _refuse(type(self).__name__, options)
        self.name = type(self).__name__.lower() if name is None else name
        self.weight_decay = None if weight_decay is None else as_number(weight_decay, "weight_decay", "[0, inf)")
        self.spec = replace(rule, weight_decay=self.weight_decay or 0.0)
        self.clipping = _clipping(clipnorm=clipnorm, clipvalue=clipvalue, global_clipnorm=global_clipnorm)
        self._rate = _as_rate(learning_rate)
        self.iterations = 0
        self.slots: list[list[Variable]] = []
        self._weights: tuple[tuple[str, tuple[int, ...]], ...] | None = None

    # -- the rate -----------------------------------------------------------------------------------------------------

    @property
    def learning_rate(self) -> LearningRate:
        """The rate of the next step. A number may be set, also by its method ``assign``, or a schedule."""
        return LearningRate.of(self, self._present_rate())

    @learning_rate.setter
    def learning_rate(self, value: float | LearningRateSchedule) -> None:
        rate = _as_rate(value)
        if isinstance(self._rate, LearningRateSchedule) and not isinstance(rate, LearningRateSchedule):
            raise TypeError(
                f"the learning rate of {self.name} follows {type(self._rate).__name__} and cannot be set to {rate}. "
                "Make the optimizer with a number to set it by hand or by a callback."
            )
        self._rate = rate

    def _present_rate(self) -> float:
        return self._rate(self.iterations) if isinstance(self._rate, LearningRateSchedule) else self._rate

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
        self._weights = weights

    def _slot(self, variable: Variable, name: str) -> Variable:
        value = np.full(variable.shape, self.initial_value(name), variable.dtype)
        return Variable(value, f"{variable.path}/{name}", trainable=False)

    def initial_value(self, slot: str) -> float:
        """What ``slot`` is filled with at first."""
        return 0.0

    def apply(self, ops: Ops, gradients: Sequence[Array], variables: Sequence[Variable]) -> None:
        """Take one step: clip the gradients, then update ``variables`` and the slots in place."""
        if self.clipping:
            gradients = ops.clip_gradients(gradients, **self.clipping)
        rate = float(self.learning_rate)
        self.iterations += 1
        ops.update(variables, gradients, self.slots, self.spec, step=self.iterations, rate=rate)

    def bound(self, ops: Ops, gradients: Sequence[Array], variables: Sequence[Variable]) -> Callable[[], None]:
        """:meth:`apply`, a subclass's too, for many steps: ``gradients`` are written into the same arrays before each."""
        if self.clipping or type(self).apply is not Optimizer.apply:
            return partial(self.apply, ops, gradients, variables)
        program = ops.update_program(variables, gradients, self.slots, self.spec)
        overridden = type(self).learning_rate is not Optimizer.learning_rate

        own = vars(self)  # a step is short, and __setattr__ would check the name each time

        def step() -> None:
            rate = self.learning_rate if overridden else self._present_rate()
            own["iterations"] += 1
            program(own["iterations"], rate)

        return step

    # -- saving -------------------------------------------------------------------------------------------------------

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """Copies of all that changes while training: ``iterations``, and ``weight/slot`` for each slot."""
        slots = {slot.path: slot.numpy() for own in self.slots for slot in own}
        return {"iterations": np.array(self.iterations, np.int64), **slots}

    def load_state(self, state: Mapping[str, npt.NDArray[Any]]) -> None:
        """Go back to what :meth:`state` answered; the optimizer must be built.

        Raises
        ------
        ValueError
            On missing or unknown names or another shape; nothing is changed then.
        """
        own = {slot.path: slot for slots in self.slots for slot in slots}
        expected = {"iterations": (), **{path: slot.shape for path, slot in own.items()}}
        if state.keys() != expected.keys():
            different = sorted(state.keys() ^ expected.keys())
            raise ValueError(f"this is no state of {self.name} for these weights: only one side has {', '.join(different)}.")
        for path, shape in expected.items():
            if np.shape(state[path]) != shape:
                raise ValueError(f"{path} has shape {shape}, got {np.shape(state[path])}. Nothing was changed.")
        self.iterations = int(state["iterations"])
        for path, slot in own.items():
            slot.assign(state[path])

    def get_config(self) -> dict[str, Any]:
        """Arguments that make an equal optimizer, as JSON values; the rate is the present one."""
        rate = serialize(self._rate) if isinstance(self._rate, LearningRateSchedule) else self._rate
        config: dict[str, Any] = {"name": self.name, "learning_rate": rate, "weight_decay": self.weight_decay}
        config.update({"clipnorm": None, "clipvalue": None, "global_clipnorm": None}, **self.clipping)
        config.update({field: getattr(self.spec, field) for field in self.hyperparameters})
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """An optimizer of :meth:`get_config`'s arguments."""
        return cls(**config)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} learning_rate={float(self.learning_rate)}, iterations={self.iterations}>"


def _as_rate(value: Any) -> float | LearningRateSchedule:
    if isinstance(value, (LearningRateSchedule, Mapping)):
        return get_schedule(value)
    return as_number(value, "learning_rate", "[0, inf)")


def _clipping(**limits: float | None) -> dict[str, float]:
    given = {name: as_number(limit, name, "(0, inf)") for name, limit in limits.items() if limit is not None}
    if len(given) > 1:
        raise ValueError(f"only one of clipnorm, clipvalue and global_clipnorm can be set, got {given}.")
    return given


def _refuse(owner: str, options: Mapping[str, Any]) -> None:
    for name, value in options.items():
        if name not in _KERAS_OPTIONS:
            raise TypeError(f"{owner} has no argument {name!r}.")
        if value != _KERAS_OPTIONS[name]:
            raise ValueError(f"{owner} takes {name}={_KERAS_OPTIONS[name]!r} only, got {value!r}. Leave it out.")


def _paths(weights: Sequence[tuple[str, tuple[int, ...]]]) -> str:
    return ", ".join(f"{path} {shape}" for path, shape in weights) or "none"
