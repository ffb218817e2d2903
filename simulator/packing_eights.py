"""Packing by vector code: eight groups at once, for usual patterns, as coordinates without gaps."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.errors import InputError
from simulator.formats import BYTE, Coordinate, Format, bits_to_name
from simulator.kernels import packing_lanes as lanes
from simulator.kernels.lanes import LANES
from simulator.kernels.select import COMPILES
from simulator.kernels.threads import spread
from simulator.mask.dtypes import Array
from simulator.metadata import Bytes, Vectors, decode


def eights(vectors: Vectors, form: Format) -> int:
    """How many groups are served in eights: none where groups or fields have gaps."""
    pattern, field = vectors.pattern, bits_to_name(vectors.pattern.group)
    if (pattern.kept, pattern.group) not in lanes.PATTERNS or not COMPILES or vectors.length % pattern.group:
        return 0
    if not isinstance(form, Coordinate) or not (form.straddle or BYTE % field == 0):
        return 0
    return vectors.values // pattern.group // LANES * LANES


def pack_eights(
    bits: Array,
    keys: Array,
    out: Array,
    metadata: Bytes,
    vectors: Vectors,
    form: Format,
    *,
    choice: int,
    magnitude: int,
    infinity: int = 0,
) -> bool:
    """Write both results in one pass; False where that does not suit, or where a group breaks the pattern."""
    pattern, groups = vectors.pattern, eights(vectors, form)
    if not groups:
        return False
    run = lanes.packer(pattern.kept, pattern.group, choice, magnitude, infinity)
    broken: list[int] = []
    spread(
        lambda first, last: broken.append(run(bits, keys, out, metadata, first, last)),
        groups,
        values=vectors.values,
        step=LANES,
    )
    body = groups * pattern.group
    if body < vectors.values:  # the rest is filled up to eight groups of its own
        rest = [_filled_up(each[body:], pattern.kept, pattern.group) for each in (bits, keys)]
        stored, field = groups * pattern.kept, bits_to_name(pattern.group)
        rest_out = np.empty(LANES * pattern.kept, bits.dtype)
        rest_metadata = np.empty(pattern.kept * field, np.uint8)
        broken.append(run(*rest, rest_out, rest_metadata, 0, LANES))
        out[stored:] = rest_out[: out.size - stored]
        start = stored * field // BYTE
        metadata[start:] = rest_metadata[: metadata.size - start]
        spare = -out.size * field % BYTE
        metadata[-1] &= 255 >> spare
    return not any(broken)


def unpack_eights(bits: Array, metadata: Bytes, vectors: Vectors, form: Format, out: Array) -> bool:
    """Write the values in one pass; False where that does not suit, or where the metadata are wrong."""
    pattern, groups = vectors.pattern, eights(vectors, form)
    if not groups:
        return False
    run = lanes.unpacker(pattern.kept, pattern.group)
    broken: list[int] = []
    spread(
        lambda first, last: broken.append(run(bits, metadata, out, first, last)),
        groups,
        values=vectors.values,
        step=LANES,
    )
    if any(broken):
        return False
    rest = Vectors(shape=(vectors.values - groups * pattern.group,), axis=0, pattern=pattern)
    if rest.values:
        stored = groups * pattern.kept
        start = stored * bits_to_name(pattern.group) // BYTE
        try:
            decode(metadata[start:], bits[stored:], rest, form, out[-rest.values :])
        except InputError:  # the caller looks again, and names the place as the user knows it
            return False
    return True


def _filled_up(rest: Array, kept: int, group: int) -> NDArray[Any]:
    """Eight groups that start with `rest`, the others with their first values stored."""
    whole = np.zeros((LANES, group), rest.dtype)
    whole[:, :kept] = 1
    whole.reshape(-1)[: rest.size] = rest
    return whole.reshape(-1)
