"""Flatten: the elements of each sample in one row."""

from __future__ import annotations

from typing import Any

from .reshape import Reshape


class Flatten(Reshape):
    """(N, T, D) as (N, T * D), step after step, and images (N, H, W, C) as (N, H * W * C); as ``keras.layers.Flatten``.

    A mask ends here, as in Keras: there are no steps any more.

    Parameters
    ----------
    data_format : "channels_last", optional
        Features are the last axis, always.
    **kwargs
        Those of :class:`~numba_lstm.layers.Layer`.

    Raises
    ------
    ValueError
        For another ``data_format``.
    """

    def __init__(self, data_format: str | None = None, **kwargs: Any) -> None:
        if data_format not in (None, "channels_last"):
            raise ValueError(f"Flatten's data_format must be 'channels_last', got {data_format!r}: features are the last axis.")
        super().__init__((-1,), **kwargs)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        del config["target_shape"]
        return {**config, "data_format": "channels_last"}
