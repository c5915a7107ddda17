"""Base of the structure of models: their names, their layers, and what a graph of layers must offer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...layers import Layer
from ...layers.base.arguments import Shape, check_dtype, check_name
from ...layers.base.graph.symbolic import Node, SymbolicTensor
from ...naming import names
from ...objects.serialization import nearest
from ..graph.execution import ExecutionGraph
from .weights import ModelWeights


class LayeredModel(ModelWeights):
    """Base class of models that holds their layers."""

    replacement = "Make a new model: {cls}(..., {name}=...)."
    not_settable = {
        "layers": "Take layers off by pop() and put others on by add(layer), or make a new model.",
        "device": "Call to(device).",
        "metrics": "Call compile(..., metrics=[...]).",
        "weights": "Call set_weights(arrays).",
        "learning_rate": "Set model.optimizer.learning_rate.",
        "lr": "Set model.optimizer.learning_rate.",
    }

    def __init__(self, name: str | None, dtype: str, trainable: bool) -> None:
        self.check_assigned_methods()
        self.name = names.unique(type(self).__name__) if name is None else check_name(name)
        self.dtype = check_dtype(dtype)
        self._trainable = bool(trainable)
        self._layers: list[Layer] = []  #: without input layers
        self._nodes: list[Node] = []  #: its calls as a layer on symbolic tensors
        self._parameters: int | None = None  #: elements of all variables, counted once

    @property
    def layers(self) -> list[Layer]:
        """The layers."""
        raise NotImplementedError

    @property
    def execution(self) -> ExecutionGraph:
        """The calls of layers from the inputs to the outputs."""
        raise NotImplementedError

    @property
    def readers(self) -> list[Layer]:
        """For each input the layer that takes it first, which knows what arrays it may be."""
        raise NotImplementedError

    @property
    def built(self) -> bool:
        """Whether the weights exist."""
        raise NotImplementedError

    @property
    def has_one_input(self) -> bool:
        """Whether there is one input."""
        raise NotImplementedError

    @property
    def has_one_output(self) -> bool:
        """Whether there is one output, which is no value of a dict."""
        raise NotImplementedError

    @property
    def input_names(self) -> list[str]:
        """The names of the inputs, in their order."""
        raise NotImplementedError

    @property
    def output_names(self) -> list[str]:
        """The names of the outputs, in their order."""
        raise NotImplementedError

    def ordered_inputs(self, x: Any) -> Sequence[Any]:
        """Return the entries of ``x``, one input, a list or a dict of several, in the order of the inputs."""
        raise NotImplementedError

    def in_input_form(self, inputs: Sequence[Any]) -> Any:
        """Return ``inputs`` in the form of the model's: one, a list, or a dict."""
        if self.has_one_input:
            return inputs[0]
        is_dict = isinstance(getattr(self, "input_form", None), Mapping)
        return dict(zip(self.input_names, inputs, strict=True)) if is_dict else list(inputs)

    def in_output_form(self, outputs: Sequence[Any]) -> Any:
        """Return ``outputs`` in the form of the model's: one, a list, or a dict."""
        raise NotImplementedError

    @property
    def takes_indices(self) -> bool:
        """Whether inputs are whole numbers (N, T) instead of features."""
        return any(reader.takes_indices for reader in self.readers)

    @property
    def inputs(self) -> list[SymbolicTensor]:
        """The symbolic tensors of the inputs; AttributeError before their shape is known."""
        raise NotImplementedError

    @property
    def outputs(self) -> list[SymbolicTensor]:
        """The symbolic tensors of the outputs; AttributeError before their shape is known."""
        raise NotImplementedError

    @property
    def input(self) -> Any:
        """The only one of :attr:`inputs`, or all of them."""
        return self.inputs[0] if len(self.inputs) == 1 else self.inputs

    @property
    def output(self) -> Any:
        """The only one of :attr:`outputs`, or all of them."""
        return self.outputs[0] if len(self.outputs) == 1 else self.outputs

    @property
    def traced(self) -> bool:
        """Whether the graph is made by a method of a user, for the first data."""
        return False

    def build_for_data(self, x: Any) -> None:
        """Build a model whose inputs are known by data alone: one that computes in a method of a user."""

    def build(self, input_shape: Any = None) -> None:
        """Make all weights for inputs of ``input_shape``, batch axis first; once."""
        raise NotImplementedError

    def compute_shapes(self, input_shape: Sequence[int | None]) -> list[Shape]:
        """Return the shapes of an input and of what follows for it, batch axis first; nothing changes."""
        raise NotImplementedError

    def check_shape(self, shape: Any) -> None:
        """Raise ValueError unless the built model takes inputs of ``shape``, and each layer the output of the one before."""
        raise NotImplementedError

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape of the output for inputs of ``input_shape``."""
        raise NotImplementedError

    def shaped_layers(self) -> list[tuple[Layer, Shape]]:
        """Return the layers in the order of their calls, each with the shape of its first input."""
        raise NotImplementedError

    def value_shapes(self) -> list[Shape]:
        """Return the shapes of the inputs and of the outputs of all layers."""
        raise NotImplementedError

    def layer_shape(self, index: int) -> str:
        """Return the shape of the output of the layer of an index, or those of several, as text; ``?`` before it is known."""
        raise NotImplementedError

    def connections(self, layer: Layer) -> list[str]:
        """Return the outputs that the calls of ``layer`` take, as ``name[call][index]``."""
        raise NotImplementedError

    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """Return the layer with this name, or at this index.

        Raises
        ------
        ValueError
            If there is none, with the nearest name.
        """
        layers = self.layers
        if (name is None) == (index is None):
            raise ValueError(f"get_layer expects either a name or an index, got {name!r} and {index!r}.")
        if index is not None:
            if not -len(layers) <= index < len(layers):
                raise ValueError(f"{self.name} has {len(layers)} layers, so there is none of index {index}.")
            return layers[index]
        for layer in layers:
            if layer.name == name:
                return layer
        raise ValueError(f"{self.name} has no layer {name!r}{nearest(str(name), [layer.name for layer in layers])}")
