"""Load the optimizer state of a legacy file of Keras 2, whose names say which slot an array is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ....files.errors import FileFormatError
from ....models import Model
from ....optimizers import Optimizer
from . import optimizer_state

Array = npt.NDArray[Any]

#: Name of a slot in Keras 2, also before 2.11 -> name here.
_SLOTS = {"v": "velocity", "vhat": "velocity_hat", "rms": "velocity", "mg": "average_gradient", "m": "momentum"}


def load_optimizer(model: Model, arrays: Mapping[str, Array]) -> None:
    """Load an optimizer's state: the number of steps, and slots by their names.

    Raises
    ------
    FileFormatError
        If it is not the state of the model's optimizer.
    """
    optimizer = model.optimizer
    assert optimizer is not None
    slots: dict[str, list[Array]] = {}
    steps: list[Array] = []
    for name, array in arrays.items():
        slot = _slot(name, optimizer)
        if slot is None:
            steps.append(array)
        else:
            slots.setdefault(slot, []).append(array)
    slot_arrays = [slots.get(slot, []) for slot in optimizer.spec.slots]
    if len(steps) != 1 or len({len(slot) for slot in slot_arrays}) > 1:
        raise FileFormatError(f"its optimizer's state is not that of {optimizer.name}. Load it with compile=False.")
    order = optimizer_state.order(optimizer, len(slot_arrays[0]) if slot_arrays else 0)
    head = [steps[0], optimizer_state.rate_of(optimizer, np.dtype(np.float64))]
    optimizer_state.load(model, [*head, *(slot_arrays[slot][variable] for variable, slot in order)])


def _slot(name: str, optimizer: Optimizer) -> str | None:
    """The slot of ``Adam/m/lstm/kernel:0`` or, before 2.11, ``Adam/lstm/kernel/m:0``; None for the number of steps."""
    path: Sequence[str] = name.partition(":")[0].split("/")
    if path[-1] in ("iteration", "iter"):
        return None
    known_names = {*_SLOTS, *_SLOTS.values(), "accumulator", *optimizer.spec.slots}
    name_in_path = next((part for part in (path[-1], *path[1:2]) if part in known_names), None)
    if name_in_path is None:
        raise FileFormatError(f"its optimizer has {name!r:.100}, which {optimizer.name} has not. Load it with compile=False.")
    return _SLOTS.get(name_in_path, name_in_path)
