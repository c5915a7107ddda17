"""Spatial dropout: dropout of whole features, at all steps or places of a sample."""

from __future__ import annotations

from math import prod
from typing import Any

from ...kernels.contract import Array, Ops, Tape
from ...kernels.specs import Key
from ..base import Backward, Forward
from ..base.arguments import check_data_format
from .dropout import Dropout


class SpatialDropout1D(Dropout):
    """Dropout of whole features of a sample, at all of its steps (Tompson et al. 2015); as ``keras.layers.SpatialDropout1D``.

    Parameters
    ----------
    rate : float
        The share of features that are zeroed, from 0 to below 1.
    seed : int, optional
        In place of the model's.
    name, dtype, **kwargs
        Those of :class:`~numba_lstm.layers.Layer`.
    """

    ranks = (3,)

    def __init__(self, rate: float, seed: int | None = None, name: str | None = None, dtype: Any = None, **kwargs: Any) -> None:
        super().__init__(rate, (None, 1, None), seed, name=name, dtype=dtype, **kwargs)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        del config["noise_shape"]
        return config


class _OfPlaces(SpatialDropout1D):
    """Base class of spatial dropout of images and volumes, whose places count as steps."""

    def __init__(
        self,
        rate: float,
        data_format: str | None = None,
        seed: int | None = None,
        name: str | None = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        check_data_format(type(self), data_format)
        super().__init__(rate, seed, name, dtype, **kwargs)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "data_format": "channels_last"}

    def forward(
        self,
        ops: Ops,
        x: Array,
        states: tuple[Array, ...] | None = None,
        mask: Array | None = None,
        training: bool = False,
        rng: Key | None = None,
    ) -> Forward:
        if not training or self.rate == 0:
            return Forward(x, mask=mask)
        sample = (x.shape[0], *x.shape[2:])
        steps = ops.reshape(x, (prod(sample[:-1]), sample[-1]))
        result = super().forward(ops, steps, None, None, training, rng)
        return Forward(ops.reshape(result.y, sample), mask=mask, tape=(result.tape, sample))

    def backward(
        self, ops: Ops, tape: Tape, dy: Array, dstates: tuple[Array, ...] | None = None, *, need_dx: bool = True
    ) -> Backward:
        if tape is None or not need_dx:
            return Backward(dy)
        of_steps, sample = tape
        dx = super().backward(ops, of_steps, ops.reshape(dy, (prod(sample[:-1]), sample[-1]))).dx
        return Backward(ops.reshape(dx, sample))


class SpatialDropout2D(_OfPlaces):
    """Dropout of whole features of images (N, H, W, C), as ``keras.layers.SpatialDropout2D``.

    Parameters
    ----------
    rate, seed, name, dtype, **kwargs
        Those of :class:`SpatialDropout1D`.
    data_format : "channels_last", optional
        Features are the last axis, always.
    """

    ranks = (4,)


class SpatialDropout3D(_OfPlaces):
    """Dropout of whole features of volumes (N, D, H, W, C), as ``keras.layers.SpatialDropout3D``.

    Parameters
    ----------
    rate, seed, name, dtype, **kwargs
        Those of :class:`SpatialDropout1D`.
    data_format : "channels_last", optional
        Features are the last axis, always.
    """

    ranks = (5,)
