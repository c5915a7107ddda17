"""Results of a layer's passes on the device, and their outputs as NumPy arrays with samples first."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ...kernels.contract import Array, Ops, Tape


class Forward(NamedTuple):
    """Result of :meth:`Layer.forward`."""

    y: Array
    states: tuple[Array, ...] = ()
    mask: Array | None = None
    tape: Tape | None = None
    penalty: float = 0.0  #: of outputs, from activity regularizers; it joins the loss


class Backward(NamedTuple):
    """Result of :meth:`Layer.backward`; ``gradients`` in the order of ``Layer.variables``."""

    dx: Array | None
    dstates: tuple[Array, ...] = ()
    gradients: tuple[Array, ...] = ()


def to_samples(ops: Ops, y: Array) -> npt.NDArray[Any]:
    """Return a device's output as a new NumPy array, batch axis first."""
    host = ops.to_host(y)
    return np.array(host.swapaxes(0, 1) if host.ndim > 2 else host, order="C", copy=True)
