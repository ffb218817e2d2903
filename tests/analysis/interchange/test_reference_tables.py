"""Accelergy's tables: what is written is read back, published ones are read, and what is wrong is refused."""

import math
import re
from contextlib import suppress
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from analysis.interchange.reference_tables import ROWS_MAX, Entry, art_text, ert_text, read_art, read_ert
from simulator.errors import InputError

# What Accelergy 0.4 made for `sparse_tensor_core_like` of the Timeloop and Accelergy exercises
# (github.com/Accelergy-Project/timeloop-accelergy-exercises), in part.
PUBLISHED_ERT = """\
ERT:
    version: '0.4'
    tables:
      - name: system_top_level.DRAM[1..1]
        actions:
          - name: read
            arguments:
                global_cycle_seconds: 1e-09
                action_latency_cycles: 1
            energy: 512.0
      - name: system_top_level.SMEM[1..1]
        actions:
          - name: read
            arguments: {}
            energy: 124.695312
          - name: metadata_read
            arguments: {}
            energy: 25.954813
      - name: system_top_level.LRF[1..1024]
        actions:
          - name: leak
            arguments: {}
            energy: 0.000288
"""
PUBLISHED_ART = """\
ART:
    version: '0.4'
    tables:
      - name: system_top_level.SMEM[1..1]
        area: 1069101.875
      - name: system_top_level.LRF[1..1024]
        area: 30.62
"""
# What Accelergy 0.3 made for the sparse tensor core of Sparseloop's artifact
# (github.com/Accelergy-Project/micro22-sparseloop-artifact), in part.
PUBLISHED_03 = """\
ERT:
  version: 0.3
  tables:
  - name: system.DRAM
    actions:
    - name: read
      arguments: null
      energy: 512
  - name: system.SM.Subpartition[0..3].PE[0..255].MAC
    actions:
    - name: mac_random
      arguments: null
      energy: 0.5608
    - name: mac_gated
      arguments: null
      energy: 0.01798
  - name: system.SM.Subpartition[0..3].RF
    actions:
    - name: gated_write
      arguments: null
      energy: 6.0e-05
"""
MAC = "system.SM.Subpartition[0..3].PE[0..255].MAC"

BITS = [b"[]", b"{}", b"null", b"- ", b"\n", b": ", b"1e999", b"1" * 39, b"[9..1]", b"true", b"? ", b"<<: "]

WORDS = ["on", "No", "true", "NULL", "y", "_"]
names = st.text("abZ_09-", max_size=6).map("e".__add__) | st.sampled_from(WORDS)
parts = st.builds(str.__add__, names, st.sampled_from(["", "[7]", "[0..3]", "[1..1]", "[2..4097]"]))
values = st.floats(min_value=0, max_value=1e15, allow_nan=False)
entries = st.lists(
    st.builds(
        Entry,
        st.lists(parts, min_size=1, max_size=3).map(".".join),
        st.dictionaries(names, values, max_size=4),
        st.none() | values,
    ),
    max_size=6,
    unique_by=lambda entry: re.sub(r"\[.*?\]", "", entry.name),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tables")


def saved(folder: Path, text: str) -> Path:
    path = folder / "t.yaml"
    path.write_text(text)
    return path


@given(entries)
def test_what_is_written_is_read_back_to_the_last_bit(folder: Path, given_: list[Entry]) -> None:
    energies = tuple(entry._replace(area=None) for entry in given_ if entry.actions)
    areas = tuple(entry._replace(actions={}) for entry in given_ if entry.area is not None)
    assert read_ert(saved(folder, ert_text(given_))) == energies
    assert read_art(saved(folder, art_text(given_))) == areas


@given(entries)
def test_a_reader_of_yaml_1_1_takes_it_alike(given_: list[Entry]) -> None:
    """Most readers of these files are: there 1e-09 is a text, and `on` is true."""
    tables = yaml.safe_load(ert_text(given_))["ERT"]["tables"]
    read = [(row["name"], {one["name"]: one["energy"] for one in row["actions"]}) for row in tables]
    assert read == [(entry.name, dict(entry.actions)) for entry in given_ if entry.actions]
    assert all(type(one["energy"]) is float for row in tables for one in row["actions"])
    assert all(one["arguments"] == {} for row in tables for one in row["actions"])
    tables = yaml.safe_load(art_text(given_))["ART"]["tables"]
    assert [(row["name"], row["area"]) for row in tables] == [
        (entry.name, entry.area) for entry in given_ if entry.area is not None
    ]


def test_published_tables_are_read(tmp_path: Path) -> None:
    assert read_ert(saved(tmp_path, PUBLISHED_ERT)) == (
        Entry("system_top_level.DRAM[1..1]", {"read": 512.0}),
        Entry("system_top_level.SMEM[1..1]", {"read": 124.695312, "metadata_read": 25.954813}),
        Entry("system_top_level.LRF[1..1024]", {"leak": 0.000288}),
    )
    assert read_art(saved(tmp_path, PUBLISHED_ART)) == (
        Entry("system_top_level.SMEM[1..1]", area=1069101.875),
        Entry("system_top_level.LRF[1..1024]", area=30.62),
    )
    assert read_ert(saved(tmp_path, PUBLISHED_03)) == (
        Entry("system.DRAM", {"read": 512.0}),
        Entry(MAC, {"mac_random": 0.5608, "mac_gated": 0.01798}),
        Entry("system.SM.Subpartition[0..3].RF", {"gated_write": 6e-05}),
    )


def test_what_is_written_is_what_accelergy_writes(tmp_path: Path) -> None:
    """Line by line, but for the arguments of DRAM, which are of Accelergy's own plug-in."""
    text = ert_text(read_ert(saved(tmp_path, PUBLISHED_ERT)))
    indent = " " * 16
    own = f"\n{indent}global_cycle_seconds: 1e-09\n{indent}action_latency_cycles: 1\n"
    assert text == PUBLISHED_ERT.replace(own, " {}\n")
    assert art_text(read_art(saved(tmp_path, PUBLISHED_ART))) == PUBLISHED_ART


@pytest.mark.parametrize(
    ("name", "instances"),
    [("dram", 1), ("a.b[3].c", 1), ("a[1..1].b", 1), ("a[1..168].b", 168), (MAC, 4 * 256)],
)
def test_the_name_says_how_many_there_are(name: str, instances: int) -> None:
    assert Entry(name).instances == instances


def test_an_action_may_be_written_again_where_its_arguments_change_nothing(tmp_path: Path) -> None:
    again = "    - name: read\n      arguments: {data_delta: 1}\n      energy: 512\n"
    first = "    - name: read\n      arguments: null\n      energy: 512\n"
    path = saved(tmp_path, PUBLISHED_03.replace(first, first + again))
    assert read_ert(path)[0] == Entry("system.DRAM", {"read": 512.0})


WRONG = [
    ("0.5608", "-0.5608", "13:15: ERT.tables.1.actions.0.energy: -0.5608 is out of range"),
    ("0.5608", "1e16", "13:15: ERT.tables.1.actions.0.energy: 1e+16 is out of range"),
    ("0.5608", ".nan", "13:15: ERT.tables.1.actions.0.energy: `.nan` is not a finite number"),
    ("0.5608", "true", "13:15: ERT.tables.1.actions.0.energy: `true` is no number"),
    ("0.5608", "'0.5'", "13:15: ERT.tables.1.actions.0.energy: `0.5` is no number"),
    ("0.5608", "{}", "13:15: ERT.tables.1.actions.0.energy: a mapping is no number"),
    ("mac_gated", "mac_random", "16:15: ERT.tables.1.actions.1.energy: `mac_random` takes 0.01798 pJ here"),
    ("mac_gated", "mac gated", "14:13: ERT.tables.1.actions.1.name: `mac gated` names no action"),
    ("system.DRAM", "7", "4:11: ERT.tables.0.name: `7` is no text"),
    ("system.DRAM", "system..DRAM", "4:11: ERT.tables.0.name: `system..DRAM` names no component"),
    ("system.DRAM", "a[3..1]", "4:11: ERT.tables.0.name: `a[3..1]` has a range that ends before"),
    ("system.DRAM", f"a{'[0..999999999].a' * 2}", "names 1000000000000000000 instances"),
    ("system.DRAM", "a" * 201, "names no component"),
    (
        "system.DRAM",
        "system.SM.Subpartition.RF",
        "17:11: ERT.tables.2.name: `system.SM",
    ),
    ("version: 0.3", "version: 0.5", "2:12: ERT.version: `0.5` is another version; versions 0.3 and 0.4"),
    ("version: 0.3", "version: [0.3]", "2:12: ERT.version: a list is another version"),
    ("version: 0.3\n  tables", "tables", "ERT.version: missing"),
    (
        "energy: 512",
        "enrgy: 512",
        "8:7: ERT.tables.0.actions.0.enrgy: there is no such key; did you mean `en",
    ),
    ("energy: 512", "energy: 512\n      unit: pJ", "9:7: ERT.tables.0.actions.0.unit: there is no such key"),
    ("ERT:", "ART:", "1:1: ART: there is no such key; did you mean `ERT`"),
    (PUBLISHED_03, "ERT: {version: 0.3, tables: 3}", "1:29: ERT.tables: `3` is no list"),
    (PUBLISHED_03, "ERT: {version: 0.3, tables: [3]}", "1:30: ERT.tables.0: `3` is no mapping"),
    (PUBLISHED_03, "[1]", "1:1: a list is no mapping; write ERT"),
    (PUBLISHED_03, "", "the file is empty; start it with `ERT:`"),
    (PUBLISHED_03, "ERT: !!python/object/apply:os.system [x]", "is a tag"),
    (PUBLISHED_03, "ERT: &a [*a]", "is an anchor or alias"),
]


@pytest.mark.parametrize(("old", "new", "message"), WRONG)
def test_a_wrong_file_is_refused_at_its_line(tmp_path: Path, old: str, new: str, message: str) -> None:
    path = saved(tmp_path, PUBLISHED_03.replace(old, new, 1))
    with pytest.raises(InputError) as caught:
        read_ert(path)
    assert any(line.startswith(str(path)) and message in line for line in str(caught.value).splitlines())


def test_every_problem_is_told_at_once(tmp_path: Path) -> None:
    text = PUBLISHED_ART.replace("1069101.875", "-1").replace("30.62", "lots").replace("'0.4'", "0.4")
    with pytest.raises(InputError) as caught:
        read_art(saved(tmp_path, text))
    assert [problem.what for problem in caught.value.problems] == [
        "-1 is out of range",
        "`lots` is no number",
    ]


@given(st.integers(0, len(PUBLISHED_03)), st.integers(0, 40), st.binary(max_size=20) | st.sampled_from(BITS))
def test_no_file_makes_it_fail_otherwise(folder: Path, start: int, length: int, put: bytes) -> None:
    """A published table with a piece of it replaced by another."""
    text = PUBLISHED_03.encode()
    path = folder / "any.yaml"
    path.write_bytes(text[:start] + put + text[start + length :])
    for read in (read_ert, read_art):
        with suppress(InputError):
            assert all(entry.instances >= 1 for entry in read(path))


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (Entry("a b", {"read": 1.0}, 1.0), "a b: `a b` names no component"),
        (Entry("a", {"re:ad": 1.0}, 1.0), "a: `re:ad` names no action"),
        (Entry("a", {"read": -1.0}, 1.0), "a: -1.0 is out of range"),
        (Entry("a", {"read": math.nan}, math.nan), "a: nan is out of range"),
        (Entry("a", {"read": math.inf}, math.inf), "a: inf is out of range"),
        (Entry("b[0..3]", {"read": 1.0}, 1.0), "`b[0..3]` is there twice"),
    ],
)
def test_what_could_not_be_read_is_not_written(entry: Entry, message: str) -> None:
    both = [Entry("b[0..1]", {"read": 1.0}, 1.0), entry]
    with pytest.raises(InputError) as caught:
        ert_text(both)
    assert message in str(caught.value)
    if "action" not in message:
        with pytest.raises(InputError):
            art_text(both)


def test_no_more_is_written_than_can_be_read(tmp_path: Path) -> None:
    most = [Entry(f"a{index}", {"read": 0.1}, 0.1) for index in range(ROWS_MAX // 2)]
    assert read_ert(saved(tmp_path, ert_text(most))) == tuple(entry._replace(area=None) for entry in most)
    with pytest.raises(InputError, match=f"{ROWS_MAX + 2} rows are too many; at most {ROWS_MAX}"):
        ert_text([*most, Entry("b", {"read": 0.1})])
    areas = [Entry(f"a{index}", area=0.1) for index in range(ROWS_MAX)]
    assert read_art(saved(tmp_path, art_text(areas))) == tuple(areas)
