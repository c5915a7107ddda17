"""Values of weights that tasks read where they are, and not in a packed form."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ...contract import Weight
from . import recording


def value_of(weight: Weight) -> npt.NDArray[Any]:
    """Return the array of a weight; for the step of a stream, whose weights stay as they are, a copy.

    All streams of one version of the weight share the copy.
    """
    active = recording.active()
    if active is not None and active.input is not None:
        copy: npt.NDArray[Any] = weight.prepared("cpu.copy", np.copy)
        return copy
    return recording.reading(weight)
