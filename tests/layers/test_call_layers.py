"""Layers of users with a method ``call``: training as in Keras, masks, shapes, files and copies, and what is refused."""

from __future__ import annotations

import pickle
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.append(str(Path(__file__).parents[1] / "golden"))

from keras_call_layers import ATTENTION_FILE, ATTENTION_OUTPUTS, LOSSES, classes, losses, models

import numba_lstm
from numba_lstm import Input, Model, Sequential, layers, load_model, ops
from numba_lstm.files.errors import FileFormatError

CLASSES = classes(numba_lstm)


@pytest.mark.parametrize("name", LOSSES)
def test_losses_of_training_are_those_of_keras(name):
    # the errors of float32 grow in the steps of a rate of 0.1
    np.testing.assert_allclose(losses(numba_lstm, *models(numba_lstm)[name]), LOSSES[name], rtol=2e-5)


@pytest.mark.peers
def test_live_keras_has_these_losses():
    keras = pytest.importorskip("keras")
    for name, case in models(keras).items():
        np.testing.assert_allclose(losses(keras, *case), LOSSES[name], rtol=1e-4, err_msg=name)


@pytest.mark.parametrize("name", LOSSES)
def test_files_and_copies_have_the_same_bits(name, tmp_path):
    model, x, _ = models(numba_lstm)[name]
    expected = model.predict(x, verbose=0)
    model.save(tmp_path / "m.nlstm")
    loaded = load_model(tmp_path / "m.nlstm", custom_objects=CLASSES)
    copied = numba_lstm.models.clone_model(model)
    copied.set_weights(model.get_weights())
    for other in (loaded, copied):
        np.testing.assert_array_equal(other.predict(x, verbose=0), expected)


@pytest.mark.parametrize("name", LOSSES)
def test_files_of_keras_hold_the_classes_by_name(name, tmp_path):
    model, x, _ = models(numba_lstm)[name]
    rng = np.random.default_rng(1)
    model.set_weights([rng.normal(size=weight.shape) for weight in model.weights])
    model.save(tmp_path / "m.keras")
    loaded = load_model(tmp_path / "m.keras", custom_objects=CLASSES)
    np.testing.assert_array_equal(loaded.predict(x, verbose=0), model.predict(x, verbose=0))
    with pytest.raises(FileFormatError, match="is of the module 'keras_call_layers', which is not Keras's and never imported"):
        load_model(tmp_path / "m.keras")


def test_a_file_that_keras_has_written():
    model = load_model(ATTENTION_FILE, custom_objects=CLASSES)
    _, x, _ = models(numba_lstm)["attention"]
    np.testing.assert_allclose(model.predict(x, verbose=0).ravel(), ATTENTION_OUTPUTS, rtol=1e-5)


@pytest.mark.peers
def test_live_keras_reads_files_with_the_classes(tmp_path):
    keras = pytest.importorskip("keras")
    for name, (model, x, _) in models(numba_lstm).items():
        model.save(tmp_path / f"{name}.keras")
        loaded = keras.models.load_model(tmp_path / f"{name}.keras", custom_objects=classes(keras))
        np.testing.assert_allclose(loaded.predict(x, verbose=0), model.predict(x, verbose=0), atol=1e-5, err_msg=name)


class Scale(layers.Layer):
    """A class of a module, which pickle finds."""

    def build(self, input_shape):
        self.factors = self.add_weight(shape=(input_shape[-1],), initializer="ones", name="factors")

    def call(self, x):
        return self.factors * x + 2 * self.factors[0]


def test_a_layer_by_itself_and_its_pickle():
    layer, x = Scale(), np.arange(6.0).reshape(2, 3)
    np.testing.assert_array_equal(layer(x), x + 2)
    layer.factors.assign([1, 2, 3])
    model = Sequential([Input((3,)), layer])
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).predict(x, verbose=0), x * [1, 2, 3] + 2)


def test_gradients_agree_with_finite_differences():
    model = Sequential([Input((3,)), Scale()], dtype="float64")
    model.compile("sgd", "mse")
    x, y = np.random.default_rng(0).standard_normal((2, 4, 3))
    _, (gradient,) = model.value_and_gradients(x, y)
    weights, found = model.get_weights()[0], []
    for k in range(3):
        sides = []
        for sign in (1, -1):
            model.set_weights([weights + sign * 1e-6 * np.eye(3)[k]])
            sides.append(model.value_and_gradients(x, y)[0])
        found.append((sides[0] - sides[1]) / 2e-6)
    np.testing.assert_allclose(gradient, found, rtol=1e-6)


class WithMask(layers.Layer):
    """Counts the steps that are not masked."""

    supports_masking = True

    def call(self, x, mask=None):
        counted = ops.ones_like(x[..., 0]) if mask is None else ops.cast(mask, "float32")
        return ops.sum(counted, axis=1, keepdims=True)


def test_the_mask_of_the_call_is_that_of_the_layer_before():
    words = np.array([[1, 0, 2, 0], [3, 3, 3, 0]])
    for mask_zero, expected in ((True, [[2], [3]]), (False, [[4], [4]])):
        model = Sequential([layers.Embedding(5, 2, mask_zero=mask_zero), WithMask()])
        np.testing.assert_array_equal(model.predict(words, verbose=0), expected)


@pytest.mark.parametrize("goes_on", [True, False])
def test_a_mask_goes_on_where_the_layer_says_so(goes_on):
    class Double(layers.Layer):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.supports_masking = goes_on

        def call(self, x):
            return 2 * x

    model = Sequential([layers.Masking(), Double(), layers.GlobalAveragePooling1D()])
    x = np.array([[[1.0], [0.0], [2.0]]])
    if goes_on:
        assert model.predict(x, verbose=0) == 3.0
    else:
        with pytest.warns(UserWarning, match="takes no mask"):
            assert model.predict(x, verbose=0) == 2.0


def test_shapes_are_found_without_a_change():
    class Outer(layers.Layer):
        def call(self, x):
            return ops.matmul(x, ops.transpose(x, (0, 2, 1))), ops.mean(x, axis=(1, 2), keepdims=True)[:, 0]

    numba_lstm.set_random_seed(1)
    layer = Outer()
    assert layer.compute_output_shape((None, None, 3)) == ((None, None, None), (None, 1))
    assert not layer.built
    product, mean = layer(Input((5, 3)))
    assert (product.shape, mean.shape) == ((None, 5, 5), (None, 1))


@pytest.mark.parametrize("name", ["attention", "block"])
def test_layers_inside_belong_to_the_layer(name):
    model, _, _ = models(numba_lstm)[name]
    layer = next(one for one in model.layers if type(one).__name__ in ("Bahdanau", "Block"))
    paths = [weight.path.split("/", 1)[1] for weight in layer.weights]
    first = {"attention": "of_query/kernel", "block": "scale"}[name]
    assert paths[0] == first
    assert len(set(paths)) == len(paths)
    layer.trainable = False
    assert not {id(weight) for weight in layer.weights} & {id(weight) for weight in model.trainable_weights}


def refusing(call, build=None):
    return type("Mine", (layers.Layer,), {"call": call, **({"build": build} if build else {}), "__module__": __name__})


REFUSED = {
    "a branch on values": (lambda self, x: x if x[0, 0] > 0 else -x, TypeError, "branches on values"),
    "NumPy": (lambda self, x: np.linalg.det(x), TypeError, "cannot be traced .line "),
    "no batch axis": (lambda self, x: ops.sum(x), ValueError, "must return arrays with the batch axis first"),
    "shapes": (lambda self, x: x @ np.ones((7, 2)), TypeError, "does not take inputs of shape .None, 3."),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_traced_is_refused_before_anything_is_changed(what):
    call, error, sentence = REFUSED[what]
    model = Sequential([Input((3,))])
    with pytest.raises(error, match=sentence):
        model.add(refusing(call)())
    assert model.layers == []


def test_a_mask_has_no_values_beside_layers_that_are_called():
    def call(self, x, mask=None):
        return self.dense(x) * ops.cast(mask, "float32")

    cls = refusing(call, lambda self, shape: setattr(self, "dense", layers.Dense(2)))
    with pytest.raises(TypeError, match="calls layers, so its mask has no values in call"):
        Sequential([Input((4, 3)), cls()])


def test_a_class_that_derives_from_another_one():
    class Base(layers.Layer):
        def twice(self, x):
            return 2 * x

    class Derived(Base):
        def call(self, x):
            return self.twice(x) + 1

    assert isinstance(Derived(), layers.Layer)
    np.testing.assert_array_equal(
        Model(*(lambda i: (i, Derived()(i)))(Input((2,)))).predict(np.ones((1, 2)), verbose=0), [[3, 3]]
    )


@pytest.mark.parametrize("method", ["call", "__call__"])
def test_layers_that_a_call_makes_belong_to_the_layer(method):
    def call(self, x):
        first = layers.Lambda(lambda x: x[:, 0], name="first")(x)
        return layers.concatenate([layers.Dense(2, name="inner", use_bias=False)(x)[:, -1], first])

    layer = type("Mine", (layers.Layer,), {method: call})()
    model = Sequential([Input((4, 3)), layer])
    x = np.random.default_rng(0).standard_normal((2, 4, 3)).astype("float32")
    (kernel,) = model.get_weights()
    expected = np.concatenate([x[:, -1] @ kernel, x[:, 0]], axis=1)
    np.testing.assert_allclose(model.predict(x, verbose=0), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("method", ["call", "__call__"])
def test_a_layer_that_calls_itself_is_refused(method):
    cls = type("Mine", (layers.Layer,), {method: lambda self, x: self(x)})
    model = Sequential([Input((3,))])
    with pytest.raises(TypeError, match="calls itself in call. Let it call numba_lstm.ops and other layers"):
        model.add(cls())
    assert model.layers == []


def test_a_build_that_fails_leaves_no_weights_and_no_penalties():
    class Mine(layers.Layer):
        fails = True

        def build(self, input_shape):
            self.w = self.add_weight(shape=(3,), name="w", regularizer="l2", constraint="non_neg")
            if self.fails:
                raise ValueError("no")

        def call(self, x):
            return x * self.w

    layer = Mine()
    with pytest.raises(ValueError, match="no"):
        layer(np.ones((2, 3)))
    assert layer.weights == layer.losses == []
    Mine.fails = False
    layer(np.ones((2, 3)))
    assert (len(layer.weights), len(layer.losses)) == (1, 1)
