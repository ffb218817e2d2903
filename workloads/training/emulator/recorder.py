"""Recorder: every product that a run performs, as the Steps of a Trace, with the masks that were in force."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from simulator.gemm import Pass, Product, Span, Step
from workloads.networks.layer import Network
from workloads.training.flops import CONVENTIONS, flops
from workloads.training.spans import OTHER, Spans
from workloads.training.works import Manner, State, Work, layer_works, other_works

States = tuple[State, ...]
"""What was in force for each layer at one step, in forward order."""
KNOWN_MAX = 4096
"""Different States that are remembered: a recipe whose densities move has new ones at each step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What a step with certain States computes, by layer, and its FLOPs by convention."""

    works: list[tuple[str, list[tuple[Pass, Work]]]]
    flops: dict[str, int]


class Recorder:
    """The Spans of a run so far, and the FLOPs of its products under each convention.

    Steps that do the same are counted, and written down together when the next one does something else.
    """

    def __init__(self, network: Network, manner: Manner) -> None:
        self.network, self.manner = network, manner
        self.flops = dict.fromkeys(CONVENTIONS, 0)
        self._spans = Spans(layer.name for layer in network.layers)
        self._known: dict[States, Known] = {}
        self._open: tuple[Known, Span] | None = None

    def record(self, step: int, states: States) -> None:
        """What was in force for each layer at the next step of the run."""
        known = self._known.get(states)
        if known is None:
            if len(self._known) >= KNOWN_MAX:
                self._known.clear()
            known = self._known[states] = self._know(states)
        for name, cost in known.flops.items():
            self.flops[name] += cost
        if self._open is not None and self._open[0] is known:
            when = self._open[1]
            self._open = known, replace(when, count=when.count + 1)
        else:
            self._write()
            self._open = known, Span(first_step=step)

    def steps(self) -> list[Step]:
        """All that happened so far."""
        self._write()
        return self._spans.steps()

    def restore(self, steps: Iterable[Step]) -> None:
        """Go on after `steps`."""
        for step in steps:
            self._spans.add(step.layer, [(step.pass_, step.work)], step.when)
            if isinstance(step.work, Product):
                for name in self.flops:
                    self.flops[name] += step.when.count * flops(step.work, name)

    def _write(self) -> None:
        if self._open is not None:
            known, when = self._open
            for layer, works in known.works:
                self._spans.add(layer, works, when)
            self._open = None

    def _know(self, states: States) -> Known:
        pairs = zip(self.network.layers, states, strict=True)
        works = [(layer.name, layer_works(layer, state, self.manner)) for layer, state in pairs]
        updated = all(state.updated for state in states)
        works.append((OTHER, other_works(self.network, self.manner, updated=updated)))
        products = [work for _, each in works for _, work in each if isinstance(work, Product)]
        costs = {name: sum(flops(product, name) for product in products) for name in CONVENTIONS}
        return Known(works=works, flops=costs)
