"""load_model refuses configurations of Keras with code, modules, files, huge sizes and unsupported options."""

from __future__ import annotations

import copy

import pytest
from keras_config_forging import (
    DENSE,
    EMBEDDING,
    GET_FILE,
    GOOD,
    LAMBDA,
    LSTM,
    add_layers,
    compile_with,
    entry,
    layer,
    make_archive,
    nest,
    nested_json,
    of_layer,
    put,
    registered,
)
from watched import refusal_message

import numba_lstm
from numba_lstm.interop import keras  # noqa: F401 - imported before anything is watched

HOSTILE = {
    # code and modules
    "Lambda with code": (layer(entry("Lambda", function=LAMBDA, name="f")), "the code of a lambda"),
    "a lambda's code alone as activation": (of_layer("activation", {"value": [LAMBDA, None, None]}), "the code of a lambda"),
    "a lambda as activation": (of_layer("activation", LAMBDA), "the code of a lambda, which is never run"),
    "module os": (layer(entry("system", "os", command="true")), "module 'os', which is not Keras's and never imported"),
    "module os in an initializer": (of_layer("kernel_initializer", entry("system", "os")), "module 'os'"),
    "module of Keras's inside": (layer(entry("LSTM", "keras.src.layers", units=5)), "module 'keras.src.layers'"),
    "module builtins": (layer(entry("eval", "builtins", source="1")), "module 'builtins'"),
    "module of ours": (layer(entry("Sequential", "numba_lstm.models")), "module 'numba_lstm.models'"),
    "module a list": (layer({**entry("LSTM"), "module": ["os"]}), "module ['os']"),
    "no module, and no class of ours": (layer({"class_name": "system", "config": {}}), "unknown layer 'system'"),
    "enable_unsafe_deserialization": (
        layer(entry("enable_unsafe_deserialization", "keras.config")),
        "module 'keras.config'",
    ),
    "a function of Keras as layer": (layer(entry("function", "builtins")), "layer must be"),
    "get_file": (layer(GET_FILE), "module 'keras.utils'"),
    "load_model": (layer(entry("load_model", "keras.models", filepath="/etc/passwd")), "module 'keras.models'"),
    "TorchModuleWrapper": (layer(entry("TorchModuleWrapper", module="gASV")), "unknown layer 'TorchModuleWrapper'"),
    "TFSMLayer": (layer(entry("TFSMLayer", filepath="/tmp", name="t")), "unknown layer 'TFSMLayer'"),
    "StringLookup of a file": (
        layer(entry("StringLookup", vocabulary="/etc/passwd")),
        "vocabulary of its StringLookup is not read",
    ),
    "an empty model inside": (layer(entry("Sequential", "keras", layers=[])), "must be a list of objects"),
    "a registered class": (
        layer({**entry("Mine", None), "registered_name": "os>system"}),
        "'Mine' is a class of its author's own",
    ),
    "a subclass of a class of Keras": (layer(registered("LSTM", units=5)), "'LSTM' is a class of its author's own"),
    "such a cell": (layer(entry("RNN", cell=registered("LSTMCell", units=5))), "registered as 'my>LSTMCell'"),
    "such an optimizer": (compile_with("optimizer", value=registered("Adam")), "registered as 'my>Adam'"),
    "such a model": (put("registered_name", value="my>Sequential"), "registered as 'my>Sequential'"),
    "a class by dots": (layer(entry("os.system")), "unknown layer 'os.system'"),
    "a dunder": (layer(entry("__import__")), "unknown layer '__import__'"),
    "a gadget inside Bidirectional": (layer(nest(1, entry("Lambda", function=LAMBDA))), "the code of a lambda"),
    "a gadget as cell": (layer(entry("RNN", cell=entry("system", "os"), name="r")), "module 'os'"),
    "a gadget as regularizer": (
        of_layer("kernel_regularizer", entry("Lambda", "keras.regularizers")),
        "unknown regularizer",
    ),
    "a gadget as constraint": (
        of_layer("bias_constraint", entry("exec", "keras.constraints")),
        "unknown constraint 'exec'",
    ),
    "a gadget as dtype": (
        of_layer("dtype", entry("Quantized", "keras.dtype_policies")),
        "module 'keras.dtype_policies'",
    ),
    "a dtype that NumPy evaluates": (of_layer("dtype", "2f4"), "dtype must be"),
    "an input's dtype that NumPy evaluates": (of_layer("dtype", "(2,)f4", 0), "must be one of real numbers"),
    "fields for a dtype": (of_layer("dtype", {"names": ["a"], "formats": ["2f4"]}), "dtype"),
    "an array to build": (of_layer("units", {"class_name": "__numpy__", "config": {"value": [1]}}), "whole number"),
    # outlines
    "empty": ("", "not JSON"),
    "null": ("null", "class_name and config"),
    "a list": ("[]", "class_name and config"),
    "no JSON": ("{'class_name': 1}", "not JSON"),
    "a key twice": ('{"class_name": "Sequential", "class_name": "Functional"}', "'class_name' twice"),
    "NaN": ('{"class_name": NaN}', "contains NaN"),
    "infinity": ('{"class_name": 1e999}', "too large"),
    "a number of 5,000 digits": ('{"a": ' + "1" * 5_000 + "}", "5,000 digits"),
    "200,000 brackets": ("[" * 200_000, "more than 100,000 values"),
    "10,000 levels": (nested_json(10_000), "nested deeper than 64 levels"),
    "half a letter": ('{"a": "\\ud800"}', "half a character"),
    "Functional": (put("class_name", value="Functional"), "which Keras's Functional has not"),
    "no class": (put("class_name"), "Keras's 'Sequential' and 'Functional' are read"),
    "class null": (put("class_name", value=None), "Keras's 'Sequential' and 'Functional' are read"),
    "config null": (put("config", value=None), "class_name and config"),
    "layers an object": (put("config", "layers", value={}), "a list of 1 to"),
    "no layers": (put("config", "layers", value=[]), "a list of 1 to"),
    "100,000 layers": (add_layers(9_000), "100,000 values|a list of 1 to"),
    "257 layers": (add_layers(253), "a list of 1 to"),
    "300 cells in a layer": (
        layer(entry("RNN", cell=[entry("LSTMCell", units=1)] * 300)),
        "those inside of others counted",
    ),
    "a leaky ReLU of Keras 2": (
        of_layer("activation", entry("LeakyReLU", alpha=0.1)),
        "LeakyReLU has alpha, which is not taken",
    ),
    "another key of a model": (put("config", "custom", value=1), "which Keras's Sequential has not"),
    "a name that is a number": (put("config", "name", value=7), "name"),
    "trainable text": (put("config", "trainable", value="no"), "trainable is 'no'"),
    "half precision": (
        put("config", "layers", LSTM, "config", "dtype", "config", "name", value="mixed_float16"),
        "mixed_float16",
    ),
    # layers
    "layer null": (layer(None), "layer must be"),
    "layer a text": (layer("LSTM"), "cannot be made"),
    "layer without class": (layer({"module": "keras.layers", "config": {}}), "layer must be"),
    "another key of an object": (
        layer({**entry("LSTM", units=5), "call": "os.system"}),
        "which is no part of an object of Keras",
    ),
    "layer's config a list": (layer({**entry("LSTM"), "config": [5]}), "arguments by name"),
    "an unknown argument": (of_layer("unrolled", True), "LSTM has no argument 'unrolled'"),
    "an option that is not here": (of_layer("quantization_config", {"mode": "int8"}, DENSE), "quantization_config"),
    "time_major": (of_layer("time_major", True), "does not take 'time_major' yet, got True"),
    "sparse input": (of_layer("sparse", True, 0), "sparse"),
    "axes of an initializer": (
        put("config", "layers", LSTM, "config", "kernel_initializer", "config", "input_axes", value=[0]),
        "input_axes",
    ),
    "units 2^31": (of_layer("units", 2**31), "more than there are values for"),
    "units 2^62": (of_layer("units", 2**62), "more than there are values for"),
    "units -1": (of_layer("units", -1), "at least 1"),
    "units text": (of_layer("units", "5"), "whole number"),
    "units true": (of_layer("units", True), "whole number"),
    "units 6": (of_layer("units", 6), "has shape|more than there are values"),
    "input_dim 2^40": (of_layer("input_dim", 2**40, EMBEDDING), "more than there are values for"),
    "use_bias text": (of_layer("use_bias", "no"), "use_bias is 'no'"),
    "use_bias false": (of_layer("use_bias", False), "only in the"),
    "return_state": (of_layer("return_state", True), "return_state"),
    "a layer left out": (put("config", "layers", DENSE), "only in the"),
    "a layer more": (
        put("config", "layers", value=[*GOOD["config"]["layers"], entry("Dense", name="d", units=1)]),
        "only in the|more than there are values",
    ),
    "one layer twice": (put("config", "layers", value=[*GOOD["config"]["layers"], GOOD["config"]["layers"][-1]]), "already"),
    "20 Bidirectionals": (layer(nest(20, entry("LSTM", units=5))), "expects LSTM or RNN"),
    "an unknown activation": (of_layer("activation", "tahn"), "did you mean 'tanh'?"),
    "an activation with an argument more": (
        of_layer("activation", entry("LeakyReLU", negative_slope=[])),
        "cannot be made",
    ),
    "softmax in a gate": (of_layer("activation", "softmax"), "softmax"),
    "a seed below 0": (of_layer("seed", -1), "seed"),
    "input of 9,000 axes": (of_layer("batch_shape", [1] * 9_000, 0), "cannot be made"),
    # compiling
    "compile_config a list": (put("compile_config", value=[1]), "where an object was expected"),
    "another argument of compile": (compile_with("backend", value="os"), "cannot be compiled"),
    "optimizer of os": (compile_with("optimizer", value=entry("system", "os")), "module 'os'"),
    "optimizer unknown": (
        compile_with("optimizer", value=entry("Muon", "keras.optimizers")),
        "unknown optimizer 'Muon'",
    ),
    "optimizer null": (compile_with("optimizer", value=None), "optimizer"),
    "another optimizer": (compile_with("optimizer", value="adam"), "do not fit"),
    "moving average": (compile_with("optimizer", "config", "use_ema", value=True), "do not fit"),
    "rate text": (compile_with("optimizer", "config", "learning_rate", value="fast"), "learning_rate"),
    "schedule unknown": (
        compile_with("optimizer", "config", "learning_rate", value=entry("Warp", "keras.optimizers.schedules")),
        "unknown learning-rate schedule",
    ),
    "loss a lambda": (compile_with("loss", value=LAMBDA), "the code of a lambda"),
    "loss a function of one's own": (
        compile_with(
            "loss", value={"module": "builtins", "class_name": "function", "config": "mine", "registered_name": "mine"}
        ),
        "unknown loss 'mine'",
    ),
    "a list of losses": (compile_with("loss", value=["mse", "mae"]), "loss"),
    "loss_weights": (compile_with("loss_weights", value=[1.0, 2.0]), "loss_weights must have one entry"),
    "metrics text": (compile_with("metrics", value="mae"), "metrics must be a list"),
    "metric unknown": (compile_with("metrics", value=["iou"]), "unknown metric 'iou'"),
    "metric of os": (compile_with("metrics", value=[entry("popen", "os")]), "module 'os'"),
}


@pytest.mark.parametrize("recipe", HOSTILE)
def test_configurations_that_are_refused(tmp_path, recipe):
    config, message = HOSTILE[recipe]
    path = tmp_path / "hostile.keras"
    path.write_bytes(make_archive(config))
    error = refusal_message(numba_lstm.load_model, path)
    assert any(part in error for part in message.split("|")), error


def test_the_good_configuration_is_read(tmp_path):
    (tmp_path / "good.keras").write_bytes(make_archive(GOOD))
    assert numba_lstm.load_model(tmp_path / "good.keras").optimizer.iterations == 2


TORCH = "keras.src.backend.torch.optimizers.torch_rmsprop"


def test_an_optimizer_as_keras_writes_it_on_pytorch(tmp_path):
    config = copy.deepcopy(GOOD)
    config["compile_config"]["optimizer"] |= {"module": TORCH, "registered_name": "RMSprop"}
    (tmp_path / "m.keras").write_bytes(make_archive(config))
    assert type(numba_lstm.load_model(tmp_path / "m.keras").optimizer) is numba_lstm.optimizers.RMSprop


@pytest.mark.parametrize(
    "wrong", [{"module": TORCH + "w"}, {"registered_name": "my>RMSprop"}, {"module": "keras.src.RMSprop"}], ids=str
)
def test_what_only_looks_like_one_is_refused(tmp_path, wrong):
    config = copy.deepcopy(GOOD)
    config["compile_config"]["optimizer"] |= {"module": TORCH, "registered_name": "RMSprop", **wrong}
    (tmp_path / "m.keras").write_bytes(make_archive(config))
    assert "'RMSprop' is " in refusal_message(numba_lstm.load_model, tmp_path / "m.keras")


def test_a_registered_class_can_be_given(tmp_path):
    mine = type("LSTM", (numba_lstm.layers.LSTM,), {})

    config = copy.deepcopy(GOOD)
    config["config"]["layers"][LSTM] |= {"module": None, "registered_name": "my>LSTM"}
    (tmp_path / "m.keras").write_bytes(make_archive(config))
    assert type(numba_lstm.load_model(tmp_path / "m.keras", {"LSTM": mine}).layers[1]) is mine
