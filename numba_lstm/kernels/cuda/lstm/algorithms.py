"""Which way an LSTM goes through its steps: the only place that chooses, by shape, options and what the device reports."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np

from ...specs import LSTMSpec
from ..runtime import driver
from ..runtime.driver import Properties
from .call import Call
from .persistent import block_algorithm, grid_algorithm
from .persistent.grid_algorithm import Grid
from .steps import stepwise_algorithm, tiles

#: With fewer steps than this, loading the weights first takes longer than reading them in each step.
FEW_STEPS = 4


def choose(N: int, T: int, H: int, dtype: Any, *, plain: bool, properties: Properties) -> ModuleType:
    """The module that does the steps.

    One block a few rows, or a cooperative grid, keep float32 weights on the chip for the whole time loop: so they have to fit.
    They take what ``plain`` allows: activations, masks, clips, peepholes and coupled gates. All else goes the general way.
    """
    if not plain or np.dtype(dtype) != np.float32 or T < FEW_STEPS:
        return stepwise_algorithm
    if H <= block_algorithm.MOST_UNITS:
        fits = block_algorithm.shape(N, H, properties.multiprocessors).all_shared <= properties.shared_opt_in
        return block_algorithm if fits else stepwise_algorithm
    fits = properties.cooperative and grid_algorithm.shape(N, H, properties) is not None
    return grid_algorithm if fits else stepwise_algorithm


def forward_way(call: Call) -> ModuleType:
    """That of a call."""
    return _checked(_chosen(call), lambda: grid_algorithm.forward_grid(call))


def backward_way(call: Call, *, has_dy: bool) -> ModuleType:
    """That of a call's gradient."""
    return _checked(_chosen(call), lambda: grid_algorithm.backward_grid(call, has_dy=has_dy))


def _chosen(call: Call) -> ModuleType:
    T, N, _, H, _ = call.sizes
    return choose(N, T, H, call.z.dtype, plain=call.how.plain, properties=driver.current().properties)


def _checked(module: ModuleType, grid: Callable[[], Grid]) -> ModuleType:
    """The module; but a grid whose blocks would wait for others that do not run is not launched."""
    if module is grid_algorithm and (resident := (made := grid()).resident) < made.blocks:
        warnings.warn(
            f"the GPU holds {resident} of the {made.blocks} blocks of {made.kernel!r} at once, so steps go one by one. "
            "See whether other processes share the GPU, or take a smaller batch_size.",
            RuntimeWarning,
            stacklevel=2,
        )
        return stepwise_algorithm
    return module


def lstm_path(N: int, T: int, D: int, H: int, dtype: Any, spec: LSTMSpec, *, training: bool, rows: bool, gatewise: bool) -> str:
    """CUDA twin: the way, and the sizes that its kernels have for this shape."""
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
