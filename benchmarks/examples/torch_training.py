"""Trainings of problems in PyTorch, with the losses and the schedule of numba_lstm's models."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from benchmarks.examples.problem import Array, Problem
from benchmarks.examples.torch_graphs import GRAPHS
from benchmarks.examples.torch_modules import Padded, torch_model
from benchmarks.peers.pytorch import EPSILON


def module_of(problem: Problem, model: Any) -> torch.nn.Module:
    """Return a module with the layers and weights of a problem's model."""
    return GRAPHS.get(problem.name, torch_model)(model)


def loss_of(problem: Problem, outputs: torch.Tensor, rows: torch.Tensor, x: list[torch.Tensor]) -> torch.Tensor:
    """Return the loss of the outputs of a batch, its rows of the training set, as the model of the problem has it."""
    y = torch.from_numpy(problem.y[rows.numpy()])
    if problem.loss == "classes":
        losses = functional.cross_entropy(outputs.flatten(0, -2), y.flatten(), reduction="none").view(y.shape)
        return losses.mean() if problem.weights is None else (losses * torch.from_numpy(problem.weights[rows.numpy()])).mean()
    if problem.loss == "mse":
        return functional.mse_loss(outputs, y)
    if problem.loss == "gaussian":
        means, logarithms = outputs.chunk(2, dim=1)
        return (logarithms + (y - means) ** 2 * torch.exp(-logarithms)).mean() / 2
    if problem.loss == "quantiles":
        levels, errors = torch.tensor(problem.levels), y - outputs
        return torch.maximum(levels * errors, (levels - 1) * errors).mean()
    log_p, lengths = torch.log_softmax(outputs, dim=2).transpose(0, 1), Padded.lengths(x[0])
    losses = functional.ctc_loss(log_p, y, lengths, (y != 0).sum(dim=1), reduction="none", zero_infinity=True)
    return losses.mean()


def train(problem: Problem, model: Any, seed: int, orders: Iterable[Array]) -> tuple[float, Array]:
    """Return the seconds of the processor in a training, and the outputs of the test, for classes their probabilities."""
    module = module_of(problem, model).train()
    torch.manual_seed(seed)
    parameters = [p for p in module.parameters() if p.requires_grad]
    optimizer = torch.optim.Adam(parameters, lr=problem.rate, eps=EPSILON, fused=True)
    half = math.pi / problem.steps if problem.decays else 0.0
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda k: (1 + math.cos(half * k)) / 2)
    inputs = [torch.from_numpy(x) for x in problem.x]
    start = time.process_time()
    for order in orders:
        for rows in torch.from_numpy(order).split(problem.batch):
            optimizer.zero_grad()
            batch = [x[rows] for x in inputs]
            loss_of(problem, module(*batch), rows, batch).backward()
            for parameter in parameters if problem.clipnorm else ():
                torch.nn.utils.clip_grad_norm_([parameter], problem.clipnorm)
            optimizer.step()
            schedule.step()
    seconds = time.process_time() - start
    module.eval()
    with torch.inference_mode():
        outputs = module(*(torch.from_numpy(x) for x in problem.x_test))
    return seconds, np.asarray((torch.softmax(outputs, dim=-1) if problem.loss == "classes" else outputs).numpy())
