"""Calling a cell by its address from inside a loop."""

from __future__ import annotations

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic


def caller(pointers: int, integers: int):
    """An intrinsic ``call(address, pointers..., mask, integers...)`` for cells of that many arguments."""

    @intrinsic
    def call(typingctx, address, arguments):
        def codegen(context, builder, sig, args):
            values = [builder.extract_value(args[1], k) for k in range(len(arguments))]
            function = ir.FunctionType(ir.VoidType(), [value.type for value in values])
            builder.call(builder.inttoptr(args[0], function.as_pointer()), values)
            return context.get_dummy_value()

        expected = pointers + 1 + integers
        if not isinstance(arguments, types.BaseTuple) or len(arguments) != expected:
            raise TypeError(f"a cell of this kind takes {expected} arguments, got {arguments}")
        return types.void(types.intp, arguments), codegen

    return call
