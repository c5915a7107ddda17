"""SpatialDropout1D: dropout of whole features, at all steps of a sample."""

from __future__ import annotations

from typing import Any

from .dropout import Dropout


class SpatialDropout1D(Dropout):
    """Dropout of whole features of a sample, at all of its steps (Tompson et al. 2015); as ``keras.layers.SpatialDropout1D``.

    Parameters
    ----------
    rate : float
        The share of features that are zeroed, from 0 to below 1.
    seed : int, optional
        In place of the model's.
    name, dtype, **kwargs
        Those of :class:`~numba_lstm.layers.Layer`.
    """

    ranks = (3,)

    def __init__(self, rate: float, seed: int | None = None, name: str | None = None, dtype: Any = None, **kwargs: Any) -> None:
        super().__init__(rate, (None, 1, None), seed, name=name, dtype=dtype, **kwargs)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        del config["noise_shape"]
        return config
