"""Pointwise kernels of a step: one thread computes one unit of one row.

The tape keeps the value of an activation, or its argument where the value does not give the slope, in place of the sums.
"""

from __future__ import annotations

from functools import cache

from ...specs import RNNSpec
from ..device_math.activation import value
from ..runtime.compiler import Kernel, cuda, jit
from ..runtime.launch import element


def label(spec: RNNSpec, dtype: str, *options: bool) -> str:
    """Return the end of a kernel's name."""
    names = f"{spec.recurrent_activation.name}_{spec.activation.name}" if spec.gated else spec.activation.name
    return f"{names}_{dtype}_{''.join(str(int(option)) for option in options)}"


@cache
def simple_step(spec: RNNSpec, dtype: str, masked: bool) -> Kernel:
    """Return the kernel of ``h = a(z + u)``; h is a ring of time."""
    activation, keeps_z = value(spec.activation, dtype), spec.activation.keeps == "z"

    @jit("f3 f2 f3 b2 i", dtype, f"simple_rnn_step_{label(spec, dtype, masked)}")
    def simple_rnn_step(z, u, h, mask, t):
        i = element()
        if i < u.size:
            n, j = i // u.shape[1], i % u.shape[1]
            argument = z[t, n, j] + u[n, j]
            y = activation(argument)
            z[t, n, j] = argument if keeps_z else y
            valid = mask[t, n] if masked else True
            h[(t + 1) % h.shape[0], n, j] = y if valid else h[t % h.shape[0], n, j]

    return simple_rnn_step


@cache
def gru_reset(spec: RNNSpec, dtype: str) -> Kernel:
    """Return the kernel of r and of ``q = r * h``, where the reset gate is before the product; it adds u to z, too."""
    gate, keeps_z = value(spec.recurrent_activation, dtype), spec.recurrent_activation.keeps == "z"

    @jit("f3 f2 f3 f2 i", dtype, f"gru_reset_{label(spec, dtype)}")
    def gru_reset(z, u, q, h, t):
        i = element()
        if i < h.size:
            H = h.shape[1]
            n, j = i // H, i % H
            z[t, n, j] = z[t, n, j] + u[n, j]
            argument = z[t, n, H + j] + u[n, H + j]
            r = gate(argument)
            z[t, n, H + j] = argument if keeps_z else r
            q[t % q.shape[0], n, j] = r * h[n, j]

    return gru_reset


@cache
def gru_step(spec: RNNSpec, dtype: str, masked: bool) -> Kernel:
    """Return the kernel of the gates and of h, a ring of time.

    ``u`` has the sums of h of all gates, or where the reset gate is before the product that of the candidate alone.
    """
    gate, activation = value(spec.recurrent_activation, dtype), value(spec.activation, dtype)
    gate_z, inner_z = spec.recurrent_activation.keeps == "z", spec.activation.keeps == "z"
    reset_after = spec.reset_after

    @jit("f3 f2 f3 f3 b2 i", dtype, f"gru_step_{label(spec, dtype, masked, reset_after)}")
    def gru_step(z, u, q, h, mask, t):
        i = element()
        H = h.shape[2]
        if i < h.shape[1] * H:
            n, j = i // H, i % H
            if reset_after:
                z_z, z_r, u_g = z[t, n, j] + u[n, j], z[t, n, H + j] + u[n, H + j], u[n, 2 * H + j]
                r = gate(z_r)
                z[t, n, H + j] = z_r if gate_z else r
                q[t % q.shape[0], n, j] = u_g
                z_g = cuda.fma(r, u_g, z[t, n, 2 * H + j])
            else:
                z_z, z_g = z[t, n, j], z[t, n, 2 * H + j] + u[n, j]
            update, g, old = gate(z_z), activation(z_g), h[t % h.shape[0], n, j]
            z[t, n, j] = z_z if gate_z else update
            z[t, n, 2 * H + j] = z_g if inner_z else g
            valid = mask[t, n] if masked else True
            h[(t + 1) % h.shape[0], n, j] = cuda.fma(update, old - g, g) if valid else old

    return gru_step
