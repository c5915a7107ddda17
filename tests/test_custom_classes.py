"""Custom layers, models, losses, metrics, optimizers, regularizers, constraints and initializers at work."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from custom_models import RNG, X, Y, compiled, define, fitted

from numba_lstm import Sequential, callbacks, constraints, initializers, metrics, optimizers, regularizers
from numba_lstm.layers import LSTM, Dense, Layer


def examples():
    """The programs of docs/extending.md."""
    text = (Path(__file__).parents[1] / "docs" / "extending.md").read_text()
    names: dict[str, object] = {"__name__": __name__}
    for program in re.findall(r"```python\n(.*?)```", text.partition("## Classes of your own")[2], re.DOTALL):
        exec(program, names)
    return names


def test_the_layer_of_the_documentation_has_the_right_gradients():
    from layer_gradients import check_gradients

    layer = examples()["Scale"](dtype="float64")
    layer(X)
    layer.set_weights([RNG.normal(size=2)])
    check_gradients(layer, X[:3].astype("float64"), RNG.normal(size=(3, 5, 2)))
    model = compiled(stack=[examples()["Scale"](), LSTM(3), Dense(1)])
    assert model.layers[0].scale.path.endswith("/scale")
    before = model.layers[0].scale.numpy()
    fitted(model)
    assert not np.array_equal(before, model.layers[0].scale.numpy())


def test_the_loop_of_the_documentation_finds_the_quantile():
    model = compiled(stack=[LSTM(1), Dense(1, kernel_initializer="zeros")])
    y = np.linspace(0, 1, 40).astype("float32")[:, None]
    model.layers[0].trainable = False
    examples()["train"](model, X, y, epochs=300, batch_size=40)
    assert np.mean(y < model.predict(X, verbose=0)) == pytest.approx(0.9, abs=0.06)


def test_a_forward_and_backward_of_a_model_train_it():
    class Doubled(Sequential):
        def forward(self, *args, **kwargs):
            result = super().forward(*args, **kwargs)
            return result._replace(y=2 * np.asarray(result.y))

        def backward(self, tapes, dy, *args, **kwargs):
            return super().backward(tapes, 2 * np.asarray(dy), *args, **kwargs)

    rate = 0.1
    doubled, plain = (compiled(kind, optimizer=optimizers.SGD(rate)) for kind in (Doubled, Sequential))
    *below, kernel, bias = doubled.get_weights()
    plain.set_weights([*below, 2 * kernel, 2 * bias])
    assert doubled.train_on_batch(X, Y) == pytest.approx(plain.train_on_batch(X, Y), rel=1e-5)
    slopes = [model.get_weights()[-1] - was for model, was in ((doubled, bias), (plain, 2 * bias))]
    np.testing.assert_allclose(slopes[0], 2 * slopes[1], rtol=1e-4)


def test_an_optimizer_that_changes_gradients_takes_effect():
    class Halved(optimizers.SGD):
        def update_weights(self, ops, gradients, variables):
            super().update_weights(ops, [ops.asarray(0.5 * np.asarray(g), g.dtype) for g in gradients], variables)

    model, plain = compiled(optimizer=Halved(0.1)), compiled(optimizer=optimizers.SGD(0.05))
    plain.set_weights(model.get_weights())
    fitted(model), fitted(plain)
    for one, other in zip(model.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-7)


def test_a_metric_of_a_function_of_the_mean():
    class Half(metrics.MeanSquaredError):
        def finish(self, mean):
            return mean / 2

        def result(self):
            return super().result()

    history = fitted(compiled(metrics=[Half(name="half"), "mse"]))
    np.testing.assert_allclose(history["half"], np.array(history["mse"]) / 2)


def test_a_metric_in_a_callback():
    class Report(callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            logs["largest"] = float(np.max(np.abs(self.model.predict(X, verbose=0) - Y)))

    assert len(fitted(compiled(), callbacks=[Report()])["largest"]) == 2


def test_a_regularizer_a_constraint_and_an_initializer_written_for_keras():
    class Cubed(regularizers.Regularizer):
        def __call__(self, x):
            return np.sum(np.abs(x) ** 3)

        def gradient(self, x):
            return 3 * x * np.abs(x)

    class Positive(constraints.Constraint):
        def __call__(self, w):
            return w * (w >= 0)

    class Halves(initializers.Initializer):
        def __call__(self, shape, dtype=None, **kwargs):
            return np.full(shape, 0.5, dtype)

    layer = Dense(1, kernel_initializer=Halves(), kernel_regularizer=Cubed(), kernel_constraint=Positive())
    model = compiled(stack=[LSTM(3), layer])
    assert (layer.kernel.value == 0.5).all()
    assert layer.losses == [pytest.approx(3 * 0.125)]
    fitted(model)
    assert (layer.kernel.value >= 0).all()


@pytest.mark.parametrize("method", ["__call__", "draw"])
def test_an_initializer_of_another_shape_is_a_sentence(method):
    wrong = define(initializers.Initializer, **{method: lambda self, shape, dtype=None: np.zeros(7)})
    with pytest.raises(ValueError, match=r"Mine returns an array of shape \(7,\), where \(2, 3\) was asked for"):
        Dense(3, kernel_initializer=wrong(), input_shape=(2,)).build_for((None, 2))


# -- add_weight -------------------------------------------------------------------------------------------------------


def test_add_weight_is_kerass():
    class Several(Layer):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.supports_masking = True  # Keras's layers set it

        def build(self, input_shape):
            self.a = self.add_weight(shape=(input_shape[-1], 3), initializer="ones", name="a", regularizer="l2")
            self.b = self.add_weight((3,), "zeros", trainable=False, dtype="float32", constraint="non_neg")
            self.c = self.add_weight(shape=())
            self.d = self.add_weight(name="d", shape=2, initializer=lambda shape, dtype: np.full(shape, 7, dtype))
            self.built = True

    layer = Several()
    layer.build_for((None, 2))
    assert [v.shape for v in layer.variables] == [(2, 3), (3,), (), (2,)]
    assert [v.name for v in layer.variables] == ["a", "variable_1", "variable_2", "d"]
    assert layer.trainable_variables == [layer.a, layer.c, layer.d]
    assert layer.non_trainable_variables == [layer.b]
    assert layer.losses == [pytest.approx(0.06)]
    assert (layer.d.value == 7).all()
    assert layer.built


@pytest.mark.parametrize(
    ("arguments", "error", "sentence"),
    [
        ({"dtype": "float64"}, TypeError, "mine has dtype float32, got a weight of float64. Give the layer dtype='float64'."),
        (
            {"aggregation": "sum"},
            TypeError,
            "add_weight takes autocast=True, aggregation='none', ",
        ),
        ({"initializer": lambda shape, dtype: np.zeros(9)}, ValueError, "returns shape (9,), where (2,) was asked for"),
        ({"initializer": "onse"}, ValueError, "unknown initializer 'onse', did you mean 'ones'?"),
    ],
)
def test_what_add_weight_does_not_take(arguments, error, sentence):
    layer = Layer(name="mine")
    with pytest.raises(error, match=re.escape(sentence)):
        layer.add_weight((2,), **arguments)
    assert layer.variables == []
