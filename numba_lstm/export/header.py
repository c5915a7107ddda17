"""The header of a C library, which documents its functions."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from ..models import Model
from .exported_graph import ExportedGraph
from .folder import MARK


@dataclass(frozen=True)
class Interface:
    """What a C program has to know of a library."""

    name: str  #: prefix of the functions
    model: str
    target: str
    real: str  #: the type of numbers in C
    rows: int
    inputs: list[tuple[str, int]]  #: names, and the numbers of each in a row
    outputs: list[tuple[str, int]]
    states: list[tuple[str, tuple[int, ...]]]  #: layers and shapes, in the order of ``name_get_state``
    memory: int  #: bytes of an instance
    weights: int | None  #: bytes of the file of weights; None where the object has them
    is_elf: bool
    steps: int | None = None  #: after which y is NaN; None where there may be any number of them

    @classmethod
    def of(cls, model: Model, graph: ExportedGraph, options: Any, obj: Any) -> Interface:
        """Return the interface of an exported model."""
        states = []
        for step in graph.calls:
            for cell in step.stream_states(options.rows):
                for shape in cell:
                    samples_first = shape if len(shape) < 3 else (shape[1], shape[0], *shape[2:])
                    states.append((step.call.layer.name, tuple(int(size or 0) for size in samples_first)))
        return cls(
            options.name, model.name, options.target, "double" if graph.rows.dtype == np.float64 else "float", options.rows,
            [
                (name if most is None else f"{name}, whole numbers from 0 to {most},", prod(value.features))
                for name, value, most in zip(model.input_names, graph.inputs, graph.largest, strict=True)
            ],
            [(name, prod(value.features)) for name, value in zip(model.output_names, graph.outputs, strict=True)],
            states, obj.instance_bytes, None if options.weights == "embedded" else len(obj.weights), obj.format == "elf",
            graph.limit[1] if graph.limit else None,
        )  # fmt: skip

    @property
    def macro(self) -> str:
        """The prefix of macros."""
        return self.name.upper()

    @property
    def input_size(self) -> int:
        """Numbers of a row of x."""
        return sum(size for _, size in self.inputs)

    @property
    def output_size(self) -> int:
        """Numbers of a row of y."""
        return sum(size for _, size in self.outputs)

    @property
    def state_size(self) -> int:
        """Numbers of the state of all rows."""
        return sum(prod(shape) for _, shape in self.states)


def header(library: Interface) -> str:
    """Return the header of a library."""
    text = _TEMPLATE
    if library.weights is None:
        text = text.replace("@INIT_DOC@", _EMBEDDED_DOC).replace("@INIT_ARGS@", "void *memory").replace("@WEIGHTS@\n", "")
    else:
        define = f"#define @MACRO@_WEIGHTS {library.weights} /* bytes of @NAME@.bin */"
        text = text.replace("@INIT_DOC@", _FILE_DOC).replace("@INIT_ARGS@", "void *memory, const void *weights")
        text = text.replace("@WEIGHTS@", define)
    steps, after = (_STEPS, _AFTER) if library.steps else ("", "")
    text = text.replace("@STEPS@\n", steps).replace("@AFTER@\n", after)
    text = text.replace("@EXAMPLE@", "memory" if library.weights is None else "memory, weights")
    rows = "row" if library.rows == 1 else "rows"
    values = {
        "MODEL": comment_text(library.model), "TARGET": library.target, "ROWS": library.rows, "INPUT": library.input_size,
        "OUTPUT": library.output_size, "STATE": library.state_size, "MEMORY": library.memory, "REAL": library.real,
        "ROW_WORD": rows, "X": _columns(library.inputs), "Y": _columns(library.outputs), "STATES": _states(library),
        "MAX_STEPS": library.steps, "MACRO": library.macro, "NAME": library.name, "MARK": MARK,
        "ALIAS": "It may be x itself." if library.output_size <= library.input_size else "It may not overlap x.",
    }  # fmt: skip
    for key, value in values.items():
        text = text.replace(f"@{key}@", str(value))
    return text


def comment_text(text: str) -> str:
    """Return a name as ASCII that begins and ends no comment."""
    return text.encode("ascii", "replace").decode().replace("*/", "* /").replace("/*", "/ *").replace("\n", " ")


def _columns(entries: list[tuple[str, int]]) -> str:
    return ", ".join(f"{comment_text(name)} ({size})" for name, size in entries)


def _states(library: Interface) -> str:
    lines = [f" *   {comment_text(layer)}: {' x '.join(map(str, shape))}" for layer, shape in library.states]
    return "\n".join(lines) or " *   none"


_EMBEDDED_DOC = """\
/* Makes an instance in @MACRO@_MEMORY bytes of any alignment, and returns it, in its first state. It may not be moved. */"""

_FILE_DOC = """\
/* Makes an instance in @MACRO@_MEMORY bytes of any alignment, and returns it, in its first state. It may not be moved.
 *
 * weights: the content of @NAME@.bin, @MACRO@_WEIGHTS bytes at an address divisible by 64. Instances read it, and may share it.
 * Returns a null pointer, and changes nothing, for any other address and for the weights of another library.
 */"""

_STEPS = "#define @MACRO@_STEPS @MAX_STEPS@ /* steps, from a reset on, that can be computed */\n"

_AFTER = """\
 *    NaN, without a change of the state, after @MACRO@_STEPS steps: @NAME@_reset begins anew.
"""

_TEMPLATE = """\
/* @NAME@: the model "@MODEL@" as a C library for @TARGET@, @MARK@
 *
 * A step takes the next input of @ROWS@ @ROW_WORD@ (independent sequences), returns the output, and updates the state.
 * The outputs have the bits of model.stream(@ROWS@).step in Python, on the same kind of processor.
 *
 *     static char memory[@MACRO@_MEMORY];
 *     @NAME@ *n = @NAME@_init(@EXAMPLE@);
 *     @NAME@_step(n, x, y);
 *
 * The library calls no other one. It allocates nothing, takes no lock and makes no system call. An instance serves one
 * thread at a time; several threads use several instances.
 */
#ifndef @MACRO@_H
#define @MACRO@_H

#include <stddef.h>

#define @MACRO@_ROWS @ROWS@ /* sequences of a step */
#define @MACRO@_INPUT @INPUT@ /* numbers of a row of x */
#define @MACRO@_OUTPUT @OUTPUT@ /* numbers of a row of y */
#define @MACRO@_STATE @STATE@ /* numbers of the state of all rows */
#define @MACRO@_MEMORY @MEMORY@ /* bytes of an instance */
@STEPS@
@WEIGHTS@

#ifdef __cplusplus
extern "C" {
#endif

typedef @REAL@ @NAME@_real;

/* An instance: the state of @ROWS@ @ROW_WORD@, and buffers. */
typedef struct @NAME@ @NAME@;

/* Returns @MACRO@_MEMORY, the bytes of an instance. */
size_t @NAME@_size(void);

@INIT_DOC@
@NAME@ *@NAME@_init(@INIT_ARGS@);

/* Sets the state to zero, which is the first one. */
void @NAME@_reset(@NAME@ *n);

/* Computes the next step.
 *
 * x: @MACRO@_ROWS rows of @MACRO@_INPUT numbers: @X@.
 * y: takes @MACRO@_ROWS rows of @MACRO@_OUTPUT numbers: @Y@.
 *    @ALIAS@
@AFTER@
 */
void @NAME@_step(@NAME@ *n, const @NAME@_real *x, @NAME@_real *y);

/* Computes so many steps, as so many calls of @NAME@_step: x and y hold one step after the other. */
void @NAME@_run(@NAME@ *n, const @NAME@_real *x, @NAME@_real *y, size_t steps);

/* Copies the state, @MACRO@_STATE numbers, to which @NAME@_set_state goes back, also in another instance. In this order:
@STATES@
 */
void @NAME@_get_state(const @NAME@ *n, @NAME@_real *state);
void @NAME@_set_state(@NAME@ *n, const @NAME@_real *state);

#ifdef __cplusplus
}
#endif

#endif
"""
