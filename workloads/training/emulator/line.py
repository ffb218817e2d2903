"""Line: where the weights of one target stand in their recipe, and what is due for them at a step."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from simulator.gemm import Span
from workloads.training.face import Phase
from workloads.training.placed import Placed
from workloads.training.recipe import Recipe
from workloads.training.unstructured import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """What a step does to the masks of a line: `fresh` where its pattern is not that of the step before.

    `select` and `second` choose masks before the products; `dense_wgrad` computes every weight's gradient and
    then moves the masks in place of an update.
    """

    fresh: bool
    select: bool
    second: bool
    dense_wgrad: bool


class Line:
    """The phases of one target, of which the current one may be cut short."""

    def __init__(self, recipe: Recipe, target: Target | None, steps: int) -> None:
        self.recipe, self.target, self.steps = recipe, target, steps
        self.phases = list(recipe.longest(target, steps))
        self.index, self.start = 0, 0

    @property
    def phase(self) -> Phase:
        """The phase in force."""
        return self.phases[self.index]

    def go_to(self, step: int) -> None:
        """Be at `step`, which is that of the last call or the next one."""
        while step >= self.start + self.phase.steps and self.index + 1 < len(self.phases):
            self.start += self.phase.steps
            self.index += 1

    def due(self, step: int) -> Due:
        """What this step does, as the Face of the phase in force has it."""
        before = self.phases[self.index - 1].pattern if self.index else None
        placed = Placed.after(before, self.phase, self.start)
        return Due(
            fresh=placed.fresh and step == self.start,
            select=_falls(placed.selections, step),
            second=_falls(placed.seconds, step),
            dense_wgrad=_falls(placed.dense_gradients, step),
        )

    def end_phase(self, step: int) -> None:
        """Let the phase in force end with `step`; the last one is as much longer."""
        used = step + 1 - self.start
        left = self.phase.steps - used
        if left > 0 and self.index + 1 < len(self.phases):
            self.phases[self.index] = replace(self.phase, steps=used)
            self.phases[-1] = replace(self.phases[-1], steps=self.phases[-1].steps + left)

    def saved(self) -> list[int]:
        """The steps of each phase, which with the recipe and the target say all."""
        return [phase.steps for phase in self.phases]

    def restore(self, saved: Sequence[int], step: int) -> None:
        """Be at `step` of the phases whose steps were `saved`."""
        phases: Iterable[tuple[Phase, int]] = zip(self.phases, saved, strict=True)
        self.phases = [replace(phase, steps=steps) for phase, steps in phases]
        self.index, self.start = 0, 0
        self.go_to(step)


def _falls(span: Span | None, step: int) -> bool:
    return span is not None and span.falls_on(step)
