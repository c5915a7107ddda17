"""HostLayer: the base class of layers that convert inputs on the host, before the device gets them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ...kernels.contract import Array, Ops, Tape
from ...kernels.specs import Key
from ..base import Backward, Forward, Layer
from ..base.arguments import Shape
from ..base.graph.symbolic import is_symbolic

Host = npt.NDArray[Any]


class HostLayer(Layer):
    """Base class of layers that convert inputs on the host: the first layers of a model, or layers by themselves.

    A subclass overrides :meth:`convert`, which :meth:`as_input` calls for the inputs of a model: its device gets the results,
    and the pass of the layer hands them on.

    Parameters
    ----------
    **kwargs
        Those of :class:`~numba_lstm.layers.Layer`.
    """

    ranks = (1, 2, 3)
    takes_indices = True
    converts_inputs = True
    streaming_obstacle = "it converts whole inputs on the host"

    def convert(self, x: Host) -> Host:
        """Return the converted inputs of ``x``: whole numbers as int64, or others as floating numbers."""
        raise NotImplementedError(f"{type(self).__name__} must define convert(x), which converts inputs on the host.")

    def as_host(self, x: Any, what: str) -> Host:
        """Return inputs as an array that :meth:`convert` takes."""
        raise NotImplementedError

    @property
    def makes_indices(self) -> bool:
        """Whether results are whole numbers, which Embedding takes."""
        raise NotImplementedError

    def as_input(self, x: Any, what: str) -> Host:
        array = self.as_host(x, what)
        if not 0 < array.ndim < 3:
            raise ValueError(f"{self.name} expects (batch,) or (batch, time), got shape {array.shape}.")
        if not array.size:
            raise ValueError(f"{what} is empty, its shape is {array.shape}. Give at least one sample.")
        return self.convert(array)

    def gather(self, ops: Ops, x: Host, rows: npt.NDArray[np.intp] | slice) -> Array:
        """Copy samples of results to the device: whole numbers as int64, steps first, others as any features."""
        if x.dtype.kind == "i":  # of this layer or of one behind it that converts its results
            return ops.asarray(np.ascontiguousarray(x[rows].T), np.int64)
        return ops.gather(x, rows, self.dtype)

    def check_rank(self, shape: Sequence[int | None]) -> None:
        if len(shape) not in self.ranks:
            raise ValueError(f"{self.name} expects (batch,) or (batch, time), got shape {tuple(shape)}.")

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

    def backward(
        self, ops: Ops, tape: Tape, dy: Array, dstates: tuple[Array, ...] | None = None, *, need_dx: bool = True
    ) -> Backward:
        return Backward(None)

    def __call__(self, x: Any, training: bool | None = None, *, mask: npt.ArrayLike | None = None) -> Any:
        """Return the results for ``x``, a NumPy array; for one string or number that of one sample."""
        if is_symbolic(x):
            return super().__call__(x, training, mask=mask)
        array = self.as_host(x, f"{self.name}'s input")
        return self.convert(array[None])[0] if array.ndim == 0 else self.convert(array)


def indices_shape(shape: Shape, steps: int | None) -> Shape:
    """Return the shape of rows of whole numbers: one row a sample, with ``steps``, or those of ``shape`` beyond one."""
    return (shape[0], steps if steps is not None else shape[1] if len(shape) == 2 and shape[1] != 1 else None)
