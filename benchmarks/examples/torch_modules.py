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

    def forward(self, x: torch.Tensor, lengths: torch.Tensor | None = None) -> torch.Tensor:
        y, (h, _) = run(self.rnn, x, lengths)
        return y if self.sequences else h.transpose(0, 1).flatten(1)


def run(rnn: Any, x: torch.Tensor, lengths: torch.Tensor | None) -> tuple[torch.Tensor, tuple[torch.Tensor, torch.Tensor]]:
    """Return outputs and last states of a recurrent layer on sequences of some lengths; outputs beyond them are zeros."""
    if lengths is None:
        return rnn(x)
    packed = nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
    y, states = rnn(packed)
    return nn.utils.rnn.pad_packed_sequence(y, batch_first=True, total_length=x.shape[1])[0], states


class Padded(nn.Module):
    """Says how many steps of a sequence there are, those that are not 0, and returns the sequence as it is."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x

    @staticmethod
    def lengths(x: torch.Tensor) -> torch.Tensor:
        """Return the number of steps of each sequence, (N,)."""
        return (x != 0).sum(dim=1) if x.dim() == 2 else (x != 0).any(dim=2).sum(dim=1)


class Layers(nn.Module):
    """Layers one after the other, of which recurrent ones leave padding out."""

    def __init__(self, layers: list[nn.Module]) -> None:
        super().__init__()
        self.layers = nn.ModuleList(layers)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        lengths = None
        for layer in self.layers:
            if isinstance(layer, Padded):
                lengths = layer.lengths(x)
            x = layer(x, lengths) if isinstance(layer, LastOutput) else layer(x)
        return x


class Standardized(nn.Module):
    """Features with mean 0 and deviation 1, by given statistics."""

    def __init__(self, mean: Any, variance: Any) -> None:
        super().__init__()
        self.mean = torch.tensor(mean, dtype=torch.float32)
        self.deviation = torch.tensor(variance, dtype=torch.float32).sqrt()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return (x - self.mean) / self.deviation


class Causal(nn.Module):
    """A causal convolution of (N, T, C), with a ReLU."""

    def __init__(self, layer: Any, weights: list[torch.Tensor]) -> None:
        super().__init__()
        kernel, bias = weights
        (dilation,) = layer.dilation_rate
        self.padding = (len(kernel) - 1) * dilation
        self.conv = nn.Conv1d(kernel.shape[1], kernel.shape[2], len(kernel), dilation=dilation)
        with torch.no_grad():
            self.conv.weight.copy_(kernel.permute(2, 1, 0))
            self.conv.bias.copy_(bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        padded = nn.functional.pad(x.transpose(1, 2), (self.padding, 0))
        return torch.relu(self.conv(padded)).transpose(1, 2)


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


def weights_of(layer: Any) -> list[torch.Tensor]:
    """Return copies of the weights of a layer."""
    return [torch.from_numpy(weight.copy()) for weight in layer.get_weights()]


def embedding(weights: list[torch.Tensor]) -> nn.Embedding:
    """Return an embedding of tokens."""
    return nn.Embedding.from_pretrained(weights[0], freeze=False)


def torch_model(model: Any) -> nn.Module:
    """Return a module with the layers and weights of a Sequential model. A softmax at the end is left to the loss."""
    found: list[nn.Module] = []
    frames: list[nn.Module] = []
    for layer in model.layers:
        weights = weights_of(layer)
        if isinstance(layer, ours.TimeDistributed):
            frames += _of_frame(layer.layer, weights)
            continue
        if frames:
            found.append(Frames(frames))
            frames = []
        if isinstance(layer, ours.Masking) or getattr(layer, "mask_zero", False):
            found.append(Padded())
        found.append(_module(layer, weights))
    return Layers(found)


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
    if isinstance(layer, ours.Masking):
        return nn.Identity()
    if isinstance(layer, ours.Embedding):
        return embedding(weights)
    if isinstance(layer, ours.Normalization):
        return Standardized(layer.input_mean, layer.input_variance)
    if isinstance(layer, ours.Conv1D):
        return Causal(layer, weights)
    if isinstance(layer, ours.Dropout):
        return nn.Dropout(layer.rate)
    if isinstance(layer, ours.GaussianNoise):
        return Noise(layer.stddev)
    raise TypeError(f"{layer.name} has no counterpart. Add it to benchmarks/examples/torch_modules.py.")
