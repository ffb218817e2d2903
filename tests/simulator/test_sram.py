"""A bank between measured points: exact at them, never falling, and as far from CACTI as is said."""

from itertools import product
from math import inf, nan
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.components import load_table
from simulator.errors import InputError
from simulator.sram import Bank, Sram, monotone, pooled

NODES = (45, 32, 22, 16, 7)
NAMES = ("read", "write", "area", "leak")
SIDES = ("value", "low", "high")
ROUNDING = 1e-12
"""Bilinear interpolation rounds a few times; a law may fail by that much of a value and no more."""

CACTI_BETWEEN = {
    (45, 8, 64): (6.137, 7.878, 0.0263),
    (45, 32, 64): (17.042, 15.398, 0.0949),
    (45, 1024, 512): (434.067, 492.850, 3.9530),
    (32, 8, 64): (3.443, 4.272, 0.0133),
    (32, 32, 64): (8.257, 7.461, 0.0566),
    (32, 1024, 512): (243.829, 271.991, 1.9998),
    (22, 8, 64): (1.590, 1.771, 0.0063),
    (22, 32, 64): (3.786, 3.104, 0.0267),
    (22, 1024, 512): (116.452, 119.599, 1.1140),
}
"""CACTI 7 (hwcomponents-cacti) at points that the table leaves out: node, KiB, bits to pJ, pJ, mm^2."""

LEFT_OUT = {45: (1.51, 0.24, 0.58, 0.09), 32: (1.48, 0.25, 0.65, 0.08), 22: (0.75, 0.15, 0.61, 0.07)}
"""The largest error of read, write, area and leak at an inner point without its size or width, rounded up.

CACTI changes the layout at 4 KiB between 256 and 1024 bits, which no interpolation from 64 bits can see.
"""

sizes_and_widths = st.tuples(st.integers(2**10, 2**22), st.integers(32, 1024))
grids = st.integers(1, 5).flatmap(
    lambda columns: st.lists(
        st.lists(st.floats(1e-6, 1e6), min_size=columns, max_size=columns).map(tuple), min_size=1, max_size=5
    ).map(tuple)
)


def points_of(node: int) -> list[Bank]:
    """The shipped rows of a node: read, write, area, leak, then their low and their high bounds."""
    rows = [row for row in load_table("sram_cacti").value.rows.values() if row.node == node]
    return [
        Bank(
            row.size or 0,
            row.width or 0,
            tuple(
                float(row.value[name] if side == "value" else row.bound(side, name))
                for side, name in product(SIDES, NAMES)
            ),
        )
        for row in rows
    ]


SHIPPED = {node: Sram.of(points_of(node)) for node in NODES}


@given(st.lists(st.integers(1, 20).map(float), min_size=1, max_size=8))
def test_pooling_is_the_isotonic_regression(values: list[float]) -> None:
    """Its closed form: the largest, over starts up to a place, of the least mean that ends at or after."""
    places = range(len(values))
    oracle = [
        max(
            min(sum(values[first : last + 1]) / (last + 1 - first) for last in places if last >= place)
            for first in range(place + 1)
        )
        for place in places
    ]
    assert pooled(values, logs=False) == pytest.approx(oracle)


def test_pooling_of_logs_takes_geometric_means_and_leaves_the_rest_alone() -> None:
    assert pooled([0.1, 8.0, 2.0, 9.7], logs=True) == pytest.approx((0.1, 4.0, 4.0, 9.7))
    kept = pooled([0.1, 8.0, 2.0, 9.7], logs=True)
    assert (kept[0], kept[3]) == (0.1, 9.7)


@given(grids)
def test_a_pooled_grid_never_falls(grid: tuple[tuple[float, ...], ...]) -> None:
    found = monotone(grid)
    assert all(list(row) == sorted(row) for row in (*found, *zip(*found, strict=True)))
    if all(list(row) == sorted(row) for row in (*grid, *zip(*grid, strict=True))):
        assert found == grid


@given(grids, st.floats(1, 3))
def test_bounds_stay_on_their_side(grid: tuple[tuple[float, ...], ...], share: float) -> None:
    above = tuple(tuple(value * share ** (place % 2) for place, value in enumerate(row)) for row in grid)
    pairs = zip(monotone(grid), monotone(above), strict=True)
    assert all(low <= high * (1 + ROUNDING) for rows in pairs for low, high in zip(*rows, strict=True))


@given(st.floats(0, 2), st.floats(0, 2), st.integers(1, 16), st.integers(1, 8))
def test_a_power_law_is_met_everywhere(down: float, along: float, size: int, width: int) -> None:
    table = Sram.of([Bank(s, w, (s**down * w**along,)) for s in (1, 2, 16) for w in (1, 8)])
    assert table.at(size, width)[0] == pytest.approx(size**down * width**along)


def test_a_value_that_is_zero_somewhere_is_itself_bilinear() -> None:
    table = Sram.of([Bank(4, 1, (0.0, 1.0)), Bank(64, 1, (8.0, 16.0))])
    assert table.at(16, 1) == pytest.approx((4.0, 4.0))


@pytest.mark.parametrize("node", NODES)
@given(data=st.data())
def test_no_value_falls_with_size_or_width(node: int, data: st.DataObject) -> None:
    (size, width), (other, another) = data.draw(sizes_and_widths), data.draw(sizes_and_widths)
    low, high = (min(size, other), min(width, another)), (max(size, other), max(width, another))
    pairs = zip(SHIPPED[node].at(*low), SHIPPED[node].at(*high), strict=True)
    assert all(few <= many * (1 + ROUNDING) for few, many in pairs)


@pytest.mark.parametrize("node", NODES)
@given(where=sizes_and_widths)
def test_a_value_lies_between_its_bounds(node: int, where: tuple[int, int]) -> None:
    found = SHIPPED[node].at(*where)
    values, lows, highs = found[:4], found[4:8], found[8:]
    assert all(low <= value <= high for low, value, high in zip(lows, values, highs, strict=True))


@pytest.mark.parametrize("node", NODES)
def test_a_point_that_did_not_move_is_exact(node: int) -> None:
    table, exact = SHIPPED[node], 0
    for point in points_of(node):
        down, along = table.sizes.index(point.size_bytes), table.widths.index(point.width_bits)
        found = table.at(point.size_bytes, point.width_bits)
        for column, value in enumerate(point.values):
            if table.moved[column][down][along] == 0:
                assert found[column] == value
                exact += 1
    assert exact > len(points_of(node)) * 12 // 2


@pytest.mark.parametrize("node", NODES)
def test_how_far_pooling_moves_the_points(node: int) -> None:
    for column, name in enumerate(NAMES):
        moved = [share for row in SHIPPED[node].moved[column] for share in row]
        assert median(moved) < 0.02
        assert max(moved) < {"read": 0.01, "write": 0.01, "area": 0.15, "leak": 0.16}[name]


@pytest.mark.parametrize(("node", "most"), LEFT_OUT.items())
def test_inner_points_from_the_others(node: int, most: tuple[float, ...]) -> None:
    """Its neighbours are then a factor of 16 apart, not of 4: worse than any use of the table."""
    table = SHIPPED[node]
    found = {point[:2]: point.values for point in points_of(node)}
    errors: list[list[float]] = [[], [], [], []]
    for size, width in product(table.sizes[1:-1], table.widths[1:-1]):
        for kept_sizes, kept_widths in (
            ([one for one in table.sizes if one != size], table.widths),
            (table.sizes, [one for one in table.widths if one != width]),
        ):
            rest = [Bank(*pair, found[pair][:4]) for pair in product(kept_sizes, kept_widths)]
            guess = Sram.of(rest).at(size, width)
            for column, value in enumerate(guess):
                errors[column].append(abs(value / found[size, width][column] - 1))
    for off, limit in zip(errors, most, strict=True):
        assert median(off) < 0.13
        assert max(off) <= limit


@pytest.mark.parametrize(("bank", "truth"), CACTI_BETWEEN.items())
def test_cacti_at_points_that_the_table_leaves_out(
    bank: tuple[int, int, int], truth: tuple[float, ...]
) -> None:
    node, size, width = bank
    read, write, area, _ = SHIPPED[node].at(size * 1024, width)[:4]
    errors = [one / other - 1 for one, other in zip((read, write, area / 1e6), truth, strict=True)]
    assert max(map(abs, errors)) < 0.22


def test_published_figures_lie_within_the_bounds() -> None:
    """Horowitz, ISSCC 2014 (45 nm), and Jouppi et al., ISCA 2021 (7 nm, recalled): pJ of 64 bits."""
    published = {45: {8: 10.0, 32: 20.0, 1024: 100.0}, 7: {8: 7.5, 32: 8.5, 1024: 14.0}}
    for node, figures in published.items():
        for size, energy in figures.items():
            found = SHIPPED[node].at(size * 1024, 64)
            assert found[4] <= energy <= found[8]


@pytest.mark.parametrize(
    ("where", "what", "right"),
    [
        ((512, 64), "a bank of 512 B", "1024 to 4194304; take more or fewer banks"),
        ((2**23, 64), "a bank of 8388608 B", "1024 to 4194304; take more or fewer banks"),
        ((4096, 16), "an access of 16 bits", "32 to 1024; take other banks"),
        ((4096, 2048), "an access of 2048 bits", "32 to 1024; take other banks"),
    ],
)
def test_outside_the_table(where: tuple[int, int], what: str, right: str) -> None:
    with pytest.raises(InputError) as caught:
        SHIPPED[45].at(*where)
    assert str(caught.value) == f"{what} is not in the table; the table has {right}"


ONE = Bank(1, 1, (1.0,))
PAIR = "give one for each pair of a size and a width"


@pytest.mark.parametrize(
    ("points", "message"),
    [
        ([], "an SRAM without points; give at least one"),
        ([ONE, Bank(2, 2, (1.0,))], f"0 points of 1 B with accesses of 2 bits; {PAIR}"),
        ([ONE, ONE], f"2 points of 1 B with accesses of 1 bits; {PAIR}"),
        ([Bank(0, 1, (1.0,))], "a size or a width below 1; sizes and widths are positive"),
        ([ONE, Bank(2, 1, ())], "points with different numbers of values; give each point the same"),
        *(
            ([Bank(1, 1, (bad,))], "a value that is negative or not finite; values are 0 or above")
            for bad in (-1.0, nan, inf)
        ),
    ],
)
def test_points_that_make_no_table(points: list[Bank], message: str) -> None:
    with pytest.raises(InputError) as caught:
        Sram.of(points)
    assert str(caught.value) == message
