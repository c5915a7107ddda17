"""Models of PyTorch with the layers and the weights of a Sequential model."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from benchmarks.peers.torch_models import linear, recurrent
from numba_lstm import layers as ours


class LastOutput(nn.Module):
    """A recurrent layer without its states: all outputs, or the last one of each direction."""

    def __init__(self, rnn: Any, sequences: bool) -> None:
        super().__init__()
        self.rnn, self.sequences = rnn, sequences

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y, (h, _) = self.rnn(x)
        return y if self.sequences else h.transpose(0, 1).flatten(1)


class Noise(nn.Module):
    """Normal noise in training."""

    def __init__(self, deviation: float) -> None:
        super().__init__()
        self.deviation = deviation

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.deviation * torch.randn_like(x) if self.training else x


class Frames(nn.Module):
    """Layers of images for each step of videos (N, T, H, W, C). Their outputs are flattened in the order of Keras."""

    def __init__(self, layers: list[nn.Module]) -> None:
        super().__init__()
        self.layers = nn.Sequential(*layers)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        frames = self.layers(x.flatten(0, 1).permute(0, 3, 1, 2))
        return frames.permute(0, 2, 3, 1).reshape(*x.shape[:2], -1)


def bidirectional(weights: list[torch.Tensor]) -> nn.LSTM:
    """Return an LSTM of both directions from the weights of two."""
    forwards, backwards = recurrent(weights), recurrent(weights)
    lstm = nn.LSTM(forwards.input_size, forwards.hidden_size, batch_first=True, bidirectional=True)
    state = forwards.state_dict() | {f"{name}_reverse": value for name, value in backwards.state_dict().items()}
    lstm.load_state_dict(state)
    for name, parameter in lstm.named_parameters():
        parameter.requires_grad_("bias_hh" not in name)  # one bias, as in Keras
    return lstm


def convolution(weights: list[torch.Tensor]) -> nn.Conv2d:
    """Return a convolution of images from a kernel (height, width, C, filters) and a bias."""
    kernel, bias = weights
    layer = nn.Conv2d(kernel.shape[2], kernel.shape[3], tuple(kernel.shape[:2]))
    with torch.no_grad():
        layer.weight.copy_(kernel.permute(3, 2, 0, 1))
        layer.bias.copy_(bias)
    return layer


def torch_model(model: Any) -> nn.Module:
    """Return a module with the layers and weights of ``model``. A softmax at the end is left to the loss."""
    found: list[nn.Module] = []
    frames: list[nn.Module] = []
    for layer in model.layers:
        weights = [torch.from_numpy(weight.copy()) for weight in layer.get_weights()]
        if isinstance(layer, ours.TimeDistributed):
            frames += _of_frame(layer.layer, weights)
            continue
        if frames:
            found.append(Frames(frames))
            frames = []
        found.append(_module(layer, weights))
    return nn.Sequential(*found)


def _of_frame(layer: Any, weights: list[torch.Tensor]) -> list[nn.Module]:
    if isinstance(layer, ours.Conv2D):
        return [convolution(weights), nn.ReLU()]
    if isinstance(layer, ours.MaxPooling2D):
        return [nn.MaxPool2d(layer.pool_size)]
    if isinstance(layer, ours.Flatten):
        return []
    raise TypeError(f"{layer.name} has no counterpart in TimeDistributed. Add it to benchmarks/examples/torch_modules.py.")


def _module(layer: Any, weights: list[torch.Tensor]) -> nn.Module:
    if isinstance(layer, ours.LSTM):
        return LastOutput(recurrent(weights), layer.return_sequences)
    if isinstance(layer, ours.Bidirectional):
        return LastOutput(bidirectional(weights), layer.forward_layer.return_sequences)
    if isinstance(layer, ours.Dense):
        return linear(weights)
    if isinstance(layer, ours.Dropout):
        return nn.Dropout(layer.rate)
    if isinstance(layer, ours.GaussianNoise):
        return Noise(layer.stddev)
    raise TypeError(f"{layer.name} has no counterpart. Add it to benchmarks/examples/torch_modules.py.")
