"""What Sparseloop's tensor cores do and take, counted along the loops of its artifact's mappings.

In our words: C[m,n] = A[m,k] B[k,n] with B the weights, kept of every group along k. (Theirs: Z, inputs B,
weights A, and N, M for our m, n.) 16 x 64 multipliers hold a weight each (LRF); 16 along k add into one sum,
whose place is in one of four RF; SMEM holds weights with their metadata and inputs; all words have 8 bits.

    for vectors of `tile`                (N at the DRAM or the SMEM)
      for 64 outputs                     (M at the SMEM)
        for `reach` positions of k       (K at the RF: what 16 multipliers can select from)
          1024 LRF take a weight and its metadata from SMEM
          for each vector of the tile    (N at the LRF)
            SMEM reads `reach` inputs, once for all 64 columns
            each multiplier reads its weight and metadata, and multiplies
            64 sums are read (but in the first step there are none) and written
        64 x tile sums leave for DRAM

k runs in whole steps. The artifact charges clearing a sum as a write (`rf_fills`), and reading it on its way
to DRAM as nothing: as many accesses as if it were the other way round. DRAM takes no energy for metadata;
`dram_metadata_pj` says how much was left out.
"""

from collections import Counter
from fractions import Fraction
from math import ceil
from typing import NamedTuple

LANES, COLUMNS, SUBPARTITIONS = 16, 64, 4
SMEM_BYTES = 2**18
SMEM_WORD, DRAM_WORD, METADATA_WORD = 64, 8, 8  # bytes of one access


class Ert(NamedTuple):
    """Energies of single accesses, in pJ; a DRAM's and an SMEM's are those of whole words."""

    multiply: Fraction
    lrf: Fraction
    rf_read: Fraction
    rf_write: Fraction
    smem_read: Fraction
    smem_write: Fraction
    smem_metadata_read: Fraction
    smem_metadata_write: Fraction
    dram: Fraction


class Design(NamedTuple):
    """A pattern that a core skips, and the bits of its metadata fields; (1, 1) and 0 run dense.

    `density` is what the artifact writes for kept/group, to five digits.
    """

    kept: int
    group: int
    bits: int
    density: Fraction

    @property
    def reach(self) -> int:
        """Positions of k that 16 multipliers select from."""
        return LANES * self.group // self.kept

    @property
    def fields_per_byte(self) -> int:
        """Metadata fields of which none straddles a byte; 1 where there are none."""
        return 8 // (self.bits or 8)


def padded(k: int, design: Design) -> int:
    """Positions of k that run: whole steps."""
    return ceil(Fraction(k, design.reach)) * design.reach


def vectors_of_a_tile(n: int, k: int, design: Design) -> int:
    """Vectors whose sums the RF hold: 128, or half as many where weights and inputs do not fit SMEM."""
    weights = n * k * design.density
    return 128 if weights + 128 * k <= SMEM_BYTES else 64


def counted(m: int, n: int, k: int, design: Design) -> dict[str, int]:
    """Accesses under the names of `sparseloop_stc_energy`: per instance, but computes of all multipliers."""
    k, steps = padded(k, design), padded(k, design) // design.reach
    tile = vectors_of_a_tile(n, k, design)
    assert m % tile == 0
    assert n % COLUMNS == 0
    sums = COLUMNS * tile // SUBPARTITIONS  # of one RF
    whole: Counter[str] = Counter()  # of everything that is there
    weights: Counter[str] = Counter()  # of positions of weights, of which only the kept ones are there
    for _ in range(m // tile):
        for _ in range(n // COLUMNS):
            for step in range(steps):
                whole["lrf_fills"] += 1
                weights["smem_A_reads"] += design.reach * COLUMNS
                whole["smem_B_reads"] += design.reach * tile
                whole["lrf_reads"] += tile
                weights["computes"] += design.reach * COLUMNS * tile
                whole["rf_reads"] += sums if step else 0
                whole["rf_updates"] += sums
            whole["rf_fills"] += sums
            whole["dram_Z_updates"] += COLUMNS * tile
    weights["smem_A_fills"] = weights["dram_A_reads"] = n * k  # both operands come in once
    whole["smem_B_fills"] = whole["dram_B_reads"] = m * k
    seen = {**whole, **{name: ceil(count * design.density) for name, count in weights.items()}}
    for name in ("lrf_reads", "lrf_fills", "smem_A_reads", "smem_A_fills", "dram_A_reads"):
        level, _, way = name.rpartition("_")
        seen[f"{level}_metadata_{way}"] = seen[name] if design.bits else 0  # a field beside each weight
    return seen


def accesses(words: int, per_access: int) -> int:
    """Accesses that move so many words, the last of them perhaps in part."""
    return ceil(Fraction(words, per_access))


def energies(seen: dict[str, int], ert: Ert, design: Design) -> dict[str, Fraction]:
    """Energy in pJ by component, under the names of `sparseloop_stc_energy`."""
    multipliers = design.reach * COLUMNS * design.density  # that have a weight, on average
    fields = design.fields_per_byte
    lrf = seen["lrf_reads"] + Fraction(seen["lrf_metadata_reads"], fields)
    lrf += seen["lrf_fills"] + Fraction(seen["lrf_metadata_fills"], fields)
    rf_writes = seen["rf_updates"] + seen["rf_fills"]
    data = {
        operand: accesses(seen[f"smem_{operand}_reads"], SMEM_WORD) * ert.smem_read
        + accesses(seen[f"smem_{operand}_fills"], SMEM_WORD) * ert.smem_write
        for operand in "AB"
    }
    metadata = (
        accesses(seen["smem_A_metadata_reads"], fields * METADATA_WORD) * ert.smem_metadata_read
        + accesses(seen["smem_A_metadata_fills"], fields * METADATA_WORD) * ert.smem_metadata_write
    )
    return {
        "mac_pJ": seen["computes"] * ert.multiply,
        "lrf_pJ": multipliers * lrf * ert.lrf,
        "rf_pJ": SUBPARTITIONS * (seen["rf_reads"] * ert.rf_read + rf_writes * ert.rf_write),
        "smem_A_pJ": data["A"] + metadata,
        "smem_B_pJ": data["B"],
        "dram_A_pJ": accesses(seen["dram_A_reads"], DRAM_WORD) * ert.dram,
        "dram_B_pJ": accesses(seen["dram_B_reads"], DRAM_WORD) * ert.dram,
        "dram_Z_pJ": accesses(seen["dram_Z_updates"], DRAM_WORD) * ert.dram,
    }


def dram_metadata_pj(seen: dict[str, int], ert: Ert, design: Design) -> Fraction:
    """The energy of reading the weights' metadata from DRAM, which the artifact leaves out."""
    return accesses(seen["dram_A_metadata_reads"], design.fields_per_byte * DRAM_WORD) * ert.dram
