"""Models: Model and Sequential, and functions that save, load and copy them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..files.model_files import save_model
from ..layers.base.registry import CLASSES
from ..naming.absent import absent
from .loading import clone_model, load_model, model_from_config, model_from_json
from .model import Model
from .sequential import Sequential

__all__ = ["Model", "Sequential", "clone_model", "load_model", "model_from_config", "model_from_json", "save_model"]

CLASSES.update({"Model": Model, "Sequential": Sequential})  # type: ignore[dict-item]  # models serve as layers

if not TYPE_CHECKING:
    __getattr__ = absent(__name__)
