"""Validation of arrays and lists of arrays against the model and each other, before anything runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ...inputs import as_real
from ...inputs.array_like import axes_of
from ...inputs.sequences import as_lengths, is_ragged, length_mask
from ...inputs.target_shapes import is_sequence_loss, losses_shape, takes_labels, target_shape
from ...inputs.targets import as_target, as_weight, class_weights
from ...kernels.specs import LossSpec
from ..batches import Host, Ragged, Samples, Shape
from ..protocols import ModelStructure
from .several import validate_inputs, validate_outputs
from .structures import rank, unwrap_input, unwrap_target

PAD = "Pad them: x=pad_sequences(x, dtype='float32', padding='post'), with lengths=[len(part) for part in x]."


def validate_input(model: ModelStructure, x: Any, lengths: Any = None) -> Samples | Ragged:
    """Return ``x`` as arrays that the model takes; this does not build the model.

    Raises
    ------
    TypeError, ValueError
        For anything that the model does not take.
    """
    model.build_for_data(x)
    if not model.has_one_input:
        return validate_inputs(model, x, lengths)
    x = unwrap_input(model, x)
    if is_ragged(x):
        if lengths is not None:
            raise ValueError("lengths belong to one padded array; a list of arrays has its own. Leave lengths out.")
        return _validate_sequences(model, x)
    array = model.as_input(x, "x")
    _check_shape(model, array.shape)
    return Samples(array, mask=None if lengths is None else validate_mask(model, array, None, lengths))


def _check_shape(model: ModelStructure, shape: Shape) -> None:
    if model.built:
        model.check_shape(shape)
    else:
        model.compute_shapes(shape)


def _validate_sequences(model: ModelStructure, x: Sequence[Any]) -> Ragged:
    arrays = _sequence_arrays(model, x)
    if model.stateful:
        raise ValueError(f"{model.name} is stateful, and takes no list of sequences: it orders them by length. {PAD}")
    ragged = Ragged(arrays, np.array([len(part) for part in arrays], np.intp), "int64" if model.takes_indices else model.dtype)
    _check_steps(model, ragged.shape)
    shape = model.compute_output_shape(ragged.shape)
    if shape[-1] is None:
        raise ValueError(f"{model.layers[-1].name} makes features of steps, and takes no sequences of unequal lengths. {PAD}")
    return ragged._replace(stepwise=len(shape) == 3 and shape[1] is None)


def _check_steps(model: ModelStructure, shape: Shape) -> None:
    """Raise ValueError unless the model takes sequences of any number of steps."""
    try:
        _check_shape(model, shape)
    except ValueError as error:
        raise ValueError(_one_length(model, shape) or str(error)) from None


def _one_length(model: ModelStructure, shape: Shape) -> str:
    """Return advice if the model takes ``shape`` with one number of steps only; empty if something else is wrong."""
    steps = model.input_shape[1] if model.built else None
    if steps is None:
        return ""
    try:
        model.check_shape((shape[0], steps, *shape[2:]))
    except ValueError:
        return ""
    return (
        f"{model.name} takes sequences of {steps} steps alone. Pad them: x=pad_sequences(x, maxlen={steps}, "
        f"dtype='float32', padding='post'), with lengths=[min(len(part), {steps}) for part in x]."
    )


def _sequence_arrays(model: ModelStructure, x: Sequence[Any]) -> list[Host]:
    """Return the sequences as arrays with steps of one shape; an empty one may have the shape (0,)."""
    full = {i: model.as_input(part, f"x[{i}]") for i, part in enumerate(x) if len(part)}
    shapes = {i: tuple(part.shape[1:]) for i, part in enumerate(x) if len(part) or axes_of(part) > 1}
    first, step = next(iter(shapes.items())) if shapes else (0, _step_shape(model))
    for i, shape in shapes.items():
        if shape != step:
            raise ValueError(f"x[{i}] has steps of shape {shape}, x[{first}] of {step}. Make them equal.")
    return [full[i] if i in full else np.zeros((0, *step), model.dtype) for i in range(len(x))]


def _step_shape(model: ModelStructure) -> tuple[Any, ...]:
    """Return the shape of a step by the model, if all sequences are empty."""
    if model.takes_indices:
        return ()
    if model.built:
        shape: tuple[Any, ...] = model.input_shape
        return shape[2:]
    raise ValueError("x is a list of empty sequences of unknown features. Give each the shape (0, features).")


def validate_mask(model: ModelStructure, x: Host, mask: Any = None, lengths: Any = None) -> npt.NDArray[np.bool_]:
    """Return the mask (n, T) for x (n, T, D) or indices (n, T): ``mask``, or that of ``lengths`` (n,) of right-padded x.

    Raises
    ------
    TypeError, ValueError
        For both, for an x without steps, and for what does not fit it.
    """
    if mask is not None and lengths is not None:
        raise ValueError("mask and lengths cannot both be given. Give the mask alone.")
    if x.ndim != (2 if model.takes_indices else 3):
        raise ValueError(f"masks and lengths belong to x of (batch, time, features), got shape {x.shape}. Leave them out.")
    if lengths is not None:
        return length_mask(as_lengths(lengths, *x.shape[:2]), x.shape[1])
    array = as_real(mask, "mask")
    if array.shape != x.shape[:2]:
        raise ValueError(f"mask must have the shape (batch, time) = {x.shape[:2]}, got {array.shape}. Give one bool a step.")
    return np.asarray(array != 0)


def lacks_losses(model: ModelStructure) -> bool:
    """Return whether no output has a loss, so that ``add_loss`` alone is trained and there are no targets."""
    return all(output.loss is None for output in model.compiled_outputs)


def validate_arrays(
    model: ModelStructure, x: Any, y: Any, sample_weight: Any = None, class_weight: Any = None, lengths: Any = None
) -> Samples | Ragged:
    """Return x, targets and weights as arrays that fit the model and each other; this does not build the model.

    Raises
    ------
    TypeError, ValueError
        For arrays that do not fit, and for labels that are no classes.
    """
    if x is None:
        raise ValueError("x is missing. Give an array, a list of sequences, or a dataset.")
    if class_weight is not None and sample_weight is not None:
        raise ValueError("class_weight and sample_weight cannot both be given. Multiply them into one sample_weight.")
    samples = validate_input(model, x, lengths)
    if lacks_losses(model) and model.has_one_output:
        return samples
    if y is None and not lacks_losses(model):
        raise ValueError("y is missing. Give one target a sample beside x.")
    if not model.has_one_output:
        if isinstance(samples, Ragged):
            raise ValueError(f"sequences of unequal lengths need a model of one output, and {model.name} has several. {PAD}")
        return validate_outputs(model, samples, y, sample_weight, class_weight)
    assert model.loss is not None
    shape: tuple[Any, ...] = model.compute_output_shape(samples.shape)
    spec = model.loss.spec
    expected = target_shape(spec, shape)
    axes = len(expected)
    y, sample_weight = (unwrap_target(given, samples.size, axes) for given in (y, sample_weight))
    cuts = None
    stepwise = isinstance(samples, Ragged) and samples.stepwise and not is_sequence_loss(spec)
    if isinstance(samples, Ragged) and stepwise:  # all steps of all samples as rows of one array, to be cut again
        y = _joined(y, samples.lengths, "y", np.zeros((0, *shape[2 : len(expected)]), "int64" if axes == 2 else model.dtype))
        shape, cuts = (len(y), shape[2]), np.cumsum(samples.lengths)[:-1]
        if sample_weight is not None:
            sample_weight = _joined_weight(sample_weight, samples.lengths)
    if cuts is not None and not len(y):
        whole = {"target": y, "weight": sample_weight}  # no sequence has a step, and nothing is left to check
    else:
        whole = _fitted(y, shape, sample_weight, class_weight, spec)
    values = whole if cuts is None else {name: None if a is None else np.split(a, cuts) for name, a in whole.items()}
    return samples._replace(labels=takes_labels(spec), **values)


def _fitted(y: Any, shape: tuple[Any, ...], sample_weight: Any, class_weight: Any, spec: LossSpec) -> dict[str, Host | None]:
    """Return the target and the weight for outputs of ``shape``."""
    target = as_target(y, shape, spec)
    if sample_weight is not None:
        return {"target": target, "weight": as_weight(sample_weight, losses_shape(spec, shape))}
    return {"target": target, "weight": None if class_weight is None else class_weights(target, class_weight, spec)}


def _joined(sequences: Any, lengths: npt.NDArray[np.intp], what: str, empty: Host) -> Host:
    """Concatenate the steps of all samples, one array (T_i, ...) each; return ``empty`` if there are none."""
    if not isinstance(sequences, (list, tuple)) or len(sequences) != len(lengths):
        came = f"{len(sequences)} of them" if isinstance(sequences, (list, tuple)) else type(sequences).__name__
        raise ValueError(
            f"x is a list of {len(lengths)} sequences and the model returns each step, so {what} must be a list of as many "
            f"arrays, got {came}. Give one array a sample, with a row a step."
        )
    arrays = {i: as_real(part, f"{what}[{i}]") for i, part in enumerate(sequences) if lengths[i]}
    row = next(iter(arrays.values()), empty).shape[1:]
    for i, steps in enumerate(lengths):
        shape = arrays[i].shape if steps else (len(sequences[i]) if rank(sequences[i]) else 1, *row)
        if shape != (steps, *row):
            raise ValueError(
                f"{what}[{i}] must have the shape {(int(steps), *row)}, got {shape}. Give one row a step of x[{i}]."
            )
    return np.concatenate([*arrays.values()]) if arrays else empty


def _joined_weight(weight: Any, lengths: npt.NDArray[np.intp]) -> Host:
    """Return the weight of each step of all samples, from one number or one array (T_i,) per sample."""
    if is_ragged(weight):
        return _joined(weight, lengths, "sample_weight", np.zeros(0))
    return np.repeat(as_weight(weight, lengths.shape), lengths)
