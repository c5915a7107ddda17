"""Whether the driver of this machine has a device that kernels can be compiled for, and if not, what is missing."""

from __future__ import annotations

from .compiler import cuda

TOOLKIT = (
    "there is a driver, but no compiler of kernels (libNVVM). "
    "Install it with `pip install 'numba_lstm[cuda13]'`, or [cuda12] for a driver before 580."
)
DEVICE = (
    "the NVIDIA driver shows no device ({reason}). "
    "See what `nvidia-smi` lists and whether CUDA_VISIBLE_DEVICES hides it, or take device='cpu'."
)


def obstacle() -> str | None:
    """None where a device can be used, else a sentence that says what is missing, and one that says what to do."""
    try:
        devices = len(cuda.gpus)
    except Exception as error:  # each package of numba.cuda has errors of its own
        return DEVICE.format(reason=" ".join(str(error).split()))
    if not devices:
        return DEVICE.format(reason="none found")
    return None if cuda.is_available() else TOOLKIT
