"""Subjects: what can be compared, out of studies, training runs and reports."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

from analysis.headings import subject
from analysis.quantities import PICO
from analysis.results.found import Results, load_results
from simulator.errors import InputError
from workloads.training.flops import CONVENTIONS

RIGHT = "name studies, training runs, or reports of `nmsim simulate --format json`"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One thing on one machine, if it is on any: what it learnt (a mean over seeds), and what that took.

    `work` is the task and the model, and empty for a report. `flops` are by convention; None is what its
    results do not say.
    """

    name: str
    pattern: str
    work: tuple[str, ...]
    length: str
    arch: str
    metric: str
    lower_is_better: bool
    value: float | None
    flops: Mapping[str, float | None]
    seconds: float | None
    joules: float | None

    @property
    def group(self) -> tuple[str, ...]:
        """The task, the model, the length and the machine; reports are one group."""
        return (*self.work, self.length, self.arch) if self.work else ()

    @property
    def called(self) -> str:
        """Its name with its pattern."""
        return f"{self.name} {self.pattern}".rstrip()

    @property
    def edp(self) -> float | None:
        """Energy times delay."""
        return None if self.seconds is None or self.joules is None else self.seconds * self.joules


def load_subjects(paths: Sequence[Path]) -> list[Subject]:
    """The subjects of all results, named after their path where there are several."""
    found: list[Subject] = []
    for path in paths:
        results = load_results(path)
        prefix = f"{path.name or path}: " if len(paths) > 1 else ""
        own = list(_subjects(results, prefix))
        if not own:
            raise InputError.of("holds nothing to compare", RIGHT, where=str(path))
        found += own
    return found


def _subjects(results: Results, prefix: str) -> Iterator[Subject]:
    if results.kind == "study":
        if not results.meta.get("complete", True):
            right = "run `nmsim study` again, which goes on with it"
            raise InputError.of("is a study without its end", right, where=str(results.path))
        yield from _of_study(results, prefix)
    elif results.kind == "run":
        yield from _of_run(results)
    elif results.kind == "report":
        yield _of_report(results.path.stem, results.meta)
    else:
        raise InputError.of(f"is a {results.kind}", RIGHT, where=str(results.path))


def _of_study(results: Results, prefix: str) -> Iterator[Subject]:
    for row in results.table("summary").to_dict("records"):
        lower = row["lower_is_better"]
        budget = _text(row.get("budget"))
        yield Subject(
            name=f"{prefix}{row['label']}",
            pattern=_text(row["pattern"]),
            work=(str(row["task"]), str(row["model"])),
            length=budget or f"{int(row['steps'])} steps",
            arch=_text(row["arch"]),
            metric=str(row["metric"]),
            lower_is_better=lower is True or lower == "true",
            value=_number(row["value_mean"]),
            flops={name: _number(row.get(f"{name}_flops")) for name in CONVENTIONS},
            seconds=_number(row.get("seconds")),
            joules=_number(row.get("energy_j")),
        )


def _of_run(results: Results) -> Iterator[Subject]:
    result, made = results.meta["result"], results.meta["provenance"]
    if result is None:
        right = "`nmsim train ... --resume` goes on with it"
        raise InputError.of("is a run without its end", right, where=str(results.path))
    reports = results.reports()
    machines = [(report["provenance"]["arch"]["given"], report["totals"]) for report in reports.values()]
    for arch, totals in machines or [("", {})]:
        yield Subject(
            name=results.path.resolve().name,
            pattern="",
            work=(made["task"], made["network"]),
            length=f"{made['steps']} steps",
            arch=arch,
            metric=result["metric"],
            lower_is_better=result["lower_is_better"],
            value=_number(result["value"]),
            flops={name: result.get(f"{name}_flops") for name in CONVENTIONS},
            **_costs(totals),
        )


def _of_report(name: str, meta: Mapping[str, Any]) -> Subject:
    made = meta["provenance"]
    what = subject(made["trace"]["made"])
    return Subject(
        name=f"{name} ({what})" if what else name,
        pattern="",
        work=(),
        length="",
        arch=made["arch"]["given"],
        metric="",
        lower_is_better=True,
        value=None,
        flops=dict.fromkeys(CONVENTIONS),
        **_costs(meta["totals"]),
    )


def _costs(totals: Mapping[str, Any]) -> dict[str, float | None]:
    spent = totals.get("energy_pj")
    return {"seconds": totals.get("seconds"), "joules": None if spent is None else spent * PICO}


def _number(value: object) -> float | None:
    """A finite number, or None."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        return None
    return float(value)


def _text(value: object) -> str:
    """A text; an empty cell of a column that is empty may have been read as a number."""
    return value if isinstance(value, str) else ""
