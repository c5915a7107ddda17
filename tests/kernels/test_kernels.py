"""Kernels: one declared signature each, and no other can be compiled."""

import numpy as np
import pytest

from numba_lstm.kernels import cpu
from numba_lstm.kernels.cpu.gemm import gemm, pack, weight_grad
from numba_lstm.kernels.cpu.gemm.layout import panel_layout, pointwise_lanes, vector_geometry
from numba_lstm.kernels.cpu.lstm import backward_loop, forward_loop
from numba_lstm.kernels.cpu.lstm.pointwise import Traits, gate_kernel
from numba_lstm.kernels.cpu.lstm.pointwise_grad import gate_gradient_kernel, output_gradient_kernel
from numba_lstm.kernels.cpu.ops import activation
from numba_lstm.kernels.cpu.plans import step_loop
from numba_lstm.kernels.specs import Activation

GEOMETRY = vector_geometry("float32")


@pytest.mark.parametrize(
    "make",
    [
        lambda: forward_loop.forward_loop(GEOMETRY, 0),
        lambda: backward_loop.backward_loop(GEOMETRY, 0, 1, 0),
        lambda: gemm.affine(GEOMETRY, 1),
        lambda: weight_grad._plain_columns(GEOMETRY, 1),
        lambda: pack._pack_gates(GEOMETRY),
        lambda: step_loop.step_loop("float32"),
        lambda: activation._value(Activation("tanh"), "float32"),
    ],
    ids=["forward", "backward", "affine", "gradient", "pack", "stream", "activation"],
)
def test_a_kernel_has_one_signature_and_refuses_others(make):
    run = make().compiled
    assert len(run.signatures) == 1
    with pytest.raises(TypeError):
        run(*[np.float32(1)] * len(run.signatures[0]))
    assert len(run.signatures) == 1


PLAIN = Traits(*map(Activation, ("sigmoid", "tanh", "tanh")))


@pytest.mark.parametrize(
    ("make", "shared", "other"),
    [
        (gate_kernel, {"outer": Activation("relu"), "zoneout_h": "mask"}, {"zoneout_c": "rate"}),
        (gate_gradient_kernel, {"outer": Activation("relu"), "zoneout_h": "mask"}, {"zoneout_c": "mask"}),
        (output_gradient_kernel, {"inner": Activation("relu"), "coupled": True, "peephole": True}, {"zoneout_h": "mask"}),
    ],
)
def test_pointwise_kernels_are_shared_by_all_traits_that_they_do_not_read(make, shared, other):
    tape = {"tape": True} if make is gate_kernel else {}
    kernel = make(PLAIN, "float32", 8, 1, **tape)
    assert make(PLAIN._replace(**shared), "float32", 8, 1, **tape) is kernel
    assert make(PLAIN._replace(**other), "float32", 8, 1, **tape) is not kernel


def test_a_panel_that_is_the_only_one_has_no_other_pointwise_kernels():
    assert pointwise_lanes(panel_layout(3, 8), several=True) == ((4, 2), (4, 2))
    assert pointwise_lanes(panel_layout(11, 8), several=True) == ((8, 1), (4, 2))


@pytest.mark.parametrize("H", range(1, 70))
@pytest.mark.parametrize("V", [2, 4, 8, 16])
def test_panels_hold_every_unit_and_little_else(H, V):
    layout = panel_layout(H, V)
    assert layout.whole * V + layout.rest == H
    assert H <= layout.padded < H + max(V // 2, 2)
    assert layout.v in {0, V // 4, V // 2}


@pytest.mark.parametrize("K", [1, 3, 9])
@pytest.mark.parametrize("H", [1, 5, 8, 13, 50])
def test_packing_keeps_every_weight(K, H):
    W = np.arange(1, K * 4 * H + 1, dtype=np.float32).reshape(K, 4 * H)
    for packed in (pack.gate_panels(W), pack.gate_blocks_transposed(W)):
        assert sorted(packed[packed != 0]) == sorted(W.ravel())


@pytest.mark.parametrize("shape", [(1, 1), (3, 7), (9, 40)])
def test_plain_packing_keeps_every_weight(shape):
    W = np.arange(1, shape[0] * shape[1] + 1, dtype=np.float64).reshape(shape)
    for packed in (pack.blocks(W), pack.blocks_transposed(W)):
        assert sorted(packed[packed != 0]) == sorted(W.ravel())


@pytest.mark.parametrize("name", ["sigmoid", "tanh", "softmax", "exponential", "elu", "softplus", "silu", "gelu"])
@pytest.mark.parametrize(("bits", "integer", "dtype"), [(0x7FC00001, "u4", "f4"), (0x7FF80000000007A2, "u8", "f8")])
def test_nan_with_a_payload_stays_nan(name, bits, integer, dtype):
    x = np.full((2, 3), bits, integer).view(dtype)
    y, _ = cpu.activation_forward(x, Activation(name))
    assert np.isnan(y).all()


@pytest.mark.parametrize("name", ["silu", "gelu"])
@pytest.mark.parametrize("z", [-100.0, -1e30, -3e38])
def test_far_slopes_vanish(name, z):
    x = np.full((1, 3), z, np.float32)
    _, tape = cpu.activation_forward(x, Activation(name), training=True)
    assert (cpu.activation_backward(tape, np.ones_like(x)) == 0).all()
