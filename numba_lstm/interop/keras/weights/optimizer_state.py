"""An optimizer's state as Keras 3 keeps it: the number of steps, the rate if it is a number, then the slots in its order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from .... import optimizers
from ....files.errors import REFUSALS, FileFormatError, brief
from ....models import Sequential
from ....optimizers import Nadam, Optimizer
from ....variables import Variable

Array = npt.NDArray[Any]

#: Slots that Keras makes together.
_PAIRS = {
    ("momentum", "velocity"),
    ("momentum", "norm"),
    ("accumulated_grad", "accumulated_delta_var"),
    ("accumulator", "linear"),
}
_SETTLED = 1_000  #: steps after which Nadam's u is beta_1 to the last bit; a file may claim 2^62


def to_arrays(optimizer: Optimizer, variables: Sequence[Variable]) -> list[Array]:
    """The state for Keras; that of an optimizer which took no step yet is its first one, for ``variables``."""
    if not optimizer.built:
        optimizer = optimizers.deserialize(optimizers.serialize(optimizer))
        optimizer.build(variables)
    dtype = np.dtype(variables[0].dtype if variables else np.float32)
    arrays: list[Array] = [optimizer.state()["iterations"].astype(np.int32)]
    if not _scheduled(optimizer):
        arrays.append(rate_of(optimizer, dtype))
    kept = optimizer.kept()
    arrays += [kept[v][s].value for v, s in order(optimizer, len(kept))]
    if isinstance(optimizer, Nadam):
        arrays.append(np.array(_product(optimizer), dtype))
    return arrays


def names(optimizer: Optimizer, variables: Sequence[str]) -> list[str]:
    """Keras's names for what :func:`to_arrays` answers, where ``variables`` are the names of those that have slots."""
    found = ["iteration"] + ["learning_rate"] * (not _scheduled(optimizer))
    found += [f"{variables[v]}_{optimizer.slot_names[s]}" for v, s in order(optimizer, len(variables))]
    return found + ["u_product"] * isinstance(optimizer, Nadam)


def rate_of(optimizer: Optimizer, dtype: np.dtype[Any]) -> Array:
    """The next step's rate in ``dtype``; Keras has it in that of ``keras.config.floatx()``."""
    with np.errstate(over="ignore"):  # one beyond it is infinite there
        return np.array(optimizer.learning_rate, np.float64).astype(dtype)


def load(model: Sequential, arrays: Sequence[Array]) -> None:
    """Go on from a state of Keras; the model is built and compiled.

    Raises
    ------
    FileFormatError
        Where the state is not one of this optimizer for this model's weights; nothing is changed then.
    """
    optimizer = model.optimizer
    assert optimizer is not None
    scalars = 1 + (not _scheduled(optimizer))
    tail = 1 if isinstance(optimizer, Nadam) and len(arrays) > scalars else 0  # a product that follows from the steps
    head, slots = arrays[:scalars], arrays[scalars : len(arrays) - tail]
    if len(head) < scalars or head[0].dtype.kind != "i" or any(array.shape for array in head) or head[0] < 0:
        raise FileFormatError(f"its optimizer's state does not begin with the steps of {optimizer.name} and its rate.")
    variables = _owners(model, optimizer, slots)
    try:
        if variables:
            optimizer.build(variables)
        kept = optimizer.kept()
        paths = [kept[v][s].path for v, s in order(optimizer, len(variables))]
        steps = np.array(head[0], np.int64)
        if scalars == 2 and rate_of(optimizer, head[1].dtype) != head[1]:  # the config has it with all its digits
            optimizer.learning_rate = float(head[1])
        optimizer.load_state({"iterations": steps, **dict(zip(paths, slots, strict=True))})
    except REFUSALS as error:
        raise FileFormatError(f"its optimizer's state cannot be taken: {brief(error)}") from error


def _owners(model: Sequential, optimizer: Optimizer, slots: Sequence[Array]) -> list[Variable]:
    """The variables whose slots these are: those that are trained, or some may have been frozen since."""
    shapes = [array.shape for array in slots]
    if not slots and optimizer.slot_names:
        return []  # it was saved before its first step
    for variables in (model.trainable_weights, [v for v in model.weights if v.trainable]):
        if shapes == [variables[v].shape for v, _ in order(optimizer, len(variables))]:
            if any(array.dtype != v.dtype for array, v in zip(slots, _repeated(optimizer, variables), strict=True)):
                raise FileFormatError("its optimizer's state has another dtype than the weights.")
            return variables
    raise FileFormatError(
        f"the {len(slots)} arrays of its optimizer do not fit {optimizer.name} and its weights. Load it with compile=False."
    )


def _repeated(optimizer: Optimizer, variables: Sequence[Variable]) -> list[Variable]:
    return [variables[v] for v, _ in order(optimizer, len(variables))]


def order(optimizer: Optimizer, count: int) -> list[tuple[int, int]]:
    """Indices of variable and slot in Keras's order: slot by slot, but the first two of some rules variable by variable."""
    names = optimizer.slot_names
    own = len(names) - len(optimizer.spec.slots)  # what options keep comes first
    pair = 2 if optimizer.spec.slots[:2] in _PAIRS else 0
    singles = [range(s, s + 1) for s in range(len(names)) if not own <= s < own + pair]
    runs = [*singles[:own], range(own, own + pair), *singles[own:]]
    return [(v, s) for run in runs for v in range(count) for s in run]


def _scheduled(optimizer: Optimizer) -> bool:
    return isinstance(optimizer.get_config()["learning_rate"], dict)


def _product(optimizer: Nadam) -> float:
    """The product of Nadam's u over the steps taken (Dozat 2016)."""
    product, beta = 1.0, optimizer.spec.beta_1
    for step in range(1, min(optimizer.iterations, _SETTLED) + 1):
        product *= beta * (1 - 0.5 * 0.96**step)
    return product * float(beta ** max(optimizer.iterations - _SETTLED, 0))
