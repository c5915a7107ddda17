"""Whole models as ``.nlstm`` files: the functions that the registry of formats names."""

from __future__ import annotations

from ..models import Model
from ..models.configuration.custom_objects import CustomObjects
from . import container, document


def encode(model: Model, path: str = "") -> bytes:
    """The bytes of a model's file; see :func:`numba_lstm.saving.save_model`."""
    return container.encode(*document.pack(model))


def load(path: str, custom_objects: CustomObjects, compile: bool) -> Model:
    """Read a model's file; see :func:`numba_lstm.saving.load_model`."""
    return document.unpack(*container.read(path), compile, custom_objects)
