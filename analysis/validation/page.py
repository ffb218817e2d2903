"""The page docs/validation.md, written from what `nmsim validate` finds so that it cannot go stale."""

from collections.abc import Iterable, Iterator, Sequence

from analysis.tables import Cells
from analysis.validation.energy import ENERGY, SWITCHED, WORST
from analysis.validation.gpu import (
    GEMM,
    GEMM_MEDIAN,
    GEMM_WORST,
    LAYER,
    LAYER_WORST,
    LEFT_OUT_WORST,
    SPEEDUP_WORST,
    TRAINING,
    TRAINING_WORST,
)
from analysis.validation.looked_up import BANK_MEDIAN, BANK_WORST, BANKS, CACTI, POINT_WORST, SYNTHESIS
from analysis.validation.validate import (
    BY_SOURCE,
    COVERED,
    EVERY_CASE,
    FASTER,
    UNSEEN,
    Validation,
    validate,
)

_HEAD = """\
# Validation

How far the model is from published numbers, what was tuned on them, and how far each conclusion moves with
what was tuned. `nmsim validate` prints the same with every case; this page is generated from it
(`analysis.validation.page`). The published numbers, with their sources, are in `analysis/references`. An
error is simulated over published, less 1; the size of an error is without its sign.

Two kinds of numbers are compared. The cycles of SCALE-Sim and Sparseloop are known to the last one, so that
any difference but the one named below is a fault. What was measured on a GPU depends on its clock under
load, its library and its launches, which no data sheet gives: four constants are **fitted** to those rows.

A case is **calibrated** where something of the model was made from it, and its error says how well that went;
it is **predicted** where nothing was: the speed-ups of rows that a fit did not see, every run of another
simulator, every bank and mux between those that a component table was made from.
"""
_COVERED = """\
## What is compared

Every table of `analysis/references`. A row may be a case, several (a layer dense and 2:4, a bank's energies
and area, a run at two fidelities), a part of one, or none; the last column says which are none.
"""
_FITTED = f"""\
## What is fitted

One set of constants for all measured rows, of one GPU (`a100` and `a100_80gb` differ in their DRAM
alone): no constant is of one row or one shape. The search lowers the mean, over the three sources, of the
mean squared logarithm of simulated over published time. What is let pass is checked afterwards and not aimed
at: {GEMM_MEDIAN:.0%} for the median and {GEMM_WORST:.0%} for the worst error of `{GEMM}`,
{LAYER_WORST:.0%} for the times and {SPEEDUP_WORST} for the speed-ups of `{LAYER}`, {TRAINING_WORST:.0%} for
`{TRAINING}`. `python -m analysis.validation.fit` runs it again. A constant at an end of its range would go on
if it were let: it makes up for something that the model lacks, and the range says how much of that is
believed.
"""
_ASSUMED = f"""\
### What is assumed beside that

* Chosen while looking at these rows, and so as good as tuned: `core.accumulators.buffers: 1` and
  `core.fetch_ahead: false`, a core waits until its tile's results have left before anything of the next
  begins; two buffers of the L2, the default; three of shared memory.
* A100s have 40 or 80 GB. `{TRAINING}` says 80. `{GEMM}` is taken to be of 80 GB
  too: its first row moves 305 MB in 0.19 ms, which is more than 1555 GB/s, the other's bandwidth, unless a
  part stayed in the L2 from run to run. `{LAYER}` does not say, and is taken to be of 40 GB because that
  fits better; the table of models shows what the other size would mean.
* `{LAYER}` is compared with cuSPARSELt, one of its two libraries. Both were driven from PyTorch, so that
  `launch` is a launch and what PyTorch adds.
* A training step is FWD, DGRAD and WGRAD in fp16, a stream that sums the bias' gradient, and with 2:4 a
  stream that prunes and packs the weights both ways. The published `prune+compress_only` rows grow with the
  activations, not with the weights, and are added to nothing.
* What was fitted is of the A100. `h100` and `h200`, and every other machine, have none of it: they run at
  their full clock and bandwidth.
"""
_ROWS = f"""\
## The fitted rows

Twenty-six times that four constants are fitted to. Sizes are m x n x k of the product or of the layer's
forward one. What is left is no noise: dense layers of `{LAYER}` come out too slow at k = 768 and too fast at
k = 3072, and trained layers too fast, dense ones more than 2:4 ones. So the model **understates how much
speed-ups differ** from shape to shape, and understates the gain of training. Part of it is that a core waits
for its results in dense products as in sparse ones, as if both libraries stored them alike.
"""
_MODELS = """\
## Simpler models of the same GPU

`roofline` is the fidelity `bound` on data sheets alone: multiplies at peak, or compulsory bytes at
bandwidth. `data sheets alone` is the fidelity `tile` with each fitted constant as the data sheet has it.
The speed-ups are those of 2:4 over dense that one would conclude: the mean over the 2:4 layers of one k,
and each layer that is trained. The last two rows have `a100_gemm_measured` on 40 GB and
`a100_2to4_measured` on 80 GB, the constants as they are.
"""
_CHANGED = """\
## How far conclusions move with each constant

Each constant a tenth less and a tenth more, a share at most 100 %, the others as fitted; latencies, which
are assumptions and not fitted, as well.
"""
_LEFT_OUT = f"""\
## Speed-ups that the fit did not see

The constants fitted again without the rows of one k of `{LAYER}`, which are then predicted. The aim is a
difference of at most {LEFT_OUT_WORST}; the rows of k = 3072 miss it by a little, when only those of k = 768
are there to say what skipping zeros costs.
"""
_OTHERS = """\
## Other simulators

SCALE-Sim's cycles are reproduced to the last one, dense and with whole rows of k removed, on `systolic`.
Sparseloop's tensor cores too at the fidelity `bound`; `tile` adds 64 cycles for the first fold's way in and
out, which Sparseloop leaves out. Its designs without an N:M pattern (DSTC, dual compression) are not
compared.

Vortex' cycles are of a whole program, in which 19 % to 34 % of the instructions are the tensor unit's;
`vortex_tcu` is that unit alone, and nothing was tuned. The errors below say how much of the time is not its
own, and **no conclusion about Vortex should rest on this machine**.
"""


_ENERGY = f"""\
## Energy and area

Sparseloop's artifact comes with the energies of its actions, which the component tables `sparseloop_stc` and
`sparseloop_tc` hold as they are, and with the energies of its runs, by component. `{ENERGY}`
compares the totals; k is the artifact's, which is padded to whole steps. The artifact counts metadata's
accesses of DRAM and leaves them out of the energy; `{SWITCHED}`
leaves them out as well, by the table `sparseloop_no_dram_metadata`, which nothing names by itself. What
differs then is one write of each sum. Its dense core's
energies are of 65 nm and its sparse ones' of 45 nm, though it describes both as 45 nm: **no ratio between the
two says what sparsity saves**. Let pass are {WORST["stc"]:.0%} for the worst of `stc` and `stc_flexible`,
{WORST["stc_dense"]:.0%} for `stc_dense`.

Nothing measured in joules was at hand. What other work says of areas and of ratios is below, with the range
that is let pass. Rows of `synthesis` are what the rows of selection were made from, so that they show how far
dividing by recalled areas of multipliers moves them. Recalled areas of floating-point multipliers and adders
are five times what synthesis comes to without rounding and subnormals: if synthesis is right, selection is a
larger share of the area than `nmsim area` says, by as much. A board's limit is no measurement, and it is of
all that the model leaves out too.
"""
_LOOKED_UP = f"""\
## Memories and logic

`{CACTI}` are banks of SRAM as CACTI gives them, and `{BANKS}`, from which machines have theirs, is a table
of the same tool: ten of the banks are its points, and calibrated, fifteen lie between them, and are
predicted. Energies at the points are met to the printed digit; where CACTI gives more to a smaller bank than
to the next one both were pooled, which moves areas there by up to {POINT_WORST:.0%}. Let pass between the
points are {BANK_MEDIAN:.0%} for the median and {BANK_WORST:.0%} for the worst. This says how well the table
stands for CACTI, and nothing of how well CACTI stands for a chip: the bounds of its rows do.

`{SYNTHESIS}` are transistors, each taken to be as large as one of an int8 multiply-add, whose area at
45 nm is recalled. Selection is within 15% at every width, though only that of 16 bits was used. **Decoding is
charged as that of 2:4, each bit of metadata alike whatever the pattern**, and other patterns take two to
thirteen times as much: the upper bound of a decoder holds them, its value does not. Areas of floating-point
units and of registers are recalled ones, five to six times what synthesis comes to.
"""


def validation_page() -> str:
    """The page docs/validation.md."""
    return "\n".join(_sections(validate())) + "\n"


def _sections(found: Validation) -> Iterator[str]:
    tables = found.tables
    yield _HEAD
    yield from _table(tables[BY_SOURCE])
    yield "\n" + _COVERED
    yield from _table(tables[COVERED])
    yield "\n" + _FITTED
    yield from _table(tables["what is fitted"])
    yield "\n" + _ASSUMED
    yield _ROWS
    yield from _table(_rows(tables[EVERY_CASE], (GEMM, LAYER, TRAINING)))
    yield ""
    yield from _table(tables[FASTER])
    yield "\n" + _LEFT_OUT
    yield from _table(tables[UNSEEN])
    yield "\n" + _MODELS
    yield from _table([one.cells for one in found.models])
    yield "\n" + _CHANGED
    yield from _table([one.cells for one in found.changed])
    yield "\n" + _ENERGY
    yield from _table([one.cells for one in found.relations])
    yield "\n" + _LOOKED_UP
    yield from _table(_rows(tables[EVERY_CASE], (SYNTHESIS,)))
    yield "\n" + _OTHERS
    yield from _table(_rows(tables[EVERY_CASE], ("vortex_dense_vs_2to4",)))


def _rows(rows: Iterable[Cells], sources: Sequence[str]) -> list[Cells]:
    return [row for row in rows if row["source"] in sources]


def _table(rows: Sequence[Cells]) -> Iterator[str]:
    """The rows as a table of Markdown."""
    yield f"| {' | '.join(rows[0])} |" if rows else ""
    yield f"|{'---|' * len(rows[0])}" if rows else ""
    for row in rows:
        yield f"| {' | '.join(str(cell) for cell in row.values())} |"
