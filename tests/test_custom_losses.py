"""Functions as losses and metrics: values and gradients of the built-in ones, weights, masks, plans, files, errors."""

from __future__ import annotations

import numpy as np
import pytest

import numba_lstm
from numba_lstm import losses, ops
from numba_lstm.device import get_ops
from numba_lstm.layers import LSTM, Dense, Input, Masking
from numba_lstm.losses.custom import FunctionLoss
from numba_lstm.losses.formulas import FORMULAS


def squared(y_true, y_pred):
    return ops.mean(ops.square(y_pred - y_true), axis=-1)


def squared_elements(y_true, y_pred):
    return (y_true - y_pred) ** 2


def entropy(y_true, y_pred):
    y = ops.clip(y_pred, 1e-7, 1 - 1e-7)
    return -ops.sum(ops.where(y_true > 0.5, ops.log(y), ops.log(1 - y)), axis=-1)


def absolute(y_true, y_pred):
    return np.abs(y_true - y_pred)


def quantile(y_true, y_pred):
    error = y_true - y_pred
    return ops.mean(ops.maximum(0.9 * error, -0.1 * error))


def model_of(loss, metrics=(), *, sequences=True, masked=False, eager=False, optimizer="sgd"):
    stack = [Input((5, 3)), *([Masking()] if masked else []), LSTM(4, return_sequences=sequences), Dense(2)]
    model = numba_lstm.Sequential(stack)
    rng = np.random.default_rng(3)
    model.set_weights([0.4 * rng.standard_normal(w.shape) for w in model.get_weights()])
    model.compile(optimizer, loss, metrics=list(metrics), run_eagerly=eager)
    return model


def data(sequences=True, masked=False):
    rng = np.random.default_rng(4)
    x = rng.standard_normal((12, 5, 3)).astype("float32")
    if masked:
        x[::2, 3:] = 0
    return x, rng.standard_normal((12, 5, 2) if sequences else (12, 2)).astype("float32")


def fitted(model, x, y, **options):
    return model.fit(x, y, batch_size=4, epochs=2, shuffle=False, verbose=0, **options).history


@pytest.mark.parametrize("function", [squared, squared_elements])
@pytest.mark.parametrize(("sequences", "masked", "weighted"), [(True, False, False), (True, True, True), (False, False, True)])
def test_a_function_trains_like_the_loss_that_it_is(function, sequences, masked, weighted):
    x, y = data(sequences, masked)
    weight = {"sample_weight": np.linspace(0.5, 2, 12)} if weighted else {}
    expected = fitted(model_of("mse", ["mae"], sequences=sequences, masked=masked), x, y, **weight)
    found = fitted(model_of(function, [absolute], sequences=sequences, masked=masked), x, y, **weight)
    np.testing.assert_allclose(found["loss"], expected["loss"], rtol=2e-6)
    np.testing.assert_allclose(found["absolute"], expected["mae"], rtol=2e-6)


@pytest.mark.on_the_cpu(reason="plans are the CPU's")
def test_plans_have_the_bits_of_single_ops():
    x, y = data()
    found = [fitted(model_of(quantile, [squared], eager=eager), x, y) for eager in (False, True)]
    assert found[0] == found[1]
    assert found[0]["loss"][1] < found[0]["loss"][0]
    assert model_of(quantile).path() == "plan"


def test_targets_may_have_another_shape():
    def chosen(y_true, y_pred):
        return -ops.sum(ops.one_hot(y_true, 2) * ops.log_softmax(y_pred), axis=-1)

    x, _ = data()
    labels = np.random.default_rng(5).integers(0, 2, (12, 5))
    expected = fitted(model_of(losses.SparseCategoricalCrossentropy(from_logits=True)), x, labels)
    np.testing.assert_allclose(fitted(model_of(chosen), x, labels)["loss"], expected["loss"], rtol=2e-6)


def test_metrics_beside_a_loss_of_labels():
    def share(y_true, y_pred):
        return ops.cast(ops.equal(ops.argmax(y_pred, axis=-1), y_true), "float32")

    x, _ = data()
    labels = np.random.default_rng(5).integers(0, 2, (12, 5))
    history = fitted(model_of(losses.SparseCategoricalCrossentropy(from_logits=True), ["accuracy", share]), x, labels)
    np.testing.assert_allclose(history["share"], history["accuracy"], rtol=1e-6)


def test_calls_of_a_loss():
    y, t = np.random.default_rng(6).standard_normal((2, 3, 4))
    loss = losses.get(squared)
    assert loss.name == "squared"
    assert loss(t, y) == pytest.approx(losses.mean_squared_error(t, y).mean())
    assert loss(t, y, sample_weight=[1, 0, 2]) == pytest.approx((losses.mean_squared_error(t, y) * [1, 0, 2]).mean())


def test_files_have_the_name_of_the_function(tmp_path):
    x, y = data()
    model = model_of(squared, [absolute])
    fitted(model, x, y)
    model.save(tmp_path / "model.nlstm")
    with pytest.raises(ValueError, match=r"function .* of its author.*custom_objects"):
        numba_lstm.load_model(tmp_path / "model.nlstm")
    loaded = numba_lstm.load_model(tmp_path / "model.nlstm", custom_objects={"squared": squared, "absolute": absolute})
    assert fitted(loaded, x, y) == fitted(model, x, y)
    model = model_of(lambda y_true, y_pred: y_pred)
    with pytest.raises(ValueError, match="has no name"):
        model.save(tmp_path / "lambda.nlstm")


def branching(y_true, y_pred):
    return y_pred if ops.mean(y_pred) > 0 else y_true


def foreign(y_true, y_pred):
    return np.linalg.det(y_true - y_pred)


@pytest.mark.parametrize(
    ("function", "message"),
    [(branching, "branches on values.*ops.where"), (foreign, "np.det cannot be traced"), (lambda t, y: None, "must return")],
)
def test_compile_refuses_what_cannot_be_traced(function, message):
    model = model_of("mse")
    before = model.get_compile_config()
    for arguments in ({"loss": function}, {"loss": "mse", "metrics": [function]}):
        with pytest.raises(TypeError, match=message):
            model.compile("adam", **arguments)
    with pytest.raises(TypeError, match=r"line \d+ of test_custom_losses.py: return y_pred if"):
        model.compile("adam", branching)
    assert model.get_compile_config() == before


@pytest.mark.parametrize("name", sorted(FORMULAS))
def test_a_function_may_call_the_losses_of_the_package(name):
    rng = np.random.default_rng(7)
    y, target = rng.uniform(0.1, 0.9, (4, 5, 3)), rng.uniform(0.1, 0.9, (4, 5, 3))
    if name.startswith("sparse"):
        target = rng.integers(0, 3, (4, 5))
    elif "hinge" in name or name.startswith(("binary", "categorical")):
        target = np.eye(3)[rng.integers(0, 3, (4, 5))]
    function, loss = getattr(losses, name), losses.get(name)
    computed = FunctionLoss(lambda t, p: function(t, p) + 2.0 * loss(t, p))
    device = get_ops("reference")
    arrays = [device.asarray(np.ascontiguousarray(x.swapaxes(0, 1)), x.dtype) for x in (y, target)]
    value, slope = computed.compute(device, *arrays, None, gradient=True)
    expected, expected_slope = loss.compute(device, *arrays, None, gradient=True)
    assert float(value) == pytest.approx(3 * float(expected), rel=1e-6)
    np.testing.assert_allclose(device.to_host(slope), 3 * device.to_host(expected_slope), rtol=1e-5, atol=1e-9)
