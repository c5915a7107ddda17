"""The cells of the GRU and of the simple RNN: arguments, weights, and the forward and backward pass over a sequence."""

from __future__ import annotations

from functools import cached_property
from typing import Any, ClassVar, NamedTuple

from ... import activations, constraints, initializers, philox, regularizers
from ...inputs import as_count
from ...kernels.contract import Array, Ops, RNNWeights, Tape
from ...kernels.specs import Activation, Key, RNNSpec
from ...variables import Variable
from ..base import Backward
from ..base.arguments import Shape
from .cell import Cell, SequenceResult, check_implementation, elementwise
from .noise import NoiseRates, as_rate
from .quantized import QuantizedLayer

#: The arguments that are an initializer, a regularizer or a constraint of a weight.
_OF_WEIGHTS = {
    f"{weight}_{kind}": module
    for kind, module in (("initializer", initializers), ("regularizer", regularizers), ("constraint", constraints))
    for weight in ("kernel", "recurrent", "bias")
}


class RNNTape(NamedTuple):
    """Tape of :meth:`RNNCore.forward_sequence` in training."""

    rnn: Tape
    dropout: Tape | None


class RNNCore(QuantizedLayer, Cell):
    """Base class of the cells whose only state is h, and of the layers of one; their arguments are described at the layers."""

    kind: ClassVar[str]
    gated: ClassVar[bool]

    recurrent_activation = Activation("sigmoid")  #: of the gates
    reset_after = True

    kernel_initializer: Any
    recurrent_initializer: Any
    bias_initializer: Any
    kernel_regularizer: Any
    recurrent_regularizer: Any
    bias_regularizer: Any
    kernel_constraint: Any
    recurrent_constraint: Any
    bias_constraint: Any

    def __init__(
        self,
        units: int,
        *,
        activation: Any,
        use_bias: bool,
        dropout: float,
        recurrent_dropout: float,
        seed: int | None,
        **kwargs: Any,
    ) -> None:
        owner = type(self).__name__
        if self.gated:
            check_implementation(owner, kwargs.pop("implementation", 2))
            self.recurrent_activation = elementwise(self.kind, "recurrent_activation", kwargs.pop("recurrent_activation"))
            self.reset_after = bool(kwargs.pop("reset_after"))
        self.units = as_count(units, f"{owner}'s units")
        self.activation = elementwise(self.kind, "activation", activation)
        self.use_bias = bool(use_bias)
        for name, module in _OF_WEIGHTS.items():
            setattr(self, name, module.get(kwargs.pop(name)))
        self.dropout = as_rate(owner, "dropout", dropout)
        self.recurrent_dropout = as_rate(owner, "recurrent_dropout", recurrent_dropout)
        self.seed = None if seed is None else philox.check_seed(seed)
        super().__init__(**kwargs)

    @cached_property
    def rates(self) -> NoiseRates:
        """Rates of the random masks in training."""
        return NoiseRates(self.dropout, self.recurrent_dropout, gates=self.spec.gates)

    @cached_property
    def spec(self) -> RNNSpec:
        """The cell as ops see it."""
        return RNNSpec(self.activation, self.recurrent_activation, self.gated, self.reset_after, self.quantization == "int8")

    @property
    def output_size(self) -> int:
        """H, the features of the output and of h."""
        return self.units

    @property
    def state_size(self) -> int:
        """The features of h."""
        return self.units

    def get_config(self) -> dict[str, Any]:
        of_gates = {
            "recurrent_activation": activations.serialize(self.recurrent_activation),
            "reset_after": self.reset_after,
        }
        config = {
            "units": self.units,
            "activation": activations.serialize(self.activation),
            "use_bias": self.use_bias,
            **{name: module.serialize(getattr(self, name)) for name, module in _OF_WEIGHTS.items()},
            "dropout": self.dropout,
            "recurrent_dropout": self.recurrent_dropout,
            "seed": self.seed,
            "quantization": self.quantization,
        }
        return {**super().get_config(), **config, **(of_gates if self.gated else {})}

    # -- weights ------------------------------------------------------------------------------------------------------

    def build(self, input_shape: Shape) -> None:
        D, columns = input_shape[-1], self.spec.gates * self.units
        assert D is not None
        self.kernel = self._add("kernel", "kernel", (D, columns))
        self.recurrent_kernel = self._add("recurrent_kernel", "recurrent", (self.units, columns))
        of_bias = (2, columns) if self.gated and self.reset_after else (columns,)
        self.bias = self._add("bias", "bias", of_bias) if self.use_bias else None
        if self.quantization is not None:
            self._check_float32_alone()
            self._keep_on_grid()

    def _add(self, name: str, argument: str, shape: tuple[int, ...]) -> Variable:
        """Add a weight whose initializer, regularizer and constraint are the arguments that begin with ``argument``."""
        value = getattr(self, f"{argument}_initializer")(shape, self.dtype)
        regularizer, constraint = getattr(self, f"{argument}_regularizer"), getattr(self, f"{argument}_constraint")
        return self.add_weight(name, value, regularizer=regularizer, constraint=constraint)

    @cached_property
    def cell_weights(self) -> RNNWeights:
        """The weights as ops see them; the layer is built."""
        return RNNWeights(self.kernel, self.recurrent_kernel, self.bias)

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
    ) -> SequenceResult:
        """Compute all steps of x (T, N, D) from the state h; in training the tape is an :class:`RNNTape`."""
        (h0,) = states
        options: dict[str, Any] = {"mask": mask, "sequences": sequences}
        if not training:
            y, h, _ = ops.rnn_forward(x, self.cell_weights, h0, self.spec, **options)
            return SequenceResult(y, (h,), None)
        self._check_trainable()
        dropped = None
        if self.rates.any():
            key = self.key(rng)
            T, N, D = x.shape
            options["noise"] = self.rates.draw_factors(ops, (T, N, D), self.units, self.dtype, key)
            if self.rates.plain:
                x, dropped = ops.dropout_forward(x, self.rates.plain, key, (1, N, D))
        y, h, tape = ops.rnn_forward(x, self.cell_weights, h0, self.spec, training=True, **options)
        return SequenceResult(y, (h,), RNNTape(tape, dropped))

    def backward_sequence(
        self, ops: Ops, tape: RNNTape, dy: Array | None, dstates: tuple[Array | None, ...], *, need_dx: bool
    ) -> Backward:
        dx, dh0, weights = ops.rnn_backward(tape.rnn, dy, *dstates, need_dx=need_dx)
        if dx is not None and tape.dropout is not None:
            dx = ops.dropout_backward(tape.dropout, dx)
        return Backward(dx, (dh0,), tuple(gradient for gradient in weights if gradient is not None))
