"""Vector code stays within its arrays, which no bounds check sees: it is asked at the edges of memory."""

import ctypes
import mmap
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from simulator.mask.magnitude import prune, prune_decay, select, select_bits
from simulator.packing import pack, prune_and_pack, unpack
from simulator.pattern import Pattern
from tests.arrays import Array, drawn_mask, in_dtype, same_bits

PAD = 4096  # bytes on either side of a result: vector code writes in steps of far less
SENTINEL = 0xA5
CASES: list[tuple[str, type]] = [
    ("2:4", np.float32),
    ("1:2", np.float32),
    ("1:4", np.float64),
    ("4:8", np.uint16),
    ("3:7", np.uint16),
]
SIZES = [(1, 8), (1, 9), (2, 17), (3, 64), (5, 33)]  # rows and groups to a row


def before_the_end(array: Array) -> Array:
    """The same values in memory that ends with them: a read beyond ends the process."""
    pages = -(-array.nbytes // mmap.PAGESIZE)
    memory = mmap.mmap(-1, (pages + 1) * mmap.PAGESIZE)
    start = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    nothing_goes = 0
    libc = ctypes.CDLL(None, use_errno=True)
    last = ctypes.c_void_p(start + pages * mmap.PAGESIZE)
    assert libc.mprotect(last, ctypes.c_size_t(mmap.PAGESIZE), nothing_goes) == 0
    there = np.frombuffer(memory, array.dtype, array.size, pages * mmap.PAGESIZE - array.nbytes)
    there.reshape(array.shape)[...] = array
    return there.reshape(array.shape)


def between_sentinels(like: Array) -> tuple[Array, Callable[[], bool]]:
    """Room of the shape and dtype of `like`, and whether what lies on both sides is as it was."""
    buffer = np.full(like.nbytes + 2 * PAD, SENTINEL, np.uint8)
    room = buffer[PAD : PAD + like.nbytes].view(like.dtype).reshape(like.shape)
    sides = buffer[:PAD], buffer[PAD + like.nbytes :]
    return room, lambda: all((side == SENTINEL).all() for side in sides)


def case(text: str, dtype: type, size: tuple[int, int]) -> tuple[Array, Pattern]:
    pattern, (rows, groups) = Pattern.parse(text), size
    rng = np.random.default_rng(rows * groups)
    return before_the_end(in_dtype(rng.standard_normal((rows, groups * pattern.group)), dtype)), pattern


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize(("text", "dtype"), CASES)
def test_a_selection_stays_within_its_arrays(text: str, dtype: type, size: tuple[int, int]) -> None:
    values, pattern = case(text, dtype, size)
    across = before_the_end(np.ascontiguousarray(values.T))
    for array, axis in ((values, 1), (across, 0)):
        elsewhere = array.copy()
        mask, is_whole = between_sentinels(np.empty(array.shape, np.bool_))
        select(array, pattern, axis=axis, out=mask)
        assert is_whole()
        assert same_bits(mask, select(elsewhere, pattern, axis=axis))
        pruned, is_whole = between_sentinels(array)
        prune(array, pattern, axis=axis, out=pruned)
        assert is_whole()
        assert same_bits(pruned, prune(elsewhere, pattern, axis=axis))


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_other_results_of_a_selection_do_too(size: tuple[int, int]) -> None:
    values, pattern = case("2:4", np.float32, size)
    gradient, elsewhere = before_the_end(values[:, ::-1]), values.copy()
    made, is_whole = between_sentinels(values)
    prune_decay(gradient, values, pattern, strength=0.5, out=made)
    assert is_whole()
    assert same_bits(made, prune_decay(gradient.copy(), elsewhere, pattern, strength=0.5))
    prune(values, pattern, fade=0.5, out=made)
    assert is_whole()
    assert same_bits(select_bits(values, pattern), select_bits(elsewhere, pattern))


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize(("text", "dtype"), CASES)
def test_packing_stays_within_its_arrays(text: str, dtype: type, size: tuple[int, int]) -> None:
    weights, pattern = case(text, dtype, size)
    mask = before_the_end(drawn_mask(weights.shape, pattern, 1, np.random.default_rng(1)))
    pruned = before_the_end(prune(weights, pattern))
    expected = {
        "pack": pack(pruned.copy(), pattern),
        "mask": pack(weights.copy(), pattern, mask=mask.copy()),
        "prune": prune_and_pack(weights.copy(), pattern),
    }
    for way, right in expected.items():
        values, values_are_whole = between_sentinels(right.values)
        metadata, metadata_are_whole = between_sentinels(right.metadata)
        out = replace(right, values=values, metadata=metadata)
        if way == "prune":
            prune_and_pack(weights, pattern, out=out)
        else:
            source = pruned if way == "pack" else weights
            pack(source, pattern, mask=mask if way == "mask" else None, out=out)
        assert values_are_whole()
        assert metadata_are_whole()
        assert same_bits(values, right.values)
        assert same_bits(metadata, right.metadata)


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize(("text", "dtype"), CASES)
def test_unpacking_stays_within_its_arrays(text: str, dtype: type, size: tuple[int, int]) -> None:
    weights, pattern = case(text, dtype, size)
    packed = prune_and_pack(weights, pattern)
    at_the_end = replace(
        packed, values=before_the_end(packed.values), metadata=before_the_end(packed.metadata)
    )
    whole, is_whole = between_sentinels(weights)
    unpack(at_the_end, out=whole)
    assert is_whole()
    assert same_bits(whole, prune(weights, pattern))
