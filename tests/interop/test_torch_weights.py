"""torch.load_weights: the weights of a whole module go to the layers of a model."""

from __future__ import annotations

import numpy as np
import pytest

from numba_lstm import Input, Model
from numba_lstm.interop import torch
from numba_lstm.layers import GRU, LSTM, BatchNormalization, Bidirectional, Dense, Embedding, LayerNormalization, SimpleRNN

DRAW = np.random.default_rng(3)


def build():
    """A model of all layers that take weights, and their names in a module."""
    layers = {
        "words": Embedding(7, 3, name="words"),
        "rnn": [Bidirectional(LSTM(2, return_sequences=True), name="low"), Bidirectional(LSTM(2), name="high")],
        "norms.0": LayerNormalization(name="layer_norm"),
        "norms.1": BatchNormalization(name="batch_norm"),
        "head": Dense(2, use_bias=False, name="head"),
    }
    x = y = Input((5,))
    for layer in (layers["words"], *layers["rnn"], *list(layers.values())[2:]):
        y = layer(y)
    return Model(x, y), layers


def state_dict(layers):
    """Weights as PyTorch has them in the module."""
    sizes = {"words.weight": (7, 3), "head.weight": (2, 4)}
    for name in ("norms.0.weight", "norms.0.bias", "norms.1.weight", "norms.1.bias"):
        sizes[name] = (4,)
    sizes |= {"norms.1.running_mean": (4,), "norms.1.running_var": (4,)}
    for index, features in enumerate((3, 4)):
        for end in ("", "_reverse"):
            sizes[f"rnn.weight_ih_l{index}{end}"] = (8, features)
            sizes[f"rnn.weight_hh_l{index}{end}"] = (8, 2)
            sizes |= {f"rnn.bias_{kind}_l{index}{end}": (8,) for kind in ("ih", "hh")}
    state = {name: DRAW.normal(size=size).astype("float32") for name, size in sizes.items()}
    return {**state, "norms.1.num_batches_tracked": np.array(3)}


def test_all_weights_arrive():
    _, layers = build()
    state = state_dict(layers)
    torch.load_weights(state, layers)
    high = layers["rnn"][1].backward_layer
    assert np.array_equal(high.kernel.value, state["rnn.weight_ih_l1_reverse"].T)
    assert np.array_equal(high.recurrent_kernel.value, state["rnn.weight_hh_l1_reverse"].T)
    assert np.array_equal(high.bias.value, state["rnn.bias_ih_l1_reverse"] + state["rnn.bias_hh_l1_reverse"])
    assert np.array_equal(layers["head"].kernel.value, state["head.weight"].T)
    assert np.array_equal(layers["words"].embeddings.value, state["words.weight"])
    assert np.array_equal(layers["norms.1"].moving_variance.value, state["norms.1.running_var"])
    assert np.array_equal(layers["norms.0"].beta.value, state["norms.0.bias"])


FAULTS = {
    "left over": (lambda state, layers: state.update({"tail.weight": np.ones((2, 2))}), "tail.weight belong to no layer"),
    "left over in a module": (
        lambda state, _: state.update({"head.bias": np.ones(2)}),
        "bias of 'head' have no counterpart",
    ),
    "missing": (lambda state, layers: state.pop("norms.1.running_mean"), "has no running_mean of 'norms.1'"),
    "a module missing": (lambda state, layers: layers.update({"rnn_2": layers["rnn"]}), "has no weights of 'rnn_2'"),
    "a gate's bias missing": (lambda state, layers: state.pop("rnn.bias_hh_l1"), "'bias_hh_l1' is missing"),
    "another shape": (lambda state, layers: state.update({"head.weight": np.ones((2, 5))}), r"fits \(5, 2\), but head/kernel"),
    "another number of layers": (lambda state, layers: layers.update(rnn=layers["rnn"][:1]), "has 2 layers, got 1"),
    "one direction": (lambda state, layers: layers["rnn"].__setitem__(0, layers["rnn"][0].forward_layer), "has 1 directions"),
    "not built": (lambda state, layers: layers.update(head=Dense(2)), "is not built yet"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_does_not_fit_changes_nothing(fault):
    change, message = FAULTS[fault]
    model, layers = build()
    state, before = state_dict(layers), model.get_weights()
    change(state, layers)
    with pytest.raises(ValueError, match=message):
        torch.load_weights(state, layers)
    assert all(map(np.array_equal, model.get_weights(), before))


def test_a_mapping_takes_units_of_other_kinds():
    data = DRAW.normal(size=(2, 3, 5)).astype("float32")
    layers = {"encoder": Bidirectional(GRU(3, return_sequences=True)), "decoder": SimpleRNN(2), "head": Dense(1)}
    x = y = Input((None, 5))
    for layer in layers.values():
        y = layer(y)
    model = Model(x, y)
    state = {"head.weight": DRAW.normal(size=(1, 2)), "head.bias": DRAW.normal(size=1)}
    modules = (("encoder", "", 9, 5, 3), ("encoder", "_reverse", 9, 5, 3), ("decoder", "", 2, 6, 2))
    for name, end, rows, features, units in modules:
        state[f"{name}.weight_ih_l0{end}"] = DRAW.normal(size=(rows, features))
        state[f"{name}.weight_hh_l0{end}"] = DRAW.normal(size=(rows, units))
        state |= {f"{name}.bias_{kind}_l0{end}": DRAW.normal(size=rows) for kind in ("ih", "hh")}
    state = {name: value.astype("float32") for name, value in state.items()}
    assert torch.load_model(state, layers) is None
    alone = [
        torch.gru(state, "encoder.", return_sequences=True),
        torch.rnn(state, "decoder.", return_sequences=False),
        torch.linear(state, "head."),
    ]
    expected = data
    for one in alone:
        expected = one.to("reference").predict(expected, verbose=0)
    np.testing.assert_allclose(model.to("reference").predict(data, verbose=0), expected, rtol=1e-5, atol=1e-6)
    layers["encoder"] = GRU(3, reset_after=False)
    layers["encoder"](x)
    with pytest.raises(ValueError, match="has reset_after=False, and an nn.GRU resets after the product"):
        torch.load_model(state, layers)


def test_other_layers_are_refused():
    with pytest.raises(TypeError, match="'x' must be an LSTM, a Bidirectional of one"):
        torch.load_weights({}, {"x": Input((3,))})
