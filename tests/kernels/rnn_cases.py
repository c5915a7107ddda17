"""Random cases of GRUs and simple RNNs for the ops, and running them."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from kernel_cases import Array, put
from tolerances import assert_close

from numba_lstm.device import get_ops
from numba_lstm.kernels.contract import RNNNoise, RNNWeights
from numba_lstm.kernels.specs import Activation, RNNSpec
from numba_lstm.variables import Variable

SIMPLE = RNNSpec(gated=False)
GRU = RNNSpec()
GRU_BEFORE = RNNSpec(reset_after=False)
#: The tape keeps the argument of these activations, or their value where that gives the slope.
OTHERS = [
    RNNSpec(Activation("silu"), Activation("softsign")),
    RNNSpec(Activation("softsign"), Activation("gelu"), reset_after=False),
    RNNSpec(Activation("gelu"), gated=False),
]


@dataclass(frozen=True)
class RNNCase:
    """Inputs of a GRU or of a simple RNN on the host, and the gradients that come back to it."""

    x: Array
    W: Array
    U: Array
    b: Array | None
    h0: Array | None
    dy: Array | None
    dh: Array | None
    mask: Array | None = None
    noise: RNNNoise | None = None
    spec: RNNSpec = field(default_factory=RNNSpec)

    def but(self, **changes: Any) -> RNNCase:
        """The same case with some fields changed."""
        return dataclasses.replace(self, **changes)

    def in_float64(self) -> RNNCase:
        """The same values in float64."""
        arrays = {name: getattr(self, name) for name in ("x", "W", "U", "b", "h0", "dy", "dh")}
        noise = None if self.noise is None else RNNNoise(*map(_in_float64, self.noise))
        return self.but(noise=noise, **{name: _in_float64(a) for name, a in arrays.items()})


def _in_float64(a: Array | None) -> Array | None:
    return None if a is None else a.astype(np.float64)


def rnn_case(
    spec: RNNSpec,
    N: int = 3,
    T: int = 5,
    D: int = 7,
    H: int = 11,
    *,
    dtype: str = "float64",
    masked: bool = False,
    noise: str = "",
    **but: Any,
) -> RNNCase:
    """A case of these sizes; ``noise`` names the masks of dropout: "inputs", "recurrent" or a string of them."""
    rng = np.random.default_rng([1, N, T, D, H])
    columns = spec.gates * H

    def draw(*shape: int, scale: float = 1.0) -> Array:
        return (scale * rng.standard_normal(shape)).astype(dtype)

    factors = {
        name: ((rng.random((spec.gates, N, size)) >= 0.25) / 0.75).astype(dtype)
        for name, size in (("inputs", D), ("recurrent", H))
        if name in noise
    }
    case = RNNCase(
        x=draw(T, N, D),
        W=draw(D, columns, scale=0.7 * D**-0.5),
        U=draw(H, columns, scale=0.5 * H**-0.5),
        b=draw(*(2,) * (spec.gated and spec.reset_after), columns, scale=0.4),
        h0=draw(N, H),
        dy=draw(T, N, H),
        dh=draw(N, H),
        mask=rng.random((T, N)) < 0.6 if masked else None,
        noise=RNNNoise(**factors) if factors else None,
        spec=spec,
    )
    return case.but(**but)


def rnn_forward(ops: Any, case: RNNCase, *, sequences: bool = True, training: bool = False) -> Any:
    """The result of the op, without the case's noise unless ``training``."""
    weights = RNNWeights(*(None if a is None else Variable(a) for a in (case.W, case.U, case.b)))
    noise = {"noise": RNNNoise(*(put(ops, mask) for mask in case.noise))} if training and case.noise is not None else {}
    options = {"mask": put(ops, case.mask), "sequences": sequences, "training": training, **noise}
    return ops.rnn_forward(put(ops, case.x), weights, put(ops, case.h0), case.spec, **options)


def run_rnn(ops: Any, case: RNNCase, *, need_dx: bool = True) -> dict[str, Array | None]:
    """Outputs and gradients on the host; the outputs of all steps where the case has a ``dy``."""
    out = rnn_forward(ops, case, sequences=case.dy is not None, training=True)
    host = {name: None if a is None else np.array(ops.to_host(a)) for name, a in zip("yh", out[:2], strict=True)}
    back = ops.rnn_backward(out.tape, put(ops, case.dy), put(ops, case.dh), need_dx=need_dx)
    gradients = dict(zip(("dx", "dh0", "dW", "dU", "db"), (*back[:2], *back.weights), strict=True))
    return host | {name: None if a is None else np.array(ops.to_host(a)) for name, a in gradients.items()}


def assert_rnn_equals_reference(ops: Any, case: RNNCase, tolerance: float, *, need_dx: bool = True) -> None:
    """Outputs and gradients of the device equal the reference's in float64."""
    actual = run_rnn(ops, case, need_dx=need_dx)
    for name, value in run_rnn(get_ops("reference"), case.in_float64(), need_dx=need_dx).items():
        found = actual[name]
        if value is None or found is None:
            assert found is value, name
            continue
        assert found.dtype == case.x.dtype, name
        assert_close(found, value, tolerance, name)
