"""Functions of ``keras.backend``, without operations on tensors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .naming.absent import absent
from .utils import clear_session

__all__ = ["clear_session", "epsilon", "floatx", "image_data_format"]


def epsilon() -> float:
    """Return 1e-7, the small number that keeps logarithms and quotients finite."""
    return 1e-7


def floatx() -> str:
    """Return ``"float32"``, the default dtype of models. ``Sequential(dtype="float64")`` has another."""
    return "float32"


def image_data_format() -> str:
    """Return ``"channels_last"``: features are the last axis."""
    return "channels_last"


if not TYPE_CHECKING:
    __getattr__ = absent(__name__)
