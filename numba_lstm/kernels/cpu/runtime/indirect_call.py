"""Calls C functions by address from compiled code."""

from __future__ import annotations

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic


@intrinsic
def call(typingctx, address, arguments):
    """Call the C function at ``address``, which returns nothing, with a tuple of pointers and 64-bit integers."""

    def codegen(context, builder, sig, args):
        values = []
        for k, ty in enumerate(arguments):
            value = builder.extract_value(args[1], k)
            values.append(context.cast(builder, value, ty, types.intp) if isinstance(ty, types.Integer) else value)
        function = ir.FunctionType(ir.VoidType(), [value.type for value in values])
        builder.call(builder.inttoptr(args[0], function.as_pointer()), values)
        return context.get_dummy_value()

    return types.void(types.intp, arguments), codegen
