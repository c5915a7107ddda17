"""Selection of the algorithm of an LSTM by shape, options and the properties of the device."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np

from ...specs import LSTMSpec
from ..runtime import driver
from ..runtime.protocol import Properties
from .call import Call
from .persistent import block_algorithm, grid_algorithm
from .persistent.grid_algorithm import Grid
from .steps import stepwise_algorithm, tiles

#: With fewer steps than this, loading the weights first takes longer than reading them in each step.
MIN_PERSISTENT_STEPS = 4


def choose(N: int, T: int, H: int, dtype: Any, *, plain: bool, properties: Properties) -> ModuleType:
    """Return the module of the algorithm.

    The persistent algorithms, one block for a few rows or a cooperative grid, hold float32 weights on the chip for the whole
    time loop, so the weights must fit. They support ``plain`` traits: activations, masks, clips, peepholes and coupled gates.
    The stepwise algorithm supports everything.
    """
    if not plain or np.dtype(dtype) != np.float32 or T < MIN_PERSISTENT_STEPS:
        return stepwise_algorithm
    if H <= block_algorithm.MAX_UNITS:
        fits = block_algorithm.shape(N, H, properties.multiprocessors).total_shared <= properties.shared_opt_in
        return block_algorithm if fits else stepwise_algorithm
    fits = properties.cooperative and grid_algorithm.shape(N, H, properties) is not None
    return grid_algorithm if fits else stepwise_algorithm


def forward_algorithm(call: Call) -> ModuleType:
    """Return the algorithm of a call."""
    return _resident_or_stepwise(_select(call), lambda: grid_algorithm.forward_grid(call))


def backward_algorithm(call: Call, *, has_dy: bool) -> ModuleType:
    """Return the algorithm of the gradient of a call."""
    return _resident_or_stepwise(_select(call), lambda: grid_algorithm.backward_grid(call, has_dy=has_dy))


def _select(call: Call) -> ModuleType:
    T, N, _, H, _ = call.sizes
    return choose(N, T, H, call.z.dtype, plain=call.traits.plain, properties=driver.current().properties)


def _resident_or_stepwise(module: ModuleType, grid: Callable[[], Grid]) -> ModuleType:
    """Return the module, or the stepwise one if the blocks of the grid cannot all be resident: it would deadlock."""
    if module is grid_algorithm and (resident := (launch := grid()).resident) < launch.blocks:
        warnings.warn(
            f"the GPU holds {resident} of the {launch.blocks} blocks of {launch.kernel!r} at once, so steps go one by one. "
            "See whether other processes share the GPU, or take a smaller batch_size.",
            RuntimeWarning,
            stacklevel=2,
        )
        return stepwise_algorithm
    return module


def lstm_path(N: int, T: int, D: int, H: int, dtype: Any, spec: LSTMSpec, *, training: bool, rows: bool, gatewise: bool) -> str:
    """CUDA: the algorithm and the sizes of its kernels for this shape."""
    properties = driver.current().properties
    plain = not (rows or gatewise or any(spec.zoneout))
    module = choose(N, T, H, dtype, plain=plain, properties=properties)
    if module is block_algorithm:
        block = block_algorithm.shape(N, H, properties.multiprocessors)
        return f"cuda:block:{block.threads}x{block.rows}"
    if module is grid_algorithm:
        grid = grid_algorithm.shape(N, H, properties)
        assert grid is not None
        return f"cuda:grid:{grid.columns}x{-(-N // grid.rows)}x{grid.threads}"
    return f"cuda:steps:{tiles.ROWS}x{tiles.COLUMNS}"
