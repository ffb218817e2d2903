"""`nmsim convert`: an ERT and an ART of Accelergy's as a component table of ours."""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

from analysis.interchange.names import (
    AS,
    BIT,
    LEFT_OUT,
    SYNONYMS,
    Target,
    bare,
    named,
    own,
    parse_names,
    parse_target,
)
from analysis.interchange.reference_tables import Entry, read_art, read_ert
from analysis.interchange.text import Converted, Made, made, table_rows, table_text
from simulator.area import LOGIC
from simulator.components import COMPONENTS, LEAK
from simulator.errors import InputError, Problem, placed, shown, suggestion
from simulator.parts import SRAM
from simulator.places import printable
from simulator.units import Dimension, parse_quantity


def convert(
    ert: Path,
    art: Path | None = None,
    *,
    given: Sequence[str] = (),
    node: str | None = None,
    clock: str | None = None,
) -> Made:
    """The component table of an ERT and its ART, as text that `load_table` reads.

    `given` says what components and actions are, as in MAC=multiply_add:int8. Without a `node` the values do
    not scale. Energy of leakage is of a cycle, and needs the `clock`. Raises InputError with every problem.
    """
    names = parse_names(given)
    with placed("--node"):
        nm = parse_quantity(node, Dimension.LENGTH) if node is not None else None
    with placed("--clock"):
        hertz = parse_quantity(clock, Dimension.FREQUENCY) if clock is not None else None
    entries = _joined(read_ert(ert), read_art(art) if art is not None else ())
    problems: list[Problem] = []
    used: set[str] = set()
    found = []
    for entry in entries:
        target = _target(entry, names, used, problems)
        if target is not None:
            found.append(_converted(entry, target, names, used, problems))
    problems += _twice(found)
    if hertz is None and any(one.leaked for one in found):
        what, right = "the energy of leakage is that of a cycle", "give the clock, as in --clock '1 GHz'"
        problems.append(Problem(where="--clock", what=what, right=right))
    for left in names.keys() - used:
        known = sorted({bare(entry.name).rpartition(".")[2] for entry in entries})
        what = f"no component and no action is called {shown(left)}"
        problems.append(Problem(where=AS, what=what, right=suggestion(left, known)))
    if problems:
        raise InputError(sorted(problems, key=str))
    source = ", ".join(path.name for path in (ert, art) if path is not None)
    lines = list(table_rows(found, nm, hertz or Fraction(0)))
    return made(table_text(source, lines))


def _joined(energies: Sequence[Entry], areas: Sequence[Entry]) -> list[Entry]:
    """Each component of either table once, with its energies and its area."""
    sizes = {bare(entry.name): entry for entry in areas}
    both = [
        entry._replace(area=size.area) if (size := sizes.pop(bare(entry.name), None)) else entry
        for entry in energies
    ]
    return [*both, *sizes.values()]


def _target(entry: Entry, names: dict[str, str], used: set[str], problems: list[Problem]) -> Target | None:
    """What a component is; None where it is left out, or a problem is noted."""
    left = named(bare(entry.name), names)
    if left is not None:
        used.add(left)
        if names[left] == LEFT_OUT:
            return None
        try:
            return parse_target(names[left], f"{AS} {left}")
        except InputError as error:
            problems += error.problems
            return None
    target = own(entry)
    if target is None:
        leaf = bare(entry.name).rpartition(".")[2]
        known = ", ".join(sorted(COMPONENTS.keys() - {SRAM}))
        right = f"say which of {known} it is, as in {AS} {leaf}=memory:l2/512, or leave it out with {leaf}=-"
        problems.append(Problem(where=printable(entry.name), what="nmsim has no such component", right=right))
    return target


def _converted(
    entry: Entry, target: Target, names: dict[str, str], used: set[str], problems: list[Problem]
) -> Converted:
    """The actions of a component under our names."""
    ours = _ours(target)
    energies: dict[str, float] = {}
    for action, energy in entry.actions.items():
        path = f"{bare(entry.name)}.{action}"
        left = named(path, names)
        if left is not None:
            used.add(left)
        name = names[left] if left is not None else action
        if name == LEFT_OUT:
            continue
        mine = ours.get(name)
        wrong = _wrong_action(target, action, mine, energies, energy)
        if wrong is not None:
            problems.append(Problem(where=printable(path), what=wrong[0], right=wrong[1]))
        elif mine is not None:
            energies[mine] = energy
    leak = energies.pop(LEAK, None)
    return Converted(entry, target, energies, leak)


def _ours(target: Target) -> dict[str, str]:
    """What the actions of a component may be called, and what we call them."""
    ours = {action: action for action in target.actions}
    if target.component in (*LOGIC, "memory", "leakage"):
        ours[LEAK] = LEAK
    if target.bits == 1:
        ours |= {f"{action}{BIT}": action for action in target.actions}
    return ours | {other: action for action in target.actions for other in SYNONYMS.get(action, ())}


def _wrong_action(
    target: Target, action: str, mine: str | None, energies: dict[str, float], energy: float
) -> tuple[str, str] | None:
    """What is wrong with an action that is `mine`, and what would be right, if anything is."""
    if mine is None:
        known = ", ".join(target.actions) or LEAK
        right = f"{target.component} has {known}; {AS} {action}=ACTION says which, {action}=- leaves it out"
        return f"{target} has no such action", right
    if energies.get(mine, energy) != energy:
        return f"another action is {mine} too, with another energy", f"leave one out, as in {AS} {action}=-"
    return None


def _twice(found: Sequence[Converted]) -> Iterator[Problem]:
    """Components that would be the same one of ours."""
    seen: dict[tuple[str, str | None], str] = {}
    for one in found:
        other = seen.setdefault(one.target[:2], one.entry.name)
        if other != one.entry.name and one.target.component != "leakage":
            right = f"leave one out, as in {AS} {bare(other)}=-"
            yield Problem(where=printable(one.entry.name), what=f"{other} is {one.target} too", right=right)
