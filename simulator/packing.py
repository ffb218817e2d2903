"""Packing: the stored values of an operand and its metadata, bit by bit as its Format lays them out.

A vector is all positions along `axis`; vectors follow in C order of the other axes. Each group of a vector
stores exactly min(kept, tail) values, in rising index, zeros among them included. The rank of the
combinatorial format is the place of a mask among all that its group may have, in rising order of the number
whose bit i says if index i is stored: the sum of C(c_i, i) over the stored c_1 < c_2 < ... (the combinatorial
number system).
"""

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.errors import InputError, lookup, shown
from simulator.formats import BYTE, FORMATS, Dense, Format, Size
from simulator.kernels import packing as kernels
from simulator.kernels.packing_lanes import LARGEST, MASKED, NONZERO
from simulator.kernels.threads import spread
from simulator.mask.conform import occupied_bits
from simulator.mask.dtypes import INFINITY, Array, magnitude_bits
from simulator.mask.layout import (
    check_array,
    check_axes,
    check_axis_of,
    check_like,
    check_mask,
    check_mask_bytes,
    check_out,
    check_pattern,
    check_scores,
    grouped,
)
from simulator.mask.magnitude import select
from simulator.metadata import Bytes, Vectors, check_form, check_stored, decode, encode, first_wrong
from simulator.packing_eights import eights, pack_eights, unpack_eights
from simulator.pattern import Pattern

BYTES_MAX = 1 << 62  # of an array that numpy can address


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Packed:
    """An operand as it lies in memory: the stored values, and the metadata as bytes of little-endian bits.

    `shape` and `axis` are those of the array that was packed, `axis` counted from the front.
    """

    values: Array
    metadata: Bytes
    shape: tuple[int, ...]
    axis: int
    pattern: Pattern
    form: Format

    def __post_init__(self) -> None:
        check_pattern(self.pattern)
        _check_shape(self.shape, self.axis)
        if not isinstance(self.form, Format):
            raise InputError.of(
                f"the form is {self.form!r}", "a Format, as simulator.formats.FORMATS holds them"
            )
        _check_form(self.form, self.pattern)
        _check_values(self.values)
        size = self.size
        count = size.value_bits // (BYTE * self.dtype.itemsize)
        _check_flat(self.values, self.dtype, count, what="values")
        _check_flat(self.metadata, np.dtype(np.uint8), -(-size.metadata_bits // BYTE), what="metadata")
        if prod(max(1, length) for length in self.shape) * self.dtype.itemsize > BYTES_MAX:
            raise InputError.of(f"the shape is {self.shape}", f"an array has at most {BYTES_MAX} bytes")

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype of the array that was packed."""
        return self.values.dtype

    @property
    def vectors(self) -> Vectors:
        """The vectors that were packed."""
        return Vectors(shape=self.shape, axis=self.axis, pattern=self.pattern)

    @property
    def size(self) -> Size:
        """The bits that it takes, as simulator.formats counts them."""
        stored, metadata_bits = _takes(self.form, self.vectors)
        return Size(value_bits=BYTE * self.dtype.itemsize * stored, metadata_bits=metadata_bits)


def pack(
    values: Array,
    pattern: Pattern,
    *,
    form: Format | str = "coordinate",
    axis: int = -1,
    mask: NDArray[np.bool_] | None = None,
    out: Packed | None = None,
) -> Packed:
    """`values` packed along `axis` in a format, by name or as an object.

    `mask` says which are stored, exactly min(kept, tail) of each group. Without one those are the values
    other than 0 (-0 is 0, NaN is not), and as many zeros of the lowest indices as fill the group. Bits are
    moved, not numbers: any dtype of 1, 2, 4 or 8 bytes will do, and uint16 is bfloat16. Dense stores all
    values, those outside of a `mask` as 0. `out`, an earlier result of the same kind and shape, is written
    over and returned.
    """
    values = _check_values(values)
    axis = check_axis_of(values, axis)
    chosen = _check_form(form, check_pattern(pattern))
    space = _space(out, values, axis, pattern, chosen)
    bits = _flat(values, axis)
    if mask is None:
        magnitude = _magnitude(values.dtype)
        if not pack_eights(bits, bits, *_within(space), choice=NONZERO, magnitude=magnitude):
            _pack_any(bits, _stored(bits, magnitude, space.vectors), space, all_values=True)
        return space
    keys = _flat(check_mask_bytes(mask, shape=values.shape), axis)
    if not pack_eights(bits, keys, *_within(space), choice=MASKED, magnitude=255):
        stored = check_mask(keys.view(np.bool_)).view(np.uint8)
        check_stored(stored, space.vectors, what="the mask")
        _pack_any(bits, stored, space, all_values=False)
    return space


def prune_and_pack(
    weights: Array,
    pattern: Pattern,
    *,
    form: Format | str = "coordinate",
    axis: int = -1,
    scores: Array | None = None,
    out: Packed | None = None,
) -> Packed:
    """The weights of largest magnitude or `scores` in each group: pack(weights, mask=select(scores))."""
    weights = _check_values(weights, what="weights")
    ranked = check_scores(weights, what="weights") if scores is None else check_scores(scores)
    check_like(ranked, weights.shape, what="scores")
    axis = check_axis_of(weights, axis)
    chosen = _check_form(form, check_pattern(pattern))
    space, bits = _space(out, weights, axis, pattern, chosen), _flat(weights, axis)
    if ranked.dtype == weights.dtype and eights(space.vectors, chosen):
        infinity, magnitude = INFINITY[ranked.dtype], magnitude_bits(ranked.dtype)
        keys = bits if ranked is weights else _flat(ranked, axis)
        pack_eights(bits, keys, *_within(space), choice=LARGEST, magnitude=magnitude, infinity=infinity)
    else:
        stored = _flat(select(ranked, pattern, axis=axis), axis)
        _pack_any(bits, stored, space, all_values=False)
    return space


def unpack(packed: Packed, *, out: Array | None = None) -> Array:
    """The array that was packed, 0 where nothing was stored; every stored value has its bits."""
    whole = check_out(out, shape=packed.shape, dtype=packed.dtype)
    bits = whole.reshape(-1).view(_bits_of(whole.dtype))
    if packed.axis == len(packed.shape) - 1:
        _unpack(packed, bits)
    else:
        flat = np.empty_like(bits)
        _unpack(packed, flat)
        _swap_back(flat, packed, bits)
    return whole


def unpack_mask(packed: Packed) -> NDArray[np.bool_]:
    """Where the stored values were; dense does not say, so there it is what pack stores without a mask."""
    if isinstance(packed.form, Dense):
        bits = packed.values.view(_bits_of(packed.dtype))
        stored = _stored(bits, _magnitude(packed.dtype), packed.vectors)
    else:
        stored = np.empty(packed.vectors.values, np.uint8)
        ones = np.ones(packed.values.size, np.uint8)
        decode(packed.metadata, ones, packed.vectors, packed.form, stored)
    if packed.axis < len(packed.shape) - 1:
        stored = _swap_back(stored, packed, np.empty_like(stored))
    return stored.view(np.bool_).reshape(packed.shape)


def _unpack(packed: Packed, out: Array) -> None:
    """The bits of all values, vector by vector."""
    bits, metadata, vectors, form = _within(packed)
    if isinstance(form, Dense):
        out[...] = bits
    elif not unpack_eights(bits, metadata, vectors, form, out):
        decode(metadata, bits, vectors, form, out)


def _pack_any(bits: Array, stored: Bytes, space: Packed, *, all_values: bool) -> None:
    """Values and metadata of any pattern and format; of dense `all_values`, or those that are stored."""
    out, metadata, vectors, form = _within(space)
    if isinstance(form, Dense):
        out[...] = bits if all_values else np.where(stored != 0, bits, bits.dtype.type(0))
        return
    spread(
        lambda first, last: kernels.gather(bits, stored, vectors.length, vectors.stored, out, first, last),
        vectors.count,
        values=vectors.values,
    )
    encode(stored, vectors, form, metadata)


def _stored(bits: Array, magnitude: int, vectors: Vectors) -> Bytes:
    """What is stored without a mask: what is not 0, and zeros that fill the groups up."""
    stored, kept, group = occupied_bits(bits, magnitude), vectors.pattern.kept, vectors.pattern.group
    wrong = first_wrong(
        lambda first, last: kernels.fill(stored, vectors.length, kept, group, first, last), vectors
    )
    if wrong >= 0:
        vector, within = divmod(wrong, vectors.groups)
        start = vector * vectors.length + within * group
        count = np.count_nonzero(stored[start : start + vectors.width(wrong)])
        raise InputError.of(
            f"{count} values at {vectors.name(wrong)} are not 0",
            f"{vectors.pattern} stores {vectors.room(wrong)} of them: prune first, or say which by a mask",
        )
    return stored


def _takes(form: Format, vectors: Vectors) -> tuple[int, int]:
    """The values, and the bits of metadata, that the vectors take in a format."""
    sizes: dict[str, Any] = {"vectors": vectors.count, "length": vectors.length, "pattern": vectors.pattern}
    return form.values(**sizes), form.metadata_bits(**sizes)


def _within(packed: Packed) -> tuple[Array, Bytes, Vectors, Format]:
    """Its values as bits, its metadata, and what they mean."""
    return packed.values.view(_bits_of(packed.dtype)), packed.metadata, packed.vectors, packed.form


def _space(out: object, values: Array, axis: int, pattern: Pattern, form: Format) -> Packed:
    """Where `values` are packed to: `out`, a Packed of an operand like this one, or a new one."""
    if out is not None:
        return _check_space(out, (values.shape, axis, pattern, form, values.dtype))
    stored, bits = _takes(form, Vectors(shape=values.shape, axis=axis, pattern=pattern))
    return Packed(
        values=np.empty(stored, values.dtype),
        metadata=np.empty(-(-bits // BYTE), np.uint8),
        shape=values.shape,
        axis=axis,
        pattern=pattern,
        form=form,
    )


def _flat(array: Array, axis: int) -> Array:
    """The bits of `array`, vector by vector."""
    outer, length, inner = (shaped := grouped(array, axis)).shape
    flat = shaped.reshape(-1).view(_bits_of(array.dtype))
    return flat if inner == 1 else _swap(flat, outer, length, inner, np.empty_like(flat))


def _swap(flat: Array, outer: int, length: int, inner: int, out: Array) -> Array:
    """`out`, with the values that lie as (outer, length, inner) as (outer, inner, length)."""
    parts = outer * -(-inner // kernels.BLOCK) if flat.size else 0
    spread(lambda first, last: kernels.swap(flat, length, inner, out, first, last), parts, values=flat.size)
    return out


def _swap_back(flat: Array, packed: Packed, out: Array) -> Array:
    """The reverse: `out`, with values that lie vector by vector in the order of what was packed."""
    shape, axis = packed.shape, packed.axis
    return _swap(flat, prod(shape[:axis]), prod(shape[axis + 1 :]), shape[axis], out)


def _bits_of(dtype: np.dtype[Any]) -> np.dtype[Any]:
    return np.dtype(f"u{dtype.itemsize}")


def _magnitude(dtype: np.dtype[Any]) -> int:
    """The bits that make a value other than 0: all but the sign of a float."""
    return magnitude_bits(dtype) if dtype in INFINITY else (1 << BYTE * dtype.itemsize) - 1


def _check_values(values: object, *, what: str = "values") -> Array:
    """An array whose values have 1, 2, 4 or 8 bytes, and at least one axis."""
    array = check_array(values, what=what)
    if array.dtype.kind not in "biuf" or array.dtype.itemsize > 8 or not array.dtype.isnative:
        raise InputError.of(
            f"{what} has dtype {array.dtype}",
            "numbers of 1, 2, 4 or 8 bytes, in the byte order of this machine",
        )
    return check_axes(array, what=what)


def _check_form(form: object, pattern: Pattern) -> Format:
    """A format, by name or as an object, that `pattern` can be packed in."""
    chosen = form if isinstance(form, Format) else lookup(FORMATS, form, kind="format")  # type: ignore[arg-type]
    if not isinstance(chosen, Dense):
        check_form(chosen, pattern)
    return chosen


def _check_space(out: object, wanted: tuple[object, ...]) -> Packed:
    """`out`, a Packed of exactly the operand that is wanted, which can be written."""
    if not isinstance(out, Packed):
        raise InputError.of(
            f"out is of type {type(out).__name__}", "out is a Packed, as an earlier call returned it"
        )
    names = ("shape", "axis", "pattern", "form", "dtype")
    for name, seen, right in zip(
        names, (out.shape, out.axis, out.pattern, out.form, out.dtype), wanted, strict=True
    ):
        if seen != right:
            raise InputError.of(f"the {name} of out is {seen}", f"that of the result is {right}")
    if not (out.values.flags.writeable and out.metadata.flags.writeable):
        raise InputError.of("out is not writeable", "out is a Packed, as an earlier call returned it")
    return out


def _check_shape(shape: object, axis: object) -> None:
    if not isinstance(shape, tuple) or not all(type(length) is int and length >= 0 for length in shape):
        raise InputError.of(f"the shape is {shape!r}", "a tuple of whole numbers from 0")
    if type(axis) is not int or not 0 <= axis < len(shape):
        raise InputError.of(f"axis is {shown(axis)}", f"an axis of shape {shape}, counted from 0")


def _check_flat(array: object, dtype: np.dtype[Any], count: int, *, what: str) -> None:
    """Exactly `count` values of `dtype` in one contiguous row."""
    seen = check_array(array, what=what)
    if seen.dtype != dtype:
        raise InputError.of(f"{what} has dtype {seen.dtype}", f"{what} is a numpy array of {dtype}")
    if not seen.flags.c_contiguous:
        raise InputError.of(f"{what} is not contiguous", f"a contiguous row of {count}")
    if seen.shape != (count,):
        raise InputError.of(f"{what} has shape {seen.shape}", f"a contiguous row of {count}")
