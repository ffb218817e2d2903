"""The model against every published number: an error for each case, what was fitted, how far it all moves."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from analysis.quantities import duration
from analysis.tables import Cells, table_text
from analysis.validation.cases import Checked, check, sizes
from analysis.validation.energy import ENERGY, SWITCHED, Relation, energy_cases, relations
from analysis.validation.exact import systolic_cases, tensor_core_cases, vortex_cases
from analysis.validation.fit import CONSTANTS
from analysis.validation.gpu import GEMM, LAYER, TRAINING, Speedup, gpu_cases, speedups
from analysis.validation.shift import (
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
}
"""What of the model was tuned on each table."""


SHOWN: dict[str, Callable[[float], str]] = {
    "s": duration,
    "cycles": lambda cycles: f"{cycles:.0f}",
    "uJ": lambda energy: f"{energy:.2f} uJ",
}
"""How a figure in each unit is written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Validation:
    """Every case checked, and how the figures of the GPU hold up."""

    checked: tuple[Checked, ...]
    faster: tuple[Speedup, ...]
    left_out: tuple[Speedup, ...]
    models: tuple[Cells, ...]
    changed: tuple[Cells, ...]
    relations: tuple[Relation, ...]

    @property
    def tables(self) -> dict[str, list[Cells]]:
        """Every table by its title."""
        return {
            "every case": [case_cells(one) for one in self.checked],
            "by source": list(source_cells(self.checked)),
            "speed-up of 2:4 over dense": [speedup_cells(one) for one in self.faster],
            "speed-ups predicted with all rows of their k left out of the fit": [
                speedup_cells(one) for one in self.left_out
            ],
            "what is fitted": [described(constant) for constant in CONSTANTS],
            "simpler models of the same GPU: sizes of errors, and speed-ups": list(self.models),
            "each constant a tenth less and more": list(self.changed),
            "relations of energy and area": [one.cells for one in self.relations],
        }


def validate() -> Validation:
    """Simulate every case of every table, and the GPU's again under other constants."""
    gpu = check(gpu_cases())
    others = (
        *systolic_cases(),
        *tensor_core_cases("bound"),
        *tensor_core_cases("tile"),
        *energy_cases(),
        *vortex_cases(),
    )
    model = figures("nmsim", gpu)
    return Validation(
        checked=(*check(others), *gpu),
        faster=tuple(speedups(gpu)),
        left_out=tuple(left_out()),
        models=tuple(one.cells for one in (published(gpu), model, *simpler_models(), *other_memory())),
        changed=tuple(one.cells for one in (model, *changed())),
        relations=tuple(relations()),
    )


def case_cells(one: Checked) -> dict[str, object]:
    """A case as a row of a table."""
    shown = SHOWN[one.case.unit]
    return {
        "source": one.case.source,
        "case": one.case.name,
        "machine": one.case.arch,
        "published": shown(one.case.published),
        "simulated": shown(one.simulated),
        "error": f"{one.error:+.1%}",
    }


def source_cells(checked: Sequence[Checked]) -> Iterator[dict[str, object]]:
    """A row for each source: how many cases, the errors' sizes, and what was tuned on it."""
    for source in dict.fromkeys(one.case.source for one in checked):
        errors = [one.error for one in checked if one.case.source == source]
        median, worst = sizes(errors)
        yield {
            "source": source,
            "cases": len(errors),
            "exact": sum(error == 0 for error in errors),
            "median error": f"{median:.1%}",
            "worst error": f"{worst:.1%}",
            "tuned on it": TUNED[source],
        }


def speedup_cells(one: Speedup) -> dict[str, object]:
    """A speed-up as a row of a table."""
    return {
        "source": one.source,
        "case": one.name,
        "published": f"{one.published:.2f}",
        "simulated": f"{one.simulated:.2f}",
        "difference": f"{one.error:+.2f}",
    }


def validation_text(found: Validation, form: str) -> str:
    """All tables for people; as JSON the same by title; as CSV the cases alone."""
    if form == "csv":
        return table_text(found.tables["every case"], form)
    if form == "json":
        return json.dumps(found.tables, indent=1, ensure_ascii=False) + "\n"
    return "\n".join(_titled(found.tables.items()))


def _titled(tables: Iterable[tuple[str, Sequence[Cells]]]) -> Iterator[str]:
    for title, rows in tables:
        if rows:
            yield table_text(rows, "table", title=title)
