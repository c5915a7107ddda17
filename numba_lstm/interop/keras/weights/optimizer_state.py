"""Optimizer state in the order of Keras 3: the number of steps, the rate unless it is a schedule, then the slots."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from .... import optimizers
from ....files.errors import REFUSALS, FileFormatError, short_message
from ....models import Model
from ....optimizers import Nadam, Optimizer
from ....variables import Variable

Array = npt.NDArray[Any]

#: Pairs of slots that Keras makes variable by variable.
_INTERLEAVED_SLOTS = {
    ("momentum", "velocity"),
    ("momentum", "norm"),
    ("accumulated_grad", "accumulated_delta_var"),
    ("accumulator", "linear"),
}
_CONVERGED_STEPS = 1_000  #: steps after which Nadam's u is beta_1 to the last bit; a file may claim 2^62


def to_arrays(optimizer: Optimizer, variables: Sequence[Variable]) -> list[Array]:
    """Return the state for Keras; before the first step it is the initial state for ``variables``."""
    if not optimizer.built:
        optimizer = optimizers.deserialize(optimizers.serialize(optimizer))
        optimizer.build(variables)
    dtype = np.dtype(variables[0].dtype if variables else np.float32)
    arrays: list[Array] = [optimizer.state()["iterations"].astype(np.int32)]
    if not _has_schedule(optimizer):
        arrays.append(rate_of(optimizer, dtype))
    slot_variables = optimizer.slots_by_weight()
    arrays += [slot_variables[v][s].value for v, s in order(optimizer, len(slot_variables))]
    if isinstance(optimizer, Nadam):
        arrays.append(np.array(_u_product(optimizer), dtype))
    return arrays


def names(optimizer: Optimizer, variables: Sequence[str]) -> list[str]:
    """Return Keras's names of the arrays of :func:`to_arrays`; ``variables`` are the names of those that have slots."""
    state_names = ["iteration"] + ["learning_rate"] * (not _has_schedule(optimizer))
    state_names += [f"{variables[v]}_{optimizer.slot_names[s]}" for v, s in order(optimizer, len(variables))]
    return state_names + ["u_product"] * isinstance(optimizer, Nadam)


def rate_of(optimizer: Optimizer, dtype: np.dtype[Any]) -> Array:
    """Return the rate of the next step in ``dtype``; Keras has it in that of ``keras.config.floatx()``."""
    with np.errstate(over="ignore"):  # a rate beyond the range of dtype becomes infinite
        return np.array(optimizer.learning_rate, np.float64).astype(dtype)


def load(model: Model, arrays: Sequence[Array]) -> None:
    """Load a state of Keras into the optimizer of a built and compiled model.

    Raises
    ------
    FileFormatError
        If it is no state of this optimizer for this model's weights; nothing changes then.
    """
    optimizer = model.optimizer
    assert optimizer is not None
    scalars = 1 + (not _has_schedule(optimizer))
    tail = (
        1 if isinstance(optimizer, Nadam) and len(arrays) > scalars else 0
    )  # u_product, which follows from the number of steps
    head, slots = arrays[:scalars], arrays[scalars : len(arrays) - tail]
    if len(head) < scalars or head[0].dtype.kind != "i" or any(array.shape for array in head) or head[0] < 0:
        raise FileFormatError(f"its optimizer's state does not begin with the steps of {optimizer.name} and its rate.")
    variables = _match_variables(model, optimizer, slots)
    try:
        if variables:
            optimizer.build(variables)
        slot_variables = optimizer.slots_by_weight()
        paths = [slot_variables[v][s].path for v, s in order(optimizer, len(variables))]
        steps = np.array(head[0], np.int64)
        if scalars == 2 and rate_of(optimizer, head[1].dtype) != head[1]:  # the config has it in full precision
            optimizer.learning_rate = float(head[1])
        optimizer.load_state({"iterations": steps, **dict(zip(paths, slots, strict=True))})
    except REFUSALS as error:
        raise FileFormatError(f"its optimizer's state cannot be taken: {short_message(error)}") from error


def _match_variables(model: Model, optimizer: Optimizer, slots: Sequence[Array]) -> list[Variable]:
    """The variables of these slots: the trainable ones, or those before some outer layer was frozen."""
    shapes = [array.shape for array in slots]
    if not slots and optimizer.slot_names:
        return []  # saved before the first step
    for variables in (model.trainable_weights, [v for v in model.weights if v.trainable]):
        if shapes == [variables[v].shape for v, _ in order(optimizer, len(variables))]:
            if any(array.dtype != v.dtype for array, v in zip(slots, _variables_of_slots(optimizer, variables), strict=True)):
                raise FileFormatError("its optimizer's state has another dtype than the weights.")
            return variables
    raise FileFormatError(
        f"the {len(slots)} arrays of its optimizer do not fit {optimizer.name} and its weights. Load it with compile=False."
    )


def _variables_of_slots(optimizer: Optimizer, variables: Sequence[Variable]) -> list[Variable]:
    return [variables[v] for v, _ in order(optimizer, len(variables))]


def order(optimizer: Optimizer, count: int) -> list[tuple[int, int]]:
    """Return indices of variable and slot in Keras's order: slot by slot, but pairs of some rules variable by variable."""
    names = optimizer.slot_names
    option_count = len(names) - len(optimizer.spec.slots)  # slots of options come first
    pair = 2 if optimizer.spec.slots[:2] in _INTERLEAVED_SLOTS else 0
    by_slot = [range(s, s + 1) for s in range(len(names)) if not option_count <= s < option_count + pair]
    runs = [*by_slot[:option_count], range(option_count, option_count + pair), *by_slot[option_count:]]
    return [(v, s) for run in runs for v in range(count) for s in run]


def _has_schedule(optimizer: Optimizer) -> bool:
    return isinstance(optimizer.get_config()["learning_rate"], dict)


def _u_product(optimizer: Nadam) -> float:
    """The product of Nadam's u over the steps taken (Dozat 2016)."""
    product, beta = 1.0, optimizer.spec.beta_1
    for step in range(1, min(optimizer.iterations, _CONVERGED_STEPS) + 1):
        product *= beta * (1 - 0.5 * 0.96**step)
    return product * float(beta ** max(optimizer.iterations - _CONVERGED_STEPS, 0))
