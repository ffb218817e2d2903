"""What a worker does with a design, and the key under which its result is kept."""

import hashlib
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from analysis.sweep.machines import tables_of
from analysis.sweep.metrics import METRICS_SCHEMA, metrics_of
from analysis.sweep.space import Point, Space
from analysis.sweep.store import DONE, REFUSED
from analysis.sweep.values import canonical
from analysis.sweep.workloads import Workload
from simulator.arch import ArchFamily
from simulator.errors import InputError
from simulator.version import __version__

if TYPE_CHECKING:
    from simulator.batch import Batch

BATCHES_MAX = 8

_batches: "OrderedDict[tuple[str, str], Batch]" = OrderedDict()


@dataclass(frozen=True, slots=True)
class Shared:
    """What many designs have in common: the machine before its settings, the workload, the fidelity.

    `digest` is that of the machine, and `tables` those of its component tables by name.
    """

    family: ArchFamily
    digest: str
    tables: Mapping[str, str]
    workload: Workload
    fidelity: str


@dataclass(frozen=True, slots=True)
class Design:
    """One point, as a worker needs it: settings of the machine, and what it shares with others."""

    shared: Shared
    settings: tuple[str, ...]


def evaluate(design: Design) -> tuple[str, dict[str, Any]]:
    """`done` and the metrics of a design, or `refused` and why the model does not take it."""
    batch = _batch(design.shared)
    try:
        return DONE, metrics_of(batch.figures(design.shared.family.load(design.settings)))
    except InputError as error:
        return REFUSED, {"why": why(error)}


def why(error: InputError) -> str:
    """The first problem under its key alone, so that no place on this machine is kept; and how many more."""
    first = error.problems[0]
    key = first.where.rpartition(": ")[2]
    text = f"{key}: {first.what}; {first.right}" if key else f"{first.what}; {first.right}"
    more = len(error.problems) - 1
    return f"{text} (and {more} more)" if more else text


def _batch(shared: Shared) -> "Batch":
    """The Batch of a workload, which this process keeps while it meets few others."""
    key = (shared.workload.digest, shared.fidelity)
    if key not in _batches:
        while len(_batches) >= BATCHES_MAX:
            _batches.popitem(last=False)
        from simulator.batch import Batch  # it loads the compiler, which a sweep that is done does not need

        _check_here(shared)
        _batches[key] = Batch(shared.workload.load(), fidelity=shared.fidelity)
    _batches.move_to_end(key)
    return _batches[key]


def _check_here(shared: Shared) -> None:
    """Raise where this process, which may run on another machine, reads other files than the space named."""
    base = shared.family.load(())
    here = {"its machine": base.digest, **tables_of(base)}
    there = {"its machine": shared.digest, **shared.tables}
    if other := [name for name, digest in here.items() if there.get(name) != digest]:
        raise ValueError(f"the worker finds another content of {', '.join(other)}")


class Designs:
    """Makes the design of a point, and its key: the digest of all that decides its metrics."""

    def __init__(self, space: Space) -> None:
        self.space = space
        self._shared: dict[str, Shared] = {}
        self._stem = canonical(
            {
                "arch": space.machines.base.digest,
                "tables": dict(space.tables),
                "fidelity": space.written.fidelity,
                "version": __version__,
                "metrics": METRICS_SCHEMA,
            }
        )
        machine_axes = [(place, axis) for place, axis in enumerate(space.axes) if not axis.of_workload]
        self._settings = [
            (place, [axis.setting(value) for value in axis.values]) for place, axis in machine_axes
        ]
        machine_axes.sort(key=lambda one: one[1].key)
        self._texts = [
            (place, [f"{axis.key}={canonical(value)}" for value in axis.values])
            for place, axis in machine_axes
        ]

    def of(self, point: Point) -> tuple[str, Design]:
        """The key and the design of a point; InputError where its workload cannot be made."""
        workload = self.space.workload(point)
        shared = self._shared.get(workload.digest) or self._share(workload)
        settings = tuple([texts[point[place]] for place, texts in self._settings])
        texts = [self._stem, workload.digest, *(texts[point[place]] for place, texts in self._texts)]
        return hashlib.sha256("\n".join(texts).encode()).hexdigest(), Design(shared, settings)

    def _share(self, workload: Workload) -> Shared:
        space = self.space
        machines, fidelity = space.machines, space.written.fidelity
        shared = Shared(machines.family, machines.base.digest, space.tables, workload, fidelity)
        self._shared[workload.digest] = shared
        return shared
