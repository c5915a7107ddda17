"""Names of Keras that are not here: what a user reads who imports one, and that hasattr still works."""

from __future__ import annotations

import importlib
import json
import re
import subprocess
import sys
import types

import numpy as np
import pytest
from golden import keras_names

import numba_lstm
from numba_lstm.naming import absent, keras_advice

SENTENCES = {
    ("layers", "ConvLSTM3D"): "numba_lstm.layers has no 'ConvLSTM3D': its recurrent layers are ConvLSTM1D, ConvLSTM2D, GRU, "
    "LSTM and SimpleRNN, and RNN of cells.",
    ("layers", "AdaptiveMaxPooling2D"): "numba_lstm.layers has no 'AdaptiveMaxPooling2D': write MaxPooling2D with a pool_size.",
    ("layers", "Lstm"): "numba_lstm.layers has no 'Lstm', did you mean 'LSTM'?",
    ("layers", "CuDNNLSTM"): "numba_lstm.layers has no 'CuDNNLSTM': write LSTM.",
    (
        "models",
        "Functional",
    ): "numba_lstm.models has no 'Functional': models are Sequential, layers one after the other, and Model(inputs, outputs).",
    (
        "utils.np_utils",
        "to_categories",
    ): "numba_lstm.utils.np_utils has no 'to_categories'. There are: normalize, to_categorical.",
    ("utils", "toCategorical"): "numba_lstm.utils has no 'toCategorical', did you mean 'to_categorical'?",
    ("constraints", "maxnorm"): "numba_lstm.constraints has no 'maxnorm': write max_norm.",
    ("callbacks", "RemoteMonitors"): "numba_lstm.callbacks has no 'RemoteMonitors'. There are: BackupAndRestore, CSVLogger, ",
    ("optimizers.schedules", "CosineDecays"): "numba_lstm.optimizers.schedules has no 'CosineDecays'. There are: CosineDecay, ",
    (
        "optimizers.schedules",
        "cosine_decay",
    ): "numba_lstm.optimizers.schedules has no 'cosine_decay', did you mean 'CosineDecay'?",
    ("ops", "exponential"): "numba_lstm.ops has no 'exponential': write numba_lstm.activations.exponential.",
    ("optimizers", "Lamb"): "numba_lstm.optimizers has no 'Lamb': write AdamW, and clipnorm against large steps.",
    ("initializers", "STFTs"): "numba_lstm.initializers has no 'STFTs'. There are: Constant, GlorotNormal, ",
    ("regularizers", "L3"): "numba_lstm.regularizers has no 'L3'. There are: L1, L1L2, L2, ",
    ("backend", "kron"): "numba_lstm.backend has no 'kron': arrays are NumPy's. Write numpy.kron.",
    ("ops", "kron"): "numba_lstm.ops has no 'kron': arrays are NumPy's. Write numpy.kron.",
    ("ops", "det"): "numba_lstm.ops has no 'det': arrays are NumPy's. Write numpy.linalg.det.",
    ("ops", "while_loop"): "numba_lstm.ops has no 'while_loop': write a loop of Python over a known number of steps, or",
    ("preprocessing.sequence", "skipgrams"): "numba_lstm.preprocessing.sequence has no 'skipgrams'. There are: TimeseriesGen",
    ("preprocessing.text", "tokenizer"): "numba_lstm.preprocessing.text has no 'tokenizer', did you mean 'Tokenizer'?",
    ("datasets", "cifar10"): "numba_lstm.datasets has no 'cifar10': datasets are boston_housing, imdb, mnist and reuters.",
    ("preprocessing", "image"): "numba_lstm.preprocessing has no 'image': read images with another library.",
}


@pytest.mark.parametrize(("module", "name"), SENTENCES)
def test_an_import_and_an_attribute_say_what_there_is(module, name):
    with pytest.raises(ImportError) as raised:
        exec(f"from numba_lstm.{module} import {name}")
    assert str(raised.value).startswith(SENTENCES[module, name])
    with pytest.raises(AttributeError) as raised:
        getattr(importlib.import_module(f"numba_lstm.{module}"), name)
    assert str(raised.value).startswith(SENTENCES[module, name])


@pytest.mark.parametrize("module", sorted({module for module, _ in SENTENCES}))
def test_hasattr_and_getattr_with_a_default_work(module):
    module = importlib.import_module(f"numba_lstm.{module}")
    assert not hasattr(module, "Missing")
    assert getattr(module, "Missing", 7) == 7


def test_the_package_itself_answers_too():
    with pytest.raises(
        ImportError,
        match="numba_lstm has no 'applications': models are Sequential, layers one after the other, and Model",
    ):
        from numba_lstm import applications  # noqa: F401
    assert not hasattr(numba_lstm, "applications")


def test_a_near_name_of_another_quantity_is_not_suggested():
    assert "did you mean" not in sentence("losses", "ArcFace")
    assert "did you mean" not in sentence("layers", "SpatialDropout4D")


def sentence(module, name):
    with pytest.raises(AttributeError) as raised:
        getattr(importlib.import_module(f"numba_lstm.{module}"), name)
    return str(raised.value)


def test_names_that_are_advised_are_there():
    for module, name in (("constraints", "max_norm"), ("constraints", "non_neg"), ("constraints", "unit_norm")):
        assert hasattr(getattr(numba_lstm, module), name)
    for module, name in (("layers", "Layer"), ("losses", "Loss"), ("metrics", "Metric"), ("optimizers", "Optimizer")):
        assert getattr(numba_lstm, name) is getattr(getattr(numba_lstm, module), name)
    for module, name in (("initializers", "Initializer"), ("regularizers", "Regularizer")):
        assert getattr(numba_lstm, name) is getattr(getattr(numba_lstm, module), name)


@pytest.mark.parametrize("module", keras_names.EXPORTING)
def test_each_name_that_keras_exports_is_there_or_has_advice(module):
    ours = importlib.import_module(f"numba_lstm.{module}" if module else "numba_lstm")
    names = json.loads(keras_names.EXPORTS.read_text())[module].split()
    assert len(names) > 3
    lacking = [name for name in names if not hasattr(ours, name)]
    assert [
        name
        for name in lacking
        if re.search(r"There are: |did you mean|it with numpy\.$", absent._sentence(ours.__name__, name))
    ] == []


def test_what_advice_names_is_there():
    sentences = [
        *keras_advice.OPERATIONS.values(),
        *(one for of_module in absent.ADVICE.values() for one in of_module.values()),
    ]
    for path in re.findall(r"numba_lstm(?:\.[a-zA-Z_]\w*)+", " ".join(sentences)):
        *parents, name = path.split(".")
        if "sklearn" not in parents:  # which needs scikit-learn
            module = importlib.import_module(".".join(parents[:1] + [one for one in parents[1:] if one.islower()]))
            assert hasattr(module, name) or importlib.import_module(path), path


def test_the_advised_rate_and_file_go_on(tmp_path):
    model = numba_lstm.Sequential([numba_lstm.layers.Dense(1, input_dim=2)], device="reference")
    model.compile("adam", "mse")
    model.optimizer.learning_rate = 0.25
    assert float(model.optimizer.learning_rate) == 0.25
    x, path = np.ones((2, 2)), str(tmp_path / "model.nlstm")
    callbacks = [numba_lstm.callbacks.ModelCheckpoint(path), numba_lstm.callbacks.CSVLogger(tmp_path / "log.csv")]
    model.fit(x, x[:, :1], epochs=2, verbose=0, callbacks=callbacks)
    model.fit(x, x[:, :1], epochs=3, initial_epoch=2, verbose=0)
    duplicate = numba_lstm.models.load_model(path)
    duplicate.fit(x, x[:, :1], epochs=3, initial_epoch=2, verbose=0)
    # NumPy's products on the reference device depend on where arrays lie in memory
    np.testing.assert_allclose(duplicate.get_weights()[0], model.get_weights()[0], rtol=1e-5)
    assert len((tmp_path / "log.csv").read_text().splitlines()) == 3


def test_the_advised_activation_is_the_layer_leaky_relu():
    layer = numba_lstm.layers.Activation({"class_name": "leaky_relu", "config": {"negative_slope": 0.3}})
    np.testing.assert_allclose(layer(np.array([[-2.0, 4.0]])), [[-0.6, 4.0]], rtol=1e-6)


def test_a_traceback_of_a_program_ends_with_the_sentence():
    process = subprocess.run(
        [sys.executable, "-c", "from numba_lstm.layers import LSTM, ConvLSTM3D"], capture_output=True, text=True, check=False
    )
    assert process.stderr.strip().endswith(f"ImportError: {SENTENCES['layers', 'ConvLSTM3D']}")


def test_modules_are_modules_to_python():
    assert isinstance(numba_lstm.layers, types.ModuleType)
    assert not hasattr(numba_lstm.layers, "__wrapped__")
    with pytest.raises(AttributeError, match="^module 'numba_lstm.layers' has no attribute '__wrapped__'$"):
        numba_lstm.layers.__wrapped__  # noqa: B018
