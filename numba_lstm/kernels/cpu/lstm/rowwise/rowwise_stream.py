"""LSTMs by rows as parts of a stream: the arguments of the same time loop, for one step at a time."""

from __future__ import annotations

from typing import Any

import numpy.typing as npt

from ....contract import LSTMWeights
from ....specs import LSTMSpec
from ...runtime.memory import address, aligned, stride
from ...simd.custom_activation import canonical_spec
from .forward_loop import forward_loop
from .kernel_args import make_kernel_args
from .rowwise_forward import NO_NOISE, call_options, common_fields, forward_fields, sizes

Array = npt.NDArray[Any]


def stream_part(
    weights: LSTMWeights, spec: LSTMSpec, N: int, x_rows: int, held: list[Any], x_steps: int = 0, ring: int = 2
) -> tuple[int, int, Array, Array]:
    """Return an LSTM of a stream: the addresses of its loop and kernel arguments, a ring h (``ring``, N, ...), and c (N, ...).

    Steps of its input are ``x_steps`` apart and rows ``x_rows``. ``held`` keeps alive what the addresses point to.
    """
    spec, size = canonical_spec(spec), sizes(weights)
    geometry, dtype = size.geometry, size.geometry.dtype
    h, c = aligned((ring, N, stride(size.outputs, dtype)), dtype), aligned((N, stride(size.units, dtype)), dtype)
    h[...], c[...] = 0, 0
    fields = common_fields(weights, size, spec, N)
    fields |= forward_fields(weights, size, spec, call_options(weights, NO_NOISE, masked=False, training=False), N)
    fields |= {"x_steps": x_steps, "x_rows": x_rows, "h": h, "h_rows": h.shape[2], "h_steps": ring}
    fields |= {"c": c, "c_rows": c.shape[1], "c_steps": 1}
    if weights.projection is not None:
        fields |= {"m": aligned((N, stride(size.units, dtype)), dtype), "m_rows": stride(size.units, dtype)}
    if weights.kernel_norm is not None:
        fields |= {"nc": aligned((N, size.units), dtype)}
    loop, kernel_args = forward_loop(geometry), make_kernel_args(held, **fields)
    held += [loop, kernel_args]
    return loop.address, address(kernel_args), h, c
