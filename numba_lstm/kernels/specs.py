"""What an op is asked to do, as small frozen values: activations, cells, losses, metrics, update rules.

A spec is hashable, so that a device may compile one kernel for each and find it again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any

#: Activation name -> what the tape keeps of it, "y" (its value) or "z" (its argument), and its default parameters.
#: The derivative is a function of what is kept: silu takes the value -0.2 twice, so its value cannot give its slope.
ACTIVATIONS: dict[str, tuple[str, tuple[float, ...]]] = {
    "linear": ("y", ()),
    "tanh": ("y", ()),
    "sigmoid": ("y", ()),
    "hard_sigmoid": ("y", ()),
    "relu": ("y", ()),
    "leaky_relu": ("y", (0.2,)),
    "elu": ("y", (1.0,)),
    "selu": ("y", ()),
    "softplus": ("z", ()),
    "softsign": ("y", ()),
    "exponential": ("y", ()),
    "silu": ("z", ()),
    "gelu": ("z", ()),
    "softmax": ("y", ()),
}

#: The NumPy functions that a person's own activation may call, beside + - * / and comparisons, on every device.
FUNCTIONS = (
    *("exp", "expm1", "log", "log1p", "tanh", "sqrt", "square", "abs", "negative", "reciprocal"),
    *("maximum", "minimum", "where", "clip", "sign"),
)

#: Activations that need a whole row at once; they cannot be a gate of an LSTM.
ROWWISE = frozenset({"softmax"})


@dataclass(frozen=True)
class Activation:
    """An elementwise function by name, with its parameters (``leaky_relu``: slope; ``elu``: alpha), or a person's own.

    A person's own ``function`` is plain Python of one argument in arithmetic operators, comparisons and the NumPy functions of
    :data:`FUNCTIONS`; ``derivative`` is one of the same kind, or None: then it is derived by dual numbers. ``name`` is the
    function's.
    """

    name: str = "linear"
    parameters: tuple[float, ...] = ()
    function: Callable[[Any], Any] | None = None
    derivative: Callable[[Any], Any] | None = None

    @property
    def keeps(self) -> str:
        """``"y"`` where the tape keeps the activation's value, ``"z"`` where it keeps the argument."""
        return ACTIVATIONS[self.name][0] if self.function is None else "z"


@dataclass(frozen=True)
class LSTMSpec:
    """The cell of an LSTM: ``recurrent_activation`` on i, f and o, ``activation`` on g, ``output_activation`` on c.

    ``clip`` bounds every z to ``[-clip, clip]`` (None: not), ``coupled`` makes f = 1 - i, ``zoneout`` holds the rates at which
    h and c keep what they were, ``norm_epsilon`` is added to a variance where the weights have layer norms. ``int8`` says that
    the kernels lie on the grid of :mod:`.int8`.
    """

    activation: Activation = Activation("tanh")
    recurrent_activation: Activation = Activation("sigmoid")
    output_activation: Activation = Activation("tanh")
    clip: float | None = None
    coupled: bool = False
    zoneout: tuple[float, float] = (0.0, 0.0)
    norm_epsilon: float = 1e-3
    int8: bool = False

    @cached_property
    def _hash(self) -> int:
        return hash(tuple(getattr(self, field.name) for field in fields(self)))

    def __hash__(self) -> int:  # kept, since ops look their kernels up by it at every call
        return self._hash


@dataclass(frozen=True)
class LossSpec:
    """A loss by its Keras name, with the parameters that its formula in :mod:`.contract` names."""

    name: str
    from_logits: bool = False
    delta: float = 1.0
    label_smoothing: float = 0.0
    epsilon: float = 1e-7


@dataclass(frozen=True)
class MetricSpec:
    """A metric by its Keras name; ``threshold`` serves ``binary_accuracy``."""

    name: str
    threshold: float = 0.5


@dataclass(frozen=True)
class UpdateSpec:
    """An optimizer's rule by its name in :mod:`.contract`, with its constant hyperparameters.

    ``weight_decay`` is decoupled (AdamW): ``w -= w * weight_decay * rate`` before the rule. ``power``, ``l1``, ``l2``,
    ``l2_shrinkage`` and ``beta`` serve ``ftrl``.
    """

    name: str
    momentum: float = 0.0
    nesterov: bool = False
    rho: float = 0.9
    centered: bool = False
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-7
    amsgrad: bool = False
    weight_decay: float = 0.0
    power: float = -0.5
    l1: float = 0.0
    l2: float = 0.0
    l2_shrinkage: float = 0.0
    beta: float = 0.0
    slots: tuple[str, ...] = field(default=())


@dataclass(frozen=True)
class Key:
    """The address of a block of Philox4x32-10 random words.

    The Philox key is ``seed`` (64 bits, low word first); the counter's four words are
    ``(block low, block high, step, tag)``. Word ``i`` of a sequence is word ``i % 4`` of block ``i // 4``.
    """

    seed: int
    step: int = 0
    tag: int = 0
