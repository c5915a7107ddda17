"""Penalties of weights, which join the loss, and constraints of weights, which follow an update."""

from __future__ import annotations

from collections.abc import Sequence

from ...constraints import Constraint
from ...kernels.contract import Array, Ops
from ...objects.subclassing import Settable
from ...regularizers import Regularizer
from ...variables import Variable


class WeightPenalties(Settable):
    """Base class that applies regularizers and constraints to weights."""

    variables: list[Variable]
    _regularized: list[tuple[Variable, Regularizer]]
    _constrained: list[tuple[Variable, Constraint]]
    _held: list[tuple[Variable, Constraint]] | None  #: those that apply while ``fit`` runs

    @property
    def dtype(self) -> str:
        """The dtype of variables and arithmetic."""
        raise NotImplementedError

    @property
    def trainable_weights(self) -> list[Variable]:
        """The variables that an optimizer updates."""
        raise NotImplementedError

    @property
    def losses(self) -> list[float]:
        """Penalties of the trainable variables with a regularizer; that of an output belongs to its call."""
        if not self._regularized:
            return []
        trainable = {id(v) for v in self.trainable_weights}
        return [regularizer(v.value) for v, regularizer in self._regularized if id(v) in trainable]

    def penalty(self) -> float:
        """The sum of :attr:`losses`."""
        return sum(self.losses, 0.0)

    def add_penalty_gradients(self, ops: Ops, gradients: Sequence[Array]) -> list[Array]:
        """Return ``gradients``, in the order of ``variables``, plus the gradients of :meth:`penalty`."""
        added, places = list(gradients), {id(v): place for place, v in enumerate(self.variables)}
        for variable, slope in self.penalty_gradients(ops):
            place = places[id(variable)]
            added[place] = ops.add(added[place], slope)
        return added

    def penalty_gradients(self, ops: Ops) -> list[tuple[Variable, Array]]:
        """Return each variable that has a regularizer, with the gradient of its penalty on the device."""
        return [(v, ops.asarray(regularizer.gradient(v.value), self.dtype)) for v, regularizer in self._regularized]

    def constrain(self) -> None:
        """Apply the constraints of trainable variables, after an update."""
        if self._constrained:
            for variable, constraint in self._applying() if self._held is None else self._held:
                variable.assign(constraint(variable.value))

    def hold_constraints(self, hold: bool) -> None:
        """Apply the constraints of the weights that are trainable now, even if ``trainable`` changes; False ends this."""
        self._held = self._applying() if hold and self._constrained else None

    def _applying(self) -> list[tuple[Variable, Constraint]]:
        trainable = {id(v) for v in self.trainable_weights}
        return [(variable, constraint) for variable, constraint in self._constrained if id(variable) in trainable]
