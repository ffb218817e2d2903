# ruff: noqa: ARG005 (what stands for a function takes its arguments by name)
"""Eight numbers of a row at once, so that a sum along a row has a fixed order and is still vector code.

The compiler vectorises what is done to each element of a row, and never a sum of floats, whose order it would
change. So sums are written with these: an operation on eight lanes is one on vectors of the machine that
numba knows, whatever their length, and on arrays of eight numbers where nothing is compiled.
"""

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, models, overload, register_model

LANES = 8
ORDER = ((0, 4), (2, 6)), ((1, 5), (3, 7))
"""In which lanes are joined into one number: ((0 + 4) + (2 + 6)) + ((1 + 5) + (3 + 7))."""


class Eight(types.Type):  # type: ignore[misc]
    """The compiler's type of eight numbers."""

    def __init__(self, number: types.Float) -> None:
        self.number = number
        super().__init__(name=f"Eight({number})")


@register_model(Eight)
class EightModel(models.PrimitiveModel):  # type: ignore[misc]
    """A vector."""

    def __init__(self, manager: Any, kind: Eight) -> None:
        super().__init__(manager, kind, vector_of(kind.number))


def vector_of(number: types.Float) -> ir.VectorType:
    """The machine's type of eight of a number."""
    return ir.VectorType(ir.FloatType() if number.bitwidth == 32 else ir.DoubleType(), LANES)


def load(x: Any, i: int, j: int) -> Any:
    """x[i, j] to x[i, j + 7], of a C-contiguous array."""
    return x[i, j : j + LANES]


def spread(value: Any) -> Any:
    """Eight times a number."""
    return np.full(LANES, value)


def doubled(a: Any) -> Any:
    """The same numbers in float64."""
    return a.astype(np.float64)


def larger_of(a: Any, b: Any) -> Any:
    """In each lane `a`, or `b` where that is larger; NaN is not."""
    return np.where(b > a, b, a)


def larger(a: Any, b: Any) -> Any:
    """`a`, or `b` where that is larger; NaN is not."""
    return b if b > a else a


def total(a: Any) -> Any:
    """The sum of the lanes, in ORDER."""
    return joined(a, operator.add, ORDER)


def most(a: Any) -> Any:
    """The largest of the lanes, in ORDER."""
    return joined(a, larger, ORDER)


def joined(a: Any, join: Callable[[Any, Any], Any], order: Any) -> Any:
    """The lanes of `a` joined two by two."""
    if isinstance(order, int):
        return a[order]
    return join(*(joined(a, join, each) for each in order))


@intrinsic
def _load(typing, x, i, j):  # type: ignore[no-untyped-def]  # noqa: ARG001
    def generate(context: Any, builder: ir.IRBuilder, _: Any, arguments: Any) -> ir.Value:
        array = context.make_array(x)(context, builder, arguments[0])
        width = cgutils.unpack_tuple(builder, array.shape)[1]
        place = builder.gep(array.data, [builder.add(builder.mul(arguments[1], width), arguments[2])])
        pointer = builder.bitcast(place, vector_of(x.dtype).as_pointer())
        return builder.load(pointer, align=x.dtype.bitwidth // 8)

    return Eight(x.dtype)(x, types.intp, types.intp), generate


@intrinsic
def _spread(typing, value):  # type: ignore[no-untyped-def]  # noqa: ARG001
    def generate(_: Any, builder: ir.IRBuilder, __: Any, arguments: Any) -> ir.Value:
        empty, places = ir.Constant(vector_of(value), ir.Undefined), ir.VectorType(ir.IntType(32), LANES)
        one = builder.insert_element(empty, arguments[0], ir.IntType(32)(0))
        return builder.shuffle_vector(one, one, ir.Constant(places, [0] * LANES))

    return Eight(value)(value), generate


@intrinsic
def _doubled(typing, a):  # type: ignore[no-untyped-def]  # noqa: ARG001
    def generate(_: Any, builder: ir.IRBuilder, __: Any, arguments: Any) -> ir.Value:
        return (
            arguments[0]
            if a.number == types.float64
            else builder.fpext(arguments[0], vector_of(types.float64))
        )

    return Eight(types.float64)(a), generate


def _joins(join: Callable[[ir.IRBuilder, ir.Value, ir.Value], ir.Value]) -> Any:
    """What joins the lanes of one vector into a number."""

    @intrinsic
    def across(typing, a):  # type: ignore[no-untyped-def]  # noqa: ARG001
        def generate(_: Any, builder: ir.IRBuilder, __: Any, arguments: Any) -> ir.Value:
            lanes = [builder.extract_element(arguments[0], ir.IntType(32)(lane)) for lane in range(LANES)]
            return joined(lanes, lambda x, y: join(builder, x, y), ORDER)

        return a.number(a), generate

    return across


def _lanewise(join: Callable[[ir.IRBuilder, ir.Value, ir.Value], ir.Value]) -> Any:
    """What joins two vectors lane by lane."""

    @intrinsic
    def along(typing, a, b):  # type: ignore[no-untyped-def]  # noqa: ARG001
        return a(a, b), lambda _, builder, __, arguments: join(builder, *arguments)

    return along


def _larger(builder: ir.IRBuilder, a: ir.Value, b: ir.Value) -> ir.Value:
    return builder.select(builder.fcmp_ordered(">", b, a), b, a)


_total, _most = _joins(ir.IRBuilder.fadd), _joins(_larger)
_plus, _minus, _times, _larger_of = map(
    _lanewise, (ir.IRBuilder.fadd, ir.IRBuilder.fsub, ir.IRBuilder.fmul, _larger)
)

overload(load)(lambda x, i, j: lambda x, i, j: _load(x, i, j))
overload(spread)(lambda value: lambda value: _spread(value))
overload(doubled)(lambda a: lambda a: _doubled(a))
overload(larger)(lambda a, b: lambda a, b: b if b > a else a)
overload(larger_of)(lambda a, b: lambda a, b: _larger_of(a, b))
overload(total)(lambda a: lambda a: _total(a))
overload(most)(lambda a: lambda a: _most(a))


@overload(operator.add)
def _add(a, b):  # type: ignore[no-untyped-def]
    return (lambda a, b: _plus(a, b)) if isinstance(a, Eight) and a == b else None


@overload(operator.sub)
def _sub(a, b):  # type: ignore[no-untyped-def]
    return (lambda a, b: _minus(a, b)) if isinstance(a, Eight) and a == b else None


@overload(operator.mul)
def _mul(a, b):  # type: ignore[no-untyped-def]
    return (lambda a, b: _times(a, b)) if isinstance(a, Eight) and a == b else None
