"""ELU: an exponential linear unit."""

from __future__ import annotations

from typing import Any

from ...inputs import as_number
from ...kernels.specs import Activation as Spec
from ..core import Activation


class ELU(Activation):
    """``x`` where it is positive, else ``alpha * (exp(x) - 1)`` (Clevert et al. 2016); as ``keras.layers.ELU``.

    Parameters
    ----------
    alpha : float
        At least 0.
    **kwargs
        Those of :class:`~numba_lstm.layers.Layer`.
    """

    ranks = (2, 3, 4, 5)

    def __init__(self, alpha: float = 1.0, **kwargs: Any) -> None:
        self.alpha = as_number(alpha, "ELU's alpha", "[0, inf)")
        super().__init__(Spec("elu", (self.alpha,)), **kwargs)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        del config["activation"]
        return {**config, "alpha": self.alpha}
