"""Building of layers: checks of input shapes, and the variables that are made for the first one."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import ClassVar

from ...inputs import AXES, axis_advice, check_shape
from ...system.forks import free_after_fork
from .arguments import Shape
from .weights_owner import WeightsOwner

_building = free_after_fork(threading.RLock())  # a model that is first called by many threads is built by one


class BuildableLayer(WeightsOwner):
    """Base class that checks the shapes of inputs and builds the layer once for the first one."""

    #: Ranks (batch axis included) that the layer takes, and whether a sequence comes in.
    ranks: ClassVar[tuple[int, ...]] = (2, 3)

    #: Whether inputs are whole numbers, (N, T) or (N,), in place of features.
    takes_indices: ClassVar[bool] = False

    #: Whether the layer takes features, and also what goes into a layer that takes indices.
    takes_any_number: ClassVar[bool] = False

    #: Whether the layer converts inputs on the host, as the first of a model or after another one that does.
    converts_inputs: ClassVar[bool] = False

    @property
    def makes_indices(self) -> bool:
        """Whether outputs are whole numbers, for a layer that takes indices."""
        return False

    def build(self, input_shape: Shape) -> None:
        """Make the variables for ``input_shape`` (batch axis first) with :meth:`add_weight`."""

    def build_for(self, input_shape: Shape, dtype: str | None = None) -> None:
        """Build the layer for ``input_shape`` unless it is built; ``dtype`` is the model's, and the layer's comes first.

        Raises
        ------
        ValueError
            For a rank or a feature count that the layer does not take.
        """
        with _building:
            if self.built:
                return
            self.check_rank(input_shape)
            if input_shape[-1] is None and not self.takes_indices:
                raise ValueError(f"{self.name}: the last axis of {input_shape} must be known. Give it in Input(shape=...).")
            requested = self._dtype
            self._dtype = requested or dtype or self.dtype
            try:
                self.build(input_shape)
            except BaseException:  # half a layer would keep its weights when it is built again
                self._dtype = requested
                self._clear()
                raise
            self.built_shape = input_shape

    def check_rank(self, shape: Sequence[int | None]) -> None:
        """Raise ValueError unless an input of ``shape`` has a rank that the layer takes."""
        if len(shape) not in self.ranks:
            hint = axis_advice(tuple(shape), self.built_shape or (None,) * max(self.ranks))
            if len(self.ranks) == 1 and self.ranks[0] > 2:
                raise ValueError(f"{self.name} expects ({', '.join(AXES[self.ranks[0]])}), got shape {tuple(shape)}.{hint}")
            ranks = " or ".join(map(str, self.ranks))
            raise ValueError(f"{self.name} expects an input of rank {ranks}, got shape {tuple(shape)}.{hint}")

    def check_input(self, shape: Shape) -> None:
        """Raise ValueError unless an input of ``shape`` fits the layer: its rank, and with weights the feature count."""
        self.check_rank(shape)
        if self.built_shape is not None and self.variables:
            check_shape(self.name, shape, (*(None,) * (len(shape) - 1), self.built_shape[-1]))
