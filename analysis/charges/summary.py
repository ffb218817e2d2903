"""What `nmsim simulate` says of energy: the columns of its table, and the lines below."""

from collections.abc import Iterator
from math import fsum

from analysis.charges.basis import basis, flags_note
from analysis.quantities import ZEPTO, bounded, joules, quantity, share
from simulator.energy import Energy, Joules
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
        return [f"there is no energy: {report.provenance['arch']['given']} names no component tables"]
    return [
        f"energy {bounded(energy.total)}{_by_part(energy)}",
        *_power(report, energy),
        _flags(energy),
    ]


def _by_part(energy: Energy) -> str:
    whole = energy.total.value
    parts = [(part, spent.value / whole) for part, spent in ranked(energy)]
    said = [f"{part} {share(taken, 1)}" for part, taken in parts if taken >= SHOWN]
    if rest := fsum(taken for _, taken in parts if taken < SHOWN):
        said.append(f"other parts {share(rest, 1) if rest >= SHOWN else '<0.1%'}")
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
    part = share(resting, energy.total.value)
    rests = f"{part} of the energy rests" if part else "no energy rests"
    more = [f"{len(rows) - NAMED} more"] if len(rows) > NAMED else []
    return flags_note(len(rows), len(used), f"{rests} on them: {', '.join([*rows[:NAMED], *more])}")


def flagged(energy: Energy) -> tuple[tuple[str, ...], tuple[str, ...], int]:
    """The flagged rows that were used, all rows that were, and the zeptojoules that rest on flagged ones.

    Those are of actions that happened, and whose charge names a flagged row; rows of what took most come
    first.
    """
    tariff = energy.tariff
    used: dict[str, None] = {}
    resting = 0
    for action, spent in sorted(energy.by_action.items(), key=lambda one: -one[1].value):
        rows = tariff.charges[action].rows
        if energy.counts[action]:
            used |= dict.fromkeys(rows)
            resting += spent.value if basis(tariff, rows).unverified else 0
    return tuple(name for name in used if tariff.rows[name].unverified), tuple(used), resting


def ranked(energy: Energy) -> list[tuple[str, Joules]]:
    """The parts that took any energy, the most first."""
    taken = [(part, spent) for part, spent in energy.by_part.items() if spent.value]
    return sorted(taken, key=lambda one: -one[1].value)
