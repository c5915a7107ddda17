"""Models as layers: the methods by which a graph, a Sequential or TimeDistributed holds a model inside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..constraints import Constraint
from ..kernels.contract import Array, Ops, Tape
from ..kernels.specs import Key
from ..layers.base import Backward, Forward
from ..layers.base.arguments import Shape
from ..layers.base.graph.call_masks import call_masks
from ..layers.base.graph.graph_layer import LayerLike
from ..layers.base.graph.symbolic import Node
from ..layers.base.graph.symbolic_calls import as_training, check_inputs
from ..layers.base.weights_owner import WeightsOwner
from ..philox import branch
from ..regularizers import Regularizer
from ..variables import Variable
from .passes import Passes


class NestedModel(LayerLike, Passes):
    """Base class of models that can be used as layers."""

    auto_named = False
    activity_regularizer = None
    regularizes_output = True
    seed = None
    return_state = False

    @property
    def takes_several(self) -> bool:
        """Whether there are several inputs."""
        return not self.has_one_input

    @property
    def num_outputs(self) -> int:
        """The number of outputs."""
        return 1 if self.has_one_output else len(self.outputs)

    @property
    def ranks(self) -> tuple[int, ...]:
        """The ranks of the only input that the model takes."""
        if self.built:
            return (len(self.input_shape),)
        return self._layers[0].ranks if self._layers else (2, 3)

    @property
    def converts_inputs(self) -> bool:
        """Whether all layers convert inputs on the host."""
        return bool(self._layers) and all(layer.converts_inputs for layer in self._layers)

    @property
    def makes_indices(self) -> bool:
        """Whether outputs are whole numbers of a layer that converts inputs."""
        return self.converts_inputs and self._layers[-1].makes_indices

    @property
    def requested_dtype(self) -> str:
        """The dtype of the model."""
        return self.dtype

    @property
    def batch_input_shape(self) -> Shape | None:
        """The shape of the only input, batch axis first; None while it is not known."""
        return self.input_shape if self.built and self.has_one_input else None

    @property
    def built_shape(self) -> Any:
        """The shape of the input for which the model is built; None before."""
        return self.input_shape if self.built else None

    def check_one_array(self) -> None:
        """Raise ValueError if the model has several inputs or outputs, which a Sequential cannot pass on."""
        if not (self.has_one_input and self.has_one_output):
            raise ValueError(f"{self.name} has several inputs or outputs, but a Sequential passes on one array. Make a Model.")

    def check_input(self, shape: Any) -> None:
        """Raise ValueError unless the model takes an input of ``shape``, or inputs of a tuple of shapes."""
        if self.traced:
            self.build_for(shape)
        if self.built:
            self.check_shape(shape)
        else:
            self.compute_shapes(shape)

    def build_for(self, input_shape: Any, dtype: str | None = None) -> None:
        """Build the model for ``input_shape`` unless it is built."""
        if not self.built:
            self.build(input_shape if self.traced else (None, *input_shape[1:]))

    def connect(self, x: Any, training: Any = None, mask: Any = None) -> Any:
        """Call the model on symbolic tensors: return its outputs in their form, one tensor, a list or a dict."""
        self.build_for_data(x)
        training = as_training(self.name, training)
        inputs = check_inputs(self.name, self.ordered_inputs(x))
        shapes: Any = [tensor.shape for tensor in inputs]
        if len(shapes) == 1:
            self.build_for(shapes[0])
        self.check_input(tuple(shapes) if self.takes_several else shapes[0])
        if isinstance(mask, (list, tuple)) or (isinstance(mask, Mapping) and not all(isinstance(key, int) for key in mask)):
            mask = dict(enumerate(self.ordered_inputs(mask)))
        masks = call_masks(self, inputs, mask, {})
        outputs = self.compute_output_shape(tuple(shapes) if self.takes_several else shapes[0])
        node = Node(self, inputs, (), training, (outputs,) if self.has_one_output else tuple(outputs), self.dtype, masks)
        self._nodes.append(node)
        return self.in_output_form(node.outputs)

    # -- weights ------------------------------------------------------------------------------------------------------

    @property
    def sublayers(self) -> list[Any]:
        """The layers."""
        return self._layers[:]

    @property
    def _regularized(self) -> list[tuple[Variable, Regularizer]]:
        return [pair for layer in self._layers for pair in layer._regularized]

    @property
    def _constrained(self) -> list[tuple[Variable, Constraint]]:
        return [pair for layer in self._layers for pair in layer._constrained]

    @property
    def losses(self) -> list[float]:
        """Penalties of the trained weights of all layers."""
        return [loss for layer in self._layers for loss in layer.losses]

    def flags(self) -> list[bool]:
        """Return all flags that decide about ``trainable_weights``."""
        return self._flags()

    def owners(self) -> Iterator[WeightsOwner]:
        """Yield the owners of weights in all layers, at every depth."""
        for layer in self._layers:
            yield from layer.owners()

    # -- passes inside of a layer such as TimeDistributed ---------------------------------------------------------------

    def propagate(
        self,
        ops: Ops,
        x: Array,
        states: tuple[Array, ...] | None = None,
        mask: Array | None = None,
        training: bool = False,
        rng: Key | None = None,
    ) -> Forward:
        """Compute the output as a layer does; the tape is that of all layers."""
        key = None if rng is None else branch(rng, 0)  # else layers inside would draw as those beside this one
        result = self.forward(x, training, key, mask, ops=ops)
        return Forward(result.y, (), result.mask, result.tapes, result.penalty, tuple(result.losses))

    def backpropagate(
        self, ops: Ops, tape: Tape, dy: Array, dstates: tuple[Array, ...] | None = None, *, need_dx: bool = True
    ) -> Backward:
        """Compute the gradients of all variables as a layer does."""
        trained = self.select(self.variables)
        gradients = self.backward(tape, dy, need_dx=need_dx, trained=trained, penalties=False, ops=ops)
        return Backward(gradients.dx, (), tuple(gradients.weights))
