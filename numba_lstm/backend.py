"""What programs take from ``keras.backend`` beside operations on tensors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .absent import absent
from .utils import clear_session

__all__ = ["clear_session", "epsilon", "floatx", "image_data_format"]


def epsilon() -> float:
    """The small number that keeps logarithms and quotients finite, 1e-7."""
    return 1e-7


def floatx() -> str:
    """The dtype of models that name none, ``"float32"``; ``Sequential(dtype="float64")`` names another."""
    return "float32"


def image_data_format() -> str:
    """``"channels_last"``: features are the last axis."""
    return "channels_last"


if not TYPE_CHECKING:
    __getattr__ = absent(__name__)
