"""Functional models in files of Keras 3: read, written, and refused."""

from __future__ import annotations

import io
import json
import zipfile

import numpy as np
import pytest
from golden import keras_functional as golden
from tolerances import FOREIGN, assert_close
from watched import refusal_message

import numba_lstm
from numba_lstm import Model, Sequential
from numba_lstm.interop.keras.config import functional
from numba_lstm.interop.keras.config.from_keras import from_keras
from numba_lstm.layers import LSTM, Dense, Dropout, Input

EXPECTED = json.loads(golden.FILE.read_text())
FILES = [(name, ending) for name, endings in golden.ENDINGS.items() for ending in endings]


def loaded(name, ending=".keras"):
    """The model in a file of Keras, or one with the weights of the file."""
    path = golden.FOLDER / f"{name}{ending}"
    if ending != ".weights.h5":
        return numba_lstm.load_model(path, device="reference")
    model = golden.CASES[name](numba_lstm).to("reference")
    model.load_weights(path)
    return model


def leaves(y):
    """The outputs in a list, those of a dict by their sorted keys."""
    return [np.asarray(one) for one in ([y[key] for key in sorted(y)] if isinstance(y, dict) else y)]


def assert_same(result, expected):
    assert set(result["test"]) == set(expected["test"])
    for one, other in zip(leaves(result["y"]), leaves(expected["y"]), strict=True):
        assert_close(one, other, FOREIGN, "predictions")
    for key, value in expected["test"].items():
        assert_close(result["test"][key], value, FOREIGN, key)
    assert_close(result["losses"], expected["losses"], FOREIGN, "losses")


@pytest.mark.parametrize(("name", "ending"), FILES)
def test_models_of_keras_answer_and_learn_on(name, ending):
    assert_same(golden.run(loaded(name, ending), name), EXPECTED[name])


def test_the_graph_is_that_which_made_the_file():
    for name, make in golden.CASES.items():
        read, expected = loaded(name), make(numba_lstm)
        assert [layer.name for layer in read.layers if layer.variables] == [
            layer.name for layer in expected.layers if layer.variables
        ]
        assert read.output_names == expected.output_names
        assert len(read.execution.calls) == len(expected.execution.calls)


@pytest.mark.parametrize("ending", [".keras", ".h5", ".weights.h5"])
@pytest.mark.parametrize("name", golden.CASES)
def test_files_from_here_hold_the_same_model(tmp_path, name, ending):
    pytest.importorskip("h5py")
    model, path = loaded(name), tmp_path / f"model{ending}"
    if ending == ".weights.h5":
        model.save_weights(path)
        read = golden.CASES[name](numba_lstm).to("reference")
        read.load_weights(path)
    else:
        model.save(path)
        read = numba_lstm.load_model(path, device="reference")
        assert read.get_config() == model.get_config()
        assert read.get_compile_config() == model.get_compile_config()
    assert all(map(np.array_equal, read.get_weights(), model.get_weights()))
    assert all(map(np.array_equal, read.optimizer.state().values(), model.optimizer.state().values()))


def test_what_a_keras_file_cannot_hold(tmp_path):
    pytest.importorskip("h5py")
    x, layer = Input((3,), name="x"), Dense(3, name="shared")
    inner = Model(x, layer(x), name="inner")
    cases = {
        "called with training=True, which Keras 3 overrides": Model(x, Dropout(0.5, name="drop")(x, training=True)),
        "shared is in outer and in inner": Model(x, layer(inner(x)), name="outer"),
    }
    for message, model in cases.items():
        with pytest.raises(ValueError, match=message):
            model.save(tmp_path / "model.keras")
    assert list(tmp_path.iterdir()) == []


def test_a_sequential_holds_models(tmp_path):
    pytest.importorskip("h5py")
    x = Input((3,))
    inner = Model(x, Dense(2, trainable=False)(x), name="inner")
    model = Sequential([Input((5, 3)), LSTM(3), inner, Sequential([Dense(2)], name="deep")], name="outer")
    for ending in (".keras", ".h5"):
        model.save(tmp_path / f"model{ending}")
        read = numba_lstm.load_model(tmp_path / f"model{ending}")
        assert read.get_config() == model.get_config()
        assert all(map(np.array_equal, read.get_weights(), model.get_weights()))
        assert len(read.trainable_weights) == len(model.trainable_weights) == 5


def test_calls_of_keras_2():
    def entry(kind, name, nodes, **config):
        return {"class_name": kind, "name": name, "config": {"name": name, **config}, "inbound_nodes": nodes}

    inside = [entry("InputLayer", "i", [], batch_shape=[None, 2]), entry("Dense", "d", [[["i", 0, 0, {}]]], units=1)]
    ends = {"input_layers": [["i", 0, 0]], "output_layers": [["d", 0, 0]]}
    layers = [
        entry("InputLayer", "x", [], batch_shape=[None, 3, 2]),
        entry("LSTM", "one", [[["x", 0, 0, {}]]], units=2, return_state=True),
        entry("LSTM", "two", [[["x", 0, 0, {}], ["one", 0, 1, {}], ["one", 0, 2, {}]]], units=2),
        entry("Functional", "inner", [[["two", 0, 0, {"training": False}]], [["one", 0, 0, {}]]], layers=inside, **ends),
        entry("Dense", "last", [[["inner", 2, 0, {}]]], units=1),
    ]
    config = {"name": "m", "layers": layers, "input_layers": [["x", 0, 0]], "output_layers": [["inner", 1, 0], ["last", 0, 0]]}
    model = Model.from_config(functional.arguments(config, from_keras))
    assert [model.connections(layer) for layer in model.layers] == [
        [],
        ["x[0][0]"],
        ["x[0][0]", "one[0][1]", "one[0][2]"],
        ["two[0][0]", "one[0][0]"],
        ["inner[1][0]"],
    ]
    assert [node.training for node in model.nodes if node.layer.name == "inner"] == [False, None]
    assert [tensor.node.layer.name for tensor in model.outputs] == ["inner", "last"]


# -- forgeries --------------------------------------------------------------------------------------------------------

with zipfile.ZipFile(golden.FOLDER / "translator.keras") as _archive:
    WEIGHTS, GOOD = _archive.read("model.weights.h5"), _archive.read("config.json").decode()


def forged(change):
    """The archive of the translator with another configuration."""
    config = json.loads(GOOD)
    change(config["config"], {layer["name"]: layer for layer in config["config"]["layers"]})
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as target:
        target.writestr("config.json", json.dumps(config))
        target.writestr("model.weights.h5", WEIGHTS)
    return file.getvalue()


def node(layers, name, **values):
    layers[name]["inbound_nodes"][0].update(values)


def history(layers, name, value):
    layers[name]["inbound_nodes"][0]["args"][0]["config"]["keras_history"] = value


def nest(config, _):
    """Twelve models, each of which calls the one inside twice."""
    first = {**config["layers"][0], "name": "in", "config": {**config["layers"][0]["config"], "name": "in"}}
    inner = {"class_name": "Dropout", "name": "drop", "config": {"name": "drop", "rate": 0.1}}
    for level in range(12):
        places = ["in", 0, 0], [inner["name"], 0, 0]
        calls = [
            {"args": [{"class_name": "__keras_tensor__", "config": {"keras_history": place}}], "kwargs": {}} for place in places
        ]
        ends = {"input_layers": ["in", 0, 0], "output_layers": [inner["name"], 1 + (level > 0), 0]}
        layers = [first, {**inner, "inbound_nodes": calls}]
        name = f"level_{level}"
        inner = {"class_name": "Functional", "name": name, "config": {"name": name, "layers": layers, **ends}}
    config.clear()
    config.update(inner["config"])


HOSTILE = {
    "another argument": (
        lambda config, layers: node(layers, "last", kwargs={"constants": [1]}),
        "'last' is called with constants=[1]",
    ),
    "a mask of its own": (
        lambda config, layers: node(layers, "last", kwargs={"mask": layers["encoder"]["inbound_nodes"][0]["args"][0]}),
        "last expects a mask of input 0 of shape (None, 5)",
    ),
    "more masks than inputs": (
        lambda config, layers: node(layers, "last", kwargs={"mask": [None, layers["shared"]["inbound_nodes"][0]["args"][0]]}),
        "'last' is called with more masks than inputs",
    ),
    "no layer": (lambda config, layers: history(layers, "last", ["nobody", 0, 0]), "which is no output of its layers"),
    "a number below 0": (
        lambda config, layers: history(layers, "last", ["encoder", -1, 0]),
        "which is no output of its layers",
    ),
    "a call that is not there": (
        lambda config, layers: history(layers, "last", ["encoder", 7, 0]),
        "takes outputs that nothing computes",
    ),
    "an output that is not there": (lambda config, layers: history(layers, "last", ["encoder", 0, 7]), "has no output 7"),
    "a loop": (lambda config, layers: history(layers, "encoder", ["last", 0, 0]), "takes outputs that nothing computes"),
    "nodes an object": (lambda config, layers: layers["last"].update(inbound_nodes={}), "are no list"),
    "a node a number": (lambda config, layers: layers["last"].update(inbound_nodes=[1]), "must be objects of args and kwargs"),
    "2,000 calls": (
        lambda config, layers: layers["last"].update(inbound_nodes=layers["last"]["inbound_nodes"] * 2000),
        "more than 1,024 times",
    ),
    "4,096 calls through models inside": (nest, "more than 1,024 times"),
    "a name twice": (lambda config, layers: config["layers"].append(layers["last"]), "two layers of one name"),
    "another name": (lambda config, layers: layers["last"].update(name="other"), "which is not that of its config"),
    "nested outputs": (lambda config, layers: config.update(output_layers=[[["last", 0, 0]]]), "are nested"),
    "outputs null": (lambda config, layers: config.update(output_layers=None), "output_layers are None"),
    "another key": (lambda config, layers: config.update(code="os"), "which Keras's Functional has not"),
    "code in a layer inside": (
        lambda config, layers: layers["inner"]["config"]["layers"][1]["config"].update(
            activation={"class_name": "__lambda__", "config": {"value": "4wEA"}}
        ),
        "the code of a lambda",
    ),
}


@pytest.mark.parametrize("recipe", HOSTILE)
def test_configurations_that_are_refused(tmp_path, recipe):
    change, message = HOSTILE[recipe]
    path = tmp_path / "hostile.keras"
    path.write_bytes(forged(change))
    error = refusal_message(numba_lstm.load_model, path)
    assert message in error, error
