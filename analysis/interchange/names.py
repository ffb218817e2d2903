"""Which component of ours one of a foreign table is: as --as says, or as `nmsim components` wrote it."""

import re
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import NamedTuple

from analysis.interchange.reference_tables import Entry
from simulator.components import BY_BIT, COMPONENTS, MOVES
from simulator.errors import InputError, lookup, shown, suggestion
from simulator.parts import KIND, SRAM

AS = "--as"
LEFT_OUT = "-"
BIT = "_bit"
EXAMPLES = "MAC=multiply_add:int8, SMEM=memory:shared/512, LRF=register:stationary/8, idle=-"
SYNONYMS: dict[str, tuple[str, ...]] = {
    "multiply": ("mac", "mac_random", "compute", "multiply_random"),
    "gated": ("mac_gated", "gated_compute", "multiply_gated"),
    "skipped": ("mac_skipped", "skipped_compute", "multiply_skipped"),
}
"""What Accelergy's own components call the actions of a multiply-add."""
_TARGET = re.compile(r"([a-z_]+)(?::([a-z0-9_]{1,40}))?(?:/([0-9]{1,5})(?:,([0-9]{1,5}))?)?")
BITS_MAX = 2**16


class Target(NamedTuple):
    """A component of ours, which one of its kind, and the bits that an action moves, of metadata apart."""

    component: str
    of: str | None = None
    bits: int | None = None
    metadata_bits: int | None = None

    @property
    def actions(self) -> tuple[str, ...]:
        """What such a component does."""
        return COMPONENTS[self.component].actions

    def __str__(self) -> str:
        return self.component + (f" {self.of}" if self.of else "")


def bare(name: str) -> str:
    """A component's name without the ranges of its instances."""
    return re.sub(r"\[[0-9.]*\]", "", name)


def parse_names(given: Sequence[str]) -> dict[str, str]:
    """What --as says, by the name on the left: a component of ours, an action, or `-` to leave it out."""
    names: dict[str, str] = {}
    for text in given:
        left, equals, right = text.partition("=")
        if not equals or not left or not right:
            raise InputError.of(f"{shown(text)} names nothing", f"write NAME=COMPONENT: {EXAMPLES}", where=AS)
        if names.setdefault(left, right) != right:
            raise InputError.of(f"{shown(left)} is named twice", "keep one", where=AS)
    return names


def named(path: str, names: Mapping[str, str]) -> str | None:
    """The name in --as for `path`, such as system.shared.read: the most of its last parts, or with a `*`."""
    parts = path.split(".")
    ends = [".".join(parts[start:]) for start in range(len(parts))]
    exact = next((end for end in ends if end in names), None)
    wild = (name for name in names if "*" in name and any(fnmatchcase(end, name) for end in ends))
    return exact if exact is not None else next(wild, None)


def parse_target(text: str, where: str) -> Target:
    """The component that --as names, as in memory:shared/512; InputError where it cannot be one."""
    match = _TARGET.fullmatch(text)
    if match is None:
        raise InputError.of(f"{shown(text)} names no component", f"write one as in {EXAMPLES}", where=where)
    component, of, *widths = match.groups()
    known = {name: about for name, about in COMPONENTS.items() if name != SRAM}
    lookup(known, component, kind="component", where=where)
    target = Target(component, of, *(None if width is None else int(width) for width in widths))
    wrong = _wrong_of(text, target) or _wrong_bits(text, target)
    if wrong:
        raise InputError.of(*wrong, where=where)
    return target


def _wrong_of(text: str, target: Target) -> tuple[str, str] | None:
    """What is wrong with which one of its kind a component is, and what would be right, if anything is."""
    component, of = target.component, target.of or ""
    about = COMPONENTS[component]
    if (not of) == bool(about.of):
        right = f"write {component}:{about.of.upper()}" if about.of else f"write {component} alone"
        return f"{shown(text)} does not say which", right
    if of and about.known and of not in about.known:
        return f"{shown(of)} is no {about.of}", suggestion(of, about.known)
    if component == "select" and not re.fullmatch("[1-9][0-9]{0,3}", of):
        return f"{shown(of)} is no fan-in", "write a whole number, as in select:4/8"
    if component in ("memory", "dram") and not re.fullmatch(KIND, of):
        return f"{shown(of)} is no {about.of}", "write one, as in memory:shared/512"
    return None


def _wrong_bits(text: str, target: Target) -> tuple[str, str] | None:
    """What is wrong with the bits that an action moves, and what would be right, if anything is."""
    component, bits, metadata = target.component, target.bits, target.metadata_bits
    if bits is None and component in BY_BIT:
        name = text.partition("/")[0]
        what = "it does not say how many bits an action moves"
        return f"{shown(text)}: {what}", f"write {name}/BITS, as in {name}/64"
    if bits is not None and component not in BY_BIT:
        return f"{shown(text)}: {component} does not go by the bit", f"write {text.partition('/')[0]} alone"
    if metadata is not None and component != "memory":
        return f"{shown(text)}: {component} has no metadata", "name one width"
    if any(width is not None and not 1 <= width <= BITS_MAX for width in (bits, metadata)):
        return f"{shown(text)}: a width is out of range", f"from 1 to {BITS_MAX}"
    return None


def own(entry: Entry) -> Target | None:
    """What a component is that `nmsim components` wrote, by the end of its name and its actions."""
    name = bare(entry.name).rpartition(".")[2]
    actions = set(entry.actions)
    if actions and actions <= {f"{move}{BIT}" for move in MOVES}:
        return Target("memory", name, 1)
    if name == "network" and actions <= {f"hop{BIT}"}:
        return Target("network", None, 1)
    for component, about in COMPONENTS.items():
        of = name.removeprefix(f"{component}_") if about.of else None
        if component in (SRAM, "memory", "dram", "network") or (of == name if of else component != name):
            continue
        fits = of is None or of in about.known or (component == "select" and of.isdecimal())
        if fits and actions and actions <= {*about.actions, *(("leak",) if component == "leakage" else ())}:
            return Target(component, of, 1 if component in BY_BIT else None)
    return None
