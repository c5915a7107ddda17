"""Read and write ``model.weights.h5``: weights of a model and state of its optimizer, in the layout of Keras 3."""

from __future__ import annotations

import io
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from ....files.destinations import import_h5py
from ....files.errors import FileFormatError
from ....models import Model
from ....variables import Variable
from . import optimizer_state
from .assign import assign, in_order
from .groups import groups

Array = npt.NDArray[Any]
_OPTIMIZER = "optimizer/vars"


def encode(model: Model) -> bytes:
    """Return the bytes of the file.

    Raises
    ------
    ImportError
        Without h5py, which writes it.
    """
    file = io.BytesIO()
    with import_h5py().File(file, "w", libver="earliest") as target:
        _write(target, "vars", model.name, [])
        for path, name, variables in groups(model.layers):
            _write(target, f"{path}/vars", name, [variable.value for variable in variables])
        if model.optimizer is not None:
            state = optimizer_state.to_arrays(model.optimizer, model.trainable_weights)
            _write(target, _OPTIMIZER, model.optimizer.name, state)
    return file.getvalue()


def _write(target: Any, path: str, name: str, arrays: list[Array]) -> None:
    group = target.create_group(path)
    group.attrs["name"] = name
    for index, array in enumerate(arrays):
        group[str(index)] = np.asarray(array)


def assign_weights(model: Model, arrays: Mapping[str, Array], skip_mismatch: bool = False) -> set[str]:
    """Assign the weights of a file to the model and return the skipped layers; see :func:`.assign.assign`.

    Raises
    ------
    FileFormatError
        If they are not those of the model; nothing changes then.
    """
    variables: dict[str, Variable] = {}
    for path, _, layer_variables in groups(model.layers):
        variables |= {f"{path}/vars/{index}": variable for index, variable in enumerate(layer_variables)}
    # Early releases of Keras store seeds, which mean nothing to another generator.
    return assign(
        variables, {n: a for n, a in arrays.items() if n.startswith("layers/") and "/seed_generator/" not in n}, skip_mismatch
    )


def check_names(model: Model, attributes: Mapping[str, Mapping[str, Any]]) -> None:
    """Refuse a file whose groups have the names of other layers than the functional ``model`` that it describes.

    Raises
    ------
    FileFormatError
        In that case: layers of one class have their weights by their order.
    """
    for path, name, _ in groups(model.layers):
        found = attributes.get(f"{path}/vars", {}).get("name", name)
        if path.split("/")[-2] == "layers" and found != name:
            raise FileFormatError(
                f"its weights in {path!r:.100} are those of {found!r:.100}, where the model has {name!r:.100}: they would go "
                "to the wrong layers. Save the file again."
            )


def load_optimizer(model: Model, arrays: Mapping[str, Array]) -> None:
    """Load the optimizer's state, if the file has one.

    Raises
    ------
    FileFormatError
        If it is no state of the model's optimizer for its weights.
    """
    if state := in_order(arrays, _OPTIMIZER):
        optimizer_state.load(model, state)


def load(model: Model, arrays: Mapping[str, Array], skip_mismatch: bool = False) -> set[str]:
    """Load weights, and the optimizer's state if it fits; else warn, as Keras does. Return the skipped layers."""
    skipped = assign_weights(model, arrays, skip_mismatch)
    if model.optimizer is None:
        return skipped
    if skipped:
        warnings.warn("the optimizer stays as it is: its state in the file is that of other weights.", stacklevel=4)
        return skipped
    try:
        load_optimizer(model, arrays)
    except FileFormatError as error:
        warnings.warn(f"the optimizer stays as it is, only weights were loaded: {error}", stacklevel=4)
    return skipped
