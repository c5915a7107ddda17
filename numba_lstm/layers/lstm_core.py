"""LSTMCore: what an LSTM layer and an LSTM cell share. The arguments of the cell, its weights, and its run over time."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from .. import activations, constraints, gates, initializers, random, regularizers
from ..inputs import as_count, as_number, as_real
from ..kernels.contract import Array, LSTMLayerSpec, LSTMOutput, LSTMWeights, Ops, Tape
from ..kernels.specs import ROWWISE, Activation, Key, LSTMSpec
from ..objects import serialization
from ..variables import Variable
from .arguments import Shape
from .base import Backward
from .initial_states import check_h_and_c
from .noise import NoiseRates
from .quantized import MODES, QuantizedLayer
from .weights_owner import WeightsOwner


class LSTMTape(NamedTuple):
    """What :meth:`LSTMCore.backward_sequence` needs."""

    lstm: Tape
    dropout: Tape | None


class LSTMCore(QuantizedLayer):
    """The cell of an LSTM; its arguments are described at :class:`~numba_lstm.layers.LSTM`."""

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
        owner = type(self).__name__
        if implementation not in (0, 1, 2):
            raise ValueError(
                f"{owner}'s implementation must be 0, 1 or 2, and has no effect, got {implementation!r}. Leave it out."
            )
        self.units = as_count(units, f"{owner}'s units")
        self.activation = _elementwise("activation", activation)
        self.recurrent_activation = _elementwise("recurrent_activation", recurrent_activation)
        self.output_activation = None if output_activation is None else _elementwise("output_activation", output_activation)
        self.use_bias, self.unit_forget_bias = bool(use_bias), bool(unit_forget_bias)
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.recurrent_initializer = initializers.get(recurrent_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.recurrent_regularizer = regularizers.get(recurrent_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.recurrent_constraint = constraints.get(recurrent_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        self.dropout = as_number(dropout, f"{owner}'s dropout", "[0, 1)")
        self.recurrent_dropout = as_number(recurrent_dropout, f"{owner}'s recurrent_dropout", "[0, 1)")
        self.seed = None if seed is None else random.check_seed(seed)
        self.peephole, self.coupled, self.layer_norm = bool(peephole), bool(coupled), bool(layer_norm)
        self.peephole_initializer = initializers.get(peephole_initializer)
        self.cell_clip = None if cell_clip is None else as_number(cell_clip, f"{owner}'s cell_clip", "(0, inf)")
        self.projection = None if projection is None else as_count(projection, f"{owner}'s projection")
        self.projection_initializer = initializers.get(projection_initializer)
        self.gamma_initializer = initializers.get(gamma_initializer)
        self.beta_initializer = initializers.get(beta_initializer)
        self.zoneout = as_number(zoneout, f"{owner}'s zoneout", "[0, 1)")
        self.cell_zoneout = as_number(cell_zoneout, f"{owner}'s cell_zoneout", "[0, 1)")
        self.quantization = None if quantization is None else serialization.choose(quantization, MODES, "quantization")
        super().__init__(**kwargs)

    # -- weights ------------------------------------------------------------------------------------------------------

    def build(self, input_shape: Shape) -> None:
        D, H, P, dtype = input_shape[-1], self.units, self.output_size, self.dtype
        assert D is not None
        columns = gates.COUNT * H
        self.kernel = self.add_weight(
            "kernel",
            self.kernel_initializer((D, columns), dtype),
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )
        self.recurrent_kernel = self.add_weight(
            "recurrent_kernel",
            self.recurrent_initializer((P, columns), dtype),
            regularizer=self.recurrent_regularizer,
            constraint=self.recurrent_constraint,
        )
        self.bias: Variable | None = None
        if self.use_bias:
            bias = self.bias_initializer((columns,), dtype)
            if self.unit_forget_bias:
                bias.reshape(gates.COUNT, H)[gates.F] = 1.0
            self.bias = self.add_weight("bias", bias, regularizer=self.bias_regularizer, constraint=self.bias_constraint)
        self._extra: dict[str, Variable] = {}
        if self.peephole:
            self._extra["peephole"] = self.add_weight("peephole", self.peephole_initializer((3, H), dtype))
        if self.projection is not None:
            self._extra["projection"] = self.add_weight("projection", self.projection_initializer((H, P), dtype))
        if self.layer_norm:
            gamma, beta = self.gamma_initializer, self.beta_initializer
            self._extra["kernel_norm"] = self.add_weight("kernel_norm", gamma((columns,), dtype))
            self._extra["recurrent_norm"] = self.add_weight("recurrent_norm", gamma((columns,), dtype))
            cell = np.stack([gamma((H,), dtype), beta((H,), dtype)])
            self._extra["cell_norm"] = self.add_weight("cell_norm", cell)
        if self.quantization is not None:
            self._check_float32_alone()
            self._keep_on_grid()

    @cached_property
    def cell_weights(self) -> LSTMWeights:
        """The weights as ops see them; the layer is built."""
        extra = self._extra
        plain = self.kernel, self.recurrent_kernel, self.bias
        return LSTMWeights(*plain, **extra) if extra else LSTMWeights(*plain)

    @cached_property
    def rates(self) -> NoiseRates:
        """What is drawn in training."""
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
    def output_size(self) -> int:
        """P, the features of the output and of h."""
        return self.projection or self.units

    @property
    def state_size(self) -> tuple[int, int]:
        """The features of h and of c."""
        return self.output_size, self.units

    # -- over time ----------------------------------------------------------------------------------------------------

    def forward_sequence(
        self,
        ops: Ops,
        x: Array,
        states: tuple[Array | None, ...],
        mask: Array | None,
        training: bool,
        rng: Key | None,
        *,
        sequences: bool,
    ) -> LSTMOutput:
        """The cell at all steps of x (T, N, D) from the states (h, c); with ``training`` the tape is an :class:`LSTMTape`."""
        h0, c0 = states
        if not training:
            return ops.lstm_forward(x, self.cell_weights, h0, c0, self.spec, mask=mask, sequences=sequences)
        if self.quantization is not None:
            raise RuntimeError(f"{self.name} is quantized and cannot be trained. Train the model first, then quantize it.")
        noise = dropped = None
        if self.rates.any():
            key = self.key(rng)
            T, N, D = x.shape
            noise = self.rates.draw(ops, (T, N, D), *self.state_size, self.dtype, key)
            if self.rates.plain:
                x, dropped = ops.dropout_forward(x, self.rates.plain, key, (1, N, D))
        weights = self.cell_weights
        out = ops.lstm_forward(x, weights, h0, c0, self.spec, mask=mask, noise=noise, sequences=sequences, training=True)
        return out._replace(tape=LSTMTape(out.tape, dropped))

    def backward_sequence(
        self, ops: Ops, tape: LSTMTape, dy: Array | None, dstates: tuple[Array | None, ...], *, need_dx: bool
    ) -> Backward:
        """Gradients of :meth:`forward_sequence` for those of its sequence and of its last states."""
        dx, dh0, dc0, weights = ops.lstm_backward(tape.lstm, dy, *dstates, need_dx=need_dx)
        if dx is not None and tape.dropout is not None:
            dx = ops.dropout_backward(tape.dropout, dx)
        return Backward(dx, (dh0, dc0), tuple(gradient for gradient in weights if gradient is not None))

    def check_states(self, states: Sequence[npt.ArrayLike], N: int) -> list[npt.NDArray[Any]]:
        """A user's h and c for a batch of N; ValueError for anything else."""
        check_h_and_c(self.name, states)
        arrays = [as_real(state, f"{self.name}'s initial_state") for state in states]
        for array, size in zip(arrays, self.state_size, strict=True):
            if array.shape != (N, size):
                raise ValueError(f"{self.name} expects states of shape {(N, size)}, got {array.shape}.")
        return arrays

    def stream_spec(self) -> LSTMLayerSpec:
        """The cell as a part of a stream."""
        return LSTMLayerSpec(self.cell_weights, self.spec)

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


def lstm_cells(owner: WeightsOwner) -> list[LSTMCore]:
    """The cells of LSTMs that ``owner``, which is built, is or has inside."""
    return [owner] if isinstance(owner, LSTMCore) else [cell for sublayer in owner.sublayers for cell in lstm_cells(sublayer)]


def _elementwise(argument: str, identifier: Any) -> Activation:
    activation = activations.as_spec(identifier)
    if activation.function is None and activation.name in ROWWISE:
        raise ValueError(
            f"LSTM cannot take {activation.name!r} as {argument}: a gate has one number at a time, {activation.name} needs a "
            f"whole row. Take an elementwise one, or add Activation({activation.name!r}) after the layer."
        )
    return activation
