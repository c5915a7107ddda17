"""Functional models: the graph between symbolic inputs and outputs, and its shapes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...inputs import check_shape
from ...layers import InputLayer, Layer
from ...layers.base.arguments import Shape
from ...layers.base.graph.call_masks import check_mask_shapes
from ...layers.base.graph.placement import output_shapes
from ...layers.base.graph.symbolic import Node, SymbolicTensor, flatten
from ...layers.base.graph.symbolic_calls import layers_before
from ..graph.execution import ExecutionGraph, between
from ..graph.reading import takers
from ..graph.topology import topology
from .input_forms import in_order, in_order_of_keys
from .layered import LayeredModel


class FunctionalGraph(LayeredModel):
    """Base class of models that holds the graph between symbolic inputs and outputs."""

    def set_graph(self, inputs: Any, outputs: Any) -> None:
        """Take the graph between ``inputs`` and ``outputs``, each a symbolic tensor, or a list or a dict of them.

        Raises
        ------
        TypeError
            For anything but symbolic tensors.
        ValueError
            For an output that depends on other inputs, and for layers of several dtypes.
        """
        self.input_form, self.output_form = inputs, outputs
        self._inputs = _tensors(self.name, "inputs", inputs)
        self._outputs = _tensors(self.name, "outputs", outputs)
        order = topology(self.name, self._inputs, in_order_of_keys(outputs))
        self.nodes, self.depths = order.nodes, order.depths
        self.input_layers = [_input_layer(tensor) for tensor in self._inputs]
        self._all_layers = [layer for layer in self.input_layers if layer not in order.layers] + order.layers
        self._layers = [layer for layer in order.layers if not isinstance(layer, InputLayer)]
        self.dtype = _common_dtype(self.name, self.nodes)
        self._execution = between(self.nodes, self._inputs, self._outputs)
        self._readers = [
            next((call.layer for call in takers(self._execution, value)), layer)
            for value, layer in zip(self._execution.inputs, self.input_layers, strict=True)
        ]
        self._accepted_shapes: set[Any] = set()
        self._check_indices()

    def _check_indices(self) -> None:
        """Raise ValueError for an input that one layer takes as indices and another one as features."""
        for value, tensor in zip(self._execution.inputs, self._inputs, strict=True):
            layers = [call.layer for call in takers(self._execution, value) if not call.layer.takes_any_number]
            if len({layer.takes_indices for layer in layers}) > 1:
                one, other = layers[:: len(layers) - 1]
                raise ValueError(
                    f"the input {tensor.name!r} goes into {one.name}, which takes whole numbers, and into {other.name}, which "
                    "takes features. Make two inputs."
                )

    # -- names and shapes ---------------------------------------------------------------------------------------------

    @property
    def layers(self) -> list[Layer]:
        """The layers by their distance from the outputs, the input layers among them, as in Keras."""
        self._require_graph()
        return self._all_layers[:]

    @property
    def execution(self) -> ExecutionGraph:
        self._require_graph()
        return self._execution

    def _require_graph(self) -> None:
        if not self.built:
            raise ValueError(f"{self.name} is not built yet. Call it on data, or build(input_shape), batch axis first.")

    @property
    def readers(self) -> list[Layer]:
        return self._readers if self.built else []

    @property
    def built(self) -> bool:
        return "_execution" in vars(self)

    @property
    def has_one_input(self) -> bool:
        return not self.built or len(self._inputs) == 1

    @property
    def has_one_output(self) -> bool:
        if not self.built:
            return True
        return isinstance(self.output_form, SymbolicTensor) or (len(self._outputs) == 1 and not self.returns_dict)

    @property
    def returns_dict(self) -> bool:
        """Whether the outputs are the values of a dict."""
        return isinstance(self.output_form, Mapping)

    @property
    def input_names(self) -> list[str]:
        """The names of the inputs, in their order: the keys of a dict, or those of the input layers."""
        return _names(self.input_form, [layer.name for layer in self.input_layers])

    @property
    def output_names(self) -> list[str]:
        """The names of the outputs, in their order: the keys of a dict, or those of the last layers."""
        if not self.built:
            return []
        return _names(self.output_form, [tensor.node.layer.name for tensor in self._outputs])

    @property
    def inputs(self) -> list[SymbolicTensor]:
        """The inputs."""
        return self._inputs[:]

    @property
    def outputs(self) -> list[SymbolicTensor]:
        """The outputs."""
        return self._outputs[:]

    @property
    def input_shape(self) -> Any:
        """The shape of the input, batch axis first, or a list of those of several."""
        return _one_or_list([tensor.shape for tensor in self._inputs])

    @property
    def output_shape(self) -> Any:
        """The shape of the output, batch axis first, or a list of those of several."""
        return _one_or_list([tensor.shape for tensor in self._outputs])

    def ordered_inputs(self, x: Any) -> Sequence[Any]:
        """Return the entries of ``x``, one input, a list or a dict of several, in the order of the inputs.

        Raises
        ------
        ValueError
            For another number of entries, and for other keys of a dict.
        """
        return in_order(self.name, x, self.input_names, [layer.name for layer in self.input_layers])

    def in_output_form(self, outputs: Sequence[Any]) -> Any:
        if isinstance(self.output_form, Mapping):
            return dict(zip(self.output_form, outputs, strict=True))
        return outputs[0] if self.has_one_output else list(outputs)

    def compute_shapes(self, input_shape: Any) -> list[Shape]:
        """Return the shapes of all outputs, for the shape of the input or a tuple of those of several.

        Raises
        ------
        ValueError
            Where a layer does not take what comes before it.
        """
        given = (input_shape,) if self.has_one_input else tuple(input_shape)
        shapes = {id(tensor): tuple(shape) for tensor, shape in zip(self._inputs, given, strict=True)}
        for node in self.nodes:
            before = [] if node.layer.takes_several else layers_before(node.inputs[0])
            taken = [shapes[id(tensor)] for tensor in node.inputs]
            masks = {key: None if mask is None else shapes[id(mask)] for key, mask in node.masks.items()}
            check_mask_shapes(node.layer, taken, masks)
            outputs = output_shapes(node.layer, taken, before, node.arguments)
            shapes |= {id(tensor): one for tensor, one in zip(node.outputs, outputs, strict=True)}
        return [shapes[id(tensor)] for tensor in self._outputs]

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape of the output for inputs of ``input_shape``, or a tuple of those of several outputs."""
        shapes = self.compute_shapes(input_shape)
        return shapes[0] if self.has_one_output else tuple(shapes)

    def check_shape(self, shape: Any) -> None:
        """Raise ValueError unless the model takes inputs of ``shape``, a tuple of shapes for several inputs."""
        given = (shape,) if self.has_one_input else tuple(shape)
        samples = tuple(one[1:] for one in given)
        if samples in self._accepted_shapes:
            return
        for name, tensor, reader, came in zip(self.input_names, self._inputs, self._readers, given, strict=True):
            if not reader.converts_inputs:  # else its shape was another one before
                check_shape(f"the input {name!r}", came, (None, *tensor.shape[1:]))
        self.compute_shapes(shape)
        self._accepted_shapes.add(samples)

    def shaped_layers(self) -> list[tuple[Layer, Shape]]:
        return [(node.layer, node.inputs[0].shape) for node in self.nodes]

    def value_shapes(self) -> list[Shape]:
        return [tensor.shape for tensor in (*self._inputs, *(output for node in self.nodes for output in node.outputs))]

    def layer_shape(self, index: int) -> str:
        layer = self._all_layers[index]
        tensors = next((node.outputs for node in self.nodes if node.layer is layer), None) or layer._nodes[0].outputs
        return ", ".join(str(tensor.shape) for tensor in tensors)

    def connections(self, layer: Layer) -> list[str]:
        calls: dict[int, int] = {}
        numbers: dict[int, int] = {}
        for node in self.nodes:
            numbers[id(node)] = calls.setdefault(id(node.layer), 0)
            calls[id(node.layer)] += 1
        return [
            f"{tensor.node.layer.name}[{numbers.get(id(tensor.node), 0)}][{tensor.index}]"
            for node in self.nodes
            if node.layer is layer
            for tensor in node.sources
        ]

    def _known_shape(self, index: int) -> Shape:
        self._require_graph()
        return self._inputs[0].shape if index == 0 else self._outputs[index].shape


def _tensors(name: str, what: str, form: Any) -> list[SymbolicTensor]:
    """Return the symbolic tensors of ``inputs`` or ``outputs``."""
    tensors = flatten(form)
    for tensor in tensors:
        if not isinstance(tensor, SymbolicTensor):
            raise TypeError(
                f"{name} expects {what} to be symbolic tensors, got {type(tensor).__name__}. Begin with "
                "numba_lstm.Input(shape) and call layers on it."
            )
    if not tensors:
        raise ValueError(f"{name} expects {what}, got none. Give a symbolic tensor, or a list or dict of them.")
    if what == "inputs" and len({id(tensor) for tensor in tensors}) < len(tensors):
        raise ValueError(f"{name} has the same input twice. Give each once.")
    return tensors


def _input_layer(tensor: SymbolicTensor) -> InputLayer:
    """Return the layer of an input; one of its own for the output of another layer, at which the model begins."""
    layer = tensor.node.layer
    return layer if isinstance(layer, InputLayer) else InputLayer(batch_shape=tensor.shape)


def _common_dtype(name: str, nodes: Sequence[Node]) -> str:
    dtypes = {node.layer.dtype: node.layer.name for node in nodes}
    if len(dtypes) > 1:
        (one, first), (other, second), *_ = dtypes.items()
        raise ValueError(f"{name} has layers of {one} ({first}) and of {other} ({second}). Give all layers one dtype.")
    return next(iter(dtypes), "float32")


def _names(form: Any, names: list[str]) -> list[str]:
    return [str(key) for key in form] if isinstance(form, Mapping) else names


def _one_or_list(shapes: list[Shape]) -> Any:
    return shapes[0] if len(shapes) == 1 else shapes
