"""Value and gradients of a loss, for training loops by hand."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...layers.base import to_samples
from ..batches import as_tuple
from ..data.array_validation import validate_arrays
from ..data.loading import load
from ..protocols import Trainable
from .preparation import build_with_loss, require_loss
from .steps import batch_losses


def value_and_gradients(
    model: Trainable,
    x: Any,
    y: Any = None,
    sample_weight: Any = None,
    class_weight: Any = None,
    *,
    inputs: bool = False,
    lengths: Any = None,
) -> tuple[Any, ...]:
    """Compute the loss of one batch and its gradients as in a training step, without taking the step.

    Parameters
    ----------
    model : Model
        A compiled model; its optimizer is not used.
    x, y, sample_weight, class_weight, lengths
        As :func:`fit`'s arrays, taken as one batch.
    inputs : bool
        Return the gradients with respect to ``x``, too.

    Returns
    -------
    loss : float
        With the penalties of weights and outputs.
    gradients : list of array
        With respect to ``model.trainable_weights``, in their order and shapes.
    dx : array, or list of arrays
        With respect to the input, or to each of several, in their shapes; with ``inputs`` only.

    Raises
    ------
    TypeError, ValueError
        As :func:`fit`, and with ``inputs`` for inputs that are indices.
    """
    require_loss(model, "value_and_gradients")
    samples = validate_arrays(model, x, y, sample_weight, class_weight, lengths)
    build_with_loss(model, samples.shape, "value_and_gradients")
    if inputs and (reader := next((reader for reader in model.readers if reader.takes_indices), None)) is not None:
        raise ValueError(f"{reader.name} takes indices, with respect to which there is no gradient. Leave inputs=True out.")
    ops, trained = model.ops, model.trained()
    batch = load(model, ops, samples.batch(slice(None)))
    passed = model.forward(batch.x, True, model.random.next_key(), batch.mask)
    penalty = passed.added(ops) + (trained.penalty() if trained.regularized else 0.0)
    result, slopes = batch_losses(model, ops, batch, passed.y, passed.mask, penalty, gradient=True)
    dy = tuple(slopes) if len(slopes) > 1 else slopes[0]
    back = model.backward(passed.tapes, dy, need_dx=inputs, trained=trained)
    gradients = [np.array(ops.to_host(gradient)) for gradient in back.weights]
    if not inputs:
        return float(result.loss), gradients
    dx = [to_samples(ops, one) for one in as_tuple(back.dx)]
    return float(result.loss), gradients, dx[0] if len(dx) == 1 else dx
