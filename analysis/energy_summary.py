"""What `nmsim simulate` says of energy: the columns of its table, and the lines below."""

from collections.abc import Iterator
from math import fsum

from analysis.joules import ZEPTO, bounded, flagged, joules, nothing_known, quantity, ranked
from simulator.energy import Energy
from simulator.report import Report, Row, picojoules

EACH = "pJ per effective MAC"
SHOWN = 0.0005
"""Parts of less than this share are named together."""
NAMED = 8
"""Flagged rows that are named; of others only how many."""


def energy_cells(part: Report) -> dict[str, str]:
    """Energy, and pJ for each effective multiply-add, of a report or a part of one."""
    energy = part.energy
    if energy is None:
        return {}
    macs = part.totals["effective_macs"]
    spent = energy.total.value
    return {"energy": joules(spent), EACH: f"{picojoules(spent) / macs:.3g}" if macs else ""}


def energy_notes(report: Report) -> list[str]:
    """Energy with its bounds and by part, power, energy-delay product, and what rests on flagged rows."""
    energy = report.energy
    if energy is None:
        return [nothing_known(report.provenance["arch"]["given"])]
    return [
        f"energy {bounded(energy.total)}{_by_part(energy)}",
        *_power(report, energy),
        _flags(energy),
    ]


def _by_part(energy: Energy) -> str:
    whole = energy.total.value
    parts = [(part, spent.value / whole) for part, spent in ranked(energy)]
    said = [f"{part} {share:.1%}" for part, share in parts if share >= SHOWN]
    if rest := fsum(share for _, share in parts if share < SHOWN):
        said.append(f"other parts {rest:.1%}" if rest >= SHOWN else "other parts <0.1%")
    return f": {', '.join(said)}" if said else ""


def _power(report: Report, energy: Energy) -> Iterator[str]:
    """Average power, the most of a row, and the energy-delay product; nothing where no time passes."""
    seconds = report.totals["seconds"]
    if not seconds:
        return
    spent = energy.total.value * ZEPTO
    most = max(report.rows, key=power)
    yield (
        f"average power {quantity(spent / seconds, 'W')}, at most {quantity(power(most), 'W')} "
        f"({most.step.layer} {most.step.pass_}); energy-delay product {quantity(spent * seconds, 'J s')}"
    )


def power(row: Row) -> float:
    """The watts of a row: its energy over its time."""
    if row.energy is None or not row.cost.cycles:
        return 0.0
    return row.energy.total.value * ZEPTO / row.seconds


def _flags(energy: Energy) -> str:
    """Which rows were used that nobody read in their source, and the share of the energy on them."""
    rows, used, resting = flagged(energy)
    if not rows:
        return f"none of the {len(used)} table rows used is flagged as unverified"
    whole = energy.total.value
    share = f"{resting / whole:.1%} of the energy rests" if whole else "no energy rests"
    more = [f"{len(rows) - NAMED} more"] if len(rows) > NAMED else []
    return (
        f"{len(rows)} of the {len(used)} table rows used are flagged as unverified, and {share} on them: "
        f"{', '.join([*rows[:NAMED], *more])}"
    )
