"""Modules of PyTorch with the layers and the weights of functional models of the examples."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from benchmarks.examples.torch_modules import Padded, bidirectional, embedding, run, weights_of
from benchmarks.peers.torch_models import linear, recurrent
from numba_lstm import layers as ours


class Moments(nn.Module):
    """An LSTM, dropout, and two dense layers for means and variances (the example stocks)."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        lstm, drop, *heads = (layer for layer in model.layers if isinstance(layer, (ours.LSTM, ours.Dropout, ours.Dense)))
        self.lstm, self.drop = recurrent(weights_of(lstm)), nn.Dropout(drop.rate)
        self.heads = nn.ModuleList(linear(weights_of(head)) for head in heads)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        h = self.drop(self.lstm(x)[1][0][0])
        return torch.cat([head(h) for head in self.heads], dim=1)


class Forecaster(nn.Module):
    """Two LSTMs, the second of which goes on over the future, and quantiles that cannot cross (the example temperatures)."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        encoder, decoder = (layer for layer in model.layers if isinstance(layer, ours.LSTM))
        middle, distances, sums = (layer for layer in model.layers if isinstance(layer, ours.Dense))
        self.encoder, self.decoder = recurrent(weights_of(encoder)), recurrent(weights_of(decoder))
        self.middle, self.distances = linear(weights_of(middle)), linear(weights_of(distances))
        self.sums = weights_of(sums)[0]
        self.drop = nn.Dropout(next(layer.rate for layer in model.layers if isinstance(layer, ours.Dropout)))

    def forward(self, past: torch.Tensor, future: torch.Tensor) -> torch.Tensor:
        y, _ = self.decoder(future, self.encoder(past)[1])
        joined = torch.cat([self.drop(y), future], dim=2)
        distances = nn.functional.softplus(self.distances(joined))
        return torch.cat([self.middle(joined), distances], dim=2) @ self.sums


class Attending(nn.Module):
    """An encoder, and a decoder that attends to it by dot products (the examples dates and translation)."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        weights = {layer.name: weights_of(layer) for layer in model.layers}
        self.source, self.target = embedding(weights["source_embedding"]), embedding(weights["target_embedding"])
        self.encoder, self.decoder = bidirectional(weights["encoder"]), recurrent(weights["decoder"])
        self.mix, self.out = linear(weights["mix"]), linear(weights["next_token"])
        self.drop = nn.Dropout(next(layer.rate for layer in model.layers if isinstance(layer, ours.Dropout)))

    def forward(self, source: torch.Tensor, before: torch.Tensor) -> torch.Tensor:
        memory, (h, c) = run(self.encoder, self.source(source), Padded.lengths(source))
        states = [state.transpose(0, 1).flatten(1)[None].contiguous() for state in (h, c)]
        y, _ = self.decoder(self.target(before), tuple(states))
        scores = (y @ memory.transpose(1, 2)).masked_fill((source == 0)[:, None], -torch.inf)
        context = torch.softmax(scores, dim=-1) @ memory
        return self.out(self.drop(torch.tanh(self.mix(torch.cat([y, context], dim=2)))))


#: Modules of the problems whose models are not Sequential, by name.
GRAPHS: dict[str, Callable[[Any], nn.Module]] = {
    "stocks": Moments,
    "temperatures": Forecaster,
    "dates": Attending,
    "translation": Attending,
}
