"""Stack: layers one after the other, and the checks of which layer may follow which."""

from __future__ import annotations

from collections.abc import Sequence

from ...inputs import check_shape
from ...layers import InputLayer, Layer
from ...layers.base.arguments import Shape, as_shape, check_dtype, check_name
from ...naming import names
from ...objects.serialization import nearest
from .weights import ModelWeights


class Stack(ModelWeights):
    """Base class of models that holds their layers and the shapes between them."""

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
        self._layers: list[Layer] = []
        self._input: InputLayer | None = None
        #: The input's shape and that of each layer's output, batch axis first; empty before it is known.
        self.shapes: list[Shape] = []
        self._accepted_shapes: set[Shape] = set()  #: shapes of samples that went through all layers
        self._parameters: int | None = None  #: elements of all variables, counted once
        self._last_output_shape: tuple[Sequence[int | None] | None, Shape] = None, ()  #: the last input shape, and the output's

    # -- structure ----------------------------------------------------------------------------------------------------

    @property
    def layers(self) -> list[Layer]:
        """The layers, without the input layer."""
        return self._layers[:]

    def add(self, layer: Layer) -> None:
        """Add ``layer`` after the others; it is built if the shape of its input is known.

        Raises
        ------
        ValueError
            For anything but a layer, a name or dtype that does not fit the model, an ``Input`` that is not the first, and an
            input of the wrong shape; the model is not changed then.
        """
        if not isinstance(layer, Layer):
            what = f"the class itself: write {layer.__name__}(...)" if isinstance(layer, type) else repr(layer)
            raise ValueError(f"{self.name} takes layers, got {what}. See numba_lstm.layers.")
        if isinstance(layer, InputLayer):
            if self._input is not None or self._layers:
                raise ValueError(f"{self.name} has its input already and cannot take {layer.name}. Add Input first, and once.")
            self._input, self.shapes = layer, [layer.batch_shape]
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
        if before and layer.takes_indices:
            raise ValueError(f"{layer.name} takes whole numbers, not what {before[-1].name} before it answers. Add it first.")
        if before and shape[-1] is None:
            raise ValueError(
                f"{layer.name}: the last axis of {shape} must be known, but {before[-1].name} before it makes features of "
                "steps. Let all samples have one known number of steps."
            )
        if before and len(shape) not in layer.ranks:
            raise ValueError(_misplaced(layer, shape, before))
        layer.check_input(shape)
        return layer.compute_output_shape(shape)

    def pop(self) -> Layer:
        """Remove the last layer and return it."""
        if not self._layers:
            raise ValueError(f"{self.name} has no layers to take off.")
        del self.shapes[len(self._layers) :]
        self._forget()
        return self._layers.pop()

    def _forget(self) -> None:
        """Drop everything that was cached about the layers."""
        self._accepted_shapes.clear()
        self._parameters, self._last_output_shape = None, (None, ())

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
        self._input, self.shapes = InputLayer(batch_shape=input_shape), shapes

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

    @property
    def takes_indices(self) -> bool:
        """Whether inputs are whole numbers (N, T) instead of features."""
        return bool(self._layers) and self._layers[0].takes_indices

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

    def _known_shape(self, index: int) -> Shape:
        if not self.built:
            raise ValueError(f"{self.name} has no shapes yet. Add an Input first, call build(input_shape), or call it on data.")
        return self.shapes[index]

    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """Return the layer with this name, or at this index.

        Raises
        ------
        ValueError
            If there is none, with the nearest name.
        """
        if (name is None) == (index is None):
            raise ValueError(f"get_layer expects either a name or an index, got {name!r} and {index!r}.")
        if index is not None:
            if not -len(self._layers) <= index < len(self._layers):
                raise ValueError(f"{self.name} has {len(self._layers)} layers, so there is none of index {index}.")
            return self._layers[index]
        for layer in self._layers:
            if layer.name == name:
                return layer
        raise ValueError(f"{self.name} has no layer {name!r}{nearest(str(name), [layer.name for layer in self._layers])}")


def _misplaced(layer: Layer, shape: Shape, before: Sequence[Layer]) -> str:
    for other in reversed(before):
        if getattr(other, "return_sequences", True) is False:
            return (
                f"{layer.name} expects (batch, time, features), but {other.name} before it answers its last step only, "
                f"{shape}. Give {other.name} return_sequences=True."
            )
    ranks = " or ".join(map(str, layer.ranks))
    return f"{layer.name} expects an input of rank {ranks}, but {before[-1].name} before it answers {shape}. Change one."
