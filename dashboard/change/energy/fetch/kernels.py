"""Ask for memory before it is needed: the rows of a stack's dates lie too far apart for the processor to guess them."""

from typing import Any

from numba import njit, types
from numba.core.cgutils import ir
from numba.extending import intrinsic

LINE_BYTES = 64
_READ, _KEEP, _DATA = 0, 3, 1


@intrinsic
def _prefetch(typing: Any, array: Any, index: Any) -> Any:  # noqa: ANN401, ARG001 -- numba's own protocol
    """Call `llvm.prefetch` for one element of an array; what lies there is not touched."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ANN401 -- as above
        held = context.make_array(signature.args[0])(context, builder, arguments[0])
        byte, number = ir.IntType(8).as_pointer(), ir.IntType(32)
        place = builder.bitcast(builder.gep(held.data, [arguments[1]]), byte)
        kind = ir.FunctionType(ir.VoidType(), [byte, number, number, number])
        call = builder.module.declare_intrinsic("llvm.prefetch", [byte], kind)
        builder.call(call, [place, number(_READ), number(_KEEP), number(_DATA)])
        return context.get_dummy_value()

    return types.void(array, types.intp), generate


@njit(nogil=True, cache=True)
def fetch_row(row: Any) -> None:  # noqa: ANN401 -- any array of one dimension, in order in memory
    """Ask for all of a row."""
    for i in range(0, row.size, LINE_BYTES // row.itemsize):
        _prefetch(row, i)
