"""The model against every published number: an error for each case, what was fitted, how far it all moves."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from analysis.quantities import duration
from analysis.tables import Cells, table_text
from analysis.validation.cases import Checked, check, sizes
from analysis.validation.coverage import coverage, simulated_cases
from analysis.validation.energy import ENERGY, SWITCHED, Relation, relations
from analysis.validation.fit import CONSTANTS
from analysis.validation.gpu import GEMM, LAYER, TRAINING, Speedup, speedups
from analysis.validation.looked_up import CACTI, FPGA, SYNTHESIS, looked_up
from analysis.validation.shift import (
    Figures,
    changed,
    described,
    figures,
    left_out,
    other_memory,
    published,
    simpler_models,
)

FITTED = "the constants below, on all three tables at once"
TUNED = {
    "scalesim_dense": "nothing",
    "scalesim_sparse": "nothing",
    "sparseloop_stc at bound": "nothing; the mapping is the artifact's",
    "sparseloop_stc at tile": "nothing; the mapping is the artifact's",
    GEMM: FITTED,
    LAYER: FITTED,
    TRAINING: FITTED,
    ENERGY: "nothing; the ERT is the artifact's",
    SWITCHED: "nothing; as above, and its omission of metadata's energy in DRAM is reproduced",
    "vortex_dense_vs_2to4": "nothing; the machine is the tensor unit alone, without the program around it",
    CACTI: "the points of `sram_cacti`, of the same tool; between them it interpolates",
    SYNTHESIS: "selection at 16 bits, decoding of 2:4; the int8 multiply-add is the measure",
    FPGA: "nothing",
}
"""What of the model was tuned on each table."""


SHOWN: dict[str, Callable[[float], str]] = {
    "s": duration,
    "cycles": lambda cycles: f"{cycles:.0f}",
    "uJ": lambda energy: f"{energy:.2f} uJ",
    "pJ": lambda energy: f"{energy:.3g} pJ",
    "um^2": lambda area: f"{area:.4g} um^2",
    "mm^2": lambda area: f"{area:.3g} mm^2",
    "share": lambda share: f"{share:.3g}",
}
"""How a figure in each unit is written."""
BY_SOURCE, EVERY_CASE, RELATIONS = "by source", "every case", "relations of energy and area"
COVERED = "what is compared of each table"
FASTER = "speed-up of 2:4 over dense"
UNSEEN = "speed-ups predicted with all rows of their k left out of the fit"
MODELS = "simpler models of the same GPU: sizes of errors, and speed-ups"
CHANGED = "each constant a tenth less and more"
COMPARED = ("source", "standing", "case", "machine", "unit", "published", "simulated", "error")
"""The columns that every comparison of two figures has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Validation:
    """Every case checked, and how the figures of the GPU hold up."""

    checked: tuple[Checked, ...]
    faster: tuple[Speedup, ...]
    left_out: tuple[Speedup, ...]
    models: tuple[Figures, ...]
    changed: tuple[Figures, ...]
    relations: tuple[Relation, ...]

    def __repr__(self) -> str:
        return table_text(self.tables[BY_SOURCE], "table", title=BY_SOURCE)

    @property
    def tables(self) -> dict[str, list[Cells]]:
        """Every table by its title, as people read it; the summary is the first."""
        return {
            BY_SOURCE: [source_cells(one) for one in source_columns(self.checked)],
            COVERED: self._covered,
            FASTER: [speedup_cells(one) for one in self.faster],
            UNSEEN: [speedup_cells(one) for one in self.left_out],
            "what is fitted": [described(constant) for constant in CONSTANTS],
            MODELS: [one.cells for one in self.models],
            CHANGED: [one.cells for one in self.changed],
            RELATIONS: [one.cells for one in self.relations],
            EVERY_CASE: [case_cells(one) for one in self.checked],
        }

    @property
    def columns(self) -> dict[str, list[Cells]]:
        """The same with numbers as numbers: figures in their unit, errors and differences as shares."""
        return self.tables | {
            BY_SOURCE: source_columns(self.checked),
            FASTER: [one.columns for one in self.faster],
            UNSEEN: [one.columns for one in self.left_out],
            MODELS: [one.columns for one in self.models],
            CHANGED: [one.columns for one in self.changed],
            RELATIONS: [one.columns for one in self.relations],
            EVERY_CASE: [one.columns for one in self.checked],
        }

    @property
    def comparisons(self) -> list[Cells]:
        """A row for each pair of figures, under the title of its table: cases, speed-ups, relations."""
        found = self.columns
        return [
            {"table": title} | {name: row[name] for name in COMPARED}
            for title in (EVERY_CASE, FASTER, UNSEEN, RELATIONS)
            for row in found[title]
        ]

    @property
    def _covered(self) -> list[Cells]:
        return [one.columns for one in coverage(one.case for one in self.checked)]


def validate() -> Validation:
    """Compare every case of every table, and the GPU's again under other constants."""
    simulated = check(simulated_cases())
    gpu = [one for one in simulated if one.case.reference in (GEMM, LAYER, TRAINING)]
    model = figures("nmsim", gpu)
    return Validation(
        checked=(*simulated, *looked_up()),
        faster=tuple(speedups(gpu)),
        left_out=tuple(left_out()),
        models=(published(gpu), model, *simpler_models(), *other_memory()),
        changed=(model, *changed()),
        relations=tuple(relations()),
    )


def case_cells(one: Checked) -> dict[str, object]:
    """A case as people read it."""
    shown = SHOWN[one.case.unit]
    written = {
        "published": shown(one.case.published),
        "simulated": shown(one.simulated),
        "error": f"{one.error:+.1%}",
    }
    return {name: written.get(name, value) for name, value in one.columns.items() if name != "unit"}


def source_columns(checked: Sequence[Checked]) -> list[Cells]:
    """A row for each source and standing: how many cases, the errors' sizes, what was tuned on the source."""
    parts: dict[tuple[str, str], list[float]] = {}
    for one in checked:
        parts.setdefault((one.case.source, one.case.standing), []).append(one.error)
    rows: list[Cells] = []
    for (source, standing), errors in parts.items():
        median, worst = sizes(errors)
        rows.append(
            {
                "source": source,
                "standing": standing,
                "cases": len(errors),
                "exact": sum(error == 0 for error in errors),
                "median error": median,
                "worst error": worst,
                "tuned on it": TUNED[source],
            }
        )
    return rows


def source_cells(columns: Cells) -> dict[str, object]:
    """A row of `source_columns` as people read it."""
    errors = ("median error", "worst error")
    return {name: f"{value:.1%}" if name in errors else value for name, value in columns.items()}


def speedup_cells(one: Speedup) -> dict[str, object]:
    """A speed-up as people read it."""
    return {
        "source": one.source,
        "case": one.name,
        "published": f"{one.published:.2f}",
        "simulated": f"{one.simulated:.2f}",
        "difference": f"{one.error:+.2f}",
    }


def validation_text(found: Validation, form: str) -> str:
    """All tables for people; as JSON the same with numbers; as CSV every comparison of two figures."""
    if form == "csv":
        return table_text(found.comparisons, form)
    if form == "json":
        return json.dumps(found.columns, indent=1, ensure_ascii=False) + "\n"
    return "\n".join(_titled(found.tables.items()))


def _titled(tables: Iterable[tuple[str, Sequence[Cells]]]) -> Iterator[str]:
    for title, rows in tables:
        if rows:
            yield table_text(rows, "table", title=title)
