"""Models with convolutions and pooling: plans, files, and errors. The numbers of layers are in test_keras_windows."""

from __future__ import annotations

import numpy as np
import pytest

from numba_lstm import Sequential, layers, load_model
from numba_lstm.layers import (
    LSTM,
    Activation,
    AveragePooling1D,
    AveragePooling2D,
    AveragePooling3D,
    BatchNormalization,
    Conv1D,
    Conv1DTranspose,
    Conv2D,
    Conv2DTranspose,
    Conv3D,
    Conv3DTranspose,
    Cropping1D,
    Dense,
    DepthwiseConv1D,
    DepthwiseConv2D,
    Dropout,
    Flatten,
    GlobalAveragePooling1D,
    GlobalMaxPooling2D,
    GlobalMaxPooling3D,
    Input,
    Masking,
    MaxPooling1D,
    MaxPooling2D,
    MaxPooling3D,
    Reshape,
    SeparableConv1D,
    SeparableConv2D,
    TimeDistributed,
    UpSampling1D,
    UpSampling2D,
    ZeroPadding1D,
    ZeroPadding2D,
)

RNG = np.random.default_rng(3)


def series_model(**kwargs):
    """The layers that come before an LSTM, for samples (None, 3)."""
    return Sequential(
        [
            Input((None, 3)),
            ZeroPadding1D(1),
            Conv1D(8, 3, padding="causal", activation="relu", kernel_regularizer="l2"),
            MaxPooling1D(2),
            Conv1D(4, 2, padding="same", dilation_rate=2, kernel_constraint="max_norm"),
            AveragePooling1D(2, padding="same"),
            UpSampling1D(2),
            Cropping1D((1, 0)),
            LSTM(5),
            Dense(1),
        ],
        **kwargs,
    )


def film_model(**kwargs):
    """Convolutions of each image of a sequence (5, 8, 8, 2), then an LSTM."""
    return Sequential(
        [
            Input((5, 8, 8, 2)),
            TimeDistributed(Conv2D(4, 3, activation="relu")),
            TimeDistributed(BatchNormalization()),
            TimeDistributed(MaxPooling2D()),
            Dropout(0.1, seed=1),
            TimeDistributed(Flatten()),
            LSTM(5),
            Dense(1),
        ],
        **kwargs,
    )


def image_model(**kwargs):
    """A model whose input and output are images."""
    return Sequential(
        [
            Input((8, 8, 2)),
            ZeroPadding2D(1),
            Conv2D(4, 3, strides=2),
            Activation("tanh"),
            AveragePooling2D(2),
            UpSampling2D((2, 4)),
            Dense(2, activation="sigmoid"),
        ],
        **kwargs,
    )


def volume_model(**kwargs):
    """Convolutions of volumes."""
    return Sequential(
        [
            Input((4, 6, 5, 2)),
            Conv3D(6, (2, 3, 2), padding="same", activation="relu"),
            MaxPooling3D((1, 2, 2)),
            Conv3D(4, 2, strides=(1, 2, 1), groups=2, use_bias=False),
            AveragePooling3D((2, 1, 1), 1),
            GlobalMaxPooling3D(),
            Dense(1),
        ],
        **kwargs,
    )


def single_feature_model(**kwargs):
    """Depthwise and separable convolutions, of sequences and then of images."""
    return Sequential(
        [
            Input((12, 3)),
            DepthwiseConv1D(3, padding="same", depth_multiplier=4, activation="relu", depthwise_regularizer="l2"),
            SeparableConv1D(4, 3, strides=2),
            Reshape((5, 2, 2)),
            SeparableConv2D(6, 2, padding="same", use_bias=False, pointwise_constraint="max_norm"),
            DepthwiseConv2D((2, 1), activation="softmax"),
            Flatten(),
            Dense(1),
        ],
        **kwargs,
    )


def enlarging_model(**kwargs):
    """Transposed convolutions of sequences, of images and of volumes."""
    return Sequential(
        [
            Input((5, 3)),
            Conv1DTranspose(4, 3, 2, padding="same", activation="relu", kernel_regularizer="l2"),
            Reshape((2, 5, 4)),
            Conv2DTranspose(4, (2, 3), (1, 2), activation="softmax"),
            Reshape((3, 11, 2, 2)),
            Conv3DTranspose(2, (3, 2, 2), (2, 1, 1), use_bias=False),
            Flatten(),
            Dense(1),
        ],
        **kwargs,
    )


CASES = {
    "enlarging": (enlarging_model, (20, 5, 3), (20, 1)),
    "series": (series_model, (20, 13, 3), (20, 1)),
    "films": (film_model, (20, 5, 8, 8, 2), (20, 1)),
    "images": (image_model, (20, 8, 8, 2), (20, 4, 8, 2)),
    "single features": (single_feature_model, (20, 12, 3), (20, 1)),
    "volumes": (volume_model, (20, 4, 6, 5, 2), (20, 1)),
}


def trained(name, device, **but):
    """Losses of a model of one seed, the model, and its x."""
    from numba_lstm.utils import set_random_seed

    set_random_seed(7)
    make, x_shape, y_shape = CASES[name]
    rng = np.random.default_rng(4)
    x, y = rng.standard_normal(x_shape).astype("float32"), rng.random(y_shape).astype("float32")
    model = make(device=device)
    model.compile("adam", "mse")
    for attribute, value in but.items():
        setattr(model, attribute, value)
    losses = model.fit(x, y, batch_size=8, epochs=3, verbose=0, shuffle=False).history["loss"]
    return losses, model, x


@pytest.mark.parametrize("name", CASES)
def test_models_are_trained_by_plans_as_without(name, tmp_path):
    losses, model, x = trained(name, "cpu")
    assert model.path() == "plan"
    assert losses[-1] < losses[0]
    assert trained(name, "cpu", run_eagerly=True)[0] == losses
    np.testing.assert_allclose(trained(name, "reference")[0], losses, rtol=1e-4)
    y = model.predict(x, verbose=0)
    np.testing.assert_array_equal(model.predict(x[4:5], verbose=0), y[4:5])
    model.save(tmp_path / "model.nlstm")
    np.testing.assert_array_equal(load_model(tmp_path / "model.nlstm").to("cpu").predict(x, verbose=0), y)


def test_configs_make_equal_layers():
    for model in (series_model(), film_model(), image_model(), volume_model(), single_feature_model(), enlarging_model()):
        for layer in model.layers:
            assert layers.deserialize(layers.serialize(layer)).get_config() == layer.get_config()


def test_a_mask_ends_at_a_convolution_and_averages_what_it_leaves():
    x = RNG.standard_normal((2, 6, 3))
    x[0, 3:] = 0
    averaged = Sequential([Input((6, 3)), Masking(), GlobalAveragePooling1D()], dtype="float64").predict(x, verbose=0)
    np.testing.assert_allclose(averaged[0], x[0, :3].mean(axis=0))
    with pytest.warns(UserWarning, match="takes no mask"):
        Sequential([Input((6, 3)), Masking(), Conv1D(2, 2)]).predict(x, verbose=0)


def test_a_mask_ends_where_steps_are_no_rows():
    model = Sequential([Input((6, 4)), Masking(), TimeDistributed(Reshape((2, 2))), TimeDistributed(Dense(1))])
    model.compile("sgd", "mse")
    x, y = RNG.standard_normal((3, 6, 4)), RNG.standard_normal((3, 6, 2, 1))
    x[0, 2:] = 0
    with pytest.warns(UserWarning, match="takes no mask"):  # at each pass, but for those of plans
        loss, weighted, y_pred = (
            model.evaluate(x, y, verbose=0),
            model.evaluate(x, y, sample_weight=np.array([1.0, 0.0, 0.0]), verbose=0),
            model.predict(x, verbose=0),
        )
    assert loss == pytest.approx(np.mean((y_pred - y) ** 2), rel=1e-5)
    assert weighted == pytest.approx(np.mean((y_pred - y)[0] ** 2) / 3, rel=1e-5)


X = np.zeros((2, 3, 4))


@pytest.mark.parametrize(
    ("make", "error", "sentence"),
    [
        (lambda: Conv1D(3, 5, name="conv")(X), ValueError, r"conv has windows of 5 steps .* shape \(3, 4\) with 3"),
        (lambda: Conv1D(3, 2, dilation_rate=3, name="conv")(X), ValueError, "conv has windows of 4 steps"),
        (lambda: Sequential([Input((3, 4)), MaxPooling1D(4, name="pool")]), ValueError, r"pool has .* \(pool_size=\(4,\)\)"),
        (
            lambda: Conv2D(3, 2, name="conv")(X),
            ValueError,
            r"conv expects \(batch, height, width, features\), got shape \(2, 3, 4\)",
        ),
        (lambda: Conv1D(3, 2, padding="full"), ValueError, "'valid' or 'same' or 'causal', got 'full'"),
        (lambda: Conv2D(3, 2, padding="causal"), ValueError, "'valid' or 'same', got 'causal'"),
        (lambda: Conv1D(3, 2, strides=2, dilation_rate=2), ValueError, "not both"),
        (lambda: Conv1D(4, 2, groups=3), ValueError, "filters must be a multiple of groups, got 4 and 3"),
        (lambda: Conv1D(3, 2, groups=3)(X), ValueError, r"into 3 groups, got samples of shape \(3, 4\) with 4"),
        (lambda: Conv1DTranspose(4, 2, 2, output_padding=2), ValueError, r"less than the strides \(2,\), got \(2,\)"),
        (
            lambda: Conv2DTranspose(4, 2, output_padding=(0, 0, 0)),
            ValueError,
            "output_padding must be a whole number, or a tuple",
        ),
        (lambda: Conv1DTranspose(4, 2, groups=2), TypeError, "no argument 'groups'"),
        (lambda: Conv1DTranspose(4, 2, padding="causal"), ValueError, "'valid' or 'same', got 'causal'"),
        (lambda: Conv1D(4, 2, data_format="channels_first"), ValueError, "must be 'channels_last'"),
        (lambda: Conv1D(4, 0), ValueError, "kernel_size must be at least 1"),
        (lambda: Conv2D(4, (1, 2, 3)), ValueError, "kernel_size must be a whole number, or a tuple of 2"),
        (lambda: Conv1D(4, 2.0), TypeError, "kernel_size must be a whole number"),
        (lambda: Cropping1D(2, name="crop")(X), ValueError, r"crop takes 4 steps off, got samples of shape \(3, 4\)"),
        (lambda: ZeroPadding1D((1, 2, 3)), ValueError, "must be a whole number or "),
        (lambda: UpSampling2D(interpolation="bilinear"), ValueError, "must be 'nearest'"),
        (lambda: GlobalMaxPooling2D(name="pool")(X), ValueError, r"pool expects \(batch, height, width, features\)"),
    ],
)
def test_bad_use_is_answered_with_a_sentence(make, error, sentence):
    with pytest.raises(error, match=sentence):
        make()


def test_other_names_of_keras():
    assert layers.MaxPool1D is MaxPooling1D
    assert layers.Convolution1D is Conv1D
