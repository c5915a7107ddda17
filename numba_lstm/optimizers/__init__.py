"""Optimizers and learning-rate schedules, as ``keras.optimizers``."""

from __future__ import annotations

from typing import Any

from .. import serialization
from . import schedules
from .base import Optimizer
from .rules import SGD, Adagrad, Adam, AdamW, Nadam, RMSprop

__all__ = [
    "SGD",
    "Adagrad",
    "Adam",
    "AdamW",
    "Nadam",
    "Optimizer",
    "RMSprop",
    "deserialize",
    "get",
    "schedules",
    "serialize",
]

OPTIMIZERS: dict[str, type[Optimizer]] = {
    name: cls for cls in (SGD, RMSprop, Adagrad, Adam, AdamW, Nadam) for name in (cls.__name__, cls.__name__.lower())
}


def get(identifier: Any) -> Optimizer:
    """An optimizer by name (``"adam"``), as a dict (:func:`serialize`) or as an object.

    Raises
    ------
    ValueError
        For an unknown name, with the nearest one that is known.
    TypeError
        For anything else.
    """
    return serialization.get(identifier, OPTIMIZERS, "optimizer", Optimizer)


def serialize(optimizer: Optimizer) -> dict[str, Any]:
    """An optimizer as a dict of its class name and config."""
    return serialization.serialize(optimizer)


def deserialize(config: dict[str, Any]) -> Optimizer:
    """The optimizer of :func:`serialize`'s dict."""
    return get(config)
