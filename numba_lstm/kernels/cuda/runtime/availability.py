"""Availability of a usable GPU, and what is missing otherwise."""

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
    """Return None if a device is usable, otherwise a sentence on what is missing and one on what to do."""
    try:
        devices = len(cuda.gpus)
    except Exception as error:  # the exception types differ between the packages of numba.cuda
        return DEVICE.format(reason=" ".join(str(error).split()))
    if not devices:
        return DEVICE.format(reason="none found")
    return None if cuda.is_available() else TOOLKIT
