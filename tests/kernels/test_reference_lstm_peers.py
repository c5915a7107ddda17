"""The LSTM against what ONNX Runtime, PyTorch and Keras made of the same numbers: ``golden/*_lstm.py`` ran them."""

from __future__ import annotations

import numpy as np
import pytest
from golden import keras_lstm, onnxruntime_lstm, torch_lstm
from kernel_cases import LSTMCase, lstm_forward, run_lstm
from tolerances import RECURRENT, assert_close

from numba_lstm import gates
from numba_lstm.device import get_ops
from numba_lstm.kernels.contract import LSTMNoise
from numba_lstm.kernels.specs import Activation, LSTMSpec

DEVICES = ("reference", "cpu")

ONNX, TORCH, KERAS = (np.load(golden.FILE) for golden in (onnxruntime_lstm, torch_lstm, keras_lstm))

pytestmark = pytest.mark.parametrize("device", DEVICES)


def backwards(a):
    """An array in reverse order of time, if there is one."""
    return None if a is None else np.ascontiguousarray(a[::-1])


# -- ONNX Runtime -----------------------------------------------------------------------------------------------------

ONNX_ACTIVATIONS = {
    "activations": (
        Activation("softsign"),
        Activation("a fifth", function=lambda z: np.clip(0.2 * z + 0.5, 0, 1)),
        Activation("relu"),
    ),
    "clipped activations": (Activation("elu", (0.7,)), Activation("relu"), Activation("softplus")),
}


def from_onnx(a):
    """The blocks i, o, f, g of rows in our order, as columns."""
    blocks = np.empty((gates.COUNT, *a.reshape(gates.COUNT, -1, *a.shape[1:]).shape[1:]), a.dtype)
    blocks[[gates.I, gates.O, gates.F, gates.G]] = a.reshape(gates.COUNT, -1, *a.shape[1:])
    return np.ascontiguousarray(blocks.reshape(a.shape).T)


def onnx_case(name, direction):
    """The first (0) or the other (1) direction of a case."""
    attributes, _ = onnxruntime_lstm.CASES[name]
    arrays = onnxruntime_lstm.given(ONNX, name)
    lengths, P = arrays.get("sequence_lens"), arrays.get("P")
    spec = LSTMSpec(*ONNX_ACTIVATIONS.get(name, ()), clip=attributes.get("clip"), coupled=bool(attributes.get("input_forget")))
    return LSTMCase(
        x=arrays["X"],
        W=from_onnx(arrays["W"][direction]),
        U=from_onnx(arrays["R"][direction]),
        b=from_onnx(arrays["B"][direction].reshape(2, -1).sum(axis=0)),
        h0=arrays["initial_h"][direction],
        c0=arrays["initial_c"][direction],
        dy=None,
        dh=None,
        dc=None,
        mask=None if lengths is None else np.arange(onnxruntime_lstm.T)[:, None] < lengths,
        V=None if P is None else P[direction].reshape(3, -1)[[0, 2, 1]],
        spec=spec,
    )


DIRECTIONS = {"forward": [False], "reverse": [True], "bidirectional": [False, True]}


@pytest.mark.parametrize("name", onnxruntime_lstm.CASES)
def test_onnxruntime(device, name):
    """Y is zero after a sequence's end, and in reverse each begins at its end."""
    ops = get_ops(device)
    for direction, reverse in enumerate(DIRECTIONS[onnxruntime_lstm.CASES[name][0].get("direction", "forward")]):
        case = onnx_case(name, direction)
        out = lstm_forward(ops, case.but(x=backwards(case.x), mask=backwards(case.mask)) if reverse else case)
        y = np.array(ops.to_host(out.y))
        y = np.where(True if case.mask is None else case.mask[..., None], backwards(y) if reverse else y, 0)
        assert_close(y, ONNX[f"{name}/Y"][:, direction], RECURRENT["float32"], "Y")
        assert_close(ops.to_host(out.h), ONNX[f"{name}/Y_h"][direction], RECURRENT["float32"], "Y_h")
        assert_close(ops.to_host(out.c), ONNX[f"{name}/Y_c"][direction], RECURRENT["float32"], "Y_c")


# -- PyTorch ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", torch_lstm.CASES)
def test_torch(device, name):
    """Outputs after a sequence's end are zero, and their gradients are not looked at."""
    proj_size, packed = torch_lstm.CASES[name]
    torch = {key.split("/")[1]: TORCH[key] for key in TORCH.files if key.startswith(f"{name}/")}
    mask = np.arange(torch_lstm.T)[:, None] < torch_lstm.LENGTHS if packed else np.ones((torch_lstm.T, torch_lstm.N), bool)
    case = LSTMCase(
        x=torch["x"],
        W=np.ascontiguousarray(torch["weight_ih"].T),
        U=np.ascontiguousarray(torch["weight_hh"].T),
        b=torch["bias_ih"] + torch["bias_hh"],
        R=np.ascontiguousarray(torch["weight_hr"].T) if proj_size else None,
        h0=torch["h0"][0],
        c0=torch["c0"][0],
        dy=torch["dy"] * mask[..., None],
        dh=torch["dh"][0],
        dc=torch["dc"][0],
        mask=mask,
    )
    found = run_lstm(get_ops(device), case)
    expected = {
        "h": torch["h"][0],
        "c": torch["c"][0],
        "dx": torch["grad_x"],
        "dh0": torch["grad_h0"][0],
        "dc0": torch["grad_c0"][0],
        "dW": torch["grad_weight_ih"].T,
        "dU": torch["grad_weight_hh"].T,
        "db": torch["grad_bias_ih"],
        "dR": torch["grad_weight_hr"].T if proj_size else None,
    }
    assert_close(found["y"] * mask[..., None], torch["y"], RECURRENT["float64"], "y")
    for key, value in expected.items():
        if value is not None:
            assert_close(found[key], value, RECURRENT["float64"], key)


# -- Keras ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", keras_lstm.CASES)
def test_keras(device, name):
    """``go_backwards`` returns the outputs in the order in which it went."""
    masking, go_backwards, dropout = keras_lstm.CASES[name]
    x, mask = KERAS["x"].swapaxes(0, 1), None if masking is None else np.array(keras_lstm.MASKS[masking], bool).T
    case = LSTMCase(
        x=backwards(x) if go_backwards else x,
        mask=backwards(mask) if go_backwards else mask,
        dy=KERAS["dy"].swapaxes(0, 1),
        noise=LSTMNoise(KERAS["inputs"], KERAS["recurrent"]) if dropout else None,
        **{key: KERAS[key] for key in ("W", "U", "b", "h0", "c0", "dh", "dc")},
    )
    found = run_lstm(get_ops(device), case)
    found["dx"] = (found["dx"][::-1] if go_backwards else found["dx"]).swapaxes(0, 1)
    found["y"] = found["y"].swapaxes(0, 1)
    for key, value in found.items():
        assert_close(value, KERAS[f"{name}/{key}"], RECURRENT["float64"], key)
