"""The GRU and the simple RNN of the GPU against the reference, with the kernels run on this processor."""

from __future__ import annotations

import pytest
from rnn_cases import GRU, GRU_BEFORE, OTHERS, SIMPLE, assert_rnn_equals_reference, rnn_case, rnn_forward, run_rnn
from tolerances import RECURRENT

CASES = {
    "simple": rnn_case(SIMPLE, 3, 4, 2, 5, dtype="float32"),
    "simple, masked, dropout": rnn_case(SIMPLE, masked=True, noise="recurrent"),
    "gru": rnn_case(GRU, 3, 4, 2, 5, dtype="float32"),
    "gru, masked, dropout": rnn_case(GRU, masked=True, noise="inputs recurrent"),
    "gru, last step": rnn_case(GRU, 2, 3, 2, 5, dy=None, b=None, h0=None),
    "gru, reset before": rnn_case(GRU_BEFORE, 3, 4, 2, 5, dtype="float32", dh=None),
    "gru, reset before, masked, dropout": rnn_case(GRU_BEFORE, masked=True, noise="recurrent"),
    **{f"activations {k}": rnn_case(spec, 2, 3, 2, 5) for k, spec in enumerate(OTHERS)},
}


@pytest.mark.parametrize("name", CASES)
def test_cases(ops, name):
    case = CASES[name]
    assert_rnn_equals_reference(ops, case, RECURRENT[case.x.dtype.name], need_dx=case.b is not None)


@pytest.mark.parametrize("spec", [SIMPLE, GRU, GRU_BEFORE], ids=["simple", "gru", "gru, reset before"])
def test_prediction_has_the_bits_of_training(ops, spec):
    case = rnn_case(spec, masked=True)
    last = ops.to_host(rnn_forward(ops, case, sequences=False).h)
    assert last.tobytes() == run_rnn(ops, case)["h"].tobytes()
