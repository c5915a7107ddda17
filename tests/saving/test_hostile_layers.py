"""load_model refuses documents with unknown classes, wrong arguments, and sizes that the file does not fill."""

import pytest
from forging import GADGET, OS, layer, lstm, of_layer, put


def nested(levels):
    value = {"class_name": "LSTM", "config": {"units": 3}}
    for _ in range(levels):
        value = {"class_name": "Bidirectional", "config": {"layer": value}}
    return value


LAYERS = {
    "null": (layer(1, None), "layer must be"),
    "number": (layer(1, 7), "layer must be"),
    "text": (layer(1, "LSTM"), "units"),
    "list": (layer(1, ["LSTM", {}]), "layer must be"),
    "no class": (put(("config", "layers", 1, "class_name"), ...), "layer must be"),
    "class null": (put(("config", "layers", 1, "class_name"), None), "layer must be"),
    "class list": (put(("config", "layers", 1, "class_name"), ["LSTM"]), "layer must be"),
    "unknown class": (put(("config", "layers", 1, "class_name"), "LTSM"), "did you mean 'LSTM'?"),
    "another class": (put(("config", "layers", 1, "class_name"), "Dense"), "has no argument"),
    "base class": (put(("config", "layers", 1, "class_name"), "Layer"), "unknown layer 'Layer'"),
    "dunder": (put(("config", "layers", 1, "class_name"), "__import__"), "unknown layer '__import__'"),
    "dotted": (put(("config", "layers", 1, "class_name"), "numba_lstm.layers.LSTM"), "unknown layer"),
    "Lambda": (layer(1, GADGET), "the layer is the function '4wEAAAAAAAAAAAAAAAEAAAA=' of its author"),
    "os.system": (layer(1, OS), "unknown layer 'system'"),
    "a torch module": (layer(1, {"class_name": "TorchModuleWrapper", "config": {"module": "gASV"}}), "unknown layer"),
    "a saved model": (layer(1, {"class_name": "TFSMLayer", "config": {"filepath": "/tmp"}}), "unknown layer"),
    "a model": (layer(1, {"class_name": "Sequential", "config": {}}), "the config of a Sequential must have"),
    "nested": (layer(1, nested(20)), "Bidirectional expects LSTM or RNN layers"),
    "nothing inside": (layer(1, {"class_name": "Bidirectional", "config": {}}), "layer must be"),
    "no cell": (layer(1, {"class_name": "RNN", "config": {}}), "layer must be"),
    "no cells": (layer(1, {"class_name": "StackedRNNCells", "config": {"cells": 7}}), "cannot be made"),
    "a function": (lstm("activation", {"class_name": "os.system", "config": {}}), "unknown activation"),
    "module beside the class": (put(("config", "layers", 1, "module"), "os"), "config.layers[1] is"),
    "config null": (put(("config", "layers", 1, "config"), None), "cannot be made"),
    "config list": (put(("config", "layers", 1, "config"), [4]), "cannot be made"),
    "config text": (put(("config", "layers", 1, "config"), "units"), "cannot be made"),
    "no config": (put(("config", "layers", 1, "config"), ...), "units"),
    "input left out": (layer(0, ...), "only in the"),
    "two inputs": (layer(2, {"class_name": "InputLayer", "config": {"shape": [4]}}), "input"),
    "a layer left out": (layer(4, ...), "only in the"),
    "layers in another order": (lambda outer, tensors: outer["model"]["config"]["layers"].reverse(), "cannot be made"),
    "unknown argument": (lstm("unroll_factor", 7), "has no argument 'unroll_factor'"),
    "self": (lstm("self", 7), "cannot be made"),
    "units text": (lstm("units", "4"), "units must be a whole number"),
    "units float": (lstm("units", 4.0), "units must be a whole number"),
    "units bool": (lstm("units", True), "units must be a whole number"),
    "units null": (lstm("units", None), "units must be a whole number"),
    "units list": (lstm("units", [4]), "units must be a whole number"),
    "units 0": (lstm("units", 0), "at least 1"),
    "units -1": (lstm("units", -1), "at least 1"),
    "units 5": (lstm("units", 5), "more than there are values for"),
    "units 3": (lstm("units", 3), "has shape"),
    "units 2^31": (lstm("units", 2**31), "more than there are values for"),
    "units 2^62": (lstm("units", 2**62), "more than there are values for"),
    "units of twenty digits": (lstm("units", 10**20 - 1), "more than there are values for"),
    "dense units 2^31": (of_layer(4, "units", 2**31), "more than there are values for"),
    "activation number": (lstm("activation", 7), "activation"),
    "activation unknown": (lstm("activation", "tahn"), "did you mean 'tanh'?"),
    "activation gadget": (lstm("activation", GADGET), "unknown activation 'Lambda'"),
    "activation alias": (lstm("activation", "swish"), "is 'swish'"),
    "activation null": (lstm("activation", None), "activation is None"),
    "activation softmax": (lstm("activation", "softmax"), "softmax"),
    "activation list": (lstm("activation", []), "activation"),
    "slope list": (lstm("activation", {"class_name": "leaky_relu", "config": {"negative_slope": []}}), "cannot be made"),
    "use_bias text": (lstm("use_bias", "no"), "use_bias is 'no'"),
    "use_bias number": (lstm("use_bias", 1), "use_bias is 1"),
    "use_bias null": (lstm("use_bias", None), "use_bias is None"),
    "use_bias false": (lstm("use_bias", False), "only in the"),
    "return_state": (lstm("return_state", True), "return_state"),
    "seed text": (lstm("seed", "7"), "seed"),
    "seed -1": (lstm("seed", -1), "seed"),
    "seed float": (lstm("seed", 3.0), "seed"),
    "seed 2^64": (lstm("seed", 2**64), "seed"),
    "initializer unknown": (lstm("kernel_initializer", "orthogonall"), "did you mean"),
    "initializer gadget": (lstm("kernel_initializer", GADGET), "unknown initializer 'Lambda'"),
    "initializer argument": (
        lstm("kernel_initializer", {"class_name": "Constant", "config": {"value": "x"}}),
        "cannot be made",
    ),
    "initializer of a list": (
        lstm("bias_initializer", {"class_name": "Constant", "config": {"value": [1.0] * 16}}),
        "its Constant has a list of values, where the name of a tensor was expected",
    ),
    "initializer of no tensor": (
        lstm("bias_initializer", {"class_name": "Constant", "config": {"value": {"tensor": "constants/0"}}}),
        "needs the float64 tensor 'constants/0' for itself alone, and there is none",
    ),
    "initializer of a weight": (
        lstm("bias_initializer", {"class_name": "Constant", "config": {"value": {"tensor": "layers/0/bias"}}}),
        "needs the float64 tensor 'layers/0/bias' for itself alone, and there is none",
    ),
    "layer's name a number": (lstm("name", 7), "name"),
    "layer's name a path": (lstm("name", "a/b"), "name"),
    "names twice": (lstm("name", "dense"), "has a layer 'dense' already"),
    "layer's dtype": (lstm("dtype", "float64"), "float64"),
    "layer trainable text": (lstm("trainable", "False"), "trainable is 'False'"),
    "rate 1": (of_layer(2, "rate", 1.0), "rate"),
    "rate text": (of_layer(2, "rate", "0.3"), "rate"),
    "noise_shape": (of_layer(2, "noise_shape", "x"), "cannot be made"),
    "input empty": (of_layer(0, "batch_shape", []), "cannot be made"),
    "input text": (of_layer(0, "batch_shape", "53"), "cannot be made"),
    "input negative": (of_layer(0, "batch_shape", [None, -5, 3]), "whole numbers"),
    "input float": (of_layer(0, "batch_shape", [None, 5.0, 3]), "whole numbers"),
    "input without features": (of_layer(0, "batch_shape", [None, 5, None]), "cannot be made"),
    "input rank 2": (of_layer(0, "batch_shape", [None, 3]), "cannot be made"),
    "input of 4 features": (of_layer(0, "batch_shape", [None, 5, 4]), "more than there are values for"),
    "input of 2^60 features": (of_layer(0, "batch_shape", [None, 5, 2**60]), "more than there are values for"),
    "input of 9,000 axes": (of_layer(0, "batch_shape", [1] * 9_000), "cannot be made"),
}


@pytest.mark.parametrize("recipe", LAYERS)
def test_layers_that_cannot_be(write_changed, refusal_message, recipe):
    change, message = LAYERS[recipe]
    assert message in refusal_message(write_changed(change))
