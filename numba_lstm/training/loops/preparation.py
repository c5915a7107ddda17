"""Preparation of a loop: the model is compiled and built, and its arguments are valid."""

from __future__ import annotations

from typing import Any

from ..batches import Shape
from ..protocols import Trainable


def ensure_built(model: Trainable, input_shape: Shape) -> None:
    """Build the model for inputs like these, if it is not built."""
    if not model.built:
        model.build((None, *input_shape[1:]))


def build_with_loss(model: Trainable, input_shape: Shape, method: str) -> None:
    """Build the model for inputs like these, if it is not built, and raise as :func:`require_loss`."""
    ensure_built(model, input_shape)
    require_loss(model, method)


def require_loss(model: Trainable, method: str) -> None:
    """Raise ValueError unless the model is compiled, and has a loss of ``compile`` or of ``add_loss``.

    Only a built model knows whether its layers add losses.
    """
    if not model.compiled:
        raise ValueError(f"{model.name} is not compiled. Call model.compile(optimizer='adam', loss='mse') before {method}.")
    outputs = model.compiled_outputs
    if any(output.loss is not None for output in outputs) or not model.built:
        return
    if not model.adds_losses:
        raise ValueError(
            f"{model.name} was compiled without a loss. Call model.compile(loss='mse') before {method}, or add_loss in call."
        )
    if any(output.metrics or output.weighted_metrics for output in outputs):
        raise ValueError(f"{model.name} has metrics of outputs without a loss. Leave metrics out of compile, or give a loss.")


def as_verbose(verbose: Any) -> int:
    """Return ``verbose`` as 0, 1 or 2; ``"auto"`` is 1."""
    if isinstance(verbose, str) and verbose == "auto":
        return 1
    if verbose in (0, 1, 2):
        return int(verbose)
    raise ValueError(f"verbose must be 'auto', 0, 1 or 2, got {verbose!r}.")
