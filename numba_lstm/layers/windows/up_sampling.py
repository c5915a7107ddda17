"""Up-sampling: each element of a sequence, an image or a volume several times."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

from ...kernels.contract import Array, Ops, Tape
from ...kernels.specs import Key, WindowSpec
from ..base import Backward, Forward
from ..base.arguments import Shape, check_data_format
from .window_layer import AxesLayer, as_sizes


class UpSampling(AxesLayer):
    """Base class of up-sampling by repeating."""

    streaming_obstacle = "it makes several steps of one"

    def __init__(self, size: Any, **kwargs: Any) -> None:
        self.size = as_sizes(size, self.axes, f"{type(self).__name__}'s size")
        super().__init__(**kwargs)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        axes = zip(input_shape[1:-1], self.size, strict=True)
        return (input_shape[0], *(None if n is None else n * factor for n, factor in axes), input_shape[-1])

    def forward(
        self,
        ops: Ops,
        x: Array,
        states: tuple[Array, ...] | None = None,
        mask: Array | None = None,
        training: bool = False,
        rng: Key | None = None,
    ) -> Forward:
        return Forward(_by_axes(ops, x, self.size, ops.upsample))

    def backward(
        self, ops: Ops, tape: Tape, dy: Array, dstates: tuple[Array, ...] | None = None, *, need_dx: bool = True
    ) -> Backward:
        if not need_dx:
            return Backward(None)
        return Backward(_by_axes(ops, dy, self.size, lambda y, size: _sums(ops, y, size)))


def _by_axes(ops: Ops, x: Array, size: tuple[int, ...], change: Callable[[Array, tuple[int, ...]], Array]) -> Array:
    """Return ``change(x, size)`` for all axes: of a volume for height and width, then for the depth."""
    if len(size) < 3:
        return change(x, size)
    planes = ops.split_steps(change(ops.merge_steps(x), size[1:]), x.shape[0])
    D, _, *rest = planes.shape
    y = change(ops.reshape(planes, (D, prod(rest))), size[:1])
    return ops.reshape(y, (y.shape[0], *rest))


def _sums(ops: Ops, y: Array, size: tuple[int, ...]) -> Array:
    """Return the sums of the elements of y that are copies of one."""
    return ops.pool_forward(y, "sum", WindowSpec(size, size, (1,) * len(size), ((0, 0),) * len(size)))[0]


class UpSampling1D(UpSampling):
    """Each step of (N, T, C) ``size`` times, as ``keras.layers.UpSampling1D``.

    Parameters
    ----------
    size : int
        How many times.
    **kwargs
        Those of :class:`~numba_lstm.layers.Layer`.
    """

    ranks = (3,)

    def __init__(self, size: Any = 2, **kwargs: Any) -> None:
        super().__init__(size, **kwargs)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "size": self.size[0]}


class UpSampling2D(UpSampling):
    """Each element of images (N, H, W, C) repeated along both axes, as ``keras.layers.UpSampling2D``.

    Parameters
    ----------
    size : int or (int, int)
        How many times, for the height and the width.
    data_format : "channels_last", optional
        Features are the last axis, always.
    interpolation : "nearest"
        Elements are repeated.
    **kwargs
        Those of :class:`~numba_lstm.layers.Layer`.

    Raises
    ------
    ValueError
        For another ``data_format`` or ``interpolation``.
    """

    ranks = (4,)

    def __init__(
        self, size: Any = (2, 2), data_format: str | None = None, interpolation: str = "nearest", **kwargs: Any
    ) -> None:
        check_data_format(type(self), data_format)
        if interpolation != "nearest":
            raise ValueError(f"UpSampling2D's interpolation must be 'nearest', got {interpolation!r}.")
        super().__init__(size, **kwargs)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "size": list(self.size), "data_format": "channels_last", "interpolation": "nearest"}


class UpSampling3D(UpSampling):
    """Each element of volumes (N, D, H, W, C) repeated along three axes, as ``keras.layers.UpSampling3D``.

    Parameters
    ----------
    size : int or (int, int, int)
        How many times, for the depth, the height and the width.
    data_format : "channels_last", optional
        Features are the last axis, always.
    **kwargs
        Those of :class:`~numba_lstm.layers.Layer`.
    """

    ranks = (5,)

    def __init__(self, size: Any = (2, 2, 2), data_format: str | None = None, **kwargs: Any) -> None:
        check_data_format(type(self), data_format)
        super().__init__(size, **kwargs)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "size": list(self.size), "data_format": "channels_last"}
