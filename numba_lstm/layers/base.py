"""Layer: what every layer is. It validates, owns variables, calls one op forward and one backward."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from .. import names, random
from ..device import get_ops
from ..inputs import as_real, check_shape
from ..kernels.contract import Array, DensePart, LSTMPart, Ops, Tape
from ..kernels.specs import Key
from ..variables import Variable
from .arguments import Shape, as_shape, check_dtype, check_name, refuse

_building = threading.RLock()  # a model that is first called by many threads at once is built by one


class Forward(NamedTuple):
    """What :meth:`Layer.forward` answers."""

    y: Array
    states: tuple[Array, ...] = ()
    mask: Array | None = None
    tape: Tape | None = None


class Backward(NamedTuple):
    """What :meth:`Layer.backward` answers; ``gradients`` in the order of ``Layer.variables``."""

    dx: Array | None
    dstates: tuple[Array, ...] = ()
    gradients: tuple[Array, ...] = ()


class Layer:
    """The base of all layers, as ``keras.layers.Layer``.

    A subclass overrides :meth:`build`, :meth:`compute_output_shape`, :meth:`forward`, :meth:`backward`, :meth:`get_config`.
    Nothing of a call is left on the layer: the tape is a value.

    Parameters
    ----------
    name : str, optional
        Default: the class in snake case, with a counter.
    dtype : "float32" or "float64", optional
        Default: the model's, else float32.
    trainable : bool
        Whether an optimizer updates the layer's variables.
    input_shape : tuple, optional
        Shape of one sample; lets a model build before its first call.
    """

    #: Ranks (batch axis included) that the layer takes, and whether a sequence comes in.
    ranks: ClassVar[tuple[int, ...]] = (2, 3)

    #: Keras's arguments that the layer does not have yet, with their defaults: only those are taken.
    later: ClassVar[Mapping[str, Any]] = {}

    #: What the layer draws its random numbers from, if not from its model's stream.
    seed: int | None = None

    def __init__(
        self,
        *,
        name: str | None = None,
        dtype: str | None = None,
        trainable: bool = True,
        input_shape: Sequence[int | None] | None = None,
        **unknown: Any,
    ) -> None:
        refuse(type(self), unknown, {"activity_regularizer": None, **self.later})
        self.auto_named = name is None  #: a Sequential may give it another name
        self.name = names.unique(type(self).__name__) if name is None else check_name(name)
        self._dtype = None if dtype is None else check_dtype(dtype)
        self.trainable = bool(trainable)
        self.batch_input_shape: Shape | None = None if input_shape is None else (None, *as_shape(input_shape))
        self.built_shape: Shape | None = None
        self.variables: list[Variable] = []

    # -- what a subclass says -----------------------------------------------------------------------------------------

    def build(self, input_shape: Shape) -> None:
        """Make the variables for ``input_shape`` (batch axis first) with :meth:`add_weight`."""

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """The output's shape for an input's shape, both with the batch axis; pure."""
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
        """One call of the layer on device arrays (sequences time-major)."""
        raise NotImplementedError

    def backward(
        self, ops: Ops, tape: Tape, dy: Array, dstates: tuple[Array, ...] | None = None, *, need_dx: bool = True
    ) -> Backward:
        """Gradients of the call that left ``tape``."""
        raise NotImplementedError

    def stream_parts(self) -> list[LSTMPart | DensePart]:
        """What a stream does for this layer at each step, in order; none for a layer that passes its input on.

        Raises
        ------
        NotImplementedError
            For a layer that needs more than one step at a time.
        """
        raise NotImplementedError(
            f"{self.name} ({type(self).__name__}) cannot be streamed. Stream models of LSTM, Dense, Activation and Dropout."
        )

    def key(self, rng: Key | None) -> Key:
        """What a call draws from: the key that came with it, with the layer's own seed where it has one.

        A model gives ``Key(seed, step, tag)`` of its own stream: one step a batch, the layer's index as tag.
        """
        if rng is None:
            raise ValueError(f"{self.name} draws random numbers in training and needs rng, got None. Give forward a Key.")
        return rng if self.seed is None else replace(rng, seed=self.seed)

    def get_config(self) -> dict[str, Any]:
        """Arguments that make an equal layer, as JSON values."""
        config: dict[str, Any] = {"name": self.name, "trainable": self.trainable, "dtype": self._dtype}
        if self.batch_input_shape is not None:
            config["input_shape"] = list(self.batch_input_shape[1:])
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """A layer of :meth:`get_config`'s arguments, without weights."""
        return cls(**config)

    # -- variables ----------------------------------------------------------------------------------------------------

    @property
    def dtype(self) -> str:
        """The dtype of variables and arithmetic."""
        return self._dtype or "float32"

    @property
    def own_dtype(self) -> str | None:
        """The dtype that was asked for or built with; None where the layer still takes its model's."""
        return self._dtype

    @property
    def built(self) -> bool:
        """Whether the variables exist."""
        return self.built_shape is not None

    def build_for(self, input_shape: Shape, dtype: str | None = None) -> None:
        """Build once for ``input_shape``; ``dtype`` is the model's and yields to the layer's own.

        Raises
        ------
        ValueError
            For a rank or a feature count that the layer does not take.
        """
        with _building:
            if self.built:
                return
            self.check_rank(input_shape)
            if input_shape[-1] is None:
                raise ValueError(f"{self.name}: the last axis of {input_shape} must be known. Give it in Input(shape=...).")
            asked = self._dtype
            self._dtype = asked or dtype or self.dtype
            try:
                self.build(input_shape)
            except BaseException:  # half a layer would keep its weights when it is built again
                self._dtype, self.variables = asked, []
                raise
            self.built_shape = input_shape

    def check_rank(self, shape: Sequence[int | None]) -> None:
        """Raise ValueError unless an input of ``shape`` has a rank that the layer takes."""
        if len(shape) not in self.ranks:
            if self.ranks == (3,):
                hint = " Add a feature axis: x[..., None]." if len(shape) == 2 else ""
                raise ValueError(f"{self.name} expects (batch, time, features), got shape {tuple(shape)}.{hint}")
            ranks = " or ".join(map(str, self.ranks))
            raise ValueError(f"{self.name} expects an input of rank {ranks}, got shape {tuple(shape)}.")

    def add_weight(self, name: str, value: npt.ArrayLike, trainable: bool = True) -> Variable:
        """A new variable of this layer, ``layer/name``."""
        variable = Variable(np.asarray(value, dtype=self.dtype), f"{self.name}/{name}", trainable)
        self.variables.append(variable)
        return variable

    @property
    def weights(self) -> list[Variable]:
        """All variables."""
        return self.variables[:]

    @property
    def trainable_weights(self) -> list[Variable]:
        """The variables that an optimizer updates."""
        return [v for v in self.variables if v.trainable] if self.trainable else []

    @property
    def non_trainable_weights(self) -> list[Variable]:
        """The other variables."""
        trainable = self.trainable_weights
        return [v for v in self.variables if v not in trainable]

    def count_params(self) -> int:
        """The number of elements of all variables.

        Raises
        ------
        ValueError
            Before the layer is built.
        """
        self._require_built()
        return sum(v.value.size for v in self.variables)

    def get_weights(self) -> list[npt.NDArray[Any]]:
        """Copies of all variables' values."""
        return [v.numpy() for v in self.variables]

    def set_weights(self, weights: Sequence[npt.ArrayLike]) -> None:
        """Overwrite all variables, in the order of :meth:`get_weights`; all or none.

        Raises
        ------
        ValueError
            Before the layer is built, on another number of arrays or another shape; nothing is changed then.
        """
        self._require_built()
        assign_all(self.name, self.variables, weights)

    def _require_built(self) -> None:
        if not self.built:
            raise ValueError(f"{self.name} is not built yet. Call it on data, or give input_shape.")

    # -- a layer used by itself ---------------------------------------------------------------------------------------

    def __call__(self, x: npt.ArrayLike, training: bool = False) -> Any:
        """The layer's output for ``x`` (N, ...) as a NumPy array, on the default device; builds at the first call."""
        ops, array = self._enter(x)
        rng = random.next_key() if training else None
        return to_samples(ops, self.forward(ops, array, training=training, rng=rng).y)

    def _enter(self, x: npt.ArrayLike) -> tuple[Ops, Array]:
        ops, array = get_ops(), as_real(x, f"{self.name}'s input")
        self.check_rank(array.shape)
        self.build_for((None, *array.shape[1:]))
        self.check_input(array.shape)
        return ops, ops.gather(array, slice(None), self.dtype)

    def check_input(self, shape: Shape) -> None:
        """Raise ValueError unless an input of ``shape`` fits the layer: its rank, and with weights the feature count."""
        self.check_rank(shape)
        if self.built_shape is not None and self.variables:
            check_shape(self.name, shape, (*(None,) * (len(shape) - 1), self.built_shape[-1]))

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}, built={self.built}>"


def to_samples(ops: Ops, y: Array) -> npt.NDArray[Any]:
    """A device's output as a NumPy array of its own, batch first."""
    host = ops.to_host(y)
    return np.array(host.transpose(1, 0, 2) if host.ndim == 3 else host, order="C", copy=True)


def assign_all(owner: str, variables: Sequence[Variable], values: Sequence[npt.ArrayLike]) -> None:
    """Assign ``values`` to ``variables``: all, or on a wrong number or shape none (ValueError)."""
    if len(values) != len(variables):
        raise ValueError(f"{owner} has {len(variables)} weights, got {len(values)} arrays. Give one array a weight.")
    arrays = [as_real(value, variable.path) for variable, value in zip(variables, values, strict=True)]
    for variable, array in zip(variables, arrays, strict=True):
        if array.shape != variable.shape:
            raise ValueError(f"{variable.path} has shape {variable.shape}, got {array.shape}. Nothing was changed.")
    for variable, array in zip(variables, arrays, strict=True):
        variable.assign(array)
