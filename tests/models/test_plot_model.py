"""plot_model: an SVG file with a box for each layer and a curve for each connection."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from numba_lstm import Input, Model, Sequential
from numba_lstm.layers import LSTM, Dense
from numba_lstm.utils import plot_model

SVG = "{http://www.w3.org/2000/svg}"


def build():
    first, second = Input((5, 3), name="first"), Input((4, 2), name="<second>")
    _, h, c = LSTM(4, return_state=True, name="encoder")(first)
    inner = Sequential([Input((4,)), Dense(2, "tanh", name="deep", trainable=False)], name="inner")
    shared = Dense(4, name="shared")
    return Model([first, second], inner(shared(shared(LSTM(4, name="decoder")(second, initial_state=[h, c])))))


def boxes(root):
    """The text and the frame of each box."""
    found = {}
    for group in root.iter(f"{SVG}g"):
        frame = {key: float(group.find(f"{SVG}rect").get(key)) for key in ("x", "y", "width", "height")}
        found[group.find(f"{SVG}text").text.split(" ")[0]] = ([text.text for text in group.iter(f"{SVG}text")], frame)
    return found


@pytest.mark.parametrize("rankdir", ["TB", "BT", "LR", "RL"])
def test_boxes_and_connections(tmp_path, rankdir):
    text = plot_model(build(), tmp_path / "m.svg", show_shapes=True, rankdir=rankdir)
    assert (tmp_path / "m.svg").read_text() == text
    root = ElementTree.fromstring(text)
    found = boxes(root)
    assert set(found) == {"first", "encoder", "<second>", "decoder", "shared", "inner"}
    assert found["encoder"][0] == ["encoder (LSTM)", "(None, 4), (None, 4), (None, 4)"]
    edges = {path.get("data-edge") for path in root.iter(f"{SVG}path") if path.get("data-edge")}
    assert edges == {"first encoder", "<second> decoder", "encoder decoder", "decoder shared", "shared inner"}
    axis, size = ("y", "height") if rankdir in ("TB", "BT") else ("x", "width")
    for edge in edges:
        one, other = (found[name][1] for name in (edge.split(" ") if rankdir in ("TB", "LR") else reversed(edge.split(" "))))
        assert one[axis] + one[size] < other[axis]
    frames = [frame for _, frame in found.values()]
    assert all(f["x"] >= 0 and f["x"] + f["width"] <= float(root.get("width")) for f in frames)
    assert all(f["y"] >= 0 and f["y"] + f["height"] <= float(root.get("height")) for f in frames)


def test_what_boxes_say(tmp_path):
    options = {"show_dtype": True, "show_layer_names": False, "show_layer_activations": True, "show_trainable": True}
    inner = build().get_layer("inner")
    text = plot_model(inner, tmp_path / "m.svg", **options)
    assert [one.text for one in ElementTree.fromstring(text).iter(f"{SVG}text")] == [
        "InputLayer",
        *("Dense", "float32", "activation: tanh", "not trainable"),
    ]
    nested = plot_model(build(), tmp_path / "m.svg", expand_nested=True)
    assert "· deep (Dense)" in nested


def test_an_svg_file_is_written_in_place_of_a_picture(tmp_path):
    with pytest.warns(UserWarning, match=r"model\.svg' is written in place of '.*model\.png'"):
        text = plot_model(build(), tmp_path / "model.png")
    assert [path.name for path in tmp_path.iterdir()] == ["model.svg"]
    assert (tmp_path / "model.svg").read_text() == text


def test_wrong_arguments(tmp_path):
    for model, options, message in (
        (build(), {"to_file": "model.gif"}, "writes .svg files"),
        (build(), {"to_file": tmp_path / "m.svg", "rankdir": "up"}, "rankdir must be one of"),
        (Sequential([Dense(2)]), {"to_file": tmp_path / "m.svg"}, "is not built yet"),
    ):
        with pytest.raises(ValueError, match=message):
            plot_model(model, **options)
    assert list(tmp_path.iterdir()) == []
