"""CallLayer: the base of layers of users that compute in a method ``call``, as layers of Keras do."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Sequence
from typing import Any

from ... import random
from ...device import get_ops
from ...initializers.base import skip_initialization
from ...inputs import INPUT_AXES, as_real
from ...kernels.contract import Array, Ops, Tape
from ...ops.tensor import Tensor, UntraceableError, as_tensor
from ...ops.tracing import input_like, traced
from ...variables import standing_for
from ..base import Backward, Forward, Layer
from ..base.arguments import Shape
from ..base.graph.symbolic import CallsLayersError, is_symbolic
from ..base.layer_type import LayerType
from .call_arguments import bound_inputs, mask_options, parameters, takes_several_arguments
from .inner_graph import holds_layers, inner_graph
from .several_inputs import SeveralInputs, placed, to_samples_of
from .trial_shapes import trial_shapes


class CallLayer(SeveralInputs):
    """Base class of a user's ``class L(Layer)`` with ``build``, ``add_weight`` and ``call(self, x)``, as in Keras.

    ``call`` uses operators and :mod:`numba_lstm.ops`. It is traced once for each shape of its inputs, and what it computes
    becomes kernels with their gradients. Weights take part as tensors do. The inputs are one tensor, a list of them, or several
    arguments; ``training`` and ``mask`` are given where ``call`` has arguments of these names. The output's shape is that of a
    trial run unless ``compute_output_shape`` says it. ``compute_mask(self, inputs, mask)`` returns the mask that goes on; else
    the mask goes on if ``self.supports_masking`` is True, and a warning says where it ends.
    """

    at_least = 1
    ranks = (2, 3, 4, 5)
    supports_masking = False
    takes_several = False
    checked_methods = ()
    settable = Layer.settable | {"supports_masking"}
    unsupported_methods = {
        name: advice for name, advice in Layer.unsupported_methods.items() if name not in ("call", "compute_mask")
    }

    #: The graph of a ``call`` that calls other layers, a model; None for one that computes with functions alone.
    _graph: Any = None
    _is_building = False
    _positional: bool | None = None  #: whether the inputs are arguments of ``call``; None while it was called on one or a list

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "compute_mask" in vars(cls) and "supports_masking" not in vars(cls):
            cls.supports_masking = True

    # -- calls --------------------------------------------------------------------------------------------------------

    def __call__(self, *args: Any, training: bool | None = None, mask: Any = None, **kwargs: Any) -> Any:
        """Compute the output for inputs (N, ...) on the default device, as NumPy arrays; symbolic tensors give one.

        The inputs are given as ``call`` takes them: one, a list, or several arguments.
        """
        if len(args) == 1 and not kwargs:
            x = args[0]
        else:
            x, self._positional = bound_inputs(self.name, self.call, args, kwargs), True
        if is_symbolic(x, mask):
            return self.connect(x, (), training, mask)
        several = isinstance(x, (list, tuple))
        ops, arrays = get_ops(), [as_real(one, f"{self.name}'s input", INPUT_AXES) for one in (x if several else [x])]
        shapes = tuple(array.shape for array in arrays)
        self._take(several)
        self.check_input(shapes if several else shapes[0])
        batches = tuple((None, *shape[1:]) for shape in shapes)
        self.build_for(batches if several else batches[0])
        masks = mask if isinstance(mask, (list, tuple)) else [mask, *[None] * (len(arrays) - 1)]
        on_device = tuple(self._one_mask(ops, one, k, shapes) for k, one in zip(range(len(arrays)), masks, strict=True))
        values = tuple(placed(ops, array, self.dtype) for array in arrays)
        rng = random.next_key() if training else None
        given: Any = (values, on_device) if several else (values[0], on_device[0])
        y: Any = self.propagate(ops, given[0], None, given[1], bool(training), rng).y
        return [to_samples_of(ops, one) for one in y] if isinstance(y, tuple) else to_samples_of(ops, y)

    def _take(self, several: bool) -> None:
        """Note whether the layer takes several inputs; ValueError if its first call was the other way."""
        if self.built and self.takes_several != several:
            form = "a list of inputs" if self.takes_several else "one input"
            raise ValueError(f"{self.name} was called on {form} before. Make a new layer for another form.")
        self.takes_several = several  # type: ignore[misc]

    def connect(self, x: Any, states: Sequence[Any] = (), training: Any = None, mask: Any = None, **arguments: Any) -> Any:
        self._take(isinstance(x, (list, tuple)))
        return super().connect(x, states, training, mask, **arguments)

    @property
    def takes_mask(self) -> bool:
        """Whether a call on symbolic tensors may give masks."""
        return self.supports_masking or any(name.endswith("mask") for name in parameters(self.call))

    @property
    def num_outputs(self) -> int:
        return len(self._nodes[0].outputs) if self._nodes else 1

    # -- the method call ----------------------------------------------------------------------------------------------

    def compute(
        self, inputs: tuple[Tensor, ...], masks: tuple[Tensor | None, ...], weights: Sequence[Tensor], training: bool
    ) -> tuple[Tensor, ...]:
        arguments, names = self.call_arguments(inputs), parameters(self.call)
        options = {"training": training} | mask_options(self.call, masks, self.takes_several, len(arguments) > 1)
        changes = self._changes  # attributes that the method sets make no other program
        with standing_for(self.variables, weights):
            y = traced(self.call, arguments, f"{self.name}'s", **{key: options[key] for key in options if key in names})
        vars(self)["_changes"] = changes
        ys = tuple(as_tensor(one) for one in (y if isinstance(y, (tuple, list)) else (y,)))
        for one in ys:
            if not one.ndim or one.shape[0] != inputs[0].shape[0]:
                raise ValueError(
                    f"{self.name} must return arrays with the batch axis first, but its call makes {one.shape} of inputs "
                    f"{[x.shape for x in inputs]}."
                )
        return ys

    def call_arguments(self, inputs: Sequence[Any]) -> tuple[Any, ...]:
        """Return the arguments of ``call`` for the inputs: one, a list, or several."""
        if not self.takes_several:
            return tuple(inputs)
        positional = self._positional
        if positional is None:  # of a file, or called on a list
            positional = takes_several_arguments(self.call)
        return tuple(inputs) if positional else (list(inputs),)

    def compute_mask_of(self, inputs: tuple[Tensor, ...], masks: tuple[Tensor | None, ...]) -> Tensor | None:
        compute_mask = getattr(self, "compute_mask", None)
        if compute_mask is None:
            return masks[0] if self.supports_masking and not self.takes_several else None
        given = (list(inputs), list(masks)) if self.takes_several else (inputs[0], masks[0])
        with standing_for((), ()):
            mask = traced(compute_mask, given, f"{self.name}'s")
        return None if mask is None else as_tensor(mask)

    # -- the graph of a call that calls layers ------------------------------------------------------------------------

    @property
    def execution(self) -> Any:
        """The calls of layers in ``call``, for the graph of a model that has this layer; None if it calls none."""
        return None if self._graph is None else self._graph.execution

    def propagate(self, ops: Ops, x: Any, *passed: Any, **arguments: Any) -> Forward:
        owner: Any = super() if self._graph is None else self._graph
        result: Forward = owner.propagate(ops, x, *passed, **arguments)
        return result

    def backpropagate(
        self, ops: Ops, tape: Tape, dy: Any, dstates: tuple[Array, ...] | None = None, *, need_dx: bool = True
    ) -> Backward:
        if self._graph is None:
            return super().backpropagate(ops, tape, dy, dstates, need_dx=need_dx)
        trained = self._graph.select(self.variables)
        found = self._graph.backward(tape, dy, need_dx=need_dx, trained=trained, penalties=False)
        return Backward(found.dx, (), tuple(found.weights))

    # -- shapes -------------------------------------------------------------------------------------------------------

    def check_one_array(self) -> None:
        if self.takes_several:
            super().check_one_array()

    def check_rank(self, shape: Any) -> None:
        if self.takes_several:
            super().check_rank(shape)
        else:
            Layer.check_rank(self, shape)

    def check_input(self, shape: Any) -> None:
        if self.takes_several:
            super().check_input(shape)
        else:
            Layer.check_input(self, shape)

    def build_for(self, input_shape: Any, dtype: str | None = None) -> None:
        if self.built:
            return
        if self._is_building:
            raise TypeError(f"{self.name} calls itself in call. Let it call numba_lstm.ops and other layers.")
        self.check_rank(input_shape)
        self._is_building, requested = True, self._dtype
        self._dtype = requested or dtype or self.dtype
        before = {key: list(vars(self)[key]) for key in ("variables", "_regularized", "_constrained", "sublayers")}
        try:
            self._build(input_shape)
            if self._calls_layers(input_shape):
                self._graph = inner_graph(self, input_shape if self.takes_several else (input_shape,), self.call_arguments)
        except BaseException:
            vars(self).update(before, _dtype=requested)
            raise
        finally:
            self._is_building = False
        self.built_shape = tuple(map(tuple, input_shape)) if self.takes_several else input_shape  # type: ignore[arg-type]

    def _calls_layers(self, input_shape: Any) -> bool:
        """Return whether ``call`` calls other layers: attributes, or layers that it makes itself."""
        if holds_layers(self):
            return True
        try:
            self._output_shapes(input_shape)
        except CallsLayersError:
            return True
        except (TypeError, ValueError):  # raised again where the shapes are asked for
            return False
        return False

    def _build(self, input_shape: Any) -> None:
        """Call the user's ``build``: with the only shape, a list of shapes, or each of them as an argument."""
        if not self.takes_several:
            self.build(tuple(input_shape))
            return
        shapes = [tuple(shape) for shape in input_shape]
        if len(inspect.signature(self.build).parameters) > 1:
            self.build(*shapes)
        else:
            self.build(shapes)  # type: ignore[arg-type]

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape of the output, or those of several, by two trial runs on tensors; the layer does not change."""
        trial = self if self.built else self._built_copy(input_shape)
        if trial._graph is not None:
            return trial._graph.compute_output_shape(tuple(input_shape))
        try:
            outputs = trial._output_shapes(input_shape)
        except UntraceableError as error:
            raise type(error)(f"{self.name} does not take inputs of shape {input_shape}: {error}") from None
        return tuple(outputs) if len(outputs) > 1 else outputs[0]

    def _output_shapes(self, input_shape: Any) -> list[Shape]:
        weights = [input_like(variable.shape) for variable in self.variables]
        shapes = input_shape if self.takes_several else (input_shape,)
        return trial_shapes(shapes, lambda xs: self.compute(xs, (None,) * len(xs), weights, False))

    def _built_copy(self, input_shape: Any) -> CallLayer:
        """Return a copy of the layer that is built with zeros."""
        built = copy.deepcopy(self)
        with skip_initialization():
            built.build_for(input_shape)
        return built


LayerType.call_base = CallLayer
