"""Eight groups at once, one in each lane of a vector: a selection in the machine's own vector code.

LLVM does not vectorise a selection over groups that lie one behind the other, so it is written out here.
Eight groups are transposed into one vector for each place in the group; a network finds the smallest key
that is kept and the largest that is not; what is kept goes back as bytes, bits or values. The one branch:
where those two keys are equal in any lane, the lowest indices are found by counting.

It is said in LLVM's portable vectors, so that every machine that numba knows runs it. All but the arrays
and offsets is known when it is compiled. Oracle: tests/oracles/magnitude.py. Without a compiler, and for what
does not come in eights, simulator/mask/write.py has the same by numpy.
"""

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from simulator.kernels.networks import largest

LANES = 8
# What is written: a byte for each value; a bit for each; the values that are kept, and for the others 0, the
# value times a factor, or the value plus a factor times its score.
MASK, BITS, VALUES, FADED, DRAWN = range(5)
AHEAD, LINE = 2048, 64  # bytes: how far ahead memory is asked for, and what is asked for at once
HALVES = (0, 4)  # transposition is by four lanes, which no machine has to move across wider ones
PAIRS_LOW, PAIRS_HIGH, QUADS_LOW, QUADS_HIGH = (
    [half + lane for half in HALVES for lane in lanes]
    for lanes in ((0, 8, 1, 9), (2, 10, 3, 11), (0, 1, 8, 9), (2, 3, 10, 11))
)


@intrinsic(prefer_literal=True)
def select_lanes(typing, scores, values, out, at, stride, factor, kept, group, infinity, result):  # type: ignore[no-untyped-def]  # noqa: ARG001
    """Select in eight groups: those from group `at` on, or with a `stride` those beside offset `at`."""
    known = [kind.literal_value for kind in (kept, group, infinity, result)]
    adjacent = isinstance(stride, types.Literal) and stride.literal_value == 1

    def generate(context: Any, builder: ir.IRBuilder, _: Any, arguments: Any) -> Any:
        pointers = [
            context.make_array(kind)(context, builder, argument).data
            for kind, argument in zip((scores, values, out), arguments, strict=False)
        ]
        place = Eight(builder, arguments[3], None if adjacent else arguments[4])
        scores_at, values_at, out_at = pointers
        Selection(builder, place, *known).write(scores_at, values_at, out_at, arguments[5])
        return context.get_dummy_value()

    return types.void(scores, values, out, at, stride, factor, kept, group, infinity, result), generate


class Eight:
    """Eight groups: where they lie, and the code that moves them between memory and vectors."""

    def __init__(self, builder: ir.IRBuilder, at: ir.Value, stride: ir.Value | None) -> None:
        self.builder, self.at, self.stride = builder, at, stride

    def load(self, pointer: ir.Value, group: int) -> list[ir.Value]:
        """Column j holds value j of each of the eight groups."""
        if self.stride is not None:
            return [self.builder.load(self._row(pointer, j), align=1) for j in range(group)]
        return [column for first in range(0, group, 4) for column in self._load_four(pointer, group, first)]

    def store(self, pointer: ir.Value, columns: list[ir.Value], width: int) -> None:
        """The reverse: columns of elements, of which each group has `width` in memory."""
        if self.stride is not None:
            for j, column in enumerate(columns):
                self.builder.store(column, self._row(pointer, j), align=1)
            return
        for first in range(0, width, 4):
            part = columns[first : first + 4]
            rows = self._transposed([*part, *[part[0]] * (4 - len(part))])
            for lane in range(LANES):
                lanes = [lane // 4 * 4 + element for element in range(len(part))]
                row = self._shuffled(rows[lane % 4], rows[lane % 4], lanes)
                self.builder.store(row, self._group(pointer, lane, width, first, len(part)), align=1)

    def prefetch(self, pointer: ir.Value, group: int) -> None:
        """Ask for the memory of groups to come: a processor's own foresight ends with each page."""
        if self.stride is not None:
            return
        byte, number = ir.IntType(8).as_pointer(), ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [byte, number, number, number])
        ask = self.builder.module.declare_intrinsic("llvm.prefetch", [byte], kind)
        first = self.builder.mul(self.at, ir.Constant(self.at.type, group))
        start = self.builder.bitcast(self.builder.gep(pointer, [first]), byte)
        for line in range(0, LANES * group * pointer.type.pointee.width // 8, LINE):
            there = self.builder.gep(start, [ir.IntType(64)(AHEAD + line)])
            self.builder.call(ask, [there, number(0), number(3), number(1)])  # to read, keep, data

    def _load_four(self, pointer: ir.Value, group: int, first: int) -> list[ir.Value]:
        size = min(4, group - first)
        rows = []
        for lane in range(4):
            low, high = (
                self.builder.load(self._group(pointer, half + lane, group, first, size), align=1)
                for half in HALVES
            )
            lanes = [half // 4 * size + min(element, size - 1) for half in HALVES for element in range(4)]
            rows.append(self._shuffled(low, high, lanes))
        return self._transposed(rows)[:size]

    def _transposed(self, rows: list[ir.Value]) -> list[ir.Value]:
        """Four vectors of eight lanes, transposed within each half of four lanes."""
        low, high = (
            [self._shuffled(rows[first], rows[first + 1], lanes) for first in (0, 2)]
            for lanes in (PAIRS_LOW, PAIRS_HIGH)
        )
        return [
            self._shuffled(first, second, lanes)
            for first, second in (low, high)
            for lanes in (QUADS_LOW, QUADS_HIGH)
        ]

    def _shuffled(self, first: ir.Value, second: ir.Value, lanes: list[int]) -> ir.Value:
        indices = ir.Constant(ir.VectorType(ir.IntType(32), len(lanes)), lanes)
        return self.builder.shuffle_vector(first, second, indices)

    def _group(self, pointer: ir.Value, lane: int, width: int, first: int, size: int) -> ir.Value:
        """Where element `first` of a contiguous group lies, as a vector of `size`."""
        offset = self.builder.add(
            self.builder.mul(self.at, ir.Constant(self.at.type, width)),
            ir.Constant(self.at.type, lane * width + first),
        )
        return self._as_vector(pointer, offset, size)

    def _row(self, pointer: ir.Value, j: int) -> ir.Value:
        offset = self.builder.add(self.at, self.builder.mul(self.stride, ir.Constant(self.at.type, j)))
        return self._as_vector(pointer, offset, LANES)

    def _as_vector(self, pointer: ir.Value, offset: ir.Value, size: int) -> ir.Value:
        kind = ir.VectorType(pointer.type.pointee, size)
        return self.builder.bitcast(self.builder.gep(pointer, [offset]), kind.as_pointer())


class Selection:
    """The code of one selection over eight lanes."""

    def __init__(
        self, builder: ir.IRBuilder, place: Eight, kept: int, group: int, infinity: int, result: int
    ) -> None:
        self.builder, self.place = builder, place
        self.kept, self.group, self.infinity, self.result = kept, group, infinity, result

    def write(self, scores: ir.Value, values: ir.Value, out: ir.Value, factor: ir.Value) -> None:
        """Load, select, and store what `result` says."""
        self.key_type = ir.VectorType(ir.IntType(max(32, scores.type.pointee.width)), LANES)
        self.place.prefetch(scores, self.group)
        bits = self.place.load(scores, self.group)
        keep = self._keep([self._key(column) for column in bits])
        if self.result == MASK:
            self._store_bytes(out, keep)
        elif self.result == BITS:
            self._store_bits(out, keep)
        else:
            columns = self.place.load(values, self.group)
            if self.result == VALUES:
                others = [self._all(column.type, 0) for column in columns]
            else:
                others = self._others(columns, bits, factor)
            kept = [self._blend(*each) for each in zip(keep, columns, others, strict=True)]
            self.place.store(out, kept, self.group)

    def _others(self, values: list[ir.Value], scores: list[ir.Value], factor: ir.Value) -> list[ir.Value]:
        """What stands where a value is not kept: each operation rounds, so that numpy gets the same bits."""
        width = values[0].type.element.width
        real = ir.VectorType(ir.FloatType() if width == 32 else ir.DoubleType(), LANES)
        if width == 32:
            factor = self.builder.fptrunc(factor, ir.FloatType())
        one = self.builder.insert_element(ir.Constant(real, ir.Undefined), factor, ir.IntType(32)(0))
        factors = self.builder.shuffle_vector(
            one, one, ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
        )
        others = []
        for value, score in zip(values, scores, strict=True):
            term = self.builder.bitcast(value if self.result == FADED else score, real)
            term = self.builder.fmul(term, factors)
            if self.result == DRAWN:
                term = self.builder.fadd(self.builder.bitcast(value, real), term)
            others.append(self.builder.bitcast(term, value.type))
        return others

    def _blend(self, keep: ir.Value, value: ir.Value, other: ir.Value) -> ir.Value:
        kept = self.builder.icmp_signed("<", keep, self._all(keep.type, 0))
        return self.builder.select(kept, value, other)

    def _key(self, bits: ir.Value) -> ir.Value:
        """The bits of magnitude, whose order as integers is that of dtypes.order; NaN is -1."""
        sign = 1 << (bits.type.element.width - 1)
        magnitude = self.builder.and_(self._resized(bits, self.key_type), self._all(self.key_type, sign - 1))
        nan = self.builder.icmp_signed(">", magnitude, self._all(self.key_type, self.infinity))
        return self.builder.select(nan, self._all(self.key_type, -1), magnitude)

    def _keep(self, keys: list[ir.Value]) -> list[ir.Value]:
        """For each place in the group: all bits set in the lanes that keep it."""
        if self.kept == self.group:
            return [self._all(key.type, -1) for key in keys]
        if self.kept == 1:
            return self._first_largest(keys)
        order = largest(keys, self.kept + 1, self._exchange)
        least, next_one = order[self.kept - 1], order[self.kept]
        tied = self.builder.icmp_signed("==", least, next_one)
        any_tied = self.builder.icmp_unsigned(
            "!=", self.builder.bitcast(tied, ir.IntType(LANES)), ir.Constant(ir.IntType(LANES), 0)
        )
        with self.builder.if_else(any_tied, likely=False) as (then, otherwise):
            with then:
                by_counting = self._keep_by_counting(keys, least)
                counting = self.builder.block
            with otherwise:
                at_least = [self._mask(self.builder.icmp_signed(">=", key, least)) for key in keys]
                plain = self.builder.block
        keep = []
        for tied_column, column in zip(by_counting, at_least, strict=True):
            keep.append(self.builder.phi(column.type))
            keep[-1].add_incoming(tied_column, counting)
            keep[-1].add_incoming(column, plain)
        return keep

    def _keep_by_counting(self, keys: list[ir.Value], least: ir.Value) -> list[ir.Value]:
        """All above `least`, and as many equal to it, from the lowest index on, as there is room for."""
        above = [self._mask(self.builder.icmp_signed(">", key, least)) for key in keys]
        room = self._all(least.type, self.kept)
        for column in above:
            room = self.builder.add(room, column)
        keep = []
        for key, column in zip(keys, above, strict=True):
            equal = self._mask(self.builder.icmp_signed("==", key, least))
            fits = self._mask(self.builder.icmp_signed(">", room, self._all(room.type, 0)))
            taken = self.builder.and_(equal, fits)
            room = self.builder.add(room, taken)
            keep.append(self.builder.or_(column, taken))
        return keep

    def _first_largest(self, keys: list[ir.Value]) -> list[ir.Value]:
        """One of each group, by a knock-out: of two equal keys the one of the lower index goes on."""
        places = [self._all(self.key_type, j) for j in range(len(keys))]
        rivals = list(zip(keys, places, strict=True))
        while len(rivals) > 1:
            met = [self._stronger(*pair) for pair in zip(rivals[0::2], rivals[1::2], strict=False)]
            rivals = met + rivals[len(met) * 2 :]
        return [self._mask(self.builder.icmp_signed("==", rivals[0][1], place)) for place in places]

    def _stronger(
        self, first: tuple[ir.Value, ir.Value], second: tuple[ir.Value, ir.Value]
    ) -> tuple[ir.Value, ir.Value]:
        above = self.builder.icmp_signed(">", second[0], first[0])
        key, place = (
            self.builder.select(above, late, early) for early, late in zip(first, second, strict=True)
        )
        return key, place

    def _exchange(self, first: ir.Value, second: ir.Value) -> tuple[ir.Value, ir.Value]:
        ordered = self.builder.icmp_signed(">", first, second)
        return self.builder.select(ordered, first, second), self.builder.select(ordered, second, first)

    def _store_bytes(self, out: ir.Value, keep: list[ir.Value]) -> None:
        """A byte of 0 or 1 for each value."""
        if self.place.stride is not None or self.group % 4:
            byte = ir.VectorType(ir.IntType(8), LANES)
            ones = [self.builder.and_(self._resized(k, byte), self._all(byte, 1)) for k in keep]
            self.place.store(out, ones, self.group)
            return
        word = ir.VectorType(ir.IntType(32), LANES)
        words = [self._all(word, 0) for _ in range(self.group // 4)]
        for j, column in enumerate(keep):
            byte = self.builder.and_(self._resized(column, word), self._all(word, 1 << 8 * (j % 4)))
            words[j // 4] = self.builder.or_(words[j // 4], byte)
        self.place.store(self.builder.bitcast(out, ir.IntType(32).as_pointer()), words, self.group // 4)

    def _store_bits(self, out: ir.Value, keep: list[ir.Value]) -> None:
        """A bit for each value, the lowest first: eight groups are `group` bytes."""
        width = 32 if self.group <= 32 else 64
        word = ir.VectorType(ir.IntType(width), LANES)
        bits = self._all(word, 0)
        for j, column in enumerate(keep):
            bits = self.builder.or_(
                bits, self.builder.and_(self._resized(column, word), self._all(word, 1 << j))
            )
        narrow = self._resized(bits, ir.VectorType(ir.IntType(self.group), LANES))
        whole = ir.IntType(self.group * LANES)
        offset = self.builder.mul(self.place.at, ir.Constant(self.place.at.type, self.group))
        offset = self.builder.lshr(offset, ir.Constant(offset.type, 3))
        pointer = self.builder.bitcast(self.builder.gep(out, [offset]), whole.as_pointer())
        self.builder.store(self.builder.bitcast(narrow, whole), pointer, align=1)

    def _mask(self, condition: ir.Value) -> ir.Value:
        """All bits of a lane set where the condition holds; as wide as a key."""
        return self.builder.sext(condition, self.key_type)

    def _resized(self, vector: ir.Value, kind: ir.VectorType) -> ir.Value:
        have, want = vector.type.element.width, kind.element.width
        if have == want:
            return vector
        return self.builder.trunc(vector, kind) if have > want else self.builder.sext(vector, kind)

    def _all(self, kind: ir.VectorType, value: int) -> ir.Value:
        return ir.Constant(kind, [value] * LANES)
