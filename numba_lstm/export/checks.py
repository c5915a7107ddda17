"""Checks of what is exported, before anything is computed or written."""

from __future__ import annotations

import re
from typing import Any

from ..device import stream_exporter
from ..layers.base.planning import overridden_method
from ..models import Model
from ..models.plans.step_graph import StepGraph

#: Words that are no names of types in C or C++ programs, or none of targets in CMake.
_WORDS = set(
    """
    alignas alignof and and_eq asm auto bitand bitor bool break case catch char char8_t char16_t char32_t class compl concept
    const const_cast consteval constexpr constinit continue co_await co_return co_yield decltype default delete do double
    dynamic_cast else enum explicit export extern false float for friend goto if inline int long mutable namespace new
    noexcept not not_eq nullptr operator or or_eq private protected public register reinterpret_cast requires restrict return
    short signed sizeof static static_assert static_cast struct switch template this thread_local throw true try typedef
    typeid typename typeof typeof_unqual union unsigned using virtual void volatile wchar_t while xor xor_eq
    main std size_t ptrdiff_t max_align_t nullptr_t offsetof NULL linux unix
    all clean edit_cache help install list_install_components package package_source rebuild_cache test
    ALL_BUILD INSTALL PACKAGE RUN_TESTS ZERO_CHECK
    """.split()  # noqa: SIM905  # shorter than a list of strings
)


def check_name(name: str) -> str:
    """Return a prefix of C functions; ValueError for anything else."""
    if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name):
        raise ValueError(f"name is the prefix of C functions, letters, digits and _, got {name!r}. Take 'net' for example.")
    if name in _WORDS:
        raise ValueError(
            f"name is the prefix of C functions, and {name!r} is a word of C, C++ or CMake. Take 'net' for example."
        )
    return name


def targets() -> list[str]:
    """Return the names of the targets."""
    return ["host", *stream_exporter().TARGETS]


def check_target(target: str) -> None:
    """Raise ValueError for an unknown target."""
    if target not in targets():
        raise ValueError(f"target must be one of {', '.join(map(repr, targets()))}, got {target!r}.")


def check_weights(weights: str) -> str:
    """Return where the weights are."""
    if weights not in ("embedded", "file"):
        raise ValueError(f"weights must be 'embedded' or 'file', got {weights!r}.")
    return weights


def check_exportable(model: Model, rows: int) -> None:
    """Raise ValueError or NotImplementedError for a model that cannot be exported."""
    if not model.built:
        raise ValueError(f"{model.name} is not built yet. Call it on data, or add an Input, before exporting.")
    for of_model in model.execution.calls:
        if of_model.arguments.get("use_causal_mask"):
            layer = of_model.layer
            raise NotImplementedError(
                f"{layer.name} ({type(layer).__name__}) cannot be exported: a C library has no memory for keys and values of "
                "attention. Stream the model in Python."
            )
    graph = StepGraph(model)
    for call in graph.calls:
        layer = call.call.layer
        shape = layer.built_shape
        batch = shape[0] if isinstance(shape, tuple) and shape and not isinstance(shape[0], tuple) else None
        if getattr(layer, "stateful", False) and batch not in (None, rows):
            raise ValueError(
                f"{layer.name} ({type(layer).__name__}) is stateful for batches of {batch}, and rows is {rows}. "
                f"Give rows={batch}, or export a model whose layer is not stateful."
            )
        for owner in layer.owners():
            cls, method = overridden_method(type(owner))  # type: ignore[arg-type]  # mypy: hash of classes
            if cls:
                raise NotImplementedError(
                    f"{layer.name} ({type(layer).__name__}) cannot be exported: {cls}.{method} is Python, which a C library "
                    "does not run. Compute it in a function of numba_lstm.ops."
                )


def refuse_host_calls(layer: Any) -> None:
    """Raise NotImplementedError if the calls of a layer that were just recorded have functions of NumPy among them."""
    if found := stream_exporter().host_calls():
        raise NotImplementedError(
            f"{layer.name} ({type(layer).__name__}) cannot be exported: its step calls {found[0]} of NumPy. "
            "Compute it before the model, and export the rest."
        )
