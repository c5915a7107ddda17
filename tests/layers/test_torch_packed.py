"""Lengths against packed sequences, which PyTorch ran (``golden/torch_packed.py``): layers, directions, states, gradients."""

from __future__ import annotations

import numpy as np
import pytest
from golden import torch_packed
from golden.torch_packed import LENGTHS, D, H, P, T
from tolerances import RECURRENT, assert_close

from numba_lstm import Sequential
from numba_lstm.kernels.specs import Key
from numba_lstm.layers import LSTM, Bidirectional, Input

GOLDEN = np.load(torch_packed.FILE)
MASK = np.arange(T) < np.array(LENGTHS)[:, None]
TOLERANCE = RECURRENT["float64"]


def runs(arguments):
    """PyTorch's names of the runs of each layer, one for each direction."""
    directions = ("", "_reverse") if "bidirectional" in arguments else ("",)
    return [[f"l{layer}{direction}" for direction in directions] for layer in range(arguments.get("num_layers", 1))]


def weights(torch, layers):
    """PyTorch's weights of all runs as ours: kernel, recurrent kernel, the sum of both biases, projection."""
    actual = []
    for run in sum(layers, []):
        actual += [torch[f"weight_ih_{run}"].T, torch[f"weight_hh_{run}"].T, torch[f"bias_ih_{run}"] + torch[f"bias_hh_{run}"]]
        actual += [torch[f"weight_hr_{run}"].T] if f"weight_hr_{run}" in torch else []
    return actual


def states(layers, h, c):
    """PyTorch's states of all runs as a model's: one tuple a layer."""
    pairs = zip(h, c, strict=True)
    return [tuple(state for _ in layer for state in next(pairs)) for layer in layers]


@pytest.fixture(params=torch_packed.CASES)
def case(request):
    """A model with PyTorch's weights, the names of its runs, and what PyTorch found."""
    arguments = torch_packed.CASES[request.param]
    torch = {key.split("/")[1]: GOLDEN[key] for key in GOLDEN.files if key.startswith(f"{request.param}/")}
    layers = runs(arguments)
    stack = [LSTM(H, return_sequences=True, projection=P if "proj_size" in arguments else None) for _ in layers]
    if "bidirectional" in arguments:
        stack = [Bidirectional(layer) for layer in stack]
    model = Sequential([Input((None, D)), *stack], dtype="float64")
    model.set_weights(weights(torch, layers))
    return model, layers, torch


def test_lengths_are_a_packed_sequence(case):
    """PyTorch's padding puts out 0 and has no gradient: outside of lengths ours is not looked at."""
    model, layers, torch = case
    ops = model.ops

    def device(h, c):
        return [tuple(ops.asarray(state, "float64") for state in pair) for pair in states(layers, torch[h], torch[c])]

    x, dy = (ops.gather(a, slice(None), "float64") for a in (torch["x"], torch["dy"] * MASK[..., None]))
    result = model.forward(x, True, Key(0), ops.asarray(np.ascontiguousarray(MASK.T), bool), device("h0", "c0"))
    back = model.backward(result.tapes, dy, device("dh", "dc"), need_dx=True)

    gradients = {name.removeprefix("grad_"): a for name, a in torch.items() if name.startswith("grad_")}
    gradients |= {name: np.zeros_like(a) for name, a in gradients.items() if "bias_hh" in name}  # both biases have the same one
    y = ops.to_host(result.y).swapaxes(0, 1) * MASK[..., None]
    actual = [y, back.dx, *back.weights, *sum(result.states, ()), *sum(back.states, ())]
    expected = [torch["y"], gradients["x"].swapaxes(0, 1), *weights(gradients, layers)]
    expected += [*sum(states(layers, torch["h"], torch["c"]), ()), *sum(states(layers, gradients["h0"], gradients["c0"]), ())]
    for ours, theirs in zip(actual, expected, strict=True):
        assert_close(ops.to_host(ours), theirs, TOLERANCE)
