"""Warnings about what a file of some format does not hold of a model, although the model in it computes the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..files.formats import ONNX, PT, SAFETENSORS, WEIGHTS, Format
from ..models import Sequential

_TENSORS = (PT, SAFETENSORS)
_PLAIN = (*_TENSORS, ONNX)


def conversion_warnings(model: Sequential, form: Format) -> list[str]:
    """Sentences about what a file of ``model`` in this format lacks."""
    return [sentence for forms, is_lost, sentence in _LOSSES if form in forms and is_lost(model)]


def _affects_training(config: Any) -> bool:
    """Whether a configuration has anything that counts in training only."""
    if isinstance(config, list):
        return any(map(_affects_training, config))
    if not isinstance(config, dict):
        return False
    return config.get("trainable") is False or any(
        _affects_training(value) or (value and (key in ("rate", "stddev") or key.endswith(_OPTIONS)))
        for key, value in config.items()
    )


_OPTIONS = ("dropout", "_regularizer", "_constraint")

_LOSSES: tuple[tuple[tuple[Format, ...], Callable[[Sequential], Any], str], ...] = (
    (_PLAIN, lambda model: model.optimizer, "The optimizer and what the model was compiled with stay behind."),
    (
        _PLAIN,
        lambda model: _affects_training(model.get_config()),
        "What counts in training only stays behind: dropout, noise, regularizers, constraints, frozen layers.",
    ),
    (
        _TENSORS,
        lambda model: any(not getattr(layer, "return_sequences", True) for layer in model.layers),
        "Nothing in it says that the LSTM returns its last step alone.",
    ),
    (
        _TENSORS,
        lambda model: model.stateful,
        "Nothing in it says that the model is stateful: who reads it begins each batch with states of zero.",
    ),
    ((WEIGHTS,), lambda model: not model.optimizer, "It holds weights, not the layers they belong to."),
    (
        (WEIGHTS,),
        lambda model: model.optimizer,
        "It holds weights and the optimizer's state, not the layers they belong to nor what else the model was compiled with.",
    ),
)
