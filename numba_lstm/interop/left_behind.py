"""What a file of some format does not keep of a model, although the model computes the same: in sentences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..models.sequential import Sequential

_TENSORS = (".pt", ".safetensors")
_PLAIN = (*_TENSORS, ".onnx")
_WEIGHTS = (".weights.h5",)


def left_behind(model: Sequential, ending: str) -> list[str]:
    """Sentences on what a file of ``model`` with this ending has not."""
    return [sentence for endings, is_lost, sentence in _LOSSES if ending in endings and is_lost(model)]


def _steers_training(config: Any) -> bool:
    """Whether a configuration has anything that counts in training only."""
    if isinstance(config, list):
        return any(map(_steers_training, config))
    if not isinstance(config, dict):
        return False
    return config.get("trainable") is False or any(
        _steers_training(value) or (value and (key in ("rate", "stddev") or key.endswith(_OPTIONS)))
        for key, value in config.items()
    )


_OPTIONS = ("dropout", "_regularizer", "_constraint")

_LOSSES: tuple[tuple[tuple[str, ...], Callable[[Sequential], Any], str], ...] = (
    (_PLAIN, lambda model: model.optimizer, "The optimizer and what the model was compiled with stay behind."),
    (
        _PLAIN,
        lambda model: _steers_training(model.get_config()),
        "What counts in training only stays behind: dropout, noise, regularizers, constraints, frozen layers.",
    ),
    (
        _TENSORS,
        lambda model: any(not getattr(layer, "return_sequences", True) for layer in model.layers),
        "Nothing in it says that the LSTM answers its last step alone.",
    ),
    (
        _TENSORS,
        lambda model: model.stateful,
        "Nothing in it says that the model is stateful: who reads it begins each batch with states of zero.",
    ),
    (_WEIGHTS, lambda model: not model.optimizer, "It holds weights, not the layers they belong to."),
    (
        _WEIGHTS,
        lambda model: model.optimizer,
        "It holds weights and the optimizer's state, not the layers they belong to nor what else the model was compiled with.",
    ),
)
