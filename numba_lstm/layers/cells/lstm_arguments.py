"""Arguments of the LSTM cell: their validation, the op's spec, and the config."""

from __future__ import annotations

from functools import cached_property, partial
from typing import Any

from ... import activations, constraints, initializers, philox, regularizers
from ...inputs import as_count, as_number
from ...kernels.specs import LSTMSpec
from .cell import check_implementation, elementwise
from .noise import NoiseRates, as_rate
from .quantized import QuantizedLayer


class LSTMArguments(QuantizedLayer):
    """The arguments of an LSTM cell, described at :class:`~numba_lstm.layers.LSTM`."""

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        unit_forget_bias: bool = True,
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: int | None = None,
        *,
        output_activation: Any = None,
        peephole: bool = False,
        peephole_initializer: Any = "zeros",
        cell_clip: float | None = None,
        coupled: bool = False,
        projection: int | None = None,
        projection_initializer: Any = "glorot_uniform",
        layer_norm: bool = False,
        gamma_initializer: Any = "ones",
        beta_initializer: Any = "zeros",
        zoneout: float = 0.0,
        cell_zoneout: float = 0.0,
        quantization: str | None = None,
        implementation: int = 2,
        **kwargs: Any,
    ) -> None:
        owner, as_activation = type(self).__name__, partial(elementwise, "LSTM")
        rate = partial(as_rate, owner)
        check_implementation(owner, implementation)
        self.units = as_count(units, f"{owner}'s units")
        self.activation = as_activation("activation", activation)
        self.recurrent_activation = as_activation("recurrent_activation", recurrent_activation)
        self.output_activation = None if output_activation is None else as_activation("output_activation", output_activation)
        self.use_bias, self.unit_forget_bias = bool(use_bias), bool(unit_forget_bias)
        draw, penalty, constraint = initializers.get, regularizers.get, constraints.get
        self.kernel_initializer, self.recurrent_initializer = draw(kernel_initializer), draw(recurrent_initializer)
        self.bias_initializer, self.peephole_initializer = draw(bias_initializer), draw(peephole_initializer)
        self.projection_initializer = draw(projection_initializer)
        self.gamma_initializer, self.beta_initializer = draw(gamma_initializer), draw(beta_initializer)
        self.kernel_regularizer, self.recurrent_regularizer = penalty(kernel_regularizer), penalty(recurrent_regularizer)
        self.kernel_constraint, self.recurrent_constraint = constraint(kernel_constraint), constraint(recurrent_constraint)
        self.bias_regularizer, self.bias_constraint = penalty(bias_regularizer), constraint(bias_constraint)
        self.dropout, self.recurrent_dropout = rate("dropout", dropout), rate("recurrent_dropout", recurrent_dropout)
        self.seed = None if seed is None else philox.check_seed(seed)
        self.peephole, self.coupled, self.layer_norm = bool(peephole), bool(coupled), bool(layer_norm)
        self.cell_clip = None if cell_clip is None else as_number(cell_clip, f"{owner}'s cell_clip", "(0, inf)")
        self.projection = None if projection is None else as_count(projection, f"{owner}'s projection")
        self.zoneout, self.cell_zoneout = rate("zoneout", zoneout), rate("cell_zoneout", cell_zoneout)
        super().__init__(quantization=quantization, **kwargs)

    @cached_property
    def rates(self) -> NoiseRates:
        """Rates of the random masks in training."""
        return NoiseRates(self.dropout, self.recurrent_dropout, self.zoneout, self.cell_zoneout)

    @cached_property
    def spec(self) -> LSTMSpec:
        """The cell as ops see it."""
        return LSTMSpec(
            self.activation,
            self.recurrent_activation,
            self.output_activation or self.activation,
            clip=self.cell_clip,
            coupled=self.coupled,
            zoneout=(self.zoneout, self.cell_zoneout),
            int8=self.quantization == "int8",
        )

    @property
    def options_in_float(self) -> dict[str, Any]:
        return {"layer_norm": self.layer_norm, "projection": self.projection}

    @property
    def output_size(self) -> int:
        """P, the features of the output and of h."""
        return self.projection or self.units

    @property
    def state_size(self) -> tuple[int, int]:
        """The features of h and of c."""
        return self.output_size, self.units

    def get_config(self) -> dict[str, Any]:
        config = {
            "units": self.units,
            "activation": activations.serialize(self.activation),
            "recurrent_activation": activations.serialize(self.recurrent_activation),
            "use_bias": self.use_bias,
            "kernel_initializer": initializers.serialize(self.kernel_initializer),
            "recurrent_initializer": initializers.serialize(self.recurrent_initializer),
            "bias_initializer": initializers.serialize(self.bias_initializer),
            "unit_forget_bias": self.unit_forget_bias,
            "kernel_regularizer": regularizers.serialize(self.kernel_regularizer),
            "recurrent_regularizer": regularizers.serialize(self.recurrent_regularizer),
            "bias_regularizer": regularizers.serialize(self.bias_regularizer),
            "kernel_constraint": constraints.serialize(self.kernel_constraint),
            "recurrent_constraint": constraints.serialize(self.recurrent_constraint),
            "bias_constraint": constraints.serialize(self.bias_constraint),
            "dropout": self.dropout,
            "recurrent_dropout": self.recurrent_dropout,
            "seed": self.seed,
            "output_activation": None if self.output_activation is None else activations.serialize(self.output_activation),
            "peephole": self.peephole,
            "peephole_initializer": initializers.serialize(self.peephole_initializer),
            "cell_clip": self.cell_clip,
            "coupled": self.coupled,
            "projection": self.projection,
            "projection_initializer": initializers.serialize(self.projection_initializer),
            "layer_norm": self.layer_norm,
            "gamma_initializer": initializers.serialize(self.gamma_initializer),
            "beta_initializer": initializers.serialize(self.beta_initializer),
            "zoneout": self.zoneout,
            "cell_zoneout": self.cell_zoneout,
            "quantization": self.quantization,
        }
        return {**super().get_config(), **config}
