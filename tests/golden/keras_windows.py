"""Convolutions, pooling and resizing in Keras 3.15 on JAX, in float64: output, mask and gradients of each case.

``KERAS_BACKEND=jax JAX_ENABLE_X64=1 python tests/golden/keras_windows.py`` writes ``keras_windows.json`` beside this file;
``tests/layers/test_keras_windows.py`` runs the same cases with numba_lstm. ``keras_layers.py`` says why a function is replaced.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

try:
    from golden.keras_layers import Case, rounded, run
except ImportError:  # run as a script
    from keras_layers import Case, rounded, run  # type: ignore[no-redef]

FILE = Path(__file__).with_suffix(".json")

N, T, D, H, W = 2, 9, 3, 5, 6
X = np.sin(0.37 * np.arange(N * T * D)).reshape(N, T, D) + 0.3
IMAGES = np.sin(0.37 * np.arange(N * H * W * D)).reshape(N, H, W, D) + 0.3
FILMS = np.sin(0.23 * np.arange(N * 3 * 4 * 5 * 2)).reshape(N, 3, 4, 5, 2)
FILM_MASK = np.array([[1, 0, 1], [0, 1, 0]], bool)
TIES = np.round(X)
MASK = np.arange(N * T).reshape(N, T) % 4 != 1

CASES = {
    "Conv1D": Case(lambda k: k.Conv1D(4, 3, activation="tanh"), X),
    "Conv1D same": Case(lambda k: k.Conv1D(4, 4, padding="same", use_bias=False), X),
    "Conv1D same with strides": Case(lambda k: k.Conv1D(4, 3, 2, "same", activation="softmax"), X),
    "Conv1D causal": Case(lambda k: k.Conv1D(4, 3, padding="causal", dilation_rate=2), X),
    "Conv1D causal with strides": Case(lambda k: k.Conv1D(4, 3, 2, padding="causal"), X),
    "Conv1D valid with long strides": Case(lambda k: k.Conv1D(4, 2, 3), X),
    "Conv1D same with a dilation": Case(lambda k: k.Conv1D(4, 3, padding="same", dilation_rate=3), X),
    "Conv1D with groups": Case(lambda k: k.Conv1D(6, 3, padding="same", groups=3, activation="tanh"), X),
    "MaxPooling1D": Case(lambda k: k.MaxPooling1D(), X),
    "MaxPooling1D same": Case(lambda k: k.MaxPooling1D(4, 2, "same"), X),
    "MaxPooling1D of equal steps": Case(lambda k: k.MaxPooling1D(3, 2), TIES),
    "AveragePooling1D": Case(lambda k: k.AveragePooling1D(2), X),
    "AveragePooling1D same": Case(lambda k: k.AveragePooling1D(4, 2, "same"), X),
    "GlobalMaxPooling1D": Case(lambda k: k.GlobalMaxPooling1D(), X),
    "GlobalAveragePooling1D": Case(lambda k: k.GlobalAveragePooling1D(keepdims=True), X),
    "GlobalAveragePooling1D with a mask": Case(lambda k: k.GlobalAveragePooling1D(), X, MASK),
    "ZeroPadding1D": Case(lambda k: k.ZeroPadding1D((2, 1)), X),
    "Cropping1D": Case(lambda k: k.Cropping1D((2, 1)), X),
    "UpSampling1D": Case(lambda k: k.UpSampling1D(3), X),
    "Conv2D": Case(lambda k: k.Conv2D(4, (3, 2), activation="tanh"), IMAGES),
    "Conv2D same with strides": Case(lambda k: k.Conv2D(4, 3, (2, 3), "same"), IMAGES),
    "Conv2D with a dilation": Case(lambda k: k.Conv2D(4, (2, 3), padding="same", dilation_rate=(3, 2)), IMAGES),
    "Conv2D with groups": Case(lambda k: k.Conv2D(6, (3, 2), 2, groups=3), IMAGES),
    "MaxPooling2D": Case(lambda k: k.MaxPooling2D(), IMAGES),
    "MaxPooling2D same": Case(lambda k: k.MaxPooling2D((3, 2), (2, 2), "same"), IMAGES),
    "AveragePooling2D same": Case(lambda k: k.AveragePooling2D((3, 4), (2, 3), "same"), IMAGES),
    "GlobalMaxPooling2D": Case(lambda k: k.GlobalMaxPooling2D(keepdims=True), IMAGES),
    "GlobalAveragePooling2D": Case(lambda k: k.GlobalAveragePooling2D(), IMAGES),
    "ZeroPadding2D": Case(lambda k: k.ZeroPadding2D(((1, 2), (0, 3))), IMAGES),
    "Cropping2D": Case(lambda k: k.Cropping2D((1, 2)), IMAGES),
    "UpSampling2D": Case(lambda k: k.UpSampling2D((2, 3)), IMAGES),
    "Flatten images": Case(lambda k: k.Flatten(), IMAGES),
    "Reshape images": Case(lambda k: k.Reshape((10, -1)), IMAGES),
    "Reshape sequences to films": Case(lambda k: k.Reshape((3, 3, 3, 1)), X),
    "Conv3D": Case(lambda k: k.Conv3D(4, (2, 3, 2), activation="tanh"), FILMS),
    "Conv3D same with groups": Case(lambda k: k.Conv3D(4, 3, (2, 1, 2), "same", groups=2), FILMS),
    "MaxPooling3D": Case(lambda k: k.MaxPooling3D((2, 2, 3), 1, "same"), FILMS),
    "AveragePooling3D": Case(lambda k: k.AveragePooling3D(2, padding="same"), FILMS),
    "GlobalMaxPooling3D": Case(lambda k: k.GlobalMaxPooling3D(keepdims=True), FILMS),
    "GlobalAveragePooling3D": Case(lambda k: k.GlobalAveragePooling3D(), FILMS),
    "ZeroPadding3D": Case(lambda k: k.ZeroPadding3D(((1, 0), (0, 2), (1, 1))), FILMS),
    "Cropping3D": Case(lambda k: k.Cropping3D(((1, 0), (0, 2), (1, 1))), FILMS),
    "UpSampling3D": Case(lambda k: k.UpSampling3D((2, 1, 3)), FILMS),
    "DepthwiseConv1D": Case(lambda k: k.DepthwiseConv1D(3, 2, "same", activation="tanh"), X),
    "DepthwiseConv2D": Case(lambda k: k.DepthwiseConv2D((3, 2), padding="same", depth_multiplier=2, dilation_rate=2), IMAGES),
    "SeparableConv1D": Case(lambda k: k.SeparableConv1D(4, 3, depth_multiplier=2, use_bias=False), X),
    "SeparableConv2D": Case(lambda k: k.SeparableConv2D(4, 2, 2, "same", activation="softmax"), IMAGES),
    "Conv1DTranspose": Case(lambda k: k.Conv1DTranspose(4, 3, 2, activation="tanh"), X),
    "Conv1DTranspose same": Case(lambda k: k.Conv1DTranspose(4, 4, 2, "same", use_bias=False), X),
    "Conv1DTranspose long strides": Case(lambda k: k.Conv1DTranspose(4, 2, 3, "same", activation="softmax"), X),
    "Conv1DTranspose with a dilation": Case(lambda k: k.Conv1DTranspose(4, 3, 1, "same", dilation_rate=2), X),
    "Conv1DTranspose with an output_padding": Case(lambda k: k.Conv1DTranspose(4, 3, 3, "same", 1), X),
    "Conv2DTranspose": Case(lambda k: k.Conv2DTranspose(4, (3, 2), (2, 3), output_padding=(1, 2)), IMAGES),
    "Conv2DTranspose same": Case(lambda k: k.Conv2DTranspose(4, (3, 1), (2, 3), "same", activation="relu"), IMAGES),
    "Conv3DTranspose": Case(lambda k: k.Conv3DTranspose(3, (3, 2, 1), (2, 1, 2), "same"), FILMS),
    "ConvLSTM1D": Case(lambda k: k.ConvLSTM1D(4, 3, padding="same", return_sequences=True), IMAGES),
    "ConvLSTM1D with strides": Case(lambda k: k.ConvLSTM1D(4, 2, strides=2, use_bias=False, go_backwards=True), IMAGES),
    "ConvLSTM2D": Case(lambda k: k.ConvLSTM2D(3, (2, 3), activation="softsign", recurrent_activation="hard_sigmoid"), FILMS),
    "ConvLSTM2D with a dilation": Case(
        lambda k: k.ConvLSTM2D(3, 2, padding="same", dilation_rate=(2, 1), return_sequences=True), FILMS
    ),
    "ConvLSTM2D with a mask": Case(
        lambda k: k.ConvLSTM2D(3, (1, 4), return_sequences=True, unroll=True),
        FILMS,
        FILM_MASK,  # Keras's scan takes none
    ),
    "Bidirectional ConvLSTM2D": Case(lambda k: k.Bidirectional(k.ConvLSTM2D(3, (1, 2), return_sequences=True)), FILMS),
    "TimeDistributed ConvLSTM1D": Case(lambda k: k.TimeDistributed(k.ConvLSTM1D(3, 2)), FILMS),
    "TimeDistributed Conv1D": Case(lambda k: k.TimeDistributed(k.Conv1D(4, 2)), IMAGES),
    "TimeDistributed Conv2D": Case(lambda k: k.TimeDistributed(k.Conv2D(3, 2, activation="relu")), FILMS),
    "TimeDistributed MaxPooling2D": Case(lambda k: k.TimeDistributed(k.MaxPooling2D()), FILMS),
    "TimeDistributed Flatten": Case(lambda k: k.TimeDistributed(k.Flatten()), FILMS),
    "TimeDistributed Reshape": Case(lambda k: k.TimeDistributed(k.Reshape((4, 10))), FILMS),
}


if __name__ == "__main__":
    import keras
    from keras.src.backend.common import dtypes

    dtypes.result_type = lambda *_: "float64"
    keras.config.set_floatx("float64")
    FILE.write_text("{" + ",\n".join(f'"{name}": {json.dumps(rounded(run(case)))}' for name, case in CASES.items()) + "}\n")
