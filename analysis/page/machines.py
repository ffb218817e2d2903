"""Machines of results: found again by name and digest, drawn, and what of them is unverified."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from analysis.page.blocks import Picture, cut
from analysis.page.picture import core_picture, memory_picture
from simulator.arch import load_arch
from simulator.errors import InputError

if TYPE_CHECKING:
    from simulator.arch import Arch
    from simulator.spec import Loaded

MACHINES_MAX = 6


def pictures(
    made: Iterable[Mapping[str, Any]], settings: Mapping[str, Sequence[str]] | None = None
) -> Iterator[Picture]:
    """A picture of each machine that the provenances `made` of reports name, once each.

    `settings` are those that were laid over a machine, by the name that was given. A machine is drawn only
    if its content is still what the digest says; else the picture says why there is none.
    """
    seen: dict[str, Mapping[str, Any]] = {}
    for one in made:
        arch = one.get("arch")
        if isinstance(arch, Mapping):
            seen.setdefault(str(arch.get("sha256")), arch)
    for place, arch in enumerate(seen.values()):
        if place == MACHINES_MAX:
            yield Picture(title="more machines", notes=(f"{len(seen) - place} more machines are not drawn",))
            return
        yield _picture(arch, settings or {})


def _picture(arch: Mapping[str, Any], settings: Mapping[str, Sequence[str]]) -> Picture:
    given, digest = str(arch.get("given", "")), str(arch.get("sha256", ""))
    title = str(arch.get("name") or given or "machine")
    found = find(given, digest, settings.get(given, ()))
    if isinstance(found, str):
        return Picture(title=title, notes=(f"it cannot be drawn: {found}",))
    drawings = (memory_picture(found.value), core_picture(found.value))
    notes = (f"given as {given}, sha256 {digest}", found.value.source, *unverified(found))
    return Picture(title=title, drawings=drawings, notes=tuple(map(cut_note, notes)))


def cut_note(note: str) -> str:
    """A note that is not endless."""
    return note if len(note) <= 600 else f"{note[:600]}…"


def find(given: str, digest: str, settings: Sequence[str]) -> "Loaded[Arch] | str":
    """The machine that was given under that name, or why it is not at hand."""
    try:
        tries = [load_arch(given, settings=one) for one in ((), tuple(settings))]
    except (InputError, OSError, ValueError):
        return f"no machine {cut(given)} is at hand" if given else "the results name no machine"
    for loaded in tries:
        if loaded.digest == digest:
            return loaded
    return f"what is at hand as {cut(given)} is not the machine of these results (another sha256, or --set)"


def unverified(loaded: "Loaded[Arch]") -> Iterator[str]:
    """How many rows behind the energies of a machine nobody has read in their source."""
    from simulator.tariff import load_tariff

    if loaded.value.components is None:
        yield "it names no component tables, so it has no energy and no area"
        return
    _, tariff = load_tariff(loaded)
    used = dict.fromkeys(row for charge in tariff.charges.values() for row in charge.rows)
    flagged = [row for row in used if tariff.rows[row].unverified]
    count = f"{len(flagged)} of the {len(used)}" if flagged else f"none of the {len(used)}"
    yield f"{count} rows of component tables that its energies rest on are flagged as unverified"
