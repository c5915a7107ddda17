"""The contract: every op's equations, shapes, dtypes, and who writes what.

An *op* is a Python function of a device package (``kernels.reference``, ``kernels.cpu``, ``kernels.cuda``). It allocates its
outputs, its tape and its scratch, picks a path, and calls kernels, which allocate nothing. A device package *is* the ``ops``
argument that layers receive; a test compares its signatures with the methods below, which hold the one full docstring of an op.

Shapes: ``N`` batch, ``T`` steps, ``D`` inputs, ``H`` units, ``C`` outputs of a layer, ``M`` rows (``N`` or ``T * N``).
Sequences are **time-major**, ``(T, N, D)``. The last axis of an array is contiguous, the others have any strides: outputs are
often views of padded rows. Strides along an axis of one element mean nothing. All floating arrays of one call share one dtype,
float32 or float64. An ``Array`` is opaque to everyone but its device: only ``.shape``, ``.dtype`` and the ops below may be
used. Ops never write to their inputs, but for the tape (which one backward call may consume), the weights and slots of
:meth:`Ops.update` and the moving statistics of :meth:`Ops.batch_norm_forward`; ops overwrite their outputs, only the training
loop adds.
"""

from __future__ import annotations

from typing import Protocol

from ..values import (
    Array,
    DensePart,
    ForwardProgram,
    GradientProgram,
    LSTMGradients,
    LSTMNoise,
    LSTMOutput,
    LSTMPart,
    LSTMWeights,
    Passes,
    Stepper,
    Tape,
    UpdateProgram,
    Weight,
)
from .arrays import ArrayOps
from .layers import LayerOps
from .lstm import LSTMOps
from .training import TrainingOps

__all__ = [
    "Array",
    "DensePart",
    "ForwardProgram",
    "GradientProgram",
    "LSTMGradients",
    "LSTMNoise",
    "LSTMOutput",
    "LSTMPart",
    "LSTMWeights",
    "Ops",
    "Passes",
    "Stepper",
    "Tape",
    "UpdateProgram",
    "Weight",
]


class Ops(ArrayOps, LSTMOps, LayerOps, TrainingOps, Protocol):
    """The ops of a device. A module with these functions is a device."""
