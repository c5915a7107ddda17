"""Warm-up: compiles the kernels of a model before its first call."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from .console.progress import Bar
from .device import compile_thread_pool, keep_kernels
from .inputs.target_shapes import takes_labels, target_shape
from .layers.cells import quantizable_cells
from .losses import Loss
from .models.model import Model
from .philox import Stream
from .training.data.several import validate_inputs

#: Samples of a batch that takes the kernels of any larger one: gradients of weights are then sums of groups of rows.
MANY = 32


def warmup(model: Model, training: bool = True, verbose: bool = True, cache: str | os.PathLike[str] | None = None) -> None:
    """Compile, or load from disk, every kernel that ``model`` will need. The model is not changed.

    A copy of the model computes batches of zeros, of one sample and of many, since one row takes other kernels than many. It
    runs them by plans and op by op, as the first batches of a shape run before they have a plan. Kernels of several threads are
    compiled also where there is one: another machine may have more.

    Parameters
    ----------
    model : Model
        A built model, compiled by ``model.compile`` if ``training``.
    training : bool
        Compile training steps too, not only inference and streams. A quantized model has none.
    verbose : bool
        Draw a progress bar.
    cache : path, optional
        Folder of compiled kernels, for all kernels of this process, earlier ones too. A program whose environment variable
        ``NUMBA_LSTM_CACHE_DIR`` names the folder loads them from there and needs no permission to write, so a Docker image can
        contain them. They fit this processor, and these versions of numba_lstm, Numba and Python.

    Raises
    ------
    ValueError
        For a model that is not built, for ``training`` of a model that is not compiled, and for ``cache`` of a model that does
        not compute on the CPU.
    OSError
        If the folder cannot be created or written.
    """
    if not model.built:
        raise ValueError(f"{model.name} is not built yet. Call it on data, or add an Input, before warmup.")
    cells = [cell for layer in model.layers for cell in quantizable_cells(layer)]
    training = training and not any(cell.quantization for cell in cells)
    if training and model.optimizer is None:
        raise ValueError(f"{model.name} is not compiled yet. Call model.compile(...) first, or warmup(model, training=False).")
    if cache is not None:
        if model.device != "cpu":
            raise ValueError(f"cache= is a folder for kernels of the CPU, and {model.name} computes on {model.device!r}.")
        keep_kernels(cache)
    duplicate = copy.deepcopy(model)
    duplicate.random = Stream(0)  # else its stream would be seeded from the default stream
    steps: list[Callable[[], object]] = [compile_thread_pool] if model.device == "cpu" else []
    steps += _inference(duplicate) + (_training(duplicate) if training else [])
    bar = Bar(f"Warming up {model.name}", len(steps)) if verbose else None
    for count, step in enumerate(steps, 1):
        step()
        if bar is not None:
            bar.draw(count, {})
    if bar is not None:
        bar.finish(len(steps), {})


def _zeros(model: Model, rows: int) -> Any:
    """Return ``rows`` samples of zeros, of two steps if the number of steps is free, or a tuple of those of several inputs."""
    arrays = [np.zeros((rows, *(2 if size is None else size for size in x.shape[1:])), model.dtype) for x in model.inputs]
    return arrays[0] if model.has_one_input else tuple(arrays)


def _inference(model: Model) -> list[Callable[[], object]]:
    steps: list[Callable[[], object]] = []
    for x in (_zeros(model, 1), _zeros(model, MANY)):
        steps += [
            partial(model, x),
            partial(model, x),
            partial(_run_ops, model, x),
        ]  # a second shape has a plan when it comes again
    if model.has_one_input and len(model.input_shape) == 3:
        steps.append(lambda: _stream(model))
    return steps


def _run_ops(model: Model, x: Any) -> None:
    arrays = model.validate_input(x) if model.has_one_input else validate_inputs(model, x).x
    model.forward(model.gather(model.ops, arrays, slice(None)))


def _stream(model: Model) -> None:
    try:
        stream = model.stream()
    except NotImplementedError:  # the model has a layer without streams
        return
    stream.step(_zeros(model, 1)[0, 0])


def _target(loss: Loss | None, y: np.ndarray) -> np.ndarray | None:
    """Return a target of zeros for an output; None without a loss."""
    if loss is None:
        return None
    shape = [1 if size is None else size for size in target_shape(loss.spec, y.shape)]
    return np.zeros(shape, np.int64 if takes_labels(loss.spec) else y.dtype)


def _training(model: Model) -> list[Callable[[], object]]:
    def step(rows: int) -> None:
        x = _zeros(model, rows)
        ys = model(x)
        outputs = [ys] if model.has_one_output else list(ys.values()) if isinstance(ys, dict) else ys
        targets = [_target(output.loss, y) for output, y in zip(model.compiled_outputs, outputs, strict=True)]
        model.train_on_batch(x, targets[0] if model.has_one_output else targets)

    assert model.optimizer is not None
    # A second shape has a plan when it comes again. The first update comes with the last gradient that is accumulated, and
    # averages move on after it.
    updates = (model.optimizer.gradient_accumulation_steps or 1) + model.optimizer.use_ema
    return [*[lambda: step(1)] * 2, *[lambda: step(MANY)] * max(2, updates)]
