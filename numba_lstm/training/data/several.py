"""Validation of several inputs, targets and weights, in lists or in dicts by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...inputs.sequences import is_ragged
from ...inputs.target_shapes import losses_shape, takes_labels
from ...inputs.targets import as_target, as_weight, class_weights
from ..batches import Samples
from ..plan_protocols import CompiledOutput
from ..protocols import ModelStructure


def validate_inputs(model: ModelStructure, x: Any, lengths: Any = None) -> Samples:
    """Return several inputs as a tuple of arrays that the model takes.

    Raises
    ------
    TypeError, ValueError
        For another number of inputs, other names, unequal numbers of samples, and arrays that the model does not take.
    """
    if lengths is not None:
        raise ValueError(
            f"lengths belong to a model of one input, and {model.name} has {len(model.input_names)}. Leave them out."
        )
    entries = model.ordered_inputs(x)
    arrays = []
    for index, (name, entry) in enumerate(zip(model.input_names, entries, strict=True)):
        if is_ragged(entry):
            raise ValueError(f"the input {name!r} is a list of sequences of unequal lengths. Pad them: pad_sequences(x).")
        arrays.append(model.read_input(index, entry, f"the input {name!r}"))
    sizes = [len(array) for array in arrays]
    if len(set(sizes)) > 1:
        given = ", ".join(f"{name!r} {size}" for name, size in zip(model.input_names, sizes, strict=True))
        raise ValueError(f"all inputs must have the same number of samples, got {given}. Give one entry a sample to each.")
    model.check_shape(tuple(array.shape for array in arrays))
    return Samples(tuple(arrays))


def validate_outputs(model: ModelStructure, samples: Samples, y: Any, sample_weight: Any, class_weight: Any) -> Samples:
    """Return validated inputs with the targets and weights of several outputs.

    Raises
    ------
    TypeError, ValueError
        For a missing target of a loss, other names, and for anything that does not fit the outputs.
    """
    outputs, shapes = model.compiled_outputs, model.compute_output_shape(samples.shape)
    names = [output.name for output in outputs]
    targets = _by_output("y", y, names)
    weights = _by_output("sample_weight", sample_weight, names, shared=True)
    classes = _by_output("class_weight", class_weight, names)
    fitted = [_fitted(*entries_) for entries_ in zip(outputs, shapes, targets, weights, classes, strict=True)]
    target, weight, labels = (tuple(entries) for entries in zip(*fitted, strict=True))
    return samples._replace(target=target, weight=None if all(one is None for one in weight) else weight, labels=labels)


def _fitted(output: CompiledOutput, shape: Any, y: Any, sample_weight: Any, class_weight: Any) -> tuple[Any, Any, bool]:
    """Return the target of an output, its weight, and whether the target holds labels."""
    if output.loss is None:
        return None, None, False
    if y is None:
        raise ValueError(f"y is missing for the output {output.name!r}, which has a loss. Give one target a sample.")
    spec = output.loss.spec
    try:
        target = as_target(y, shape, spec)
        weight = None
        if sample_weight is not None:
            weight = as_weight(sample_weight, losses_shape(spec, shape))
        elif class_weight is not None:
            weight = class_weights(target, class_weight, spec)
    except (TypeError, ValueError) as error:
        raise type(error)(f"the output {output.name!r}: {error}") from error
    return target, weight, takes_labels(spec)


def _by_output(what: str, values: Any, names: Sequence[str], *, shared: bool = False) -> list[Any]:
    """Return an entry of ``values`` for each output, by its name or its place; with ``shared`` one array serves all.

    Raises
    ------
    ValueError
        For another number of entries, and for names that no output has.
    """
    if values is None:
        return [None] * len(names)
    known = ", ".join(map(repr, names))
    if isinstance(values, Mapping):
        if unknown := [key for key in values if key not in names]:
            raise ValueError(f"{what} has the key {unknown[0]!r}, but the outputs are {known}. Give a dict with their names.")
        return [values.get(name) for name in names]
    if shared and not isinstance(values, (list, tuple)):
        return [values] * len(names)
    if not isinstance(values, (list, tuple)) or len(values) != len(names):
        came = f"{len(values)} of them" if isinstance(values, (list, tuple)) else type(values).__name__
        raise ValueError(f"{what} must have an entry for each of the outputs {known}, got {came}. Give a list or a dict.")
    return list(values)
