"""PlannedModel: the device of a model, the settings that its plans depend on, and the reasons why it has no plans."""

from __future__ import annotations

from typing import Self

from .. import device as devices
from ..kernels.contract import Ops
from ..layers import Layer
from ..layers.base.planning import why_not_planned
from ..layers.base.weights_owner import WeightsOwner
from ..objects.subclassing import is_of_package
from ..variables import Variable
from .graph.execution import ExecutionGraph
from .trained_weights import WeightSelection

#: Whether plans are off, the device, the layers, and how often a setting of each owner of weights has been set.
Settings = tuple[bool, str, tuple[Layer, ...], list[int]]


class PlannedModel(WeightSelection):
    """Base class of models: their device, and whether their plans are valid."""

    def __init__(self, name: str | None, dtype: str, trainable: bool) -> None:
        super().__init__(name, dtype, trainable)
        self._device: str | None = None
        self.run_eagerly = False  #: whether calls run the ops of layers one by one, without plans
        self._inside_cache: tuple[ExecutionGraph, tuple[tuple[Layer, ...], list[WeightsOwner], list[Variable]]] | None = None
        self._reason: tuple[Settings | None, str | None] = (None, None)  #: why there are no plans, with these settings

    # -- device -------------------------------------------------------------------------------------------------------

    def to(self, device: str) -> Self:
        """Compute on ``device`` from now on; return the model."""
        devices.resolve(device)
        self._device = device
        return self

    @property
    def device(self) -> str:
        """The device that the model computes on; "auto" decides by the number of parameters, once the model is built."""
        return devices.choose(self._device, self._parameters or (self.count_params() if self.built else 0))[0]

    @property
    def device_choice(self) -> tuple[str, str]:
        """The device, and the reason of "auto" for it."""
        return devices.choose(self._device, self._parameters or (self.count_params() if self.built else 0))

    @property
    def ops(self) -> Ops:
        """The device's ops."""
        return devices.ops_of(self.device)

    # -- plans --------------------------------------------------------------------------------------------------------

    def changes(self) -> Settings:
        """Return the state of all settings of the built model and its layers: as long as it is equal, plans stay valid."""
        layers, owners, _ = self._inside
        return self.run_eagerly, self.device, layers, [owner._changes for owner in owners]

    def weight_versions(self) -> list[int]:
        """Return the versions of all variables of the built model: the numbers of times that they have changed."""
        return [variable.version for variable in self._inside[2]]

    @property
    def _inside(self) -> tuple[tuple[Layer, ...], list[WeightsOwner], list[Variable]]:
        """The layers of all calls, all owners of weights inside them, and all variables; cached."""
        found, graph = self._inside_cache, self.execution
        if found is None or found[0] is not graph:
            layers = tuple(graph.layers)
            owners = [owner for layer in layers for owner in layer.owners()]
            variables = [variable for layer in layers for variable in layer.variables]
            self._inside_cache = found = graph, (layers, owners, variables)
        return found[1]

    def why_not_planned(self, changes: Settings | None = None) -> str | None:
        """Return the reason why the built model has no plans, as a clause; None if it has plans.

        A caller that has just called :meth:`changes` gives its result.
        """
        changes = changes or self.changes()
        if self._reason[0] != changes:
            self._reason = changes, self._find_reason()
        return self._reason[1]

    @property
    def draws_in_inference(self) -> bool:
        """Whether calls outside of training draw random numbers, too."""
        return any(layer.draws_in_inference for layer in self._inside[0])

    @property
    def adds_losses(self) -> bool:
        """Whether any layer adds losses of its own."""
        return any(layer.adds_losses for layer in self._inside[0])

    @property
    def makes_masks(self) -> bool:
        """Whether any layer makes a mask, so that outputs may have one without an input that has."""
        return any(getattr(owner, "makes_mask", False) for owner in self._inside[1])

    def why_not_predicted(self, changes: Settings | None = None) -> str | None:
        """Return the reason why calls outside of training have no plans, as a clause; None if they have."""
        drawing = next((layer.name for layer in self._inside[0] if layer.draws_in_inference), None)
        return self.why_not_planned(changes) or (drawing and f"{drawing} draws random numbers at each call")

    def _find_reason(self) -> str | None:
        if self.run_eagerly:
            return "run_eagerly is set"
        if self.device == "reference":
            return f"{self.device} runs single ops as fast"
        cls = type(self)
        overridden = [name for name in ("forward", "backward", "gather") if not is_of_package(getattr(cls, name).__module__)]
        if overridden:
            return f"{cls.__name__} overrides {overridden[0]}"
        forced = next((call.layer for call in self.execution.calls if call.training), None)
        if forced is not None:
            return f"{forced.name} is called with training=True"
        return next((reason for owner in self._inside[1] if (reason := why_not_planned(owner)) is not None), None)
