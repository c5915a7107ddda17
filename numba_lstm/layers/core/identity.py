"""Identity and ActivityRegularization: layers that leave their input as it is."""

from __future__ import annotations

from typing import Any

from ... import regularizers
from .activation import Activation


class Identity(Activation):
    """The input itself, as ``keras.layers.Identity``.

    Parameters
    ----------
    **kwargs
        Those of :class:`~numba_lstm.layers.Layer`.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__("linear", **kwargs)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        del config["activation"]
        return config


class ActivityRegularization(Identity):
    """The input, with a penalty on it that joins the loss, as ``keras.layers.ActivityRegularization``.

    Parameters
    ----------
    l1, l2 : float
        Factors of the sums of absolute values and of squares, which are divided by the batch size.
    **kwargs
        Those of :class:`~numba_lstm.layers.Layer`.
    """

    def __init__(self, l1: float = 0.0, l2: float = 0.0, **kwargs: Any) -> None:
        super().__init__(activity_regularizer=regularizers.L1L2(l1, l2), **kwargs)
        self.l1, self.l2 = l1, l2

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        del config["activity_regularizer"]
        return {**config, "l1": self.l1, "l2": self.l2}
