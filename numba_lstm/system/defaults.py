"""Defaults that a program may change: the dtype of models and layers."""

from __future__ import annotations

from typing import Any

_FLOATS = ("float32", "float64")
_floatx = "float32"


def floatx() -> str:
    """Return the dtype of models and layers without one, "float32" or what :func:`set_floatx` was given."""
    return _floatx


def set_floatx(value: Any) -> None:
    """Set the dtype of models and layers that are made without one.

    Parameters
    ----------
    value : "float32" or "float64"

    Raises
    ------
    ValueError
        For another dtype.
    """
    global _floatx
    if value not in _FLOATS:
        raise ValueError(f"models compute in float32 or float64, got {value!r:.60}. Give one of them.")
    _floatx = value


def epsilon() -> float:
    """Return 1e-7, the small number that keeps logarithms and quotients finite."""
    return 1e-7


def set_epsilon(value: float) -> None:
    """Accept 1e-7, the value of :func:`epsilon`, which losses compute with.

    Raises
    ------
    ValueError
        For another number.
    """
    if value != epsilon():
        raise ValueError(f"losses compute with an epsilon of {epsilon()}, got {value!r:.60}. Give epsilon= to optimizers.")


def image_data_format() -> str:
    """Return ``"channels_last"``: features are the last axis."""
    return "channels_last"


def set_image_data_format(data_format: str) -> None:
    """Accept "channels_last", the only format.

    Raises
    ------
    ValueError
        For another format.
    """
    if data_format != image_data_format():
        raise ValueError(f"features are the last axis, 'channels_last', got {data_format!r:.60}. Move the axis: np.moveaxis.")
