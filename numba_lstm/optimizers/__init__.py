"""Optimizers and learning-rate schedules, as ``keras.optimizers``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..naming.absent import absent
from ..objects import serialization
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
    """Return the optimizer that ``identifier`` stands for, as ``keras.optimizers.get``.

    Parameters
    ----------
    identifier : str, dict, class or Optimizer
        A name in any case, as ``"adam"``; a dict that :func:`serialize` returned; a class; or an optimizer, which is returned
        as it is.

    Raises
    ------
    ValueError
        For an unknown name, with the nearest known one.
    TypeError
        For anything else.
    """
    if isinstance(identifier, str) and identifier.lower() in OPTIMIZERS:
        identifier = identifier.lower()
    return serialization.get(identifier, OPTIMIZERS, "optimizer", Optimizer)


def serialize(optimizer: Optimizer) -> dict[str, Any]:
    """Return a dict of an optimizer's class name and config."""
    return serialization.serialize(optimizer)


def deserialize(config: dict[str, Any]) -> Optimizer:
    """Return the optimizer of a dict that :func:`serialize` returned."""
    return get(config)


if not TYPE_CHECKING:
    __getattr__ = absent(__name__)
