"""The models of :mod:`.kinds` as modules of PyTorch, with the weights of a problem."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import nn

from . import kinds
from .problem import Problem

Weights = list[torch.Tensor]
#: The order of the gates of PyTorch, as indices of those of Keras.
ORDER = {kinds.LSTM: (0, 1, 2, 3), kinds.GRU: (1, 0, 2), kinds.SIMPLE_RNN: (0,)}
MODULES: dict[str, Callable[..., Any]] = {kinds.LSTM: nn.LSTM, kinds.GRU: nn.GRU, kinds.SIMPLE_RNN: nn.RNN}


def recurrent(weights: Weights, kind: str = kinds.LSTM) -> Any:
    """Return a recurrent layer with the next three weights. Where Keras has one bias, the second one stays zero."""
    W, U, b = (weights.pop(0) for _ in range(3))
    layer = MODULES[kind](len(W), len(U), batch_first=True)

    def gates(w: torch.Tensor) -> torch.Tensor:
        blocks = w.chunk(len(ORDER[kind]), dim=-1)
        return torch.cat([blocks[gate] for gate in ORDER[kind]], dim=-1)

    with torch.no_grad():
        layer.weight_ih_l0.copy_(gates(W).T)
        layer.weight_hh_l0.copy_(gates(U).T)
        layer.bias_ih_l0.copy_(gates(b if b.ndim == 1 else b[0]))
        if b.ndim == 1:
            layer.bias_hh_l0.zero_().requires_grad_(False)
        else:
            layer.bias_hh_l0.copy_(gates(b[1]))
    return layer


def linear(weights: Weights) -> nn.Linear:
    """Return a dense layer with the next two weights."""
    V, d = weights.pop(0), weights.pop(0)
    layer = nn.Linear(*V.shape)
    with torch.no_grad():
        layer.weight.copy_(V.T)
        layer.bias.copy_(d)
    return layer


def cell(lstm: nn.LSTM) -> nn.LSTMCell:
    """Return an LSTM as a cell, which takes a third of the time of an ``nn.LSTM`` over one step."""
    result = nn.LSTMCell(lstm.input_size, lstm.hidden_size)
    result.load_state_dict({name.removesuffix("_l0"): value for name, value in lstm.state_dict().items()})
    return result


class Recurrent(nn.Module):
    """A recurrent layer and a dense layer on its last output."""

    def __init__(self, problem: Problem, weights: Weights) -> None:
        super().__init__()
        self.rnn, self.dense = recurrent(weights, problem.model), linear(weights)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        state = self.rnn(x)[1]
        return self.dense((state[0] if isinstance(state, tuple) else state)[0])


class Convolutions(nn.Module):
    """Two convolutions of (N, C, T), which is the layout of PyTorch."""

    def __init__(self, problem: Problem, weights: Weights) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Conv1d(*w.shape[1:], len(w)) for w in weights[::2])
        with torch.no_grad():
            for layer, w, b in zip(self.layers, weights[::2], weights[1::2], strict=True):
                layer.weight.copy_(w.permute(2, 1, 0))
                layer.bias.copy_(b)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layers[1](torch.relu(self.layers[0](x)))


class Autoencoder(nn.Module):
    """Four LSTMs and a dense layer at each step."""

    def __init__(self, problem: Problem, weights: Weights) -> None:
        super().__init__()
        self.lstms = nn.ModuleList(recurrent(weights) for _ in range(4))
        self.dense, self.T = linear(weights), problem.shape.T

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        first, second, third, last = self.lstms
        h = second(first(x)[0])[1][0][0]
        return self.dense(last(third(h[:, None].expand(-1, self.T, -1))[0])[0])


class Translation(nn.Module):
    """An encoder-decoder, with dot-product attention if ``attention``; its outputs are logits."""

    def __init__(self, problem: Problem, weights: Weights) -> None:
        super().__init__()
        self.encoder, self.decoder, self.dense = recurrent(weights), recurrent(weights), linear(weights)
        self.attention = problem.model == kinds.ATTENTION

    def forward(self, inputs: Sequence[torch.Tensor]) -> torch.Tensor:
        encoded, states = self.encoder(inputs[0])
        y, _ = self.decoder(inputs[1], states)
        if self.attention:
            scores = torch.softmax(y @ encoded.transpose(1, 2), dim=-1)
            y = torch.cat([y, scores @ encoded], dim=-1)
        return self.dense(y)


class Decoder(nn.Module):
    """An embedding, an LSTM cell and a dense layer, for the next token."""

    def __init__(self, problem: Problem, weights: Weights) -> None:
        super().__init__()
        self.embedding = nn.Embedding.from_pretrained(weights.pop(0))
        self.cell, self.dense = cell(recurrent(weights)), linear(weights)

    def search(self, N: int, T: int) -> torch.Tensor:
        """Return the log probabilities (N, WIDTH) of the best sequences of T tokens, by beam search from token 0."""
        width, H = kinds.WIDTH, self.cell.hidden_size
        tokens, first_rows = torch.zeros(N * width, dtype=torch.long), width * torch.arange(N)[:, None]
        state = torch.zeros(N * width, H), torch.zeros(N * width, H)
        sums, sequences = torch.full((N, width), -torch.inf), torch.empty((N * width, 0), dtype=torch.long)
        sums[:, 0] = 0
        for _ in range(T):
            state = self.cell(self.embedding(tokens), state)
            scores = torch.log_softmax(self.dense(state[0]), dim=-1).view(N, width, -1)
            sums, best = (sums[..., None] + scores).view(N, -1).topk(width)
            rows, tokens = (first_rows + best // scores.shape[-1]).view(-1), (best % scores.shape[-1]).view(-1)
            state = state[0][rows], state[1][rows]
            sequences = torch.cat([sequences[rows], tokens[:, None]], dim=1)
        return sums


_MODELS = {
    kinds.CONVOLUTIONS: Convolutions,
    kinds.AUTOENCODER: Autoencoder,
    kinds.ENCODER_DECODER: Translation,
    kinds.ATTENTION: Translation,
    kinds.DECODER: Decoder,
}


def build(problem: Problem) -> Any:
    """Return the problem's model."""
    return _MODELS.get(problem.model, Recurrent)(problem, [torch.from_numpy(w) for w in problem.weights])
