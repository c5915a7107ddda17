"""Conversion of files between other frameworks: the last one computes what the first one did."""

import os
import warnings

import numpy as np
import pytest
from golden import onnx_dynamo, onnx_graphs, torch_modules
from tolerances import FOREIGN, assert_close

from numba_lstm.interop import command, onnx, torch

os.environ.setdefault("KERAS_BACKEND", "jax")
keras = pytest.importorskip("keras", reason="Keras is not installed")
onnxruntime = pytest.importorskip("onnxruntime", reason="ONNX Runtime is not installed")
live = pytest.importorskip("torch", reason="PyTorch is not installed")
pytestmark = [
    pytest.mark.peers,
    pytest.mark.usefixtures("on_reference"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning"),
]

N, T, D, H, C = 3, 5, 7, 6, 2
X = np.random.default_rng(12).normal(size=(N, T, D)).astype("f4")


def convert(source, target, *options):
    assert command.main(["convert", str(source), str(target), *options]) == 0
    return target


def run_onnx(path, x=X):
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: x})[0]


def module(bidirectional=False):
    class Net(live.nn.Module):
        def __init__(self):
            super().__init__()
            self.lstm = live.nn.LSTM(D, H, 2, batch_first=True, bidirectional=bidirectional)
            self.linear = live.nn.Linear(H * (1 + bidirectional), C)

        def forward(self, x):
            return self.linear(self.lstm(x)[0])

    live.manual_seed(3)
    return Net().eval()


def computed(net, x=X):
    with live.no_grad():
        return net(live.from_numpy(x)).numpy()


@pytest.mark.parametrize("bidirectional", [False, True])
def test_pytorch_to_keras_and_to_onnx_runtime(tmp_path, bidirectional):
    net = module(bidirectional)
    live.save(net.state_dict(), tmp_path / "net.pt")
    read = keras.models.load_model(convert(tmp_path / "net.pt", tmp_path / "net.keras"))
    assert_close(read.predict(X, verbose=0), computed(net), FOREIGN)
    assert_close(run_onnx(convert(tmp_path / "net.pt", tmp_path / "net.onnx")), computed(net), FOREIGN)


@pytest.mark.parametrize("ending", torch.EXTENSIONS)
@pytest.mark.parametrize("bidirectional", [False, True])
def test_keras_to_pytorch(tmp_path, bidirectional, ending):
    L = keras.layers
    layers = [L.LSTM(H, return_sequences=True, bias_initializer="uniform") for _ in range(2)]
    model = keras.Sequential([L.Input((T, D)), *(L.Bidirectional(x) if bidirectional else x for x in layers), L.Dense(C)])
    model.save(tmp_path / "net.keras")
    path = convert(tmp_path / "net.keras", tmp_path / f"net{ending}")
    load = {".pt": live.load, ".safetensors": pytest.importorskip("safetensors.torch").load_file}[ending]
    net = module(bidirectional)
    net.load_state_dict(load(path))
    assert_close(computed(net), model.predict(X, verbose=0), FOREIGN)


def test_keras_to_onnx_runtime(tmp_path):
    L = keras.layers
    layers = [L.Bidirectional(L.LSTM(H, return_sequences=True), merge_mode="ave"), L.LayerNormalization(), L.LSTM(H)]
    model = keras.Sequential([L.Input((T, D)), *layers, L.BatchNormalization(), L.Dense(C, "softmax")])
    model.save(tmp_path / "net.keras")
    assert_close(run_onnx(convert(tmp_path / "net.keras", tmp_path / "net.onnx")), model.predict(X, verbose=0), FOREIGN)


@pytest.mark.parametrize("case", ["torch_last_step", "torch_both_ways"])
def test_what_pytorch_exports_to_onnx_to_keras(tmp_path, case):
    with warnings.catch_warnings(action="ignore"):  # its exporter is deprecated
        data, inputs, outputs = onnx_graphs.exported(case)
    (tmp_path / "net.onnx").write_bytes(data)
    read = keras.models.load_model(convert(tmp_path / "net.onnx", tmp_path / "net.keras"))
    assert_close(read.predict(inputs[0], verbose=0), outputs[0], FOREIGN)
    again = convert(tmp_path / "net.keras", tmp_path / "again.onnx")
    assert_close(run_onnx(again, inputs[0]), outputs[0], FOREIGN)


@pytest.mark.filterwarnings("ignore::FutureWarning")
@pytest.mark.parametrize("case", onnx_dynamo.CASES)
def test_what_pytorchs_newer_exporter_writes(tmp_path, case):
    pytest.importorskip("onnxscript", reason="PyTorch's newer exporter needs onnxscript")
    x, y = onnx_dynamo.exported(case, tmp_path / "net.onnx")
    assert_close(onnx.load_model(tmp_path / "net.onnx").predict(x, verbose=0), y, FOREIGN)
    assert_close(run_onnx(convert(tmp_path / "net.onnx", tmp_path / "again.onnx"), x), y, FOREIGN)


def test_a_file_of_pytorch_of_every_case_is_written_for_it_again(tmp_path):
    for case in torch_modules.CASES:
        if case in ("whole", "half", "brain"):  # two modules, or numbers that become wider
            continue
        module = torch_modules.build(case)
        live.save(module.state_dict(), tmp_path / f"{case}.pt")
        torch.save_model(torch.lstm(tmp_path / f"{case}.pt"), tmp_path / f"{case}2.pt")
        again = torch_modules.build(case)
        again.load_state_dict(live.load(tmp_path / f"{case}2.pt", weights_only=True))
        outputs = []
        for net in (again, module):
            live.manual_seed(1)  # for the inputs
            outputs.append(torch_modules.run(case, net)["y"])
        assert_close(*outputs, FOREIGN)
