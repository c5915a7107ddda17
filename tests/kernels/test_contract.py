"""Every device package has every op of the contract, with the contract's very signature."""

from __future__ import annotations

import inspect
from importlib import import_module

import pytest

from numba_lstm.kernels.contract import Ops

OPS = {name: op for name, op in inspect.getmembers(Ops, inspect.isfunction) if not name.startswith("_")}
DEVICES = ["reference", "cpu"]


def parameters(op: object, *, skip: int = 0) -> list[tuple[str, str, object]]:
    """Name, kind and default of each parameter."""
    return [(p.name, p.kind.description, p.default) for p in inspect.signature(op).parameters.values()][skip:]  # type: ignore[arg-type]


def test_the_contract_names_ops():
    assert {"lstm_forward", "lstm_backward", "update"} <= OPS.keys()


@pytest.mark.parametrize("name", OPS)
@pytest.mark.parametrize("device", DEVICES)
def test_signature(device, name):
    package = import_module(f"numba_lstm.kernels.{device}")
    assert parameters(getattr(package, name)) == parameters(OPS[name], skip=1)


@pytest.mark.parametrize("device", DEVICES)
def test_a_device_exports_the_ops_and_nothing_else(device):
    assert sorted(import_module(f"numba_lstm.kernels.{device}").__all__) == sorted(OPS)
