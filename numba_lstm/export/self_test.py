"""The test program of a C library: recorded inputs, and the bits of their outputs."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from .header import Interface

Array = npt.NDArray[Any]

#: Numbers in a line of the program.
_PER_LINE = 8


def program(library: Interface, x: Array, y: Array) -> str:
    """Return a C program that computes the outputs of x (T, N, D), and compares their bits with those of y (T, N, C)."""
    wide = x.dtype.itemsize == 8
    values = {
        "NAME": library.name, "MACRO": library.macro, "STEPS": len(x), "BITS": "uint64_t" if wide else "uint32_t",
        "X": _bits(x), "Y": _bits(y), "ARGS": "test_memory" if library.weights is None else "test_memory, weights",
        "SECOND": "test_more" if library.weights is None else "test_more, weights",
        "READ": "" if library.weights is None else _READ, "CHECK": "" if library.weights is None else _CHECK,
    }  # fmt: skip
    text = _TEMPLATE
    for key, value in values.items():
        text = text.replace(f"@{key}@", str(value))
    return text.replace("@NAME@", library.name).replace("@MACRO@", library.macro)


def _bits(array: Array) -> str:
    suffix, digits, kind = ("ull", 16, np.uint64) if array.dtype.itemsize == 8 else ("u", 8, np.uint32)
    words = [f"0x{int(word):0{digits}x}{suffix}" for word in np.ascontiguousarray(array).ravel().view(kind)]
    lines = [", ".join(words[k : k + _PER_LINE]) for k in range(0, len(words), _PER_LINE)]
    return ",\n".join(f"    {line}" for line in lines)


_READ = """
    static char buffer[@MACRO@_WEIGHTS + 64];
    char *weights = buffer + (64 - (uintptr_t)buffer % 64) % 64;
    FILE *file = fopen(argc > 1 ? argv[1] : "@NAME@.bin", "rb");
    if (!file || fread(weights, 1, @MACRO@_WEIGHTS, file) != @MACRO@_WEIGHTS) {
        puts("cannot read the weights; give the path of @NAME@.bin");
        return 2;
    }
    fclose(file);
"""

_CHECK = """\
    if (!n) {
        puts("@NAME@.bin has the weights of another library");
        return 2;
    }
"""

_TEMPLATE = """\
/* Compares the outputs of recorded inputs with the bits that Python computed, by single steps, by one call for all of them,
 * and by two instances of which the second one goes on from the state of the first. Returns 0 if all are equal.
 */
#include "@NAME@.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define TEST_STEPS @STEPS@

typedef @BITS@ test_bits;

static const test_bits test_inputs[TEST_STEPS * @MACRO@_ROWS * @MACRO@_INPUT] = {
@X@
};

static const test_bits test_outputs[TEST_STEPS * @MACRO@_ROWS * @MACRO@_OUTPUT] = {
@Y@
};

static @NAME@_real test_x[TEST_STEPS * @MACRO@_ROWS * @MACRO@_INPUT], test_y[TEST_STEPS * @MACRO@_ROWS * @MACRO@_OUTPUT];
static @NAME@_real test_state[@MACRO@_STATE + 1];
static char test_memory[@MACRO@_MEMORY], test_more[@MACRO@_MEMORY];

static int test_compare(const char *what)
{
    const size_t width = @MACRO@_ROWS * @MACRO@_OUTPUT;
    int equal = 0, k;
    for (k = 0; k < TEST_STEPS; ++k)
        equal += !memcmp(test_y + k * width, test_outputs + k * width, width * sizeof(test_bits));
    printf("%s: the bits of %d of %d steps are equal\\n", what, equal, TEST_STEPS);
    memset(test_y, 0, sizeof test_y);
    return equal != TEST_STEPS;
}

static void test_run(@NAME@ *n, int from, int to)
{
    for (; from < to; ++from)
        @NAME@_step(n, test_x + from * @MACRO@_ROWS * @MACRO@_INPUT, test_y + from * @MACRO@_ROWS * @MACRO@_OUTPUT);
}

int main(int argc, char **argv)
{
    @NAME@ *n, *second;
    int wrong = 0;
@READ@
    (void)argc, (void)argv;
    memcpy(test_x, test_inputs, sizeof test_x);
    n = @NAME@_init(@ARGS@);
@CHECK@    test_run(n, 0, TEST_STEPS);
    wrong |= test_compare("step");
    @NAME@_reset(n);
    @NAME@_run(n, test_x, test_y, TEST_STEPS);
    wrong |= test_compare("run");
    @NAME@_reset(n);
    test_run(n, 0, TEST_STEPS / 2 + 1);
    @NAME@_get_state(n, test_state);
    second = @NAME@_init(@SECOND@);
    @NAME@_set_state(second, test_state);
    test_run(second, TEST_STEPS / 2 + 1, TEST_STEPS);
    wrong |= test_compare("state");
    return wrong || @NAME@_size() != @MACRO@_MEMORY;
}
"""
