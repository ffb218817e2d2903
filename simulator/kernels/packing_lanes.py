"""Eight groups packed or unpacked at once, as coordinates, in the machine's own vector code.

Eight groups become one vector for each place in the group (see lanes.py). With c_j values stored up to and
with place j, the value of slot s is that of the lowest j with c_j > s, and its index is the number of j with
c_j <= s. All but arrays and offsets is known when it is compiled. Oracle: tests/oracles/packing.py; what does
not come in eights is packed by packing.py.
"""

from functools import cache, reduce
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from simulator.kernels.compile import kernel
from simulator.kernels.lanes import LANES, MASK, Eight, Selection

PATTERNS = {(1, 2), (1, 4), (2, 4), (1, 8), (2, 8), (4, 8)}
"""kept and group of what is compiled: eight groups have at most 128 bits of metadata."""
NONZERO, MASKED, LARGEST = range(3)
"""What is stored: what is not zero, filled up with zeros; what a mask names; or the largest magnitudes."""
WORD = ir.IntType(32)
LONG = ir.IntType(64)
LOWER, UPPER = range(LANES), range(LANES, 2 * LANES)


@cache
def packer(kept: int, group: int, choice: int, magnitude: int, infinity: int) -> Any:
    """The kernel that packs groups of one pattern, dtype and choice."""

    @kernel
    def pack_coordinates(values: Any, keys: Any, out: Any, metadata: Any, first: int, last: int) -> int:
        """Pack groups [first, last), multiples of LANES; 1 if a group breaks the pattern, else 0.

        `keys` is the mask as bytes, or the scores as bits, or `values` again; `magnitude` is the part of it
        that makes a value other than 0. Above `infinity` lies NaN.
        """
        broken = 0
        for at in range(first, last, 8):
            broken |= pack_lanes(values, keys, out, metadata, at, kept, group, choice, magnitude, infinity)
        return broken

    return pack_coordinates


@cache
def unpacker(kept: int, group: int) -> Any:
    """The kernel that unpacks groups of one pattern."""

    @kernel
    def unpack_coordinates(packed: Any, metadata: Any, out: Any, first: int, last: int) -> int:
        """Unpack groups [first, last), multiples of LANES; 1 if the indices of one do not rise, else 0."""
        broken = 0
        for at in range(first, last, 8):
            broken |= unpack_lanes(packed, metadata, out, at, kept, group)
        return broken

    return unpack_coordinates


@intrinsic(prefer_literal=True)
def pack_lanes(typing, values, keys, out, metadata, at, kept, group, choice, magnitude, infinity):  # type: ignore[no-untyped-def]  # noqa: ARG001
    """Pack eight groups from group `at` on; 1 if one breaks the pattern."""
    arrays = (values, keys, out, metadata)
    known = [kind.literal_value for kind in (kept, group, choice, magnitude, infinity)]

    def generate(context: Any, builder: ir.IRBuilder, _: Any, arguments: Any) -> Any:
        return Packing(builder, arguments[4], *known).pack(*pointers(context, builder, arrays, arguments))

    return types.int64(*arrays, at, kept, group, choice, magnitude, infinity), generate


@intrinsic(prefer_literal=True)
def unpack_lanes(typing, packed, metadata, out, at, kept, group):  # type: ignore[no-untyped-def]  # noqa: ARG001
    """Unpack eight groups from group `at` on; 1 if the indices of one do not rise."""
    arrays = (packed, metadata, out)
    known = [kind.literal_value for kind in (kept, group)]

    def generate(context: Any, builder: ir.IRBuilder, _: Any, arguments: Any) -> Any:
        return Packing(builder, arguments[3], *known).unpack(*pointers(context, builder, arrays, arguments))

    return types.int64(packed, metadata, out, at, kept, group), generate


def pointers(context: Any, builder: ir.IRBuilder, kinds: Any, arguments: Any) -> list[ir.Value]:
    """Where each array starts."""
    return [
        context.make_array(kind)(context, builder, argument).data
        for kind, argument in zip(kinds, arguments, strict=False)
    ]


class Packing(Selection):
    """The code that packs or unpacks eight groups."""

    def __init__(
        self,
        builder: ir.IRBuilder,
        at: ir.Value,
        kept: int,
        group: int,
        choice: int = MASKED,
        magnitude: int = 0,
        infinity: int = 0,
    ) -> None:
        super().__init__(builder, Eight(builder, at, None), kept, group, infinity, MASK)
        self.choice, self.magnitude = choice, magnitude
        self.field = (group - 1).bit_length()
        self.bits = kept * self.field
        self.key_type = ir.VectorType(WORD, LANES)

    def pack(self, values: ir.Value, keys: ir.Value, out: ir.Value, metadata: ir.Value) -> ir.Value:
        """Load, choose, store values and indices; 1 if a group breaks the pattern."""
        for array in dict.fromkeys((keys, values)):
            self.place.prefetch(array, self.group)
        keep, broken = self._choose(keys)
        counts = [keep[0]]  # negative: a lane that keeps is -1
        for column in keep[1:]:
            counts.append(self.builder.add(counts[-1], column))
        columns = self.place.load(values, self.group)
        slots, code = [], self._all(self.key_type, 0)
        for slot in range(self.kept):
            last = slot + self.group - self.kept
            chosen, index = columns[last], self._all(self.key_type, last)
            for j in reversed(range(slot, last)):
                beyond = self.builder.icmp_signed("<", counts[j], self._all(self.key_type, -slot))
                chosen = self.builder.select(beyond, columns[j], chosen)
                index = self.builder.add(index, self._mask(beyond))
            slots.append(chosen)
            shift = self._all(self.key_type, slot * self.field)
            code = self.builder.or_(code, self.builder.shl(index, shift))
        self._store_slots(out, slots)
        self._store_code(metadata, code)
        return broken

    def unpack(self, packed: ir.Value, metadata: ir.Value, out: ir.Value) -> ir.Value:
        """Load values and indices, store each value in its place; 1 if a group's indices do not rise."""
        self.place.prefetch(packed, self.kept)
        code, slots = self._load_code(metadata), self._load_slots(packed)
        columns = [self._all(slots[0].type, 0)] * self.group
        before, broken = None, []
        for slot, value in enumerate(slots):
            index = self.builder.lshr(code, self._all(self.key_type, slot * self.field))
            index = self.builder.and_(index, self._all(self.key_type, (1 << self.field) - 1))
            for j in range(slot, slot + self.group - self.kept + 1):
                here = self.builder.icmp_signed("==", index, self._all(self.key_type, j))
                columns[j] = self.builder.select(here, value, columns[j])
            if before is not None:
                broken.append(self.builder.icmp_signed("<=", index, before))
            before = index
        self.place.store(out, columns, self.group)
        return self._any(broken)

    def _choose(self, keys: ir.Value) -> tuple[list[ir.Value], ir.Value]:
        """For each place all bits set in the lanes that store it; and whether a lane breaks the pattern."""
        columns = self.place.load(keys, self.group)
        if self.choice == LARGEST:
            self.key_type = ir.VectorType(ir.IntType(max(32, columns[0].type.element.width)), LANES)
            return self._keep([self._key(column) for column in columns]), LONG(0)
        bits, zero = self._all(columns[0].type, self.magnitude), self._all(columns[0].type, 0)
        keep = [
            self._mask(self.builder.icmp_unsigned("!=", self.builder.and_(column, bits), zero))
            for column in columns
        ]
        room = reduce(self.builder.add, keep, self._all(self.key_type, self.kept))
        none = self._all(self.key_type, 0)
        if self.choice == MASKED:
            return keep, self._any([self.builder.icmp_signed("!=", room, none)])
        broken = self._any([self.builder.icmp_signed("<", room, none)])
        filled = []
        for column in keep:
            fits = self._mask(self.builder.icmp_signed(">", room, none))
            filled.append(self.builder.or_(column, fits))
            room = self.builder.add(room, self.builder.and_(fits, self.builder.not_(column)))
        return filled, broken

    def _any(self, conditions: list[ir.Value]) -> ir.Value:
        """1 if a condition holds in any lane, else 0."""
        if not conditions:
            return LONG(0)
        lanes = self.builder.bitcast(reduce(self.builder.or_, conditions), ir.IntType(LANES))
        return self.builder.zext(self.builder.icmp_unsigned("!=", lanes, lanes.type(0)), LONG)

    def _store_slots(self, out: ir.Value, slots: list[ir.Value]) -> None:
        """What eight groups store, one group behind the other; whole vectors where one or two are kept."""
        if self.kept > 2:
            self.place.store(out, slots, self.kept)
            return
        pairs = [lane for pair in zip(LOWER, UPPER, strict=True) for lane in pair]
        rows = slots
        if self.kept == 2:
            rows = [self._shuffled(slots[0], slots[1], pairs[half : half + LANES]) for half in (0, LANES)]
        for row, start in zip(rows, (0, LANES), strict=False):
            pointer = self._row_at(out, start)
            self.builder.store(row, pointer, align=1)

    def _load_slots(self, packed: ir.Value) -> list[ir.Value]:
        """The reverse."""
        if self.kept > 2:
            return self.place.load(packed, self.kept)
        rows = [
            self.builder.load(self._row_at(packed, start), align=1)
            for start in range(0, self.kept * LANES, LANES)
        ]
        if self.kept == 1:
            return rows
        return [self._shuffled(rows[0], rows[1], list(range(first, 2 * LANES, 2))) for first in (0, 1)]

    def _code_at(self, metadata: ir.Value) -> ir.Value:
        """Where the bits of the eight groups lie: as many bytes as one group has bits."""
        eights = self.builder.udiv(self.place.at, ir.Constant(self.place.at.type, LANES))
        offset = self.builder.mul(eights, ir.Constant(self.place.at.type, self.bits))
        whole = ir.IntType(LANES * self.bits)
        return self.builder.bitcast(self.builder.gep(metadata, [offset]), whole.as_pointer())

    def _store_code(self, metadata: ir.Value, code: ir.Value) -> None:
        """The bits of each lane one behind the other, joined in pairs."""
        width, lanes = self.bits, LANES
        while lanes > 1:
            even, odd = (self._shuffled(code, code, list(range(first, lanes, 2))) for first in (0, 1))
            lanes //= 2
            if 2 * width > code.type.element.width:
                wide = ir.VectorType(ir.IntType(2 * code.type.element.width), lanes)
                even, odd = self.builder.zext(even, wide), self.builder.zext(odd, wide)
            code = self.builder.or_(even, self.builder.shl(odd, ir.Constant(even.type, [width] * lanes)))
            width *= 2
        whole = self.builder.extract_element(code, WORD(0))
        if whole.type.width > width:
            whole = self.builder.trunc(whole, ir.IntType(width))
        self.builder.store(whole, self._code_at(metadata), align=1)

    def _load_code(self, metadata: ir.Value) -> ir.Value:
        """The reverse: the bits of a group in each lane, with others above them."""
        whole = self.builder.load(self._code_at(metadata), align=1)
        parts = -(-whole.type.width // 64)
        each = LANES // parts
        found = []
        for part in range(parts):
            shifted = self.builder.lshr(whole, whole.type(part * each * self.bits))
            narrow = WORD if whole.type.width <= 32 else LONG
            if shifted.type.width != narrow.width:
                resize = self.builder.zext if shifted.type.width < narrow.width else self.builder.trunc
                shifted = resize(shifted, narrow)
            kind = ir.VectorType(narrow, each)
            one = self.builder.insert_element(ir.Constant(kind, ir.Undefined), shifted, WORD(0))
            lanes = self._shuffled(one, one, [0] * each)
            moves = ir.Constant(kind, [lane * self.bits for lane in range(each)])
            found.append(self._resized(self.builder.lshr(lanes, moves), ir.VectorType(WORD, each)))
        return found[0] if parts == 1 else self._shuffled(found[0], found[1], list(LOWER))

    def _row_at(self, pointer: ir.Value, start: int) -> ir.Value:
        """Where slot `start` of all slots of the eight groups lies, as a vector."""
        first = self.builder.mul(self.place.at, ir.Constant(self.place.at.type, self.kept))
        offset = self.builder.add(first, ir.Constant(first.type, start))
        kind = ir.VectorType(pointer.type.pointee, LANES)
        return self.builder.bitcast(self.builder.gep(pointer, [offset]), kind.as_pointer())

    def _shuffled(self, first: ir.Value, second: ir.Value, lanes: list[int]) -> ir.Value:
        return self.builder.shuffle_vector(first, second, ir.Constant(ir.VectorType(WORD, len(lanes)), lanes))
