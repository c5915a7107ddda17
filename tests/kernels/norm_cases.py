"""Random cases for the normalizing ops, and running them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from kernel_cases import in_float64, put

from numba_lstm.variables import Variable

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class NormCase:
    """What goes into a norm and what comes back to it; ``momentum`` of None stands for the moving statistics."""

    x: Array
    dy: Array
    gamma: Array | None
    beta: Array | None
    mean: Array
    variance: Array
    mask: Array | None = None
    momentum: float | None = None
    epsilon: float = 1e-3

    def but(self, **changes: Any) -> NormCase:
        """The same case with some fields changed."""
        return replace(self, **changes)

    def in_float64(self) -> NormCase:
        """The same values in float64."""
        return self.but(**{name: in_float64(value) for name, value in vars(self).items()})


def norm_case(shape: tuple[int, ...], dtype: str = "float64", **but: Any) -> NormCase:
    """A case of x's ``shape``; features have means and deviations of their own."""
    rng, D = np.random.default_rng([8, *shape]), shape[-1]

    def draw(*shape: int) -> Array:
        return rng.standard_normal(shape).astype(dtype)

    x = (draw(*shape) * (0.5 + rng.random(D)) + 2 * rng.standard_normal(D)).astype(dtype)
    variance = (0.5 + rng.random(D)).astype(dtype)
    return NormCase(x, draw(*shape), draw(D), draw(D), draw(D), variance).but(**but)


def variable(value: Array | None) -> Variable | None:
    """A fresh variable, or None."""
    return None if value is None else Variable(value)


def layer_norm(ops: Any, case: NormCase, *, training: bool = False) -> Any:
    """What the op returns."""
    return ops.layer_norm_forward(put(ops, case.x), variable(case.gamma), variable(case.beta), case.epsilon, training=training)


def batch_norm(ops: Any, case: NormCase, *, training: bool = False) -> Any:
    """What the op returns, and the moving statistics after it."""
    moving = Variable(case.mean), Variable(case.variance)
    y, tape = ops.batch_norm_forward(
        put(ops, case.x), variable(case.gamma), variable(case.beta), *moving, case.epsilon,
        momentum=case.momentum, mask=put(ops, case.mask), training=training,
    )  # fmt: skip
    return y, tape, *(v.numpy() for v in moving)


def run_layer_norm(ops: Any, case: NormCase, *, need_dx: bool = True) -> dict[str, Array | None]:
    """Output and gradients on the host."""
    y, tape = layer_norm(ops, case, training=True)
    back = ops.layer_norm_backward(tape, put(ops, case.dy), need_dx=need_dx)
    return on_host(ops, dict(zip(("y", "dx", "dgamma", "dbeta"), (y, *back), strict=True)))


def run_batch_norm(ops: Any, case: NormCase, *, need_dx: bool = True) -> dict[str, Array | None]:
    """Output, moving statistics and gradients on the host."""
    y, tape, mean, variance = batch_norm(ops, case, training=True)
    back = ops.batch_norm_backward(tape, put(ops, case.dy), need_dx=need_dx)
    arrays = on_host(ops, dict(zip(("y", "dx", "dgamma", "dbeta"), (y, *back), strict=True)))
    return {**arrays, "moving mean": mean, "moving variance": variance}


def on_host(ops: Any, arrays: dict[str, Any]) -> dict[str, Array | None]:
    """Copies of device arrays."""
    return {name: None if a is None else np.array(ops.to_host(a)) for name, a in arrays.items()}
