"""The contract of the devices: equations, shapes, dtypes and memory of every op.

An *op* is a Python function of a device package (``kernels.reference``, ``kernels.cpu``, ``kernels.cuda``). It allocates its
outputs, its tape and its workspace, selects an algorithm, and calls kernels, which allocate nothing. A device package is the
``ops`` argument of the layers. The methods below hold the full docstrings of the ops. A test compares the signatures of the
devices with theirs.

Shapes: ``N`` batch, ``T`` steps, ``D`` inputs, ``H`` units, ``P`` outputs of an LSTM, ``C`` outputs of a layer, ``M`` rows
(``N`` or ``T * N``). Sequences are **time-major**, ``(T, N, D)``. The last axis of an array is contiguous, and the others may
have any strides: outputs are often views of padded rows. The stride of an axis of size one has no meaning. All floating arrays
of one call have the same dtype, float32 or float64.

An ``Array`` is opaque to everything but its device. Other code uses only ``.shape``, ``.dtype`` and the ops below. Ops never
write to their inputs, except for the tape (which one backward call may consume), the weights and slots of :meth:`Ops.update`,
and the moving statistics of :meth:`Ops.batch_norm_forward`. Ops overwrite their outputs. Only the training loop accumulates.
"""

from __future__ import annotations

from typing import Protocol

from ..op_types import (
    Array,
    DecodingPlan,
    ElementwiseFormula,
    LSTMGradients,
    LSTMNoise,
    LSTMOutput,
    LSTMWeights,
    Plan,
    RNNGradients,
    RNNNoise,
    RNNOutput,
    RNNWeights,
    StepFunction,
    StreamPlan,
    Tape,
    UpdateProgram,
    Weight,
)
from .arrays import ArrayOps
from .layers import LayerOps
from .lstm import LSTMOps
from .plans import PlanOps
from .rnn import RNNOps
from .tensors import TensorOps
from .training import TrainingOps
from .windows import WindowOps

__all__ = [
    "Array",
    "DecodingPlan",
    "ElementwiseFormula",
    "LSTMGradients",
    "LSTMNoise",
    "LSTMOutput",
    "LSTMWeights",
    "Ops",
    "Plan",
    "StepFunction",
    "StreamPlan",
    "RNNGradients",
    "RNNNoise",
    "RNNOutput",
    "RNNWeights",
    "Tape",
    "UpdateProgram",
    "Weight",
]


class Ops(ArrayOps, TensorOps, LSTMOps, RNNOps, LayerOps, WindowOps, TrainingOps, PlanOps, Protocol):
    """The ops of a device. A module with these functions is a device."""
