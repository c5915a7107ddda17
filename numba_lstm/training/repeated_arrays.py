"""Arrays of the shapes and dtypes of an earlier batch, which need no validation.

Validation looks at shapes and dtypes alone, but for indices and labels, and takes as long as the step of a small model.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from .batches import Ragged, Samples
from .plan_protocols import CompiledOutput
from .protocols import Trainable


class ValidArrays(NamedTuple):
    """Shapes and dtypes of an input and its targets that were valid as they came, for a graph of layers and its losses."""

    arrays: Any
    graph: Any
    outputs: list[CompiledOutput]


def _arrays(x: Any, y: Any) -> Any:
    """Return the shapes and dtypes of two arrays; None for anything else."""
    return (x.shape, x.dtype, y.shape, y.dtype) if type(x) is np.ndarray and type(y) is np.ndarray else None


def repeated_samples(model: Trainable, x: Any, y: Any) -> Samples | None:
    """Return the samples of arrays like those of :func:`remember_arrays`; None for others, and after a change of the model."""
    valid = model.training_plans.valid_arrays
    if valid is None or valid.outputs is not model.compiled_outputs or valid.arrays != _arrays(x, y):
        return None
    return Samples(x, y) if valid.graph is model.execution else None


def remember_arrays(model: Trainable, x: Any, y: Any, samples: Samples | Ragged) -> None:
    """Remember ``x`` and ``y`` without weights and lengths, if validation took them as they are and read no number of them."""
    if samples.x is not x or samples.target is not y or samples.labels or not model.has_one_input:
        return
    arrays, (reader,) = _arrays(x, y), model.readers
    if arrays is not None and not (reader.takes_indices or reader.converts_inputs):
        model.training_plans.valid_arrays = ValidArrays(arrays, model.execution, model.compiled_outputs)
