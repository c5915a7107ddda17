"""Files of PyTorch read here and files from here read by PyTorch: both compute the same."""

import numpy as np
import pytest
from golden import torch_modules
from tolerances import FOREIGN, assert_close

from numba_lstm import set_random_seed
from numba_lstm.interop import torch
from numba_lstm.layers import LSTM, Bidirectional, Dense, Input
from numba_lstm.models import Sequential

live = pytest.importorskip("torch", reason="PyTorch is not installed")
pytestmark = [pytest.mark.peers, pytest.mark.filterwarnings("ignore:LSTM with projections:UserWarning")]

N, T, D, H, P = 3, 5, 7, 6, 4


@pytest.mark.parametrize("case", torch_modules.CASES)
def test_what_pytorch_saves_is_read(tmp_path, case):
    module = torch_modules.build(case)
    live.save(module.state_dict(), tmp_path / "module.pt")
    prefix = "encoder." if case == "whole" else ""
    numbers = torch_modules.run(case, module)
    for source in (tmp_path / "module.pt", module.state_dict()):
        model = torch.lstm(source, prefix).to("reference")
        assert_close(model.predict(numbers["x"], verbose=0), numbers["y"], FOREIGN)


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("projection", [None, P])
def test_what_is_written_pytorch_loads(bidirectional, bias, projection):
    set_random_seed(5)
    lstms = [LSTM(H, use_bias=bias, bias_initializer="normal", projection=projection, return_sequences=True) for _ in range(2)]
    layers = [Bidirectional(layer) if bidirectional else layer for layer in lstms]
    model = Sequential([Input((None, D)), *layers])
    module = live.nn.LSTM(D, H, 2, bias, True, bidirectional=bidirectional, proj_size=projection or 0)
    module.load_state_dict({name: live.from_numpy(array) for name, array in torch.to_state_dict(model).items()})
    x = np.random.default_rng(2).normal(size=(N, T, D)).astype("float32")
    with live.no_grad():
        expected = module(live.from_numpy(x))[0].numpy()
    assert_close(model.to("reference").predict(x, verbose=0), expected, FOREIGN)


def test_a_linear_goes_both_ways():
    model = Sequential([Input((D,)), Dense(H, bias_initializer="normal")])
    module = live.nn.Linear(D, H)
    module.load_state_dict({name: live.from_numpy(array) for name, array in torch.to_state_dict(model).items()})
    x = np.random.default_rng(2).normal(size=(N, D)).astype("float32")
    with live.no_grad():
        expected = module(live.from_numpy(x)).numpy()
    assert_close(model(x), expected, FOREIGN)
    assert_close(torch.linear(module.state_dict())(x), expected, FOREIGN)
