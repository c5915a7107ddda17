"""CallLayer: the base of layers of users that compute in a method ``call``, as layers of Keras do."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from ... import philox
from ...device import get_ops
from ...initializers.base import skip_initialization
from ...inputs import INPUT_AXES, as_real
from ...kernels.contract import Array, Ops, Tape
from ...ops.tensor import Tensor, UntraceableError, as_tensor
from ...ops.tracing import input_like, traced
from ...variables import standing_for
from ..base import Backward, Forward, Layer
from ..base.arguments import Shape
from ..base.graph.symbolic import INPUTS, CallsLayersError, is_symbolic
from ..base.layer_type import LayerType
from .call_arguments import (
    as_constant,
    bound_call,
    call_build,
    call_form,
    check_same_form,
    mask_options,
    parameters,
)
from .graphs.added_loss import AddsLosses
from .inner_graph import holds_layers, inner_graph
from .one_or_several import OneOrSeveral
from .several_inputs import SeveralInputs, placed, to_samples_of
from .trial_shapes import trial_shapes


class CallLayer(AddsLosses, OneOrSeveral):
    """Base class of a user's ``class L(Layer)`` with ``build``, ``add_weight`` and ``call(self, x)``, as in Keras.

    ``call`` uses operators and :mod:`numba_lstm.ops`. It is traced once for each shape of its inputs, and what it computes
    becomes kernels with their gradients. Weights take part as tensors do. The inputs are one tensor, a list of them, or several
    arguments; other arguments by name, ``layer(x, scale=2.0)``, are constants of the call. ``training`` and ``mask`` are given
    where ``call`` has arguments of these names. The output's shape is that of a trial run unless ``compute_output_shape`` says
    it. ``compute_mask(self, inputs, mask)`` returns the mask that goes on; else the mask goes on if ``self.supports_masking``
    is True, and a warning says where it ends.
    """

    ranks = (2, 3, 4, 5)
    may_draw = True
    supports_masking = False
    checked_methods = ()
    settable = Layer.settable | {"supports_masking"}
    unsupported_methods = {
        name: advice for name, advice in Layer.unsupported_methods.items() if name not in ("call", "compute_mask")
    }

    #: The graph of a ``call`` that calls other layers, a model; None for one that computes with functions alone.
    _graph: Any = None
    _is_building = False
    #: The constants of the last call, and under ``INPUTS`` the names of parameters that take several inputs.
    _constants: Mapping[str, Any] = MappingProxyType({})

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "compute_mask" in vars(cls) and "supports_masking" not in vars(cls):
            cls.supports_masking = True

    # -- calls --------------------------------------------------------------------------------------------------------

    def __call__(self, *args: Any, training: bool | None = None, mask: Any = None, **kwargs: Any) -> Any:
        """Compute the output for inputs (N, ...) on the default device, as NumPy arrays; symbolic tensors give one.

        The inputs are given as ``call`` takes them: one, a list, or several arguments.
        """
        x, by_position, constants = bound_call(self.name, self.call, args, kwargs)
        mask = by_position if mask is None else mask
        if is_symbolic(x, mask):
            return self.connect(x, (), training, mask, **constants)
        several = isinstance(x, (list, tuple))
        ops, arrays = get_ops(), [as_real(one, f"{self.name}'s input", INPUT_AXES) for one in (x if several else [x])]
        shapes = tuple(array.shape for array in arrays)
        self._take(several, constants)
        self.check_input(shapes if several else shapes[0])
        batches = tuple((None, *shape[1:]) for shape in shapes)
        self.build_for(batches if several else batches[0])
        masks = mask if isinstance(mask, (list, tuple)) else [mask, *[None] * (len(arrays) - 1)]
        on_device = tuple(self._one_mask(ops, one, k, shapes) for k, one in zip(range(len(arrays)), masks, strict=True))
        values = tuple(placed(ops, array, self.dtype) for array in arrays)
        rng = philox.next_key() if training else None
        given: Any = (values, on_device) if several else (values[0], on_device[0])
        y: Any = self.propagate(ops, given[0], None, given[1], bool(training), rng, **constants).y
        return [to_samples_of(ops, one) for one in y] if isinstance(y, tuple) else to_samples_of(ops, y)

    def _take(self, several: bool, constants: Mapping[str, Any]) -> None:
        """Note the form of a call; ValueError if its first call had another one that its weights or its graph depend on."""
        if self.built:
            check_same_form(self.name, (several, constants), (self.takes_several, self._constants), self._graph is not None)
        self.takes_several = several  # type: ignore[misc]
        self._constants = constants

    def connect(self, x: Any, states: Sequence[Any] = (), training: Any = None, mask: Any = None, **arguments: Any) -> Any:
        self._take(isinstance(x, (list, tuple)), self.call_constants(arguments))
        return SeveralInputs.connect(self, x, states, training, mask, **arguments)  # a list may have one entry

    def call_constants(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        return {key: as_constant(self.name, key, value) for key, value in arguments.items()}

    @property
    def takes_mask(self) -> bool:
        """Whether a call on symbolic tensors may give masks."""
        return self.supports_masking or any(name.endswith("mask") for name in parameters(self.call))

    @property
    def num_outputs(self) -> int:
        return len(self._nodes[0].outputs) if self._nodes else 1

    # -- the method call ----------------------------------------------------------------------------------------------

    def compute(
        self,
        inputs: tuple[Tensor, ...],
        masks: tuple[Tensor | None, ...],
        weights: Sequence[Tensor],
        training: bool,
        **constants: Any,
    ) -> tuple[Tensor, ...]:
        form, names = self.call_form(inputs), parameters(self.call)
        options = {"training": training} | mask_options(self.call, masks, self.takes_several, form)
        given = {**form[1], **{key: options[key] for key in options if key in names}, **constants}
        given.pop(INPUTS, None)
        changes = self._changes  # attributes that the method sets make no other program
        vars(self)["_losses"] = []
        with standing_for(self.variables, weights):
            y = traced(self.call, form[0], f"{self.name}'s", **given)
        vars(self)["_changes"] = changes
        ys = tuple(as_tensor(one) for one in (y if isinstance(y, (tuple, list)) else (y,)))
        for one in ys:
            if not one.ndim or one.shape[0] != inputs[0].shape[0]:
                raise ValueError(
                    f"{self.name} must return arrays with the batch axis first, but its call makes {one.shape} of inputs "
                    f"{[x.shape for x in inputs]}."
                )
        return ys

    def take_losses(self) -> list[Tensor]:
        losses, vars(self)["_losses"] = list(self._losses), []
        return losses

    def trial_arguments(self) -> Mapping[str, Any]:
        return self._constants

    def call_form(self, inputs: Sequence[Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Return inputs as arguments of ``call`` by position and by name."""
        return call_form(self.call, inputs, self.takes_several, self._constants.get(INPUTS))

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
        if self._graph is None:
            return super().propagate(ops, x, *passed, **arguments)
        result: Forward = self._graph.propagate(ops, x, *passed)  # the constants are in the graph
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
            self.take_variables()
            call_build(self.build, input_shape, self.takes_several)
            self.take_variables()
            if self._calls_layers(input_shape):
                self._graph = inner_graph(self, input_shape if self.takes_several else (input_shape,))
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
        return trial_shapes(shapes, lambda xs: self.compute(xs, (None,) * len(xs), weights, False, **self._constants))

    def _built_copy(self, input_shape: Any) -> CallLayer:
        """Return a copy of the layer that is built with zeros."""
        built = copy.deepcopy(self)
        with skip_initialization():
            built.build_for(input_shape)
        return built


LayerType.call_base = CallLayer
