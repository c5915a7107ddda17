"""Input: the shape of a model's samples, given before the first call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...kernels.contract import Array, Ops
from ...kernels.specs import Key
from ..base import Forward, Layer
from ..base.arguments import Shape, as_shape, named_dtype
from ..base.graph.symbolic import Node, SymbolicTensor


class InputLayer(Layer):
    """First entry of a model, as ``keras.layers.InputLayer``: it holds a shape and passes arrays on.

    Parameters
    ----------
    shape : tuple
        Of one sample, ``(time, features)`` or ``(features,)``, or before an ``Embedding`` ``(time,)`` or ``()``, of an image
        ``(height, width, features)``, of a sequence of images ``(time, height, width, features)``; None for a time axis of any
        length.
    batch_size : int, optional
        Shown in summaries; every size is taken.
    dtype : str, optional
        What comes in, any real one: it is cast to what the first layer takes. "string" before layers that convert strings.
    sparse, ragged, optional : bool, optional
        In Keras's places; inputs are dense arrays.
    batch_shape : tuple, optional
        Both in one: ``(batch, time, features)``.
    input_tensor : None
        In Keras's place.
    name : str, optional
        Default: ``input_layer``, with a counter.
    input_shape, batch_input_shape : tuple, optional
        Keras 2's names of ``shape`` and ``batch_shape``; ``input_dim`` stands for ``shape=(input_dim,)``.
    **kwargs
        Those of :class:`~numba_lstm.layers.Layer`.

    Raises
    ------
    ValueError
        For none or more than one shape.
    TypeError
        For a dtype of other than real numbers, and for ``sparse``, ``ragged``, ``input_tensor`` and ``optional`` where they ask
        for anything.
    """

    ranks = (1, 2, 3, 4, 5)

    def __init__(
        self,
        shape: Sequence[int | None] | None = None,
        batch_size: int | None = None,
        dtype: Any = None,
        sparse: bool | None = None,
        ragged: bool | None = None,
        batch_shape: Sequence[int | None] | None = None,
        input_tensor: None = None,
        optional: bool = False,
        name: str | None = None,
        *,
        input_shape: Sequence[int | None] | None = None,
        batch_input_shape: Sequence[int | None] | None = None,
        **kwargs: Any,
    ) -> None:
        for what, value in (("sparse", sparse), ("ragged", ragged), ("input_tensor", input_tensor), ("optional", optional)):
            if value is not None and value is not False:
                raise TypeError(f"Input does not take {what}={value!r}: an input is a dense array. Leave it out.")
        samples = {"shape": shape, "input_shape": input_shape, "input_dim": kwargs.pop("input_dim", None)}
        batches = {"batch_shape": batch_shape, "batch_input_shape": batch_input_shape}
        self.batch_shape = _one_shape(samples, batch_size, batches)
        super().__init__(name=name, **kwargs)
        self._dtype = None if dtype is None else _as_real_dtype(dtype)
        self.check_rank(self.batch_shape)
        self.built_shape = self.batch_shape

    @property
    def output(self) -> SymbolicTensor:
        """The symbolic tensor of the input."""
        if not self._nodes:
            self._nodes.append(Node(self, (), (), None, (self.batch_shape,), self._dtype or "float32"))
        return self._nodes[0].outputs[0]

    def forward(
        self,
        ops: Ops,
        x: Array,
        states: tuple[Array, ...] | None = None,
        mask: Array | None = None,
        training: bool = False,
        rng: Key | None = None,
    ) -> Forward:
        return Forward(x, mask=mask)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "batch_shape": list(self.batch_shape)}


def Input(
    shape: Sequence[int | None] | None = None,
    batch_size: int | None = None,
    dtype: str | None = None,
    sparse: bool | None = None,
    ragged: bool | None = None,
    batch_shape: Sequence[int | None] | None = None,
    name: str | None = None,
    tensor: None = None,
    optional: bool = False,
) -> SymbolicTensor:
    """Return a symbolic tensor with the shape of a model's samples, as ``keras.Input``.

    Call layers on it and make a ``Model(inputs, outputs)``, or add it first to a ``Sequential``.

    Parameters are those of :class:`InputLayer`; ``tensor`` is its ``input_tensor``.
    """
    return InputLayer(shape, batch_size, dtype, sparse, ragged, batch_shape, tensor, optional, name).output


def _one_shape(samples: dict[str, Any], batch_size: int | None, batches: dict[str, Any]) -> Shape:
    """Return the shape with the batch axis, from the only argument that is given."""
    given = {name: value for name, value in {**samples, **batches}.items() if value is not None}
    if len(given) != 1:
        came = " and ".join(f"{name}={value}" for name, value in given.items()) or "no shape"
        raise ValueError(f"Input expects shape or batch_shape, got {came}. Give shape=(time, features) alone.")
    ((name, value),) = given.items()
    if name in batches:
        if batch_size is not None:
            raise ValueError(f"Input's {name} {tuple(value)} has the batch size. Leave out batch_size={batch_size}.")
        return as_shape(value)
    return (batch_size, *as_shape((value,) if name == "input_dim" else value))


def _as_real_dtype(dtype: Any) -> str:
    """Return the name of ``dtype`` if it is one of real numbers, or "string"; raise TypeError if not."""
    if dtype in ("string", str):
        return "string"
    named = named_dtype(dtype)
    if named.kind not in "fiub":
        raise TypeError(f"the dtype of an Input must be one of real numbers, as 'float32' or 'int32', got {dtype!r}.")
    return str(named)
