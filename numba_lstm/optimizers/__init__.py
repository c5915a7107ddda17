"""Optimizers and learning-rate schedules, as ``keras.optimizers``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import serialization
from ..absent import absent
from . import schedules
from .adam import Adam, Adamax, AdamW, Nadam
from .adaptive import Adadelta, Adagrad, Ftrl
from .base import Optimizer
from .rules import SGD, Lion, RMSprop

__all__ = [
    "SGD",
    "Adadelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "Ftrl",
    "Lion",
    "Nadam",
    "Optimizer",
    "RMSprop",
    "deserialize",
    "get",
    "schedules",
    "serialize",
]

_CLASSES: tuple[type[Optimizer], ...] = (SGD, RMSprop, Adadelta, Adagrad, Adam, AdamW, Adamax, Nadam, Lion, Ftrl)
OPTIMIZERS = {name: cls for cls in _CLASSES for name in (cls.__name__, cls.__name__.lower())}


def get(identifier: Any) -> Optimizer:
    """An optimizer by name (``"adam"``, in any case), as a dict (:func:`serialize`) or as an object.

    Raises
    ------
    ValueError
        For an unknown name, with the nearest one that is known.
    TypeError
        For anything else.
    """
    if isinstance(identifier, str) and identifier.lower() in OPTIMIZERS:
        identifier = identifier.lower()
    return serialization.get(identifier, OPTIMIZERS, "optimizer", Optimizer)


def serialize(optimizer: Optimizer) -> dict[str, Any]:
    """An optimizer as a dict of its class name and config."""
    return serialization.serialize(optimizer)


def deserialize(config: dict[str, Any]) -> Optimizer:
    """The optimizer of :func:`serialize`'s dict."""
    return get(config)


if not TYPE_CHECKING:
    __getattr__ = absent(__name__)
