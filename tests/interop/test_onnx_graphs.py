"""onnx.load on graphs of other exporters, and onnx.lstm."""

import numpy as np
import pytest
from golden import onnx_graphs, onnxruntime_lstm
from tolerances import FOREIGN, assert_close

import numba_lstm
from numba_lstm.interop import onnx

GRAPHS, OPERATOR = np.load(onnx_graphs.FILE), np.load(onnxruntime_lstm.FILE)
T, N, D, H = 5, 3, 7, 4


def arrays_of(case, kind):
    count = sum(1 for name in GRAPHS.files if name.startswith(f"{case}/{kind}"))
    return [GRAPHS[f"{case}/{kind}{index}"] for index in range(count)]


@pytest.mark.usefixtures("on_reference")
@pytest.mark.parametrize("case", onnx_graphs.CASES)
def test_a_graph_computes_what_its_maker_did(case):
    graph = onnx.load(onnx_graphs.path(case))
    result = graph(*arrays_of(case, "input"))
    results = result if isinstance(result, tuple) else (result,)
    for actual, expected in zip(results, arrays_of(case, "output"), strict=True):
        assert_close(actual, expected, FOREIGN)


@pytest.mark.on_the_cpu(reason="the tests before this one compute on the reference")
@pytest.mark.parametrize("case", ["torch_both_ways", "torch_last_step", "bidirectional"])
def test_the_default_device_computes_the_same(case):
    assert numba_lstm.get_device() == "cpu"
    result = onnx.load(onnx_graphs.path(case))(*arrays_of(case, "input"))
    assert_close(result[0] if isinstance(result, tuple) else result, arrays_of(case, "output")[0], FOREIGN)


def test_a_graph_says_what_it_takes_and_answers():
    graph = onnx.load(onnx_graphs.path("torch_states"))
    assert [(value.name, value.dtype, value.shape) for value in graph.inputs] == [
        ("x", np.float32, ("N", "T", 7)),
        ("h", np.float32, (1, "N", 6)),
        ("c", np.float32, (1, "N", 6)),
    ]
    assert len(graph.outputs) == 3


def test_inputs_go_by_name_too():
    graph, (x, h, c) = onnx.load(onnx_graphs.path("torch_states")), arrays_of("torch_states", "input")
    for one, other in zip(graph(x, h, c), graph(c=c, h=h, x=x), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    ("arrays", "keywords", "error", "message"),
    [
        ([], {}, TypeError, "the input 'x' is missing"),
        ([np.ones((2, 3, 7))] * 4, {}, TypeError, "has 3 inputs, got 4"),
        ([np.ones((2, 3, 7), "f4")], {"x": 1}, TypeError, "'x' is given twice"),
        ([np.ones((2, 3, 7), "f4")], {"y": 1}, TypeError, "'y' is given twice, or there is none"),
        ([np.ones((2, 3, 8), "f4")], {}, ValueError, "'x' has shape"),
        ([np.ones((2, 3, 7), "c8")], {}, TypeError, "'x' is float32, got complex64"),
        ([np.ones((2, 3, 7)), np.ones((1, 3, 6)), np.ones((1, 2, 6))], {}, ValueError, "LSTM): initial_h must have shape"),
    ],
)
def test_inputs_that_do_not_fit_are_refused(arrays, keywords, error, message):
    with pytest.raises(error, match=message.replace(")", r"\)")):
        onnx.load(onnx_graphs.path("torch_states"))(*arrays, **keywords)


# -- the operator -----------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("on_reference")
@pytest.mark.parametrize("name", onnxruntime_lstm.CASES)
def test_the_operator_is_that_of_onnx_runtime(name):
    result = onnx.lstm(
        **onnxruntime_lstm.given(OPERATOR, name), hidden_size=onnxruntime_lstm.H, **onnxruntime_lstm.CASES[name][0]
    )
    for key, array in zip(("Y", "Y_h", "Y_c"), result, strict=True):
        assert_close(array, OPERATOR[f"{name}/{key}"], FOREIGN, key)


def arrays(K=1, dtype="f4", **changes):
    rng = np.random.default_rng(8)
    shapes = {"X": (T, N, D), "W": (K, 4 * H, D), "R": (K, 4 * H, H), "B": (K, 8 * H)}
    return {name: rng.normal(size=shape).astype(dtype) for name, shape in shapes.items()} | changes


def test_both_directions_are_one_after_the_other():
    two_directions = arrays(2)
    result = onnx.lstm(**two_directions, direction="bidirectional")
    for k, direction in enumerate(("forward", "reverse")):
        one_direction = {name: array if name == "X" else array[k : k + 1] for name, array in two_directions.items()}
        Y, Y_h, Y_c = onnx.lstm(**one_direction, direction=direction)
        np.testing.assert_array_equal(result[0][:, k], Y[:, 0])
        np.testing.assert_array_equal(result[1][k], Y_h[0])
        np.testing.assert_array_equal(result[2][k], Y_c[0])


def test_layout_1_puts_the_batch_first():
    plain = arrays(initial_h=np.ones((1, N, H), "f4"))
    batch_major = plain | {"X": plain["X"].swapaxes(0, 1), "initial_h": plain["initial_h"].swapaxes(0, 1)}
    Y, Y_h, Y_c = onnx.lstm(**plain)
    result = onnx.lstm(**batch_major, layout=1)
    for actual, expected in zip(result, (Y.transpose(2, 0, 1, 3), Y_h.swapaxes(0, 1), Y_c.swapaxes(0, 1)), strict=True):
        np.testing.assert_array_equal(actual, expected)


def test_a_sequence_of_no_steps_keeps_its_first_states():
    h, c = np.full((1, N, H), 2, "f4"), np.full((1, N, H), 3, "f4")
    Y, Y_h, Y_c = onnx.lstm(**arrays(), sequence_lens=[0, 5, 1], initial_h=h, initial_c=c)
    assert not Y[:, 0, 0].any()
    np.testing.assert_array_equal(Y_h[0, 0], h[0, 0])
    np.testing.assert_array_equal(Y_c[0, 0], c[0, 0])
    np.testing.assert_array_equal(Y[0, 0, 2], Y_h[0, 2])


def test_float64():
    assert [array.dtype for array in onnx.lstm(**arrays(dtype="f8"))] == [np.float64] * 3


@pytest.mark.usefixtures("on_reference")
@pytest.mark.parametrize(
    ("name", "alpha", "beta", "function"),
    [
        ("Affine", 0.5, 0.25, lambda z: 0.5 * z + 0.25),
        ("LeakyRelu", 0.3, None, lambda z: np.where(z > 0, z, 0.3 * z)),
        ("LeakyRelu", -0.3, None, lambda z: np.where(z > 0, z, -0.3 * z)),
        ("Elu", -0.5, None, lambda z: np.where(z > 0, z, -0.5 * np.expm1(z))),
        ("ThresholdedRelu", 0.4, None, lambda z: np.where(z > 0.4, z, 0)),
        ("ScaledTanh", 0.7, 1.5, lambda z: 0.7 * np.tanh(1.5 * z)),
        ("HARDSIGMOID", 0.3, 0.4, lambda z: np.clip(0.3 * z + 0.4, 0, 1)),
    ],
)
def test_activations_of_the_output(name, alpha, beta, function):
    """With the forget and the output gate at 1/2, h of one step is half of the activation of c."""
    z = np.linspace(-2, 2, H, dtype="f4")
    zero = {"X": np.zeros((1, 1, D), "f4"), "W": np.zeros((1, 4 * H, D), "f4"), "R": np.zeros((1, 4 * H, H), "f4")}
    options = {"activation_alpha": [alpha]} | ({} if beta is None else {"activation_beta": [beta]})
    _, Y_h, Y_c = onnx.lstm(**zero, initial_c=2 * z.reshape(1, 1, H), activations=["Sigmoid", "Tanh", name], **options)
    np.testing.assert_allclose(Y_c[0, 0], z, rtol=1e-6)
    np.testing.assert_allclose(Y_h[0, 0], function(z) / 2, rtol=1e-5, atol=1e-6)


WRONG = {
    "X of two axes": ({"X": np.ones((T, D), "f4")}, {}, r"X must have shape \(T, N, 7\)"),
    "no steps": ({"X": np.ones((0, N, D), "f4")}, {}, "none of them 0"),
    "another dtype": ({"X": np.ones((T, N, D))}, {}, "dtype float32, got .* float64"),
    "float16": (
        {key: np.ones(shape, "f2") for key, shape in {"W": (1, 16, 7), "R": (1, 16, 4), "B": (1, 32)}.items()},
        {},
        "float16",
    ),
    "W": ({"W": np.ones((1, 15, D), "f4")}, {}, r"W must have shape \(1, 16, 7\)"),
    "R": ({"R": np.ones((2, 16, H), "f4")}, {}, r"R must have shape \(1, 16, 4\)"),
    "B": ({"B": np.ones((1, 16), "f4")}, {}, r"B must have shape \(1, 32\)"),
    "P": ({"P": np.ones((1, 16), "f4")}, {}, r"P must have shape \(1, 12\)"),
    "a vector": ({"R": np.ones(16, "f4")}, {}, "three axes"),
    "hidden_size": ({}, {"hidden_size": 5}, "W must have shape"),
    "h": ({"initial_h": np.ones((N, H), "f4")}, {}, r"initial_h must have shape \(1, 3, 4\)"),
    "c": ({"initial_c": np.ones((1, N, H))}, {}, "initial_c must have"),
    "lengths": ({"sequence_lens": [1, 2]}, {}, "sequence_lens must be 3"),
    "lengths past the end": ({"sequence_lens": [1, 2, 6]}, {}, "from 0 to 5"),
    "lengths that are no whole numbers": ({"sequence_lens": [1.0, 2.0, 3.0]}, {}, "whole numbers"),
    "direction": ({}, {"direction": "backward"}, "unknown direction"),
    "two activations": ({}, {"activations": ["Tanh", "Tanh"]}, "must be 3 names"),
    "an unknown activation": ({}, {"activations": ["Sigmoid", "Tahn", "Tanh"]}, "did you mean 'tanh'"),
    "an alpha that nothing takes": ({}, {"activation_alpha": [0.5]}, "1 and 0 values too many"),
    "clip": ({}, {"clip": -1.0}, "clip must be above 0"),
    "layout": ({}, {"layout": 2}, "layout must be 0 or 1"),
}


@pytest.mark.parametrize("recipe", WRONG)
def test_what_does_not_fit_together_is_refused(recipe):
    changes, attributes, message = WRONG[recipe]
    with pytest.raises((ValueError, TypeError), match=message):
        onnx.lstm(**arrays(**changes), **attributes)
