"""Specs, the frozen options of an op: activations, cells, losses, metrics, update rules.

A spec is hashable, so that a device can compile one kernel for each and look it up.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any, NamedTuple

#: Activation name -> what the tape saves of it, "y" (its value) or "z" (its argument), and its default parameters.
#: The derivative is a function of the saved one: silu takes the value -0.2 twice, so its value cannot give its slope.
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

#: The NumPy functions that a custom activation may call on every device, besides + - * / and comparisons.
FUNCTIONS = (
    *("exp", "expm1", "log", "log1p", "tanh", "sqrt", "square", "abs", "negative", "reciprocal"),
    *("maximum", "minimum", "where", "clip", "sign", "floor", "ceil", "rint"),
    *("sin", "cos", "tan", "arcsin", "arccos", "arctan", "arctan2"),
)

#: Activations of a whole row. They cannot be a gate of an LSTM.
ROWWISE = frozenset({"softmax"})


@dataclass(frozen=True)
class Activation:
    """An elementwise function by name, with its parameters (``leaky_relu``: slope; ``elu``: alpha), or a custom one.

    A custom ``function`` is plain Python of one argument. It uses arithmetic operators, comparisons and the NumPy functions of
    :data:`FUNCTIONS`, as does its ``derivative``. Without a ``derivative`` the devices derive one. ``name`` is the name of the
    function.
    """

    name: str = "linear"
    parameters: tuple[float, ...] = ()
    function: Callable[[Any], Any] | None = None
    derivative: Callable[[Any], Any] | None = None

    @property
    def keeps(self) -> str:
        """``"y"`` if the tape saves the value of the activation, ``"z"`` if it saves the argument."""
        return ACTIVATIONS[self.name][0] if self.function is None else "z"


@dataclass(frozen=True)
class LSTMSpec:
    """The cell of an LSTM: ``recurrent_activation`` on i, f and o, ``activation`` on g, ``output_activation`` on c.

    ``clip`` bounds every z to ``[-clip, clip]`` (None: no bound). ``coupled`` makes f = 1 - i. ``zoneout`` holds the zoneout
    rates of h and c. ``norm_epsilon`` is added to the variances of layer norms. ``int8`` states that the kernels are on the
    grid of :mod:`.int8`.
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

    def __hash__(self) -> int:  # cached, since ops look their kernels up by it at every call
        return self._hash


@dataclass(frozen=True)
class WindowSpec:
    """Windows over one to three axes of samples: steps, or depth, height and width. Each field has an entry for each axis.

    Window i of an axis begins ``i * strides - before`` elements after the first, where ``before, after = padding``. It has
    ``size`` elements, ``dilation`` apart.
    """

    size: tuple[int, ...]
    strides: tuple[int, ...]
    dilation: tuple[int, ...]
    padding: tuple[tuple[int, int], ...]

    def counts(self, lengths: Sequence[int]) -> tuple[int, ...]:
        """Return the number of windows along axes of these lengths; at most 0 where none fits."""
        axes = zip(lengths, self.size, self.strides, self.dilation, self.padding, strict=True)
        return tuple(
            (length + sum(padding) - (size - 1) * dilation - 1) // stride + 1
            for length, size, stride, dilation, padding in axes
        )


@dataclass(frozen=True)
class RNNSpec:
    """The cell of a GRU (``gated``) or of a simple RNN: ``activation`` on the candidate g, which is h without gates.

    ``recurrent_activation`` is on the gates z and r. ``reset_after`` multiplies r with h U, and not with h. ``int8`` states
    that the kernels are on the grid of :mod:`.int8`.
    """

    activation: Activation = Activation("tanh")
    recurrent_activation: Activation = Activation("sigmoid")
    gated: bool = True
    reset_after: bool = True
    int8: bool = False

    @property
    def gates(self) -> int:
        """Number of blocks of H columns: z, r and g, or g alone."""
        return 3 if self.gated else 1


@dataclass(frozen=True)
class LossSpec:
    """A loss by its Keras name, with the parameters of its formula in :mod:`.contract`.

    ``delta`` belongs to ``huber``, ``alpha``, ``gamma`` and ``apply_class_balancing`` to focal losses, ``quantiles`` to
    ``quantile``, ``full`` to ``gaussian_nll``, ``df`` to ``student_t_nll``, ``blank`` and ``zero_infinity`` to ``ctc``. Rows
    whose label is ``ignore_class`` have the weight 0: no device reads it.
    """

    name: str
    from_logits: bool = False
    delta: float = 1.0
    label_smoothing: float = 0.0
    epsilon: float = 1e-7
    alpha: float = 0.25
    gamma: float = 2.0
    apply_class_balancing: bool = False
    quantiles: tuple[float, ...] = ()
    full: bool = False
    df: float = 4.0
    blank: int = 0
    zero_infinity: bool = False
    ignore_class: int | None = None


@dataclass(frozen=True)
class MetricSpec:
    """A metric by its Keras name, with the ``threshold`` of ``binary_accuracy`` and the ``k`` of top-k accuracies."""

    name: str
    threshold: float = 0.5
    k: int = 5


@dataclass(frozen=True)
class UpdateSpec:
    """An update rule of an optimizer by its name in :mod:`.contract`, with its constant hyperparameters.

    ``weight_decay`` is decoupled (AdamW): ``w -= w * weight_decay * rate`` before the rule. ``power``, ``l1``, ``l2``,
    ``l2_shrinkage`` and ``beta`` are parameters of ``ftrl``.
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

    def sections(self, shape: Sequence[int]) -> Sections:
        """Return which words the elements of a draw of ``shape`` take, in C order: the first ones."""
        return Sections(math.prod(shape), 0, 0, 1)


@dataclass(frozen=True)
class PartKey(Key):
    """A key of draws for a part of the samples of a batch, which takes the words of a draw for the whole batch.

    The part has ``rows`` samples behind the first ``begin`` ones of ``total``. Samples are the first axis of a matrix, and the
    second one of arrays of more axes; an axis of several times ``rows`` has the samples of each step behind each other. A shape
    without such an axis is that of a draw for all samples alike.
    """

    begin: int = 0
    rows: int = 1
    total: int = 1

    def sections(self, shape: Sequence[int]) -> Sections:
        """Return which words the elements of a draw of ``shape`` take, in C order."""
        axis = min(len(shape) - 1, 1) if len(shape) > 2 else 0
        size = math.prod(shape[axis + 1 :])
        return super().sections(shape) if shape[axis] % self.rows else Sections(self.rows * size, self.begin, self.total, size)

    def whole(self) -> Key:
        """Return the key of draws for all samples alike."""
        return Key(self.seed, self.step, self.tag)


class Sections(NamedTuple):
    """Elements of a draw in sections of ``length``: section k has the words from ``(begin + k * total) * size`` on."""

    length: int
    begin: int
    total: int
    size: int
