"""A component table with bounds and flags, small machines that it prices, and work for them."""

from pathlib import Path

from simulator import Trace, load_arch
from simulator.arch import Arch
from simulator.gemm import Stream
from simulator.pattern import Pattern
from simulator.spec import Loaded
from tests.simulator.steps import product, step

TABLE = """\
spec: 1
name: a table for tests
sources:
  measured: M. Easured, "Figures" (2020), doi:10.0/1
  guessed: G. Uess, in conversation
rows:
  multiply: {component: multiply_add, of: fp16, node: 7 nm, value: {multiply: 0.5 pJ, area: 300 um^2},
             low: 50 %, high: 200 %, source: measured}
  multiply8: {component: multiply_add, of: int8, node: 7 nm, value: {multiply: 0.1 pJ, skipped: 0.01 pJ,
              area: 90 um^2}, low: 50 %, high: 200 %, source: measured}
  add: {component: add, of: fp32, node: 14 nm, value: {add: 0.4 pJ, area: 200 um^2}, low: 80 %, high: 120 %,
        source: measured}
  add32: {component: add, of: int32, value: {add: 0.1 pJ, area: 80 um^2}, low: 80 %, high: 120 %,
          source: measured}
  flops: {component: register, bits: 8, value: {read: 0.008 pJ, write: 0.016 pJ, area: 4 um^2}, low: 90 %,
          high: 110 %, source: measured}
  mux: {component: select, of: 4, bits: 16, value: {select: 0.02 pJ, area: 30 um^2}, low: 10 %, high: 300 %,
        source: guessed, unverified: true}
  decoder: {component: decode, of: coordinate, bits: 1, value: {decode: 0.001 pJ, area: 1 um^2}, low: 10 %,
            high: 300 %, source: guessed, unverified: true}
  sums: {component: memory, of: accumulators, bits: 32, value: {read: 0.6 pJ, write: 0.7 pJ, area: 9000 um^2,
         leak: 3 uW}, low: 50 %, high: 150 %, source: measured}
  cache: {component: memory, of: l2, bits: 512, value: {read: 60 pJ, write: 70 pJ, area: 2 mm^2, leak: 5 mW},
          low: 50 %, high: 150 %, source: measured}
  hbm: {component: dram, of: hbm2, bits: 1, value: {read: 4 pJ, write: 4.5 pJ}, low: 90 %, high: 110 %,
        source: guessed, unverified: true}
  mesh: {component: network, bits: 1, value: {hop: 0.01 pJ}, low: 50 %, high: 150 %, source: measured}
  vector: {component: vector, value: {op: 1 pJ, area: 700 um^2}, low: 50 %, high: 150 %, source: measured}
  leaks: {component: leakage, value: {leak: 7 mW}, low: 50 %, high: 150 %, source: measured}
  unused: {component: multiply_add, of: tf32, value: {multiply: 9 pJ}, low: 50 %, high: 150 %,
           source: guessed, unverified: true}
"""

MACHINE = """\
spec: 1
name: two cores for tests
source: an example
clock: 1.3 GHz
cores: 2
core:
  dataflow: {dataflow}
  array: {rows: 4, columns: 2}
  lanes: {fp16: 2, int8: 4}
  patterns: [2:4]
  decode: {format: coordinate, groups_per_cycle: 8, at: column}
  select: {fan_in: 4}
  feed: 16 B/cycle
  accumulators: {capacity: 8 KiB}
  vector: {ops_per_cycle: 4}
node: 7 nm
components: [table.yaml]
memory:
  - {name: dram, capacity: 1 GiB, bandwidth: 20 GB/s, kind: hbm2}
  - {name: l2, capacity: 1 MiB, bandwidth: 64 B/cycle, hops: 2}
"""

TRACE = Trace(
    steps=(
        step("fc", count=3, work=product(m=30, n=20, k=64, pattern=Pattern(kept=2, group=4), dtype="fp16")),
        step("head", work=product(m=30, n=20, k=64, dtype="fp16")),
        step("fc", work=Stream(op="adamw", elements=9, read_bits=8 * 10**6, ops=9)),
    ),
    provenance={"network": "small"},
)
DATAFLOWS = ("weight_stationary", "input_stationary", "output_stationary")


def write_machine(folder: Path, dataflow: str = "weight_stationary") -> Path:
    """The machine of this dataflow and its table, as files in `folder`."""
    (folder / "table.yaml").write_text(TABLE)
    path = folder / "machine.yaml"
    path.write_text(MACHINE.replace("{dataflow}", dataflow))
    return path


def machine(folder: Path, dataflow: str = "weight_stationary", *settings: str) -> Loaded[Arch]:
    """The machine of this dataflow."""
    return load_arch(write_machine(folder, dataflow), settings=settings)
