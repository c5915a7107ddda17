"""Input: the shape of a model's samples, said before there are any."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..kernels.contract import Array, Ops
from ..kernels.specs import Key
from .arguments import Shape, as_shape, named_dtype
from .base import Forward, Layer


class InputLayer(Layer):
    """The first entry of a model, as ``keras.layers.InputLayer``: it holds a shape and hands arrays on.

    Parameters
    ----------
    shape : tuple
        Of one sample, ``(time, features)`` or ``(features,)``, or before an ``Embedding`` ``(time,)`` or ``()``; None for a
        time axis of any length.
    batch_size : int, optional
        Shown in summaries; every size is taken.
    batch_shape : tuple, optional
        Both in one: ``(batch, time, features)``.
    dtype : str, optional
        What comes in, any real one: it is cast to what the first layer takes.
    **kwargs
        Those of :class:`~numba_lstm.layers.Layer`.
    """

    ranks = (1, 2, 3)

    def __init__(
        self,
        shape: Sequence[int | None] | None = None,
        batch_size: int | None = None,
        *,
        batch_shape: Sequence[int | None] | None = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        if batch_shape is None and shape is not None:
            batch_shape = (batch_size, *as_shape(shape))
        elif batch_shape is None or shape is not None:
            raise ValueError(f"Input expects shape or batch_shape, got {shape} and {batch_shape}. Give shape=(time, features).")
        self.batch_shape: Shape = as_shape(batch_shape)
        super().__init__(**kwargs)
        self._dtype = None if dtype is None else _as_real_dtype(dtype)
        self.check_rank(self.batch_shape)
        self.built_shape = self.batch_shape

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
    *,
    batch_shape: Sequence[int | None] | None = None,
    name: str | None = None,
) -> InputLayer:
    """The shape of a model's samples, as ``keras.Input``; the first thing to add to a ``Sequential``.

    Parameters are those of :class:`InputLayer`.
    """
    return InputLayer(shape, batch_size, batch_shape=batch_shape, dtype=dtype, name=name)


def _as_real_dtype(dtype: Any) -> str:
    """``dtype``'s name, if it is one of real numbers; TypeError if not."""
    asked = named_dtype(dtype)
    if asked.kind not in "fiub":
        raise TypeError(f"the dtype of an Input must be one of real numbers, as 'float32' or 'int32', got {dtype!r}.")
    return str(asked)
