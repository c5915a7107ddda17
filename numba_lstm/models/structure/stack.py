"""Stack: layers one after the other, and the checks of which layer may follow which."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...inputs import check_shape
from ...layers import InputLayer, Layer
from ...layers.base.arguments import Shape, as_shape
from ...layers.base.graph.graph_layer import LayerLike
from ...layers.base.graph.placement import place
from ...layers.base.graph.symbolic import Node, SymbolicTensor
from ...naming import names
from ..graph.execution import ExecutionGraph, chain
from .layered import LayeredModel


class Stack(LayeredModel):
    """Base class of models that holds layers one after the other, and the shapes between them."""

    def clear(self) -> None:
        """Begin without layers."""
        self._input: InputLayer | None = None
        #: The input's shape and that of each layer's output, batch axis first; empty before it is known.
        self.shapes: list[Shape] = []
        self._accepted_shapes: set[Any] = set()  #: shapes of samples that went through all layers
        self._last_output_shape: tuple[Sequence[int | None] | None, Shape] = None, ()  #: the last input shape, and the output's
        self._chain: ExecutionGraph | None = None
        self._tensors: list[SymbolicTensor] = []  #: symbolic tensors of these shapes

    # -- structure ----------------------------------------------------------------------------------------------------

    @property
    def layers(self) -> list[Layer]:
        """The layers, without the input layer."""
        return self._layers[:]

    has_one_input = has_one_output = True  #: a Sequential passes on one array

    @property
    def execution(self) -> ExecutionGraph:
        """The calls of layers, one after the other."""
        graph = self._chain
        if graph is None:
            self._chain = graph = chain(self._layers)
        return graph

    @property
    def inputs(self) -> list[SymbolicTensor]:
        return self._known_tensors()[:1]

    @property
    def outputs(self) -> list[SymbolicTensor]:
        return self._known_tensors()[-1:]

    def _known_tensors(self) -> list[SymbolicTensor]:
        if not self.built:
            raise AttributeError(
                f"{self.name} has no inputs and outputs yet. Add an Input first, call build(input_shape), or call it on data."
            )
        return self._tensors

    @property
    def input_names(self) -> list[str]:
        return ["input" if self._input is None else self._input.name]

    @property
    def output_names(self) -> list[str]:
        return [self._layers[-1].name] if self._layers else []

    def ordered_inputs(self, x: Any) -> Sequence[Any]:
        return [x]

    def in_output_form(self, outputs: Sequence[Any]) -> Any:
        return outputs[0]

    @property
    def readers(self) -> list[Layer]:
        return self._layers[:1]

    def add(self, layer: Layer | SymbolicTensor) -> None:
        """Add ``layer`` after the others; it is built if the shape of its input is known.

        Raises
        ------
        ValueError
            For anything but a layer, a name or dtype that does not fit the model, an ``Input`` that is not the first, and an
            input of the wrong shape; the model is not changed then.
        """
        if isinstance(layer, SymbolicTensor) and isinstance(layer.node.layer, InputLayer):
            layer = layer.node.layer
        if not isinstance(layer, LayerLike):
            what = f"the class itself: write {layer.__name__}(...)" if isinstance(layer, type) else repr(layer)
            raise ValueError(f"{self.name} takes layers, got {what}. See numba_lstm.layers.")
        if isinstance(layer, InputLayer):
            if self._input is not None or self._layers:
                raise ValueError(f"{self.name} has its input already and cannot take {layer.name}. Add Input first, and once.")
            self._input, self.shapes, self._tensors = layer, [layer.batch_shape], [layer.output]
            return
        self._check_name(layer)
        given = layer.batch_input_shape
        first = self._input or (InputLayer(batch_shape=given) if given is not None and not self._layers else None)
        shapes = self.shapes or ([first.batch_shape] if first else [])
        if shapes:
            shapes = [*shapes, self._place(layer, shapes[-1], self._layers)]
            layer.build_for(shapes[-2], self.dtype)
        self._input, self.shapes = first, shapes
        self._layers.append(layer)
        self._forget()
        self._connect_layers()

    def _connect_layers(self) -> None:
        """Make the symbolic tensors of the layers that were added since, where their shapes are known."""
        if self._input is not None and not self._tensors:
            self._tensors = [self._input.output]
        for layer, shape in list(zip(self._layers, self.shapes[1:], strict=False))[len(self._tensors) - 1 :]:
            node = Node(layer, (self._tensors[-1],), (), None, (shape,), layer.dtype)
            layer._nodes.append(node)
            self._tensors.append(node.outputs[0])

    def _check_name(self, layer: Layer) -> None:
        taken = {other.name for other in self._layers}
        while layer.name in taken:
            if not layer.auto_named or layer.built:
                raise ValueError(f"{self.name} has a layer {layer.name!r} already. Give one of them another name=.")
            layer.name = names.unique(type(layer).__name__)

    def _place(self, layer: Layer, shape: Shape, before: Sequence[Layer]) -> Shape:
        """Return the output shape of ``layer`` after the layers ``before`` it, whose output has ``shape``."""
        if layer.requested_dtype not in (None, self.dtype):
            raise ValueError(
                f"{layer.name} has dtype {layer.requested_dtype}, {self.name} has {self.dtype}. Give both the same."
            )
        layer.check_one_array()
        output: Shape = place(layer, shape, before)
        return output

    def pop(self) -> Layer:
        """Remove the last layer and return it."""
        if not self._layers:
            raise ValueError(f"{self.name} has no layers to take off.")
        del self.shapes[len(self._layers) :], self._tensors[len(self._layers) :]
        self._forget()
        return self._layers.pop()

    def _forget(self) -> None:
        """Drop everything that was cached about the layers."""
        self._accepted_shapes.clear()
        self._parameters, self._last_output_shape, self._chain = None, (None, ()), None

    def build(self, input_shape: Sequence[int | None] | None = None) -> None:
        """Make all weights for inputs of ``input_shape``, batch axis first; once.

        Raises
        ------
        ValueError
            For a shape that the layers do not take, or another than the model was built for; nothing is changed then.
        """
        if self.built:
            if input_shape is not None and as_shape(input_shape) != self.shapes[0]:
                raise ValueError(f"{self.name} is built for {self.shapes[0]}, got {tuple(input_shape)}. Make a new model.")
            return
        if input_shape is None:
            raise ValueError(f"{self.name} does not know its input's shape. Give it: build((None, time, features)).")
        shapes = self.compute_shapes(input_shape)
        for layer, shape in zip(self._layers, shapes, strict=False):
            layer.build_for(shape, self.dtype)
        self._input, self.shapes, self._tensors = InputLayer(batch_shape=input_shape), shapes, []
        self._connect_layers()

    def compute_shapes(self, input_shape: Sequence[int | None]) -> list[Shape]:
        """Return the shapes of an input and of each layer's output for it, batch axis first; nothing changes.

        Raises
        ------
        ValueError
            Where a layer does not take what comes before it.
        """
        if not self._layers:
            raise ValueError(f"{self.name} has no layers. Add some: model.add(LSTM(32)).")
        shapes = [as_shape(input_shape)]
        for i, layer in enumerate(self._layers):
            shapes.append(self._place(layer, shapes[-1], self._layers[:i]))
        return shapes

    def check_shape(self, shape: Shape) -> None:
        """Raise ValueError unless the built model takes inputs of ``shape``, and each layer the output of the one before.

        Any number of samples fits, and any number of steps that its layers do not tie down.
        """
        if shape and shape[1:] in self._accepted_shapes:
            return
        built = self.input_shape
        if not self.takes_indices:
            check_shape(self._layers[0].name, shape, (*(None,) * (len(built) - 1), built[-1]), built)
        elif len(shape) == 1 and len(built) == 2:
            raise ValueError(
                f"{self._layers[0].name} expects indices (batch, time), got shape {shape}. "
                "Add a batch axis if this is one sample: x[None]. Add a time axis if these are samples of one step: x[:, None]."
            )
        self.compute_shapes(shape)
        self._accepted_shapes.add(shape[1:])

    def compute_output_shape(self, input_shape: Sequence[int | None]) -> Shape:
        """Return the output's shape for inputs of ``input_shape``; the model need not be built."""
        last_input, shape = self._last_output_shape
        if last_input is None or last_input != input_shape:
            shape = self.compute_shapes(input_shape)[-1]
            self._last_output_shape = tuple(input_shape), shape
        return shape

    @property
    def built(self) -> bool:
        """Whether the weights exist."""
        return len(self.shapes) > 1

    @property
    def input_shape(self) -> Shape:
        """The shape of inputs, batch axis first."""
        return self._known_shape(0)

    @property
    def output_shape(self) -> Shape:
        """The shape of outputs, batch axis first."""
        return self._known_shape(-1)

    def shaped_layers(self) -> list[tuple[Layer, Shape]]:
        return list(zip(self._layers, self.shapes, strict=False))  # the last shape is the output's

    def value_shapes(self) -> list[Shape]:
        return self.shapes

    def layer_shape(self, index: int) -> str:
        return str(self.shapes[index + 1]) if self.built else "?"

    def connections(self, layer: Layer) -> list[str]:
        names = [self.input_names[0], *(other.name for other in self._layers)]
        return [f"{names[self._layers.index(layer)]}[0][0]"]

    def _known_shape(self, index: int) -> Shape:
        if not self.built:
            raise ValueError(f"{self.name} has no shapes yet. Add an Input first, call build(input_shape), or call it on data.")
        return self.shapes[index]
