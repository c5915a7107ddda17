"""The real driver of this package and numba.cuda, on a stub of CUDA's driver library: no GPU, and kernels do nothing."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent

sys.path.append(str(HERE.parents[1] / "kernels"))

LAUNCHES, CALLS, COPIES, ALLOCATIONS, WAITS = range(5)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip these tests in a run with others: the stub takes the place of the driver in the whole process."""
    arguments = [Path(argument.partition("::")[0]).resolve() for argument in config.args]
    alone = all(path == HERE or HERE in path.parents for path in arguments)
    for item in items:
        if HERE in item.path.parents and not alone:
            item.add_marker(pytest.mark.skip(reason="runs alone: pytest tests/gpu/driver_stub"))


class Stub:
    """The loaded stub."""

    def __init__(self, path: Path) -> None:
        self.library = ctypes.CDLL(str(path), ctypes.RTLD_GLOBAL)
        self.library.stub_count.restype = ctypes.c_int64
        self.library.stub_message.restype = ctypes.c_char_p
        self.library.stub_set_memory.argtypes = [ctypes.c_uint64]
        self.library.stub_opt_ins.argtypes = [ctypes.c_void_p]
        for function in (self.library.stub_launch, self.library.stub_launched_kernel):
            function.argtypes, function.restype = [ctypes.c_int64], ctypes.c_void_p

    def count(self, which: int) -> int:
        """Return the number of launches, calls, copies, allocations or waits."""
        return int(self.library.stub_count(which))

    def last_launch(self) -> tuple[list[int], int, list[int]]:
        """Return blocks and threads along x, y and z, bytes of shared memory, and arguments as words of the last launch."""
        return self._launch(self.count(LAUNCHES) - 1)

    def launches(self, function: Callable[[], object]) -> list[tuple[int, tuple[list[int], int, list[int]]]]:
        """Return the kernels of the launches that a function makes, as addresses, with their sizes and arguments."""
        first = self.count(LAUNCHES)
        function()
        indices = range(first, self.count(LAUNCHES))
        return [(self.library.stub_launched_kernel(index), self._launch(index)) for index in indices]

    def _launch(self, index: int) -> tuple[list[int], int, list[int]]:
        address = self.library.stub_launch(index)
        sizes, shared, count = (ctypes.c_uint32 * 8).from_address(address)[:6], *(ctypes.c_int32 * 8).from_address(address)[6:]
        return sizes, shared, list((ctypes.c_int64 * count).from_address(address + 32))


@pytest.fixture(scope="session")
def stub(tmp_path_factory: pytest.TempPathFactory) -> Stub:
    """The stub, compiled and loaded under the name of the driver library, so that all others find it."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler")
    library = tmp_path_factory.mktemp("driver") / "libcuda.so.1"
    flags = ["-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", "-Wno-unused-parameter", "-Wl,-soname,libcuda.so.1"]
    subprocess.run([compiler, *flags, "-o", str(library), str(HERE / "driver_stub.c"), "-ldl"], check=True)
    loaded = Stub(library)
    from numba_lstm.device import obstacle

    missing = obstacle()
    if missing is not None:
        pytest.skip(f"numba.cuda compiles no kernels here: {missing}")
    return loaded


@pytest.fixture
def device(stub: Stub) -> Iterator[Any]:
    """The driver of this package on the stub, with its kernels."""
    from numba_lstm.kernels.cuda.runtime import driver

    yield driver.current()
    stub.library.stub_set_memory(2**31)


@pytest.fixture
def ops(device: Any) -> Any:
    """The ops of the GPU."""
    from numba_lstm.kernels import cuda

    return cuda
