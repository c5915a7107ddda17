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
    losses: tuple[Array, ...] = ()  #: numbers (1,) of ``add_loss``, which join it too


class Backward(NamedTuple):
    """Result of :meth:`Layer.backward`; ``gradients`` in the order of ``Layer.variables``."""

    dx: Array | None
    dstates: tuple[Array, ...] = ()
    gradients: tuple[Array, ...] = ()


class StepValue(NamedTuple):
    """What a stream knows of an input or output of a layer."""

    has_steps: bool  #: whether it has an element for each step; else it depends on all steps so far, as a last output does
    features: tuple[int, ...]  #: its shape without the axes of samples and steps
    masked: bool = False  #: whether a mask may come with it
    zeros: int = 0  #: steps of zeros before the first one, which the stream leaves to the layer that takes it

    @property
    def shape(self) -> tuple[int | None, ...]:
        """The shape of a batch of any number of steps."""
        return (None, None, *self.features) if self.has_steps else (None, *self.features)


def to_samples(ops: Ops, y: Array) -> npt.NDArray[Any]:
    """Return a device's output as a new NumPy array, batch axis first."""
    host = ops.to_host(y)
    return np.array(host.swapaxes(0, 1) if host.ndim > 2 else host, order="C", copy=True)
