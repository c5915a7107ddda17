"""Runs pytest in an environment without CUDA. A test starts it in a separate process.

Opening, loading, listing or running a file of a CUDA toolkit, of the NVIDIA packages or of a driver raises FileNotFoundError.
The last line of the output names the files that were requested.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import Any

import pytest

#: Paths of toolkits, NVIDIA packages and drivers.
CUDA_PATHS = re.compile(
    r"/cuda[-/\d.]*(/|$)|/nvidia/|lib(cuda|cudart|cudadevrt|nvvm|nvrtc|nvJitLink|nvidia-ml)\b|"
    r"\b(nvcc|ptxas|nvdisasm|cuobjdump|nvidia-smi)$|libdevice.*\.bc$"
)
OURS = re.compile(r"(^|/)(numba|numba_lstm|numba_cuda|tests|benchmarks)(/|$)")
WATCHED = ("open", "os.listdir", "os.scandir", "glob.glob", "ctypes.dlopen", "subprocess.Popen")
tried: list[str] = []


def refuse(event: str, arguments: tuple[Any, ...]) -> None:
    """The audit hook."""
    if event not in WATCHED or not isinstance(arguments[0], (str, bytes, os.PathLike)):
        return
    path = os.fsdecode(arguments[0])
    if CUDA_PATHS.search(path) and not OURS.search(path):
        tried.append(path)
        raise FileNotFoundError(f"{path} is hidden")


def main(arguments: list[str]) -> int:
    """Hide CUDA, check that it is hidden, and run pytest."""
    for name in [name for name in os.environ if name.startswith(("CUDA", "NUMBAPRO", "NVIDIA"))]:
        del os.environ[name]
    os.environ["PATH"] = os.path.dirname(sys.executable)
    sys.addaudithook(refuse)
    for path in ("/usr/local/cuda/nvvm/lib64/libnvvm.so", "/usr/local/cuda-13.0/bin/ptxas", "/usr/lib/nvidia/libcuda.so.1"):
        with pytest.raises(FileNotFoundError, match="is hidden"):
            Path(path).read_bytes()
    tried.clear()
    status = int(pytest.main(["-q", "-p", "no:cacheprovider", *arguments]))
    print("requested:", *sorted({os.path.basename(path) for path in tried}))
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
