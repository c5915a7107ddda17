"""Random cases for the ops, and running them: distinct values everywhere, since constant ones hide swapped gates."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from tolerances import assert_close

from numba_lstm.device import get_ops
from numba_lstm.kernels.contract import LSTMNoise, LSTMWeights
from numba_lstm.kernels.specs import ACTIVATIONS, ROWWISE, Activation, LSTMSpec
from numba_lstm.variables import Variable

Array = npt.NDArray[Any]

DTYPES = ["float32", "float64"]
OTHER_PARAMETERS = {"leaky_relu": (0.3,), "elu": (0.7,)}  #: not the defaults, which would hide a parameter that gets lost
EVERY_ACTIVATION = [Activation(name, OTHER_PARAMETERS.get(name, ())) for name in ACTIVATIONS]
ELEMENTWISE_ACTIVATIONS = [activation for activation in EVERY_ACTIVATION if activation.name not in ROWWISE]

#: Each activation once in each role. Every cell is a kernel to compile, so roles rotate instead of being multiplied. These
#: offsets give exponential gates a bounded output activation (tanh): others grow beyond all numbers in a few steps.
CELLS = [
    LSTMSpec(*(ELEMENTWISE_ACTIVATIONS[(k + offset) % len(ELEMENTWISE_ACTIVATIONS)] for offset in (0, 1, 5)))
    for k in range(len(ELEMENTWISE_ACTIVATIONS))
]


def name_of(value: Any) -> str | None:
    """A short name of a parameter in a test's id."""
    if isinstance(value, LSTMSpec):
        return "-".join(a.name for a in (value.recurrent_activation, value.activation, value.output_activation))
    return getattr(value, "name", None)


def in_float64(value: Any) -> Any:
    """``value`` with its floating arrays in float64."""
    if isinstance(value, LSTMNoise):
        return LSTMNoise(*map(in_float64, value))
    return value.astype(np.float64) if isinstance(value, np.ndarray) and value.dtype.kind == "f" else value


@dataclass(frozen=True)
class LSTMCase:
    """An LSTM's inputs on the host, and the gradients that come back to it."""

    x: Array
    W: Array
    U: Array
    b: Array | None
    h0: Array | None
    c0: Array | None
    dy: Array | None
    dh: Array | None
    dc: Array | None
    mask: Array | None = None
    V: Array | None = None
    R: Array | None = None
    kernel_norm: Array | None = None
    recurrent_norm: Array | None = None
    cell_norm: Array | None = None
    noise: LSTMNoise | None = None
    spec: LSTMSpec = field(default_factory=LSTMSpec)
    backwards: bool = False  #: whether x, mask and dy go in as views of reversed time

    def but(self, **changes: Any) -> LSTMCase:
        """The same case with some fields changed."""
        return dataclasses.replace(self, **changes)

    def in_float64(self) -> LSTMCase:
        """The same values in float64."""
        return self.but(**{f.name: in_float64(getattr(self, f.name)) for f in dataclasses.fields(self)})

    @property
    def weights(self) -> LSTMWeights:
        """Fresh variables."""
        arrays = (getattr(self, name) for name in WEIGHTS)
        return LSTMWeights(*(None if array is None else Variable(array) for array in arrays))


#: The weights' names in a case, in the order of LSTMWeights; ``"d" + name`` is that of a gradient.
WEIGHTS = ("W", "U", "b", "V", "R", "kernel_norm", "recurrent_norm", "cell_norm")


def lstm_case(
    N: int = 3,
    T: int = 5,
    D: int = 7,
    H: int = 11,
    *,
    P: int | None = None,
    peephole: bool = False,
    normed: bool = False,
    dtype: str = "float64",
    masked: bool = False,
    seed: int = 1,
    **but: Any,
) -> LSTMCase:
    """A case of these sizes, with a projection to ``P`` units where given, and with the fields ``but`` as given.

    Pre-activations are of about unit size, so that no activation is at rest and none is saturated.
    """
    rng = np.random.default_rng([seed, N, T, D, H])
    units = P or H

    def draw(*shape: int, scale: float = 1.0) -> Array:
        return (scale * rng.standard_normal(shape)).astype(dtype)

    mask = rng.random((T, N)) < 0.6 if masked else None
    case = LSTMCase(
        x=draw(T, N, D),
        W=draw(D, 4 * H, scale=0.7 * D**-0.5),
        U=draw(units, 4 * H, scale=0.3 * units**-0.5),
        b=draw(4 * H, scale=0.4),
        h0=draw(N, units),
        c0=draw(N, H),
        dy=draw(T, N, units),
        dh=draw(N, units),
        dc=draw(N, H),
        mask=mask,
        V=draw(3, H, scale=0.4) if peephole else None,
        R=draw(H, P, scale=H**-0.5) if P else None,
        kernel_norm=draw(4 * H, scale=0.7) if normed else None,
        recurrent_norm=draw(4 * H, scale=0.3) if normed else None,
        cell_norm=draw(2, H) if normed else None,
    )
    return case.but(**but)


def lstm_noise(
    case: LSTMCase,
    *,
    inputs: bool = False,
    recurrent: bool = False,
    zoneout_h: bool = False,
    zoneout_c: bool = False,
    seed: int = 2,
) -> LSTMNoise:
    """The masks that are asked for, of a case's sizes: a quarter is dropped, a third keeps its state."""
    rng = np.random.default_rng([seed, *case.x.shape])
    (T, N, D), (P, columns) = case.x.shape, case.U.shape

    def factors(size: int) -> Array:
        return ((rng.random((4, N, size)) >= 0.25) / 0.75).astype(case.x.dtype)

    return LSTMNoise(
        inputs=factors(D) if inputs else None,
        recurrent=factors(P) if recurrent else None,
        zoneout_h=rng.random((T, N, P)) < 1 / 3 if zoneout_h else None,
        zoneout_c=rng.random((T, N, columns // 4)) < 1 / 3 if zoneout_c else None,
    )


def put(ops: Any, array: Array | None) -> Any:
    """A host array, or None, on the device."""
    return None if array is None else ops.asarray(array, array.dtype)


def put_noise(ops: Any, noise: LSTMNoise) -> LSTMNoise:
    """The noise of a case on the device."""
    return LSTMNoise(*(put(ops, mask) for mask in noise))


def put_steps(ops: Any, case: LSTMCase, array: Array | None) -> Any:
    """A host array of steps, or None, on the device, in the direction of the case."""
    placed = put(ops, array)
    return ops.flip(placed) if case.backwards and placed is not None else placed


def lstm_forward(ops: Any, case: LSTMCase, *, sequences: bool = True, training: bool = False) -> Any:
    """What the op returns, without the case's noise unless ``training``."""
    noise = {"noise": put_noise(ops, case.noise)} if training and case.noise is not None else {}
    return ops.lstm_forward(
        put_steps(ops, case, case.x), case.weights, put(ops, case.h0), put(ops, case.c0), case.spec,
        mask=put_steps(ops, case, case.mask), sequences=sequences, training=training, **noise,
    )  # fmt: skip


def run_lstm(ops: Any, case: LSTMCase, *, need_dx: bool = True) -> dict[str, Array | None]:
    """Outputs and gradients on the host, without those of options that nobody asked for.

    All outputs are asked for where the case has a ``dy``.
    """
    out = lstm_forward(ops, case, sequences=case.dy is not None, training=True)
    host = {name: None if a is None else np.array(ops.to_host(a)) for name, a in zip("yhc", out[:3], strict=True)}
    back = ops.lstm_backward(out.tape, put_steps(ops, case, case.dy), put(ops, case.dh), put(ops, case.dc), need_dx=need_dx)
    gradients = dict(zip(("dx", "dh0", "dc0", *(f"d{w}" for w in WEIGHTS)), (*back[:3], *back.weights), strict=True))
    gradients = {name: a for name, a in gradients.items() if a is not None or name in ("dx", "db")}
    return host | {name: None if a is None else np.array(ops.to_host(a)) for name, a in gradients.items()}


def assert_lstm_equals_reference(ops: Any, case: LSTMCase, tolerance: float, *, need_dx: bool = True) -> None:
    """Outputs and gradients of the device equal the reference's in float64."""
    actual = run_lstm(ops, case, need_dx=need_dx)
    expected = run_lstm(get_ops("reference"), case.in_float64(), need_dx=need_dx)
    assert actual.keys() == expected.keys()
    for name, value in expected.items():
        found = actual[name]
        if value is None or found is None:
            assert found is value, name
            continue
        assert found.dtype == case.x.dtype, name
        assert_close(found, value, tolerance, name)
