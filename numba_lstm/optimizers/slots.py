"""Slots of an optimizer: the variables that it holds for each weight, and their state for files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ..kernels.specs import UpdateSpec
from ..objects.subclassing import Settable
from ..variables import Variable

#: Keras's names of the slots that options add: the average of a weight, and the sum of its gradients.
AVERAGE, SUM = "average", "gradient_accumulator"


class Slots(Settable):
    """Base class of :class:`Optimizer`: makes the slots of each weight, and returns and restores their state."""

    name: str
    spec: UpdateSpec
    use_ema: bool
    gradient_accumulation_steps: int | None

    def __init__(self) -> None:
        self._steps = 0  # with gradients; those that are accumulated count too
        self.slots: list[list[Variable]] = []  #: of the rule
        self.averages: list[Variable] = []  #: of the weights, with ``use_ema``
        self.accumulated: list[Variable] = []  #: sums of gradients, with ``gradient_accumulation_steps``
        self._weights: tuple[tuple[str, tuple[int, ...]], ...] | None = None

    @property
    def built(self) -> bool:
        """Whether the slots exist."""
        return self._weights is not None

    def build(self, variables: Sequence[Variable]) -> None:
        """Make the slots for ``variables``, unless they exist.

        Raises
        ------
        ValueError
            If the optimizer already has slots for other variables.
        """
        weights = tuple([(v.path, v.shape) for v in variables])
        if self._weights == weights:
            return
        if self._weights is not None:
            raise ValueError(
                f"{self.name} already keeps the state of other weights ({_paths(self._weights)}; these are {_paths(weights)}). "
                "Compile the model with a new optimizer."
            )
        pairs = list(zip(variables, distinct_paths(variables), strict=True))
        self.slots = [[self._slot(*pair, name) for name in self.spec.slots] for pair in pairs]
        self.averages = [self._slot(*pair, AVERAGE) for pair in pairs if self.use_ema]
        self.accumulated = [self._slot(*pair, SUM) for pair in pairs if self.gradient_accumulation_steps]
        self._weights = weights

    def _slot(self, variable: Variable, path: str, name: str) -> Variable:
        value = 0.0 if name in (AVERAGE, SUM) else self.initial_value(name)
        return Variable(np.full(variable.shape, value, variable.dtype), f"{path}/{name}", trainable=False)

    def initial_value(self, slot: str) -> float:
        """Return the initial value of the elements of the rule's ``slot``."""
        return 0.0

    @property
    def slot_names(self) -> tuple[str, ...]:
        """Names of the slots of each weight: its average, the sum of its gradients, and the rule's slots."""
        return (AVERAGE,) * self.use_ema + (SUM,) * bool(self.gradient_accumulation_steps) + self.spec.slots

    def slots_by_weight(self) -> list[list[Variable]]:
        """Return the slots of each weight, in the order of :attr:`slot_names`."""
        optional = [variables for variables in (self.averages, self.accumulated) if variables]
        return [[*(variables[index] for variables in optional), *slots] for index, slots in enumerate(self.slots)]

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """Return copies of all that training changes: ``iterations``, the number of steps, and ``weight/slot`` of each slot."""
        values = {slot.path: slot.numpy() for slots in self.slots_by_weight() for slot in slots}
        return {"iterations": np.array(self._steps, np.int64), **values}

    def load_state(self, state: Mapping[str, npt.NDArray[Any]]) -> None:
        """Restore the state that :meth:`state` returned. The optimizer must be built.

        Raises
        ------
        ValueError
            For missing or unknown names and for other shapes. Nothing is changed then.
        """
        variables = {slot.path: slot for slots in self.slots_by_weight() for slot in slots}
        expected = {"iterations": (), **{path: slot.shape for path, slot in variables.items()}}
        if state.keys() != expected.keys():
            different = sorted(state.keys() ^ expected.keys())
            raise ValueError(f"this is no state of {self.name} for these weights: only one side has {', '.join(different)}.")
        for path, shape in expected.items():
            if np.shape(state[path]) != shape:
                raise ValueError(f"{path} has shape {shape}, got {np.shape(state[path])}. Nothing was changed.")
        self._steps = int(state["iterations"])
        for path, slot in variables.items():
            slot.assign(state[path])


def distinct_paths(variables: Sequence[Variable]) -> list[str]:
    """Return the paths of variables, with a number for the second one of a path: ``lstm/kernel``, ``lstm/kernel:1``.

    Models inside of a model may have layers of one name.
    """
    counts: Counter[str] = Counter()
    paths = []
    for variable in variables:
        count = counts[variable.path]
        paths.append(f"{variable.path}:{count}" if count else variable.path)
        counts[variable.path] += 1
    return paths


def with_slots(variables: Sequence[Variable], names: Iterable[str]) -> list[Variable]:
    """Return those of a model's ``variables`` that have slots among the ``names`` of an optimizer's state.

    Raises
    ------
    ValueError
        If only some of several variables of one path have slots: nothing says which.
    """
    paths = {name.rpartition("/")[0] for name in names}
    found = [v for v, path in zip(variables, distinct_paths(variables), strict=True) if path in paths]
    for path in dict.fromkeys(v.path for v in found):
        if sum(v.path == path for v in variables) != sum(v.path == path for v in found):
            raise ValueError(f"the optimizer kept some of several weights {path!r}. Give the layers names of their own.")
    return found


def _paths(weights: Sequence[tuple[str, tuple[int, ...]]]) -> str:
    return ", ".join(f"{path} {shape}" for path, shape in weights) or "none"
