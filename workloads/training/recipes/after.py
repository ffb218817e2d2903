"""Pruning after training: the run is dense, and the trained network is pruned once, from a few samples."""

from collections.abc import Iterable
from dataclasses import dataclass

from workloads.training.face import Phase
from workloads.training.recipe import ONE, Recipe, Window, ranged
from workloads.training.unstructured import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class AfterTraining(Recipe):
    """Train dense; prune at the end, layer after layer, with what each layer reads on `samples` samples."""

    samples: int = ranged(128, 1, 1 << 20)

    def windows(self, target: Target, steps: int) -> Iterable[Window]:
        """Dense to the end."""
        return [Window(share=ONE)]

    def last_phase(self, target: Target | None) -> Phase:
        """The target, which only the served network obeys."""
        self.phases(target, 1)
        return Phase(face=self.face, pattern=target, steps=1)
