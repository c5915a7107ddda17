"""The base class of layers: the passes that a subclass defines, and calls of a layer by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from ... import philox, regularizers
from ...device import get_ops
from ...inputs import INPUT_AXES, as_real
from ...kernels.contract import Array, Ops, Tape
from ...kernels.specs import Key
from ...naming import names
from .arguments import Shape, batch_shape_of, check_dtype, check_name, refuse
from .graph.graph_layer import GraphLayer
from .graph.symbolic import is_symbolic
from .layer_type import GONE, NEVER_CALLED, PASSES, LayerType
from .results import Backward, Forward, to_samples


class Layer(GraphLayer, metaclass=LayerType):
    """Base class of all layers, as ``keras.layers.Layer``.

    A subclass overrides :meth:`build` and ``call(self, x)``, as in Keras; it then derives from
    :class:`numba_lstm.layers.traced.CallLayer`. Or it overrides :meth:`compute_output_shape`, :meth:`forward` and
    :meth:`backward`, to compute on device arrays.
    A caller uses :meth:`propagate` and :meth:`backpropagate`. A call leaves nothing on the layer but states of a stateful one.

    Parameters
    ----------
    activity_regularizer : str, dict or Regularizer, optional
        Its penalty of the output, divided by the batch size, joins the loss.
    name : str, optional
        Default: the class in snake case, with a counter.
    dtype : "float32" or "float64", optional
        Default: the model's, else float32.
    trainable : bool
        Whether an optimizer updates the layer's variables.
    input_shape : tuple, optional
        Shape of one sample; lets a model build before its first call.
    input_dim, batch_input_shape : int, tuple, optional
        The same for samples of one axis, and with the batch axis first, whose size is not checked.
    """

    unsupported_methods = NEVER_CALLED
    removed_attributes = GONE
    checked_methods: ClassVar[tuple[str, ...]] = ("build", "compute_output_shape", *PASSES)

    #: Keras's arguments that the layer does not have yet, with their defaults: only those are taken.
    later: ClassVar[Mapping[str, Any]] = {}

    #: What the layer draws its random numbers from, if not from its model's stream.
    seed: int | None = None

    #: Why a stream cannot compute the layer, as a clause.
    streaming_obstacle: ClassVar[str] = "the output of a step may need later steps"

    #: Whether a batch goes on from the last states of the batch before.
    stateful: bool = False
    regularizes_output: bool = True  #: whether the activity regularizer counts; TimeDistributed leaves out that inside

    def __init__(
        self,
        *,
        activity_regularizer: Any = None,
        name: str | None = None,
        dtype: str | None = None,
        trainable: bool = True,
        input_shape: Sequence[int | None] | None = None,
        input_dim: int | None = None,
        batch_input_shape: Sequence[int | None] | None = None,
        **unknown: Any,
    ) -> None:
        refuse(type(self), unknown, self.later)
        self.activity_regularizer = regularizers.get(activity_regularizer)
        self.auto_named = name is None  #: a Sequential may give it another name
        self.name = names.unique(type(self).__name__) if name is None else check_name(name)
        self.batch_input_shape = batch_shape_of(input_shape, input_dim, batch_input_shape)
        GraphLayer.__init__(self, None if dtype is None else check_dtype(dtype), bool(trainable))

    # -- what a subclass says -----------------------------------------------------------------------------------------

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return the output's shape for an input's shape, both with the batch axis; the layer does not change."""
        return input_shape

    def forward(
        self,
        ops: Ops,
        x: Array,
        states: tuple[Array, ...] | None = None,
        mask: Array | None = None,
        training: bool = False,
        rng: Key | None = None,
    ) -> Forward:
        """Compute the output for device arrays (sequences time-major)."""
        raise NotImplementedError(f"{type(self).__name__} must define forward(...), which computes its output.")

    def backward(
        self, ops: Ops, tape: Tape, dy: Array, dstates: tuple[Array, ...] | None = None, *, need_dx: bool = True
    ) -> Backward:
        """Compute the gradients of the forward call that returned ``tape``."""
        raise NotImplementedError(f"{type(self).__name__} must define backward(...), without which nothing can be trained.")

    def propagate(
        self,
        ops: Ops,
        x: Array,
        states: tuple[Array, ...] | None = None,
        mask: Array | None = None,
        training: bool = False,
        rng: Key | None = None,
        **arguments: Any,
    ) -> Forward:
        """Call :meth:`forward`, and add the penalty of all outputs. ``arguments`` are further ones of a call."""
        result = self.forward(ops, x, states, mask, training, rng, **arguments)
        if self.activity_regularizer is None or not self.regularizes_output:
            return result
        ys = [ops.to_host(y) for y in (result.y if isinstance(result.y, tuple) else (result.y,))]
        penalty = sum(self.activity_regularizer(y) / _batch_size(y) for y in ys)
        return result._replace(tape=(result.tape, result.y), penalty=result.penalty + penalty)

    def backpropagate(
        self, ops: Ops, tape: Tape, dy: Array | None, dstates: tuple[Array, ...] | None = None, *, need_dx: bool = True
    ) -> Backward:
        """Call :meth:`backward` for the ``tape`` of :meth:`propagate`, with the gradient of the output's penalty."""
        if self.activity_regularizer is not None and self.regularizes_output:
            tape, y = tape
            add = partial(self._add_penalty, ops)
            dy = tuple(map(add, y, dy or ())) if isinstance(y, tuple) else add(y, dy)
        return self.backward(ops, tape, dy, dstates, need_dx=need_dx)

    def _add_penalty(self, ops: Ops, y: Array, dy: Array | None) -> Array:
        """Return the gradient of an output, with that of its penalty."""
        host = ops.to_host(y)
        slope = ops.asarray(self.activity_regularizer.gradient(host) / _batch_size(host), self.dtype)  # type: ignore[union-attr]
        return slope if dy is None else ops.add(dy, slope)

    def reset_states(self) -> None:
        """Forget the states of a stateful layer: the next batch starts from zero."""

    def reset_state(self) -> None:
        """Call :meth:`reset_states`; the newer name in Keras."""
        self.reset_states()

    def check_one_array(self) -> None:
        """Raise ValueError if the layer takes or returns several arrays, which a Sequential cannot pass on."""

    def check_causal(self) -> None:
        """Raise NotImplementedError if the output of a step may need later steps, for which a stream cannot wait.

        A stream calls :meth:`forward_step` for one step (1, N, ...) at a time, with the states after the step before. This
        method of the base class raises: a layer defines it to say that it is causal.
        """
        raise NotImplementedError(f"{self.name} ({type(self).__name__}) cannot be streamed: {self.streaming_obstacle}.")

    def check_windows(self) -> None:
        """Raise NotImplementedError if a window of truncated backpropagation needs other steps than its own, or states."""
        self.check_causal()

    def forward_step(self, ops: Ops, x: Any, states: tuple[Array, ...] | None = None, mask: Any = None) -> Forward:
        """Compute one step of a stream: :meth:`forward`, unless a layer has states that only a stream needs."""
        return self.forward(ops, x, states, mask)

    def stream_states(self, N: int) -> list[tuple[Shape, ...]]:
        """Return the shapes of the states that :meth:`forward` takes and returns for N samples, a tuple for each cell."""
        return []

    def window_states(self, N: int) -> tuple[Shape, ...]:
        """Return the shapes of zeros that the first window of N samples begins with, where no states are not the same."""
        return ()

    def key(self, rng: Key | None) -> Key:
        """Return the key of random numbers of a call: ``rng``, with the layer's seed if it has one.

        A model gives ``Key(seed, step, tag)`` of its own stream: one step a batch, the layer's index as tag.
        """
        if rng is None:
            raise ValueError(f"{self.name} draws random numbers in training and needs rng, got None. Give forward a Key.")
        return rng if self.seed is None else replace(rng, seed=self.seed)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal layer, as JSON values."""
        config: dict[str, Any] = {"name": self.name, "trainable": self.trainable, "dtype": self._dtype}
        if self.batch_input_shape is not None:
            size, *sample = self.batch_input_shape
            config |= {"input_shape": sample} if size is None else {"batch_input_shape": [size, *sample]}
        if self.activity_regularizer is not None:
            config["activity_regularizer"] = regularizers.serialize(self.activity_regularizer)
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Make a layer from the arguments of :meth:`get_config`, without weights."""
        return cls(**config)

    # -- a layer used by itself ---------------------------------------------------------------------------------------

    def __call__(self, x: Any, training: bool | None = None, *, mask: npt.ArrayLike | None = None) -> Any:
        """Compute the output for ``x`` (N, ...) on the default device, as a NumPy array; the first call builds the layer.

        ``mask`` (N, T) is False where a step of a sequence is to be left out. For a symbolic tensor the output is one, too.
        """
        if is_symbolic(x, mask):
            return self.connect(x, (), training, mask)
        ops, array = self._enter(x)
        rng = philox.next_key() if training else None
        return to_samples(ops, self.propagate(ops, array, None, self._mask(ops, mask, array), bool(training), rng).y)

    def _enter(self, x: npt.ArrayLike) -> tuple[Ops, Array]:
        ops, array = get_ops(), self.as_input(x, f"{self.name}'s input")
        self.check_rank(array.shape)
        self.build_for((None, *array.shape[1:]))
        self.check_input(array.shape)
        return ops, self.gather(ops, array, slice(None))

    def as_input(self, x: Any, what: str) -> npt.NDArray[Any]:
        """Return ``x`` as an array of a type that the layer takes as the first of a model; its shape is not checked."""
        return as_real(x, what, INPUT_AXES, sequences=what.startswith("x"))

    def gather(self, ops: Ops, x: npt.NDArray[Any], rows: npt.NDArray[np.intp] | slice) -> Array:
        """Copy samples ``rows`` of ``x`` to the device as one batch."""
        return ops.gather(x, rows, self.dtype)

    def _mask(self, ops: Ops, mask: npt.ArrayLike | None, x: Array) -> Array | None:
        """Return a user's mask (N, T) for ``x`` (T, N, ...) as a device array (T, N)."""
        if mask is None:
            return None
        steps = as_real(mask, f"{self.name}'s mask")
        known = len(x.shape) in self.mask_ranks
        if not known or steps.shape != (x.shape[1], x.shape[0]):
            expected = f"(batch, time) = {(x.shape[1], x.shape[0])}" if known else "of a sequence (batch, time)"
            raise ValueError(f"{self.name} expects a mask of shape {expected}, got {steps.shape}.")
        return ops.asarray(np.ascontiguousarray(steps.T != 0), np.bool_)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}, built={self.built}>"


LayerType.layer_base = Layer


def _batch_size(y: npt.NDArray[Any]) -> int:
    """Return the number of samples of a device's output."""
    return int(y.shape[1] if y.ndim > 2 else y.shape[0])
