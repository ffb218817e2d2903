"""Cases from other simulators, whose cycles are known to the last one."""

from collections.abc import Iterator

from analysis.published import read_published
from analysis.validation.cases import Case, product

DATAFLOWS = {"ws": "weight_stationary", "is": "input_stationary", "os": "output_stationary"}
TENSOR_CORES = {
    "TC": "stc_dense",
    "STC": "stc",
    "STC_flexible": "stc_flexible",
    "STC_flexible-RLE": "stc_flexible",
}
"""The designs of the artifact that machines stand for; DSTC and dual compression skip no N:M pattern."""
FLEXIBLE = {"1.0": None, "0.5": "2:4", "0.3333": "2:6", "0.25": "2:8"}
RUN_LENGTHS = ("core.decode.bits=2",)


def systolic_cases() -> Iterator[Case]:
    """Every dense run of SCALE-Sim, and every one with whole rows of k removed.

    It reports the index of its last cycle, counted from 0: one less than the cycles.
    """
    for table, column in (
        ("scalesim_dense", "scalesim_compute_cycles"),
        ("scalesim_sparse", "scalesim_cycles"),
    ):
        for index, row in enumerate(read_published(table)):
            if row.get("mode", "layerwise") != "layerwise":
                continue
            m, n, k = (int(row[axis]) for axis in "MNK")
            pattern = row.get("sparsity")
            rows, columns = row["array_rows"], row["array_cols"]
            yield Case(
                reference=table,
                rows=(index,),
                name=f"{row['dataflow']} {rows}x{columns} {m}x{n}x{k} {pattern or ''}".rstrip(),
                arch="systolic",
                works=(product(m, n, k, pattern, "int8"),),
                published=int(row[column]) + 1,
                settings=(
                    f"core.dataflow={DATAFLOWS[row['dataflow']]}",
                    f"core.array.rows={rows}",
                    f"core.array.columns={columns}",
                ),
            )


def tensor_core_cases(fidelity: str) -> Iterator[Case]:
    """Every run of Sparseloop's dense and sparse tensor cores; its weights are M x K, so its M is our n."""
    for index, row in enumerate(read_published("sparseloop_stc")):
        design, density = row["design"], row["weight_density"]
        if design not in TENSOR_CORES:
            continue
        pattern = None if design == "TC" else FLEXIBLE[density]
        if design == "STC" and pattern:
            pattern = "2:4"
        m, n, k = (int(row[axis]) for axis in "NMK")
        yield Case(
            reference="sparseloop_stc",
            rows=(index,),
            way=f" at {fidelity}",
            name=f"{design} {m}x{n}x{k} {density}",
            arch=TENSOR_CORES[design],
            works=(product(m, n, k, pattern, "int8"),),
            published=int(row["cycles"]),
            settings=RUN_LENGTHS if design.endswith("-RLE") and pattern == "2:6" else (),
            fidelity=fidelity,
        )


def vortex_cases() -> Iterator[Case]:
    """Every run of Vortex in RTL: a whole program, of which the machine is the tensor unit alone."""
    for index, row in enumerate(read_published("vortex_dense_vs_2to4")):
        pattern = "2:4" if "2:4" in row["test"] else None
        yield Case(
            reference="vortex_dense_vs_2to4",
            rows=(index,),
            name=f"64x64x64 {row['itype']} {pattern or 'dense'}",
            arch="vortex_tcu",
            works=(product(64, 64, 64, pattern, row["itype"]),),
            published=int(row["rtlsim_cycles"]),
        )
