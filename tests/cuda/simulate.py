"""Runs ops on small shapes in the simulator of Numba, where an index out of bounds is an error. A test starts it in a process.

It covers kernels without shuffles, which the simulator lacks.
"""

from __future__ import annotations

import os

os.environ["NUMBA_ENABLE_CUDASIM"] = "1"  # read when Numba is first imported

import numpy as np  # noqa: E402
from numba.cuda.simulator import kernel as simulator  # noqa: E402

from numba_lstm.kernels.cuda.runtime import compiler, driver  # noqa: E402


class Inside:
    """``cuda`` for the kernels of all modules: the simulator replaces it in one module only, during the call of one thread."""

    jit = staticmethod(compiler.cuda.jit)

    def __getattr__(self, name):
        return getattr(simulator._get_kernel_context(), name)


compiler.cuda = Inside()


class Simulator:
    """The part of Driver that these ops need."""

    def empty(self, shape, dtype):
        return np.empty(shape, dtype)

    def upload(self, host):
        return host.copy()

    def send(self, host, dtype):
        return host.astype(dtype)

    def download(self, buffer):
        return buffer.copy()

    def launch(self, kernel, blocks, threads, args, shared=0, cooperative=False):
        simulator.FakeCUDAKernel(kernel.function, device=False)[blocks, threads, 0, shared](*args)


def check(name, found, expected):
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6, err_msg=name)


def main():
    from numba_lstm.kernels.cuda.arrays import arrays, shapes
    from numba_lstm.kernels.cuda.gemm import gemm
    from numba_lstm.kernels.cuda.training.update import update
    from numba_lstm.kernels.specs import UpdateSpec
    from numba_lstm.variables import Variable

    driver.bind(Simulator())
    rng = np.random.default_rng(1)
    x, mask = rng.standard_normal((3, 2, 5)).astype("float32"), rng.random((3, 2)) < 0.5
    check("flip", arrays.flip(x), x[::-1])
    check("concat", arrays.concat([x, x[..., :2].copy()]), np.concatenate([x, x[..., :2]], -1))
    check("split", arrays.split(x, [2, 3])[1], x[..., 2:])
    check("sum_steps", arrays.sum_steps(x), x.sum(0))
    check("zero_masked", arrays.zero_masked(x, mask), x * mask[..., None])
    check("reshape", shapes.reshape(x, (15,)), x.swapaxes(0, 1).reshape(2, 15))

    for M, N, K in ((3, 5, 7), (1, 1, 1), (33, 2, 17)):
        a, b = rng.standard_normal((M, K)).astype("float32"), rng.standard_normal((K, N)).astype("float32")
        check("product", gemm.product(a, b, b[0].copy()), a @ b + b[0])
        check("product_nt", gemm.product_nt(a, b.T.copy()), a @ b)
        check("product_tn", gemm.product_tn(a.T.copy(), b), a @ b)

    weight, slots = Variable(x[0]), [Variable(x[1]), Variable(x[2] ** 2)]
    update([weight], [x[1].copy()], [slots], UpdateSpec("adam"), step=1, rate=0.1)
    assert weight.value.shape == (2, 5)


if __name__ == "__main__":
    main()
