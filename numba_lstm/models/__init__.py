"""Models: Model and Sequential, and load_model for files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..layers.base.registry import CLASSES
from ..naming.absent import absent
from .loading import load_model
from .model import Model
from .sequential import Sequential

__all__ = ["Model", "Sequential", "load_model"]

CLASSES.update({"Model": Model, "Sequential": Sequential})  # type: ignore[dict-item]  # models serve as layers

if not TYPE_CHECKING:
    __getattr__ = absent(__name__)
