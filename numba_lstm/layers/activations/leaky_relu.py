"""LeakyReLU: a rectified linear unit with a slope on negative numbers."""

from __future__ import annotations

from typing import Any

from ...inputs import as_number
from ...kernels.specs import Activation as Spec
from ..core import Activation


class LeakyReLU(Activation):
    """``x`` where it is positive, else ``negative_slope * x``; as ``keras.layers.LeakyReLU``.

    Parameters
    ----------
    negative_slope : float
        At least 0.
    **kwargs
        Those of :class:`~numba_lstm.layers.Layer`.
    """

    ranks = (2, 3, 4, 5)

    def __init__(self, negative_slope: float = 0.3, **kwargs: Any) -> None:
        self.negative_slope = as_number(negative_slope, "LeakyReLU's negative_slope", "[0, inf)")
        super().__init__(Spec("leaky_relu", (self.negative_slope,)), **kwargs)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        del config["activation"]
        return {**config, "negative_slope": self.negative_slope}
