"""Every way that a machine file can be wrong, each with the exact words that the user reads."""

# ruff: noqa: E501 -- a message stands here as the user reads it, on one line

import os
from pathlib import Path

import pytest

from simulator.arch import Arch, arch_names, load_arch
from simulator.errors import InputError
from simulator.spec import load_spec

GOOD = """\
spec: 1
name: tiny
source: a test
clock: 1 GHz
cores: 8
core:
  dataflow: output_stationary
  array: {rows: 4, columns: 2}
  lanes: {fp16: 2}
  patterns: [2:4]
  decode: {format: coordinate, groups_per_cycle: 4}
  select: {fan_in: 4}
  feed: 16 B/cycle
  vector: {ops_per_cycle: 2}
memory:
  - {name: dram, capacity: 1 GiB, bandwidth: 64 GB/s}
  - {name: shared, per: 4 cores, capacity: 64 KiB, bandwidth: 32 B/cycle}
"""

BANDWIDTH = "write a bandwidth such as 1555 GB/s or 128 B/cycle"
PATTERNS = "write a list such as [2:4], or a rule such as group <= 16"
CLOCK = "write a frequency such as 1.41 GHz"
DTYPES = "known: bf16, fp16, fp32, fp64, fp8, int32, int4, int8, tf32"
CORE_KEYS = (
    "known: accumulators, array, dataflow, decode, feed, fetch_ahead, gate_zeros, lanes, overlap, patterns, "
    "select, vector"
)
TOP_KEYS = (
    "known: clock, clock_under_load, components, core, cores, extends, launch, mapping, memory, name, node, "
    "scaling, source, spec, voltage"
)
MACHINES = ", ".join(arch_names())
LEVEL_KEYS = "known: bandwidth, banks, buffers, capacity, efficiency, hops, kind, latency, name, per, width"
FLOWS = "known: input_stationary, output_stationary, weight_stationary"
FREQUENCIES = "known: GHz, Hz, MHz, kHz"
LEVEL_NAME = "a name starts with a small letter and goes on with small letters, digits and _, as in l2"


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def refused(text: str | bytes, *settings: str) -> list[str]:
    """The lines that a user reads about a machine file with this text."""
    Path("m.yaml").write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(InputError) as caught:
        load_arch("m.yaml", settings=settings)
    return str(caught.value).splitlines()


def edited(old: str, new: str) -> str:
    """The good machine with one place changed."""
    assert GOOD.count(old) == 1
    return GOOD.replace(old, new)


def test_the_good_machine_is_good() -> None:
    Path("m.yaml").write_text(GOOD)
    assert str(load_arch("m.yaml").value.core.patterns) == "2:4"


EDITS = [
    # keys
    ("cores: 8", "coers: 8", "1:1: cores: missing; write it, as in `cores: 432`", "5:1: coers: unknown key; did you mean `cores`? " + TOP_KEYS),
    ("  feed: 16 B/cycle", "  fed: 16 B/cycle", "13:3: core.fed: unknown key; did you mean `feed`? " + CORE_KEYS),
    ("rows: 4", "Rows: 4", "8:10: core.array.rows: missing; write it, as in `rows: 8`", "8:11: core.array.Rows: unknown key; did you mean `rows`? known: columns, rows"),
    ("per: 4 cores", "delay: 4 ns", "17:20: memory.1.delay: unknown key; " + LEVEL_KEYS),
    ("name: tiny\n", "", "1:1: name: missing; write it, as in `name: my machine`"),
    ("memory:\n", "launch: 3\nmemory:\n", "15:9: launch: `3` has no unit; write a time such as 400 ns"),
    ("memory:\n", "launch: 2 s\nmemory:\n", "15:9: launch: this is too large; it is at most 1 s"),
    ("memory:\n", "launch: 3 cycles\nmemory:\n", "15:9: launch: `cycles` is no unit of time; known: ms, ns, ps, s, us"),
    ("memory:\n", "clock_under_load: {dense: 93}\nmemory:\n", "15:19: clock_under_load.sparse: missing; write it, as in `sparse: 80 %`", "15:27: clock_under_load.dense: `93` is not a share; write one, as in 90 % or 5/6"),
    ("memory:\n", "clock_under_load: {dense: 0 %, sparse: 101 %}\nmemory:\n", "15:27: clock_under_load.dense: `0 %` is not a share; write one, as in 90 % or 5/6", "15:40: clock_under_load.sparse: `101 %` is not a share; write one, as in 90 % or 5/6"),
    ("memory:\n", "mapping: {tile_m: 0, order: nkm, tile_q: 3}\nmemory:\n", "15:19: mapping.tile_m: `0` is too small; it is at least 1", "15:29: mapping.order: the text `nkm` is none of the values known here; did you mean `nmk`? known: kmn, knm, mnk, nmk", "15:34: mapping.tile_q: unknown key; did you mean `tile_n`? known: band, order, split_k, tile_k, tile_m, tile_n"),
    ("name: dram, ", "name: dram, buffers: 2, ", "16:27: memory.0.buffers: nothing arrives in the outermost level; leave it out"),
    ("name: shared, ", "name: shared, buffers: 9, efficiency: 0.9, latency: 3, ", "17:29: memory.1.buffers: `9` is too large; it is at most 8", "17:44: memory.1.efficiency: `0.9` is not a share; write one, as in 90 % or 5/6", "17:58: memory.1.latency: `3` has no unit; write a time such as 400 ns"),
    ("name: shared, ", "name: shared, latency: 9999999 cycles, ", "17:29: memory.1.latency: this is too large; it is at most 1048576 cycles"),
    ("  vector:", "  accumulators: {capacity: 64, buffers: 0}\n  vector:", "14:28: core.accumulators.capacity: `64` has no unit; write a size such as 40 MiB", "14:41: core.accumulators.buffers: `0` is too small; it is at least 1"),
    ("  vector:", "  overlap: yes\n  vector:", "14:12: core.overlap: the text `yes` is neither true nor false; write true or false"),
    ("bandwidth: 64 GB/s", "bandwidth: unlimitted", "16:46: memory.0.bandwidth: `unlimitted` does not start with a number; write a bandwidth such as 1555 GB/s or 128 B/cycle"),
    ("source: a test\n", "", "1:1: source: missing; write it, as in `source: the vendor's whitepaper`"),
    ("clock: 1 GHz\n", "", "1:1: clock: missing; write it, as in `clock: 1.41 GHz`"),
    ("  vector: {ops_per_cycle: 2}\n", "", "7:3: core.vector: missing; write it, as in `vector: {ops_per_cycle: 32}`"),
    ("capacity: 1 GiB, ", "", "16:5: memory.0.capacity: missing; write it, as in `capacity: 40 MiB`"),
    ("cores: 8", "cores: 8\ncores: 9", "6:1: cores: the key `cores` is written twice; keep one; the first is on line 5"),
    ("rows: 4", "rows: 4, rows: 4", "8:20: core.array.rows: the key `rows` is written twice; keep one; the first is on line 8"),
    ("name: tiny", "name: tiny\n3: x", "3:1: 3: the key `3` is not text; a key is text"),
    ("name: tiny", "name: tiny\n? [a, b]\n: x", "3:3: a mapping or list is used as a key; a key is text"),
    ("name: tiny", "name: tiny\n<<: {a: 1}", "3:1: <<: `<<` merges mappings; write the keys out, or use `extends`"),
    ("name: tiny", "name: !!python/name:os.system x", "2:7: name: `!!python/name:os.system` is a tag; leave it out: values carry no tags here"),
    ("cores: 8", "cores: !!int '8'", "5:8: cores: `!!int` is a tag; leave it out: values carry no tags here", "5:8: cores: the text `8` is not a whole number; write one, such as 432"),
    ("name: tiny", "name: !own tiny", "2:7: name: `!own` is a tag; leave it out: values carry no tags here"),
    ("name: tiny", "name: &n tiny", "2:7: name: `&n` is an anchor or alias; write the value where it is used"),
    ("rows: 4", "rows: *n", "8:17: core.array.rows: `*n` is an anchor or alias; write the value where it is used"),
    # types
    ("cores: 8", "cores: '8'", "5:8: cores: the text `8` is not a whole number; write one, such as 432"),
    ("cores: 8", "cores: 8.0", "5:8: cores: `8.0` is not a whole number; write one, such as 432"),
    ("cores: 8", "cores: true", "5:8: cores: `true` is not a whole number; write one, such as 432"),
    ("cores: 8", "cores: 1_000", "5:8: cores: the text `1_000` is not a whole number; write one, such as 432"),
    ("cores: 8", "cores: 1e3", "5:8: cores: `1000.0` is not a whole number; write one, such as 432"),
    ("cores: 8", "cores: eight", "5:8: cores: the text `eight` is not a whole number; write one, such as 432"),
    ("cores: 8", "cores: [8]", "5:8: cores: a list is not a whole number; write one, such as 432"),
    ("cores: 8", "cores:", "5:7: cores: it has no value; write one, or leave the key out"),
    ("name: tiny", "name: 3", "2:7: name: `3` is not text; write text; quotes make text of anything"),
    ("name: tiny", "name: ''", "2:7: name: the text `` is too short; it has at least 1 characters"),
    ("name: tiny", "name: false", "2:7: name: `false` is not text; write text; quotes make text of anything"),
    ("{rows: 4, columns: 2}", "8x8", "8:10: core.array: the text `8x8` is not a mapping; write keys and values: columns, rows"),
    ("{rows: 4, columns: 2}", "[4, 2]", "8:10: core.array: a list is not a mapping; write keys and values: columns, rows"),
    ("{fp16: 2}", "2", "9:10: core.lanes: `2` is not a mapping; write keys and values"),
    ("output_stationary", "output", "7:13: core.dataflow: the text `output` is none of the values known here; " + FLOWS),
    ("output_stationary", "outputstationary", "7:13: core.dataflow: the text `outputstationary` is none of the values known here; "
     "did you mean `output_stationary`? " + FLOWS),
    ("coordinate", "csr", "11:20: core.decode.format: the text `csr` is none of the values known here; "
     "known: bitmask, combinatorial, coordinate"),
    # numbers
    ("cores: 8", "cores: 0", "5:8: cores: `0` is too small; it is at least 1"),
    ("cores: 8", "cores: -8", "5:8: cores: `-8` is too small; it is at least 1"),
    ("cores: 8", "cores: 2000000", "5:8: cores: `2000000` is too large; it is at most 1048576"),
    ("cores: 8", "cores: 9223372036854775808", "5:8: cores: `9223372036854775808` is too large; a whole number is below 2^63"),
    ("cores: 8", f"cores: {'9' * 5000}",
     f"5:8: cores: `{'9' * 60}…` has 5000 characters; write a shorter number"),
    ("cores: 8", "cores: .nan", "5:8: cores: `.nan` is not a finite number; write a finite one"),
    ("cores: 8", "cores: -.inf", "5:8: cores: `-.inf` is not a finite number; write a finite one"),
    ("cores: 8", "cores: 1e400", "5:8: cores: `1e400` is not a finite number; write a finite one"),
    ("rows: 4", "rows: 65537", "8:17: core.array.rows: `65537` is too large; it is at most 65536"),
    ("fp16: 2", "fp16: 0", "9:17: core.lanes.fp16: `0` is too small; it is at least 1"),
    ("{fp16: 2}", "{}", "9:10: core.lanes: has 0 of them; it has at least 1"),
    ("{fp16: 2}", "{fq16: 2}", "9:17: core.lanes.fq16: no dtype is called `fq16`; did you mean `fp16`? " + DTYPES),
    # quantities
    ("clock: 1 GHz", "clock: 1", "4:8: clock: `1` has no unit; " + CLOCK),
    ("clock: 1 GHz", "clock: 1.5", "4:8: clock: `1.5` has no unit; " + CLOCK),
    ("clock: 1 GHz", "clock: '1.41'", "4:8: clock: `1.41` has no unit; " + CLOCK),
    ("clock: 1 GHz", "clock: 40 MiB", "4:8: clock: `40 MiB` is a size, not a frequency; " + CLOCK),
    ("clock: 1 GHz", "clock: 1 ghz", "4:8: clock: `ghz` is no unit of frequency; did you mean `GHz`? units tell upper from lower case"),
    ("clock: 1 GHz", "clock: 1 parsec", "4:8: clock: `parsec` is no unit of frequency; " + FREQUENCIES),
    ("clock: 1 GHz", "clock: fast", "4:8: clock: `fast` does not start with a number; " + CLOCK),
    ("clock: 1 GHz", "clock: true", "4:8: clock: `true` is no frequency; " + CLOCK),
    ("clock: 1 GHz", "clock: [1 GHz]", "4:8: clock: a list is no frequency; " + CLOCK),
    ("clock: 1 GHz", "clock: 0 Hz", "4:8: clock: `0 Hz` is not positive; a frequency is more than 0"),
    ("clock: 1 GHz", "clock: -1 GHz", "4:8: clock: `-1 GHz` is not positive; a frequency is more than 0"),
    ("clock: 1 GHz", "clock: nan GHz", "4:8: clock: `nan GHz` does not start with a number; " + CLOCK),
    ("clock: 1 GHz", "clock: 1e999999999 Hz", "4:8: clock: `1e999999999 Hz` is too large or too small; exponents go from -30 to 30"),
    ("clock: 1 GHz", "clock: 2000 GHz", "4:8: clock: this is too large; it is at most 1000000000000 Hz"),
    ("clock: 1 GHz", "clock: 1.5 Hz", "4:8: clock: this is no whole number of Hz; write a multiple of 1 Hz"),
    ("1 GiB", "1 Gb", "16:28: memory.0.capacity: `Gb` may mean bits or bytes; write GB or Gbit"),
    ("1 GiB", "4 bit", "16:28: memory.0.capacity: this is no whole number of B; write a multiple of 1 B"),
    ("64 GB/s", "1555", "16:46: memory.0.bandwidth: `1555` has no unit; " + BANDWIDTH),
    ("64 GB/s", "64 GB", "16:46: memory.0.bandwidth: `64 GB` is a size, not a bandwidth; " + BANDWIDTH),
    ("64 GB/s", "64 gb/s", "16:46: memory.0.bandwidth: `gb/s` is no unit of bandwidth; "
     "did you mean `GB/s`? units tell upper from lower case"),
    ("64 GB/s", "64 Gbps", "16:46: memory.0.bandwidth: `Gbps` may mean bits or bytes; write GB/s or Gbit/s"),
    ("64 GB/s", "1.234567890123 GB/s", "16:46: memory.0.bandwidth: all of `dram` over the clock is "
     "1234567890123/1000000000000 bytes a cycle; write rounder numbers: the terms of that ratio are at most 2^40"),
    ("16 B/cycle", "16 GB/s", "13:9: core.feed: `16 GB/s` is a bandwidth, not a bandwidth per cycle; "
     "write a bandwidth per cycle such as 128 B/cycle"),
    # patterns
    ("[2:4]", "2:4", "10:13: core.patterns: `2:4` names no patterns; " + PATTERNS),
    ("[2:4]", "[]", "10:13: core.patterns: the list is empty; name a pattern; leave the key out of a dense machine"),
    ("[2:4]", "[4:2]", "10:14: core.patterns.0: `4:2` keeps 4 of 2; kept is 1 to 2 for a group of 2"),
    ("[2:4]", "[0:4]", "10:14: core.patterns.0: `0:4` keeps 0 of 4; kept is 1 to 4 for a group of 4"),
    ("[2:4]", "[2:0]", "10:14: core.patterns.0: `2:0` has a group of 0; a group has 1 to 4096 values"),
    ("[2:4]", "[4:4]", "10:14: core.patterns.0: `4:4` keeps everything; leave it out: any machine runs dense"),
    ("[2:4]", "[2:4, 1:4, 2:4]", "10:24: core.patterns.2: `2:4` is listed twice; list it once"),
    ("[2:4]", "[124]", "10:14: core.patterns.0: `124` is not a pattern; write kept:group, as in 2:4"),
    ("[2:4]", "[2 of 4]", "10:14: core.patterns.0: `2 of 4` is not a pattern; write kept:group, as in 2:4"),
    ("[2:4]", "group < 16", "10:13: core.patterns: `group < 16` names no patterns; " + PATTERNS),
    ("[2:4]", "group <= 1000", "10:13: core.patterns: `group <= 1000` is out of range; the largest group is 2 to 256"),
    ("[2:4]", "[2:4, 2:8]", "12:20: core.select.fan_in: a fan-in of 4 cannot reach all of a group of 8; "
     "it is at least 8 for the patterns 2:4, 2:8"),
    ("[2:4]", "group <= 16", "12:20: core.select.fan_in: a fan-in of 4 cannot reach all of a group of 16; "
     "it is at least 16 for the patterns group <= 16"),
    ("  decode: {format: coordinate, groups_per_cycle: 4}\n", "", "7:3: core.decode: missing; a core with `patterns` needs it"),
    ("  select: {fan_in: 4}\n", "", "7:3: core.select: missing; a core with `patterns` needs it"),
    ("  patterns: [2:4]\n", "", "10:11: core.decode: there are no `patterns` that it could serve; leave it out", "11:11: core.select: there are no `patterns` that it could serve; leave it out"),
    # memory
    ("4 cores", "3 cores", "17:25: memory.1.per: 8 cores are not shared evenly by 3; it divides `cores`"),
    ("4 cores", "4", "17:25: memory.1.per: `4` is no number of cores; write one, such as 4 cores"),
    ("4 cores", "4 lanes", "17:25: memory.1.per: `4 lanes` is no number of cores; write one, such as 4 cores"),
    ("4 cores", "0 cores", "17:25: memory.1.per: `0 cores` is no number of cores; write one, such as 4 cores"),
    ("name: shared", "name: dram_metadata", "17:12: memory.1.name: `dram_metadata` reads like the metadata of a level in a report's columns; choose another name"),
    ("name: tiny", 'name: "a\\e[31mb"', "2:7: name: `a\\x1b[31mb` has characters that do not print; leave them out"),
    ("name: shared", "name: dram", "17:12: memory.1.name: another level is called `dram` too; names are unique"),
    ("name: shared", "name: L2", f"17:12: memory.1.name: `L2` cannot name a level; {LEVEL_NAME}"),
    ("name: shared", "name: decode", "17:12: memory.1.name: `decode` is what reports call a part of the core; choose another name"),
    ("name: dram", "name: dram, per: 2 cores", "16:23: memory.0.per: the outermost level serves the whole machine; leave `per` out"),
    ("  - {name: shared, per: 4 cores, capacity: 64 KiB, bandwidth: 32 B/cycle}\n", "  - {name: l2, per: 2 cores, capacity: 1 MiB, bandwidth: 1 B/cycle}\n"
     "  - {name: l1, per: 4 cores, capacity: 1 MiB, bandwidth: 1 B/cycle}\n", "18:21: memory.2.per: one serves 4 cores, and `l2` outside it 2; levels are listed from the outside in and nest"),
    # the version
    ("spec: 1\n", "", "1:1: spec: missing; start the file with `spec: 1`"),
    ("spec: 1\n", "spec: 2\n", "1:7: spec: 2 is newer than this program, which reads 1; update the program"),
    ("spec: 1\n", "spec: 0\n", "1:7: spec: `0` is no version of the keys; write `spec: 1`"),
    ("spec: 1\n", "spec: true\n", "1:7: spec: `true` is no version of the keys; write `spec: 1`"),
    ("spec: 1\n", "spec: '1'\n", "1:7: spec: `1` is no version of the keys; write `spec: 1`"),
    # what YAML itself refuses
    ("  array: {", "\tarray: {", "8:1: a tab stands where only spaces may; indent with spaces"),
    ("fp16: 2}", "fp16: 2", "10:11: this is not YAML (did not find expected ',' or '}'); "
     "close what is open, and quote text with special characters"),
    ("name: tiny", "name: a: b", "2:8: this is not YAML (mapping values are not allowed in this context); "
     "close what is open, and quote text with special characters"),
    ("memory:", "---\nmemory:", "15:1: a second document starts here; a file holds one document"),
    ("spec: 1\n", "%YAML 1.1\n---\nspec: 1\n", "1:1: `%YAML 1.1` is a directive; leave it out: a file is read as YAML 1.2 as it stands"),
    ("name: tiny", "name: ti\x07ny", "2:9: the character U+0007 may not stand in YAML; take it out"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "expected"), [(old, new, rest) for old, new, *rest in EDITS])
def test_an_edit_that_makes_the_machine_wrong(old: str, new: str, expected: list[str]) -> None:
    assert refused(edited(old, new)) == [f"m.yaml:{line}" for line in expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "m.yaml: the file is empty; start it with `spec: 1`"),
        ("# nothing\n\n# but comments\n", "m.yaml: the file is empty; start it with `spec: 1`"),
        ("- 1\n- 2\n", "m.yaml:1:1: the file is no mapping; write keys and values"),
        ("just text", "m.yaml:1:1: the file is no mapping; write keys and values"),
        (b"spec: 1\nname: \xff\xfe\n", "m.yaml:2:7: byte 14 (0xff) is not UTF-8; save the file as UTF-8"),
        (GOOD.encode("utf-16"), "m.yaml:1:1: byte 0 (0xff) is not UTF-8; save the file as UTF-8"),
        (b"#" * (2**20 + 1), "m.yaml: is longer than 1048576 bytes; a file written by hand is shorter"),
        ("a: " + "[" * 40 + "]" * 40, "m.yaml:1:35: nested deeper than 32 levels; nest less"),
        ("spec: 1\na:\n" + "- 1\n" * 20_000, "m.yaml:19998:3: more than 20000 values; write fewer"),
    ],
)
def test_a_text_that_is_no_machine_at_all(text: str | bytes, expected: str) -> None:
    assert refused(text) == [expected]


def test_a_byte_order_mark_is_no_problem() -> None:
    Path("m.yaml").write_bytes(b"\xef\xbb\xbf" + GOOD.encode())
    Path("n.yaml").write_text(GOOD)
    assert load_arch("m.yaml").digest == load_arch("n.yaml").digest


def test_an_alias_bomb_is_refused_where_its_first_anchor_stands() -> None:
    bomb = "a: &a [x, x]\n" + "".join(
        f"{b}: &{b} [*{a}, *{a}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    )
    lines = refused(bomb)
    assert "m.yaml:1:4: a: `&a` is an anchor or alias; write the value where it is used" in lines
    assert "m.yaml:2:8: b.0: `*a` is an anchor or alias; write the value where it is used" in lines


def test_all_problems_come_at_once_in_the_order_of_the_file() -> None:
    text = GOOD.replace("clock: 1 GHz", "clock: 1").replace("rows: 4", "rows: 0").replace("64 KiB", "0 B")
    assert refused(text + "extra: 1\n") == [
        "m.yaml:4:8: clock: `1` has no unit; " + CLOCK,
        "m.yaml:8:17: core.array.rows: `0` is too small; it is at least 1",
        "m.yaml:17:44: memory.1.capacity: `0 B` is not positive; a size is more than 0",
        "m.yaml:18:1: extra: unknown key; " + TOP_KEYS,
    ]


def test_many_problems_are_cut_after_a_hundred() -> None:
    lines = refused(GOOD + "".join(f"extra{number}: 1\n" for number in range(150)))
    assert len(lines) == 101
    assert lines[-1] == "50 more problems; mend these first"


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ("cores", "--set cores: it has no `=`; write key=value, as in core.array.rows=32"),
        ("=3", "--set =3: `` names no key; write one, as in core.array.rows"),
        ("core..feed=3", "--set core..feed=3: `core..feed` names no key; write one, as in core.array.rows"),
        ("spec=2", "--set spec=2: `spec` cannot be set; write it in the file"),
        ("extends=b.yaml", "--set extends=b.yaml: `extends` cannot be set; write it in the file"),
        ("cores=", "--set cores=: it has no value; write key=value"),
        ("cores=x", "--set cores=x: cores: the text `x` is not a whole number; write one, such as 432"),
        ("cores='8'", "--set cores='8': cores: the text `8` is not a whole number; write one, such as 432"),
        ("coers=8", "--set coers=8: coers: unknown key; did you mean `cores`? " + TOP_KEYS),
        ("core.aray.rows=8", "--set core.aray.rows=8: core.aray: unknown key; did you mean `array`? " + CORE_KEYS),
        ("clock.speed=3", "--set clock.speed=3: clock.speed: `clock` is one value and holds no keys; set `clock` itself"),
        ("memory.drma.capacity=1 GiB", "--set memory.drma.capacity=1 GiB: memory.drma: `memory` has no item `drma`; "
         "did you mean `dram`? known: dram, shared"),
        ("memory.2.capacity=1 GiB", "--set memory.2.capacity=1 GiB: memory.2: `memory` has no item `2`; known: dram, shared"),
        ("memory=3", "--set memory=3: memory: `3` is not a list; write a list, as in "
         "[{name: dram, capacity: 40 GiB, bandwidth: 1555 GB/s}]"),
        ("memory.dram.capacity=1", "--set memory.dram.capacity=1: memory.0.capacity: `1` has no unit; "
         "write a size such as 40 MiB"),
        ("name=[a", "--set name=[a: this is not YAML (did not find expected ',' or ']'); "
         "close what is open, and quote text with special characters"),
        ("name=!x y", "--set name=!x y: `!x` is a tag; leave it out: values carry no tags here"),
        ("core.select.fan_in=2", "--set core.select.fan_in=2: core.select.fan_in: a fan-in of 2 cannot reach all of "
         "a group of 4; it is at least 4 for the patterns 2:4"),
        ("core.decode=null", "m.yaml:7:3: core.decode: missing; a core with `patterns` needs it"),
        ("core.tiles=null", "--set core.tiles=null: core.tiles: it has no value; write one, or leave the key out"),
    ],
)  # fmt: skip
def test_a_setting_that_cannot_be(setting: str, expected: str) -> None:
    assert refused(GOOD, setting)[0] == expected


EXTENDS = [
    ("extends: gone.yaml", "m.yaml:1:10: extends: gone.yaml: no such file; give the path of a YAML file"),
    ("extends: 3", "m.yaml:1:10: extends: this names no file; write the path of a YAML file"),
    ("extends: .", "m.yaml:1:10: extends: .: this is a directory; give the path of a YAML file"),
    ("extends: m.yaml", "m.yaml:1:10: extends: m.yaml extends itself in the end; leave one out"),
    ("extends: circle.yaml", "circle.yaml:2:10: extends: m.yaml extends itself in the end; leave one out"),
    ("extends: broken.yaml", "broken.yaml:1:1: this is not YAML (did not find expected ',' or ']'); "
     "close what is open, and quote text with special characters"),
    ("extends: bare.yaml", "bare.yaml:1:1: spec: missing; start the file with `spec: 1`"),
    ("extends: base.yaml\ncores: 3", "base.yaml:17:25: memory.1.per: 3 cores are not shared evenly by 4; it divides `cores`"),
    ("extends: base.yaml\ncores: 8\ncore: {array: {rows: 0}}", "m.yaml:3:22: core.array.rows: `0` is too small; it is at least 1"),
    ("extends: base.yaml\nmemory: []", "m.yaml:2:9: memory: has 0 of them; it has at least 1"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), EXTENDS)
def test_a_base_that_does_not_serve(text: str, expected: str) -> None:
    Path("base.yaml").write_text(GOOD)
    Path("circle.yaml").write_text("spec: 1\nextends: m.yaml\n")
    Path("broken.yaml").write_text("[a, b")
    Path("bare.yaml").write_text(GOOD.removeprefix("spec: 1\n"))
    assert refused(f"{text}\nspec: 1\n") == [expected]


def test_a_chain_of_files_ends() -> None:
    for index in range(12):
        Path(f"c{index}.yaml").write_text(f"spec: 1\nextends: c{index + 1}.yaml\n")
    assert refused("spec: 1\nextends: c0.yaml\n") == [
        "c7.yaml:2:10: extends: more than 8 files extend one another; use fewer"
    ]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("gone.yaml", "gone.yaml: no such file; give the path of a YAML file"),
        ("./folder.yaml", "./folder.yaml: this is a directory; give the path of a YAML file"),
        ("pipe.yaml", "pipe.yaml: this is a device or pipe; give the path of a YAML file"),
        ("/dev/zero", "/dev/zero: this is a device or pipe; give the path of a YAML file"),
        ("link.yaml", "link.yaml: this is a device or pipe; give the path of a YAML file"),
        ("loop.yaml", "loop.yaml: cannot be read (too many levels of symbolic links); give the path of a readable file"),
        ("a\0b.yaml", "a\\x00b.yaml: cannot be read (no file has such a name); give the path of a readable file"),
        ("two\nlines.yaml", "two\\x0alines.yaml: no such file; give the path of a YAML file"),
        ("a101", f"no machine is called `a101`; did you mean `a100`? known: {MACHINES}"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read(path: str, expected: str) -> None:
    Path("folder.yaml").mkdir()
    os.mkfifo("pipe.yaml")
    Path("link.yaml").symlink_to("/dev/zero")
    Path("loop.yaml").symlink_to("loop.yaml")
    with pytest.raises(InputError) as caught:
        load_arch(path)
    assert str(caught.value) == expected


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_file_that_may_not_be_read() -> None:
    Path("secret.yaml").write_text(GOOD)
    Path("secret.yaml").chmod(0)
    with pytest.raises(InputError, match=r"^secret\.yaml: cannot be read \(permission denied\); "):
        load_arch("secret.yaml")


def test_a_setting_is_bounded_too() -> None:
    deep = "core." * 100_000 + "rows=1"
    lines = refused(GOOD, deep, "name=" + "[" * 100_000)
    assert len(lines) == 2
    assert max(map(len, lines)) < 400


def test_nothing_is_executed_or_leaked_from_the_library_below() -> None:
    for old, new, *_ in EDITS:
        text = "\n".join(refused(edited(old, new)))
        assert "pydantic" not in text
        assert "http" not in text
        assert "Input should" not in text


def test_paths_may_be_paths() -> None:
    with pytest.raises(InputError, match="no such file"):
        load_spec(Path("gone.yaml"), Arch)
