"""Quantization of a layer: its two kernels rounded to int8."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...kernels import int8
from ...kernels.specs import LSTMSpec
from ...objects import serialization
from ...variables import Variable
from ..base import Layer

#: What :meth:`QuantizedLayer.quantize` takes.
MODES = ("int8",)


class QuantizedLayer(Layer):
    """Base class that rounds the kernels of a cell to int8."""

    kernel: Variable
    recurrent_kernel: Variable
    layer_norm: bool
    projection: int | None
    quantization: str | None

    @property
    def spec(self) -> LSTMSpec:
        """The cell as ops see it, kept in the instance."""
        raise NotImplementedError

    def check_quantizable(self) -> None:
        """Raise what :meth:`quantize` would raise.

        Raises
        ------
        ValueError
            Before the layer is built, for float64, layer norms or a projection, and for weights that are not finite.
        """
        self._require_built()
        self._check_float32_alone()
        for kernel in (self.kernel, self.recurrent_kernel):
            if not np.isfinite(int8.fake_quantize(kernel.value)).all():
                raise ValueError(f"{kernel.path} has values that int8 cannot hold, infinite or NaN. Train it again.")

    def _check_float32_alone(self) -> None:
        for option, value in (("dtype", self.dtype), ("layer_norm", self.layer_norm), ("projection", self.projection)):
            if value not in ("float32", False, None):
                raise ValueError(
                    f"{self.name} has {option}={value!r}: int8 kernels are there for float32 LSTMs without layer norms and "
                    "projections."
                )

    def quantize(self, mode: str = "int8") -> None:
        """Round the two kernels to int8 with one scale per column, permanently, and compute with whole numbers from now on.

        Streams and small batches of large layers, which wait for their weights, take less than half the time so. A quantized
        layer cannot be trained; on the GPU it computes in float32 with the rounded weights.

        Parameters
        ----------
        mode : "int8"
            The one that there is.

        Raises
        ------
        ValueError
            See :meth:`check_quantizable`; nothing is changed then.

        Notes
        -----
        Each column of weights becomes whole numbers of -127 to 127 times a scale. Rows of x and of h become whole numbers of up
        to 16 bits at each step (fewer where they have more than 516 elements), and sums of products are exact. NaN or infinity
        in a row makes NaN of all that it is multiplied with.
        """
        serialization.choose(mode, MODES, "mode")
        self.check_quantizable()
        self.__dict__["spec"] = replace(self.spec, int8=True)
        self.quantization = mode
        self._keep_on_grid()

    def _keep_on_grid(self) -> None:
        for kernel in (self.kernel, self.recurrent_kernel):
            kernel.set_grid(int8.fake_quantize)
