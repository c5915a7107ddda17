"""The reference's GRU and simple RNN: gradients against finite differences, and the numbers of Keras."""

from __future__ import annotations

import numpy as np
import pytest
from finite_differences import assert_gradient
from golden import keras_rnn
from rnn_cases import GRU, GRU_BEFORE, OTHERS, SIMPLE, RNNCase, rnn_case, rnn_forward, run_rnn
from tolerances import RECURRENT, assert_close

from numba_lstm.device import get_ops
from numba_lstm.kernels.contract import RNNNoise
from numba_lstm.kernels.specs import RNNSpec

OPS = get_ops("reference")
KERAS = np.load(keras_rnn.FILE)
CASES = [
    rnn_case(SIMPLE, 3, 4, 2, 3, masked=True, noise="inputs recurrent"),
    rnn_case(GRU, 3, 4, 2, 3, masked=True),
    rnn_case(GRU, 2, 3, 2, 3, noise="inputs recurrent", dy=None),
    rnn_case(GRU_BEFORE, 3, 4, 2, 3, masked=True, noise="recurrent"),
    *(rnn_case(spec, 2, 3, 2, 3, dh=None) for spec in OTHERS),
]


def scalar(case: RNNCase) -> float:
    """The inner product of all outputs with the gradients that come back to them."""
    out = rnn_forward(OPS, case, training=True)
    return sum(float(np.sum(value * d)) for value, d in ((out.y, case.dy), (out.h, case.dh)) if d is not None)


@pytest.mark.parametrize("case", CASES, ids=range(len(CASES)))
def test_gradient(case):
    gradients = run_rnn(OPS, case)
    for name in ("x", "h0", "W", "U", "b"):
        assert_gradient(gradients[f"d{name}"], lambda a, name=name: scalar(case.but(**{name: a})), getattr(case, name))


@pytest.mark.parametrize("device", ["reference", "cpu"])
@pytest.mark.parametrize("name", keras_rnn.CASES)
def test_keras(device, name):
    """``go_backwards`` returns its outputs in the order in which they were computed."""
    gates, reset_after, masked, go_backwards, dropout = keras_rnn.CASES[name]

    def steps(a):
        return np.ascontiguousarray((a[:, ::-1] if go_backwards else a).swapaxes(0, 1))

    noise = [KERAS[key][:gates] for key in ("inputs", "recurrent")]
    W, U, b = keras_rnn.weights(KERAS, gates, reset_after)
    case = RNNCase(
        x=steps(KERAS["x"]),
        W=W, U=U, b=b,
        h0=KERAS["h0"],
        dy=np.ascontiguousarray(KERAS["dy"].swapaxes(0, 1)),
        dh=KERAS["dh"],
        mask=steps(np.array(keras_rnn.MASK, bool)) if masked else None,
        noise=RNNNoise(*noise) if dropout else None,
        spec=RNNSpec(gated=gates == 3, reset_after=reset_after),
    )  # fmt: skip
    found = run_rnn(get_ops(device), case)
    found["dx"] = (found["dx"][::-1] if go_backwards else found["dx"]).swapaxes(0, 1)
    found["y"] = found["y"].swapaxes(0, 1)
    for key, value in found.items():
        assert_close(value, KERAS[f"{name}/{key}"], RECURRENT["float64"], key)
