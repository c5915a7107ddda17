"""Preparation of a loop: the model is compiled and built, and its arguments are valid."""

from __future__ import annotations

from typing import Any

from ..batches import Shape
from ..protocols import Trainable


def ensure_built(model: Trainable, input_shape: Shape) -> None:
    """Build the model for inputs like these, if it is not built."""
    if not model.built:
        model.build((None, *input_shape[1:]))


def require_loss(model: Trainable, method: str) -> None:
    """Raise ValueError unless the model is compiled with a loss."""
    if not model.compiled:
        raise ValueError(f"{model.name} is not compiled. Call model.compile(optimizer='adam', loss='mse') before {method}.")
    losses = [output.loss for output in model.compiled_outputs]
    if model.compile_later is not None:
        losses = [model.compile_later["loss"]]
    if all(loss is None for loss in losses):
        raise ValueError(f"{model.name} was compiled without a loss. Call model.compile(loss='mse') before {method}.")


def as_verbose(verbose: Any) -> int:
    """Return ``verbose`` as 0, 1 or 2; ``"auto"`` is 1."""
    if isinstance(verbose, str) and verbose == "auto":
        return 1
    if verbose in (0, 1, 2):
        return int(verbose)
    raise ValueError(f"verbose must be 'auto', 0, 1 or 2, got {verbose!r}.")
