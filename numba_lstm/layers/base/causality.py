"""The check that a stream may compute a layer step by step, and what its outputs are then."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, Protocol, runtime_checkable

from ...objects.subclassing import is_of_package
from .layer import Layer
from .results import StepValue

_FORWARD = ("propagate", "forward", "forward_step", "forward_sequence")


@runtime_checkable
class TracedSteps(Protocol):
    """A layer whose program says whether it computes each step by itself."""

    def traced_values(self, values: Sequence[StepValue]) -> list[StepValue]:
        """Return what the outputs are in a stream; raise NotImplementedError where they need several steps at a time."""


def check_streamable(layer: Layer) -> None:
    """Call :meth:`Layer.check_causal`, which has to know what the layer computes.

    Raises
    ------
    NotImplementedError
        Also for a layer whose class overrides what its base computes but not the check, which would be that of the base.
    """
    cls, method, base = _overridden(type(layer))
    if cls:
        raise NotImplementedError(
            f"{layer.name} cannot be streamed: {cls} overrides {method}, and may need later steps where {base} does not. "
            "Override check_causal too."
        )
    layer.check_causal()


def check_samples(layer: Layer) -> None:
    """Raise NotImplementedError for a layer of a user that is not causal: it may not compute each sample by itself."""
    for owner in layer.owners():
        if isinstance(owner, Layer) and not is_of_package(type(owner).__module__):
            check_streamable(owner)


def step_values(layer: Layer, values: Sequence[StepValue]) -> list[StepValue]:
    """Return what the outputs of a layer are in a stream, without its last states, for its inputs.

    Raises
    ------
    NotImplementedError
        For a layer that may need later steps.
    """
    if not any(value.has_steps for value in values):  # samples, as any batch
        check_samples(layer)
        return _outputs(layer, values, False)
    check_streamable(layer)
    return _checked_values(layer, values)


def window_values(layer: Layer, values: Sequence[StepValue]) -> list[StepValue]:
    """Return what :func:`step_values` does, for windows of truncated backpropagation.

    Raises
    ------
    NotImplementedError
        For a layer that may need steps of other windows.
    """
    if not any(value.has_steps for value in values):
        return _outputs(layer, values, False)
    layer.check_windows()
    return _checked_values(layer, values)


def _checked_values(layer: Layer, values: Sequence[StepValue]) -> list[StepValue]:
    """Return what the outputs of a layer are that computes each step by itself, or with states."""
    zeros = _zeros(layer, values)
    if isinstance(layer, TracedSteps):
        traced: list[StepValue] = layer.traced_values(values)
        return traced
    for value in values:
        if not value.has_steps or not (value.features or layer.takes_indices):
            raise NotImplementedError(
                f"{layer.name} ({type(layer).__name__}) cannot be streamed: it takes the steps as features, or a last output "
                "that depends on all of them."
            )
    masked = getattr(layer, "makes_mask", False) or (layer.supports_masking and any(value.masked for value in values))
    return [value._replace(zeros=zeros) for value in _outputs(layer, values, masked)]


def _zeros(layer: Layer, values: Sequence[StepValue]) -> int:
    """Return the steps of zeros before the first step of the output: a convolution takes all that come, others none."""
    came, more = max(value.zeros for value in values), getattr(layer, "zeros_before", 0)
    if (came and more != -came) or came + more < 0:
        reason = f"it comes after {came} steps of zeros" if more >= 0 else f"its windows have {1 - more} steps of the sequence"
        raise NotImplementedError(
            f"{layer.name} ({type(layer).__name__}) cannot be streamed: {reason}. Give a Conv1D padding='causal'."
        )
    return came + more


def _outputs(layer: Layer, values: Sequence[StepValue], masked: bool) -> list[StepValue]:
    shapes = tuple(value.shape for value in values)
    try:
        found: Any = layer.compute_output_shape(shapes if layer.takes_several else shapes[0])  # type: ignore[arg-type]
    except (TypeError, ValueError) as error:
        reason = f"it takes a certain number of steps ({error})".rstrip(".")
        raise NotImplementedError(f"{layer.name} ({type(layer).__name__}) cannot be streamed: {reason}.") from None
    several = bool(found) and isinstance(found[0], (tuple, list))
    outputs = []
    for _, *sample in found if several else [found] * layer.num_outputs:
        has_steps = any(value.has_steps for value in values) and bool(sample) and sample[0] is None
        outputs.append(StepValue(has_steps, tuple(size or 1 for size in sample[has_steps:]), masked and has_steps))
    return outputs


@cache
def _overridden(layer: type) -> tuple[str, str, str]:
    """Find a class of a user that overrides what is computed below the class that defines ``check_causal``.

    Returns the names of that class, of the method, and of the class with the check; empty names if there is none.
    """
    order = layer.__mro__
    base = next(cls for cls in order if "check_causal" in vars(cls))
    for cls in order[: order.index(base)]:
        for method in _FORWARD:
            if base is not Layer and method in vars(cls) and not is_of_package(cls.__module__):
                return cls.__name__, method, base.__name__
    return "", "", ""
