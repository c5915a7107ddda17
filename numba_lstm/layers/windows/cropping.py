"""Zero padding and cropping of sequences, images and volumes."""

from __future__ import annotations

from math import prod
from typing import Any, ClassVar

from ...inputs import as_count
from ...kernels.contract import Array, Ops, Tape
from ...kernels.specs import Key
from ..base import Backward, Forward
from ..base.arguments import Shape, check_data_format
from .window_layer import AXES, AxesLayer


class Borders(AxesLayer):
    """Base class of what adds elements to the ends of axes, or takes them off."""

    argument: ClassVar[str]  #: the name of the argument with ``borders``
    sign: ClassVar[int]  #: 1 adds, -1 takes off
    streaming_obstacle = "it changes the number of steps"

    def __init__(self, borders: Any, data_format: str | None, **kwargs: Any) -> None:
        check_data_format(type(self), data_format)
        self.borders = self._as_borders(borders)
        super().__init__(**kwargs)

    def _as_borders(self, value: Any) -> tuple[tuple[int, int], ...]:
        """Return ``(before, after)`` of each axis: of one number for all, or one or two for each axis."""
        name, entries = f"{type(self).__name__}'s {self.argument}", (value,) * self.axes
        if self.axes > 1 and isinstance(value, (tuple, list)):
            entries = tuple(value)
        borders = [tuple(entry) if isinstance(entry, (tuple, list)) else (entry, entry) for entry in entries]
        if len(borders) != self.axes or any(len(border) != 2 for border in borders):
            pairs = ("(before, after)", "((top, bottom), (left, right))", "a pair (before, after) for each axis")[self.axes - 1]
            raise ValueError(f"{name} must be a whole number or {pairs}, got {value!r}.")
        return tuple(
            (as_count(first, f"each entry of {name}", 0), as_count(last, f"each entry of {name}", 0)) for first, last in borders
        )

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        axes = zip(input_shape[1:-1], self.borders, strict=True)
        lengths = tuple(None if length is None else length + self.sign * sum(border) for length, border in axes)
        for axis, length in enumerate(lengths):
            if length is not None and length < 1:
                raise ValueError(
                    f"{self.name} takes {sum(self.borders[axis])} {AXES[self.axes][axis]} off, got samples of shape "
                    f"{input_shape[1:]}. Give larger samples, or a smaller {self.argument}."
                )
        return (input_shape[0], *lengths, input_shape[-1])

    def build(self, input_shape: Shape) -> None:
        self.compute_output_shape(input_shape)  # for its sentence

    def forward(
        self,
        ops: Ops,
        x: Array,
        states: tuple[Array, ...] | None = None,
        mask: Array | None = None,
        training: bool = False,
        rng: Key | None = None,
    ) -> Forward:
        return Forward(_with_borders(ops, x, self.borders, self.sign > 0))

    def backward(
        self, ops: Ops, tape: Tape, dy: Array, dstates: tuple[Array, ...] | None = None, *, need_dx: bool = True
    ) -> Backward:
        if not need_dx:
            return Backward(None)
        return Backward(_with_borders(ops, dy, self.borders, self.sign < 0))

    def get_config(self) -> dict[str, Any]:
        borders: Any = [list(border) for border in self.borders]
        config = {**super().get_config(), self.argument: borders[0] if self.axes == 1 else borders}
        return config if self.axes == 1 and self.sign < 0 else {**config, "data_format": "channels_last"}


def _with_borders(ops: Ops, x: Array, borders: tuple[tuple[int, int], ...], more: bool) -> Array:
    """Return x with zeros at the ends of its axes, or without elements there: a volume along height and width, then depth."""
    change = ops.pad if more else ops.crop
    if len(borders) < 3:
        return change(x, borders)
    planes = ops.split_steps(change(ops.merge_steps(x), borders[1:]), x.shape[0])
    D, _, *rest = planes.shape
    y = change(ops.reshape(planes, (D, prod(rest))), borders[:1])
    return ops.reshape(y, (y.shape[0], *rest))


class ZeroPadding1D(Borders):
    """Zeros before the first and after the last step of (N, T, C), as ``keras.layers.ZeroPadding1D``.

    Parameters
    ----------
    padding : int or (int, int)
        The number of zeros at both ends, or before and after.
    data_format : "channels_last", optional
        Features are the last axis, always.
    **kwargs
        Those of :class:`~numba_lstm.layers.Layer`.
    """

    ranks, argument, sign = (3,), "padding", 1

    def __init__(self, padding: Any = 1, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(padding, data_format, **kwargs)

    def check_causal(self) -> None:
        if self.borders[0][1]:
            super().check_causal()

    def check_windows(self) -> None:
        raise NotImplementedError(
            f"{self.name} ({type(self).__name__}) cannot be cut into windows: each of them would begin with zeros. "
            "Give a Conv1D padding='causal'."
        )

    @property
    def zeros_before(self) -> int:
        """The steps of zeros before the first one, which in a stream a convolution after this layer begins with."""
        return self.borders[0][0]

    def forward_step(self, ops: Ops, x: Any, states: tuple[Array, ...] | None = None, mask: Any = None) -> Forward:
        return Forward(x)


class ZeroPadding2D(Borders):
    """Zeros around images (N, H, W, C), as ``keras.layers.ZeroPadding2D``.

    Parameters
    ----------
    padding : int, (int, int) or ((int, int), (int, int))
        Of all sides, of (height, width), or ``((top, bottom), (left, right))``.
    data_format : "channels_last", optional
        Features are the last axis, always.
    **kwargs
        Those of :class:`~numba_lstm.layers.Layer`.
    """

    ranks, argument, sign = (4,), "padding", 1

    def __init__(self, padding: Any = (1, 1), data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(padding, data_format, **kwargs)


class ZeroPadding3D(Borders):
    """Zeros around volumes (N, D, H, W, C), as ``keras.layers.ZeroPadding3D``.

    Parameters
    ----------
    padding : int, (int, int, int), or a tuple of three pairs
        Of all sides, of (depth, height, width), or ``(before, after)`` of each.
    data_format : "channels_last", optional
        Features are the last axis, always.
    **kwargs
        Those of :class:`~numba_lstm.layers.Layer`.
    """

    ranks, argument, sign = (5,), "padding", 1

    def __init__(self, padding: Any = ((1, 1), (1, 1), (1, 1)), data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(padding, data_format, **kwargs)


class Cropping1D(Borders):
    """(N, T, C) without its first and last steps, as ``keras.layers.Cropping1D``.

    Parameters
    ----------
    cropping : int or (int, int)
        The number of steps that are taken off at both ends, or before and after.
    **kwargs
        Those of :class:`~numba_lstm.layers.Layer`.
    """

    ranks, argument, sign = (3,), "cropping", -1

    def __init__(self, cropping: Any = (1, 1), **kwargs: Any) -> None:
        super().__init__(cropping, None, **kwargs)


class Cropping2D(Borders):
    """Images (N, H, W, C) without their borders, as ``keras.layers.Cropping2D``.

    Parameters
    ----------
    cropping : int, (int, int) or ((int, int), (int, int))
        Of all sides, of (height, width), or ``((top, bottom), (left, right))``.
    data_format : "channels_last", optional
        Features are the last axis, always.
    **kwargs
        Those of :class:`~numba_lstm.layers.Layer`.
    """

    ranks, argument, sign = (4,), "cropping", -1

    def __init__(self, cropping: Any = ((0, 0), (0, 0)), data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(cropping, data_format, **kwargs)


class Cropping3D(Borders):
    """Volumes (N, D, H, W, C) without their borders, as ``keras.layers.Cropping3D``.

    Parameters
    ----------
    cropping : int, (int, int, int), or a tuple of three pairs
        Of all sides, of (depth, height, width), or ``(before, after)`` of each.
    data_format : "channels_last", optional
        Features are the last axis, always.
    **kwargs
        Those of :class:`~numba_lstm.layers.Layer`.
    """

    ranks, argument, sign = (5,), "cropping", -1

    def __init__(self, cropping: Any = ((1, 1), (1, 1), (1, 1)), data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(cropping, data_format, **kwargs)
