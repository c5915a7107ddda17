"""Load the optimizer state of a legacy file of Keras 2, whose names say which slot an array is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ....files.errors import FileFormatError
from ....models import Sequential
from ....optimizers import Optimizer
from . import optimizer_state

Array = npt.NDArray[Any]

#: Names of slots, those of releases before 2.11 too -> ours.
_SLOTS = {"v": "velocity", "vhat": "velocity_hat", "rms": "velocity", "mg": "average_gradient", "m": "momentum"}


def load_optimizer(model: Sequential, arrays: Mapping[str, Array]) -> None:
    """Go on from an optimizer's state: the steps, and slots whose names say which they are.

    Raises
    ------
    FileFormatError
        Where it is not the state of the model's optimizer.
    """
    optimizer = model.optimizer
    assert optimizer is not None
    found: dict[str, list[Array]] = {}
    steps: list[Array] = []
    for name, array in arrays.items():
        slot = _slot(name, optimizer)
        if slot is None:
            steps.append(array)
        else:
            found.setdefault(slot, []).append(array)
    kept = [found.get(slot, []) for slot in optimizer.spec.slots]
    if len(steps) != 1 or len({len(slot) for slot in kept}) > 1:
        raise FileFormatError(f"its optimizer's state is not that of {optimizer.name}. Load it with compile=False.")
    order = optimizer_state.order(optimizer, len(kept[0]) if kept else 0)
    head = [steps[0], optimizer_state.rate_of(optimizer, np.dtype(np.float64))]
    optimizer_state.load(model, [*head, *(kept[slot][variable] for variable, slot in order)])


def _slot(name: str, optimizer: Optimizer) -> str | None:
    """Our name of a slot: ``Adam/m/lstm/kernel:0`` and, before 2.11, ``Adam/lstm/kernel/m:0``; None for the steps."""
    parts: Sequence[str] = name.partition(":")[0].split("/")
    if parts[-1] in ("iteration", "iter"):
        return None
    known = {*_SLOTS, *_SLOTS.values(), "accumulator", *optimizer.spec.slots}
    place = next((part for part in (parts[-1], *parts[1:2]) if part in known), None)
    if place is None:
        raise FileFormatError(f"its optimizer has {name!r:.100}, which {optimizer.name} has not. Load it with compile=False.")
    return _SLOTS.get(place, place)
