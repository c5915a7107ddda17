"""Layers in graphs: their calls on symbolic tensors, and the tensors of the first call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from ..arguments import Shape
from ..building import BuildableLayer
from .symbolic import MaskKey, Node
from .symbolic_calls import connect


class LayerLike:
    """Base class of all that serves as a layer: layers, and models."""

    name: str

    #: Further arguments of a call and their defaults, which :meth:`forward` takes by name.
    call_defaults: ClassVar[Mapping[str, Any]] = {}

    #: Names of the arguments of a call that are masks, beside those of the inputs.
    mask_arguments: ClassVar[tuple[str, ...]] = ()

    #: Whether a mask may come in.
    supports_masking: ClassVar[bool] = True

    #: Ranks of inputs, of those that the layer takes, whose steps a mask may leave out.
    mask_ranks: ClassVar[tuple[int, ...]] = (3,)

    @property
    def takes_mask(self) -> bool:
        """Whether a call on symbolic tensors may give masks."""
        return self.supports_masking

    def call_constants(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Return the arguments of a call that are no masks and differ from their defaults; TypeError for unknown ones."""
        constants = {}
        for name, value in arguments.items():
            if name not in self.call_defaults:
                raise TypeError(f"{self.name} takes no argument {name!r} in a call. Leave it out.")
            kind = type(self.call_defaults[name])
            if value is not None and kind(value) != self.call_defaults[name]:
                constants[name] = kind(value)
        return constants

    def mask_shape(self, key: MaskKey, shapes: Sequence[Shape]) -> Shape | None:
        """Return the shape of a mask of a call for inputs of ``shapes``; None where there can be none."""
        return shapes[key][:2] if isinstance(key, int) and len(shapes[key]) > 2 else None


class GraphLayer(LayerLike, BuildableLayer):
    """Base class of what can be called on symbolic tensors."""

    #: Whether there are several inputs: tuples of arrays, masks and shapes come in place of single ones.
    takes_several: ClassVar[bool] = False

    def __init__(self, dtype: str | None, trainable: bool) -> None:
        super().__init__(dtype, trainable)
        self._nodes: list[Node] = []  #: its calls on symbolic tensors

    @property
    def num_outputs(self) -> int:
        """The number of outputs, without states."""
        return 1

    def call_output_shapes(self, input_shape: Any, arguments: Mapping[str, Any]) -> Any:
        """Return the shape of the output, or a tuple of those of several, of a call with ``arguments``."""
        return self.compute_output_shape(input_shape)

    def connect(self, x: Any, states: Sequence[Any] = (), training: Any = None, mask: Any = None, **arguments: Any) -> Any:
        """Call the layer on symbolic tensors: return the output, or a list of several; the first call builds the layer."""
        outputs = connect(self, x, states, training, mask, arguments)
        self._nodes.append(outputs[0].node)
        return outputs[0] if len(outputs) == 1 else list(outputs)

    @property
    def input(self) -> Any:
        """The symbolic input of the first call, a list of several; AttributeError before one."""
        tensors = self._first_node().inputs
        return tensors[0] if len(tensors) == 1 else list(tensors)

    @property
    def output(self) -> Any:
        """The symbolic output of the first call, a list of several; AttributeError before one."""
        tensors = self._first_node().outputs
        return tensors[0] if len(tensors) == 1 else list(tensors)

    def _first_node(self) -> Node:
        if not self._nodes:
            raise AttributeError(f"{self.name} is in no graph yet. Call it on a symbolic tensor, or add it to a model.")
        return self._nodes[0]
