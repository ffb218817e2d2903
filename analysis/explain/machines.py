"""The machines that an explanation is of."""

from collections.abc import Sequence

from simulator.arch import Arch, load_arch
from simulator.errors import InputError, placed, shown
from simulator.spec import Loaded


def load_machines(arch: str, against: str | None, settings: Sequence[str]) -> tuple[Loaded[Arch], ...]:
    """`arch`, and the machine `against` if there is one, which must be another, both under the settings."""
    first = load_arch(arch, settings=settings)
    if against is None:
        return (first,)
    with placed("--against"):
        second = load_arch(against, settings=settings)
    if first.digest == second.digest:
        what, right = f"{shown(against)} is the machine that is explained", "name another machine"
        raise InputError.of(what, right, where="--against")
    return first, second
