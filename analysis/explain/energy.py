"""`nmsim explain --energy`: every joule of a report, traced to a count and a row of a component table."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from analysis.charges.basis import basis
from analysis.charges.tariff_text import charge_columns
from analysis.explain.machines import load_machines
from simulator.energy import Energy, Joules
from simulator.report import Report, picojoules
from simulator.simulate import simulate
from simulator.tariff import load_tariff
from simulator.trace import Trace


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """The energy of a report on the machine `arch`, and of the same products run dense."""

    arch: str
    report: Report
    dense: Report | None = None

    @property
    def energy(self) -> Energy:
        """Of the report, which is of a machine with component tables."""
        assert self.report.energy is not None
        return self.report.energy

    @property
    def rows(self) -> tuple[str, ...]:
        """The ids of the table rows behind it."""
        charges = self.energy.tariff.charges
        return tuple(dict.fromkeys(row for action in self.energy.counts for row in charges[action].rows))


def explain_energy(
    arch: str,
    trace: Trace,
    *,
    settings: Sequence[str] = (),
    against: str | None = None,
    dense: bool = False,
) -> tuple[Spent, ...]:
    """The energy of `trace` on `arch`, and on the machine `against` under the same settings.

    With `dense` also that of the same products run dense.
    """
    machines = load_machines(arch, against, settings)
    for machine in machines:
        load_tariff(machine)  # one without tables is refused before anything runs
    found = []
    for machine in machines:
        report = simulate(machine, trace)
        baseline = simulate(machine, trace, dense=True) if dense else None
        found.append(Spent(arch=machine.name, report=report, dense=baseline))
    return tuple(found)


def action_rows(one: Spent, form: str) -> list[dict[str, Any]]:
    """A row for each action that happened: its count, its charge, and what both come to."""
    tariff, whole = one.energy.tariff, one.energy.total.value
    rows = []
    for action, spent in one.energy.by_action.items():
        charge = tariff.charges[action]
        rows.append(
            {
                "arch": one.arch,
                **charge_columns(action, charge),
                "count": one.energy.counts[action],
                **columns_of(spent),
                "share": spent.value / whole if whole else 0.0,
                **basis(tariff, charge.rows).columns(form),
            }
        )
    return rows


def columns_of(spent: Joules, name: str = "energy") -> dict[str, int | float]:
    """An energy between its bounds, exact in zeptojoules and in pJ."""
    bounds = {f"{name}_low": spent.low, name: spent.value, f"{name}_high": spent.high}
    exact = {f"{key}_zj": value for key, value in bounds.items()}
    return {**exact, **{f"{key}_pj": picojoules(value) for key, value in bounds.items()}}


def part_rows(one: Spent, by: str) -> list[dict[str, Any]]:
    """A row for each layer or Pass: its energy, and that of each part of the machine."""
    return [
        {"arch": one.arch, by: key, **part_columns(energy)}
        for (key,), part in one.report.grouped(by)
        if (energy := part.energy) is not None
    ]


def part_columns(energy: Energy) -> dict[str, int | float]:
    """An energy, and what each part of the machine takes of it."""
    parts = {f"energy_{part}_zj": spent.value for part, spent in energy.by_part.items()}
    return {**columns_of(energy.total), **parts}
