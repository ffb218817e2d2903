"""Are the machines that come with the program what their sources say, and in balance as they promise?"""

from fractions import Fraction

import pytest

from simulator.arch import Arch, arch_names, load_arch
from simulator.gemm import DTYPES
from simulator.machine import resolve
from simulator.pattern import Pattern

A100 = "NVIDIA A100 whitepaper (2020)"
H100 = "NVIDIA H100 SXM data sheet (2022), the dense rates half of those with sparsity"
CORE = "AWS Neuron documentation, NeuronCore-v3: TFLOPS of a core, times eight cores"
TPU = "Jouppi et al. (ISCA 2021) as others quote it, unverified"
STC = "Timeloop and Accelergy exercises, sparse_tensor_core_like: 1024 multipliers at the 1 GHz assumed"
VORTEX = "VX_tcu_pkg.sv: 4 x 2 x 2 words of 32 bits a cycle of 400 MHz"
VEGETA = "VEGETA (HPCA 2023), unverified: 512 multipliers at 500 MHz; 4:4, 2:4 and 1:4 keep all of them busy"
PUBLISHED = [
    ("a100", "bf16", None, "312", A100),
    ("a100", "fp16", None, "312", A100),
    ("a100", "fp16", "2:4", "624", A100),
    ("a100", "int8", None, "624", A100),
    ("a100", "int8", "2:4", "1248", A100),
    ("a100", "tf32", None, "156", A100),
    ("a100", "tf32", "2:4", "312", A100),
    ("a100_80gb", "fp16", None, "312", A100),
    ("a100_80gb", "fp16", "2:4", "624", A100),
    ("h100", "bf16", None, "989", H100),
    ("h100", "bf16", "2:4", "1979", H100),
    ("h100", "fp16", "2:4", "1979", H100),
    ("h100", "fp8", None, "1979", H100),
    ("h100", "fp8", "2:4", "3958", H100),
    ("h100", "int8", "2:4", "3958", H100),
    ("h100", "tf32", "2:4", "989", H100),
    ("h200", "bf16", None, "989", H100),
    ("h200", "bf16", "2:4", "1979", H100),
    ("trainium2", "bf16", None, "632", CORE),
    ("trainium2", "bf16", "4:16", "2528", CORE),
    ("trainium2", "bf16", "1:4", "2528", CORE),
    ("trainium2", "tf32", "4:16", "2528", CORE),
    ("dense128", "bf16", None, "138", TPU),
    ("dense128", "int8", "2:4", "138", TPU),
    ("stc", "int8", None, "2.048", STC),
    ("stc", "int8", "2:4", "4.096", STC),
    ("stc_dense", "int8", "2:4", "2.048", STC),
    ("stc_flexible", "int8", "2:6", "6.144", STC),
    ("stc_flexible", "int8", "2:8", "8.192", STC),
    ("vegeta", "bf16", None, "0.512", VEGETA),
    ("vegeta", "bf16", "2:4", "1.024", VEGETA),
    ("vegeta", "bf16", "1:4", "2.048", VEGETA),
    ("vortex_tcu", "fp16", None, "0.0256", VORTEX),
    ("vortex_tcu", "int8", "2:4", "0.1024", VORTEX),
]
"""Machine, dtype, pattern, tera-operations a second (a multiply-add is two), and who says so."""


@pytest.mark.parametrize(("name", "dtype", "pattern", "tera", "source"), PUBLISHED)
def test_peak_rates_are_the_published_ones_within_one_percent(
    name: str, dtype: str, pattern: str | None, tera: str, source: str
) -> None:
    machine = resolve(load_arch(name).value)
    native = machine.native(Pattern.parse(pattern)) if pattern else None
    density = native.density if native else 1
    peak = Fraction(2 * machine.peak_macs(dtype) * machine.clock_hz, 10**12) / density
    assert abs(peak / Fraction(tera) - 1) <= Fraction(1, 100), source


@pytest.mark.parametrize(
    ("name", "level", "bytes_a_second", "source"),
    [
        ("a100", "dram", 1555 * 10**9, A100),
        ("a100_80gb", "dram", 2039 * 10**9, "NVIDIA A100 80 GB data sheet (2021)"),
        ("h100", "dram", 3350 * 10**9, H100),
        ("h200", "dram", 4800 * 10**9, "NVIDIA H200 data sheet (2023)"),
        ("trainium2", "dram", 2900 * 10**9, "AWS Neuron documentation, Trainium2 guide for NKI"),
        ("dense128", "dram", 614 * 10**9, TPU),
        ("stc", "shared", 42 * 10**9, "the artifact's 42 B/cycle at the 1 GHz assumed"),
    ],
)
def test_bandwidths_are_the_published_ones(name: str, level: str, bytes_a_second: int, source: str) -> None:
    arch = load_arch(name).value
    (found,) = (one for one in arch.memory if one.name == level)
    instances = arch.cores // (found.per or arch.cores)
    assert found.bandwidth is not None
    assert found.bandwidth.per_cycle(arch.clock) * arch.clock * instances == bytes_a_second, source


STEPS = [
    (name, dtype, native)
    for name in arch_names()
    for dtype in load_arch(name).value.core.lanes
    for native in ("dense", *map(str, resolve(load_arch(name).value).natives.listed))
]
"""Every machine with every dtype and listed native pattern that it multiplies at full rate, or should."""


def window(arch: Arch, dtype: str, native: str) -> int:
    """Bits of the window of a PE whose places begin a group, by docs/array.md."""
    lanes = arch.core.lanes[dtype]
    if native == "dense":
        return lanes * DTYPES[dtype]
    pattern = Pattern.parse(native)
    return -(-lanes // pattern.kept) * pattern.group * DTYPES[dtype]


@pytest.mark.parametrize(("name", "dtype", "native"), STEPS)
def test_a_feed_carries_the_window_of_each_native_pattern_in_a_cycle(
    name: str, dtype: str, native: str
) -> None:
    """So that what a pattern gains is bounded by memory and decoding, and the peak is one that can be had."""
    arch = load_arch(name).value
    assert arch.core.feed is None or arch.core.feed >= window(arch, dtype, native)


@pytest.mark.parametrize(("name", "dtype", "native"), [step for step in STEPS if step[2] != "dense"])
def test_a_decoder_keeps_up_with_each_native_pattern(name: str, dtype: str, native: str) -> None:
    """Output-stationary, a step of groups takes a cycle; else those of a fold no longer than its load."""
    core = load_arch(name).value.core
    assert core.decode is not None
    rows = 1 if core.dataflow == "output_stationary" or core.decode.at == "pe" else core.array.rows
    columns = core.array.columns if core.decode.at == "core" else 1
    groups = -(-rows * core.lanes[dtype] // Pattern.parse(native).kept) * columns
    cycles = core.decode.latency + -(-groups // core.decode.groups_per_cycle)
    assert cycles <= (1 if core.dataflow == "output_stationary" else core.array.rows)


@pytest.mark.parametrize(
    ("name", "dtype", "native"), [step for step in STEPS if not step[0].startswith(("stc", "systolic"))]
)
def test_the_innermost_memory_keeps_the_array_busy(name: str, dtype: str, native: str) -> None:
    """Each cycle takes the windows of all rows; output-stationary, a packed step of all columns beside them.

    Weight-stationary, a fold of R*L*C values with their metadata is loaded each 128 vectors.
    """
    arch = load_arch(name).value
    core, inner = arch.core, arch.memory[-1]
    pattern = None if native == "dense" else Pattern.parse(native)
    bits = DTYPES[dtype] + ((pattern.group - 1).bit_length() if pattern else 0)
    if pattern and core.decode and core.decode.format == "bitmask":
        bits = DTYPES[dtype] + pattern.group // pattern.kept
    packed = Fraction(core.array.columns * core.lanes[dtype] * bits)
    if core.dataflow == "weight_stationary":
        packed *= Fraction(core.array.rows, 128)
    needed = (core.array.rows * window(arch, dtype, native) + packed) / 8
    assert inner.per_cycle(arch.clock) / (inner.per or arch.cores) >= needed


@pytest.mark.parametrize(
    ("pattern", "words"),
    [(None, 16 + 8), ("2:4", 32 + 8 + 2), ("2:6", 48 + 8 + 4), ("2:8", 64 + 8 + 4)],
)
def test_the_words_a_cycle_of_the_sparse_tensor_core_are_the_artifacts(
    pattern: str | None, words: int
) -> None:
    """Candidates 8G (16 dense), values 1024 / 128, and metadata 8 / floor(8 / bits): bytes of int8.

    The law reproduces each published row of the artifact's cycles; here from the machine's own numbers.
    """
    arch = load_arch("stc_flexible").value
    core, mapping = arch.core, arch.mapping
    assert core.decode is not None
    assert mapping is not None
    assert mapping.tile_m is not None
    assert (mapping.tile_n, mapping.order) == (core.array.columns, "mnk")
    assert not core.decode.straddle
    held = core.array.rows * core.lanes["int8"] * core.array.columns
    metadata = Fraction(0)
    if pattern:
        bits = (Pattern.parse(pattern).group - 1).bit_length()
        metadata = Fraction(held, mapping.tile_m * (8 // bits))
    candidates = core.array.rows * window(arch, "int8", pattern or "dense") // 8
    assert candidates + Fraction(held, mapping.tile_m) + metadata == words


def test_an_extended_machine_differs_only_in_what_it_says() -> None:
    for name, base, same in (
        ("a100_80gb", "a100", ("core", "cores", "clock", "launch", "clock_under_load")),
        ("h200", "h100", ("core", "cores", "clock")),
        ("stc_dense", "stc", ("memory", "cores", "clock", "mapping")),
        ("stc_flexible", "stc", ("memory", "cores", "clock", "mapping")),
    ):
        over, under = load_arch(name).value, load_arch(base).value
        assert [key for key in same if getattr(over, key) != getattr(under, key)] == []
        assert over.name != under.name
    for name, base in (("a100_80gb", "a100"), ("h200", "h100")):
        assert load_arch(name).value.memory[1:] == load_arch(base).value.memory[1:]
    assert load_arch("stc_dense").value.core.patterns is None


def test_every_machine_has_a_peak_or_is_a_design_of_its_own() -> None:
    assert set(arch_names()) - {row[0] for row in PUBLISHED} == {"edge24", "highlight", "systolic"}
