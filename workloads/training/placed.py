"""Placed: a Phase at its first training step, and at which of its steps masks are chosen."""

from dataclasses import dataclass

from simulator.gemm import Span
from workloads.training.face import Phase
from workloads.training.unstructured import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A Phase from the step `first_step` on; `fresh` says that it brings in a pattern."""

    phase: Phase
    first_step: int
    fresh: bool

    @classmethod
    def after(cls, before: Target | None, phase: Phase, first_step: int) -> "Placed":
        """The phase behind one whose pattern was `before`."""
        fresh = phase.pattern is not None and phase.pattern != before
        return cls(phase=phase, first_step=first_step, fresh=fresh)

    @property
    def whole(self) -> Span:
        """Every step of the phase."""
        return Span(first_step=self.first_step, count=self.phase.steps)

    @property
    def selections(self) -> Span | None:
        """The steps that select masks before their products."""
        face = self.phase.face
        if self.phase.pattern is None:
            return None
        if face.dense_wgrad_every is not None:
            return self._every(None)
        return self._every(face.select_every)

    @property
    def seconds(self) -> Span | None:
        """The steps that select second masks."""
        face = self.phase.face
        return None if face.second_selector is None else self._every(face.second_every)

    @property
    def dense_gradients(self) -> Span | None:
        """The steps whose weight gradients are dense where the face would have them sparse."""
        sparse = self.phase.face.dense_wgrad_every
        if sparse is None or self.phase.steps <= sparse:
            return None
        times = self.phase.steps // (sparse + 1)
        return Span(first_step=self.first_step + sparse, count=times, period=sparse + 1)

    def _every(self, every: int | None) -> Span | None:
        """Every so many steps from the first, or once where the phase brings in a pattern."""
        if every is not None:
            return Span(first_step=self.first_step, count=-(-self.phase.steps // every), period=every)
        return Span(first_step=self.first_step) if self.fresh else None
