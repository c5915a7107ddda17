"""Quantization of a layer: its two kernels rounded to int8."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from ...kernels import int8
from ...kernels.specs import LSTMSpec, RNNSpec
from ...objects import serialization
from ...variables import Variable
from ..base import Layer
from ..base.weights_owner import WeightsOwner

#: What :meth:`QuantizedLayer.quantize` takes.
MODES = ("int8",)


class QuantizedLayer(Layer):
    """Base class that rounds the kernels of a cell to int8."""

    kernel: Variable
    recurrent_kernel: Variable
    quantization: str | None = None

    def __init__(self, *, quantization: str | None = None, **kwargs: Any) -> None:
        self.quantization = None if quantization is None else serialization.choose(quantization, MODES, "quantization")
        super().__init__(**kwargs)

    @property
    def spec(self) -> LSTMSpec | RNNSpec:
        """The cell as ops see it, kept in the instance."""
        raise NotImplementedError

    @property
    def options_in_float(self) -> dict[str, Any]:
        """Options that int8 kernels do not have, with their values: those but None and False are refused."""
        return {}

    def check_quantizable(self) -> None:
        """Raise what :meth:`quantize` would raise.

        Raises
        ------
        ValueError
            Before the layer is built, for float64, an LSTM's layer norms and projection, and for weights that are not finite.
        """
        self._require_built()
        self._check_float32_alone()
        for kernel in (self.kernel, self.recurrent_kernel):
            if not np.isfinite(int8.fake_quantize(kernel.value)).all():
                raise ValueError(f"{kernel.path} has values that int8 cannot hold, infinite or NaN. Train it again.")

    def _check_float32_alone(self) -> None:
        options = self.options_in_float
        without = f" without {' and '.join(options)}" if options else ""
        for option, value in {"dtype": self.dtype, **options}.items():
            if value not in ("float32", False, None):
                raise ValueError(f"{self.name} has {option}={value!r}: int8 kernels are there for float32{without}.")

    def _check_trainable(self) -> None:
        """Raise RuntimeError for training of a quantized layer."""
        if self.quantization is not None:
            raise RuntimeError(f"{self.name} is quantized and cannot be trained. Train the model first, then quantize it.")

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
        """Round the kernels, now and whenever they are set."""
        for kernel in (self.kernel, self.recurrent_kernel):
            kernel.set_grid(int8.fake_quantize)


def quantizable_cells(owner: WeightsOwner) -> list[QuantizedLayer]:
    """Return the cells of a built layer that can be quantized: itself, or those among its sublayers."""
    if isinstance(owner, QuantizedLayer):
        return [owner]
    return [cell for sublayer in owner.sublayers for cell in quantizable_cells(sublayer)]
