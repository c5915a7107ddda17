"""Exported graphs in ONNX Runtime and onnx.checker, and the node cases of onnx in this package."""

import warnings

import exported_models
import numpy as np
import pytest
from golden import onnx_graphs
from tolerances import FOREIGN, assert_close

from numba_lstm.interop import onnx

live = pytest.importorskip("onnx", reason="onnx is not installed")
onnxruntime = pytest.importorskip("onnxruntime", reason="ONNX Runtime is not installed")
pytestmark = [
    pytest.mark.peers,
    pytest.mark.usefixtures("on_reference"),
    pytest.mark.filterwarnings("ignore::RuntimeWarning"),  # onnx makes its cases so
]


def session(path):
    return onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])


@pytest.mark.parametrize("case", exported_models.CASES)
@pytest.mark.parametrize("opset", [17, 21])
def test_onnx_runtime_computes_the_same(tmp_path, case, opset):
    model, path = exported_models.build(case), tmp_path / "m.onnx"
    onnx.export(model, path, opset)
    live.checker.check_model(str(path), full_check=True)
    running = session(path)
    for n, t in ((3, 5), (1, 1), (2, 8)):
        x = exported_models.inputs(n, t)
        assert_close(running.run(None, {"input": x})[0], model.predict(x, verbose=0), FOREIGN)


def test_onnx_runtime_takes_indices(tmp_path):
    model, path = exported_models.words(), tmp_path / "m.onnx"
    onnx.export(model, path)
    x = np.random.default_rng(1).integers(0, 11, size=(3, 5))
    assert_close(session(path).run(None, {"input": x})[0], model.predict(x, verbose=0), FOREIGN)


@pytest.mark.parametrize("opset", [13, 22])
def test_the_first_and_the_last_version(tmp_path, opset):
    model, path = exported_models.build("both ways"), tmp_path / "m.onnx"
    onnx.export(model, path, opset, states=True)
    live.checker.check_model(str(path), full_check=True)
    running = session(path)
    states = {value.name: np.zeros((2, 3, exported_models.H), "f4") for value in running.get_inputs()[1:]}
    x = exported_models.inputs()
    assert_close(running.run(["output"], {"input": x, **states})[0], model.predict(x, verbose=0), FOREIGN)


@pytest.mark.parametrize("case", onnx_graphs.MODULES)
def test_what_pytorch_exports_is_run(tmp_path, case):
    pytest.importorskip("torch", reason="PyTorch is not installed")
    with warnings.catch_warnings(action="ignore"):  # its exporter is deprecated
        data, inputs, outputs = onnx_graphs.exported(case)
    (tmp_path / "m.onnx").write_bytes(data)
    result = onnx.load(tmp_path / "m.onnx")(*inputs)
    for actual, expected in zip(result if isinstance(result, tuple) else (result,), outputs, strict=True):
        assert_close(actual, expected, FOREIGN)


def test_the_backend_passes_every_lstm_node_case_of_onnx():
    import unittest

    from onnx.backend.test import BackendTest

    tests = BackendTest(onnx.Backend, __name__).include("test_lstm_.*_cpu").test_suite
    result = unittest.TestResult()
    tests.run(result)
    assert result.failures + result.errors == []
    ran = result.testsRun - len(result.skipped)
    assert ran == len(onnx_graphs.nodes()), "the installed onnx has other node cases than the golden ones"


def test_the_golden_node_cases_are_those_of_the_installed_onnx():
    assert set(onnx_graphs.nodes()) == set(onnx_graphs.NODES)
