"""Every kernel of the CUDA package with one launch, found by calling the ops on a device that only records launches."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from numba_lstm.kernels import cuda as ops
from numba_lstm.kernels.cuda.runtime import driver
from numba_lstm.kernels.cuda.runtime.compiler import Kernel
from numba_lstm.kernels.cuda.runtime.protocol import Extent, Properties
from numba_lstm.kernels.op_types import LSTMNoise, LSTMWeights
from numba_lstm.kernels.specs import Activation, Key, LossSpec, LSTMSpec, MetricSpec, UpdateSpec
from numba_lstm.variables import Variable

#: The properties of the recording device.
H100 = Properties("NVIDIA H100", (9, 0), 132, 48 * 1024, 227 * 1024, 65536, cooperative=True, memory=80 * 2**30)

LOSSES = ("mean_squared_error", "mean_absolute_error", "huber", "log_cosh", "binary_crossentropy", "categorical_crossentropy")
RULES = {
    **{"sgd": ("momentum",), "rmsprop": ("v",), "adagrad": ("s",), "adam": ("m", "v"), "nadam": ("m", "v")},
    **{"adadelta": ("s", "d"), "adamax": ("m", "n"), "lion": ("m",), "ftrl": ("s", "z"), "average": ("a",)},
}


@dataclass(frozen=True)
class Launch:
    """A kernel with the sizes of one launch."""

    kernel: Kernel
    threads: int
    shared: int  #: bytes of dynamic shared memory
    blocks: int
    cooperative: bool


@dataclass(frozen=True)
class _ShapeOnly:
    """A buffer without numbers."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def nbytes(self) -> int:
        return self.size * self.dtype.itemsize

    def reshape(self, *shape: int) -> _ShapeOnly:
        known = math.prod(n for n in shape if n >= 0)
        return replace(self, shape=tuple(n if n >= 0 else self.size // known for n in shape))

    def __getitem__(self, rows: slice) -> _ShapeOnly:
        return replace(self, shape=(len(range(*rows.indices(self.shape[0]))), *self.shape[1:]))


class Recorder:
    """A :class:`numba_lstm.kernels.cuda.runtime.protocol.Driver` that records launches, computes nothing, and returns zeros."""

    properties = H100

    def __init__(self) -> None:
        self.launches: dict[str, Launch] = {}

    def empty(self, shape: Extent, dtype: Any) -> _ShapeOnly:
        return _ShapeOnly((shape,) if isinstance(shape, int) else tuple(shape), np.dtype(dtype))

    def upload(self, host: npt.NDArray[Any]) -> _ShapeOnly:
        return self.empty(host.shape, host.dtype)

    def send(self, host: npt.NDArray[Any], dtype: Any) -> _ShapeOnly:
        return self.empty(host.shape, dtype)

    def download(self, buffer: _ShapeOnly) -> npt.NDArray[Any]:
        return np.zeros(buffer.shape, buffer.dtype)

    def launch(
        self, kernel: Kernel, blocks: Extent, threads: Extent, args: Any, shared: int = 0, cooperative: bool = False
    ) -> None:
        launch = Launch(kernel, int(np.prod(threads)), shared, int(np.prod(blocks)), cooperative)
        number = sum(name == kernel.name or name.startswith(f"{kernel.name} ") for name in self.launches)
        if all(kernel is not other.kernel for other in self.launches.values()):
            self.launches[f"{kernel.name} {number + 1}" if number else kernel.name] = launch

    def resident_blocks(self, kernel: Kernel, threads: Extent, shared: int = 0) -> int:
        return self.properties.multiprocessors

    def synchronize(self) -> None:
        pass


def launches() -> dict[str, Launch]:
    """Return a launch of each kernel by its name, numbered if several kernels share it, in the order of first launches."""
    recorder = Recorder()
    before = driver.bind(recorder)
    try:
        for dtype in ("float32", "float64"):
            _lstms(dtype)
            _layers(dtype)
            _training(dtype)
    finally:
        driver.bind(before)
    return recorder.launches


def _array(shape: tuple[int, ...], dtype: Any) -> Any:
    return ops.asarray(np.zeros(shape, dtype), dtype)


def _weight(shape: tuple[int, ...], dtype: str) -> Variable:
    return Variable(np.zeros(shape, dtype))


def _lstm(dtype: str, N: int, T: int, D: int, H: int, *, spec: LSTMSpec, every: bool = False) -> None:
    """Make one training and one inference call. ``every`` uses all options."""
    P = H // 2 if every else H
    weights = [_weight(shape, dtype) for shape in ((D, 4 * H), (P, 4 * H), (4 * H,))]
    others = [(3, H), (H, P), (4 * H,), (4 * H,), (2, H)]
    all_ = LSTMWeights(*weights, *([_weight(shape, dtype) for shape in others] if every else ()))
    noise = LSTMNoise(*(_array(s, dtype) for s in ((4, N, D), (4, N, P))), *(_array((T, N, n), bool) for n in (P, H)))
    x, mask = _array((T, N, D), dtype), _array((T, N), bool) if every else None
    options = {"mask": mask, "noise": noise if every else None}
    out = ops.lstm_forward(x, all_, None, None, spec, sequences=True, training=True, **options)
    ops.lstm_backward(out.tape, out.y, out.h, out.c, need_dx=True)
    ops.lstm_forward(x, all_, None, None, spec, mask=mask)


def _lstms(dtype: str) -> None:
    plain = LSTMSpec()
    _lstm(dtype, 32, 2, 8, 50, spec=plain)
    _lstm(dtype, 32, 2, 8, 50, spec=LSTMSpec(clip=1.0, coupled=True, zoneout=(0.1, 0.1)), every=True)
    if dtype == "float32":
        for N, H in ((1, 50), (1024, 64), (32, 128), (1024, 128), (64, 512), (16, 1024)):
            _lstm(dtype, N, 8, 8, H, spec=plain)
    weights = LSTMWeights(*(_weight(s, dtype) for s in ((4, 200), (50, 200), (200,))))  # a step of a stream
    h = ops.lstm_forward(_array((1, 1, 4), dtype), weights, None, None, plain).h
    y, _ = ops.dense_forward(h, _weight((50, 3), dtype), None, Activation("tanh"))
    ops.activation_forward(y, Activation("softmax"))


def _layers(dtype: str) -> None:
    x, mask, key = _array((6, 32, 8), dtype), _array((6, 32), bool), Key(1)
    for name in ("tanh", "softmax"):
        _, tape = ops.dense_forward(x, _weight((8, 5), dtype), _weight((5,), dtype), Activation(name), training=True)
        ops.dense_backward(tape, _array((6, 32, 5), dtype), need_dx=True)
        _, tape = ops.activation_forward(x, Activation(name), training=True)
        ops.activation_backward(tape, x)
    wide = _array((2048, 1024), dtype)
    _, tape = ops.dense_forward(wide, _weight((1024, 1024), dtype), _weight((1024,), dtype), Activation(), training=True)
    ops.dense_backward(tape, wide, need_dx=True)
    _, tape = ops.dropout_forward(x, 0.5, key)
    ops.dropout_backward(tape, x)
    ops.noise_forward(x, 0.1, key)
    _, tape = ops.embedding_forward(_array((6, 32), np.int64), _weight((9, 8), dtype), training=True)
    ops.embedding_backward(tape, x)
    gamma, beta = _weight((8,), dtype), _weight((8,), dtype)
    _, tape = ops.layer_norm_forward(x, gamma, beta, 1e-3, training=True)
    ops.layer_norm_backward(tape, x, need_dx=True)
    for momentum, of in ((None, None), (0.9, None), (0.9, mask)):
        moving = _weight((8,), dtype), _weight((8,), dtype)
        _, tape = ops.batch_norm_forward(x, gamma, beta, *moving, 1e-3, momentum=momentum, mask=of, training=True)
        ops.batch_norm_backward(tape, x, need_dx=True)
    ops.flip(x), ops.flip(mask), ops.add(x, x), ops.multiply(x, x), ops.multiply(mask, mask), ops.scale(x, 2.0)
    ops.split(ops.concat([x, x]), [8, 8])
    ops.reshape(x, (3, 16)), ops.sum_steps(ops.repeat(x[:1].reshape(32, 8), 6))
    ops.not_equal(x, 0.0), ops.steps_not_equal(x, 0.0), ops.zero_masked(x, mask)


def _training(dtype: str) -> None:
    y, classes, weight = _array((32, 5), dtype), _array((32,), np.int64), _array((32,), dtype)
    for name in LOSSES:
        for logits in (False, True) if name.endswith("crossentropy") else (False,):
            ops.loss(y, y, LossSpec(name, from_logits=logits), weight=weight, gradient=True)
    ops.loss(y, classes, LossSpec("sparse_categorical_crossentropy"), gradient=True)
    for name in ("mean_squared_error", "mean_absolute_error", "binary_accuracy", "categorical_accuracy"):
        ops.metric(y, y, MetricSpec(name), weight=weight)
    ops.metric(y, classes, MetricSpec("sparse_categorical_accuracy"))
    for bound in ("clipnorm", "global_clipnorm", "clipvalue"):
        ops.clip_gradients([y], **{bound: 1.0})
    for rule, slots in RULES.items():
        slot_weights = [_weight((32, 5), dtype) for _ in slots]
        spec = UpdateSpec(rule, momentum=0.9 if rule == "sgd" else 0.0, slots=slots)
        ops.update([_weight((32, 5), dtype)], [y], [slot_weights], spec, step=1, rate=0.1)
