"""Cells are exact or said to be cut; rows that are left out are never those that must stay."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.page.blocks import EXACT_MAX, TEXT_MAX, cell, sheet, thinned


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (2**53 - 1, 2**53 - 1),
        (2**53, str(2**53)),
        (-(2**70), str(-(2**70))),
        (np.int64(7), 7),
        (np.bool_(True), True),
        (0.123456789, 0.1234568),
        (float("nan"), None),
        (float("-inf"), None),
        (None, None),
        ("1e3", "1e3"),
    ],
)
def test_a_cell_is_exact_or_short(value: object, shown: object) -> None:
    found = cell(value)
    assert found == shown
    assert type(found) is type(shown)


def test_an_endless_text_is_cut() -> None:
    found = cell("x" * 10_000)
    assert isinstance(found, str)
    assert len(found) == TEXT_MAX + 1
    assert found.endswith("…")


def test_cells_in_one_unit_are_numbers_and_leave_as_they_came() -> None:
    frame = pd.DataFrame({"a": ["400 GB/s", "1.6e3 GB/s"], "b": ["400 GB/s", "1 TB/s"], "c": ["2:4", "1:4"]})
    made = sheet("points", "", frame, links=["", ""], source="points.csv")
    assert [(one.cells, one.unit, one.written) for one in made.columns] == [
        ((400.0, 1600.0), "GB/s", " GB/s"),
        (("400 GB/s", "1 TB/s"), "", ""),
        (("2:4", "1:4"), "", ""),
    ]


def test_a_column_in_which_nothing_is_written_is_left_out() -> None:
    frame = pd.DataFrame({"a": [1, 2], "why": ["", ""], "energy_j": [float("nan")] * 2})
    made = sheet("points", "", frame, links=["", ""], source="points.csv")
    assert [column.key for column in made.columns] == ["a"]


@given(count=st.integers(0, 60), most=st.integers(1, 30), keep=st.sets(st.integers(0, 59)))
def test_rows_are_taken_in_their_order_and_those_to_keep_first(count: int, most: int, keep: set[int]) -> None:
    keep = {place for place in keep if place < count}
    frame = pd.DataFrame({"place": list(range(count))}, dtype="int64")
    whole = sheet("rows", "", frame, links=map(str, range(count)), source="rows.csv", keep=keep)
    taken = whole.taken(most)
    rows = [int(link) for link in taken.links]
    assert len(rows) == min(count, most)
    assert rows == sorted(set(rows))
    assert list(taken.columns[0].cells) == rows
    assert taken.whole == count
    assert len(set(rows) & keep) == min(len(keep), len(rows))
    assert {rows[place] for place in taken.keep} <= keep


@given(count=st.integers(0, 500), most=st.integers(2, 60))
def test_a_thinned_curve_keeps_its_ends(count: int, most: int) -> None:
    kept = list(thinned(count, most))
    assert len(kept) <= most
    assert kept == sorted(set(kept))
    if count:
        assert (kept[0], kept[-1]) == (0, count - 1)


def test_from_here_on_a_browser_counts_wrongly() -> None:
    assert float(EXACT_MAX) == float(EXACT_MAX + 1)
    assert float(EXACT_MAX - 1) != float(EXACT_MAX)
